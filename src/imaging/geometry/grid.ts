import {
  type Affine,
  applyAffine,
  composeAffines,
  type Geometry,
  invertAffine,
  type Vector3,
  type VoxelIndex,
} from './geometry.ts';

/** The voxels of an image without their values: how many, and where they lie. */
export interface Grid {
  /** Width, height, depth: voxels along x, y, z. */
  readonly size: Vector3;
  readonly geometry?: Geometry;
}

export const IDENTITY_AFFINE: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];

/** An image's grid. */
export function gridOf(image: {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly geometry?: Geometry;
}): Grid {
  const size: Vector3 = [image.width, image.height, image.depth];
  return image.geometry ? { size, geometry: image.geometry } : { size };
}

/** The map that scales each axis by `scale` and then moves by `shift`. */
export function scaleAndShift(scale: Vector3, shift: Vector3): Affine {
  return [scale[0], 0, 0, shift[0], 0, scale[1], 0, shift[1], 0, 0, scale[2], shift[2]];
}

/** The eight corners of a box of voxel centres 0 .. size - 1. */
export function cornersOf(low: Vector3, high: Vector3): readonly Vector3[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [
    bits & 1 ? high[0] : low[0],
    bits & 2 ? high[1] : low[1],
    bits & 4 ? high[2] : low[2],
  ]);
}

/** Voxel index of `to` to voxel index of `from`, by way of the world they share. */
export function voxelMap(from: Geometry, to: Geometry): Affine {
  return composeAffines(invertAffine(from.affine), to.affine);
}

/**
 * Whether two grids have the same size and, where both know their place, no corner lies further apart than
 * `toleranceVoxels` voxels of the first.
 */
export function sameGrid(a: Grid, b: Grid, toleranceVoxels = 1e-3): boolean {
  if (a.size.some((side, axis) => side !== b.size[axis])) return false;
  if (!a.geometry || !b.geometry) return true;
  const map = voxelMap(a.geometry, b.geometry);
  const last: Vector3 = [a.size[0] - 1, a.size[1] - 1, a.size[2] - 1];
  return cornersOf([0, 0, 0], last).every((corner) =>
    applyAffine(map, corner).every((value, axis) => Math.abs(value - corner[axis]!) <= toleranceVoxels),
  );
}

/** The voxel index in the middle of a grid; between two voxels where a side is even. */
export function centreOf({ size }: Grid): VoxelIndex {
  return size.map((side) => (side - 1) / 2) as unknown as VoxelIndex; // the brand exists in types only
}

/** A grid in words for messages: 512 x 512 x 120. */
export const sizeText = (size: Vector3): string => size.join(' x ');
