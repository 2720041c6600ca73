import { HounsfieldError } from '../../../errors.ts';
import { type Affine, composeAffines, invertAffine, type Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { bsplineCoefficients } from '../../transforms/bspline-coefficients.ts';
import { cubicWeights } from '../../transforms/spline-basis.ts';
import type { PyradiomicsSettings } from './parameters.ts';
import { nearestOnto, type RegionMask, regionMask, requireInside } from './region-mask.ts';
import { arrayLike, cropped, padded, spacingOf, type Volume } from './volume.ts';

/** An image and its mask on one grid. */
export interface Pair {
  readonly image: Volume;
  readonly mask: Volume;
}

const INTERPOLATORS: Readonly<Record<string, 0 | 1 | 3>> = {
  sitkNearestNeighbor: 0,
  sitkLinear: 1,
  sitkBSpline: 3,
  sitkBSpline3: 3,
  linear: 1,
};

/** Most voxels of a resampled image. */
const MOST_VOXELS = 2 ** 29;

/**
 * Image and mask with voxels of the spacing asked for, in the region's box and padDistance voxels around it. The new grid
 * begins at the corner of the mask's first voxel; an axis along which the region is one voxel thick, or whose new spacing
 * is 0, stays as it is. Throws MASK_OUTSIDE_IMAGE, FEATURE_SETTINGS, FEATURE_SPACING.
 */
export function resampled({ image, mask }: Pair, settings: PyradiomicsSettings): Pair {
  const { label, padDistance, interpolator } = settings;
  const region = regionMask(mask, label);
  requireInside(image, mask, region);
  const old = spacingOf(mask);
  const wanted = settings.resampledPixelSpacing!;
  const spacing = [0, 1, 2].map((axis) =>
    wanted[axis] === 0 || region.size[axis] === 1 ? old[axis]! : wanted[axis]!,
  ) as unknown as Vector3; // three axes
  const before = spacingOf(image);
  if (spacing.every((one, axis) => Math.abs(before[axis]! - one) <= 1e-8 + 1e-5 * Math.abs(one))) {
    const onImage = nearestOnto(mask, image.size, image.affine);
    const box = padded(regionMask(onImage, label), padDistance, image.size);
    return { image: cropped(image, box), mask: cropped(onImage, box) };
  }
  const { size, affine } = newGrid(mask, region, old, spacing, padDistance);
  const order = INTERPOLATORS[interpolator!];
  if (order === undefined) {
    throw new HounsfieldError(
      'FEATURE_SETTINGS',
      `the interpolator ${interpolator} is not one of ${Object.keys(INTERPOLATORS).join(', ')}. Ask for one of them.`,
    );
  }
  return {
    image: order === 0 ? nearestOnto(image, size, affine) : sampled(image, size, affine, order),
    mask: nearestOnto(mask, size, affine),
  };
}

function newGrid(mask: Volume, region: RegionMask, old: Vector3, spacing: Vector3, pad: number) {
  const ratio = spacing.map((one, axis) => old[axis]! / one);
  const low = ratio.map((r, axis) => Math.max(0, Math.floor((region.low[axis]! - 0.5) * r - pad)));
  const high = ratio.map((r, axis) =>
    Math.min(Math.ceil(mask.size[axis]! * r) - 1, Math.ceil((region.high[axis]! + 0.5) * r + pad)),
  );
  const size = low.map((from, axis) => high[axis]! - from + 1) as unknown as Vector3; // three axes
  const voxels = size[0] * size[1] * size[2];
  if (!(voxels > 0 && voxels <= MOST_VOXELS)) {
    throw new HounsfieldError(
      'FEATURE_SPACING',
      `a spacing of ${spacing.join(' x ')} mm makes an image of ${size.join(' x ')} voxels, where at most 2^29 are made. ` +
        'Ask for a wider spacing.',
    );
  }
  const start = low.map(
    (from, axis) => (0.5 * (spacing[axis]! - old[axis]!)) / old[axis]! + from / ratio[axis]!,
  );
  const a = mask.affine;
  const scale = spacing.map((one, axis) => one / old[axis]!);
  const row = (r: number) => [
    a[4 * r]! * scale[0]!,
    a[4 * r + 1]! * scale[1]!,
    a[4 * r + 2]! * scale[2]!,
    a[4 * r + 3]! + a[4 * r]! * start[0]! + a[4 * r + 1]! * start[1]! + a[4 * r + 2]! * start[2]!,
  ];
  return { size, affine: [...row(0), ...row(1), ...row(2)] as unknown as Affine }; // three rows of four
}

/** Values at the voxels of another grid by a spline of order 1 or 3 through all voxels; 0 outside, whole numbers cut off. */
function sampled(image: Volume, size: Vector3, affine: Affine, order: 1 | 3): Volume {
  const [width, height, depth] = image.size;
  const doubles = Float64Array.from(image.pixels);
  const values = order === 1 ? doubles : bsplineCoefficients(doubles, 0, width, height, depth);
  const map = composeAffines(invertAffine(image.affine), affine);
  const out = arrayLike(image.pixels, size[0] * size[1] * size[2]);
  const taps = axisTaps();
  const limits = limitsOf(out);
  for (let z = 0, to = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      for (let x = 0; x < size[0]; x++, to++) {
        const u = settle(map[0] * x + map[1] * y + map[2] * z + map[3]);
        const v = settle(map[4] * x + map[5] * y + map[6] * z + map[7]);
        const w = settle(map[8] * x + map[9] * y + map[10] * z + map[11]);
        if (!(inBuffer(u, width) && inBuffer(v, height) && inBuffer(w, depth))) continue;
        setTaps(taps.x, u, width, order);
        setTaps(taps.y, v, height, order);
        setTaps(taps.z, w, depth, order);
        out[to] = stored(weighted(values, width, height, taps, order + 1), limits);
      }
    }
  }
  return { pixels: out, size, affine };
}

/** A place that differs from a whole voxel by rounding alone is that voxel. */
const settle = (place: number): number => {
  const whole = Math.round(place);
  return Math.abs(place - whole) < 1e-9 ? whole : place;
};

const inBuffer = (place: number, side: number): boolean => place >= -0.5 && place <= side - 0.5;

interface Taps {
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

const axisTaps = () => {
  const one = (): Taps => ({ index: new Int32Array(4), weight: new Float64Array(4) });
  return { x: one(), y: one(), z: one() };
};

/** Voxels along an axis and their weights; beyond the ends splines are mirrored and lines stay level. */
function setTaps({ index, weight }: Taps, place: number, side: number, order: 1 | 3): void {
  const first = Math.floor(place);
  const t = place - first;
  if (order === 1) {
    index[0] = Math.min(side - 1, Math.max(0, first));
    index[1] = Math.min(side - 1, Math.max(0, first + 1));
    weight[0] = 1 - t;
    weight[1] = t;
    return;
  }
  cubicWeights(t, weight, 0);
  const period = Math.max(1, 2 * (side - 1));
  for (let k = 0; k < 4; k++) {
    const at = Math.abs(first - 1 + k) % period;
    index[k] = side === 1 ? 0 : at < side ? at : period - at;
  }
}

function weighted(
  values: Float32Array | Float64Array,
  width: number,
  height: number,
  taps: { readonly x: Taps; readonly y: Taps; readonly z: Taps },
  count: number,
): number {
  const { x, y, z } = taps;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    let plane = 0;
    for (let j = 0; j < count; j++) {
      const row = (z.index[k]! * height + y.index[j]!) * width;
      let line = 0;
      for (let i = 0; i < count; i++) line += x.weight[i]! * values[row + x.index[i]!]!;
      plane += y.weight[j]! * line;
    }
    sum += z.weight[k]! * plane;
  }
  return sum;
}

/** The least and greatest whole number that an array holds; undefined for arrays of fractions. */
function limitsOf(pixels: PixelArray): readonly [low: number, high: number] | undefined {
  if (pixels instanceof Float32Array || pixels instanceof Float64Array) return undefined;
  const bits = 8 * pixels.BYTES_PER_ELEMENT;
  const signed = pixels instanceof Int8Array || pixels instanceof Int16Array || pixels instanceof Int32Array;
  return signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** A whole number loses its fraction towards 0, as ITK does it. */
function stored(value: number, limits: readonly [low: number, high: number] | undefined): number {
  return limits ? Math.trunc(Math.min(limits[1], Math.max(limits[0], value))) : value;
}
