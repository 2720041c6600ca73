import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { FILTER_EXTENTS, type FilterExtent, filterVolumes } from './filter-volumes.ts';

export interface TotalVariationParameters {
  /** In the image's unit: the greater, the smoother. */
  readonly weight: number;
  /** Ends when the cost changes by less than this part of its first value; default 2e-4. */
  readonly tolerance?: number;
  /** Default 200. */
  readonly iterations?: number;
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/**
 * Total variation smoothing (A. Chambolle, "An algorithm for total variation minimization and applications", J. Math.
 * Imaging Vis. 20, 2004) with scikit-image's step and end. Throws INTENSITY_NOT_FINITE.
 */
export const totalVariation: IntensityTransform<TotalVariationParameters> = {
  name: 'total-variation',
  kind: 'intensity',
  example: { weight: 10, iterations: 20 },
  check(parameters) {
    const read = readParameters('total-variation', parameters);
    const checked = {
      weight: read.number('weight', { min: Number.MIN_VALUE }),
      tolerance: read.number('tolerance', { min: 0, fallback: 2e-4 }),
      iterations: read.number('iterations', { min: 1, max: 100000, whole: true, fallback: 200 }),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
    };
    read.end();
    return checked;
  },
  change(image, { by, ...options }) {
    return filterVolumes(image, by, (values, size) => chambolle(values, size, options));
  },
  inverse: { none: 'smoothing loses fine detail' },
};

type Options = Omit<Required<TotalVariationParameters>, 'by'>;

/** The dual field has one component for each axis of more than one voxel; sides of one voxel are no axes. */
function chambolle(
  values: FloatArray,
  size: Vector3,
  { weight, tolerance, iterations }: Options,
): FloatArray {
  const axes = size.filter((side) => side > 1).length;
  const out = values.slice();
  if (axes === 0) return out;
  const field = [another(values), another(values), another(values)] as const;
  const step = 1 / (2 * axes);
  const state: State = { values, out, field, size, step, ratio: step / weight };
  let first = 0;
  let before = 0;
  for (let i = 0; i < iterations; i++) {
    const { squares, variation } = size[2] === 1 ? sweepSlice(state, i > 0) : sweepVolume(state, i > 0);
    const cost = (squares + weight * variation) / values.length;
    if (i === 0) first = cost;
    else if (Math.abs(before - cost) < tolerance * first) break;
    before = cost;
  }
  return out;
}

interface State {
  readonly values: FloatArray;
  readonly out: FloatArray;
  readonly field: readonly [x: FloatArray, y: FloatArray, z: FloatArray];
  readonly size: Vector3;
  readonly step: number;
  /** step / weight */
  readonly ratio: number;
}

/**
 * One step of all rows: out = values + div p by backward differences, then p = (p - step grad out) / (1 + ratio |grad out|)
 * by forward differences, a row behind. Gives the sums of the squares of div p and of |grad out|.
 */
function sweepSlice(state: State, moved: boolean) {
  const [width, height] = state.size;
  let squares = 0;
  let variation = 0;
  for (let y = 0; y <= height; y++) {
    if (moved && y < height) squares += divergeInSlice(state, y * width, y > 0);
    if (y > 0) variation += ascendInSlice(state, (y - 1) * width, y < height);
  }
  return { squares, variation };
}

/** The same, a slice behind. */
function sweepVolume(state: State, moved: boolean) {
  const [width, height, depth] = state.size;
  const slice = width * height;
  let squares = 0;
  let variation = 0;
  for (let z = 0; z <= depth; z++) {
    for (let y = 0; moved && z < depth && y < height; y++) {
      squares += divergeInVolume(state, z * slice + y * width, y > 0, z > 0);
    }
    for (let y = 0; z > 0 && y < height; y++) {
      variation += ascendInVolume(state, (z - 1) * slice + y * width, y < height - 1, z < depth);
    }
  }
  return { squares, variation };
}

function divergeInSlice({ values, out, field, size }: State, row: number, hasAbove: boolean): number {
  const px = field[0];
  const py = field[1];
  const width = size[0];
  let squares = 0;
  let left = 0;
  for (let i = row; i < row + width; i++) {
    const own = px[i]!;
    const sum = left - own - py[i]! + (hasAbove ? py[i - width]! : 0);
    left = own;
    out[i] = values[i]! + sum;
    squares += sum * sum;
  }
  return squares;
}

function divergeInVolume(
  { values, out, field, size }: State,
  row: number,
  hasAbove: boolean,
  hasBehind: boolean,
): number {
  const px = field[0];
  const py = field[1];
  const pz = field[2];
  const width = size[0];
  const slice = width * size[1];
  let squares = 0;
  let left = 0;
  for (let i = row; i < row + width; i++) {
    const own = px[i]!;
    const outer = (hasAbove ? py[i - width]! : 0) + (hasBehind ? pz[i - slice]! : 0);
    const sum = left - own - py[i]! - pz[i]! + outer;
    left = own;
    out[i] = values[i]! + sum;
    squares += sum * sum;
  }
  return squares;
}

function ascendInSlice({ out, field, size, step, ratio }: State, row: number, hasBelow: boolean): number {
  const px = field[0];
  const py = field[1];
  const width = size[0];
  const below = hasBelow ? width : 0; // a difference to itself is none
  const last = row + width - 1;
  let variation = 0;
  let own = out[row]!;
  for (let i = row; i <= last; i++) {
    const next = i < last ? out[i + 1]! : own;
    const dx = next - own;
    const dy = out[i + below]! - own;
    const length = Math.sqrt(dx * dx + dy * dy);
    variation += length;
    const shrink = 1 / (1 + ratio * length);
    px[i] = (px[i]! - step * dx) * shrink;
    py[i] = (py[i]! - step * dy) * shrink;
    own = next;
  }
  return variation;
}

function ascendInVolume(
  { out, field, size, step, ratio }: State,
  row: number,
  hasBelow: boolean,
  hasFront: boolean,
): number {
  const px = field[0];
  const py = field[1];
  const pz = field[2];
  const width = size[0];
  const below = hasBelow ? width : 0;
  const front = hasFront ? width * size[1] : 0;
  const last = row + width - 1;
  let variation = 0;
  let own = out[row]!;
  for (let i = row; i <= last; i++) {
    const next = i < last ? out[i + 1]! : own;
    const dx = next - own;
    const dy = out[i + below]! - own;
    const dz = out[i + front]! - own;
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz);
    variation += length;
    const shrink = 1 / (1 + ratio * length);
    px[i] = (px[i]! - step * dx) * shrink;
    py[i] = (py[i]! - step * dy) * shrink;
    pz[i] = (pz[i]! - step * dz) * shrink;
    own = next;
  }
  return variation;
}
