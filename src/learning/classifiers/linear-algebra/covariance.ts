import type { Matrix } from '../matrix.ts';
import { gram } from './products.ts';

/** Rows of one class around their mean, with the root of their weight as factor, so that z'z / total is the covariance. */
export interface Spread {
  readonly mean: Float64Array; // [columns]
  readonly centred: Matrix;
  /** Sum of the weights. */
  readonly total: number;
  readonly covariance: Float64Array; // [columns, columns], divided by the sum of weights
}

/** @param rows indices of the rows meant */
export function spreadOf(x: Matrix, rows: ArrayLike<number>, weights?: Float64Array): Spread {
  const { columns } = x;
  const mean = new Float64Array(columns);
  let total = 0;
  for (let r = 0; r < rows.length; r++) total += weights ? weights[rows[r]!]! : 1;
  for (let r = 0; r < rows.length; r++) {
    const share = (weights ? weights[rows[r]!]! : 1) / total;
    const at = rows[r]! * columns;
    for (let j = 0; j < columns; j++) mean[j] = mean[j]! + share * x.values[at + j]!;
  }
  const values = new Float64Array(rows.length * columns);
  for (let r = 0; r < rows.length; r++) {
    const root = weights ? Math.sqrt(weights[rows[r]!]!) : 1;
    const at = rows[r]! * columns;
    for (let j = 0; j < columns; j++) values[r * columns + j] = root * (x.values[at + j]! - mean[j]!);
  }
  const centred = { values, rows: rows.length, columns };
  const covariance = gram(centred).map((value) => value / total);
  return { mean, centred, total, covariance };
}

/** (1 - share) covariance + share mean variance on the diagonal. */
export function shrunkCovariance(covariance: Float64Array, n: number, share: number): Float64Array {
  let trace = 0;
  for (let j = 0; j < n; j++) trace += covariance[j * n + j]!;
  const out = covariance.map((value) => (1 - share) * value);
  for (let j = 0; j < n; j++) out[j * n + j] = out[j * n + j]! + (share * trace) / n;
  return out;
}

/**
 * The covariance with the shrinkage of Ledoit and Wolf, columns brought to variance 1 for it and back after it
 * (Ledoit and Wolf, Journal of Multivariate Analysis 88(2), 2004, lemmas 3.2 to 3.4).
 */
export function ledoitWolf({ mean, centred, total, covariance }: Spread): Float64Array {
  const { columns: n, rows } = centred;
  // Of a column that is constant in the class rounding alone leaves a deviation.
  const scales = Float64Array.from({ length: n }, (_, j) => {
    const deviation = Math.sqrt(covariance[j * n + j]!);
    return deviation > rows * 2 ** -52 * Math.abs(mean[j]!) ? deviation : 1;
  });
  const scaled = covariance.map((value, at) => value / scales[Math.floor(at / n)]! / scales[at % n]!);
  let trace = 0;
  let delta = 0;
  for (let at = 0; at < scaled.length; at++) delta += scaled[at]! ** 2;
  for (let j = 0; j < n; j++) trace += scaled[j * n + j]!;
  let fourth = 0;
  for (let i = 0; i < rows; i++) {
    let squares = 0;
    for (let j = 0; j < n; j++) squares += (centred.values[i * n + j]! / scales[j]!) ** 2;
    fourth += squares * squares;
  }
  const mu = trace / n;
  const beta = (fourth / total - delta) / n / total;
  const distance = (delta - 2 * mu * trace + n * mu * mu) / n;
  const share = n === 1 || distance <= 0 ? 0 : Math.max(0, Math.min(beta, distance)) / distance;
  return shrunkCovariance(scaled, n, share).map(
    (value, at) => value * scales[Math.floor(at / n)]! * scales[at % n]!,
  );
}
