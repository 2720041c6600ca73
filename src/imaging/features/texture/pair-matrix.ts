import type { LevelGrid } from './level-grid.ts';

/**
 * A co-occurrence matrix by its entries that are not zero. Of a symmetric matrix only those with first <= second are
 * listed, each with the value of that one cell.
 */
export interface PairMatrix {
  readonly symmetric: boolean;
  /** Ranks of the grey levels, from 0. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly counts: Float64Array;
  /** Sum over all cells of the matrix; 0 where no voxel has a neighbour. */
  readonly total: number;
}

/** Above this many cells pairs are sorted instead of being counted in a table. */
const MOST_CELLS = 1 << 24;

/**
 * Counts pairs of voxels `offsets` apart, whose first lies in voxels[from .. to), in one matrix for all offsets together.
 * @param weights of each offset
 */
export function pairMatrix(
  grid: LevelGrid,
  offsets: readonly number[],
  from: number,
  to: number,
  symmetric: boolean,
  weights?: readonly number[],
): PairMatrix {
  const ranks = grid.valueOfRank.length;
  const cells = ranks * ranks;
  const pairs = (to - from) * offsets.length;
  if (cells > MOST_CELLS || (cells > 4096 && cells > 16 * pairs)) {
    return sortedPairs(grid, offsets, from, to, symmetric, weights);
  }
  if (weights) {
    const table = new Float64Array(cells);
    for (const [i, offset] of offsets.entries()) weighPairs(grid, offset, from, to, weights[i]!, table);
    return fromTable(table, ranks, symmetric);
  }
  const table = new Int32Array(cells);
  for (const offset of offsets) countPairs(grid, offset, from, to, table);
  return fromTable(table, ranks, symmetric);
}

function countPairs(grid: LevelGrid, offset: number, from: number, to: number, table: Int32Array): void {
  const { ranked, voxels } = grid;
  const ranks = grid.valueOfRank.length;
  for (let n = from; n < to; n++) {
    const at = voxels[n]!;
    const other = ranked[at + offset]!;
    if (other !== 0) {
      const cell = (ranked[at]! - 1) * ranks + other - 1;
      table[cell] = table[cell]! + 1;
    }
  }
}

function weighPairs(
  grid: LevelGrid,
  offset: number,
  from: number,
  to: number,
  weight: number,
  table: Float64Array,
): void {
  const { ranked, voxels } = grid;
  const ranks = grid.valueOfRank.length;
  for (let n = from; n < to; n++) {
    const at = voxels[n]!;
    const other = ranked[at + offset]!;
    if (other !== 0) {
      const cell = (ranked[at]! - 1) * ranks + other - 1;
      table[cell] = table[cell]! + weight;
    }
  }
}

function fromTable(table: Int32Array | Float64Array, ranks: number, symmetric: boolean): PairMatrix {
  let filled = 0;
  for (let cell = 0; cell < table.length; cell++) if (table[cell] !== 0) filled++;
  const first = new Int32Array(filled);
  const second = new Int32Array(filled);
  const counts = new Float64Array(filled);
  let total = 0;
  let entries = 0;
  for (let i = 0; i < ranks; i++) {
    for (let j = symmetric ? i : 0; j < ranks; j++) {
      const one = table[i * ranks + j]!;
      const count = symmetric ? one + table[j * ranks + i]! : one;
      if (count === 0) continue;
      first[entries] = i;
      second[entries] = j;
      counts[entries++] = count;
      total += symmetric && i !== j ? 2 * count : count;
    }
  }
  return {
    symmetric,
    first: first.subarray(0, entries),
    second: second.subarray(0, entries),
    counts: counts.subarray(0, entries),
    total,
  };
}

/** For very many grey levels: memory grows with the pairs, not with the square of the levels. */
function sortedPairs(
  grid: LevelGrid,
  offsets: readonly number[],
  from: number,
  to: number,
  symmetric: boolean,
  weights?: readonly number[],
): PairMatrix {
  const { ranked, voxels } = grid;
  const ranks = grid.valueOfRank.length;
  const sums = new Map<number, number>();
  const keys = new Float64Array(to - from);
  offsets.forEach((offset, index) => {
    let found = 0;
    for (let n = from; n < to; n++) {
      const one = ranked[voxels[n]!]! - 1;
      const other = ranked[voxels[n]! + offset]! - 1;
      if (other < 0) continue;
      keys[found++] = symmetric && other < one ? other * ranks + one : one * ranks + other;
    }
    const sorted = keys.subarray(0, found).sort();
    const weight = weights?.[index] ?? 1;
    for (let k = 0, end = 0; k < found; k = end) {
      const key = sorted[k]!;
      while (end < found && sorted[end] === key) end++;
      sums.set(key, (sums.get(key) ?? 0) + weight * (end - k));
    }
  });
  return fromSums(sums, ranks, symmetric);
}

function fromSums(sums: ReadonlyMap<number, number>, ranks: number, symmetric: boolean): PairMatrix {
  const keys = Float64Array.from(sums.keys()).sort();
  const first = new Int32Array(keys.length);
  const second = new Int32Array(keys.length);
  const counts = new Float64Array(keys.length);
  let total = 0;
  keys.forEach((key, entry) => {
    const i = Math.floor(key / ranks);
    const j = key - i * ranks;
    const sum = sums.get(key)!;
    first[entry] = i;
    second[entry] = j;
    counts[entry] = symmetric && i === j ? 2 * sum : sum;
    total += symmetric ? 2 * sum : sum;
  });
  return { symmetric, first, second, counts, total };
}
