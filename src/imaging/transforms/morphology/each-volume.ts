import type { Vector3 } from '../../geometry/geometry.ts';
import type { MedicalImage, PixelArray } from '../../image/medical-image.ts';
import { emptyLike } from '../pixel-rows.ts';

/** Does something to each volume of an image, one for each time point and channel; the result's type is the image's. */
export function eachVolume(
  image: MedicalImage,
  change: (values: PixelArray, sides: Vector3) => PixelArray, // [D, H, W]
): MedicalImage {
  const { width, height, depth, pixels } = image;
  const volume = width * height * depth;
  let out: PixelArray | undefined;
  for (let start = 0; start < pixels.length; start += volume) {
    const done = change(pixels.subarray(start, start + volume), [width, height, depth]);
    out ??= done.length === pixels.length ? done : emptyLike(done, pixels.length);
    if (out !== done) out.set(done, start);
  }
  const values = out ?? pixels;
  return { ...image, pixels: values, bitDepth: values.BYTES_PER_ELEMENT * 8 };
}
