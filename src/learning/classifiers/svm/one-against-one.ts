import { RandomStream } from '../../../random.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import { type Kernel, kernelMatrix } from './kernel.ts';
import { fitSigmoid, type Sigmoid } from './platt.ts';
import { type DualLimits, type DualSolution, solveDual } from './solve-dual.ts';

/** One machine for each pair of classes i < j, in the order 01, 02 .. 12, 13 ..; above 0 speaks for i. */
export interface PairMachines {
  readonly kernel: Kernel;
  readonly classes: number;
  /** Rows that any machine needs. */
  readonly support: Matrix;
  /** Row of the training table of each. */
  readonly supportRows: Int32Array;
  /** [pairs, support] */
  readonly coefficients: Float64Array;
  readonly biases: Float64Array; // [pairs]
  readonly sigmoids: readonly Sigmoid[];
  readonly iterations: number;
  readonly unsettled: number;
}

/** A pair's rows, those of the first class first. */
interface Pair {
  readonly rows: Int32Array;
  readonly signs: Float64Array;
  readonly bounds: Float64Array;
}

/** How the rows that calibrate a sigmoid are drawn; undefined calibrates nothing. */
export interface Calibration {
  readonly folds: number;
  readonly seed: number;
}

/** @param bounds C of each row; rows of 0 are left out */
export function fitPairs(
  x: Matrix,
  y: Int32Array,
  classes: number,
  bounds: Float64Array,
  kernel: Kernel,
  limits: DualLimits,
  calibration: Calibration | undefined,
): PairMachines {
  const ofClass = Array.from({ length: classes }, (_, k) =>
    Int32Array.from([...y.keys()].filter((i) => y[i] === k && bounds[i]! > 0)),
  );
  const solutions: { readonly pair: Pair; readonly solution: DualSolution }[] = [];
  const sigmoids: Sigmoid[] = [];
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++) {
      const pair = pairOf(ofClass[i]!, ofClass[j]!, bounds);
      const solution = solvePair(x, pair, kernel, limits);
      if (calibration) {
        const purpose = `svm/calibrate/${i}/${j}`;
        sigmoids.push(calibrate(x, pair, kernel, limits, calibration, purpose));
      }
      solutions.push({ pair, solution });
    }
  }
  return { kernel, classes, sigmoids, ...gathered(x, solutions) };
}

function pairOf(first: Int32Array, second: Int32Array, bounds: Float64Array): Pair {
  const rows = new Int32Array(first.length + second.length);
  rows.set(first);
  rows.set(second, first.length);
  return {
    rows,
    signs: Float64Array.from(rows, (_, at) => (at < first.length ? 1 : -1)),
    bounds: Float64Array.from(rows, (row) => bounds[row]!),
  };
}

function solvePair(
  x: Matrix,
  { rows, signs, bounds }: Pair,
  kernel: Kernel,
  limits: DualLimits,
): DualSolution {
  const { values, columns } = takeRows(x, rows);
  return solveDual({ values, count: rows.length, columns, signs, bounds, kernel }, limits);
}

/** The union of the machines' support vectors, by row. */
function gathered(x: Matrix, solutions: readonly { readonly pair: Pair; readonly solution: DualSolution }[]) {
  const needed = new Set<number>();
  for (const { pair, solution } of solutions) {
    for (const [at, value] of solution.coefficients.entries()) if (value !== 0) needed.add(pair.rows[at]!);
  }
  const supportRows = Int32Array.from(needed).sort();
  const place = new Int32Array(x.rows).fill(-1);
  for (const [at, row] of supportRows.entries()) place[row] = at;
  const coefficients = new Float64Array(solutions.length * supportRows.length);
  for (const [p, { pair, solution }] of solutions.entries()) {
    for (const [at, value] of solution.coefficients.entries()) {
      if (value !== 0) coefficients[p * supportRows.length + place[pair.rows[at]!]!] = value;
    }
  }
  return {
    support: takeRows(x, supportRows),
    supportRows,
    coefficients,
    biases: Float64Array.from(solutions, ({ solution }) => solution.bias),
    iterations: solutions.reduce((sum, { solution }) => sum + solution.iterations, 0),
    unsettled: solutions.reduce((count, { solution }) => count + (solution.converged ? 0 : 1), 0),
  };
}

/** Platt's sigmoid on decisions for rows that the machine was not fitted on. */
function calibrate(
  x: Matrix,
  pair: Pair,
  kernel: Kernel,
  limits: DualLimits,
  { folds, seed }: Calibration,
  purpose: string,
): Sigmoid {
  const { length } = pair.rows;
  const order = new RandomStream({ seed, purpose }).permutation(length);
  const decisions = new Float64Array(length);
  for (let fold = 0; fold < folds; fold++) {
    const begin = Math.floor((fold * length) / folds);
    const end = Math.floor(((fold + 1) * length) / folds);
    if (begin === end) continue;
    const inside = Int32Array.from(order.filter((_, at) => at < begin || at >= end)).sort();
    const outside = order.subarray(begin, end);
    const positive = inside.reduce((count, at) => count + (pair.signs[at]! > 0 ? 1 : 0), 0);
    if (positive === 0 || positive === inside.length) {
      // Without both classes nothing is learned: all speak for the one that is there, none for either.
      const said = inside.length === 0 ? 0 : positive > 0 ? 1 : -1;
      for (const at of outside) decisions[at] = said;
      continue;
    }
    const part: Pair = {
      rows: Int32Array.from(inside, (at) => pair.rows[at]!),
      signs: Float64Array.from(inside, (at) => pair.signs[at]!),
      bounds: Float64Array.from(inside, (at) => pair.bounds[at]!),
    };
    const machine = {
      kernel,
      ...gathered(x, [{ pair: part, solution: solvePair(x, part, kernel, limits) }]),
    };
    const held = takeRows(
      x,
      Int32Array.from(outside, (at) => pair.rows[at]!),
    );
    const found = decisionsOf(machine, held);
    for (const [q, at] of outside.entries()) decisions[at] = found[q]!;
  }
  return fitSigmoid(
    decisions,
    Array.from(pair.signs, (sign) => sign > 0),
  );
}

const BLOCK = 256;

/** Decision values of every pair, [rows, pairs]. */
export function decisionsOf(
  {
    kernel,
    support,
    coefficients,
    biases,
  }: Pick<PairMachines, 'kernel' | 'support' | 'coefficients' | 'biases'>,
  x: Matrix,
): Float64Array {
  const pairs = biases.length;
  const out = new Float64Array(x.rows * pairs);
  for (let from = 0; from < x.rows; from += BLOCK) {
    const rows = Math.min(BLOCK, x.rows - from);
    const values = x.values.subarray(from * x.columns, (from + rows) * x.columns);
    const near = kernelMatrix(kernel, { values, rows, columns: x.columns }, support);
    for (let i = 0; i < rows; i++) {
      for (let p = 0; p < pairs; p++) {
        let sum = biases[p]!;
        for (let s = 0; s < support.rows; s++)
          sum += coefficients[p * support.rows + s]! * near[i * support.rows + s]!;
        out[(from + i) * pairs + p] = sum;
      }
    }
  }
  return out;
}
