import type { FloatImage } from '../image/medical-image.ts';
import { type Border, reflect } from './warp-affine.ts';

/** Pixels to add on each side, 0 or more. */
export interface Margins {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Adds margins, mirrored or of one value. Inverse: crop at (top, left) with the old size. */
export function pad(image: FloatImage, margins: Margins, border: Border): FloatImage {
  const { channels } = image;
  const height = image.height + margins.top + margins.bottom;
  const width = image.width + margins.left + margins.right;
  const pixels = new Float32Array(channels * height * width);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const base = c * image.height * image.width;
    for (let y = -margins.top; y < image.height + margins.bottom; y++) {
      for (let x = -margins.left; x < image.width + margins.right; x++, at++) {
        const inside = x >= 0 && y >= 0 && x < image.width && y < image.height;
        pixels[at] =
          border !== 'reflect' && !inside
            ? border.constant
            : image.pixels[base + reflect(y, image.height) * image.width + reflect(x, image.width)]!;
      }
    }
  }
  return { pixels, channels, height, width };
}
