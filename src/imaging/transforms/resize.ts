import type { FloatImage } from '../image/medical-image.ts';

/**
 * Resizes with a triangle filter (bilinear); when shrinking, the filter widens by the scale (anti-aliasing), as
 * Pillow's BILINEAR and torchvision's `resize(antialias=True)` do. Pixel centres lie at (i + 0.5). Has no
 * inverse: shrinking loses detail.
 */
export function resize(image: FloatImage, height: number, width: number): FloatImage {
  const { channels } = image;
  if (height === image.height && width === image.width) return image;
  const across = filterWeights(image.width, width);
  const down = filterWeights(image.height, height);
  const pixels = new Float32Array(channels * height * width);
  const rows = new Float32Array(image.height * width);
  for (let c = 0; c < channels; c++) {
    const plane = c * image.height * image.width;
    for (let y = 0; y < image.height; y++) {
      const row = plane + y * image.width;
      for (let x = 0; x < width; x++) {
        const start = across.start[x]!;
        const taps = across.count[x]!;
        const at = x * across.taps;
        let sum = 0;
        for (let k = 0; k < taps; k++) sum += image.pixels[row + start + k]! * across.weight[at + k]!;
        rows[y * width + x] = sum;
      }
    }
    for (let y = 0; y < height; y++) {
      const out = (c * height + y) * width;
      for (let k = 0; k < down.count[y]!; k++) {
        const weight = down.weight[y * down.taps + k]!;
        const row = (down.start[y]! + k) * width;
        for (let x = 0; x < width; x++) pixels[out + x]! += weight * rows[row + x]!;
      }
    }
  }
  return { pixels, channels, height, width };
}

interface FilterWeights {
  readonly start: Int32Array;
  readonly count: Int32Array;
  /** Row i, tap k at i * taps + k; each row sums to 1. */
  readonly weight: Float64Array;
  readonly taps: number;
}

function filterWeights(from: number, to: number): FilterWeights {
  const scale = from / to;
  const support = Math.max(1, scale);
  const taps = Math.ceil(support) * 2 + 1;
  const start = new Int32Array(to);
  const count = new Int32Array(to);
  const weight = new Float64Array(to * taps);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(from, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let k = first; k < last; k++) {
      const value = Math.max(0, 1 - Math.abs(k - centre + 0.5) / support);
      weight[i * taps + k - first] = value;
      sum += value;
    }
    for (let k = 0; k < last - first; k++) weight[i * taps + k]! /= sum;
    start[i] = first;
    count[i] = last - first;
  }
  return { start, count, weight, taps };
}
