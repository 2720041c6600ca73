import type { FloatImage } from '../../imaging/image/medical-image.ts';
import { resize } from '../../imaging/transforms/resize.ts';

/** Side of the square on which pictures are compared. */
export const THUMBNAIL_SIDE = 32;

/** A picture boiled down for comparison. */
export interface Likeness {
  /** 64 bits: which of the 8 x 8 lowest frequencies lie above their median. */
  readonly hash: readonly [high: number, low: number];
  /** Grey values at 32 x 32, stretched to 0..255. */
  readonly thumbnail: Uint8Array;
}

const COSINES = (() => {
  const table = new Float64Array(8 * THUMBNAIL_SIDE);
  for (let u = 0; u < 8; u++) {
    for (let x = 0; x < THUMBNAIL_SIDE; x++) {
      table[u * THUMBNAIL_SIDE + x] = Math.cos(((2 * x + 1) * (u + 1) * Math.PI) / (2 * THUMBNAIL_SIDE));
    }
  }
  return table;
})();

/**
 * The perceptual hash of an image (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010,
 * section 3.2.1: 32 x 32 grey, discrete cosine transform, frequencies 1..8 each way against their median), with its thumbnail.
 * Not changed much by size, brightness, contrast or compression; changed by flips, rotations and crops.
 */
export function likeness(image: FloatImage): Likeness {
  const small = resize(greyMean(image), THUMBNAIL_SIDE, THUMBNAIL_SIDE).pixels;
  const frequencies = lowFrequencies(small);
  const median = Float64Array.from(frequencies).sort()[32]!;
  let high = 0;
  let low = 0;
  for (let i = 0; i < 32; i++) {
    if (frequencies[i]! > median) high |= 1 << i;
    if (frequencies[i + 32]! > median) low |= 1 << i;
  }
  return { hash: [high >>> 0, low >>> 0], thumbnail: stretch(small) };
}

function greyMean(image: FloatImage): FloatImage {
  if (image.channels === 1) return image;
  const plane = image.height * image.width;
  const pixels = new Float32Array(plane);
  for (let c = 0; c < image.channels; c++) {
    for (let i = 0; i < plane; i++) pixels[i]! += image.pixels[c * plane + i]! / image.channels;
  }
  return { pixels, channels: 1, height: image.height, width: image.width };
}

function lowFrequencies(small: Float32Array): Float64Array {
  const side = THUMBNAIL_SIDE;
  const rows = new Float64Array(side * 8);
  for (let y = 0; y < side; y++) {
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let x = 0; x < side; x++) sum += small[y * side + x]! * COSINES[u * side + x]!;
      rows[y * 8 + u] = sum;
    }
  }
  const frequencies = new Float64Array(64);
  for (let v = 0; v < 8; v++) {
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let y = 0; y < side; y++) sum += rows[y * 8 + u]! * COSINES[v * side + y]!;
      frequencies[v * 8 + u] = sum;
    }
  }
  return frequencies;
}

function stretch(values: Float32Array): Uint8Array {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return Uint8Array.from(values, (value) => Math.round((value - low) * scale));
}

/** Bits in which two hashes differ, 0..64. */
export function hashDistance(a: Likeness['hash'], b: Likeness['hash']): number {
  return bitCount(a[0] ^ b[0]) + bitCount(a[1] ^ b[1]);
}

function bitCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Pearson correlation of two thumbnails, -1..1; 0 when one is flat. */
export function thumbnailCorrelation(a: Uint8Array, b: Uint8Array): number {
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    sumA += x;
    sumB += y;
    sumAA += x * x;
    sumBB += y * y;
    sumAB += x * y;
  }
  const n = a.length;
  const variances = (sumAA - (sumA * sumA) / n) * (sumBB - (sumB * sumB) / n);
  return variances > 0 ? (sumAB - (sumA * sumB) / n) / Math.sqrt(variances) : 0;
}
