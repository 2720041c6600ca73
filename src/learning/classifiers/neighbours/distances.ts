/** How far two rows are apart. */
export type Metric = 'euclidean' | 'manhattan' | 'chebyshev' | 'minkowski';

/** Distance of two rows; `p` is Minkowski's exponent. */
export function distance(
  metric: Metric,
  p: number,
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  bStart: number,
  columns: number,
): number {
  let sum = 0;
  if (metric === 'euclidean') {
    for (let j = 0; j < columns; j++) {
      const off = a[aStart + j]! - b[bStart + j]!;
      sum += off * off;
    }
    return Math.sqrt(sum);
  }
  if (metric === 'manhattan') {
    for (let j = 0; j < columns; j++) sum += Math.abs(a[aStart + j]! - b[bStart + j]!);
    return sum;
  }
  if (metric === 'chebyshev') {
    for (let j = 0; j < columns; j++) sum = Math.max(sum, Math.abs(a[aStart + j]! - b[bStart + j]!));
    return sum;
  }
  for (let j = 0; j < columns; j++) sum += Math.abs(a[aStart + j]! - b[bStart + j]!) ** p;
  return sum ** (1 / p);
}

/** Nearest rows found so far, the nearest first; of equally far ones the earlier row. */
export interface Nearest {
  readonly rows: Int32Array; // [k]
  /** Rounded to single precision, so that what differs by rounding alone counts as equal, here as in a model file. */
  readonly distances: Float64Array; // [k]
}

/**
 * Finds the `k` nearest of all rows to the row of `x` at `start`.
 *
 * @param rows [count, columns]
 */
export function findNearest(
  metric: Metric,
  p: number,
  x: Float64Array,
  start: number,
  rows: Float64Array,
  columns: number,
  into: Nearest,
): void {
  const count = rows.length / columns;
  const k = into.rows.length;
  into.distances.fill(Number.POSITIVE_INFINITY);
  into.rows.fill(-1);
  let filled = 0;
  for (let r = 0, at = 0; r < count; r++, at += columns) {
    const limit = into.distances[k - 1]!;
    if (
      metric === 'euclidean' &&
      limit < 1e150 &&
      farther(x, start, rows, at, columns, limit * limit * 1.000001)
    ) {
      continue;
    }
    const own = Math.fround(distance(metric, p, x, start, rows, at, columns));
    if (filled === k && !(own < limit)) continue;
    let place = filled < k ? filled++ : k - 1;
    while (place > 0 && own < into.distances[place - 1]!) {
      into.distances[place] = into.distances[place - 1]!;
      into.rows[place] = into.rows[place - 1]!;
      place--;
    }
    into.distances[place] = own;
    into.rows[place] = r;
  }
}

/** Whether the squared distance is beyond `limit`; stops as soon as it is. */
function farther(
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  bStart: number,
  columns: number,
  limit: number,
): boolean {
  let sum = 0;
  let j = 0;
  for (; j + 7 < columns; j += 8) {
    const d0 = a[aStart + j]! - b[bStart + j]!;
    const d1 = a[aStart + j + 1]! - b[bStart + j + 1]!;
    const d2 = a[aStart + j + 2]! - b[bStart + j + 2]!;
    const d3 = a[aStart + j + 3]! - b[bStart + j + 3]!;
    const d4 = a[aStart + j + 4]! - b[bStart + j + 4]!;
    const d5 = a[aStart + j + 5]! - b[bStart + j + 5]!;
    const d6 = a[aStart + j + 6]! - b[bStart + j + 6]!;
    const d7 = a[aStart + j + 7]! - b[bStart + j + 7]!;
    sum += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3) + (d4 * d4 + d5 * d5 + (d6 * d6 + d7 * d7));
    if (sum > limit) return true;
  }
  for (; j < columns; j++) {
    const d = a[aStart + j]! - b[bStart + j]!;
    sum += d * d;
  }
  return sum > limit;
}
