import type { FloatImage } from '../image/medical-image.ts';
import type { Rectangle } from './crop.ts';

/** Sets a rectangle (cut off at the image's edges) to the mean of each channel. Has no inverse. */
export function erase(image: FloatImage, rectangle: Rectangle): FloatImage {
  const { channels, height, width } = image;
  const pixels = image.pixels.slice();
  const top = Math.max(0, rectangle.top);
  const bottom = Math.min(height, rectangle.top + rectangle.height);
  const left = Math.max(0, rectangle.left);
  const right = Math.min(width, rectangle.left + rectangle.width);
  for (let c = 0; c < channels; c++) {
    const plane = image.pixels.subarray(c * height * width, (c + 1) * height * width);
    const mean = plane.reduce((total, value) => total + value, 0) / plane.length;
    for (let y = top; y < bottom; y++) {
      if (right > left) pixels.fill(mean, (c * height + y) * width + left, (c * height + y) * width + right);
    }
  }
  return { pixels, channels, height, width };
}
