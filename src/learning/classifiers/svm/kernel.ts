import { multiplyTransposed } from '../linear-algebra/products.ts';
import type { Matrix } from '../matrix.ts';

/** Inner products of rows in a space of their own. */
export interface Kernel {
  /** x'y; exp(-gamma |x - y|^2); (gamma x'y + coef0)^degree; tanh(gamma x'y + coef0). */
  readonly kind: 'linear' | 'rbf' | 'polynomial' | 'sigmoid';
  readonly gamma: number;
  readonly coef0: number;
  readonly degree: number;
}

/** 'scale': 1 / (columns x variance of all values); 'auto': 1 / columns. */
export function gammaOf(gamma: 'scale' | 'auto' | number, { values, columns }: Matrix): number {
  if (gamma === 'auto') return 1 / columns;
  if (gamma !== 'scale') return gamma;
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  // Of equal values rounding alone leaves a variance.
  return variance > 1e-28 * mean * mean && Number.isFinite(variance) ? 1 / (columns * variance) : 1;
}

/** Squares of the rows' lengths. */
export function squaredLengths(values: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = i * columns; j < (i + 1) * columns; j++) sum += values[j]! * values[j]!;
    out[i] = sum;
  }
  return out;
}

/**
 * Turns the first `count` inner products of one row with others into the kernel's values, in place.
 *
 * @param square squared length of the row, `squares` of the others
 */
export function applyKernel(
  { kind, gamma, coef0, degree }: Kernel,
  products: Float64Array,
  count: number,
  square: number,
  squares: Float64Array,
): void {
  if (kind === 'rbf') {
    for (let j = 0; j < count; j++) {
      const apart = square + squares[j]! - 2 * products[j]!;
      products[j] = apart > 0 ? Math.exp(-gamma * apart) : 1;
    }
  } else if (kind === 'polynomial') {
    for (let j = 0; j < count; j++) products[j] = (gamma * products[j]! + coef0) ** degree;
  } else if (kind === 'sigmoid') {
    for (let j = 0; j < count; j++) products[j] = Math.tanh(gamma * products[j]! + coef0);
  }
}

const STEPS = 32; // of the table of powers, in an octave
const LEAST_POWER = 128 * STEPS;
/** 2^0, 2^(-1/32) ... */
const powers = Float64Array.from({ length: LEAST_POWER + 2 }, (_, k) => 2 ** (-k / STEPS));

/**
 * The same to 1e-9 relative, for rows that are kept in single precision: exp by a table and a cubic is thrice as fast.
 *
 * @param which place of each product in `squares` and in `out`, which takes the kernel times `factor`
 */
export function applyKernelRounded(
  kernel: Kernel,
  products: Float64Array,
  which: Int32Array,
  count: number,
  square: number,
  squares: Float64Array,
  out: Float32Array,
  factor: number,
): void {
  if (kernel.kind !== 'rbf') {
    applyKernel(kernel, products, count, square, squares);
    for (let q = 0; q < count; q++) out[which[q]!] = products[q]! * factor;
    return;
  }
  const toPower = (STEPS * kernel.gamma) / Math.LN2;
  for (let q = 0; q < count; q++) {
    const j = which[q]!;
    const power = toPower * (square + squares[j]! - 2 * products[q]!);
    if (!(power > 0)) out[j] = 1;
    else if (power > LEAST_POWER) out[j] = 0;
    else {
      const whole = (power + 0.5) | 0;
      const g = (whole - power) * (Math.LN2 / STEPS); // |g| <= ln 2 / 64
      out[j] = powers[whole]! * (1 + g * (1 + g * (1 / 2 + g * (1 / 6))));
    }
  }
}

/** Kernel of every row of `a` with every row of `b`, [a.rows, b.rows]. */
export function kernelMatrix(kernel: Kernel, a: Matrix, b: Matrix): Float64Array {
  const out = multiplyTransposed(a.values, b.values, a.rows, a.columns, b.rows);
  const left = squaredLengths(a.values, a.rows, a.columns);
  const right = squaredLengths(b.values, b.rows, b.columns);
  for (let i = 0; i < a.rows; i++) {
    const row = out.subarray(i * b.rows, (i + 1) * b.rows);
    applyKernel(kernel, row, b.rows, left[i]!, right);
  }
  return out;
}
