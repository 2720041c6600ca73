import { HounsfieldError } from '../../errors.ts';
import { fisherQuantile } from '../statistics/distributions.ts';

/** An intraclass correlation with its interval. */
export interface Intraclass {
  /** At most 1; below 0 when cases differ less than measurements; NaN when nothing varies. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Agreement of k measurements of each of n cases. */
export interface IntraclassAgreement {
  /** ICC(1): measurements of a case by whoever; one-way. */
  readonly oneWay: Intraclass;
  /** ICC(A,1): absolute agreement, cases and measurers drawn at random. */
  readonly agreement: Intraclass;
  /** ICC(C,1): consistency, the measurers' own levels left out. */
  readonly consistency: Intraclass;
  /** Standard deviation within a case over the grand mean's size; NaN where that is 0. */
  readonly withinVariation: number;
}

/**
 * Intraclass correlations of single measurements with confidence intervals (McGraw and Wong, "Forming inferences about some
 * intraclass correlation coefficients", Psychological Methods 1996, tables 4 and 7).
 *
 * @param values one row a case, one column a measurement, none missing; [cases, measurements]
 * @param confidence of the interval, 0..1
 * @throws INTRACLASS_DATA when there are fewer than two cases or measurements, or a value is not finite
 */
export function intraclassAgreement(
  values: ArrayLike<number>,
  measurements: number,
  confidence = 0.95,
): IntraclassAgreement {
  const k = measurements;
  const n = values.length / k;
  const finite = Array.from({ length: values.length }, (_, i) => Number.isFinite(values[i]!)).every(Boolean);
  if (!Number.isInteger(n) || n < 2 || k < 2 || !finite) {
    throw new HounsfieldError(
      'INTRACLASS_DATA',
      `${values.length} values of ${k} measurements a case${finite ? '' : ', some of them not finite'}: at least two cases of at least two measurements are needed, none missing.`,
    );
  }
  const { rows, columns, error, within, mean } = meanSquares(values, n, k);
  const alpha = 1 - confidence;
  const oneWay = (rows - within) / (rows + (k - 1) * within);
  const consistency = (rows - error) / (rows + (k - 1) * error);
  const agreement = (rows - error) / (rows + (k - 1) * error + (k * (columns - error)) / n);
  return {
    oneWay: { value: oneWay, ...ratioInterval(rows / within, n - 1, n * (k - 1), k, alpha) },
    consistency: { value: consistency, ...ratioInterval(rows / error, n - 1, (n - 1) * (k - 1), k, alpha) },
    agreement: { value: agreement, ...agreementInterval({ rows, columns, error, n, k, alpha, agreement }) },
    withinVariation: Math.sqrt(within) / Math.abs(mean) || (within === 0 ? 0 : Number.NaN),
  };
}

interface MeanSquares {
  readonly rows: number;
  readonly columns: number;
  readonly error: number;
  readonly within: number;
  readonly mean: number;
}

function meanSquares(values: ArrayLike<number>, n: number, k: number): MeanSquares {
  const rowMeans = new Float64Array(n);
  const columnMeans = new Float64Array(k);
  let mean = 0;
  const origin = values[0]!; // large values that differ little keep their digits
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < k; j++) {
      const value = values[i * k + j]! - origin;
      rowMeans[i]! += value / k;
      columnMeans[j]! += value / n;
      mean += value / (n * k);
    }
  }
  let [rows, columns, error, within] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    rows += k * (rowMeans[i]! - mean) ** 2;
    for (let j = 0; j < k; j++) {
      const value = values[i * k + j]! - origin;
      error += (value - rowMeans[i]! - columnMeans[j]! + mean) ** 2;
      within += (value - rowMeans[i]!) ** 2;
    }
  }
  for (let j = 0; j < k; j++) columns += n * (columnMeans[j]! - mean) ** 2;
  return {
    rows: rows / (n - 1),
    columns: columns / (k - 1),
    error: error / ((n - 1) * (k - 1)),
    within: within / (n * (k - 1)),
    mean: origin + mean,
  };
}

/** Interval of (F - 1) / (F + k - 1). */
function ratioInterval(
  f: number,
  freedom1: number,
  freedom2: number,
  k: number,
  alpha: number,
): { readonly low: number; readonly high: number } {
  if (f === Number.POSITIVE_INFINITY) return { low: 1, high: 1 };
  const low = f / fisherQuantile(1 - alpha / 2, freedom1, freedom2);
  const high = f * fisherQuantile(1 - alpha / 2, freedom2, freedom1);
  return { low: (low - 1) / (low + k - 1), high: (high - 1) / (high + k - 1) };
}

/** Satterthwaite's degrees of freedom for the agreement's denominator. */
function agreementInterval(of: {
  readonly rows: number;
  readonly columns: number;
  readonly error: number;
  readonly n: number;
  readonly k: number;
  readonly alpha: number;
  readonly agreement: number;
}): { readonly low: number; readonly high: number } {
  const { rows, columns, error, n, k, alpha, agreement: r } = of;
  if (r === 1) return { low: 1, high: 1 };
  const a = (k * r) / (n * (1 - r));
  const b = 1 + (k * r * (n - 1)) / (n * (1 - r));
  const freedom =
    (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)));
  const upper = fisherQuantile(1 - alpha / 2, n - 1, freedom);
  const lower = fisherQuantile(1 - alpha / 2, freedom, n - 1);
  const spread = k * columns + (k * n - k - n) * error;
  return {
    low: (n * (rows - upper * error)) / (upper * spread + n * rows),
    high: (n * (lower * rows - error)) / (spread + n * lower * rows),
  };
}
