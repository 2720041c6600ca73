import type { PairMatrix } from '../texture/pair-matrix.ts';

/**
 * The maximal correlation coefficient of a co-occurrence matrix (Haralick, 1973, feature 14): the second largest singular
 * value of p(i,j) / sqrt(px(i) py(j)). The largest is 1, and its vector, sqrt(px), is known; Lanczos' method, kept
 * orthogonal to it and to itself, finds the next.
 */
export function maximalCorrelation(matrix: PairMatrix, ranks: number): number {
  if (ranks < 2) return 1;
  const { left, right, weights } = scaled(matrix, ranks);
  const basis: Float64Array[] = [left];
  const [diagonal, beside]: [number[], number[]] = [[], []];
  let vector = start(ranks);
  let found = 0;
  for (let step = 0; step < ranks; step++) {
    orthogonalise(vector, basis);
    orthogonalise(vector, basis);
    const length = norm(vector);
    if (step > 0) beside.push(step === 1 ? length : length);
    if (length < 1e-12) break;
    for (let i = 0; i < ranks; i++) vector[i] = vector[i]! / length;
    basis.push(vector);
    const next = matrix.symmetric
      ? multiply(matrix, weights, vector)
      : twice(matrix, weights, vector, right.length);
    diagonal.push(dot(next, vector));
    vector = next;
    if (step % 8 === 7 || step + 1 === ranks) {
      const now = largestEigenvalue(diagonal, beside);
      if (step > 24 && Math.abs(now - found) < 1e-13) {
        found = now;
        break;
      }
      found = now;
    }
  }
  found = largestEigenvalue(diagonal, beside);
  return Math.min(1, matrix.symmetric ? found : Math.sqrt(found));
}

function scaled({ first, second, counts, symmetric }: PairMatrix, ranks: number) {
  const [px, py] = [new Float64Array(ranks), new Float64Array(ranks)];
  let total = 0;
  for (let n = 0; n < counts.length; n++) {
    const [i, j, c] = [first[n]!, second[n]!, counts[n]!];
    px[i] = px[i]! + c;
    py[j] = py[j]! + c;
    total += c;
    if (!symmetric || i === j) continue;
    px[j] = px[j]! + c;
    py[i] = py[i]! + c;
    total += c;
  }
  const weights = counts.map((c, n) => c / Math.sqrt(px[first[n]!]! * py[second[n]!]!));
  return { left: px.map((p) => Math.sqrt(p / total)), right: py, weights };
}

/** The same numbers every time, without a pattern that a matrix could share. */
function start(length: number): Float64Array {
  let state = 0x2545f491;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function multiply({ first, second }: PairMatrix, weights: Float64Array, x: Float64Array): Float64Array {
  const y = new Float64Array(x.length);
  for (let n = 0; n < weights.length; n++) {
    const [i, j, w] = [first[n]!, second[n]!, weights[n]!];
    y[i] = y[i]! + w * x[j]!;
    if (i !== j) y[j] = y[j]! + w * x[i]!;
  }
  return y;
}

/** B Bt x of a matrix that is not symmetric. */
function twice(
  { first, second }: PairMatrix,
  weights: Float64Array,
  x: Float64Array,
  length: number,
): Float64Array {
  const [middle, y] = [new Float64Array(length), new Float64Array(length)];
  for (let n = 0; n < weights.length; n++)
    middle[second[n]!] = middle[second[n]!]! + weights[n]! * x[first[n]!]!;
  for (let n = 0; n < weights.length; n++) y[first[n]!] = y[first[n]!]! + weights[n]! * middle[second[n]!]!;
  return y;
}

function orthogonalise(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (const one of basis) {
    const along = dot(vector, one);
    for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! - along * one[i]!;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

/** The largest absolute eigenvalue of a symmetric tridiagonal matrix, by counting sign changes (Sturm) and halving. */
function largestEigenvalue(diagonal: readonly number[], beside: readonly number[]): number {
  const size = diagonal.length;
  if (size === 0) return 0;
  let bound = 0;
  for (let i = 0; i < size; i++) {
    const around = (i > 0 ? Math.abs(beside[i - 1]!) : 0) + (i + 1 < size ? Math.abs(beside[i] ?? 0) : 0);
    bound = Math.max(bound, Math.abs(diagonal[i]!) + around);
  }
  const above = (value: number, sign: number): boolean => {
    let pivot = 1;
    for (let i = 0; i < size; i++) {
      const b = i > 0 ? beside[i - 1]! : 0;
      pivot = value - sign * diagonal[i]! - (b * b) / pivot;
      if (pivot < 0) return false;
      if (pivot === 0) pivot = 1e-300;
    }
    return true;
  };
  let greatest = 0;
  for (const sign of [1, -1]) {
    let [low, high] = [0, bound];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (above(middle, sign)) high = middle;
      else low = middle;
    }
    greatest = Math.max(greatest, high);
  }
  return greatest;
}
