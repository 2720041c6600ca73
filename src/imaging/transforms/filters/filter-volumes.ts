import { HounsfieldError } from '../../../errors.ts';
import { spacingMm, type Vector3 } from '../../geometry/geometry.ts';
import type { IntensityUnit, MedicalImage } from '../../image/medical-image.ts';
import type { ParameterReader } from '../read-parameters.ts';
import { BORDER_MODES, type Border, type BorderMode } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';

/** What a filter looks at as one: the volume, or each slice for itself. */
export const FILTER_EXTENTS = ['volume', 'slice'] as const;
export type FilterExtent = (typeof FILTER_EXTENTS)[number];

/** Parameters of a filter that looks beyond the sides of the image. */
export interface BorderParameters {
  /** By scipy's names; see border.ts. Default 'reflect'. */
  readonly border?: BorderMode;
  /** The value of border 'constant'; default 0. */
  readonly constant?: number;
}

export function readBorder(read: ParameterReader): Required<BorderParameters> {
  return {
    border: read.oneOf('border', BORDER_MODES, 'reflect'),
    constant: read.number('constant', { fallback: 0 }),
  };
}

export const borderOf = ({ border, constant }: Required<BorderParameters>): Border => ({
  mode: border,
  constant,
});

/**
 * Does something to each volume, or each slice, of an image: float64 values where it has them, float32 otherwise.
 * `change` makes a new array. Throws INTENSITY_NOT_FINITE.
 */
export function filterVolumes(
  image: MedicalImage,
  by: FilterExtent,
  change: (values: FloatArray, size: Vector3) => FloatArray, // [D, H, W]
  unit: IntensityUnit = image.unit,
): MedicalImage {
  const source = floatsOf(image);
  requireFinite(source);
  const { width, height } = image;
  const depth = by === 'slice' ? 1 : image.depth;
  const length = width * height * depth;
  if (length === source.length) return withFilterValues(image, change(source, [width, height, depth]), unit);
  const out = another(source);
  for (let start = 0; start < source.length; start += length) {
    out.set(change(source.subarray(start, start + length), [width, height, depth]), start);
  }
  return withFilterValues(image, out, unit);
}

/** The values as float64 where they are, otherwise as float32; shared when they already are. */
export function floatsOf({ pixels }: MedicalImage): FloatArray {
  return pixels instanceof Float32Array || pixels instanceof Float64Array ? pixels : new Float32Array(pixels);
}

function withFilterValues(image: MedicalImage, pixels: FloatArray, unit: IntensityUnit): MedicalImage {
  return { ...image, pixels, bitDepth: pixels.BYTES_PER_ELEMENT * 8, unit };
}

/** Values that are looked at in one call: a function that is called often is compiled as a whole. */
const PART = 8192;

/** Throws INTENSITY_NOT_FINITE. */
export function requireFinite(values: ArrayLike<number>): void {
  let sum = 0;
  for (let start = 0; start < values.length; start += PART) {
    sum += timesZero(values, start, Math.min(values.length, start + PART));
  }
  if (sum === 0) return;
  throw new HounsfieldError(
    'INTENSITY_NOT_FINITE',
    'the image holds values that are not finite (NaN or infinity), which a filter would spread. Replace them first, for ' +
      'example by the value of air.',
  );
}

/** 0 for finite values, NaN for others. */
function timesZero(values: ArrayLike<number>, start: number, end: number): number {
  let sum = 0;
  let other = 0; // two: an addition waits for the one before it
  for (let i = start; i < end - 1; i += 2) {
    sum += values[i]! * 0;
    other += values[i + 1]! * 0;
  }
  return sum + other + values[end - 1]! * 0;
}

/** Millimetres along each axis as voxels. Throws GEOMETRY_MISSING. */
export function millimetresInVoxels(image: MedicalImage, lengths: Vector3, transform: string): Vector3 {
  const [x, y, z] = spacingOf(image, transform);
  return [lengths[0] / x, lengths[1] / y, lengths[2] / z];
}

export function spacingOf(image: MedicalImage, transform: string): Vector3 {
  if (image.geometry) return spacingMm(image.geometry);
  throw new HounsfieldError(
    'GEOMETRY_MISSING',
    `${transform} is asked for lengths in mm, and the image does not say how large a voxel is. Pass unit 'voxels', or give ` +
      'the image a geometry.',
  );
}

/** A window's sides for an image: 1 along axes of one voxel. Throws FILTER_WINDOW where it is wider than the image. */
export function windowWithin(window: Vector3, size: Vector3, transform: string): Vector3 {
  const fitting = window.map((side, axis) => (size[axis] === 1 ? 1 : side)) as unknown as Vector3; // three
  if (fitting.every((side, axis) => side <= size[axis]!)) return fitting;
  throw new HounsfieldError(
    'FILTER_WINDOW',
    `${transform} has a window of ${fitting.join(' x ')} voxels, and the image has ${size.join(' x ')}. Choose a window ` +
      'that is no wider than the image.',
  );
}

/** The axes that have more than one voxel. */
export const axesOf = (size: Vector3): readonly (0 | 1 | 2)[] =>
  ([0, 1, 2] as const).filter((axis) => size[axis] > 1);
