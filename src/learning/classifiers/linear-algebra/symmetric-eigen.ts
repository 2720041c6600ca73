import { HounsfieldError } from '../../../errors.ts';

/** Eigenvalues from the largest to the smallest and their eigenvectors. */
export interface Eigen {
  readonly values: Float64Array; // [n]
  /** Row i is the unit eigenvector of value i. */
  readonly vectors: Float64Array; // [n, n]
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by Householder reduction and implicit QL
 * (Golub and Van Loan, Matrix Computations, 4th edition, sections 8.3.1 and 8.3.3).
 *
 * @param a [n, n], symmetric; not changed
 * @throws LINEAR_ALGEBRA_VALUES where a value is not finite
 */
export function symmetricEigen(a: Float64Array, n: number): Eigen {
  const work = Float64Array.from(a.subarray(0, n * n));
  if (work.length !== n * n || !work.every(Number.isFinite)) {
    throw new HounsfieldError(
      'LINEAR_ALGEBRA_VALUES',
      `the eigenvalues of ${a.length} values as ${n} x ${n} were asked for. Pass ${n * n} finite values; impute NaN first.`,
    );
  }
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const basis = tridiagonalize(work, n, diagonal, beside);
  implicitQl(diagonal, beside, basis, n);
  return sorted(diagonal, basis, n);
}

/** Overwrites `a`; gives the orthogonal basis with its vectors as rows, so that a = basis' T basis. */
function tridiagonalize(
  a: Float64Array,
  n: number,
  diagonal: Float64Array,
  beside: Float64Array,
): Float64Array {
  const factors = new Float64Array(n);
  const product = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    const row = k * n;
    let scale = 0;
    for (let j = k + 1; j < n; j++) scale = Math.max(scale, Math.abs(a[row + j]!));
    let squares = 0;
    if (scale > 0) {
      for (let j = k + 2; j < n; j++) squares += (a[row + j]! / scale) ** 2;
    }
    if (squares === 0) {
      beside[k] = a[row + k + 1]!;
      continue;
    }
    const first = a[row + k + 1]! / scale;
    const alpha = first > 0 ? -Math.sqrt(squares + first * first) : Math.sqrt(squares + first * first);
    beside[k] = alpha * scale;
    // The reflector, with first entry 1, stays in row k beyond the diagonal.
    const head = first - alpha;
    for (let j = k + 2; j < n; j++) a[row + j] = a[row + j]! / scale / head;
    a[row + k + 1] = 1;
    factors[k] = -head / alpha;
    reflectBothSides(a, n, k, factors[k]!, product);
  }
  if (n > 1) beside[n - 2] = a[(n - 2) * n + n - 1]!;
  for (let k = 0; k < n; k++) diagonal[k] = a[k * n + k]!;
  return accumulate(a, n, factors, product);
}

function reflectBothSides(
  a: Float64Array,
  n: number,
  k: number,
  factor: number,
  product: Float64Array,
): void {
  const row = k * n;
  let inner = 0;
  for (let i = k + 1; i < n; i++) {
    let sum = 0;
    const at = i * n;
    for (let j = k + 1; j < n; j++) sum += a[at + j]! * a[row + j]!;
    product[i] = factor * sum;
    inner += product[i]! * a[row + i]!;
  }
  const half = (factor * inner) / 2;
  for (let i = k + 1; i < n; i++) product[i] = product[i]! - half * a[row + i]!;
  for (let i = k + 1; i < n; i++) {
    const at = i * n;
    const v = a[row + i]!;
    const w = product[i]!;
    for (let j = k + 1; j < n; j++) a[at + j] = a[at + j]! - v * product[j]! - w * a[row + j]!;
  }
}

function accumulate(a: Float64Array, n: number, factors: Float64Array, sums: Float64Array): Float64Array {
  const basis = new Float64Array(n * n);
  for (let i = 0; i < n; i++) basis[i * n + i] = 1;
  // Rows are vectors: basis = H_last ... H_0, and each reflector only meets the part that is not yet unit.
  for (let k = n - 3; k >= 0; k--) {
    const factor = factors[k]!;
    if (factor === 0) continue;
    const row = k * n;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      const at = i * n;
      for (let j = k + 1; j < n; j++) sum += basis[at + j]! * a[row + j]!;
      sums[i] = factor * sum;
    }
    for (let i = k + 1; i < n; i++) {
      const at = i * n;
      const s = sums[i]!;
      for (let j = k + 1; j < n; j++) basis[at + j] = basis[at + j]! - s * a[row + j]!;
    }
  }
  return basis;
}

function implicitQl(d: Float64Array, e: Float64Array, basis: Float64Array, n: number): void {
  // Measured against the whole matrix: a matrix of low rank has a tail of rounding that would never settle by itself.
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]!) + Math.abs(e[i]!));
  const negligible = Number.EPSILON * norm;
  for (let l = 0; l < n; l++) {
    for (let round = 0; ; round++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > negligible) m++;
      if (m === l) break;
      if (round === 100) {
        throw new HounsfieldError(
          'LINEAR_ALGEBRA_VALUES',
          `eigenvalue ${l} of ${n} did not settle in 100 rounds. Bring the columns to one scale first.`,
        );
      }
      qlSweep(d, e, basis, n, l, m);
    }
  }
}

function qlSweep(
  d: Float64Array,
  e: Float64Array,
  basis: Float64Array,
  n: number,
  l: number,
  m: number,
): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = Math.hypot(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] = d[i + 1]! - p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    rotateRows(basis, i * n, (i + 1) * n, n, c, -s);
  }
  d[l] = d[l]! - p;
  e[l] = g;
  e[m] = 0;
}

/** (x, y) becomes (c x + s y, c y - s x), x and y being rows of one array that start at `first` and `second`. */
export function rotateRows(
  values: Float64Array,
  first: number,
  second: number,
  length: number,
  c: number,
  s: number,
): void {
  for (let j = 0; j < length; j++) {
    const x = values[first + j]!;
    const y = values[second + j]!;
    values[first + j] = c * x + s * y;
    values[second + j] = c * y - s * x;
  }
}

function sorted(d: Float64Array, basis: Float64Array, n: number): Eigen {
  const order = Array.from(d.keys()).sort((i, j) => d[j]! - d[i]! || i - j);
  const values = new Float64Array(n);
  const vectors = new Float64Array(n * n);
  for (const [to, from] of order.entries()) {
    values[to] = d[from]!;
    vectors.set(basis.subarray(from * n, (from + 1) * n), to * n);
  }
  return { values, vectors };
}
