import type { FloatImage } from '../image/medical-image.ts';

/** Mirrors left-right ('horizontal') or top-bottom ('vertical'). Its own inverse, exactly. */
export function flip(image: FloatImage, direction: 'horizontal' | 'vertical'): FloatImage {
  const { channels, height, width } = image;
  const pixels = new Float32Array(image.pixels.length);
  for (let row = 0; row < channels * height; row++) {
    const y = row % height;
    const from = direction === 'vertical' ? (row - y + height - 1 - y) * width : row * width;
    const line = image.pixels.subarray(from, from + width);
    pixels.set(line, row * width);
    if (direction === 'horizontal') pixels.subarray(row * width, (row + 1) * width).reverse();
  }
  return { pixels, channels, height, width };
}
