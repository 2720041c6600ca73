/**
 * How well predicted numbers agree with true ones. Weights (at least 0, one per sample) are counts, as in the bootstrap:
 * a sample of weight 2 is there twice. Each figure is NaN where it is not defined.
 */

type Numbers = ArrayLike<number>;

/** Weighted sums from which the moments follow. */
interface Moments {
  readonly count: number;
  readonly meanTruth: number;
  readonly meanPredicted: number;
  /** Sums of squares and products about the means. */
  readonly truth: number;
  readonly predicted: number;
  readonly product: number;
}

function moments(truth: Numbers, predicted: Numbers, weights?: Numbers): Moments {
  let [count, sumTruth, sumPredicted] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    count += weight;
    sumTruth += weight * truth[i]!;
    sumPredicted += weight * predicted[i]!;
  }
  const [meanTruth, meanPredicted] = [sumTruth / count, sumPredicted / count];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    const x = truth[i]! - meanTruth;
    const y = predicted[i]! - meanPredicted;
    xx += weight * x * x;
    yy += weight * y * y;
    xy += weight * x * y;
  }
  return { count, meanTruth, meanPredicted, truth: xx, predicted: yy, product: xy };
}

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : Number.NaN);

/** Mean of |predicted - true|, in the numbers' unit. */
export function meanAbsoluteError(truth: Numbers, predicted: Numbers, weights?: Numbers): number {
  return meanOf(truth, predicted, weights, Math.abs);
}

/** Square root of the mean squared error, in the numbers' unit. */
export function rootMeanSquaredError(truth: Numbers, predicted: Numbers, weights?: Numbers): number {
  return Math.sqrt(meanOf(truth, predicted, weights, (d) => d * d));
}

function meanOf(
  truth: Numbers,
  predicted: Numbers,
  weights: Numbers | undefined,
  of: (difference: number) => number,
): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < truth.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    sum += weight * of(predicted[i]! - truth[i]!);
    count += weight;
  }
  return ratio(sum, count);
}

/** Coefficient of determination, at most 1: 1 - squared error over the truth's spread. NaN where the truth is constant. */
export function rSquared(truth: Numbers, predicted: Numbers, weights?: Numbers): number {
  const { truth: spread, count } = moments(truth, predicted, weights);
  const error = meanOf(truth, predicted, weights, (d) => d * d) * count;
  return spread > 0 ? 1 - error / spread : Number.NaN;
}

/** Pearson's correlation, -1..1. NaN where either is constant. */
export function pearson(truth: Numbers, predicted: Numbers, weights?: Numbers): number {
  const m = moments(truth, predicted, weights);
  return m.truth > 0 && m.predicted > 0
    ? Math.min(1, Math.max(-1, m.product / Math.sqrt(m.truth * m.predicted)))
    : Number.NaN;
}

/** Indices in rising order of their values; sort once, and rank any weights by it. */
export function risingOrder(values: Numbers): Int32Array {
  return Int32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => values[a]! - values[b]! || a - b,
  );
}

/** Mean rank of each value, equal values sharing theirs. */
function weightedRanks(values: Numbers, order: Int32Array, weights?: Numbers): Float64Array {
  const ranks = new Float64Array(values.length);
  let before = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let weight = 0;
    while (end < order.length && values[order[end]!] === values[order[start]!]) {
      weight += weights === undefined ? 1 : weights[order[end]!]!;
      end++;
    }
    for (let place = start; place < end; place++) ranks[order[place]!] = before + (weight + 1) / 2;
    before += weight;
    start = end;
  }
  return ranks;
}

/** Spearman's rank correlation, -1..1: Pearson's of the mean ranks. Orders may be given where they are known. */
export function spearman(
  truth: Numbers,
  predicted: Numbers,
  weights?: Numbers,
  orders = { truth: risingOrder(truth), predicted: risingOrder(predicted) },
): number {
  return pearson(
    weightedRanks(truth, orders.truth, weights),
    weightedRanks(predicted, orders.predicted, weights),
    weights,
  );
}

/** Differences predicted - true after Bland and Altman (Lancet 1986): their mean, and the mean ± 1.96 deviations. */
export interface LimitsOfAgreement {
  readonly bias: number;
  readonly lower: number;
  readonly upper: number;
}

/** Bias and 95 % limits of agreement, in the numbers' unit; the deviation is that of a sample (n - 1). */
export function limitsOfAgreement(truth: Numbers, predicted: Numbers, weights?: Numbers): LimitsOfAgreement {
  const m = moments(truth, predicted, weights);
  const bias = m.meanPredicted - m.meanTruth;
  // The spread of a difference: both spreads less twice what they share.
  const spread = Math.max(0, m.truth + m.predicted - 2 * m.product);
  const reach = 1.96 * Math.sqrt(ratio(spread, m.count - 1));
  return { bias, lower: bias - reach, upper: bias + reach };
}

/**
 * Intraclass correlation ICC(A,1): absolute agreement of single measurements, two-way (McGraw and Wong, Psychological
 * Methods 1996, table 4), truth and prediction being the two measurements of a sample.
 */
export function intraclassCorrelation(truth: Numbers, predicted: Numbers, weights?: Numbers): number {
  const m = moments(truth, predicted, weights);
  const n = m.count;
  if (!(n > 1)) return Number.NaN;
  const rows = (m.truth + m.predicted + 2 * m.product) / 2 / (n - 1);
  const error = (m.truth + m.predicted - 2 * m.product) / 2 / (n - 1);
  const columns = (n * (m.meanTruth - m.meanPredicted) ** 2) / 2;
  return (rows - error) / (rows + error + (2 * (columns - error)) / n) || notANumber(m);
}

/** 0 is an answer, 0/0 is not. */
const notANumber = (m: Moments): number => (m.truth + m.predicted > 0 ? 0 : Number.NaN);

/** Concordance correlation (Lin, Biometrics 1989, eq. 1 with moments over n). */
export function concordance(truth: Numbers, predicted: Numbers, weights?: Numbers): number {
  const m = moments(truth, predicted, weights);
  const shift = m.count * (m.meanTruth - m.meanPredicted) ** 2;
  return ratio(2 * m.product, m.truth + m.predicted + shift);
}

/** Straight line of the truth on the prediction: perfectly calibrated numbers have slope 1 and intercept 0. */
export function calibrationLine(
  truth: Numbers,
  predicted: Numbers,
  weights?: Numbers,
): { readonly slope: number; readonly intercept: number } {
  const m = moments(truth, predicted, weights);
  const slope = ratio(m.product, m.predicted);
  return { slope, intercept: m.meanTruth - slope * m.meanPredicted };
}
