import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { decay } from './decay.ts';
import { FILTER_EXTENTS, type FilterExtent, filterVolumes, windowWithin } from './filter-volumes.ts';
import { padVolume } from './pad-volume.ts';

export interface NonLocalMeansParameters {
  /** How alike patches have to be, in the image's unit: the greater, the smoother. */
  readonly strength: number;
  /** Voxels of a patch along each axis; an even one reaches one voxel further to the right. Default 5. */
  readonly patch?: number;
  /** Voxels to each side within which patches are looked for; default 5. */
  readonly distance?: number;
  /** Standard deviation of the noise where it is known, taken out of the differences; default 0. */
  readonly noise?: number;
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/**
 * Non-local means (A. Buades, B. Coll and J.-M. Morel, CVPR 2005) by sums of squared differences that move along (J. Darbon
 * et al., ISBI 2008): every voxel of a patch counts alike, and patches further apart than exp(-5) do not count, as in
 * scikit-image (whose patches are one voxel smaller than it is told). The image is mirrored at its border. Throws INTENSITY_NOT_FINITE, FILTER_WINDOW.
 */
export const nonLocalMeans: IntensityTransform<NonLocalMeansParameters> = {
  name: 'non-local-means',
  kind: 'intensity',
  example: { strength: 8, patch: 3, distance: 2 },
  check(parameters) {
    const read = readParameters('non-local-means', parameters);
    const checked = {
      strength: read.number('strength', { min: Number.MIN_VALUE }),
      patch: read.number('patch', { min: 1, max: 101, whole: true, fallback: 5 }),
      distance: read.number('distance', { min: 1, max: 100, whole: true, fallback: 5 }),
      noise: read.number('noise', { min: 0, fallback: 0 }),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
    };
    read.end();
    return checked;
  },
  change(image, { patch, distance, strength, noise, by }) {
    return filterVolumes(image, by, (values, size) => {
      const reach = patch + 2 * distance;
      windowWithin([reach, reach, reach], size, 'non-local-means');
      return nonLocalMeansFilter(values, size, { patch, distance, strength, noise });
    });
  },
  inverse: { none: 'smoothing loses fine detail' },
};

type Options = Omit<Required<NonLocalMeansParameters>, 'by'>;

/** What does not change from one shift of the image to the next. */
interface Search {
  readonly padded: FloatArray;
  readonly sides: Vector3;
  /** First and last voxel of the image in the padded array. */
  readonly first: Vector3;
  readonly last: Vector3;
  /** What of a patch lies before and after its voxel along each axis. */
  readonly before: Vector3;
  readonly after: Vector3;
  readonly sums: Float64Array;
  readonly weights: Float64Array;
  /** Differences of patches times this are places in the table of weights. */
  readonly scale: number;
  /** Taken from each squared difference. */
  readonly floor: number;
  /** Sums of squared differences over the patch along z, [H, W] of the padded array. */
  readonly slice: Float64Array;
  /** And along y, [W]. */
  readonly columns: Float64Array;
}

/** Weights are below exp(-5) from here on. */
const CUT = 5;

function nonLocalMeansFilter(
  values: FloatArray,
  size: Vector3,
  { patch, distance, strength, noise }: Options,
): FloatArray {
  const axis = (side: number, amount: number) => (side === 1 ? 0 : amount);
  const before = size.map((side) => axis(side, (patch - 1) >> 1)) as unknown as Vector3; // three
  const after = size.map((side) => axis(side, patch >> 1)) as unknown as Vector3; // three
  const far = size.map((side) => axis(side, distance)) as unknown as Vector3; // three
  const reach = after.map((own, i) => own + far[i]!) as unknown as Vector3; // three
  const { padded, sides } = padVolume(values, size, reach, { mode: 'mirror', constant: 0 });
  const voxels = after.reduce((product, own, i) => product * (before[i]! + 1 + own), 1);
  const search: Search = {
    padded,
    sides,
    first: reach,
    last: reach.map((start, i) => start + size[i]! - 1) as unknown as Vector3, // three
    before,
    after,
    sums: Float64Array.from(padded), // each voxel is like itself
    weights: new Float64Array(padded.length).fill(1),
    scale: decay.scale / (strength * strength * voxels),
    floor: 2 * noise * noise,
    slice: new Float64Array(sides[0] * sides[1]),
    columns: new Float64Array(sides[0]),
  };
  for (let z = 0; z <= far[2]; z++) {
    for (let y = z === 0 ? 0 : -far[1]; y <= far[1]; y++) {
      for (let x = z === 0 && y === 0 ? 1 : -far[0]; x <= far[0]; x++) compareShifted(search, [x, y, z]);
    }
  }
  const out = another(values);
  const [width, height, depth] = size;
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      let at = ((z + reach[2]) * sides[1] + y + reach[1]) * sides[0] + reach[0];
      for (let x = 0; x < width; x++, at++) out[to++] = search.sums[at]! / search.weights[at]!;
    }
  }
  return out;
}

/** Compares each patch with the one that lies `shift` further; each is then a part of the other's mean. */
function compareShifted(search: Search, shift: Vector3): void {
  const { padded, sides, first, last, before, after, slice, columns, floor } = search;
  const from = first.map((at, i) => at - Math.max(0, shift[i]!)) as unknown as Vector3; // three
  const to = last.map((at, i) => at - Math.min(0, shift[i]!)) as unknown as Vector3; // three
  const area = sides[0] * sides[1];
  const jump = shift[2] * area + shift[1] * sides[0] + shift[0];
  const [left, right] = [from[0] - before[0], to[0] + after[0]];
  const [top, bottom] = [from[1] - before[1], to[1] + after[1]];
  const [rows, slices] = [before[1] + 1 + after[1], before[2] + 1 + after[2]];
  slice.fill(0);
  for (let z = from[2] - before[2]; z <= to[2] + after[2]; z++) {
    const done = z - slices; // leaves the patch
    const leaves = done >= from[2] - before[2];
    for (let y = top; y <= bottom; y++) {
      const row = y * sides[0];
      if (leaves) moveSquares(padded, z * area + row, done * area + row, jump, slice, row, left, right);
      else addSquares(padded, z * area + row, jump, floor, slice, row, left, right);
    }
    const centre = z - after[2];
    if (centre < from[2]) continue;
    columns.fill(0);
    for (let y = top; y <= bottom; y++) {
      const row = y * sides[0];
      const old = row - rows * sides[0];
      if (y - rows >= top) {
        for (let x = left; x <= right; x++) columns[x]! += slice[row + x]! - slice[old + x]!;
      } else for (let x = left; x <= right; x++) columns[x]! += slice[row + x]!;
      const middle = y - after[1];
      if (middle >= from[1]) gather(search, centre * area + middle * sides[0], jump, from[0], to[0]);
    }
  }
}

function addSquares(
  padded: FloatArray,
  at: number,
  jump: number,
  floor: number,
  slice: Float64Array,
  row: number,
  left: number,
  right: number,
): void {
  for (let x = left; x <= right; x++) {
    const d = padded[at + x]! - padded[at + jump + x]!;
    slice[row + x]! += d * d - floor;
  }
}

function moveSquares(
  padded: FloatArray,
  comes: number,
  leaves: number,
  jump: number,
  slice: Float64Array,
  row: number,
  left: number,
  right: number,
): void {
  for (let x = left; x <= right; x++) {
    const d = padded[comes + x]! - padded[comes + jump + x]!;
    const e = padded[leaves + x]! - padded[leaves + jump + x]!;
    slice[row + x]! += d * d - e * e;
  }
}

function gather(search: Search, row: number, jump: number, from: number, to: number): void {
  const { padded, columns, sums, weights, scale } = search;
  const [left, right] = [search.before[0], search.after[0]];
  const { table } = decay;
  const perCell = 1 / decay.scale;
  const cut = CUT * decay.scale;
  let sum = 0;
  for (let x = from - left; x < from + right; x++) sum += columns[x]!;
  for (let x = from; x <= to; x++) {
    sum += columns[x + right]!;
    const place = sum * scale;
    sum -= columns[x - left]!;
    if (place > cut) continue;
    let weight = 1;
    if (place > 0) {
      const cell = place | 0;
      const rest = (place - cell) * perCell;
      weight = table[cell]! * (1 - rest * (1 - 0.5 * rest));
    }
    const at = row + x;
    const other = at + jump;
    weights[at]! += weight;
    weights[other]! += weight;
    sums[at]! += weight * padded[other]!;
    sums[other]! += weight * padded[at]!;
  }
}
