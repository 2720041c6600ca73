import type { Matrix } from '../matrix.ts';

/** Columns brought to mean 0 (where an intercept takes it up) and size 1, so that solvers meet one scale. */
export interface Standardized extends Matrix {
  /** 0 without an intercept. */
  readonly means: Float64Array;
  /** Standard deviation, or root mean square without an intercept; 0 of a column that says nothing. */
  readonly scales: Float64Array;
}

/** @param weights of rows, at least one above 0 */
export function standardized(x: Matrix, weights: Float64Array, intercept: boolean): Standardized {
  const { rows, columns } = x;
  const means = new Float64Array(columns);
  const scales = new Float64Array(columns);
  const largest = new Float64Array(columns);
  let total = 0;
  for (let i = 0, at = 0; i < rows; i++) {
    const w = weights[i]!;
    total += w;
    for (let j = 0; j < columns; j++, at++) {
      const size = Math.abs(x.values[at]!);
      if (w > 0 && size > largest[j]!) largest[j] = size;
    }
  }
  // Divided by the largest first: squares of huge and of tiny values stay in range.
  const inverse = largest.map((size) => (size > 0 ? 1 / size : 0));
  if (intercept) {
    for (let i = 0, at = 0; i < rows; i++) {
      const w = weights[i]! / total;
      for (let j = 0; j < columns; j++, at++)
        if (w > 0) means[j] = means[j]! + w * x.values[at]! * inverse[j]!;
    }
  }
  for (let i = 0, at = 0; i < rows; i++) {
    const w = weights[i]! / total;
    for (let j = 0; j < columns; j++, at++) {
      if (w === 0) continue;
      const off = x.values[at]! * inverse[j]! - means[j]!;
      scales[j] = scales[j]! + w * off * off;
    }
  }
  for (let j = 0; j < columns; j++) {
    const scale = Math.sqrt(scales[j]!);
    scales[j] = scale > 1e-14 * Math.sqrt(rows) ? scale * largest[j]! : 0;
    means[j] = means[j]! * largest[j]!;
  }
  const factors = scales.map((scale) => (scale > 0 ? 1 / scale : 0));
  const values = new Float64Array(rows * columns);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, at++) values[at] = (x.values[at]! - means[j]!) * factors[j]!;
  }
  return { values, rows, columns, means, scales };
}

/**
 * Coefficients and intercepts of the columns as they came.
 *
 * @param coefficients of standardised columns, [heads, columns]
 */
export function unstandardized(
  { means, scales, columns }: Standardized,
  coefficients: Float64Array,
  intercepts: Float64Array,
): { readonly coefficients: Float64Array; readonly intercepts: Float64Array } {
  const out = new Float64Array(coefficients.length);
  const shifted = Float64Array.from(intercepts);
  for (let at = 0; at < out.length; at++) {
    const j = at % columns;
    if (scales[j]! === 0) continue;
    out[at] = coefficients[at]! / scales[j]!;
    const head = Math.floor(at / columns);
    shifted[head] = shifted[head]! - out[at]! * means[j]!;
  }
  return { coefficients: out, intercepts: shifted };
}
