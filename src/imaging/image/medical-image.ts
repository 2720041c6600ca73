import { HounsfieldError } from '../../errors.ts';
import type { Geometry } from '../geometry/geometry.ts';

/** What pixel values are stored in. */
export type PixelArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/**
 * What a pixel value means. 'arbitrary': a number whose scale the file does not give. SUV by body weight, lean body mass
 * (Janmahasatian, or James where named so) or body surface area; 'label': see LabelMap.
 */
export type IntensityUnit =
  | 'arbitrary'
  | 'HU'
  | 'Bq/ml'
  | 'Gy'
  | 'SUVbw'
  | 'SUVlbm'
  | 'SUVbsa'
  | 'probability'
  | 'label';

/** One thing done to an image: the transform's name and all its numbers, enough to do it again or to undo it. */
export interface HistoryEntry {
  readonly transform: string;
  /** Plain JSON. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** An image of two or three dimensions, of one or more channels and time points: values, place, meaning, history. */
export interface MedicalImage {
  readonly pixels: PixelArray; // [T, C, D, H, W]; of a two-dimensional image [C, H, W]
  /** 1 grey, 3 red-green-blue, more for stacked series. */
  readonly channels: number;
  /** Slices; 1 for a two-dimensional image. */
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  /** 1 unless the image has a time axis. */
  readonly timePoints: number;
  /** Seconds from one time point to the next, where the file says. */
  readonly timeStepS?: number;
  /** Bits the file gives each value, 1..64. */
  readonly bitDepth: number;
  readonly unit: IntensityUnit;
  /** Absent where the file does not say how large a pixel is. */
  readonly geometry?: Geometry;
  /** Values that the file asks to be shown as black and as white: a window, or cal_min and cal_max. */
  readonly displayRange?: readonly [low: number, high: number];
  /** How the values came out of the file, as its reader tells it: plain JSON, nothing of the patient. */
  readonly reading?: Readonly<Record<string, unknown>>;
  /** What was done since the file was read, oldest first. */
  readonly history: readonly HistoryEntry[];
}

/** A code from a terminology, as DICOM writes it (PS3.3 table 8.8-1): for example 10200004, SCT, Liver. */
export interface CodedConcept {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

/** What one value of a LabelMap stands for. */
export interface Label {
  readonly value: number;
  readonly name: string;
  /** The layer that holds it: channel of the map, 0 where labels do not overlap. */
  readonly channel?: number;
  /** sRGB, 0..255. */
  readonly colour?: readonly [number, number, number];
  readonly category?: CodedConcept;
  readonly type?: CodedConcept;
}

/**
 * An image whose values are labels, 0 the background: always interpolated as labels. Where labels overlap each channel is
 * a layer of its own, and Label.channel says which.
 */
export interface LabelMap extends MedicalImage {
  readonly unit: 'label';
  readonly labels: readonly Label[];
}

export function isLabelMap(image: MedicalImage): image is LabelMap {
  return image.unit === 'label';
}

/** A two-dimensional image of float32: what the pixel-wise and two-dimensional transforms read and return. */
export interface FloatImage {
  readonly pixels: Float32Array; // [C, H, W]
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The sides of an array of pixels; what is left out is 1. */
export interface ImageShape {
  readonly timePoints?: number;
  readonly channels?: number;
  readonly depth?: number;
  readonly height: number;
  readonly width: number;
}

/** What an image may say besides its values. */
export type ImageFacts = Partial<
  Pick<MedicalImage, 'geometry' | 'timeStepS' | 'displayRange' | 'reading' | 'history'>
>;

/** Makes a MedicalImage and checks that the array has the product of the sides as its length. Throws IMAGE_SHAPE. */
export function medicalImage(
  pixels: PixelArray,
  shape: ImageShape,
  bitDepth: number = pixels.BYTES_PER_ELEMENT * 8,
  unit: IntensityUnit = 'arbitrary',
  more: ImageFacts = {},
): MedicalImage {
  const { timePoints = 1, channels = 1, depth = 1, height, width } = shape;
  const sides = [timePoints, channels, depth, height, width];
  const whole = sides.every((side) => Number.isInteger(side) && side >= 1);
  if (!whole || pixels.length !== sides.reduce((product, side) => product * side, 1)) {
    throw new HounsfieldError(
      'IMAGE_SHAPE',
      `${pixels.length} values do not fill ${sides.join(' x ')} (time x channels x depth x height x width). ` +
        'Pass a planar array of exactly that many values, each side at least 1.',
    );
  }
  return { pixels, timePoints, channels, depth, height, width, bitDepth, unit, history: [], ...more };
}

/** Makes a LabelMap. Throws IMAGE_SHAPE. */
export function labelMap(
  pixels: PixelArray,
  shape: ImageShape,
  labels: readonly Label[],
  more: ImageFacts = {},
): LabelMap {
  const image = medicalImage(pixels, shape, pixels.BYTES_PER_ELEMENT * 8, 'label', more);
  return { ...image, unit: 'label', labels };
}

/** Throws IMAGE_NOT_2D when an image has more than one slice or time point. */
export function requirePicture({ depth, timePoints }: MedicalImage, name = 'the image'): void {
  if (depth === 1 && timePoints === 1) return;
  throw new HounsfieldError(
    'IMAGE_NOT_2D',
    `${name} has ${depth} slices and ${timePoints} time points, where one of each is expected. Take a slice of it ` +
      'first, for instance with the transform take-slice.',
  );
}

/**
 * A two-dimensional image with its values as float32, unchanged in scale; shares memory when they already are.
 * Throws IMAGE_NOT_2D when it has more than one slice or time point.
 */
export function toFloatImage(image: MedicalImage): FloatImage {
  requirePicture(image);
  const { channels, height, width, pixels } = image;
  const floats = pixels instanceof Float32Array ? pixels : new Float32Array(pixels);
  return { pixels: floats, channels, height, width };
}

/** [H, W, C] to [C, H, W], same element type. */
export function interleavedToPlanar<T extends PixelArray>(
  pixels: T,
  channels: number,
  height: number,
  width: number,
): T {
  if (channels === 1) return pixels;
  const plane = height * width;
  const planar = pixels.slice() as T; // slice keeps the element type, TypeScript widens it
  for (let c = 0; c < channels; c++) {
    const start = c * plane;
    for (let i = 0, j = c; i < plane; i++, j += channels) planar[start + i] = pixels[j]!;
  }
  return planar;
}
