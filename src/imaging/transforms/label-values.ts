import type { Vector3 } from '../geometry/geometry.ts';
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

/** First and last voxel of each label of one volume, both included, without the background. */
export function labelExtents(
  pixels: PixelArray,
  start: number,
  width: number,
  height: number,
  depth: number,
): ReadonlyMap<number, { readonly first: Vector3; readonly last: Vector3 }> {
  const found = new Map<number, [number, number, number, number, number, number]>();
  for (let row = 0, at = start; row < height * depth; row++, at += width) {
    const [y, z] = [row % height, Math.floor(row / height)];
    for (let x = 0; x < width; x++) {
      const value = pixels[at + x]!;
      if (value === 0) continue;
      const first = x;
      while (x + 1 < width && pixels[at + x + 1] === value) x++;
      const box = found.get(value);
      if (!box) found.set(value, [first, y, z, x, y, z]);
      else {
        box[0] = Math.min(box[0], first);
        box[1] = Math.min(box[1], y);
        box[3] = Math.max(box[3], x);
        box[4] = Math.max(box[4], y);
        box[5] = z;
      }
    }
  }
  return new Map(
    [...found].map(([value, [a, b, c, d, e, f]]) => [value, { first: [a, b, c], last: [d, e, f] }]),
  );
}
