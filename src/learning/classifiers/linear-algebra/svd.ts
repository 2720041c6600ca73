import { HounsfieldError } from '../../../errors.ts';
import type { Matrix } from '../matrix.ts';
import { multiply, transpose } from './products.ts';
import { makeReflector, qr, reflect } from './qr.ts';
import { rotateRows } from './symmetric-eigen.ts';

/** x = u diag(s) vt; k = min(rows, columns). */
export interface Svd {
  readonly u: Float64Array; // [rows, k]
  /** From the largest to the smallest, at least 0. */
  readonly s: Float64Array; // [k]
  readonly vt: Float64Array; // [k, columns]
}

/**
 * Thin singular value decomposition: QR first where the matrix is long, then Householder bidiagonalisation and
 * the implicit QR iteration (Golub and Van Loan, Matrix Computations, 4th edition, section 8.6).
 *
 * @throws LINEAR_ALGEBRA_VALUES where a value is not finite
 */
export function svd(x: Matrix): Svd {
  const { rows, columns } = x;
  for (const value of x.values) {
    if (!Number.isFinite(value)) {
      throw new HounsfieldError(
        'LINEAR_ALGEBRA_VALUES',
        `a table of ${rows} x ${columns} holds values that are not finite. Impute NaN and remove infinite values first.`,
      );
    }
  }
  if (rows < columns) {
    const turned = svd({ values: transpose(x.values, rows, columns), rows: columns, columns: rows });
    return {
      u: transpose(turned.vt, rows, rows),
      s: turned.s,
      vt: transpose(turned.u, columns, rows),
    };
  }
  if (rows > 1.2 * columns) {
    const { q, r } = qr(x);
    const inner = tall({ values: r, rows: columns, columns });
    return { ...inner, u: multiply(q, inner.u, rows, columns, columns) };
  }
  return tall(x);
}

function tall(x: Matrix): Svd {
  const { rows: m, columns: n } = x;
  const work = transpose(x.values, m, n); // [n, m]
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  const left = new Float64Array(n);
  const right = new Float64Array(n);
  const rightVectors = new Float64Array(n * n); // row k: reflector on columns k + 1 ...
  bidiagonalize(work, m, n, { d, e, left, right, rightVectors });
  const ut = new Float64Array(n * m); // row k is column k of u
  for (let k = 0; k < n; k++) ut[k * m + k] = 1;
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k; j < n; j++) reflect(work, k * m + k, ut, j * m + k, m - k, left[k]!);
  }
  const vt = new Float64Array(n * n);
  for (let k = 0; k < n; k++) vt[k * n + k] = 1;
  for (let k = n - 3; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) {
      reflect(rightVectors, k * n + k + 1, vt, j * n + k + 1, n - k - 1, right[k]!);
    }
  }
  diagonalize(d, e, ut, m, vt, n);
  return inOrder(d, ut, m, vt, n);
}

interface Bidiagonal {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
  readonly rightVectors: Float64Array;
}

function bidiagonalize(work: Float64Array, m: number, n: number, out: Bidiagonal): void {
  const { d, e, left, right, rightVectors } = out;
  const sum = new Float64Array(m);
  for (let k = 0; k < n; k++) {
    d[k] = makeReflector(work, k * m + k, m - k, left, k);
    for (let j = k + 1; j < n; j++) reflect(work, k * m + k, work, j * m + k, m - k, left[k]!);
    if (k === n - 1) break;
    const row = k * n;
    for (let j = k + 1; j < n; j++) rightVectors[row + j] = work[j * m + k]!;
    if (k === n - 2) {
      e[k] = rightVectors[row + n - 1]!;
      continue;
    }
    e[k] = makeReflector(rightVectors, row + k + 1, n - k - 1, right, k);
    const factor = right[k]!;
    if (factor === 0) continue;
    sum.fill(0);
    for (let j = k + 1; j < n; j++) {
      const v = rightVectors[row + j]! * factor;
      for (let i = k + 1; i < m; i++) sum[i] = sum[i]! + v * work[j * m + i]!;
    }
    for (let j = k + 1; j < n; j++) {
      const v = rightVectors[row + j]!;
      for (let i = k + 1; i < m; i++) work[j * m + i] = work[j * m + i]! - v * sum[i]!;
    }
  }
}

function diagonalize(
  d: Float64Array,
  e: Float64Array,
  ut: Float64Array,
  m: number,
  vt: Float64Array,
  n: number,
): void {
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]!), Math.abs(e[i]!));
  const tiny = norm * Number.EPSILON;
  let last = n - 1;
  for (let round = 0; last > 0; round++) {
    if (round > 100 * n) {
      throw new HounsfieldError(
        'LINEAR_ALGEBRA_VALUES',
        `${last} of ${n} singular values did not settle. Bring the columns to one scale first.`,
      );
    }
    for (let i = 0; i < last; i++) {
      const size = Math.abs(d[i]!) + Math.abs(d[i + 1]!);
      if (Math.abs(e[i]!) <= Number.EPSILON * size || Math.abs(e[i]!) <= tiny * 1e-3) e[i] = 0;
    }
    if (e[last - 1] === 0) {
      last--;
      continue;
    }
    let first = last - 1;
    while (first > 0 && e[first - 1] !== 0) first--;
    let zero = -1;
    for (let i = first; i < last; i++) if (Math.abs(d[i]!) <= tiny) zero = i;
    if (zero >= 0) clearRow(d, e, ut, m, zero, last);
    else sweep(d, e, ut, m, vt, n, first, last);
  }
}

/** d[zero] vanishes: rotations from the left empty the rest of its row. */
function clearRow(
  d: Float64Array,
  e: Float64Array,
  ut: Float64Array,
  m: number,
  zero: number,
  last: number,
): void {
  d[zero] = 0;
  let f = e[zero]!;
  e[zero] = 0;
  for (let i = zero + 1; i <= last && f !== 0; i++) {
    const r = Math.hypot(d[i]!, f);
    const c = d[i]! / r;
    const s = f / r;
    d[i] = r;
    rotateRows(ut, i * m, zero * m, m, c, s);
    f = -s * (i < last ? e[i]! : 0);
    if (i < last) e[i] = c * e[i]!;
  }
}

/** One implicit step with Wilkinson's shift on the block first .. last. */
function sweep(
  d: Float64Array,
  e: Float64Array,
  ut: Float64Array,
  m: number,
  vt: Float64Array,
  n: number,
  first: number,
  last: number,
): void {
  const before = last - 1 > first ? e[last - 2]! : 0;
  const t11 = d[last - 1]! ** 2 + before ** 2;
  const t22 = d[last]! ** 2 + e[last - 1]! ** 2;
  const t12 = d[last - 1]! * e[last - 1]!;
  const half = (t11 - t22) / 2;
  const root = Math.hypot(half, t12);
  const shift = t12 === 0 ? t22 : t22 - (t12 * t12) / (half + (half >= 0 ? root : -root));
  let y = d[first]! - shift / d[first]!;
  let z = e[first]!;
  for (let k = first; k < last; k++) {
    let r = Math.hypot(y, z);
    let c = y / r;
    let s = z / r;
    if (k > first) e[k - 1] = r;
    y = c * d[k]! + s * e[k]!;
    e[k] = c * e[k]! - s * d[k]!;
    z = s * d[k + 1]!;
    d[k + 1] = c * d[k + 1]!;
    rotateRows(vt, k * n, (k + 1) * n, n, c, s);
    r = Math.hypot(y, z);
    c = r === 0 ? 1 : y / r;
    s = r === 0 ? 0 : z / r;
    d[k] = r;
    y = c * e[k]! + s * d[k + 1]!;
    d[k + 1] = c * d[k + 1]! - s * e[k]!;
    rotateRows(ut, k * m, (k + 1) * m, m, c, s);
    if (k < last - 1) {
      z = s * e[k + 1]!;
      e[k + 1] = c * e[k + 1]!;
    }
    e[k] = y;
  }
}

function inOrder(d: Float64Array, ut: Float64Array, m: number, vt: Float64Array, n: number): Svd {
  const order = Array.from(d.keys()).sort((i, j) => Math.abs(d[j]!) - Math.abs(d[i]!) || i - j);
  const s = new Float64Array(n);
  const u = new Float64Array(m * n);
  const v = new Float64Array(n * n);
  for (const [to, from] of order.entries()) {
    const sign = d[from]! < 0 ? -1 : 1;
    s[to] = sign * d[from]!;
    for (let i = 0; i < m; i++) u[i * n + to] = sign * ut[from * m + i]!;
    v.set(vt.subarray(from * n, (from + 1) * n), to * n);
  }
  return { u, s, vt: v };
}
