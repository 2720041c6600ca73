import type { Matrix } from '../matrix.ts';
import { columnOf, meanAndSpread } from '../preparations/columns.ts';
import { ranksOf } from './ranks.ts';

/** 'pearson' of the values, or of their ranks ('spearman'). */
export type CorrelationKind = 'pearson' | 'spearman';

/** Columns with mean 0 and length 1, one after another; a constant one is all 0. */
export function unitColumns(x: Matrix, kind: CorrelationKind): Float64Array {
  const unit = new Float64Array(x.columns * x.rows); // [columns, rows]
  for (let j = 0; j < x.columns; j++) {
    const raw = columnOf(x, j);
    const values = kind === 'spearman' ? ranksOf(raw).ranks : raw;
    const { mean, squares } = meanAndSpread(values);
    const length = Math.sqrt(Math.max(0, squares));
    if (!(length > 1e-14 * Math.abs(mean) * Math.sqrt(x.rows))) continue;
    for (let i = 0, at = j * x.rows; i < x.rows; i++, at++) unit[at] = (values[i]! - mean) / length;
  }
  return unit;
}

/** Inner product of columns a and b of [columns, rows]. */
export function innerProduct(unit: Float64Array, rows: number, a: number, b: number): number {
  let sum = 0;
  for (let i = 0, p = a * rows, q = b * rows; i < rows; i++, p++, q++) sum += unit[p]! * unit[q]!;
  return sum;
}

/** Correlation of every column with every other, [columns, columns]; a constant one has 0 with all others, 1 with itself. */
export function correlationMatrix(x: Matrix, kind: CorrelationKind): Matrix {
  const { columns, rows } = x;
  const unit = unitColumns(x, kind);
  const values = new Float64Array(columns * columns);
  for (let a = 0; a < columns; a++) {
    values[a * columns + a] = 1;
    for (let b = a + 1; b < columns; b++) {
      const r = Math.max(-1, Math.min(1, innerProduct(unit, rows, a, b)));
      values[a * columns + b] = r;
      values[b * columns + a] = r;
    }
  }
  return { values, rows: columns, columns };
}
