import { transpose } from '../linear-algebra/products.ts';
import { descendByProducts, descendByResiduals, type Penalties } from './coordinate-descent.ts';
import { hessianOf, type Limits, type Solved, withOnes } from './logistic-newton.ts';
import {
  gradientOf,
  headSize,
  type LogisticProblem,
  lossOf,
  parameterCount,
  ridgeOf,
  scoresOf,
} from './logistic-objective.ts';

/** A logistic problem whose coefficients also cost their size; `lasso` is the price of each column's. */
export interface SparseProblem extends LogisticProblem {
  readonly lasso: Float64Array; // [columns]
}

/**
 * Proximal Newton: the quadratic model of the loss is solved with its penalties by coordinate descent, then a step
 * towards it that lowers the objective (Lee, Sun and Saunders, SIAM Journal on Optimization 24(3), 2014, algorithm 1).
 * All classes at once where their Hessian is small, else class after class.
 */
export function proximalNewton(problem: SparseProblem, limits: Limits, start?: Float64Array): Solved {
  const count = parameterCount(problem);
  const { rows } = problem.z;
  const joint = count <= Math.max(200, Math.min(rows, 1500)) || (count <= 400 && problem.heads > 1);
  const blocks = joint ? 1 : problem.heads;
  const size = count / blocks;
  // Class after class it settles slowly: fewer digits are asked for.
  const tolerance = blocks === 1 ? limits.tolerance : 1000 * limits.tolerance;
  const state = startingAt(problem, start);
  const turned = joint ? undefined : transposedWithOnes(problem);
  const price = pricesOf(problem, size);
  for (let round = 0; round < limits.maxRounds; round++) {
    let promised = 0;
    for (let block = 0; block < blocks; block++) {
      gradientOf(problem, state.parameters, state.probabilities, state.scratch, state.gradient);
      const from = block * size;
      const target = turned
        ? towardsOfHead(problem, state, block, turned, price)
        : towardsOfAll(problem, state, price);
      const gain = predicted(state, from, size, target, price);
      promised += Math.max(0, gain);
      if (gain > 0 && !stepTowards(problem, state, from, target, gain)) {
        const settled = gain <= 1e-9 * state.value;
        if (settled) continue;
        return { parameters: state.parameters, rounds: round + 1, converged: false };
      }
    }
    state.promised = Math.min(state.promised, Math.max(promised, 1e-14 * state.value));
    if (promised <= tolerance * state.value) {
      return { parameters: state.parameters, rounds: round + 1, converged: true };
    }
  }
  return { parameters: state.parameters, rounds: limits.maxRounds, converged: false };
}

interface SparseState {
  readonly parameters: Float64Array;
  probabilities: Float64Array;
  tried: Float64Array;
  readonly scratch: Float64Array;
  readonly gradient: Float64Array;
  /** Loss, ridge and lasso together. */
  value: number;
  /** How much the round before promised to gain. */
  promised: number;
}

function startingAt(problem: SparseProblem, start: Float64Array | undefined): SparseState {
  const cells = problem.z.rows * problem.heads;
  const parameters = start ? Float64Array.from(start) : new Float64Array(parameterCount(problem));
  const probabilities = new Float64Array(cells);
  const value = valueAt(problem, parameters, probabilities);
  return {
    parameters,
    probabilities,
    tried: new Float64Array(cells),
    scratch: new Float64Array(cells),
    gradient: new Float64Array(parameters.length),
    value,
    promised: value,
  };
}

function valueAt(problem: SparseProblem, parameters: Float64Array, probabilities: Float64Array): number {
  scoresOf(problem, parameters, probabilities);
  const size = headSize(problem);
  let lasso = 0;
  for (let k = 0; k < problem.heads; k++) {
    for (let j = 0; j < problem.lasso.length; j++)
      lasso += problem.lasso[j]! * Math.abs(parameters[k * size + j]!);
  }
  return lossOf(problem, probabilities) + ridgeOf(problem, parameters) + lasso;
}

/** Penalties of a block of parameters, none on the intercepts. */
function pricesOf(problem: SparseProblem, size: number): Penalties {
  const head = headSize(problem);
  const l1 = new Float64Array(size);
  const l2 = new Float64Array(size);
  for (let at = 0; at < size; at++) {
    const j = at % head;
    if (j >= problem.lasso.length) continue;
    l1[at] = problem.lasso[j]!;
    l2[at] = problem.ridge[j]!;
  }
  return { l1, l2 };
}

/** The model's least over all parameters; the ridge is part of the Hessian. */
function towardsOfAll(problem: SparseProblem, state: SparseState, price: Penalties): Float64Array {
  const { parameters, gradient } = state;
  const { length } = parameters;
  const hessian = hessianOf(problem, state.probabilities);
  const right = new Float64Array(length);
  for (let a = 0; a < length; a++) {
    // A trace of curvature keeps coordinates that the others make up for from running away.
    hessian[a * length + a] = hessian[a * length + a]! * (1 + 1e-10) + 1e-300;
    let sum = 0;
    for (let b = 0; b < length; b++) sum += hessian[a * length + b]! * parameters[b]!;
    right[a] = sum - gradient[a]!;
  }
  const target = Float64Array.from(parameters);
  const l2 = new Float64Array(length);
  descendByProducts(hessian, right, target, { l1: price.l1, l2 }, inner(state));
  return target;
}

/** The model is solved the more exactly the nearer the solution is. */
const inner = (state: SparseState) => ({ tolerance: 1e-3, maxPasses: 5000, size: state.promised });

/** The model's least over one class's parameters, by residuals. */
function towardsOfHead(
  problem: SparseProblem,
  state: SparseState,
  head: number,
  turned: Float64Array,
  price: Penalties,
): Float64Array {
  const { y, weights, heads } = problem;
  const size = headSize(problem);
  const curvature = new Float64Array(y.length);
  const residual = new Float64Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const p = state.probabilities[i * heads + head]!;
    const own = y[i] === (heads === 1 ? 1 : head) ? 1 : 0;
    const curve = Math.max(p * (1 - p), 1e-6);
    curvature[i] = weights[i]! * curve;
    residual[i] = (own - p) / curve;
  }
  const target = state.parameters.slice(head * size, (head + 1) * size);
  descendByResiduals(turned, curvature, residual, target, price, inner(state));
  return target;
}

/** How much the linear part and the penalties promise to fall on the way to `target`. */
function predicted(
  { parameters, gradient }: SparseState,
  from: number,
  size: number,
  target: Float64Array,
  { l1 }: Penalties,
): number {
  let gain = 0;
  for (let a = 0; a < size; a++) {
    const old = parameters[from + a]!;
    const next = target[a]!;
    gain -= gradient[from + a]! * (next - old) + l1[a]! * (Math.abs(next) - Math.abs(old));
  }
  return gain;
}

function stepTowards(
  problem: SparseProblem,
  state: SparseState,
  from: number,
  target: Float64Array,
  gain: number,
): boolean {
  const moved = Float64Array.from(state.parameters);
  for (let halving = 0, step = 1; halving < 40; halving++, step /= 2) {
    for (let a = 0; a < target.length; a++) {
      const old = state.parameters[from + a]!;
      moved[from + a] = step === 1 ? target[a]! : old + step * (target[a]! - old);
    }
    const reached = valueAt(problem, moved, state.tried);
    if (
      reached <= state.value - 1e-4 * step * gain ||
      (gain <= 1e-12 * state.value && reached <= state.value * (1 + 1e-12))
    ) {
      state.parameters.set(moved);
      state.value = reached;
      [state.probabilities, state.tried] = [state.tried, state.probabilities];
      return true;
    }
  }
  return false;
}

function transposedWithOnes(problem: SparseProblem): Float64Array {
  const wide = problem.intercept ? withOnes(problem.z) : problem.z;
  return transpose(wide.values, wide.rows, wide.columns);
}
