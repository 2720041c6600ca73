import type { Matrix } from '../matrix.ts';
import { columnOf, meanAndSpread } from '../preparations/columns.ts';
import { dataError } from '../preparations/settings.ts';
import { mutualInformation } from './mutual-information.ts';
import { ranksOf } from './ranks.ts';
import { chiSquareTail, fTail, normalTails } from './tail-probabilities.ts';

/** How much each column alone says of the class. */
export interface UnivariateTest {
  /** The larger, the more. */
  readonly statistic: Float64Array;
  /** How often chance alone gives so much, 0 .. 1; absent where the measure has none. */
  readonly p?: Float64Array;
}

export const UNIVARIATE_TESTS = ['anova-f', 'rank-sum', 'mutual-information'] as const;

/** 'rank-sum' is Mann and Whitney's test for two classes, Kruskal and Wallis's for more. */
export type UnivariateTestName = (typeof UNIVARIATE_TESTS)[number];

/** One test of every column; x without NaN. */
export function univariateTest(
  by: UnivariateTestName,
  x: Matrix,
  y: Int32Array,
  classes: number,
  seed: number,
): UnivariateTest {
  if (by === 'anova-f') return anovaF(x, y, classes);
  if (by === 'mutual-information')
    return { statistic: mutualInformation(x, y, classes, { neighbours: 3, seed }) };
  return classes === 2 ? mannWhitney(x, y) : kruskalWallis(x, y, classes);
}

/** Each class has a row. @throws PREPARATION_DATA */
function checkedClasses(y: Int32Array, classes: number): number {
  if (Number.isInteger(classes) && classes >= 1 && classes <= y.length) return classes;
  throw dataError(
    'univariate-filter',
    `${classes} classes cannot all be among ${y.length} rows. Correct it.`,
  );
}

function classCounts(y: Int32Array, classes: number): Float64Array {
  const counts = new Float64Array(checkedClasses(y, classes));
  for (const one of y) counts[one]!++;
  return counts;
}

/** One-way analysis of variance (Fisher, Statistical Methods for Research Workers, 1925); 0 for constant columns. */
export function anovaF(x: Matrix, y: Int32Array, classes: number): Required<UnivariateTest> {
  const counts = classCounts(y, classes);
  const groups = counts.filter((count) => count > 0).length;
  const [between, within] = [groups - 1, x.rows - groups];
  const statistic = new Float64Array(x.columns);
  const p = new Float64Array(x.columns).fill(1);
  const sums = new Float64Array(classes);
  for (let j = 0; j < x.columns; j++) {
    const values = columnOf(x, j);
    const { mean, squares } = meanAndSpread(values);
    sums.fill(0);
    for (let i = 0; i < values.length; i++) sums[y[i]!]! += values[i]! - mean;
    let explained = 0;
    for (let c = 0; c < classes; c++) if (counts[c]! > 0) explained += sums[c]! ** 2 / counts[c]!;
    // What is left beside rounding.
    const left = Math.max(0, squares - explained);
    if (!(squares > 1e-28 * mean * mean * values.length) || between < 1 || within < 1) continue;
    statistic[j] = left > 0 ? explained / between / (left / within) : Infinity;
    p[j] = fTail(statistic[j]!, between, within);
  }
  return { statistic, p };
}

/**
 * |z| of Mann and Whitney's U with corrections for ties and continuity, and its two-sided p (Mann and Whitney, On a
 * test of whether one of two random variables is stochastically larger than the other, 1947).
 */
export function mannWhitney(x: Matrix, y: Int32Array): Required<UnivariateTest> {
  const [n0 = 0, n1 = 0] = classCounts(y, 2);
  const n = n0 + n1;
  const statistic = new Float64Array(x.columns);
  const p = new Float64Array(x.columns).fill(1);
  for (let j = 0; j < x.columns; j++) {
    const { ranks, ties } = ranksOf(columnOf(x, j));
    let sum = 0;
    for (let i = 0; i < n; i++) if (y[i] === 0) sum += ranks[i]!;
    const u = sum - (n0 * (n0 + 1)) / 2;
    const larger = Math.max(u, n0 * n1 - u);
    const deviation = Math.sqrt(((n0 * n1) / 12) * (n + 1 - ties / (n * (n - 1))));
    if (!(deviation > 0)) continue;
    const z = (larger - (n0 * n1) / 2 - 0.5) / deviation;
    statistic[j] = Math.max(0, z);
    p[j] = z > 0 ? normalTails(z) : 1;
  }
  return { statistic, p };
}

/** H with correction for ties and its p (Kruskal and Wallis, Use of ranks in one-criterion variance analysis, 1952). */
export function kruskalWallis(x: Matrix, y: Int32Array, classes: number): Required<UnivariateTest> {
  const counts = classCounts(y, classes);
  const groups = counts.filter((count) => count > 0).length;
  const n = x.rows;
  const statistic = new Float64Array(x.columns);
  const p = new Float64Array(x.columns).fill(1);
  const sums = new Float64Array(classes);
  for (let j = 0; j < x.columns; j++) {
    const { ranks, ties } = ranksOf(columnOf(x, j));
    const correction = 1 - ties / (n ** 3 - n);
    if (!(correction > 0) || groups < 2) continue;
    sums.fill(0);
    for (let i = 0; i < n; i++) sums[y[i]!]! += ranks[i]!;
    let total = 0;
    for (let c = 0; c < classes; c++) if (counts[c]! > 0) total += sums[c]! ** 2 / counts[c]!;
    statistic[j] = Math.max(0, ((12 / (n * (n + 1))) * total - 3 * (n + 1)) / correction);
    p[j] = chiSquareTail(statistic[j]!, groups - 1);
  }
  return { statistic, p };
}

/**
 * Which hypotheses fall when the share of false ones among them is to stay below `rate` (Benjamini and Hochberg,
 * Controlling the false discovery rate, 1995).
 */
export function falseDiscoveryRate(p: Float64Array, rate: number): readonly number[] {
  const order = Array.from(p.keys()).sort((a, b) => p[a]! - p[b]! || a - b);
  const last = order.findLastIndex((at, rank) => p[at]! <= (rate * (rank + 1)) / p.length);
  return order.slice(0, last + 1).sort((a, b) => a - b);
}
