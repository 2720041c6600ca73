import { HounsfieldError } from '../../errors.ts';

/** What pixel values are stored in. */
export type PixelArray = Uint8Array | Uint16Array | Int16Array | Float32Array;

/** What a pixel value means: Hounsfield units, or a number whose scale the file does not give. */
export type IntensityUnit = 'arbitrary' | 'HU';

/** A two-dimensional image: pixel values as stored, planar, and what they mean. */
export interface MedicalImage {
  readonly pixels: PixelArray; // [C, H, W]
  /** 1 grey, 3 red-green-blue. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Bits the file gives each value, 1..32. */
  readonly bitDepth: number;
  readonly unit: IntensityUnit;
}

/** An image whose values are float32: what transforms read and return. A MedicalImage of float32 is one. */
export interface FloatImage {
  readonly pixels: Float32Array; // [C, H, W]
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Makes a MedicalImage and checks that the array has channels x height x width values. Throws IMAGE_SHAPE. */
export function medicalImage(
  pixels: PixelArray,
  shape: { channels: number; height: number; width: number },
  bitDepth: number,
  unit: IntensityUnit = 'arbitrary',
): MedicalImage {
  const { channels, height, width } = shape;
  if (channels < 1 || height < 1 || width < 1 || pixels.length !== channels * height * width) {
    throw new HounsfieldError(
      'IMAGE_SHAPE',
      `${pixels.length} values do not fill ${channels} x ${height} x ${width} (channels x height x width). ` +
        'Pass a planar array of exactly that many values, each side at least 1.',
    );
  }
  return { pixels, channels, height, width, bitDepth, unit };
}

/** The image with its values as float32, unchanged in scale; shares memory when they already are. */
export function toFloatImage(image: MedicalImage): FloatImage {
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
