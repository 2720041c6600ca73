import { HounsfieldError } from '../../../errors.ts';
import type { Affine, Vector3 } from '../../geometry/geometry.ts';
import { sampled } from './itk-sampling.ts';
import type { PyradiomicsSettings } from './parameters.ts';
import { nearestOnto, type RegionMask, regionMask, requireInside } from './region-mask.ts';
import { cropped, padded, spacingOf, type Volume } from './volume.ts';

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
    !wanted[axis] || region.size[axis] === 1 ? old[axis]! : wanted[axis]!,
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
  const placed = order === 0 ? nearestOnto(image, size, affine) : sampled(image, size, affine, order);
  return {
    image: { ...placed, isPicture: image.isPicture === true },
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
  const along = (r: number, axis: number) => (a[4 * r + axis]! / old[axis]!) * spacing[axis]!;
  const row = (r: number) => [
    along(r, 0),
    along(r, 1),
    along(r, 2),
    a[4 * r + 3]! + a[4 * r]! * start[0]! + a[4 * r + 1]! * start[1]! + a[4 * r + 2]! * start[2]!,
  ];
  return { size, affine: [...row(0), ...row(1), ...row(2)] as unknown as Affine }; // three rows of four
}
