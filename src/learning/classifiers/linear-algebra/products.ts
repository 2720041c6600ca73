import type { Matrix } from '../matrix.ts';

/** Values of [rows, columns] the other way round: [columns, rows]. */
export function transpose(values: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  const block = 32;
  for (let i0 = 0; i0 < rows; i0 += block) {
    const i1 = Math.min(rows, i0 + block);
    for (let j0 = 0; j0 < columns; j0 += block) {
      const j1 = Math.min(columns, j0 + block);
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) out[j * rows + i] = values[i * columns + j]!;
      }
    }
  }
  return out;
}

/** a b; a is [rows, inner], b is [inner, columns]. */
export function multiply(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const to = i * columns;
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!;
      if (factor === 0) continue;
      const from = k * columns;
      for (let j = 0; j < columns; j++) out[to + j] = out[to + j]! + factor * b[from + j]!;
    }
  }
  return out;
}

/** a b'; a is [rows, inner], b is [columns, inner]: inner products of rows with rows. */
export function multiplyTransposed(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const left = i * inner;
    let j = 0;
    for (; j + 3 < columns; j += 4) {
      const r0 = j * inner;
      const r1 = r0 + inner;
      const r2 = r1 + inner;
      const r3 = r2 + inner;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = 0; k < inner; k++) {
        const v = a[left + k]!;
        s0 += v * b[r0 + k]!;
        s1 += v * b[r1 + k]!;
        s2 += v * b[r2 + k]!;
        s3 += v * b[r3 + k]!;
      }
      const to = i * columns + j;
      out[to] = s0;
      out[to + 1] = s1;
      out[to + 2] = s2;
      out[to + 3] = s3;
    }
    for (; j < columns; j++) {
      let s = 0;
      for (let k = 0; k < inner; k++) s += a[left + k]! * b[j * inner + k]!;
      out[i * columns + j] = s;
    }
  }
  return out;
}

/** x' diag(weights) x, [columns, columns], symmetric; weights all 1 where absent. */
export function gram(x: Matrix, weights?: Float64Array): Float64Array {
  const { values, rows, columns } = x;
  const out = new Float64Array(columns * columns);
  // Four rows at a time: the sums are read and written a quarter as often.
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const r0 = i * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    const w0 = weights ? weights[i]! : 1;
    const w1 = weights ? weights[i + 1]! : 1;
    const w2 = weights ? weights[i + 2]! : 1;
    const w3 = weights ? weights[i + 3]! : 1;
    for (let a = 0; a < columns; a++) {
      const v0 = w0 * values[r0 + a]!;
      const v1 = w1 * values[r1 + a]!;
      const v2 = w2 * values[r2 + a]!;
      const v3 = w3 * values[r3 + a]!;
      const to = a * columns;
      for (let b = 0; b <= a; b++) {
        out[to + b] =
          out[to + b]! +
          (v0 * values[r0 + b]! + v1 * values[r1 + b]! + (v2 * values[r2 + b]! + v3 * values[r3 + b]!));
      }
    }
  }
  for (; i < rows; i++) {
    const r0 = i * columns;
    const w0 = weights ? weights[i]! : 1;
    for (let a = 0; a < columns; a++) {
      const v0 = w0 * values[r0 + a]!;
      for (let b = 0; b <= a; b++) out[a * columns + b] = out[a * columns + b]! + v0 * values[r0 + b]!;
    }
  }
  mirror(out, columns);
  return out;
}

/** Copies the lower triangle onto the upper one. */
export function mirror(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j]!;
  }
}
