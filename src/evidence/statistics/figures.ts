import {
  accuracy,
  type BinaryCounts,
  balancedAccuracy,
  binaryAccuracy,
  type ConfusionMatrix,
  cohenKappa,
  columnSum,
  confusionMatrix,
  f1,
  macroAverage,
  matthews,
  microAverage,
  mostProbable,
  negativePredictiveValue,
  oneAgainstRest,
  precision,
  recall,
  rowSum,
  specificity,
} from '../metrics/confusion.ts';
import {
  type BinSums,
  type Bins,
  binScores,
  brierLosses,
  calibrationError,
  logLosses,
  sumBins,
  topLabel,
  weightedMean,
} from '../metrics/probability.ts';
import { areaUnderRoc, averagePrecision, type Ranking, rankClasses } from '../metrics/ranking.ts';

/** Why a figure has no value. The report has a sentence for each. */
export type UndefinedReason =
  /** A class does not occur in the truth. */
  | 'class-absent'
  /** The model never predicts a class. */
  | 'class-never-predicted'
  /** Truth or predictions are all one class, so that there is nothing to tell apart. */
  | 'one-class-only'
  /** The true or the predicted numbers are all the same. */
  | 'constant'
  /** Fewer than two samples. */
  | 'too-few';

/** Everything about a set of samples that does not change from replicate to replicate. */
export interface PreparedSamples {
  readonly classCount: number;
  readonly labels: ArrayLike<number>; // [N]
  readonly predicted: Int32Array; // [N]
  readonly rankings: readonly Ranking[]; // [K]
  readonly logLosses: Float64Array; // [N]
  readonly brierLosses: Float64Array; // [N]
  readonly confidence: Float64Array; // [N]
  readonly correct: Uint8Array; // [N]
  readonly equalWidth: Bins;
  readonly equalMass: Bins;
}

/** Bins of the expected calibration error (Guo et al., 2017, use 15). */
export const CALIBRATION_BINS = 15;

/** Sorts, bins and scores once. */
export function prepareSamples(
  probabilities: ArrayLike<number>, // [N, K]
  labels: ArrayLike<number>, // [N]
  classCount: number,
): PreparedSamples {
  const predicted = mostProbable(probabilities, classCount);
  const { confidence, correct } = topLabel(probabilities, labels, predicted, classCount);
  return {
    classCount,
    labels,
    predicted,
    rankings: rankClasses(probabilities, labels, classCount),
    logLosses: logLosses(probabilities, labels, classCount),
    brierLosses: brierLosses(probabilities, labels, classCount),
    confidence,
    correct,
    equalWidth: binScores(confidence, CALIBRATION_BINS, 'equal-width'),
    equalMass: binScores(confidence, CALIBRATION_BINS, 'equal-mass'),
  };
}

/** What one replicate's figures are read from. Its arrays are reused from replicate to replicate. */
export interface Replicate {
  readonly samples: PreparedSamples;
  readonly weights: Float64Array | undefined;
  readonly matrix: ConfusionMatrix;
  /** [K] one-against-rest. */
  readonly auc: Float64Array;
  readonly averagePrecision: Float64Array; // [K]
  readonly equalWidth: BinSums;
  readonly equalMass: BinSums;
}

/** Adds up one replicate: `weights` says how often each sample was drawn, undefined means once. */
export function sumReplicate(samples: PreparedSamples, weights?: Float64Array, into?: Replicate): Replicate {
  const { classCount, rankings, confidence, correct } = samples;
  const auc = into?.auc ?? new Float64Array(classCount);
  const precisions = into?.averagePrecision ?? new Float64Array(classCount);
  for (let k = 0; k < classCount; k++) {
    auc[k] = areaUnderRoc(rankings[k]!, weights);
    precisions[k] = averagePrecision(rankings[k]!, weights);
  }
  return {
    samples,
    weights,
    matrix: confusionMatrix(samples.labels, samples.predicted, classCount, weights, into?.matrix),
    auc,
    averagePrecision: precisions,
    equalWidth: sumBins(samples.equalWidth, confidence, correct, weights, into?.equalWidth),
    equalMass: sumBins(samples.equalMass, confidence, correct, weights, into?.equalMass),
  };
}

interface FigureRule {
  readonly value: (replicate: Replicate) => number;
  readonly whenUndefined: (replicate: Replicate) => UndefinedReason;
}

const absent = (): UndefinedReason => 'class-absent';
const oneClass = (): UndefinedReason => 'one-class-only';
const neverPredicted = (): UndefinedReason => 'class-never-predicted';
const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/**
 * Every figure of a whole set of samples. `auc` and `averagePrecision` are, of two classes, the second (positive)
 * one's; of more, the mean over the classes, each against the rest. `…Macro` is the mean over all classes. Losses and calibration errors are better when smaller, all others when larger.
 */
export const figureRules = {
  auc: {
    value: (r) => (r.samples.classCount === 2 ? r.auc[1]! : mean(r.auc)),
    whenUndefined: (r) => (r.samples.classCount === 2 ? 'one-class-only' : 'class-absent'),
  },
  averagePrecision: {
    value: (r) => (r.samples.classCount === 2 ? r.averagePrecision[1]! : mean(r.averagePrecision)),
    whenUndefined: absent,
  },
  accuracy: { value: (r) => accuracy(r.matrix), whenUndefined: absent },
  balancedAccuracy: { value: (r) => balancedAccuracy(r.matrix), whenUndefined: absent },
  precisionMacro: { value: (r) => macroAverage(r.matrix, precision), whenUndefined: neverPredicted },
  recallMacro: { value: (r) => macroAverage(r.matrix, recall), whenUndefined: absent },
  specificityMacro: { value: (r) => macroAverage(r.matrix, specificity), whenUndefined: oneClass },
  f1Macro: { value: (r) => macroAverage(r.matrix, f1), whenUndefined: absent },
  f1Micro: { value: (r) => microAverage(r.matrix, f1), whenUndefined: absent },
  matthews: { value: (r) => matthews(r.matrix), whenUndefined: oneClass },
  kappa: { value: (r) => cohenKappa(r.matrix), whenUndefined: oneClass },
  kappaLinear: { value: (r) => cohenKappa(r.matrix, 'linear'), whenUndefined: oneClass },
  kappaQuadratic: { value: (r) => cohenKappa(r.matrix, 'quadratic'), whenUndefined: oneClass },
  logLoss: { value: (r) => weightedMean(r.samples.logLosses, r.weights), whenUndefined: absent },
  brier: { value: (r) => weightedMean(r.samples.brierLosses, r.weights), whenUndefined: absent },
  calibrationError: { value: (r) => calibrationError(r.equalWidth), whenUndefined: absent },
  calibrationErrorEqualMass: { value: (r) => calibrationError(r.equalMass), whenUndefined: absent },
} as const satisfies Record<string, FigureRule>;

/** Name of a figure of a whole set of samples. */
export type FigureName = keyof typeof figureRules;

interface ClassFigureRule {
  readonly value: (replicate: Replicate, index: number) => number;
  readonly whenUndefined: (replicate: Replicate, index: number) => UndefinedReason;
}

const counted =
  (figure: (counts: BinaryCounts) => number) =>
  (r: Replicate, k: number): number =>
    figure(oneAgainstRest(r.matrix, k));

/** Every figure of one class against the rest, the most probable class being the prediction. */
export const classFigureRules = {
  auc: {
    value: (r, k) => r.auc[k]!,
    whenUndefined: (r, k) => (rowSum(r.matrix, k) === 0 ? 'class-absent' : 'one-class-only'),
  },
  averagePrecision: { value: (r, k) => r.averagePrecision[k]!, whenUndefined: absent },
  precision: { value: counted(precision), whenUndefined: neverPredicted },
  recall: { value: counted(recall), whenUndefined: absent },
  specificity: { value: counted(specificity), whenUndefined: oneClass },
  f1: { value: counted(f1), whenUndefined: absent },
} as const satisfies Record<string, ClassFigureRule>;

/** Name of a figure of one class against the rest. */
export type ClassFigureName = keyof typeof classFigureRules;

/** Every figure at a fixed threshold on one class's probability. */
export const operatingFigureRules = {
  sensitivity: { value: recall, whenUndefined: absent },
  specificity: { value: specificity, whenUndefined: oneClass },
  positivePredictiveValue: { value: precision, whenUndefined: neverPredicted },
  negativePredictiveValue: { value: negativePredictiveValue, whenUndefined: neverPredicted },
  accuracy: { value: binaryAccuracy, whenUndefined: absent },
  f1: { value: f1, whenUndefined: absent },
} as const satisfies Record<
  string,
  { value: (counts: BinaryCounts) => number; whenUndefined: () => UndefinedReason }
>;

/** Name of a figure at an operating point. */
export type OperatingFigureName = keyof typeof operatingFigureRules;

/** Samples of each class in the truth and among the predictions. */
export function classCounts(matrix: ConfusionMatrix, index: number): { truth: number; predicted: number } {
  return { truth: rowSum(matrix, index), predicted: columnSum(matrix, index) };
}
