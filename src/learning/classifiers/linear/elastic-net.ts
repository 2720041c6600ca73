import { gram, transpose } from '../linear-algebra/products.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import { descendByProducts, descendByResiduals } from './coordinate-descent.ts';
import {
  type CentredTargets,
  centredTargets,
  checkStrength,
  type FittedRegression,
  fittedRegression,
  type RegressionOptions,
} from './fitted-regression.ts';
import { type Standardized, standardized, unstandardized } from './standardized.ts';

/** The least of sum of weighted squares / (2 sum of weights) + alpha (r |w|_1 + (1 - r) |w|^2 / 2). */
export interface ElasticNetSettings {
  /** Strength, at least 0. */
  readonly alpha?: number;
  /** r, 0 .. 1; 1 is the LASSO. */
  readonly l1Ratio?: number;
  readonly intercept?: boolean;
  /** Smallest change of a coefficient's share of the fit that still counts, relative to the targets. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

/** Models along the strengths, from the strongest, which keeps no column, to the weakest. */
export interface RegressionPath {
  readonly alphas: Float64Array;
  readonly models: readonly FittedRegression[];
}

/** LASSO (Tibshirani, Journal of the Royal Statistical Society B 58(1), 1996). @throws REGRESSION_DATA, REGRESSION_SETTINGS */
export function fitLasso(
  x: Matrix,
  y: Float64Array,
  settings: Omit<ElasticNetSettings, 'l1Ratio'> = {},
  options: RegressionOptions = {},
): FittedRegression {
  return fitElasticNet(x, y, { ...settings, l1Ratio: 1 }, options);
}

/**
 * Elastic net (Zou and Hastie, Journal of the Royal Statistical Society B 67(2), 2005), each output for itself.
 *
 * @param y [rows, outputs]
 * @throws REGRESSION_DATA, REGRESSION_SETTINGS
 */
export function fitElasticNet(
  x: Matrix,
  y: Float64Array,
  settings: ElasticNetSettings = {},
  options: RegressionOptions = {},
): FittedRegression {
  return elasticNetPath(x, y, [settings.alpha ?? 1], settings, options).models[0]!; // one alpha, one model
}

/**
 * The path of models, each started where the stronger one ended.
 *
 * @param alphas strengths, or how many: then evenly spaced logarithms from the strongest that matters to 1/1000 of it
 * @throws REGRESSION_DATA, REGRESSION_SETTINGS
 */
export function elasticNetPath(
  x: Matrix,
  y: Float64Array,
  alphas: readonly number[] | Float64Array | number = 100,
  settings: ElasticNetSettings = {},
  options: RegressionOptions = {},
): RegressionPath {
  const { l1Ratio = 1, intercept = true, tolerance = 1e-9, maxIterations = 20_000 } = settings;
  checkStrength('elastic net', { l1Ratio, tolerance, maxIterations });
  const aim = centredTargets('elastic net', x, y, intercept, options);
  const z = standardized(x, aim.weights, intercept);
  const design = designOf(z, aim);
  const given =
    typeof alphas === 'number' ? spacedAlphas(z, design, aim.total, Math.max(l1Ratio, 1e-3), alphas) : alphas;
  const order = Float64Array.from(given).sort((a, b) => b - a);
  for (const alpha of order) checkStrength('elastic net', { alpha });
  const b = new Float64Array(aim.outputs * x.columns);
  const models: FittedRegression[] = [];
  for (const alpha of order) {
    const l1 = z.scales.map((scale) => (scale > 0 ? (alpha * l1Ratio * aim.total) / scale : 1e300));
    const l2 = z.scales.map((scale) => (scale > 0 ? (alpha * (1 - l1Ratio) * aim.total) / scale / scale : 1));
    let unsettled = 0;
    for (let k = 0; k < aim.outputs; k++) {
      const own = b.subarray(k * x.columns, (k + 1) * x.columns);
      const limits = { tolerance, maxPasses: maxIterations, size: design.squares[k]! };
      if (!descendOutput(design, aim, k, own, { l1, l2 }, limits)) unsettled++;
    }
    const { coefficients, intercepts } = unstandardized(z, b, aim.means);
    const notes =
      unsettled > 0 ? [`not converged in ${maxIterations} passes: raise maxIterations or alpha`] : [];
    models.push(fittedRegression(x.columns, coefficients, intercepts, notes));
  }
  return { alphas: order, models };
}

interface Design {
  /** z'Wz where columns are not too many, else z the other way round. */
  readonly inner: Float64Array | undefined;
  readonly turned: Float64Array | undefined;
  /** z'Wt, [outputs, columns] */
  readonly right: Float64Array;
  /** Weighted squares of each output. */
  readonly squares: Float64Array;
}

function designOf(z: Standardized, aim: CentredTargets): Design {
  const { rows, columns } = z;
  const right = new Float64Array(aim.outputs * columns);
  const squares = new Float64Array(aim.outputs);
  for (let k = 0; k < aim.outputs; k++) {
    for (let i = 0; i < rows; i++) {
      const target = aim.targets[k * rows + i]!;
      const t = aim.weights[i]! * target;
      squares[k] = squares[k]! + t * target;
      for (let j = 0; j < columns; j++) {
        right[k * columns + j] = right[k * columns + j]! + t * z.values[i * columns + j]!;
      }
    }
  }
  const byProducts = columns <= 2000; // 32 MB
  return {
    inner: byProducts ? gram(z, aim.weights) : undefined,
    turned: byProducts ? undefined : transpose(z.values, rows, columns),
    right,
    squares,
  };
}

function descendOutput(
  { inner, turned, right }: Design,
  aim: CentredTargets,
  k: number,
  b: Float64Array,
  penalties: { readonly l1: Float64Array; readonly l2: Float64Array },
  limits: { readonly tolerance: number; readonly maxPasses: number; readonly size: number },
): boolean {
  const columns = b.length;
  if (inner) {
    return descendByProducts(inner, right.subarray(k * columns, (k + 1) * columns), b, penalties, limits)
      .converged;
  }
  const rows = aim.weights.length;
  const residual = aim.targets.slice(k * rows, (k + 1) * rows);
  for (let j = 0; j < columns; j++) {
    if (b[j] === 0) continue;
    for (let i = 0; i < rows; i++) residual[i] = residual[i]! - b[j]! * turned![j * rows + i]!; // one of the two is there
  }
  return descendByResiduals(turned!, aim.weights, residual, b, penalties, limits).converged; // as above
}

function spacedAlphas(
  z: Standardized,
  { right }: Design,
  total: number,
  l1Ratio: number,
  count: number,
): Float64Array {
  const { columns, scales } = z;
  let largest = 0;
  for (let at = 0; at < right.length; at++)
    largest = Math.max(largest, Math.abs(right[at]!) * scales[at % columns]!);
  const strongest = Math.max(largest / total / l1Ratio, Number.MIN_VALUE * 1e10);
  return Float64Array.from(
    { length: count },
    (_, i) => strongest * 10 ** ((-3 * i) / Math.max(1, count - 1)),
  );
}

/**
 * The strength whose models have the smallest mean squared error on rows they did not see, and the model of all rows.
 *
 * @param fold number of the fold that each row is tested in, 0 .. folds - 1
 * @throws REGRESSION_DATA, REGRESSION_SETTINGS
 */
export function elasticNetByFolds(
  x: Matrix,
  y: Float64Array,
  fold: Int32Array,
  settings: Omit<ElasticNetSettings, 'alpha'> & { readonly alphas?: readonly number[] | number } = {},
  options: RegressionOptions = {},
): {
  readonly alpha: number;
  readonly errors: Float64Array;
  readonly path: RegressionPath;
  readonly model: FittedRegression;
} {
  const path = elasticNetPath(x, y, settings.alphas ?? 100, settings, options);
  const errors = new Float64Array(path.alphas.length);
  const outputs = y.length / x.rows;
  const folds = fold.reduce((most, one) => Math.max(most, one), 0) + 1;
  for (let f = 0; f < folds; f++) {
    const inside = [...fold.keys()].filter((i) => fold[i] !== f);
    const outside = [...fold.keys()].filter((i) => fold[i] === f);
    if (outside.length === 0 || inside.length === 0) continue;
    const pick = (rows: readonly number[]) =>
      takeRows({ values: y, rows: x.rows, columns: outputs }, rows).values;
    const weights = options.weights && Float64Array.from(inside, (i) => options.weights![i]!); // asked just before
    const fitted = elasticNetPath(takeRows(x, inside), pick(inside), [...path.alphas], settings, { weights });
    const held = takeRows(x, outside);
    const truth = pick(outside);
    for (const [a, model] of fitted.models.entries()) {
      const guess = model.predict(held);
      for (let i = 0; i < truth.length; i++) {
        const weight = options.weights?.[outside[Math.floor(i / outputs)]!] ?? 1;
        errors[a] = errors[a]! + weight * (truth[i]! - guess[i]!) ** 2;
      }
    }
  }
  const best = errors.reduce((least, error, a) => (error < errors[least]! ? a : least), 0);
  return { alpha: path.alphas[best]!, errors, path, model: path.models[best]! };
}
