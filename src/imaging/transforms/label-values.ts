import type { PixelArray } from '../image/medical-image.ts';

/** The labels that occur in a part of a label map, rising, without the background 0. */
export function labelValues(pixels: PixelArray, start = 0, count = pixels.length): readonly number[] {
  const found = new Set<number>();
  let previous = 0;
  for (let i = start; i < start + count; i++) {
    const value = pixels[i]!;
    if (value === previous) continue;
    previous = value;
    found.add(value);
  }
  found.delete(0);
  return [...found].sort((a, b) => a - b);
}
