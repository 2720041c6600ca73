import type { Computed } from './definition-list.ts';

/** Widest range of whole numbers that are sorted by counting them. */
const COUNTED_RANGE = 1 << 18;

/** Sorts values in place, in ascending order: whole numbers of a small range by counting them. */
export function countSorted(values: Float64Array): Float64Array {
  const count = values.length;
  if (count === 0) return values;
  let [low, high] = [values[0]!, values[0]!];
  let whole = true;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    else if (value > high) high = value;
    whole &&= Math.floor(value) === value;
  }
  if (!whole || !(high - low < COUNTED_RANGE)) return values.sort();
  const tally = new Uint32Array(high - low + 1);
  for (let i = 0; i < count; i++) tally[values[i]! - low]!++;
  for (let level = 0, at = 0; level < tally.length; level++) {
    const end = at + tally[level]!;
    values.fill(low + level, at, end);
    at = end;
  }
  return values;
}

/** The value below which a fraction of sorted values lies, interpolated linearly between two of them. */
export function percentile(sorted: ArrayLike<number>, fraction: number): number {
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

/** Mean distance of values from a centre. */
export function meanAbsoluteDeviation(values: Float64Array, centre: number, from = 0, to = values.length) {
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.abs(values[i]! - centre);
  return sum / (to - from);
}

/** Mean absolute deviation from their own mean of those sorted values that lie in low .. high; none may. */
export function robustPart(sorted: Float64Array, low: number, high: number): Computed {
  let from = 0;
  while (from < sorted.length && sorted[from]! < low) from++;
  let to = sorted.length;
  while (to > from && sorted[to - 1]! > high) to--;
  if (from === to) return [Number.NaN, 'no value lies between the 10th and the 90th percentile'];
  let sum = 0;
  for (let i = from; i < to; i++) sum += sorted[i]!;
  return meanAbsoluteDeviation(sorted, sum / (to - from), from, to);
}
