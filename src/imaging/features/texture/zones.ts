import { halfNeighbourhood, offsetOf } from './directions.ts';
import type { LevelGrid } from './level-grid.ts';

/** Connected voxels of one grey level, in order of their first voxels. */
export interface Zones {
  readonly count: number;
  /** Of each zone its grey level's rank, from 0. */
  readonly ranks: Int32Array;
  readonly sizes: Int32Array;
  /** Least distance of its voxels to the region's edge; empty where no distances were given. */
  readonly distances: Int32Array;
  /** Where the zones of each slice begin; only of zones within slices. */
  readonly sliceStart: Int32Array;
}

/**
 * Zones of a volume (26 neighbours) or within slices (8).
 * @param distance of every voxel of the grid to the region's edge
 */
export function zones(grid: LevelGrid, dimensions: 2 | 3, distance?: Int32Array): Zones {
  const half = halfNeighbourhood(1, dimensions).map((step) => offsetOf(step, grid));
  const offsets = Int32Array.from([...half, ...half.map((offset) => -offset)]);
  const { voxels } = grid;
  const left = grid.ranked.slice();
  const stack = new Int32Array(voxels.length);
  const ranks = new Int32Array(voxels.length);
  const sizes = new Int32Array(voxels.length);
  const distances = new Int32Array(distance ? voxels.length : 0);
  const sliceStart = new Int32Array(grid.sliceStart.length);
  let count = 0;
  for (let slice = 0; slice + 1 < grid.sliceStart.length; slice++) {
    sliceStart[slice] = count;
    for (let n = grid.sliceStart[slice]!; n < grid.sliceStart[slice + 1]!; n++) {
      const start = voxels[n]!;
      const rank = left[start]!;
      if (rank === 0) continue;
      const size = flood(left, start, rank, offsets, stack);
      ranks[count] = rank - 1;
      sizes[count] = size;
      if (distance) distances[count] = leastOf(distance, stack, size);
      count++;
    }
  }
  sliceStart[sliceStart.length - 1] = count;
  return { count, ranks, sizes, distances, sliceStart };
}

/** Takes a zone out of `left`; its voxels stay in `list`. */
function flood(
  left: Uint16Array,
  start: number,
  rank: number,
  offsets: Int32Array,
  list: Int32Array,
): number {
  left[start] = 0;
  list[0] = start;
  let size = 1;
  for (let next = 0; next < size; next++) {
    const at = list[next]!;
    for (let k = 0; k < offsets.length; k++) {
      const to = at + offsets[k]!;
      if (left[to] === rank) {
        left[to] = 0;
        list[size++] = to;
      }
    }
  }
  return size;
}

function leastOf(distance: Int32Array, list: Int32Array, size: number): number {
  let least = distance[list[0]!]!;
  for (let n = 1; n < size; n++) if (distance[list[n]!]! < least) least = distance[list[n]!]!;
  return least;
}

/**
 * Steps to the nearest voxel outside the region, through faces (6 neighbours of a volume, 4 of a slice); 1 at the edge.
 * @param shape the morphological mask of the box, [D, H, W]; the region itself where absent
 */
export function distanceToEdge(grid: LevelGrid, dimensions: 2 | 3, shape?: Uint8Array): Int32Array {
  const { strideY, strideZ, levels } = grid;
  const distance = new Int32Array(levels.length);
  if (shape) fillFromShape(distance, grid, shape);
  else for (const at of grid.voxels) distance[at] = levels.length;
  const [stepX, stepY, stepZ] = [1, strideY, dimensions === 3 ? strideZ : 0];
  for (let at = 0; at < distance.length; at++) {
    if (distance[at] === 0) continue;
    let least = Math.min(distance[at - stepX]!, distance[at - stepY]!);
    if (stepZ > 0) least = Math.min(least, distance[at - stepZ]!);
    distance[at] = Math.min(distance[at]!, least + 1);
  }
  for (let at = distance.length - 1; at >= 0; at--) {
    if (distance[at] === 0) continue;
    let least = Math.min(distance[at + stepX]!, distance[at + stepY]!);
    if (stepZ > 0) least = Math.min(least, distance[at + stepZ]!);
    distance[at] = Math.min(distance[at]!, least + 1);
  }
  return distance;
}

function fillFromShape(distance: Int32Array, grid: LevelGrid, shape: Uint8Array): void {
  const { strideY, strideZ, border, levels } = grid;
  const width = strideY - 2 * border;
  const height = strideZ / strideY - 2 * border;
  for (let from = 0, z = 0; from < shape.length; z++) {
    for (let y = 0; y < height; y++) {
      const row = (z + border) * strideZ + (y + border) * strideY + border;
      for (let x = 0; x < width; x++, from++) if (shape[from] !== 0) distance[row + x] = levels.length;
    }
  }
  for (const at of grid.voxels) distance[at] = levels.length;
}
