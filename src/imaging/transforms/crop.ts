import { HounsfieldError } from '../../errors.ts';
import type { FloatImage } from '../image/medical-image.ts';

/** A rectangle in pixels; top and left count from 0. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Cuts a rectangle out. Has no inverse: what was outside is gone. Throws CROP_OUTSIDE. */
export function crop(image: FloatImage, rectangle: Rectangle): FloatImage {
  const { top, left, height, width } = rectangle;
  const inside =
    top >= 0 &&
    left >= 0 &&
    height >= 1 &&
    width >= 1 &&
    top + height <= image.height &&
    left + width <= image.width;
  if (!inside) {
    throw new HounsfieldError(
      'CROP_OUTSIDE',
      `a crop of ${height} x ${width} at (${top}, ${left}) leaves the image of ${image.height} x ${image.width}. ` +
        'Use a smaller crop, or pad first.',
    );
  }
  const pixels = new Float32Array(image.channels * height * width);
  for (let c = 0; c < image.channels; c++) {
    for (let y = 0; y < height; y++) {
      const start = (c * image.height + top + y) * image.width + left;
      pixels.set(image.pixels.subarray(start, start + width), (c * height + y) * width);
    }
  }
  return { pixels, channels: image.channels, height, width };
}
