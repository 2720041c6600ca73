import { cholesky, choleskySolve } from '../linear-algebra/factor.ts';

/**
 * Coordinate descent for least squares with an elastic net: the least of
 * 1/2 sum_i w_i (t_i - z_i'b)^2 + sum_j l1_j |b_j| + l2_j b_j^2 / 2
 * (Friedman, Hastie and Tibshirani, Regularization paths for generalized linear models via coordinate descent,
 * Journal of Statistical Software 33(1), 2010, sections 2.2 to 2.4).
 */
export interface Penalties {
  readonly l1: Float64Array; // [columns]
  readonly l2: Float64Array; // [columns]
}

export interface DescentLimits {
  /** Largest change of a fitted value that ends it, relative to `size`. */
  readonly tolerance: number;
  readonly maxPasses: number;
  /** Weighted sum of squares that changes are measured against. */
  readonly size: number;
}

/** What the passes work on. */
interface Steps {
  /** Puts coordinate j to its best; gives its change, squared, times its curvature. */
  readonly update: (j: number) => number;
  /** Inner product of columns j and k, ridge included, and how the fit falls along j. */
  readonly product: (j: number, k: number) => number;
  readonly slope: (j: number) => number;
  /** Adds to coordinate j. */
  readonly move: (j: number, by: number) => void;
}

/** Passes over those not 0 between attempts at a jump. */
const PATIENCE = 8;

/** Passes over columns, all of them or only those not 0, until a pass over all changes nothing. */
function descend(
  b: Float64Array,
  { l1 }: Penalties,
  limits: DescentLimits,
  steps: Steps,
): { readonly passes: number; readonly converged: boolean } {
  const columns = b.length;
  const { update } = steps;
  const least = limits.tolerance * limits.tolerance * limits.size;
  const active = new Int32Array(columns);
  let passes = 0;
  while (passes < limits.maxPasses) {
    let largest = 0;
    for (let j = 0; j < columns; j++) largest = Math.max(largest, update(j));
    passes++;
    if (!(largest > least)) return { passes, converged: !Number.isNaN(largest) };
    let count = 0;
    for (let j = 0; j < columns; j++) if (b[j] !== 0) active[count++] = j;
    for (let inner = 1; passes < limits.maxPasses; inner++) {
      largest = 0;
      for (let a = 0; a < count; a++) largest = Math.max(largest, update(active[a]!));
      passes++;
      if (!(largest > least)) break;
      if (inner % PATIENCE === 0) jump(b, l1, steps, active.subarray(0, count));
    }
  }
  return { passes, converged: false };
}

/**
 * Goes to the least of the quadratic that holds while no sign changes, or as far towards it as none does: the objective
 * falls along the whole way, and where columns are alike this saves thousands of passes.
 */
function jump(b: Float64Array, l1: Float64Array, steps: Steps, among: Int32Array): void {
  const active = among.filter((j) => b[j] !== 0);
  const n = active.length;
  if (n === 0 || n > 1500) return;
  const system = new Float64Array(n * n);
  const right = new Float64Array(n);
  for (let a = 0; a < n; a++) {
    const j = active[a]!;
    right[a] = steps.slope(j) - l1[j]! * Math.sign(b[j]!);
    for (let c = 0; c <= a; c++) system[a * n + c] = steps.product(j, active[c]!);
  }
  const lower = cholesky(system, n);
  if (!lower) return;
  const direction = choleskySolve(lower, n, right);
  let share = 1;
  let first = -1;
  for (let a = 0; a < n; a++) {
    const value = b[active[a]!]!;
    const until = -value / direction[a]!;
    if (until > 0 && until < share) {
      share = until;
      first = a;
    }
  }
  if (!direction.every(Number.isFinite)) return;
  for (let a = 0; a < n; a++) {
    const j = active[a]!;
    steps.move(j, a === first ? -b[j]! : share * direction[a]!);
  }
}

/** The new value of one coordinate: soft threshold over curvature. */
function shrunk(pull: number, l1: number, curvature: number): number {
  if (!(curvature > 0)) return 0;
  if (pull > l1) return (pull - l1) / curvature;
  if (pull < -l1) return (pull + l1) / curvature;
  return 0;
}

/**
 * By inner products of columns: fast where columns are not many.
 *
 * @param inner z'Wz, [columns, columns]
 * @param right z'Wt, [columns]
 * @param b where to start; becomes the solution
 */
export function descendByProducts(
  inner: Float64Array,
  right: Float64Array,
  b: Float64Array,
  penalties: Penalties,
  limits: DescentLimits,
): { readonly passes: number; readonly converged: boolean } {
  const { l1, l2 } = penalties;
  const { length: columns } = b;
  const slope = Float64Array.from(right); // z'W(t - zb)
  for (let j = 0; j < columns; j++) {
    if (b[j] !== 0) for (let k = 0; k < columns; k++) slope[k] = slope[k]! - inner[j * columns + k]! * b[j]!;
  }
  const move = (j: number, by: number) => {
    const at = j * columns;
    b[j] = b[j]! + by;
    for (let k = 0; k < columns; k++) slope[k] = slope[k]! - inner[at + k]! * by;
  };
  return descend(b, penalties, limits, {
    move,
    product: (j, k) => inner[j * columns + k]! + (j === k ? l2[j]! : 0),
    slope: (j) => slope[j]! - l2[j]! * b[j]!,
    update(j) {
      const own = inner[j * columns + j]!;
      const next = shrunk(slope[j]! + own * b[j]!, l1[j]!, own + l2[j]!);
      const change = next - b[j]!;
      if (change === 0) return 0;
      move(j, change);
      b[j] = next;
      return (own + l2[j]!) * change * change;
    },
  });
}

/**
 * By residuals: for more columns than rows.
 *
 * @param turned z the other way round, [columns, rows]
 * @param weights of rows; all 1 where absent
 * @param residual t - zb; kept up to date
 */
export function descendByResiduals(
  turned: Float64Array,
  weights: Float64Array | undefined,
  residual: Float64Array,
  b: Float64Array,
  penalties: Penalties,
  limits: DescentLimits,
): { readonly passes: number; readonly converged: boolean } {
  const { l1, l2 } = penalties;
  const { length: columns } = b;
  const { length: rows } = residual;
  const own = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    for (let i = 0, at = j * rows; i < rows; i++, at++)
      sum += (weights ? weights[i]! : 1) * turned[at]! * turned[at]!;
    own[j] = sum;
  }
  const pullOf = (j: number) => {
    const at = j * rows;
    let pull = 0;
    if (weights) for (let i = 0; i < rows; i++) pull += weights[i]! * turned[at + i]! * residual[i]!;
    else for (let i = 0; i < rows; i++) pull += turned[at + i]! * residual[i]!;
    return pull;
  };
  const move = (j: number, by: number) => {
    const at = j * rows;
    b[j] = b[j]! + by;
    for (let i = 0; i < rows; i++) residual[i] = residual[i]! - turned[at + i]! * by;
  };
  return descend(b, penalties, limits, {
    move,
    product(j, k) {
      let sum = j === k ? l2[j]! : 0;
      for (let i = 0, at = j * rows, other = k * rows; i < rows; i++) {
        sum += (weights ? weights[i]! : 1) * turned[at + i]! * turned[other + i]!;
      }
      return sum;
    },
    slope: (j) => pullOf(j) - l2[j]! * b[j]!,
    update(j) {
      const next = shrunk(pullOf(j) + own[j]! * b[j]!, l1[j]!, own[j]! + l2[j]!);
      const change = next - b[j]!;
      if (change === 0) return 0;
      move(j, change);
      b[j] = next;
      return (own[j]! + l2[j]!) * change * change;
    },
  });
}
