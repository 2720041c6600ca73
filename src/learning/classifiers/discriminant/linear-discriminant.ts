import type { Classifier, FitOptions } from '../classifier.ts';
import { type FittedLinear, linearClassifier, linearImportance } from '../linear/linear-scores.ts';
import type { Spread } from '../linear-algebra/covariance.ts';
import { cholesky, choleskySolve } from '../linear-algebra/factor.ts';
import { svd } from '../linear-algebra/svd.ts';
import { symmetricEigen } from '../linear-algebra/symmetric-eigen.ts';
import type { Matrix } from '../matrix.ts';
import { choice, readSettings } from '../settings.ts';
import { checkRows } from '../training-data.ts';
import {
  classSpreads,
  covarianceOf,
  type Priors,
  priorsOf,
  priorsRule,
  type Shrinkage,
  shrinkageRule,
} from './class-spreads.ts';

export interface LinearDiscriminantSettings {
  /** 'svd' forms no covariance; 'lsqr' solves with the covariance, shrunk if asked ('eigen' gives the same scores). */
  readonly solver?: 'svd' | 'lsqr';
  /** 'auto' is Ledoit and Wolf's; a number 0 .. 1 is the share of the mean variance. Needs 'lsqr'. */
  readonly shrinkage?: Shrinkage;
  readonly priors?: Priors;
}

const rules = { solver: choice('svd', 'lsqr'), shrinkage: shrinkageRule, priors: priorsRule };
const NAME = 'linear-discriminant';

/**
 * Linear discriminant analysis: normal classes of one covariance (Fisher, 1936; Hastie, Tibshirani and Friedman,
 * section 4.3). Asking for shrinkage takes the solver 'lsqr'.
 *
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export function fitLinearDiscriminant(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<LinearDiscriminantSettings>,
  options: FitOptions,
): FittedLinear {
  checkRows(NAME, x, y, classes, options);
  const { columns } = x;
  const spreads = classSpreads(x, y, classes, options.weights);
  const priors = priorsOf(NAME, spreads, settings.priors);
  const bySvd = settings.solver === 'svd' && settings.shrinkage === 'none';
  const notes: string[] = [];
  const overall = new Float64Array(columns);
  for (const [k, { mean }] of spreads.entries()) {
    for (let j = 0; j < columns; j++) overall[j] = overall[j]! + priors[k]! * mean[j]!;
  }
  const away = spreads.map(({ mean }) => mean.map((value, j) => value - overall[j]!));
  const pooled = spreads.map(({ covariance }) => covariance);
  const directions = bySvd
    ? bySingularValues(spreads, away, notes)
    : byCovariance(spreads, priors, away, settings.shrinkage, notes);
  const coefficients = new Float64Array(classes * columns);
  const intercepts = new Float64Array(classes);
  for (const [k, direction] of directions.entries()) {
    coefficients.set(direction, k * columns);
    let square = 0;
    let shift = 0;
    for (let j = 0; j < columns; j++) {
      square += away[k]![j]! * direction[j]!;
      shift += overall[j]! * direction[j]!;
    }
    intercepts[k] = Math.log(priors[k]!) - square / 2 - shift;
  }
  const spread = Float64Array.from({ length: columns }, (_, j) =>
    Math.sqrt(pooled.reduce((sum, covariance, k) => sum + priors[k]! * covariance[j * columns + j]!, 0)),
  );
  const scores = { classes, columns, ...oneHead(coefficients, intercepts, classes, columns) };
  return linearClassifier(scores, linearImportance(scores.coefficients, spread), notes);
}

/** Of two classes only the difference counts. */
function oneHead(coefficients: Float64Array, intercepts: Float64Array, classes: number, columns: number) {
  if (classes !== 2) return { coefficients, intercepts };
  return {
    coefficients: Float64Array.from(
      { length: columns },
      (_, j) => coefficients[columns + j]! - coefficients[j]!,
    ),
    intercepts: Float64Array.of(intercepts[1]! - intercepts[0]!),
  };
}

/** Whitening by the singular values of the rows around their class means; directions without spread are left out. */
function bySingularValues(
  spreads: readonly Spread[],
  away: readonly Float64Array[],
  notes: string[],
): Float64Array[] {
  const columns = away[0]!.length;
  const total = spreads.reduce((sum, spread) => sum + spread.total, 0);
  const rows = spreads.reduce((sum, { centred }) => sum + centred.rows, 0);
  const deviations = new Float64Array(columns);
  for (const { covariance, total: own } of spreads) {
    for (let j = 0; j < columns; j++)
      deviations[j] = deviations[j]! + (own / total) * covariance[j * columns + j]!;
  }
  // A column that is constant within every class has only rounding for spread.
  for (let j = 0; j < columns; j++) {
    const largest = spreads.reduce((most, { mean }) => Math.max(most, Math.abs(mean[j]!)), 0);
    const deviation = Math.sqrt(deviations[j]!);
    deviations[j] = deviation > 1e-13 * largest ? deviation : 0;
  }
  const factor = Math.sqrt(1 / total);
  const values = new Float64Array(rows * columns);
  let at = 0;
  for (const { centred } of spreads) {
    for (let i = 0; i < centred.values.length; i++, at++) {
      const deviation = deviations[i % columns]!;
      values[at] = deviation > 0 ? (factor * centred.values[i]!) / deviation : 0;
    }
  }
  const { s, vt } = svd({ values, rows, columns });
  const rank = s.reduce((count, value) => count + (value > 1e-4 ? 1 : 0), 0);
  if (rank < columns) notes.push(`columns depend on others: ${rank} of ${columns} directions are used`);
  return away.map((mean) => {
    const out = new Float64Array(columns);
    for (let c = 0; c < rank; c++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += vt[c * columns + j]! * (mean[j]! / (deviations[j]! || 1));
      sum /= s[c]! * s[c]!;
      for (let j = 0; j < columns; j++)
        out[j] = out[j]! + (sum * vt[c * columns + j]!) / (deviations[j]! || 1);
    }
    return out;
  });
}

/** Solves with the mean covariance of the classes; of a singular one with its pseudo-inverse. */
function byCovariance(
  spreads: readonly Spread[],
  priors: Float64Array,
  away: readonly Float64Array[],
  shrinkage: Shrinkage,
  notes: string[],
): Float64Array[] {
  const columns = away[0]!.length;
  const covariance = new Float64Array(columns * columns);
  for (const [k, spread] of spreads.entries()) {
    const own = covarianceOf(spread, shrinkage);
    for (let at = 0; at < covariance.length; at++) covariance[at] = covariance[at]! + priors[k]! * own[at]!;
  }
  const scales = Float64Array.from(
    { length: columns },
    (_, j) => Math.sqrt(covariance[j * columns + j]!) || 1,
  );
  const scaled = covariance.map(
    (value, at) => value / scales[Math.floor(at / columns)]! / scales[at % columns]!,
  );
  const lower = cholesky(scaled, columns);
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; lower && j < columns; j++) least = Math.min(least, lower[j * columns + j]!);
  if (lower && least > 1e-6) {
    return away.map((mean) => {
      const right = mean.map((value, j) => value / scales[j]!);
      return choleskySolve(lower, columns, right).map((value, j) => value / scales[j]!);
    });
  }
  const { values, vectors } = symmetricEigen(scaled, columns);
  const rank = values.reduce((count, value) => count + (value > 1e-11 * values[0]! ? 1 : 0), 0);
  notes.push(
    `columns depend on others: ${rank} of ${columns} directions are used; shrinkage 'auto' would use all`,
  );
  return away.map((mean) => {
    const out = new Float64Array(columns);
    for (let c = 0; c < rank; c++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += (vectors[c * columns + j]! * mean[j]!) / scales[j]!;
      for (let j = 0; j < columns; j++) {
        out[j] = out[j]! + ((sum / values[c]!) * vectors[c * columns + j]!) / scales[j]!;
      }
    }
    return out;
  });
}

export const linearDiscriminant: Classifier<LinearDiscriminantSettings> = {
  name: NAME,
  describe: 'Normal classes of one covariance: a line between them; with shrinkage also for few rows.',
  source:
    'Fisher, Annals of Eugenics 7(2), 1936; Ledoit and Wolf, Journal of Multivariate Analysis 88(2), 2004',
  scaled: true,
  missing: false,
  candidates: [
    { solver: 'svd', shrinkage: 'none' },
    { solver: 'lsqr', shrinkage: 'auto' },
    { solver: 'lsqr', shrinkage: 0.5 },
  ],
  check(given) {
    const settings = readSettings<LinearDiscriminantSettings>(
      NAME,
      rules,
      given?.solver === 'eigen' ? { ...given, solver: 'lsqr' } : given,
    );
    return settings.shrinkage === 'none' ? settings : { ...settings, solver: 'lsqr' };
  },
  fit: (x, y, classes, settings, options) => fitLinearDiscriminant(x, y, classes, settings, options),
};
