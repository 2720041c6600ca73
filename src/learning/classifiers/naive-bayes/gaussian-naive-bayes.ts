import { div, mul, reduceSum, sub } from '../../../engine/graph/build.ts';
import { HounsfieldError } from '../../../errors.ts';
import type { Classifier, FitOptions, FittedClassifier } from '../classifier.ts';
import { doubles, toDouble, toSingle } from '../double-precision.ts';
import { softmaxRows } from '../linear/linear-scores.ts';
import type { Matrix } from '../matrix.ts';
import { numbers, readSettings, size, wordOr } from '../settings.ts';
import { checkColumns, checkRows } from '../training-data.ts';

export interface GaussianNaiveBayesSettings {
  /** Share of the largest column's variance that is added to every variance, at least 0. */
  readonly varSmoothing?: number;
  /** Shares of the classes; those of the training rows when 'train'. */
  readonly priors?: 'train' | readonly number[];
}

const NAME = 'gaussian-naive-bayes';
const rules = { varSmoothing: size(1e-9, 0, 1e6), priors: wordOr(['train'], numbers(0, 1e300)) };

/**
 * Naive Bayes with normal columns that are independent within a class (Hastie, Tibshirani and Friedman, section 6.6.3).
 *
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export function fitGaussianNaiveBayes(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<GaussianNaiveBayesSettings>,
  options: FitOptions,
): FittedClassifier {
  checkRows(NAME, x, y, classes, options);
  const { columns } = x;
  const { means, variances, totals } = moments(x, y, classes, options.weights);
  const smoothing = settings.varSmoothing * largestVariance(x);
  for (let at = 0; at < variances.length; at++) variances[at] = variances[at]! + smoothing;
  // Of equal values rounding alone leaves a variance.
  const flat = variances.findIndex((variance, at) => !(variance > 1e-26 * means[at]! * means[at]!));
  if (flat >= 0) {
    throw new HounsfieldError(
      'CLASSIFIER_DATA',
      `${NAME}: column ${flat % columns} is constant in class ${Math.floor(flat / columns)}. Set varSmoothing above 0, or remove constant columns ('variance-filter').`,
    );
  }
  const offsets = offsetsOf(settings.priors, totals);
  for (let at = 0; at < variances.length; at++) {
    const k = Math.floor(at / columns);
    offsets[k] = offsets[k]! - Math.log(2 * Math.PI * variances[at]!) / 2;
  }
  return {
    classes,
    columns,
    predict: (table) => predictMoments(means, variances, offsets, table, columns),
    addTo(graph, input) {
      const wide = graph.op('Unsqueeze', [
        toDouble(input),
        graph.constant({ dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) }),
      ]);
      const off = sub(wide, doubles(graph, [1, classes, columns], means)); // [N, K, columns]
      const squares = div(
        mul(off, off),
        doubles(
          graph,
          [1, classes, columns],
          variances.map((variance) => 2 * variance),
        ),
      );
      const scores = sub(doubles(graph, [1, classes], offsets), reduceSum(squares, [2]));
      return toSingle(graph.op('Softmax', [scores], { axis: 1 }));
    },
  };
}

function moments(x: Matrix, y: Int32Array, classes: number, weights: Float64Array | undefined) {
  const { columns, rows, values } = x;
  const means = new Float64Array(classes * columns);
  const variances = new Float64Array(classes * columns);
  const totals = new Float64Array(classes);
  for (let i = 0; i < rows; i++) totals[y[i]!] = totals[y[i]!]! + (weights?.[i] ?? 1);
  for (let i = 0; i < rows; i++) {
    const to = y[i]! * columns;
    const share = (weights?.[i] ?? 1) / totals[y[i]!]!;
    for (let j = 0; j < columns; j++) means[to + j] = means[to + j]! + share * values[i * columns + j]!;
  }
  for (let i = 0; i < rows; i++) {
    const to = y[i]! * columns;
    const share = (weights?.[i] ?? 1) / totals[y[i]!]!;
    for (let j = 0; j < columns; j++) {
      const off = values[i * columns + j]! - means[to + j]!;
      variances[to + j] = variances[to + j]! + share * off * off;
    }
  }
  return { means, variances, totals };
}

function largestVariance({ values, rows, columns }: Matrix): number {
  let largest = 0;
  for (let j = 0; j < columns; j++) {
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += values[i * columns + j]! / rows;
    let variance = 0;
    for (let i = 0; i < rows; i++) variance += (values[i * columns + j]! - mean) ** 2 / rows;
    largest = Math.max(largest, variance);
  }
  return largest;
}

/** Logarithms of the classes' shares. */
function offsetsOf(priors: 'train' | readonly number[], totals: Float64Array): Float64Array {
  if (priors !== 'train' && (priors.length !== totals.length || !priors.some((prior) => prior > 0))) {
    throw new HounsfieldError(
      'CLASSIFIER_SETTINGS',
      `${NAME}: ${priors.length} priors are given for ${totals.length} classes. Give each class one, not all 0.`,
    );
  }
  const sizes = priors === 'train' ? totals : Float64Array.from(priors);
  const sum = sizes.reduce((a, b) => a + b, 0);
  return sizes.map((size) => Math.log(size / sum));
}

function predictMoments(
  means: Float64Array,
  variances: Float64Array,
  offsets: Float64Array,
  x: Matrix,
  columns: number,
): Float64Array {
  checkColumns(x, columns);
  const classes = offsets.length;
  const scores = new Float64Array(x.rows * classes);
  for (let i = 0; i < x.rows; i++) {
    for (let k = 0; k < classes; k++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) {
        const off = x.values[i * columns + j]! - means[k * columns + j]!;
        sum += (off * off) / (2 * variances[k * columns + j]!);
      }
      scores[i * classes + k] = offsets[k]! - sum;
    }
  }
  softmaxRows(scores, x.rows, classes);
  return scores;
}

export const gaussianNaiveBayes: Classifier<GaussianNaiveBayesSettings> = {
  name: NAME,
  describe: 'Normal columns, independent within a class: quick, few assumptions met, sure of itself.',
  source: 'Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd edition, section 6.6.3',
  scaled: false,
  missing: false,
  candidates: [{ varSmoothing: 1e-9 }, { varSmoothing: 1e-3 }, { varSmoothing: 0.1 }],
  check: (settings) => readSettings<GaussianNaiveBayesSettings>(NAME, rules, settings),
  fit: (x, y, classes, settings, options) => fitGaussianNaiveBayes(x, y, classes, settings, options),
};
