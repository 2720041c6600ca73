/** Proper scoring rules and calibration: is a probability of 0.8 right eight times in ten? */

/** Equal width: bins cut 0..1 evenly. Equal mass: edges are the scores' own quantiles. */
export type Binning = 'equal-width' | 'equal-mass';

/**
 * -log of the true class's probability, per sample, in nats. Probabilities are first clipped to [e, 1 - e], e
 * the machine epsilon of the array's type (float32 1.2e-7, else 2.2e-16), so that a certain mistake is finite.
 */
export function logLosses(
  probabilities: ArrayLike<number>, // [N, K]
  labels: ArrayLike<number>, // [N]
  classCount: number,
): Float64Array {
  const epsilon = probabilities instanceof Float32Array ? 2 ** -23 : Number.EPSILON;
  return Float64Array.from({ length: labels.length }, (_, i) => {
    const p = probabilities[i * classCount + labels[i]!]!;
    return -Math.log(Math.min(1 - epsilon, Math.max(epsilon, p)));
  });
}

/**
 * Squared distance of the probabilities from the truth, per sample: for two classes the positive one's alone
 * (0..1), for more the sum over classes (0..2) (Brier, 1950).
 */
export function brierLosses(
  probabilities: ArrayLike<number>, // [N, K]
  labels: ArrayLike<number>, // [N]
  classCount: number,
): Float64Array {
  return Float64Array.from({ length: labels.length }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      sum += (probabilities[i * classCount + k]! - (labels[i] === k ? 1 : 0)) ** 2;
    }
    return classCount === 2 ? sum / 2 : sum;
  });
}

/** Weighted mean; NaN when the weights sum to zero. */
export function weightedMean(values: ArrayLike<number>, weights?: ArrayLike<number>): number {
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < values.length; i++) {
    const w = weights === undefined ? 1 : weights[i]!;
    sum += w * values[i]!;
    weight += w;
  }
  return weight > 0 ? sum / weight : Number.NaN;
}

/** Mean log-loss (cross-entropy) in nats. */
export function logLoss(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
  weights?: ArrayLike<number>,
): number {
  return weightedMean(logLosses(probabilities, labels, classCount), weights);
}

/** Mean Brier score: 0..1 for two classes, 0..2 for more. */
export function brierScore(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
  weights?: ArrayLike<number>,
): number {
  return weightedMean(brierLosses(probabilities, labels, classCount), weights);
}

/** Scores sorted into bins; bin b holds edges[b] < score ≤ edges[b + 1], the first one its lower edge too. */
export interface Bins {
  /** [B + 1] */
  readonly edges: Float64Array;
  /** [N] */
  readonly index: Int32Array;
}

/**
 * Sorts scores in 0..1 into `count` bins. Equal-mass edges are the quantiles of the scores (linear
 * interpolation); scores that repeat can leave a bin empty.
 */
export function binScores(scores: ArrayLike<number>, count: number, binning: Binning): Bins {
  const edges =
    binning === 'equal-width'
      ? Float64Array.from({ length: count + 1 }, (_, b) => b / count)
      : quantileEdges(scores, count);
  const index = Int32Array.from({ length: scores.length }, (_, i) => {
    let bin = 0;
    while (bin < count - 1 && scores[i]! > edges[bin + 1]!) bin++;
    return bin;
  });
  return { edges, index };
}

function quantileEdges(scores: ArrayLike<number>, count: number): Float64Array {
  const sorted = Float64Array.from(scores).sort();
  return Float64Array.from({ length: count + 1 }, (_, b) =>
    atPosition(sorted, (b * (sorted.length - 1)) / count),
  );
}

/** Quantile `q` in 0..1 of sorted values, linear between neighbours; NaN of nothing. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  return sorted.length === 0 ? Number.NaN : atPosition(sorted, q * (sorted.length - 1));
}

function atPosition(sorted: ArrayLike<number>, position: number): number {
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

/** Sums per bin, from which every calibration figure follows. */
export interface BinSums {
  /** [B] sum of weights. */
  readonly weight: Float64Array;
  /** [B] weighted sum of scores. */
  readonly score: Float64Array;
  /** [B] weighted sum of outcomes. */
  readonly outcome: Float64Array;
}

/** Adds up scores and outcomes (0 or 1) per bin. `into` is cleared and reused. */
export function sumBins(
  bins: Bins,
  scores: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  weights?: ArrayLike<number>,
  into?: BinSums,
): BinSums {
  const count = bins.edges.length - 1;
  const sums = into ?? {
    weight: new Float64Array(count),
    score: new Float64Array(count),
    outcome: new Float64Array(count),
  };
  for (const sum of [sums.weight, sums.score, sums.outcome]) sum.fill(0);
  for (let i = 0; i < scores.length; i++) {
    const bin = bins.index[i]!;
    const w = weights === undefined ? 1 : weights[i]!;
    sums.weight[bin]! += w;
    sums.score[bin]! += w * scores[i]!;
    sums.outcome[bin]! += w * outcomes[i]!;
  }
  return sums;
}

/** Weighted mean over the bins of |mean score - mean outcome|, 0..1; NaN of nothing. */
export function calibrationError(sums: BinSums): number {
  let gap = 0;
  let weight = 0;
  for (let b = 0; b < sums.weight.length; b++) {
    gap += Math.abs(sums.score[b]! - sums.outcome[b]!);
    weight += sums.weight[b]!;
  }
  return weight > 0 ? gap / weight : Number.NaN;
}

/** The top class's probability, and whether it was the true one: what ECE compares. */
export function topLabel(
  probabilities: ArrayLike<number>, // [N, K]
  labels: ArrayLike<number>, // [N]
  predicted: ArrayLike<number>, // [N]
  classCount: number,
): { confidence: Float64Array; correct: Uint8Array } {
  const count = labels.length;
  return {
    confidence: Float64Array.from(
      { length: count },
      (_, i) => probabilities[i * classCount + predicted[i]!]!,
    ),
    correct: Uint8Array.from({ length: count }, (_, i) => (predicted[i] === labels[i] ? 1 : 0)),
  };
}

/**
 * Expected calibration error of a score against 0/1 outcomes (Guo et al., "On calibration of modern neural
 * networks", 2017, eq. 3: there the score is the top class's probability and the outcome is being right).
 */
export function expectedCalibrationError(
  scores: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  options: { bins?: number; binning?: Binning; weights?: ArrayLike<number> } = {},
): number {
  const bins = binScores(scores, options.bins ?? 15, options.binning ?? 'equal-width');
  return calibrationError(sumBins(bins, scores, outcomes, options.weights));
}

/** One bin of a reliability curve. */
export interface ReliabilityBin {
  readonly lower: number;
  readonly upper: number;
  /** Sum of weights: the number of samples where none were given. */
  readonly count: number;
  readonly meanPredicted: number;
  readonly observed: number;
}

/** Mean predicted probability and observed share, per bin that holds anything. */
export function reliabilityCurve(
  scores: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  options: { bins?: number; binning?: Binning; weights?: ArrayLike<number> } = {},
): ReliabilityBin[] {
  const bins = binScores(scores, options.bins ?? 10, options.binning ?? 'equal-width');
  const sums = sumBins(bins, scores, outcomes, options.weights);
  return [...sums.weight.keys()]
    .filter((b) => sums.weight[b]! > 0)
    .map((b) => ({
      lower: bins.edges[b]!,
      upper: bins.edges[b + 1]!,
      count: sums.weight[b]!,
      meanPredicted: sums.score[b]! / sums.weight[b]!,
      observed: sums.outcome[b]! / sums.weight[b]!,
    }));
}
