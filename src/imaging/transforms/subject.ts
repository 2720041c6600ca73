import { HounsfieldError } from '../../errors.ts';
import {
  type Affine,
  applyAffine,
  type Vector3,
  type VoxelIndex,
  voxelToWorld,
  type WorldPointMm,
  worldToVoxel,
} from '../geometry/geometry.ts';
import { cornersOf, gridOf, sameGrid, sizeText } from '../geometry/grid.ts';
import type { MedicalImage } from '../image/medical-image.ts';

/**
 * A box between two corners in voxel index, edges and not centres: the box around voxels 2, 3 and 4 of an axis reaches
 * from 1.5 to 4.5. In two dimensions z reaches from -0.5 to 0.5.
 */
export interface Box {
  readonly min: Vector3;
  readonly max: Vector3;
}

/**
 * What belongs to one patient and is transformed together: images and label maps by name, and places in them. The
 * order of points and boxes stays through every transform, so that what each one means can be kept beside them.
 */
export interface Subject {
  readonly images: Readonly<Record<string, MedicalImage>>;
  /** The image whose voxels `points` and `boxes` are counted in; the first of `images` where absent. */
  readonly grid?: string;
  readonly points?: readonly VoxelIndex[];
  readonly boxes?: readonly Box[];
}

/** Name and image in whose voxels points and boxes are counted. Throws SUBJECT_EMPTY or SUBJECT_IMAGE. */
export function gridImage(subject: Subject): readonly [name: string, image: MedicalImage] {
  const name = subject.grid ?? Object.keys(subject.images)[0];
  if (name === undefined) {
    throw new HounsfieldError('SUBJECT_EMPTY', 'the subject has no image. Give it at least one.');
  }
  return [name, imageOf(subject, name)];
}

/** An image by its name. Throws SUBJECT_IMAGE. */
export function imageOf(subject: Subject, name: string): MedicalImage {
  const image = Object.hasOwn(subject.images, name) ? subject.images[name] : undefined;
  if (!image) {
    throw new HounsfieldError(
      'SUBJECT_IMAGE',
      `the subject has no image '${name}', only ${Object.keys(subject.images).join(', ') || 'none'}. Name one of these.`,
    );
  }
  return image;
}

/** Stops with SUBJECT_GRIDS unless every image lies on one grid. `why`: the transform that needs it. */
export function requireOneGrid(subject: Subject, why: string): void {
  const [name, first] = gridImage(subject);
  const grid = gridOf(first);
  const others = Object.entries(subject.images).filter(([, image]) => !sameGrid(grid, gridOf(image)));
  if (others.length > 0) {
    const sizes = others.map(([other, image]) => `'${other}' (${sizeText(gridOf(image).size)})`).join(', ');
    throw new HounsfieldError(
      'SUBJECT_GRIDS',
      `${why} counts in voxels of one grid, and ${sizes} lies on another than '${name}' (${sizeText(grid.size)}). ` +
        `Bring all to one by resample-to-image with reference '${name}' first.`,
    );
  }
}

/** A box of a changed grid: the smallest one around its eight moved corners, exact where axes only swap or turn round. */
export function moveBox(box: Box, move: (point: Vector3) => Vector3): Box {
  const corners = cornersOf(box.min, box.max).map(move);
  const along = (pick: (...values: number[]) => number): Vector3 => [
    pick(...corners.map((corner) => corner[0])),
    pick(...corners.map((corner) => corner[1])),
    pick(...corners.map((corner) => corner[2])),
  ];
  return { min: along(Math.min), max: along(Math.max) };
}

/** The smallest box around whole voxels: first and last index, both included. */
export function boxAround(first: Vector3, last: Vector3): Box {
  return {
    min: [first[0] - 0.5, first[1] - 0.5, first[2] - 0.5],
    max: [last[0] + 0.5, last[1] + 0.5, last[2] + 0.5],
  };
}

/** The part of a box inside an image, or undefined when nothing is. */
export function clipBox(box: Box, size: Vector3): Box | undefined {
  const min = box.min.map((edge) => Math.max(edge, -0.5)) as unknown as Vector3; // map keeps the length
  const max = box.max.map((edge, axis) => Math.min(edge, size[axis]! - 0.5)) as unknown as Vector3; // likewise
  return min.every((edge, axis) => edge < max[axis]!) ? { min, max } : undefined;
}

/** The subject's points in the patient, mm. Throws GEOMETRY_MISSING when its grid has no geometry. */
export function worldPoints(subject: Subject): readonly WorldPointMm[] {
  const geometry = geometryOf(subject);
  return (subject.points ?? []).map((point) => voxelToWorld(geometry, point));
}

/** The subject with these places of the patient, mm, as its points. Throws GEOMETRY_MISSING. */
export function withWorldPoints(subject: Subject, points: readonly WorldPointMm[]): Subject {
  const geometry = geometryOf(subject);
  return { ...subject, points: points.map((point) => worldToVoxel(geometry, point)) };
}

function geometryOf(subject: Subject) {
  const [name, { geometry }] = gridImage(subject);
  if (geometry) return geometry;
  throw new HounsfieldError(
    'GEOMETRY_MISSING',
    `'${name}' does not say where it lies, which is needed for points in mm. Count in its voxels instead, or give it ` +
      'a geometry.',
  );
}

/** Points moved along an affine map of voxel indices. */
export function movePoints(points: readonly VoxelIndex[], map: Affine): readonly VoxelIndex[] {
  return points.map((point) => applyAffine(map, point) as unknown as VoxelIndex); // the brand exists in types only
}
