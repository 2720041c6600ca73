import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import type { Connectivity } from '../connected-components.ts';
import { dequeue, enqueue, type IndexQueue, indexQueue } from '../morphology/index-queue.ts';
import { requireFinite, requireVolume } from '../morphology/volume-sides.ts';

/**
 * What hangs together with the seeds and has values from `lower` to `upper`, both included. A seed outside of these grows
 * nothing.
 *
 * @param values [D, H, W]
 * @param seeds voxel indices x, y, z
 * @returns 0 and 1
 * @throws SEED_OUTSIDE, IMAGE_SHAPE
 */
export function connectedThreshold(
  values: PixelArray,
  sides: Vector3,
  seeds: readonly Vector3[],
  lower: number,
  upper: number,
  connectivity: Connectivity = 6,
): Uint8Array {
  requireVolume(values, sides, 'region growing');
  return growFrom(values, sides, placesOf(seeds, sides), lower, upper, connectivity).grown;
}

/** Places in the array of seeds. Throws SEED_OUTSIDE. */
export function placesOf(seeds: readonly Vector3[], [width, height, depth]: Vector3): readonly number[] {
  const inside = ([x, y, z]: Vector3) =>
    [x, y, z].every((at) => Number.isInteger(at) && at >= 0) && x < width && y < height && z < depth;
  const outside = seeds.filter((seed) => !inside(seed)).length;
  if (outside > 0 || seeds.length === 0) {
    throw new HounsfieldError(
      'SEED_OUTSIDE',
      `${outside} of ${seeds.length} seeds are no whole voxel index inside of ${width} x ${height} x ${depth} ` +
        '(width x height x depth). Pass at least one [x, y, z], counted from 0.',
    );
  }
  return seeds.map(([x, y, z]) => (z * height + y) * width + x);
}

/** Fills run by run: each run of a row asks the rows beside it for voxels that are still open. */
function growFrom(
  values: PixelArray,
  [width, height, depth]: Vector3,
  places: readonly number[],
  lower: number,
  upper: number,
  connectivity: Connectivity,
): Grown {
  const grown = new Uint8Array(values.length);
  const sums = new Float64Array(3);
  const queue = indexQueue(1024);
  const rows = rowsBeside(connectivity);
  for (const place of places) if (isOpen(values, grown, place, lower, upper)) enqueue(queue, place);
  while (queue.count > 0) {
    const i = dequeue(queue);
    if (grown[i]) continue;
    const row = Math.floor(i / width);
    const start = row * width;
    const y = row % height;
    const z = (row - y) / height;
    let [first, last] = [i, i];
    while (first > start && isOpen(values, grown, first - 1, lower, upper)) first--;
    while (last + 1 < start + width && isOpen(values, grown, last + 1, lower, upper)) last++;
    grown.fill(1, first, last + 1);
    addRun(values, first, last, sums);
    for (let k = 0; k < rows.length; k += 3) {
      const [v, w, reach] = [y + rows[k]!, z + rows[k + 1]!, rows[k + 2]!];
      if (v < 0 || v >= height || w < 0 || w >= depth) continue;
      const other = (w * height + v) * width;
      const from = Math.max(first - start - reach, 0) + other;
      const to = Math.min(last - start + reach, width - 1) + other;
      enqueueRuns(queue, values, grown, from, to, lower, upper);
    }
  }
  return { grown, spread: spreadOf(sums[0]!, sums[1]!, sums[2]!) };
}

interface Grown {
  readonly grown: Uint8Array;
  readonly spread: Spread;
}

/** Sum, sum of squares and number of values. */
function addRun(values: PixelArray, first: number, last: number, sums: Float64Array): void {
  let [sum, squares] = [sums[0]!, sums[1]!];
  for (let i = first; i <= last; i++) {
    const value = values[i]!;
    sum += value;
    squares += value * value;
  }
  sums[0] = sum;
  sums[1] = squares;
  sums[2]! += last - first + 1;
}

/** dy, dz of the rows beside one, and how far along x they touch. */
function rowsBeside(connectivity: Connectivity): Int32Array {
  const rows: number[] = [];
  for (let dz = -1; dz <= 1; dz++) {
    for (let dy = -1; dy <= 1; dy++) {
      const away = Math.abs(dy) + Math.abs(dz);
      if (away === 0 || (away === 2 && connectivity === 6)) continue;
      rows.push(dy, dz, connectivity === 26 || (connectivity === 18 && away === 1) ? 1 : 0);
    }
  }
  return Int32Array.from(rows);
}

const isOpen = (values: PixelArray, grown: Uint8Array, i: number, lower: number, upper: number): boolean =>
  grown[i] === 0 && values[i]! >= lower && values[i]! <= upper;

/** The first voxel of each open run between two places of a row. */
function enqueueRuns(
  queue: IndexQueue,
  values: PixelArray,
  grown: Uint8Array,
  from: number,
  to: number,
  lower: number,
  upper: number,
): void {
  let inRun = false;
  for (let i = from; i <= to; i++) {
    const value = values[i]!;
    const open = value >= lower && value <= upper && grown[i] === 0;
    if (open && !inRun) enqueue(queue, i);
    inRun = open;
  }
}

export interface ConfidenceOptions {
  /** Standard deviations that a value may lie from the mean. Default 4.5. */
  readonly multiplier?: number;
  /** Times that mean and deviation are taken again over what has grown. Default 4. */
  readonly iterations?: number;
  /** Voxels around a seed, along each axis, whose values make the first mean. Default 1. */
  readonly radius?: number;
}

/**
 * Region growing whose limits follow from the region: mean and standard deviation around the seeds at first, then of what
 * has grown (Ibáñez et al., The ITK Software Guide, "Confidence connected"). Limits always reach as far as the seeds' own
 * values. Grows over faces. Of an image of whole numbers the limits are cut to whole numbers towards 0.
 *
 * @param values [D, H, W]
 * @returns 0 and 1
 * @throws SEED_OUTSIDE, IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function confidenceConnected(
  values: PixelArray,
  sides: Vector3,
  seeds: readonly Vector3[],
  { multiplier = 4.5, iterations = 4, radius = 1 }: ConfidenceOptions = {},
): Uint8Array {
  requireVolume(values, sides, 'region growing');
  requireFinite(values, 'region growing');
  const places = placesOf(seeds, sides);
  const own = places.map((place) => values[place]!);
  const [least, most] = [Math.min(...own), Math.max(...own)];
  const whole = !(values instanceof Float32Array || values instanceof Float64Array);
  const cut = (limit: number) =>
    whole ? Math.trunc(limit) : values instanceof Float32Array ? Math.fround(limit) : limit;
  const limits = ({ mean, variance }: Spread): [number, number] => [
    cut(Math.min(least, mean - multiplier * Math.sqrt(variance))),
    cut(Math.max(most, mean + multiplier * Math.sqrt(variance))),
  ];
  const first = spreadAround(values, sides, seeds, radius);
  let found = growFrom(values, sides, places, ...limits(first), 6);
  for (let round = 0; round < iterations; round++) {
    if (found.spread.variance === 0) break;
    found = growFrom(values, sides, places, ...limits(found.spread), 6);
  }
  return found.grown;
}

interface Spread {
  readonly mean: number;
  readonly variance: number;
}

/** Over a box around each seed; beyond the image the nearest voxel counts. */
function spreadAround(values: PixelArray, sides: Vector3, seeds: readonly Vector3[], radius: number): Spread {
  const [width, height] = sides;
  const near = (at: number, axis: 0 | 1 | 2) => Math.max(0, Math.min(sides[axis] - 1, at));
  const rz = sides[2] === 1 ? 0 : radius;
  let [sum, squares, count] = [0, 0, 0];
  for (const seed of seeds) {
    for (let z = seed[2] - rz; z <= seed[2] + rz; z++) {
      for (let y = seed[1] - radius; y <= seed[1] + radius; y++) {
        for (let x = seed[0] - radius; x <= seed[0] + radius; x++) {
          const value = values[(near(z, 2) * height + near(y, 1)) * width + near(x, 0)]!;
          sum += value;
          squares += value * value;
          count++;
        }
      }
    }
  }
  return spreadOf(sum, squares, count);
}

const spreadOf = (sum: number, squares: number, count: number): Spread => ({
  mean: sum / count,
  variance: count > 1 ? Math.max(0, (squares - (sum * sum) / count) / (count - 1)) : 0,
});
