import { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import { columnOf, meanAndSpread } from '../preparations/columns.ts';
import { digamma } from './tail-probabilities.ts';

/** How mutual information is estimated. */
export interface MutualInformationSettings {
  /** Neighbours of the same class that set the radius; 3 by default in the literature. */
  readonly neighbours: number;
  /** Of the noise that parts equal values, 1e-10 of a column's size. */
  readonly seed: number;
}

/**
 * Mutual information of each column and the class in nats, at least 0 (Ross, Mutual information between discrete and
 * continuous data sets, 2014, equation 2). Each column is first divided by its standard deviation, and a noise far
 * below it parts equal values (Kraskov et al., 2004).
 */
export function mutualInformation(
  x: Matrix,
  y: Int32Array,
  classes: number,
  { neighbours, seed }: MutualInformationSettings,
): Float64Array {
  const found = new Float64Array(x.columns);
  const random = new RandomStream({ seed, purpose: 'mutual-information' });
  for (let j = 0; j < x.columns; j++) {
    const values = columnOf(x, j);
    const { squares } = meanAndSpread(values);
    const deviation = Math.sqrt(Math.max(0, squares) / values.length) || 1;
    let size = 0;
    for (let i = 0; i < values.length; i++) {
      values[i] = values[i]! / deviation;
      size += Math.abs(values[i]!);
    }
    const noise = 1e-10 * Math.max(1, size / values.length);
    for (let i = 0; i < values.length; i++) values[i] = values[i]! + noise * random.normal();
    found[j] = ofColumn(values, y, classes, neighbours);
  }
  return found;
}

function ofColumn(values: Float64Array, y: Int32Array, classes: number, neighbours: number): number {
  let rows = 0;
  let sums = 0;
  const used: number[] = [];
  const radii = new Float64Array(values.length);
  for (let c = 0; c < classes; c++) {
    const members = Array.from(y.keys())
      .filter((i) => y[i] === c)
      .sort((a, b) => values[a]! - values[b]!);
    const n = members.length;
    if (n < 2) continue; // a class of one says nothing
    const k = Math.min(neighbours, n - 1);
    const sorted = Float64Array.from(members, (i) => values[i]!);
    for (const [at, i] of members.entries()) radii[i] = kthDistance(sorted, at, k);
    used.push(...members);
    rows += n;
    sums += n * (digamma(k) - digamma(n));
  }
  if (rows === 0) return 0;
  const sorted = Float64Array.from(used, (i) => values[i]!).sort();
  let around = 0;
  for (const i of used) {
    around += digamma(Math.max(1, countWithin(sorted, values[i]!, radii[i]!)));
  }
  return Math.max(0, digamma(rows) + sums / rows - around / rows);
}

/** Distance of the kth nearest other value in a sorted list. */
function kthDistance(sorted: Float64Array, at: number, k: number): number {
  let [low, high] = [at, at];
  let distance = 0;
  for (let found = 0; found < k; found++) {
    const below = low > 0 ? sorted[at]! - sorted[low - 1]! : Infinity;
    const above = high < sorted.length - 1 ? sorted[high + 1]! - sorted[at]! : Infinity;
    if (below <= above) low--;
    else high++;
    distance = Math.min(below, above);
  }
  return distance;
}

/** Index of the first value of at least `value`. */
function firstAtLeast(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many values are nearer than the radius. Differences are compared: a sum of place and radius may round past. */
function countWithin(sorted: Float64Array, value: number, radius: number): number {
  let start = firstAtLeast(sorted, value - radius);
  while (start > 0 && value - sorted[start - 1]! < radius) start--;
  while (start < sorted.length && value - sorted[start]! >= radius) start++;
  let end = firstAtLeast(sorted, value + radius);
  while (end > 0 && sorted[end - 1]! - value >= radius) end--;
  while (end < sorted.length && sorted[end]! - value < radius) end++;
  return end - start;
}
