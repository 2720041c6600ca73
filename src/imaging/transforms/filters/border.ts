/**
 * What lies beyond the sides of an array, by scipy's names: 'reflect' d c b a | a b c d | d c b a, 'mirror' d c b | a b c d |
 * c b a, 'nearest' a a a | a b c d | d d d, 'wrap' b c d | a b c d | a b c, 'constant' one value everywhere.
 */
export const BORDER_MODES = ['reflect', 'mirror', 'nearest', 'wrap', 'constant'] as const;

export type BorderMode = (typeof BORDER_MODES)[number];

export interface Border {
  readonly mode: BorderMode;
  /** What 'constant' holds; in the image's unit. */
  readonly constant: number;
}

export const REFLECT: Border = { mode: 'reflect', constant: 0 };

/** The place 0..length - 1 whose value lies at `index`, or -1 where the border is constant. */
export function borderIndex(index: number, length: number, mode: BorderMode): number {
  if (index >= 0 && index < length) return index;
  if (mode === 'constant') return -1;
  if (mode === 'nearest' || length === 1) return index < 0 ? 0 : length - 1;
  if (mode === 'wrap') return ((index % length) + length) % length;
  const period = mode === 'reflect' ? 2 * length : 2 * length - 2;
  const at = ((index % period) + period) % period;
  if (at < length) return at;
  return mode === 'reflect' ? period - 1 - at : period - at;
}

/** The places of -before .. length - 1 + after, as borderIndex gives them. */
export function borderIndices(length: number, before: number, after: number, mode: BorderMode): Int32Array {
  return Int32Array.from({ length: before + length + after }, (_, i) =>
    borderIndex(i - before, length, mode),
  );
}
