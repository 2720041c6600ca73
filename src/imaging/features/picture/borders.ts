/** What lies outside a picture: its mirror with or without the border pixel twice, the border pixel, the other side, or zeros. */
export const BORDERS = ['reflect', 'mirror', 'nearest', 'wrap', 'constant'] as const;
export type Border = (typeof BORDERS)[number];

/** Index inside 0 .. size - 1 that stands for `at`; -1 where the border is constant. */
export function insideIndex(at: number, size: number, border: Border): number {
  if (at >= 0 && at < size) return at;
  if (border === 'constant') return -1;
  if (border === 'nearest') return at < 0 ? 0 : size - 1;
  if (border === 'wrap') return ((at % size) + size) % size;
  if (size === 1) return 0;
  const period = border === 'reflect' ? 2 * size : 2 * size - 2;
  const folded = ((at % period) + period) % period;
  if (folded < size) return folded;
  return border === 'reflect' ? period - 1 - folded : period - folded;
}

/** A plane with borders of the given widths filled in. [H + 2 rows, W + 2 columns] */
export function withBorders(
  plane: ArrayLike<number>,
  [width, height]: readonly [width: number, height: number],
  [rows, columns]: readonly [rows: number, columns: number],
  border: Border,
): Float64Array {
  const wide = width + 2 * columns;
  const out = new Float64Array(wide * (height + 2 * rows));
  const across = Int32Array.from({ length: wide }, (_, x) => insideIndex(x - columns, width, border));
  for (let y = 0, o = 0; y < height + 2 * rows; y++) {
    const from = insideIndex(y - rows, height, border);
    if (from < 0) {
      o += wide;
      continue;
    }
    const start = from * width;
    for (let x = 0; x < wide; x++, o++) if (across[x]! >= 0) out[o] = plane[start + across[x]!]!;
  }
  return out;
}
