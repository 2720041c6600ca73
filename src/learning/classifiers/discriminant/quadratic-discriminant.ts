import { matMul, mul, reduceSum, sub, transpose as turn } from '../../../engine/graph/build.ts';
import { HounsfieldError } from '../../../errors.ts';
import type { Classifier, FitOptions, FittedClassifier } from '../classifier.ts';
import { doubles, toDouble, toSingle } from '../double-precision.ts';
import { softmaxRows } from '../linear/linear-scores.ts';
import type { Spread } from '../linear-algebra/covariance.ts';
import { ledoitWolf, shrunkCovariance } from '../linear-algebra/covariance.ts';
import { cholesky, invertLower } from '../linear-algebra/factor.ts';
import { transpose } from '../linear-algebra/products.ts';
import type { Matrix } from '../matrix.ts';
import { readSettings, size } from '../settings.ts';
import { checkColumns, checkRows } from '../training-data.ts';
import {
  classSpreads,
  covarianceOf,
  type Priors,
  priorsOf,
  priorsRule,
  type Shrinkage,
  shrinkageRule,
} from './class-spreads.ts';

export interface QuadraticDiscriminantSettings {
  /** Share of the identity in each class's covariance, 0 .. 1; columns should be of one scale for it. */
  readonly regParam?: number;
  /** 'auto' is Ledoit and Wolf's; a number 0 .. 1 is the share of the mean variance. */
  readonly shrinkage?: Shrinkage;
  readonly priors?: Priors;
}

const rules = { regParam: size(0, 0, 1), shrinkage: shrinkageRule, priors: priorsRule };
const NAME = 'quadratic-discriminant';

/** A class: (x - mean) whitening has covariance 1. */
interface NormalClass {
  readonly mean: Float64Array; // [columns]
  readonly whitening: Float64Array; // [columns, columns]
  /** log prior - log determinant / 2 */
  readonly offset: number;
}

/**
 * Quadratic discriminant analysis: normal classes, each with its covariance (Hastie, Tibshirani and Friedman,
 * section 4.3; the regularisation is Friedman's, Journal of the American Statistical Association 84, 1989). Covariances
 * are divided by the number of rows. A class whose covariance has not full rank is shrunk as Ledoit and Wolf do, or by half, with a note.
 *
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export function fitQuadraticDiscriminant(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<QuadraticDiscriminantSettings>,
  options: FitOptions,
): FittedClassifier {
  checkRows(NAME, x, y, classes, options);
  const spreads = classSpreads(x, y, classes, options.weights);
  const priors = priorsOf(NAME, spreads, settings.priors);
  const notes: string[] = [];
  const normals = spreads.map((spread, k) => normalOf(spread, k, priors[k]!, settings, notes));
  const { columns } = x;
  return {
    classes,
    columns,
    notes,
    predict: (table) => predictNormals(normals, table, columns),
    addTo(graph, input) {
      const flat = (pick: (one: NormalClass) => Float64Array) => {
        const parts = normals.map(pick);
        const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
        for (const [k, part] of parts.entries()) out.set(part, k * part.length);
        return out;
      };
      const means = doubles(
        graph,
        [classes, 1, columns],
        flat(({ mean }) => mean),
      );
      const whitening = doubles(
        graph,
        [classes, columns, columns],
        flat(({ whitening: own }) => own),
      );
      const white = matMul(sub(toDouble(input), means), whitening); // [K, N, columns]
      const squares = reduceSum(mul(white, white), [2]); // [K, N]
      const offsets = doubles(
        graph,
        [1, classes],
        Float64Array.from(normals, ({ offset }) => offset),
      );
      const scores = sub(offsets, mul(turn(squares, [1, 0]), doubles(graph, [], Float64Array.of(0.5))));
      return toSingle(graph.op('Softmax', [scores], { axis: 1 }));
    },
  };
}

function normalOf(
  spread: Spread,
  k: number,
  prior: number,
  settings: Required<QuadraticDiscriminantSettings>,
  notes: string[],
): NormalClass {
  const n = spread.mean.length;
  const covariance = Float64Array.from(covarianceOf(spread, settings.shrinkage));
  if (settings.regParam > 0) {
    for (let at = 0; at < covariance.length; at++) covariance[at] = covariance[at]! * (1 - settings.regParam);
    for (let j = 0; j < n; j++) covariance[j * n + j] = covariance[j * n + j]! + settings.regParam;
  }
  let found = whiten(covariance, n);
  if (!found) {
    found = whiten(ledoitWolf(spread), n) ?? whiten(shrunkCovariance(spread.covariance, n, 0.5), n);
    if (found)
      notes.push(`class ${k}: its covariance has not full rank and was shrunk; set shrinkage or regParam`);
  }
  if (!found) {
    throw new HounsfieldError(
      'CLASSIFIER_DATA',
      `${NAME}: class ${k} has ${spread.centred.rows} row(s) that are all alike. Join small classes, or set regParam above 0.`,
    );
  }
  return {
    mean: spread.mean,
    whitening: found.whitening,
    offset: Math.log(prior) - found.logDeterminant / 2,
  };
}

/** Undefined where the covariance has not full rank. */
function whiten(
  covariance: Float64Array,
  n: number,
): { readonly whitening: Float64Array; readonly logDeterminant: number } | undefined {
  const scales = Float64Array.from({ length: n }, (_, j) => Math.sqrt(covariance[j * n + j]!));
  if (scales.some((scale) => !(scale > 0))) return undefined;
  const scaled = covariance.map((value, at) => value / scales[Math.floor(at / n)]! / scales[at % n]!);
  const lower = cholesky(scaled, n);
  if (!lower) return undefined;
  let logDeterminant = 0;
  for (let c = 0; c < n; c++) {
    const pivot = lower[c * n + c]!;
    if (!(pivot * pivot > 1e-11)) return undefined;
    logDeterminant += 2 * Math.log(pivot) + 2 * Math.log(scales[c]!);
  }
  const inverse = invertLower(lower, n);
  const whitening = transpose(inverse, n, n);
  for (let j = 0; j < n; j++) {
    for (let c = 0; c < n; c++) whitening[j * n + c] = whitening[j * n + c]! / scales[j]!;
  }
  return { whitening, logDeterminant };
}

function predictNormals(normals: readonly NormalClass[], x: Matrix, columns: number): Float64Array {
  checkColumns(x, columns);
  const classes = normals.length;
  const scores = new Float64Array(x.rows * classes);
  const off = new Float64Array(columns);
  const white = new Float64Array(columns);
  for (let i = 0; i < x.rows; i++) {
    for (let k = 0; k < classes; k++) {
      const { mean, whitening, offset } = normals[k]!;
      for (let j = 0; j < columns; j++) off[j] = x.values[i * columns + j]! - mean[j]!;
      white.fill(0);
      for (let j = 0; j < columns; j++) {
        const v = off[j]!;
        for (let c = 0; c < columns; c++) white[c] = white[c]! + v * whitening[j * columns + c]!;
      }
      let squares = 0;
      for (let c = 0; c < columns; c++) squares += white[c]! * white[c]!;
      scores[i * classes + k] = offset - squares / 2;
    }
  }
  softmaxRows(scores, x.rows, classes);
  return scores;
}

export const quadraticDiscriminant: Classifier<QuadraticDiscriminantSettings> = {
  name: NAME,
  describe:
    'Normal classes, each with its own covariance: a curved line between them; wants many rows a class.',
  source: 'Friedman, Journal of the American Statistical Association 84, 1989',
  scaled: true,
  missing: false,
  candidates: [{ regParam: 0 }, { regParam: 0.1 }, { regParam: 0.5 }, { shrinkage: 'auto' }],
  check: (settings) => readSettings<QuadraticDiscriminantSettings>(NAME, rules, settings),
  fit: (x, y, classes, settings, options) => fitQuadraticDiscriminant(x, y, classes, settings, options),
};
