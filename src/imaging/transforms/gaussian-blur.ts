import type { FloatImage } from '../image/medical-image.ts';
import { reflect } from './warp-affine.ts';

/**
 * Gaussian smoothing with the given standard deviation in pixels; the kernel is cut at four standard
 * deviations and the border mirrored. Has no inverse: fine detail is lost.
 */
export function gaussianBlur(image: FloatImage, sigma: number): FloatImage {
  if (sigma <= 0) return image;
  const { channels, height, width } = image;
  const radius = Math.trunc(4 * sigma + 0.5);
  const kernel = gaussianKernel(sigma, radius);
  const rows = new Float32Array(image.pixels.length);
  const pixels = new Float32Array(image.pixels.length);
  const column = new Int32Array(width + 2 * radius).map((_, i) => reflect(i - radius, width));
  for (let row = 0; row < channels * height; row++) {
    const base = row * width;
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k <= 2 * radius; k++) sum += kernel[k]! * image.pixels[base + column[x + k]!]!;
      rows[base + x] = sum;
    }
  }
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const out = (c * height + y) * width;
      for (let k = 0; k <= 2 * radius; k++) {
        const weight = kernel[k]!;
        const from = (c * height + reflect(y + k - radius, height)) * width;
        for (let x = 0; x < width; x++) pixels[out + x]! += weight * rows[from + x]!;
      }
    }
  }
  return { pixels, channels, height, width };
}

function gaussianKernel(sigma: number, radius: number): Float64Array {
  const kernel = new Float64Array(2 * radius + 1).map((_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
}
