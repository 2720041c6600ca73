/**
 * Figures read from a confusion matrix. Each is NaN where it is not defined (a class that is absent from the
 * truth has no recall, one that is never predicted has no precision): a NaN is an answer, a silent 0 is not.
 */

/** Counts (or sums of sample weights) of truth against prediction. */
export interface ConfusionMatrix {
  readonly classCount: number;
  /** [K, K] row-major: `counts[truth * K + predicted]`. */
  readonly counts: Float64Array;
}

/** Whole numbers in 0..K-1, one per sample. */
export type ClassIndices = ArrayLike<number>;

/**
 * How a macro average treats a class without a value: 'undefined' makes the average NaN, 'skip' averages over
 * the classes that have one (scikit-learn's `zero_division=nan`, and its balanced accuracy).
 */
export type AbsentClasses = 'undefined' | 'skip';

/** Weights of kappa's disagreements: all equal, or growing with the distance between ordered classes. */
export type KappaWeights = 'none' | 'linear' | 'quadratic';

/** Counts truth against prediction; `weights` (≥ 0, one per sample) default to 1. `into` is cleared and reused. */
export function confusionMatrix(
  labels: ClassIndices,
  predicted: ClassIndices,
  classCount: number,
  weights?: ArrayLike<number>,
  into?: ConfusionMatrix,
): ConfusionMatrix {
  const matrix = into ?? { classCount, counts: new Float64Array(classCount * classCount) };
  matrix.counts.fill(0);
  for (let i = 0; i < labels.length; i++) {
    matrix.counts[labels[i]! * classCount + predicted[i]!]! += weights === undefined ? 1 : weights[i]!;
  }
  return matrix;
}

/** The most probable class of each row of `probabilities` [N, K]; the first one where two are equal. */
export function mostProbable(probabilities: ArrayLike<number>, classCount: number): Int32Array {
  const predicted = new Int32Array(probabilities.length / classCount);
  for (let i = 0; i < predicted.length; i++) {
    let best = 0;
    for (let k = 1; k < classCount; k++) {
      if (probabilities[i * classCount + k]! > probabilities[i * classCount + best]!) best = k;
    }
    predicted[i] = best;
  }
  return predicted;
}

/** One class against all others. */
export interface BinaryCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** The matrix seen as `index` (positive) against every other class (negative). */
export function oneAgainstRest(matrix: ConfusionMatrix, index: number): BinaryCounts {
  const truePositives = matrix.counts[index * matrix.classCount + index]!;
  const falseNegatives = rowSum(matrix, index) - truePositives;
  const falsePositives = columnSum(matrix, index) - truePositives;
  const trueNegatives = total(matrix) - truePositives - falseNegatives - falsePositives;
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

/** Positive predictive value, TP / (TP + FP). NaN when nothing is predicted positive. */
export function precision(c: BinaryCounts): number {
  return ratio(c.truePositives, c.truePositives + c.falsePositives);
}

/** Sensitivity, TP / (TP + FN). NaN when nothing is truly positive. */
export function recall(c: BinaryCounts): number {
  return ratio(c.truePositives, c.truePositives + c.falseNegatives);
}

/** TN / (TN + FP). NaN when nothing is truly negative. */
export function specificity(c: BinaryCounts): number {
  return ratio(c.trueNegatives, c.trueNegatives + c.falsePositives);
}

/** TN / (TN + FN). NaN when nothing is predicted negative. */
export function negativePredictiveValue(c: BinaryCounts): number {
  return ratio(c.trueNegatives, c.trueNegatives + c.falseNegatives);
}

/** 2 TP / (2 TP + FP + FN). NaN when the class is neither present nor predicted. */
export function f1(c: BinaryCounts): number {
  return ratio(2 * c.truePositives, 2 * c.truePositives + c.falsePositives + c.falseNegatives);
}

/** (TP + TN) / all. NaN when there is no sample. */
export function binaryAccuracy(c: BinaryCounts): number {
  const correct = c.truePositives + c.trueNegatives;
  return ratio(correct, correct + c.falsePositives + c.falseNegatives);
}

/** Mean over the classes of a one-against-rest figure. */
export function macroAverage(
  matrix: ConfusionMatrix,
  figure: (counts: BinaryCounts) => number,
  absent: AbsentClasses = 'undefined',
): number {
  let sum = 0;
  let defined = 0;
  for (let k = 0; k < matrix.classCount; k++) {
    const value = figure(oneAgainstRest(matrix, k));
    if (Number.isNaN(value)) {
      if (absent === 'undefined') return Number.NaN;
      continue;
    }
    sum += value;
    defined++;
  }
  return ratio(sum, defined);
}

/** A one-against-rest figure of the counts added up over the classes. */
export function microAverage(matrix: ConfusionMatrix, figure: (counts: BinaryCounts) => number): number {
  const sum = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  for (let k = 0; k < matrix.classCount; k++) {
    const c = oneAgainstRest(matrix, k);
    sum.truePositives += c.truePositives;
    sum.falsePositives += c.falsePositives;
    sum.trueNegatives += c.trueNegatives;
    sum.falseNegatives += c.falseNegatives;
  }
  return figure(sum);
}

/** Share of samples classified correctly, 0..1. */
export function accuracy(matrix: ConfusionMatrix): number {
  let correct = 0;
  for (let k = 0; k < matrix.classCount; k++) correct += matrix.counts[k * matrix.classCount + k]!;
  return ratio(correct, total(matrix));
}

/** Mean recall over the classes, 0..1; with 'skip' the classes absent from the truth do not count. */
export function balancedAccuracy(matrix: ConfusionMatrix, absent: AbsentClasses = 'undefined'): number {
  return macroAverage(matrix, recall, absent);
}

/**
 * Matthews correlation coefficient, -1..1 (Gorodkin, "Comparing two K-category assignments by a K-category
 * correlation coefficient", 2004, eq. 8). NaN when the truth or the predictions are all one class.
 */
export function matthews(matrix: ConfusionMatrix): number {
  const all = total(matrix);
  let correct = 0;
  let both = 0;
  let truthSquares = 0;
  let predictedSquares = 0;
  for (let k = 0; k < matrix.classCount; k++) {
    const truth = rowSum(matrix, k);
    const predicted = columnSum(matrix, k);
    correct += matrix.counts[k * matrix.classCount + k]!;
    both += truth * predicted;
    truthSquares += truth * truth;
    predictedSquares += predicted * predicted;
  }
  const spread = (all * all - truthSquares) * (all * all - predictedSquares);
  return spread > 1e-12 * all ** 4 ? (correct * all - both) / Math.sqrt(spread) : Number.NaN;
}

/**
 * Cohen's kappa, at most 1 (Cohen, 1960; weighted: Cohen, 1968). The weighted forms suppose that the order of
 * the classes means something. NaN when truth and predictions are all one and the same class.
 */
export function cohenKappa(matrix: ConfusionMatrix, weights: KappaWeights = 'none'): number {
  const all = total(matrix);
  let observed = 0;
  let expected = 0;
  for (let i = 0; i < matrix.classCount; i++) {
    const row = rowSum(matrix, i);
    for (let j = 0; j < matrix.classCount; j++) {
      const weight = disagreement[weights](i - j);
      observed += weight * matrix.counts[i * matrix.classCount + j]!;
      expected += (weight * row * columnSum(matrix, j)) / all;
    }
  }
  return expected > 0 ? 1 - observed / expected : Number.NaN;
}

const disagreement: Record<KappaWeights, (distance: number) => number> = {
  none: (distance) => (distance === 0 ? 0 : 1),
  linear: (distance) => Math.abs(distance),
  quadratic: (distance) => distance * distance,
};

/** Weight of the samples whose truth is class `row`. */
export function rowSum(matrix: ConfusionMatrix, row: number): number {
  let sum = 0;
  for (let k = 0; k < matrix.classCount; k++) sum += matrix.counts[row * matrix.classCount + k]!;
  return sum;
}

/** Weight of the samples predicted as class `column`. */
export function columnSum(matrix: ConfusionMatrix, column: number): number {
  let sum = 0;
  for (let k = 0; k < matrix.classCount; k++) sum += matrix.counts[k * matrix.classCount + column]!;
  return sum;
}

function total(matrix: ConfusionMatrix): number {
  let sum = 0;
  for (const count of matrix.counts) sum += count;
  return sum;
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : Number.NaN;
}
