import { cholesky, choleskySolve } from '../linear-algebra/factor.ts';
import { gram, multiplyTransposed } from '../linear-algebra/products.ts';
import { svd } from '../linear-algebra/svd.ts';
import type { Matrix } from '../matrix.ts';
import {
  type CentredTargets,
  centredTargets,
  checkStrength,
  type FittedRegression,
  fittedRegression,
  type RegressionOptions,
} from './fitted-regression.ts';
import { type Standardized, standardized, unstandardized } from './standardized.ts';

/**
 * Linear least squares; where columns depend on others, the solution with the smallest standardised coefficients.
 *
 * @param y [rows, outputs]
 * @throws REGRESSION_DATA
 */
export function fitLinearRegression(
  x: Matrix,
  y: Float64Array,
  settings: { readonly intercept?: boolean } = {},
  options: RegressionOptions = {},
): FittedRegression {
  return fitRidgeRegression(x, y, { ...settings, alpha: 0 }, options);
}

/**
 * Ridge regression: the least of sum of weighted squares + alpha |w|^2, intercept free
 * (Hoerl and Kennard, Technometrics 12(1), 1970).
 *
 * @param y [rows, outputs]
 * @throws REGRESSION_DATA, REGRESSION_SETTINGS
 */
export function fitRidgeRegression(
  x: Matrix,
  y: Float64Array,
  settings: { readonly alpha?: number; readonly intercept?: boolean } = {},
  options: RegressionOptions = {},
): FittedRegression {
  const { alpha = 1, intercept = true } = settings;
  checkStrength('ridge regression', { alpha });
  const aim = centredTargets('ridge regression', x, y, intercept, options);
  const z = standardized(x, aim.weights, intercept);
  const notes: string[] = [];
  const solved =
    (alpha > 0 ? (x.columns <= x.rows ? byColumns(z, aim, alpha) : byRows(z, aim, alpha)) : undefined) ??
    byDecomposition(z, aim, alpha, notes);
  const own = unstandardized(z, solved, aim.means);
  return fittedRegression(x.columns, own.coefficients, own.intercepts, notes);
}

/** Normal equations of the columns; undefined where they are too near to singular. */
function byColumns(z: Standardized, aim: CentredTargets, alpha: number): Float64Array | undefined {
  const { rows, columns, values, scales } = z;
  const a = gram(z, aim.weights);
  for (let j = 0; j < columns; j++) {
    a[j * columns + j] = a[j * columns + j]! + (scales[j]! > 0 ? alpha / scales[j]! / scales[j]! : 1);
    if (!Number.isFinite(a[j * columns + j]!)) return undefined;
  }
  const lower = cholesky(a, columns);
  if (!lower || illConditioned(lower, columns)) return undefined;
  const out = new Float64Array(aim.outputs * columns);
  for (let k = 0; k < aim.outputs; k++) {
    const right = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      const t = aim.weights[i]! * aim.targets[k * rows + i]!;
      for (let j = 0; j < columns; j++) right[j] = right[j]! + t * values[i * columns + j]!;
    }
    out.set(choleskySolve(lower, columns, right), k * columns);
  }
  return out;
}

const illConditioned = (lower: Float64Array, n: number): boolean => {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let j = 0; j < n; j++) {
    least = Math.min(least, lower[j * n + j]!);
    most = Math.max(most, lower[j * n + j]!);
  }
  return least < 1e-5 * most;
};

/** More columns than rows: the same in the space of rows (Saunders, Gammerman and Vovk, ICML 1998). */
function byRows(z: Standardized, aim: CentredTargets, alpha: number): Float64Array | undefined {
  const { rows, columns, scales } = z;
  const { weights } = aim;
  const spread = new Float64Array(rows * columns); // rows times the root of their weight, columns as they were
  for (let at = 0; at < spread.length; at++) {
    spread[at] = z.values[at]! * scales[at % columns]! * Math.sqrt(weights[Math.floor(at / columns)]!);
  }
  const a = multiplyTransposed(spread, spread, rows, columns, rows);
  for (let i = 0; i < rows; i++) a[i * rows + i] = a[i * rows + i]! + alpha;
  const lower = cholesky(a, rows);
  if (!lower || illConditioned(lower, rows)) return undefined;
  const out = new Float64Array(aim.outputs * columns);
  for (let k = 0; k < aim.outputs; k++) {
    const right = Float64Array.from(
      { length: rows },
      (_, i) => Math.sqrt(weights[i]!) * aim.targets[k * rows + i]!,
    );
    const dual = choleskySolve(lower, rows, right);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        out[k * columns + j] = out[k * columns + j]! + dual[i]! * spread[i * columns + j]!;
      }
    }
  }
  for (let at = 0; at < out.length; at++) out[at] = out[at]! * scales[at % columns]!;
  return out;
}

/** Singular values: any rank, any alpha. */
function byDecomposition(z: Standardized, aim: CentredTargets, alpha: number, notes: string[]): Float64Array {
  const { rows, columns, scales } = z;
  // With a ridge the columns keep their own size, so that it weighs on the coefficients asked for.
  const sizes = scales.map((scale) => (alpha > 0 ? scale : 1));
  const values = new Float64Array(rows * columns);
  for (let i = 0, at = 0; i < rows; i++) {
    const root = Math.sqrt(aim.weights[i]!);
    for (let j = 0; j < columns; j++, at++) values[at] = z.values[at]! * sizes[j]! * root;
  }
  const { u, s, vt } = svd({ values, rows, columns });
  const least = s[0]! * Number.EPSILON * Math.max(rows, columns);
  const rank = s.reduce((count, value) => count + (value > least ? 1 : 0), 0);
  if (alpha === 0 && rank < columns) {
    notes.push(
      `columns depend on others (rank ${rank} of ${columns}): of equal fits the smallest coefficients`,
    );
  }
  const out = new Float64Array(aim.outputs * columns);
  for (let k = 0; k < aim.outputs; k++) {
    for (let c = 0; c < rank; c++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) {
        sum += u[i * s.length + c]! * aim.targets[k * rows + i]! * Math.sqrt(aim.weights[i]!);
      }
      const factor = sum / (s[c]! + alpha / s[c]!);
      for (let j = 0; j < columns; j++) {
        out[k * columns + j] = out[k * columns + j]! + factor * vt[c * columns + j]! * sizes[j]!;
      }
    }
  }
  return out;
}
