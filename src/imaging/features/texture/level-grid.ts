import { HounsfieldError } from '../../../errors.ts';
import type { DiscretizedRegion } from '../feature.ts';

/**
 * A region's grey levels with a border of zeros around it, so that no neighbour has to be checked for lying outside, and
 * the list of its voxels in order of memory.
 */
export interface LevelGrid {
  /** Grey level of every voxel, 0 outside; [depth + 2b, height + 2b, width + 2b] with a border b. */
  readonly levels: Uint16Array;
  /** The same with levels numbered 1 .. ranks without gaps. */
  readonly ranked: Uint16Array;
  /** The grey level of each rank; entry 0 is the first rank's. */
  readonly valueOfRank: Float64Array;
  /** N_g: grey levels of the discretisation, whether they occur or not. */
  readonly count: number;
  readonly border: number;
  readonly strideY: number;
  readonly strideZ: number;
  /** Where the voxels of the region lie in `levels`, ascending. */
  readonly voxels: Int32Array;
  /** Where each slice begins in `voxels`; one more than there are slices. */
  readonly sliceStart: Int32Array;
}

/** A border wide enough for neighbours up to this Chebyshev distance. Throws FEATURE_REGION. */
export function levelGrid(region: DiscretizedRegion, border: number): LevelGrid {
  const [width, height, depth] = region.size;
  checkRegion(region);
  const strideY = width + 2 * border;
  const strideZ = strideY * (height + 2 * border);
  const levels = new Uint16Array(strideZ * (depth + 2 * border));
  let inside = 0;
  for (const level of region.levels) if (level !== 0) inside++;
  const voxels = new Int32Array(inside);
  const sliceStart = new Int32Array(depth + 1);
  const occurs = new Uint16Array(region.count + 1);
  let found = 0;
  for (let z = 0, from = 0; z < depth; z++) {
    sliceStart[z] = found;
    for (let y = 0; y < height; y++) {
      let to = (z + border) * strideZ + (y + border) * strideY + border;
      for (let x = 0; x < width; x++, from++, to++) {
        const level = region.levels[from]!;
        if (level === 0) continue;
        levels[to] = level;
        voxels[found++] = to;
        occurs[level] = 1;
      }
    }
  }
  sliceStart[depth] = found;
  return {
    levels,
    ...ranksOf(levels, occurs, voxels),
    count: region.count,
    border,
    strideY,
    strideZ,
    voxels,
    sliceStart,
  };
}

function ranksOf(levels: Uint16Array, occurs: Uint16Array, voxels: Int32Array) {
  let ranks = 0;
  for (let level = 1; level < occurs.length; level++) if (occurs[level] === 1) occurs[level] = ++ranks;
  const valueOfRank = new Float64Array(ranks);
  for (let level = 1; level < occurs.length; level++) {
    if (occurs[level] !== 0) valueOfRank[occurs[level]! - 1] = level;
  }
  if (ranks === occurs.length - 1) return { ranked: levels, valueOfRank };
  const ranked = new Uint16Array(levels.length);
  for (const at of voxels) ranked[at] = occurs[levels[at]!]!;
  return { ranked, valueOfRank };
}

function checkRegion({ size, levels, count, shape }: DiscretizedRegion): void {
  const voxels = size[0] * size[1] * size[2];
  const whole = size.every((side) => Number.isInteger(side) && side > 0);
  if (!whole || levels.length !== voxels || (shape && shape.length !== voxels)) {
    throw new HounsfieldError(
      'FEATURE_REGION',
      `a region of ${size.join(' x ')} voxels came with ${levels.length} grey levels. Give one level for every voxel of ` +
        'the box, 0 outside the region.',
    );
  }
  let highest = 0;
  for (const level of levels) if (level > highest) highest = level;
  if (highest === 0) {
    throw new HounsfieldError(
      'FEATURE_REGION_EMPTY',
      'the region has no voxel, so there is no texture to measure. Check the label, the re-segmentation range and the ' +
        'outlier filter.',
    );
  }
  if (highest > count) {
    throw new HounsfieldError(
      'FEATURE_REGION',
      `grey level ${highest} occurs in a region discretised to ${count} levels. Give the number of levels that the ` +
        'discretisation made.',
    );
  }
}
