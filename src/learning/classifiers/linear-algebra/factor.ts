import { HounsfieldError } from '../../../errors.ts';

/**
 * Lower triangle L of a = L L', or undefined where `a` is not positive definite.
 *
 * @param a [n, n], symmetric; only its lower triangle is read, and it is not changed
 */
export function cholesky(a: Float64Array, n: number): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const ri = i * n;
    for (let j = 0; j <= i; j++) {
      const rj = j * n;
      let sum = a[ri + j]!;
      for (let k = 0; k < j; k++) sum -= lower[ri + k]! * lower[rj + k]!;
      if (i > j) lower[ri + j] = sum / lower[rj + j]!;
      else if (sum > 0 && Number.isFinite(sum)) lower[ri + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
}

/** x of L L' x = b for one right side of length n. */
export function choleskySolve(lower: Float64Array, n: number, b: Float64Array): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i * n + k]! * x[k]!;
    x[i] = sum / lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = x[i]! / lower[i * n + i]!;
    x[i] = value;
    for (let k = 0; k < i; k++) x[k] = x[k]! - lower[i * n + k]! * value;
  }
  return x;
}

/** Inverse of a lower triangle, itself one. */
export function invertLower(lower: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const ri = i * n;
    for (let k = 0; k < i; k++) {
      const factor = lower[ri + k]!;
      if (factor === 0) continue;
      for (let j = 0; j <= k; j++) inverse[ri + j] = inverse[ri + j]! - factor * inverse[k * n + j]!;
    }
    const pivot = lower[ri + i]!;
    for (let j = 0; j < i; j++) inverse[ri + j] = inverse[ri + j]! / pivot;
    inverse[ri + i] = 1 / pivot;
  }
  return inverse;
}

/**
 * x of a x = b by elimination with row exchange.
 *
 * @param a [n, n]
 * @param b [n, sides]
 * @returns [n, sides]
 * @throws MATRIX_SINGULAR where a pivot vanishes
 */
export function solve(a: Float64Array, n: number, b: Float64Array, sides = 1): Float64Array {
  const m = Float64Array.from(a);
  const x = Float64Array.from(b);
  let largest = 0;
  for (const value of m) largest = Math.max(largest, Math.abs(value));
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(m[i * n + k]!) > Math.abs(m[pivot * n + k]!)) pivot = i;
    if (!(Math.abs(m[pivot * n + k]!) > largest * Number.EPSILON * 1e-3)) {
      throw new HounsfieldError(
        'MATRIX_SINGULAR',
        `pivot ${k} of a ${n} x ${n} system vanishes. Remove columns that depend on others, or add a penalty.`,
      );
    }
    if (pivot !== k) {
      exchange(m, k * n, pivot * n, n);
      exchange(x, k * sides, pivot * sides, sides);
    }
    for (let i = k + 1; i < n; i++) {
      const factor = m[i * n + k]! / m[k * n + k]!;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) m[i * n + j] = m[i * n + j]! - factor * m[k * n + j]!;
      for (let j = 0; j < sides; j++) x[i * sides + j] = x[i * sides + j]! - factor * x[k * sides + j]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = 0; j < sides; j++) {
      let sum = x[i * sides + j]!;
      for (let k = i + 1; k < n; k++) sum -= m[i * n + k]! * x[k * sides + j]!;
      x[i * sides + j] = sum / m[i * n + i]!;
    }
  }
  return x;
}

function exchange(values: Float64Array, first: number, second: number, length: number): void {
  for (let j = 0; j < length; j++) {
    const keep = values[first + j]!;
    values[first + j] = values[second + j]!;
    values[second + j] = keep;
  }
}
