import type { LevelGrid } from './level-grid.ts';

/**
 * Adds the runs along one direction of the voxels [from, to) to a table [run length, rank]. Each voxel extends the run of
 * the one before it or begins one, without a branch; what is tallied are the runs of at least each length, of which those
 * that are longer are taken off at the end.
 * @param lengths one number for each voxel of the grid, to work in
 */
export function countRuns(
  grid: LevelGrid,
  offset: number,
  from: number,
  to: number,
  table: Int32Array,
  lengths: Uint16Array,
): void {
  const { ranked, voxels } = grid;
  const ranks = grid.valueOfRank.length;
  const reached = new Int32Array(table.length);
  for (let n = from; n < to; n++) {
    const at = voxels[n]!;
    const rank = ranked[at]!;
    const same = ((ranked[at - offset]! ^ rank) - 1) >> 31; // -1 where equal, else 0
    const length = (lengths[at - offset]! & same) + 1;
    lengths[at] = length;
    const cell = length * ranks + rank - 1;
    reached[cell] = reached[cell]! + 1;
  }
  for (let cell = ranks; cell < table.length; cell++) {
    const longer = cell + ranks < table.length ? reached[cell + ranks]! : 0;
    table[cell] = table[cell]! + reached[cell]! - longer;
  }
}

/** A table for runs up to the longest side of the region's box. */
export function runTable(grid: LevelGrid): Int32Array {
  const { strideY, strideZ, border, levels } = grid;
  const longest = Math.max(strideY, strideZ / strideY, levels.length / strideZ) - 2 * border;
  return new Int32Array((longest + 1) * grid.valueOfRank.length);
}
