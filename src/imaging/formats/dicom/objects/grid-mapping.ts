import { HounsfieldError } from '../../../../errors.ts';
import {
  type Affine,
  applyAffine,
  composeAffines,
  type Geometry,
  invertAffine,
} from '../../../geometry/geometry.ts';
import type { MedicalImage, PixelArray } from '../../../image/medical-image.ts';
import { checkVoxels } from './label-layers.ts';
import type { GridLike } from './structure-mask.ts';

/** How far two affines may lie apart at the far corner of a grid, as part of a voxel, to be the same grid. */
const SAME = 0.01;

/** True when voxels of both grids coincide, to a hundredth of a voxel at every corner. */
export function sameGrid(a: GridLike, b: GridLike): boolean {
  if (a.width !== b.width || a.height !== b.height || a.depth !== b.depth) return false;
  if (a.geometry === undefined || b.geometry === undefined) return a.geometry === b.geometry;
  return sameAffine(a.geometry.affine, b.geometry.affine, a);
}

function sameAffine(a: Affine, b: Affine, { width, height, depth }: GridLike): boolean {
  const map = composeAffines(invertAffine(a), b);
  for (let corner = 0; corner < 8; corner++) {
    const at = [
      (corner & 1) * (width - 1),
      ((corner >> 1) & 1) * (height - 1),
      (corner >> 2) * (depth - 1),
    ] as const;
    const there = applyAffine(map, at);
    if (there.some((value, axis) => Math.abs(value - at[axis]!) > SAME)) return false;
  }
  return true;
}

/** Throws GRID_FRAME_OF_REFERENCE when both frames of reference are known and differ. */
export function checkFrameOfReference(a: Geometry | undefined, b: Geometry | undefined): void {
  const [one, other] = [a?.frameOfReferenceUid, b?.frameOfReferenceUid];
  if (one === undefined || other === undefined || one === other) return;
  throw new HounsfieldError(
    'GRID_FRAME_OF_REFERENCE',
    'the object and the image lie in different frames of reference, so their places cannot be compared. ' +
      'Pass the image that the object was made from, or register them first.',
  );
}

/**
 * An image on another grid: each voxel takes the value of the nearest voxel of the image, `outside` where there is none. Where the grids share
 * their voxels (turned, cut or not) nothing is lost. Throws SEGMENTATION_GRID, GRID_FRAME_OF_REFERENCE, DICOM_OBJECT_TOO_LARGE.
 */
export function ontoGrid<T extends MedicalImage>(image: T, grid: GridLike, limit?: number, outside = 0): T {
  if (sameGrid(image, grid)) return image;
  const [own, wanted] = [image.geometry, grid.geometry];
  if (own === undefined || wanted === undefined) {
    throw new HounsfieldError(
      'SEGMENTATION_GRID',
      `the object has ${image.width} x ${image.height} x ${image.depth} voxels and the image given ${grid.width} x ` +
        `${grid.height} x ${grid.depth}, and ${own ? 'the image' : 'the object'} does not say where it lies. ` +
        'Read the object on its own grid: leave out the grid.',
    );
  }
  checkFrameOfReference(own, wanted);
  const layers = image.channels * image.timePoints;
  checkVoxels([layers, grid.depth, grid.height, grid.width], limit);
  const toOwn = composeAffines(invertAffine(own.affine), wanted.affine);
  const length = layers * grid.depth * grid.height * grid.width;
  const pixels = image.pixels.slice(0, 0).constructor as new (length: number) => PixelArray; // the same element type
  const out = new pixels(length);
  if (outside !== 0) out.fill(outside);
  for (let layer = 0; layer < layers; layer++) nearest(image, grid, toOwn, layer, out);
  return {
    ...image,
    pixels: out,
    width: grid.width,
    height: grid.height,
    depth: grid.depth,
    geometry: wanted,
  };
}

function nearest(image: MedicalImage, grid: GridLike, m: Affine, layer: number, out: PixelArray): void {
  const { width, height, depth, pixels } = image;
  const start = layer * width * height * depth;
  let to = layer * grid.width * grid.height * grid.depth;
  for (let z = 0; z < grid.depth; z++) {
    for (let y = 0; y < grid.height; y++) {
      for (let x = 0; x < grid.width; x++, to++) {
        const i = Math.round(m[0] * x + m[1] * y + m[2] * z + m[3]);
        const j = Math.round(m[4] * x + m[5] * y + m[6] * z + m[7]);
        const k = Math.round(m[8] * x + m[9] * y + m[10] * z + m[11]);
        if (i < 0 || j < 0 || k < 0 || i >= width || j >= height || k >= depth) continue;
        out[to] = pixels[start + (k * height + j) * width + i]!;
      }
    }
  }
}
