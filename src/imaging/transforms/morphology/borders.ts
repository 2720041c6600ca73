/**
 * What lies beyond an image: 'reflect' d c b a | a b c d; 'mirror' d c b | a b c d; 'nearest' a a a | a b c d; 'wrap'
 * b c d | a b c d; 'constant': a value; 'ignore': nothing that could change a result.
 */
export const BORDERS = ['reflect', 'mirror', 'nearest', 'wrap', 'constant', 'ignore'] as const;
export type Border = (typeof BORDERS)[number];

/** Where each place from `-below` to `side - 1 + above` is read at; -1 where nothing lies. */
export function borderIndices(side: number, below: number, above: number, border: Border): Int32Array {
  const at = new Int32Array(below + side + above);
  for (let i = 0; i < at.length; i++) at[i] = borderIndex(i - below, side, border);
  return at;
}

function borderIndex(i: number, side: number, border: Border): number {
  if (i >= 0 && i < side) return i;
  if (border === 'constant' || border === 'ignore') return -1;
  if (border === 'nearest') return i < 0 ? 0 : side - 1;
  if (border === 'wrap') return ((i % side) + side) % side;
  if (border === 'mirror') {
    if (side === 1) return 0;
    const period = 2 * side - 2;
    const place = ((i % period) + period) % period;
    return place < side ? place : period - place;
  }
  const place = ((i % (2 * side)) + 2 * side) % (2 * side);
  return place < side ? place : 2 * side - 1 - place;
}
