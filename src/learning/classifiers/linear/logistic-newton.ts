import { cholesky, choleskySolve } from '../linear-algebra/factor.ts';
import { gram } from '../linear-algebra/products.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import {
  gradientOf,
  headSize,
  hessianTimes,
  type LogisticProblem,
  lossOf,
  parameterCount,
  ridgeOf,
  scoresOf,
} from './logistic-objective.ts';

export interface Solved {
  readonly parameters: Float64Array;
  readonly rounds: number;
  readonly converged: boolean;
}

export interface Limits {
  /** Of half of the Newton decrement, relative to the objective. */
  readonly tolerance: number;
  readonly maxRounds: number;
  /** An objective that is as good as 0: without a penalty separated classes would be pushed apart for ever. */
  readonly floor: number;
}

/**
 * Newton's method with halving of steps; directions by Cholesky where the Hessian is small, else by conjugate
 * gradients with a loose first and a tight last residual (Nocedal and Wright, Numerical Optimization, 2nd edition,
 * algorithm 7.1).
 */
export function newton(problem: LogisticProblem, limits: Limits, start?: Float64Array): Solved {
  const part = start ? undefined : everyTenth(problem);
  if (part) return newton(problem, limits, newton(part, { ...limits, tolerance: 1e-6 }).parameters);
  const count = parameterCount(problem);
  const cells = problem.z.rows * problem.heads;
  const parameters = start ? Float64Array.from(start) : new Float64Array(count);
  let probabilities: Float64Array = new Float64Array(cells);
  let tried: Float64Array = new Float64Array(cells);
  const errors = new Float64Array(cells);
  const gradient = new Float64Array(count);
  scoresOf(problem, parameters, probabilities);
  let value = lossOf(problem, probabilities) + ridgeOf(problem, parameters);
  let firstNorm = 0;
  for (let round = 0; round < limits.maxRounds; round++) {
    gradientOf(problem, parameters, probabilities, errors, gradient);
    const norm = Math.sqrt(dot(gradient, gradient));
    if (norm === 0 || value < limits.floor) return { parameters, rounds: round, converged: true };
    if (round === 0) firstNorm = norm;
    const direction = directionOf(problem, probabilities, gradient, errors, norm / firstNorm);
    const decrement = -dot(gradient, direction);
    const small = decrement / 2 <= limits.tolerance * value;
    let step = 1;
    let done = false;
    const moved = new Float64Array(count);
    for (let halving = 0; halving < 40; halving++, step /= 2) {
      for (let j = 0; j < count; j++) moved[j] = parameters[j]! + step * direction[j]!;
      scoresOf(problem, moved, tried);
      const reached = lossOf(problem, tried) + ridgeOf(problem, moved);
      // Where the decrement is below what the sum's rounding shows, the full step is taken on trust.
      if (reached <= value - 1e-4 * step * decrement || (small && reached <= value * (1 + 1e-12))) {
        parameters.set(moved);
        value = reached;
        [probabilities, tried] = [tried, probabilities];
        done = true;
        break;
      }
    }
    if (small || value === 0) return { parameters, rounds: round + 1, converged: true };
    if (!done) return { parameters, rounds: round + 1, converged: false };
  }
  return { parameters, rounds: limits.maxRounds, converged: false };
}

/** Of many rows a tenth, which gives a start near the end; undefined where it would be too few or miss a class. */
function everyTenth(problem: LogisticProblem): LogisticProblem | undefined {
  const { z, y, weights, heads } = problem;
  if (z.rows < 5000 || z.rows < 50 * parameterCount(problem)) return undefined;
  const rows = Array.from({ length: Math.floor(z.rows / 10) }, (_, at) => at * 10 + (at % 10));
  const seen = new Float64Array(Math.max(2, heads));
  for (const i of rows) if (weights[i]! > 0) seen[y[i]!] = seen[y[i]!]! + 1;
  if (seen.some((count) => count < 20)) return undefined;
  return {
    ...problem,
    z: takeRows(z, rows),
    y: Int32Array.from(rows, (i) => y[i]!),
    weights: Float64Array.from(rows, (i) => 10 * weights[i]!),
  };
}

function directionOf(
  problem: LogisticProblem,
  probabilities: Float64Array,
  gradient: Float64Array,
  errors: Float64Array,
  progress: number,
): Float64Array {
  const count = gradient.length;
  const work = (problem.z.rows * count * count) / 2;
  const exact = count <= 400 && work <= 5e8;
  if (!exact) {
    const residual = Math.min(0.1, Math.sqrt(progress));
    const found = conjugateGradients(problem, probabilities, gradient, errors, residual);
    if (found.settled || count > 2000) return found.direction;
  }
  return byCholesky(problem, probabilities, gradient);
}

function byCholesky(
  problem: LogisticProblem,
  probabilities: Float64Array,
  gradient: Float64Array,
): Float64Array {
  const count = gradient.length;
  const hessian = hessianOf(problem, probabilities);
  let trace = 0;
  for (let j = 0; j < count; j++) trace += hessian[j * count + j]!;
  // Intercepts of all classes may be shifted alike and columns may depend on others: a trace of a ridge decides.
  for (let ridge = (trace / count) * 1e-13 + Number.MIN_VALUE; ; ridge = Math.max(ridge * 100, 1e-300)) {
    const shifted = Float64Array.from(hessian);
    for (let j = 0; j < count; j++) shifted[j * count + j] = shifted[j * count + j]! + ridge;
    const lower = cholesky(shifted, count);
    if (lower) return choleskySolve(lower, count, gradient).map((value) => -value);
    if (!Number.isFinite(ridge)) return gradient.map((value) => -value);
  }
}

/** The whole Hessian, [count, count]. */
export function hessianOf(problem: LogisticProblem, probabilities: Float64Array): Float64Array {
  const { z, heads, weights, ridge, intercept } = problem;
  const size = headSize(problem);
  const { columns } = z;
  const count = heads * size;
  const out = new Float64Array(count * count);
  const curvature = new Float64Array(z.rows);
  for (let k = 0; k < heads; k++) {
    for (let l = 0; l <= k; l++) {
      for (let i = 0; i < z.rows; i++) {
        const p = probabilities[i * heads + k]!;
        curvature[i] = weights[i]! * p * ((k === l ? 1 : 0) - probabilities[i * heads + l]!);
      }
      const block = gram(z, curvature);
      const put = (a: number, b: number, value: number) => {
        out[(k * size + a) * count + l * size + b] = value;
        out[(l * size + b) * count + k * size + a] = value;
      };
      for (let a = 0; a < columns; a++) {
        for (let b = 0; b < columns; b++) {
          put(a, b, block[a * columns + b]! + (k === l && a === b ? ridge[a]! : 0));
        }
      }
      if (!intercept) continue;
      const sums = curvedSums(z, curvature);
      for (let a = 0; a < columns; a++) {
        put(a, columns, sums[a]!);
        put(columns, a, sums[a]!);
      }
      put(columns, columns, sums[columns]!);
    }
  }
  return out;
}

/** Sums of the curvatures times the columns, and of the curvatures alone. */
function curvedSums({ values, rows, columns }: Matrix, curvature: Float64Array): Float64Array {
  const sums = new Float64Array(columns + 1);
  for (let i = 0, at = 0; i < rows; i++) {
    const w = curvature[i]!;
    for (let j = 0; j < columns; j++, at++) sums[j] = sums[j]! + w * values[at]!;
    sums[columns] = sums[columns]! + w;
  }
  return sums;
}

/** The table with a last column of ones. */
export function withOnes({ values, rows, columns }: Matrix): Matrix {
  const out = new Float64Array(rows * (columns + 1)).fill(1);
  for (let i = 0; i < rows; i++) out.set(values.subarray(i * columns, (i + 1) * columns), i * (columns + 1));
  return { values: out, rows, columns: columns + 1 };
}

function conjugateGradients(
  problem: LogisticProblem,
  probabilities: Float64Array,
  gradient: Float64Array,
  errors: Float64Array,
  residual: number,
): { readonly direction: Float64Array; readonly settled: boolean } {
  const count = gradient.length;
  const inverse = hessianDiagonal(problem, probabilities).map((value) => (value > 0 ? 1 / value : 1));
  const x = new Float64Array(count);
  const r = gradient.map((value) => -value);
  const z = new Float64Array(count);
  const p = new Float64Array(count);
  const hp = new Float64Array(count);
  for (let j = 0; j < count; j++) z[j] = inverse[j]! * r[j]!;
  p.set(z);
  let rz = dot(r, z);
  const goal = residual * residual * rz;
  const most = Math.min(2 * count + 20, 300);
  for (let round = 0; round < most; round++) {
    hessianTimes(problem, probabilities, p, errors, hp);
    const curve = dot(p, hp);
    if (!(curve > 0)) return { direction: round === 0 ? r : x, settled: true };
    const step = rz / curve;
    for (let j = 0; j < count; j++) {
      x[j] = x[j]! + step * p[j]!;
      r[j] = r[j]! - step * hp[j]!;
      z[j] = inverse[j]! * r[j]!;
    }
    const next = dot(r, z);
    if (next <= goal) return { direction: x, settled: true };
    const keep = next / rz;
    rz = next;
    for (let j = 0; j < count; j++) p[j] = z[j]! + keep * p[j]!;
  }
  return { direction: x, settled: false };
}

function hessianDiagonal(problem: LogisticProblem, probabilities: Float64Array): Float64Array {
  const { z, heads, weights, ridge, intercept } = problem;
  const { values, rows, columns } = z;
  const size = headSize(problem);
  const out = new Float64Array(heads * size);
  for (let k = 0; k < heads; k++) {
    const head = k * size;
    for (let i = 0; i < rows; i++) {
      const p = probabilities[i * heads + k]!;
      const curve = weights[i]! * p * (1 - p);
      const row = i * columns;
      for (let j = 0; j < columns; j++) {
        const v = values[row + j]!;
        out[head + j] = out[head + j]! + curve * v * v;
      }
      if (intercept) out[head + columns] = out[head + columns]! + curve;
    }
    for (let j = 0; j < columns; j++) out[head + j] = out[head + j]! + ridge[j]!;
  }
  return out;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
