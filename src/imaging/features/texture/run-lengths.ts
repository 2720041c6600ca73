import type { LevelGrid } from './level-grid.ts';

/**
 * Adds the runs along one direction of the voxels [from, to) to a table [run length, rank]; runs begin and end inside
 * that part of the region.
 */
export function countRuns(
  grid: LevelGrid,
  offset: number,
  from: number,
  to: number,
  table: Int32Array,
): void {
  const { ranked, voxels } = grid;
  const ranks = grid.valueOfRank.length;
  for (let n = from; n < to; n++) {
    const start = voxels[n]!;
    const rank = ranked[start]!;
    if (ranked[start - offset] === rank) continue;
    let at = start + offset;
    let length = 1;
    while (ranked[at] === rank) {
      length++;
      at += offset;
    }
    const cell = length * ranks + rank - 1;
    table[cell] = table[cell]! + 1;
  }
}

/** A table for runs up to the longest side of the region's box. */
export function runTable(grid: LevelGrid): Int32Array {
  const { strideY, strideZ, border, levels } = grid;
  const longest = Math.max(strideY, strideZ / strideY, levels.length / strideZ) - 2 * border;
  return new Int32Array((longest + 1) * grid.valueOfRank.length);
}
