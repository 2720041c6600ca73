import { HounsfieldError } from '../../../errors.ts';
import { spacingMm, type Vector3 } from '../../geometry/geometry.ts';
import type { MedicalImage } from '../../image/medical-image.ts';
import type { JsonObject, ParameterReader } from '../read-parameters.ts';
import {
  ELEMENT_SHAPES,
  type ElementShape,
  footprintElement,
  type StructuringElement,
  structuringElement,
} from './structuring-element.ts';

/** Which places around a voxel count. */
export interface ElementParameters {
  /** Default 'ball'; in one slice a ball is a disk, an octahedron a diamond. */
  readonly shape?: ElementShape;
  /** Along x, y, z or one for all. Default 1. */
  readonly radius?: Vector3 | number;
  /** Of the radius. Default 'voxels'. 'mm' needs an image that knows its spacing. */
  readonly unit?: 'voxels' | 'mm';
  /** Places instead of a shape: 0 and 1 for each, x fastest, with the sides x, y, z. */
  readonly footprint?: { readonly size: Vector3; readonly members: readonly number[] } | null;
}

export function readElement(read: ParameterReader, given: JsonObject): Required<ElementParameters> {
  const shape = read.oneOf('shape', ELEMENT_SHAPES, 'ball');
  const radius = read.vector('radius', { min: 0, max: 1000, fallback: 1 });
  const unit = read.oneOf('unit', ['voxels', 'mm'], 'voxels');
  const footprint = read.optional('footprint', () => given['footprint']);
  read.require(
    footprint === null || isFootprint(footprint),
    'footprint is no {"size": [x, y, z], "members": [0, 1, ..]} with as many members as places',
  );
  return { shape, radius, unit, footprint: isFootprint(footprint) ? footprint : null };
}

function isFootprint(value: unknown): value is NonNullable<ElementParameters['footprint']> {
  if (typeof value !== 'object' || value === null) return false;
  const { size, members } = value as { size?: unknown; members?: unknown }; // checked here
  if (!Array.isArray(size) || size.length !== 3 || !Array.isArray(members)) return false;
  const whole = size.every((side) => Number.isInteger(side) && side >= 1 && side <= 1000);
  return whole && members.length === size[0] * size[1] * size[2] && members.every(Number.isFinite);
}

/** The element that parameters mean on an image's grid. Throws GEOMETRY_MISSING, ELEMENT_SIZE. */
export function elementFor(
  image: Pick<MedicalImage, 'depth' | 'geometry'>,
  { shape, radius, unit, footprint }: Required<ElementParameters>,
): StructuringElement {
  if (footprint) return footprintElement(footprint.members, footprint.size);
  if (unit === 'mm' && !image.geometry) {
    throw new HounsfieldError(
      'GEOMETRY_MISSING',
      "the element's radius is in mm, and the image does not say how large a voxel is. Pass unit 'voxels', or give the " +
        'image a geometry.',
    );
  }
  const [x, y, z] = typeof radius === 'number' ? [radius, radius, radius] : radius;
  const spacing: Vector3 = unit === 'mm' && image.geometry ? spacingMm(image.geometry) : [1, 1, 1];
  return structuringElement(shape, [x, y, image.depth === 1 ? 0 : z], spacing);
}
