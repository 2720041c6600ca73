import type { IntensityUnit, MedicalImage, PixelArray } from '../image/medical-image.ts';

/** The values as float32, unchanged in scale; shared when they already are. */
export function floatPixels({ pixels }: { readonly pixels: PixelArray }): Float32Array {
  return pixels instanceof Float32Array ? pixels : new Float32Array(pixels);
}

/** The image with other values, as float32. */
export function withFloats(
  image: MedicalImage,
  pixels: Float32Array,
  unit: IntensityUnit = image.unit,
): MedicalImage {
  return { ...image, pixels, bitDepth: 32, unit };
}

/** Does something to each volume of an image, one for each channel and time point. */
export function perVolume(
  image: MedicalImage,
  change: (volume: Float32Array, channel: number) => Float32Array, // [D, H, W]
): MedicalImage {
  const source = floatPixels(image);
  const size = image.depth * image.height * image.width;
  if (source.length === size) return withFloats(image, change(source, 0));
  const pixels = new Float32Array(source.length);
  for (let start = 0, index = 0; start < source.length; start += size, index++) {
    pixels.set(change(source.subarray(start, start + size), index % image.channels), start);
  }
  return withFloats(image, pixels);
}
