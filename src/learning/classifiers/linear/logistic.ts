import type { Classifier, FitOptions } from '../classifier.ts';
import { transpose } from '../linear-algebra/products.ts';
import { qr } from '../linear-algebra/qr.ts';
import type { Matrix } from '../matrix.ts';
import { type ClassWeight, choice, classWeightRule, flag, readSettings, size, whole } from '../settings.ts';
import { checkRows, rowWeights } from '../training-data.ts';
import { type FittedLinear, linearClassifier, linearImportance } from './linear-scores.ts';
import { type Limits, newton, type Solved } from './logistic-newton.ts';
import { headSize, type LogisticProblem, lossOf, scoresOf } from './logistic-objective.ts';
import { proximalNewton } from './logistic-sparse.ts';
import { type Standardized, standardized, unstandardized } from './standardized.ts';

export interface LogisticSettings {
  /** What large coefficients cost: squares, sizes, both, nothing. */
  readonly penalty?: 'l2' | 'l1' | 'elasticnet' | 'none';
  /** Inverse of the penalty's strength, above 0; smaller is stronger. */
  readonly C?: number;
  /** Share of sizes in the elastic net, 0 .. 1. */
  readonly l1Ratio?: number;
  readonly intercept?: boolean;
  readonly classWeight?: ClassWeight;
  /** Relative to the objective. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

const rules = {
  penalty: choice('l2', 'l1', 'elasticnet', 'none'),
  C: size(1, 0, 1e300, 'open'),
  l1Ratio: size(0.5, 0, 1),
  intercept: flag(true),
  classWeight: classWeightRule,
  tolerance: size(1e-9, 0, 1, 'open'),
  maxIterations: whole(200, 1),
};

/** Mean loss below which classes count as told apart without error. */
const SEPARATED = 1e-7;

/**
 * Logistic regression; multinomial for more than two classes. The intercept is never penalised.
 * The objective is scikit-learn's: C times the weighted sum of losses, plus (1 - r) |w|^2 / 2 + r |w|_1.
 *
 * @throws CLASSIFIER_DATA
 */
export function fitLogisticRegression(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<LogisticSettings>,
  options: FitOptions,
): FittedLinear {
  return logisticPath(x, y, classes, [settings.C], settings, options)[0]!; // one C, one model
}

/**
 * Models for several values of C, each started where the one before ended. Give them from the smallest to the largest.
 *
 * @throws CLASSIFIER_DATA
 */
export function logisticPath(
  x: Matrix,
  y: Int32Array,
  classes: number,
  strengths: readonly number[],
  settings: Required<LogisticSettings>,
  options: FitOptions,
): FittedLinear[] {
  checkRows('logistic-regression', x, y, classes, options);
  const weights = rowWeights(y, classes, settings.classWeight, options.weights);
  const z = standardized(x, weights, settings.intercept);
  const share = { l2: 0, l1: 1, elasticnet: settings.l1Ratio, none: 0 }[settings.penalty];
  const limits = {
    tolerance: settings.tolerance,
    maxRounds: settings.maxIterations,
    floor: SEPARATED * weights.reduce((sum, weight) => sum + weight, 0),
  };
  // Newton's last step squares the error that is left; coordinate descent only divides it.
  let start: Float64Array | undefined;
  return strengths.map((C) => {
    const strength = settings.penalty === 'none' ? 0 : 1 / C;
    const ridge = z.scales.map((scale) => (scale > 0 ? ((1 - share) * strength) / scale / scale : 1));
    const lasso = z.scales.map((scale) => (scale > 0 ? (share * strength) / scale : 1));
    const heads = classes === 2 ? 1 : classes;
    const problem = { z, y, weights, heads, intercept: settings.intercept, ridge };
    const solved =
      share > 0 && strength > 0
        ? proximalNewton({ ...problem, lasso }, { ...limits, tolerance: limits.tolerance / 100 }, start)
        : smooth(problem, z, strength, limits, start);
    start = solved.parameters;
    return fitted(problem, z, classes, solved, settings);
  });
}

/** More columns than rows: the solution lies in the span of the rows, whose basis is as small as they are few. */
function smooth(
  problem: LogisticProblem,
  z: Standardized,
  strength: number,
  limits: Limits,
  start: Float64Array | undefined,
): Solved {
  const { rows, columns } = z;
  if (columns <= rows) return newton(problem, limits, start);
  const centred = new Float64Array(rows * columns);
  const even = strength > 0;
  for (let at = 0; at < centred.length; at++)
    centred[at] = z.values[at]! * (even ? z.scales[at % columns]! : 1);
  const { q, r } = qr({ values: transpose(centred, rows, columns), rows: columns, columns: rows });
  const small = { values: transpose(r, rows, rows), rows, columns: rows };
  const solved = newton({ ...problem, z: small, ridge: new Float64Array(rows).fill(strength) }, limits);
  const step = rows + (problem.intercept ? 1 : 0);
  const size = headSize(problem);
  const parameters = new Float64Array(problem.heads * size);
  for (let k = 0; k < problem.heads; k++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += q[j * rows + i]! * solved.parameters[k * step + i]!;
      parameters[k * size + j] = even ? sum * z.scales[j]! : sum;
    }
    if (problem.intercept) parameters[k * size + columns] = solved.parameters[k * step + rows]!;
  }
  return { ...solved, parameters };
}

function fitted(
  problem: LogisticProblem,
  z: Standardized,
  classes: number,
  solved: Solved,
  settings: Required<LogisticSettings>,
): FittedLinear {
  const { heads } = problem;
  const { columns } = z;
  const step = headSize(problem);
  const coefficients = new Float64Array(heads * columns);
  const intercepts = new Float64Array(heads);
  for (let k = 0; k < heads; k++) {
    coefficients.set(solved.parameters.subarray(k * step, k * step + columns), k * columns);
    if (problem.intercept) intercepts[k] = solved.parameters[k * step + columns]!;
  }
  if (heads > 1 && settings.penalty === 'none') centreColumns(coefficients, heads, columns);
  const own = unstandardized(z, coefficients, intercepts);
  if (heads > 1 && settings.intercept) centre(own.intercepts);
  const scores = { classes, columns, coefficients: own.coefficients, intercepts: own.intercepts };
  return linearClassifier(
    scores,
    linearImportance(own.coefficients, z.scales),
    notesOf(problem, solved, settings),
  );
}

/** Only differences of intercepts count: their mean is put to 0. */
function centre(intercepts: Float64Array): void {
  const mean = intercepts.reduce((sum, value) => sum + value, 0) / intercepts.length;
  for (let k = 0; k < intercepts.length; k++) intercepts[k] = intercepts[k]! - mean;
}

/** Without a penalty the same holds of each column's coefficients. */
function centreColumns(coefficients: Float64Array, heads: number, columns: number): void {
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    for (let k = 0; k < heads; k++) sum += coefficients[k * columns + j]!;
    for (let k = 0; k < heads; k++) {
      coefficients[k * columns + j] = coefficients[k * columns + j]! - sum / heads;
    }
  }
}

function notesOf(
  problem: LogisticProblem,
  solved: Solved,
  settings: Required<LogisticSettings>,
): readonly string[] {
  const notes = [`${solved.rounds} Newton rounds`];
  if (!solved.converged) {
    notes.push(
      `not converged after ${solved.rounds} rounds: raise maxIterations, lower C or standardise the columns`,
    );
  }
  if (settings.penalty === 'none') {
    const scores = new Float64Array(problem.z.rows * problem.heads);
    scoresOf(problem, solved.parameters, scores);
    if (lossOf(problem, scores) < 2 * SEPARATED * problem.weights.reduce((sum, w) => sum + w, 0)) {
      notes.push('the classes are separated without error: coefficients have no finite best, use a penalty');
    }
  }
  return notes;
}

export const logisticRegression: Classifier<LogisticSettings> = {
  name: 'logistic-regression',
  describe: 'A weighted sum of the columns, turned into probabilities; the one to beat on small cohorts.',
  source: 'Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd edition, section 4.4',
  scaled: true,
  missing: false,
  candidates: [
    { penalty: 'l2', C: 1 },
    { penalty: 'l2', C: 0.01 },
    { penalty: 'l2', C: 0.1 },
    { penalty: 'l2', C: 10 },
    { penalty: 'l1', C: 0.1 },
    { penalty: 'l1', C: 1 },
    { penalty: 'elasticnet', C: 0.1, l1Ratio: 0.5 },
  ],
  check: (settings) => readSettings<LogisticSettings>('logistic-regression', rules, settings),
  fit: (x, y, classes, settings, options) => fitLogisticRegression(x, y, classes, settings, options),
};
