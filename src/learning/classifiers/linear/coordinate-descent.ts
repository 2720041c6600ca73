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

/** Passes over columns, all of them or only those not 0, until a pass over all changes nothing. */
function descend(
  columns: number,
  b: Float64Array,
  limits: DescentLimits,
  update: (j: number) => number,
): { readonly passes: number; readonly converged: boolean } {
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
    if (count === columns) continue;
    while (passes < limits.maxPasses) {
      largest = 0;
      for (let a = 0; a < count; a++) largest = Math.max(largest, update(active[a]!));
      passes++;
      if (!(largest > least)) break;
    }
  }
  return { passes, converged: false };
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
  { l1, l2 }: Penalties,
  limits: DescentLimits,
): { readonly passes: number; readonly converged: boolean } {
  const { length: columns } = b;
  const slope = Float64Array.from(right); // z'W(t - zb)
  for (let j = 0; j < columns; j++) {
    if (b[j] !== 0) for (let k = 0; k < columns; k++) slope[k] = slope[k]! - inner[j * columns + k]! * b[j]!;
  }
  return descend(columns, b, limits, (j) => {
    const at = j * columns;
    const own = inner[at + j]!;
    const next = shrunk(slope[j]! + own * b[j]!, l1[j]!, own + l2[j]!);
    const change = next - b[j]!;
    if (change === 0) return 0;
    b[j] = next;
    for (let k = 0; k < columns; k++) slope[k] = slope[k]! - inner[at + k]! * change;
    return (own + l2[j]!) * change * change;
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
  { l1, l2 }: Penalties,
  limits: DescentLimits,
): { readonly passes: number; readonly converged: boolean } {
  const { length: columns } = b;
  const { length: rows } = residual;
  const own = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    for (let i = 0, at = j * rows; i < rows; i++, at++)
      sum += (weights ? weights[i]! : 1) * turned[at]! * turned[at]!;
    own[j] = sum;
  }
  return descend(columns, b, limits, (j) => {
    const at = j * rows;
    let pull = 0;
    if (weights) for (let i = 0; i < rows; i++) pull += weights[i]! * turned[at + i]! * residual[i]!;
    else for (let i = 0; i < rows; i++) pull += turned[at + i]! * residual[i]!;
    const next = shrunk(pull + own[j]! * b[j]!, l1[j]!, own[j]! + l2[j]!);
    const change = next - b[j]!;
    if (change === 0) return 0;
    b[j] = next;
    for (let i = 0; i < rows; i++) residual[i] = residual[i]! - turned[at + i]! * change;
    return (own[j]! + l2[j]!) * change * change;
  });
}
