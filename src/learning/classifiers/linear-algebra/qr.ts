import type { Matrix } from '../matrix.ts';
import { transpose } from './products.ts';

/** x = q r with orthonormal columns of q and r upper triangular; k = min(rows, columns). */
export interface Qr {
  readonly q: Float64Array; // [rows, k]
  readonly r: Float64Array; // [k, columns]
}

/** Thin QR by Householder reflections (Golub and Van Loan, algorithm 5.2.1). */
export function qr(x: Matrix): Qr {
  const { rows, columns } = x;
  const k = Math.min(rows, columns);
  const work = transpose(x.values, rows, columns); // [columns, rows]: a column of x is contiguous
  const factors = new Float64Array(k);
  const r = new Float64Array(k * columns);
  for (let i = 0; i < k; i++) {
    const at = i * rows;
    r[i * columns + i] = makeReflector(work, at + i, rows - i, factors, i);
    for (let j = i + 1; j < columns; j++) {
      reflect(work, at + i, work, j * rows + i, rows - i, factors[i]!);
      r[i * columns + j] = work[j * rows + i]!;
    }
  }
  const basis = new Float64Array(k * rows);
  for (let i = 0; i < k; i++) basis[i * rows + i] = 1;
  for (let i = k - 1; i >= 0; i--) {
    for (let j = i; j < k; j++) reflect(work, i * rows + i, basis, j * rows + i, rows - i, factors[i]!);
  }
  return { q: transpose(basis, k, rows), r };
}

/**
 * Turns the vector at `start` into the reflector v (first entry 1) that maps it onto the first axis.
 * Gives the length on that axis; the factor of I - factor v v' goes to `factors[slot]`.
 */
export function makeReflector(
  values: Float64Array,
  start: number,
  length: number,
  factors: Float64Array,
  slot: number,
): number {
  let scale = 0;
  for (let j = 0; j < length; j++) scale = Math.max(scale, Math.abs(values[start + j]!));
  let squares = 0;
  if (scale > 0) {
    for (let j = 1; j < length; j++) squares += (values[start + j]! / scale) ** 2;
  }
  const first = values[start]!;
  factors[slot] = 0;
  if (squares === 0) {
    values[start] = 1;
    return first;
  }
  const head = first / scale;
  const alpha = head > 0 ? -Math.sqrt(squares + head * head) : Math.sqrt(squares + head * head);
  const v0 = head - alpha;
  for (let j = 1; j < length; j++) values[start + j] = values[start + j]! / scale / v0;
  values[start] = 1;
  factors[slot] = -v0 / alpha;
  return alpha * scale;
}

/** y becomes y - factor v (v'y). */
export function reflect(
  v: Float64Array,
  vStart: number,
  y: Float64Array,
  yStart: number,
  length: number,
  factor: number,
): void {
  if (factor === 0) return;
  let sum = 0;
  for (let j = 0; j < length; j++) sum += v[vStart + j]! * y[yStart + j]!;
  sum *= factor;
  if (sum === 0) return;
  for (let j = 0; j < length; j++) y[yStart + j] = y[yStart + j]! - sum * v[vStart + j]!;
}
