import type { Matrix } from '../matrix.ts';

/** The values of a column that are there, NaN left out. */
export function presentValues({ values, rows, columns }: Matrix, column: number): Float64Array {
  const found = new Float64Array(rows);
  let count = 0;
  for (let i = 0, at = column; i < rows; i++, at += columns) {
    const value = values[at]!;
    if (!Number.isNaN(value)) found[count++] = value;
  }
  return found.subarray(0, count);
}

/** Column `column`, copied. */
export function columnOf({ values, rows, columns }: Matrix, column: number): Float64Array {
  const found = new Float64Array(rows);
  for (let i = 0, at = column; i < rows; i++, at += columns) found[i] = values[at]!;
  return found;
}

/** Mean, and the sum of squared distances from it, in two passes. */
export function meanAndSpread(values: Float64Array): { readonly mean: number; readonly squares: number } {
  const { length } = values;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += values[i]!;
  const mean = sum / length;
  let squares = 0;
  let rest = 0; // corrects the rounding of the mean (Chan, Golub and LeVeque, 1983)
  for (let i = 0; i < length; i++) {
    const d = values[i]! - mean;
    squares += d * d;
    rest += d;
  }
  return { mean, squares: squares - (rest * rest) / length };
}

/** The quantile of sorted values with linear interpolation (Hyndman and Fan's type 7), q in 0 .. 1. */
export function sortedQuantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  const [a, b, t] = [sorted[low]!, sorted[high]!, at - low];
  // As NumPy rounds: from the nearer end.
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/** The middle of sorted values, the mean of the middle two of an even number. */
export function sortedMedian(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
