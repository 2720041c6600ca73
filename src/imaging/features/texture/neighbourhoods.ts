import type { LevelGrid } from './level-grid.ts';
import { fromRealSizes, fromSizeTable, type SizeMatrix } from './size-matrix.ts';

/** What the neighbourhoods of voxels [from, to) add up to: grey tone differences and grey level dependences. */
export interface Neighbourhoods {
  /** n_i: voxels of each rank that have a neighbour. */
  readonly counts: Float64Array;
  /** s_i: sum of differences of each rank to its neighbours' mean. */
  readonly differences: Float64Array;
  /** Voxels by dependence and rank; a voxel is a neighbour of itself. */
  readonly dependences: SizeMatrix;
}

/** Which voxels are neighbours: by their distance in memory, and whether they are all that touch a voxel. */
export interface Neighbours {
  readonly offsets: Int32Array;
  /** Of neighbours that are all those that touch a voxel, and weigh the same: packedSums(). */
  readonly sums?: Int32Array;
  /** Weight of each neighbour in the mean and as a dependent. */
  readonly weights?: Float64Array;
}

const COUNT_SHIFT = 21;
const SUM_MASK = (1 << COUNT_SHIFT) - 1;

/**
 * Of every voxel of the grid how many voxels of the region lie in the 3 x 3 x 3 (or 3 x 3) around it, itself included, times
 * 2^21, and the sum of their levels, which is below 27 x 2^16; one pass along each axis.
 */
export function packedSums(grid: LevelGrid, dimensions: 2 | 3): Int32Array {
  const { levels, strideY, strideZ } = grid;
  const one = new Int32Array(levels.length);
  for (const at of grid.voxels) one[at] = (1 << COUNT_SHIFT) | levels[at]!;
  const other = new Int32Array(levels.length);
  addAlong(one, other, 1);
  addAlong(other, one, strideY);
  if (dimensions === 2) return one;
  addAlong(one, other, strideZ);
  return other;
}

/** Sums of three values `stride` apart; the border of zeros keeps what is before and behind apart. */
function addAlong(from: Int32Array, to: Int32Array, stride: number): void {
  const end = from.length - stride;
  for (let at = stride; at < end; at++) to[at] = from[at - stride]! + from[at]! + from[at + stride]!;
}

/**
 * Both neighbourhood matrices in one pass (IBSI reference manual v11, 3.10 and 3.11) of the voxels [from, to).
 * @param coarseness alpha: levels that far apart still depend on one another
 */
export function neighbourhoods(
  grid: LevelGrid,
  { offsets, sums, weights }: Neighbours,
  from: number,
  to: number,
  coarseness: number,
): Neighbourhoods {
  const { levels, ranked, voxels } = grid;
  const ranks = grid.valueOfRank.length;
  const counts = new Float64Array(ranks);
  const differences = new Float64Array(ranks);
  const table = new Int32Array((offsets.length + 2) * ranks);
  const most = Math.min(65535, Math.floor(coarseness));
  for (let n = from; n < to; n++) {
    const at = voxels[n]!;
    const rank = ranked[at]! - 1;
    if (!weights) {
      const cell = dependents(levels, at, offsets, most) * ranks + rank;
      table[cell] = table[cell]! + 1;
    }
    const level = levels[at]!;
    const mean = sums ? meanOf(sums[at]!, level) : meanAround(levels, at, offsets, weights);
    if (Number.isNaN(mean)) continue;
    counts[rank] = counts[rank]! + 1;
    differences[rank] = differences[rank]! + Math.abs(level - mean);
  }
  const dependences = weights
    ? weightedDependences(grid, offsets, weights, from, to, most)
    : fromSizeTable(table, ranks);
  return { counts, differences, dependences };
}

/** Sums of the weights of dependent neighbours, and 1 for the voxel itself. */
function weightedDependences(
  { levels, ranked, voxels }: LevelGrid,
  offsets: Int32Array,
  weights: Float64Array,
  from: number,
  to: number,
  most: number,
): SizeMatrix {
  const [ranks, sizes] = [new Int32Array(to - from), new Float64Array(to - from)];
  for (let n = from; n < to; n++) {
    const at = voxels[n]!;
    let size = 1;
    for (let k = 0; k < offsets.length; k++) {
      const other = levels[at + offsets[k]!]!;
      if (other !== 0 && Math.abs(other - levels[at]!) <= most) size += weights[k]!;
    }
    ranks[n - from] = ranked[at]! - 1;
    sizes[n - from] = size;
  }
  return fromRealSizes(ranks, sizes);
}

/** The voxel itself and its neighbours whose levels are at most `most` away; without branches, which nothing could foresee. */
function dependents(levels: Uint16Array, at: number, offsets: Int32Array, most: number): number {
  const level = levels[at]!;
  let count = 1;
  for (let k = 0; k < offsets.length; k++) {
    const other = levels[at + offsets[k]!]!;
    const apart = other - level;
    const sign = apart >> 31;
    const far = (most - ((apart ^ sign) - sign)) >> 31; // -1 where farther, else 0
    const outside = (other - 1) >> 31; // -1 where there is no voxel, else 0
    count += 1 + (far | outside);
  }
  return count;
}

/** Mean of a packed sum without the voxel itself; NaN where it is alone. */
function meanOf(packed: number, level: number): number {
  return ((packed & SUM_MASK) - level) / ((packed >>> COUNT_SHIFT) - 1);
}

function meanAround(levels: Uint16Array, at: number, offsets: Int32Array, weights?: Float64Array): number {
  let [sum, all] = [0, 0];
  for (let k = 0; k < offsets.length; k++) {
    const other = levels[at + offsets[k]!]!;
    if (other === 0) continue;
    const weight = weights ? weights[k]! : 1;
    sum += weight * other;
    all += weight;
  }
  return sum / all;
}

export interface ToneDifference {
  /** 1e6 where there is no difference. */
  readonly coarseness: number;
  readonly contrast: number;
  readonly busyness: number;
  readonly complexity: number;
  readonly strength: number;
  /** N_v,c: voxels with a neighbour. */
  readonly voxels: number;
}

/** Features of a grey tone difference matrix in which some voxel has a neighbour. */
export function toneDifference(
  counts: Float64Array,
  differences: Float64Array,
  levels: Float64Array,
): ToneDifference {
  let [voxels, product, total, occurring] = [0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    voxels += counts[i]!;
    product += counts[i]! * differences[i]!;
    total += differences[i]!;
    if (counts[i]! > 0) occurring++;
  }
  product /= voxels;
  let [range, apart, complexity, strength] = [0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    const [one, level] = [counts[i]! / voxels, levels[i]!];
    if (one === 0) continue;
    const oneSum = one * differences[i]!;
    for (let j = 0; j < i; j++) {
      const other = counts[j]! / voxels;
      if (other === 0) continue;
      const step = level - levels[j]!;
      range += one * other * step * step;
      apart += Math.abs(level * one - levels[j]! * other);
      complexity += (step * (oneSum + other * differences[j]!)) / (one + other);
      strength += (one + other) * step * step;
    }
  }
  return {
    coarseness: product === 0 ? 1e6 : Math.min(1e6, 1 / product),
    contrast: occurring < 2 ? 0 : ((2 * range) / (occurring * (occurring - 1))) * (total / voxels),
    busyness: occurring < 2 || apart === 0 ? 0 : product / (2 * apart),
    complexity: (2 * complexity) / voxels,
    strength: total === 0 ? 0 : (2 * strength) / total,
    voxels,
  };
}
