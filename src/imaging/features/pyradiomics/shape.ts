import type { Vector3 } from '../../geometry/geometry.ts';
import { borderedMask, countCubes, cubeSurface } from './cube-surface.ts';
import { diameters } from './diameters.ts';
import { principalVariances } from './principal-variances.ts';
import type { RegionMask } from './region-mask.ts';

/** Shape features of pyradiomics 3.0.1 by its names, in its order. */
export const SHAPE_NAMES = [
  'Elongation',
  'Flatness',
  'LeastAxisLength',
  'MajorAxisLength',
  'Maximum2DDiameterColumn',
  'Maximum2DDiameterRow',
  'Maximum2DDiameterSlice',
  'Maximum3DDiameter',
  'MeshVolume',
  'MinorAxisLength',
  'Sphericity',
  'SurfaceArea',
  'SurfaceVolumeRatio',
  'VoxelVolume',
] as const;
export type ShapeName = (typeof SHAPE_NAMES)[number];

export function shape(
  { inside, size, voxels }: RegionMask,
  spacingMm: Vector3,
): Readonly<Record<ShapeName, number>> {
  const mask = borderedMask(inside, size);
  const { areaMm2, volumeMm3 } = cubeSurface(countCubes(mask), spacingMm);
  const apart = diameters(mask, spacingMm);
  const [major, minor, least] = principalVariances(inside, size, spacingMm);
  return {
    Elongation: Math.sqrt(minor / major),
    Flatness: Math.sqrt(least / major),
    LeastAxisLength: 4 * Math.sqrt(least),
    MajorAxisLength: 4 * Math.sqrt(major),
    Maximum2DDiameterColumn: apart.column,
    Maximum2DDiameterRow: apart.row,
    Maximum2DDiameterSlice: apart.slice,
    Maximum3DDiameter: apart.all,
    MeshVolume: volumeMm3,
    MinorAxisLength: 4 * Math.sqrt(minor),
    Sphericity: Math.cbrt(36 * Math.PI * volumeMm3 * volumeMm3) / areaMm2,
    SurfaceArea: areaMm2,
    SurfaceVolumeRatio: areaMm2 / volumeMm3,
    VoxelVolume: voxels * spacingMm[0] * spacingMm[1] * spacingMm[2],
  };
}
