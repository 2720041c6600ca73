import type { Matrix } from '../matrix.ts';

/**
 * Weighted logistic loss of linear scores with a ridge: sum of s_i (log sum exp of the scores - the class's score)
 * + sum of ridge_j w_j^2 / 2 (Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 4.4).
 * With one head the scores of the two classes are 0 and w'z + b.
 *
 * Parameters lie head by head: columns coefficients, then the intercept where there is one.
 */
export interface LogisticProblem {
  readonly z: Matrix;
  readonly y: Int32Array;
  readonly weights: Float64Array; // [rows]
  readonly heads: number;
  readonly intercept: boolean;
  readonly ridge: Float64Array; // [columns]
}

/** Numbers in a head of parameters. */
export const headSize = ({ z, intercept }: LogisticProblem): number => z.columns + (intercept ? 1 : 0);

export const parameterCount = (problem: LogisticProblem): number => problem.heads * headSize(problem);

/** Scores [rows, heads] of the parameters. */
export function scoresOf(problem: LogisticProblem, parameters: Float64Array, out: Float64Array): void {
  const { z, heads, intercept } = problem;
  const { values, rows, columns } = z;
  const step = headSize(problem);
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    for (let k = 0; k < heads; k++) {
      const head = k * step;
      let s0 = intercept ? parameters[head + columns]! : 0;
      let s1 = 0;
      let j = 0;
      for (; j + 1 < columns; j += 2) {
        s0 += values[row + j]! * parameters[head + j]!;
        s1 += values[row + j + 1]! * parameters[head + j + 1]!;
      }
      if (j < columns) s0 += values[row + j]! * parameters[head + j]!;
      out[i * heads + k] = s0 + s1;
    }
  }
}

/** Turns scores into probabilities of the heads, in place; gives the loss without the ridge. */
export function lossOf(problem: LogisticProblem, scores: Float64Array): number {
  const { y, weights, heads } = problem;
  let loss = 0;
  if (heads === 1) {
    for (let i = 0; i < y.length; i++) {
      const score = scores[i]!;
      const small = Math.exp(-Math.abs(score));
      const signed = y[i] === 1 ? score : -score;
      loss += weights[i]! * (Math.log1p(small) + (signed < 0 ? -signed : 0));
      scores[i] = score >= 0 ? 1 / (1 + small) : small / (1 + small);
    }
    return loss;
  }
  for (let i = 0; i < y.length; i++) {
    const row = i * heads;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < heads; k++) if (scores[row + k]! > largest) largest = scores[row + k]!;
    const own = scores[row + y[i]!]! - largest;
    let sum = 0;
    for (let k = 0; k < heads; k++) {
      const e = Math.exp(scores[row + k]! - largest);
      scores[row + k] = e;
      sum += e;
    }
    loss += weights[i]! * (Math.log(sum) - own);
    for (let k = 0; k < heads; k++) scores[row + k] = scores[row + k]! / sum;
  }
  return loss;
}

/** Sum of ridge_j w_j^2 / 2. */
export function ridgeOf(problem: LogisticProblem, parameters: Float64Array): number {
  const { ridge, heads } = problem;
  const step = headSize(problem);
  let sum = 0;
  for (let k = 0; k < heads; k++) {
    for (let j = 0; j < ridge.length; j++) sum += ridge[j]! * parameters[k * step + j]! ** 2;
  }
  return sum / 2;
}

/** Weighted sums of rows: out = Z' errors, and of the intercepts; errors are [rows, heads]. */
export function backProject(problem: LogisticProblem, errors: Float64Array, out: Float64Array): void {
  const { z, heads, intercept } = problem;
  const { values, rows, columns } = z;
  const step = headSize(problem);
  out.fill(0);
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    for (let k = 0; k < heads; k++) {
      const error = errors[i * heads + k]!;
      if (error === 0) continue;
      const head = k * step;
      for (let j = 0; j < columns; j++) out[head + j] = out[head + j]! + error * values[row + j]!;
      if (intercept) out[head + columns] = out[head + columns]! + error;
    }
  }
}

/** Gradient at the probabilities that `lossOf` left. `errors` is scratch of their size. */
export function gradientOf(
  problem: LogisticProblem,
  parameters: Float64Array,
  probabilities: Float64Array,
  errors: Float64Array,
  out: Float64Array,
): void {
  const { y, weights, heads, ridge } = problem;
  for (let i = 0; i < y.length; i++) {
    const w = weights[i]!;
    if (heads === 1) errors[i] = w * (probabilities[i]! - y[i]!);
    else {
      const row = i * heads;
      for (let k = 0; k < heads; k++) errors[row + k] = w * probabilities[row + k]!;
      errors[row + y[i]!] = errors[row + y[i]!]! - w;
    }
  }
  backProject(problem, errors, out);
  const step = headSize(problem);
  for (let k = 0; k < heads; k++) {
    for (let j = 0; j < ridge.length; j++) {
      out[k * step + j] = out[k * step + j]! + ridge[j]! * parameters[k * step + j]!;
    }
  }
}

/** The Hessian's product with a direction; `errors` is scratch of [rows, heads]. */
export function hessianTimes(
  problem: LogisticProblem,
  probabilities: Float64Array,
  direction: Float64Array,
  errors: Float64Array,
  out: Float64Array,
): void {
  const { y, weights, heads, ridge } = problem;
  scoresOf(problem, direction, errors);
  for (let i = 0; i < y.length; i++) {
    const w = weights[i]!;
    if (heads === 1) {
      const p = probabilities[i]!;
      errors[i] = errors[i]! * w * p * (1 - p);
      continue;
    }
    const row = i * heads;
    let mean = 0;
    for (let k = 0; k < heads; k++) mean += probabilities[row + k]! * errors[row + k]!;
    for (let k = 0; k < heads; k++) errors[row + k] = w * probabilities[row + k]! * (errors[row + k]! - mean);
  }
  backProject(problem, errors, out);
  const step = headSize(problem);
  for (let k = 0; k < heads; k++) {
    for (let j = 0; j < ridge.length; j++) {
      out[k * step + j] = out[k * step + j]! + ridge[j]! * direction[k * step + j]!;
    }
  }
}
