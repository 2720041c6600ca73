import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { bsplineCoefficients } from '../../transforms/bspline-coefficients.ts';
import { kernelOf } from '../../transforms/interpolation.ts';
import { axisTaps, nearestAlongAxes, nearestIndices, sampleAxes } from '../../transforms/sample-axes.ts';
import type { AxisGrid } from './axis-grid.ts';

export type FeatureInterpolation = 'nearest' | 'linear' | 'cubic';

/**
 * Voxels beyond the box that a cubic spline is fitted to: a spline's coefficient depends on values k voxels away by
 * 0.268^k, which at 28 is below a float64's last digit.
 */
const SPLINE_REACH = 28;

/** Part of a grid after interpolation: first point and number of points along x, y, z. */
export interface GridBox {
  readonly from: Vector3;
  readonly size: Vector3;
}

/** A volume inside of an array, to be read beyond its edges at its edges. */
export interface SourceVolume {
  readonly pixels: PixelArray;
  readonly start: number;
  readonly size: Vector3;
}

/**
 * A box of an interpolated volume; only what the box depends on is read, so that memory grows with the box.
 *
 * @param range of a mask: values in it count as 1, others as 0
 */
export function interpolateBox(
  source: SourceVolume,
  grids: readonly [AxisGrid, AxisGrid, AxisGrid],
  box: GridBox,
  how: FeatureInterpolation,
  range?: { readonly low: number; readonly high: number },
): Float64Array {
  const cuts = ([0, 1, 2] as const).map((axis) => {
    const grid = grids[axis];
    const still = grid.step === 1 && grid.first === 0;
    const reach = still ? 0 : how === 'cubic' ? SPLINE_REACH : 2;
    const first = grid.first + grid.step * box.from[axis];
    const last = first + grid.step * (box.size[axis] - 1);
    const low = Math.floor(first) - reach;
    return { low, size: Math.ceil(last) + reach - low + 1, shift: first - low, step: grid.step, still };
  });
  const cut = cutOut(source, cuts, range);
  const size = cuts.map((one) => one.size) as unknown as Vector3; // three axes
  if (cuts.every((one) => one.still)) return cut;
  const out = new Float64Array(box.size[0] * box.size[1] * box.size[2]);
  const [width, height, depth] = size;
  const to = { pixels: out, start: 0, width: box.size[0], height: box.size[1], depth: box.size[2] };
  const places = ([0, 1, 2] as const).map(
    (axis) => [size[axis], box.size[axis], cuts[axis]!.step, cuts[axis]!.shift] as const,
  );
  if (how === 'nearest') {
    const index = (axis: number) => nearestIndices(...places[axis]!, true);
    nearestAlongAxes({ pixels: cut, start: 0, width, height, depth }, to, [index(0), index(1), index(2)], 0);
    return out;
  }
  const cubic = how === 'cubic';
  const pixels = cubic ? splineCoefficients(cut, size, cuts) : cut;
  const taps = (axis: number) =>
    axisTaps(kernelOf(cubic && !cuts[axis]!.still ? 'bspline' : 'linear'), ...places[axis]!, true);
  sampleAxes({ pixels, start: 0, width, height, depth }, to, taps(0), taps(1), taps(2), 0);
  return out;
}

/** Coefficients of the spline along the axes that are interpolated; the others keep their values. */
function splineCoefficients(
  values: Float64Array,
  size: Vector3,
  cuts: readonly { readonly still: boolean }[],
): Float64Array | Float32Array {
  const [width, height, depth] = size;
  if (cuts.every((one) => !one.still)) return bsplineCoefficients(values, 0, width, height, depth);
  // slices that stay where they are get a spline each
  if (cuts[2]!.still && !cuts[0]!.still && !cuts[1]!.still) {
    const out = new Float64Array(values.length);
    const plane = width * height;
    for (let z = 0; z < depth; z++)
      out.set(bsplineCoefficients(values, z * plane, width, height, 1), z * plane);
    return out;
  }
  return alongSome(values, size, cuts);
}

/** One axis at a time, each line copied out: for the rare grids where x or y alone changes. */
function alongSome(
  values: Float64Array,
  [width, height, depth]: Vector3,
  cuts: readonly { readonly still: boolean }[],
): Float64Array {
  const out = values.slice();
  const sides = [width, height, depth];
  const strides = [1, width, width * height];
  for (let axis = 0; axis < 3; axis++) {
    if (cuts[axis]!.still || sides[axis] === 1) continue;
    const [side, stride] = [sides[axis]!, strides[axis]!];
    const line = new Float64Array(side);
    for (let at = 0; at < out.length; at++) {
      if (Math.floor(at / stride) % side !== 0) continue;
      for (let i = 0; i < side; i++) line[i] = out[at + i * stride]!;
      const fitted = bsplineCoefficients(line, 0, side, 1, 1);
      for (let i = 0; i < side; i++) out[at + i * stride] = fitted[i]!;
    }
  }
  return out;
}

function cutOut(
  { pixels, start, size: [width, height, depth] }: SourceVolume,
  cuts: readonly { readonly low: number; readonly size: number }[],
  range: { readonly low: number; readonly high: number } | undefined,
): Float64Array {
  const [cutX, cutY, cutZ] = cuts as readonly [(typeof cuts)[0], (typeof cuts)[0], (typeof cuts)[0]]; // three axes
  const out = new Float64Array(cutX!.size * cutY!.size * cutZ!.size);
  const columns = Int32Array.from({ length: cutX!.size }, (_, i) => clamp(cutX!.low + i, width));
  const [least, most] = [range?.low ?? 0, range?.high ?? 0];
  let at = 0;
  for (let k = 0; k < cutZ!.size; k++) {
    const z = clamp(cutZ!.low + k, depth);
    for (let j = 0; j < cutY!.size; j++) {
      const row = start + (z * height + clamp(cutY!.low + j, height)) * width;
      if (!range) for (let i = 0; i < columns.length; i++) out[at++] = pixels[row + columns[i]!]!;
      else {
        for (let i = 0; i < columns.length; i++) {
          const value = pixels[row + columns[i]!]!;
          out[at++] = value >= least && value <= most ? 1 : 0;
        }
      }
    }
  }
  return out;
}

const clamp = (index: number, size: number): number => (index < 0 ? 0 : index >= size ? size - 1 : index);
