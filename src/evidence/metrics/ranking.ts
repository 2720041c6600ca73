/**
 * Figures of a score's order: how well positives are ranked above negatives. The sort is done once; every
 * figure and every bootstrap replicate then walks the same order with its own weights.
 */

/** Samples in falling order of score, equal scores in one group. */
export interface Ranking {
  /** [N] indices of samples, highest score first. */
  readonly order: Int32Array;
  /** [N] 1 where the sample at this place is the last one of its group of equal scores. */
  readonly groupEnd: Uint8Array;
  /** [N] 1 where the sample at this place is truly positive. */
  readonly positive: Uint8Array;
  /** [N] the score at this place. */
  readonly scores: Float64Array;
}

/** Sorts samples by score; `isPositive` [N] holds 1 (or true) for the truly positive. */
export function rankScores(scores: ArrayLike<number>, isPositive: ArrayLike<number | boolean>): Ranking {
  const count = scores.length;
  const order = Int32Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => scores[b]! - scores[a]! || a - b);
  const groupEnd = new Uint8Array(count);
  const positive = new Uint8Array(count);
  const sorted = new Float64Array(count);
  for (let place = 0; place < count; place++) {
    const sample = order[place]!;
    positive[place] = Number(isPositive[sample]!);
    sorted[place] = scores[sample]!;
    groupEnd[place] = place + 1 === count || scores[order[place + 1]!] !== scores[sample] ? 1 : 0;
  }
  return { order, groupEnd, positive, scores: sorted };
}

/**
 * Area under the ROC curve, 0..1; equal scores count one half (trapezoids). NaN when the positives or the
 * negatives are missing. `weights` are by sample, not by place.
 */
export function areaUnderRoc(ranking: Ranking, weights?: ArrayLike<number>): number {
  const { order, groupEnd, positive } = ranking;
  let positives = 0;
  let negatives = 0;
  let groupPositives = 0;
  let groupNegatives = 0;
  let area = 0;
  for (let place = 0; place < order.length; place++) {
    const weight = weights === undefined ? 1 : weights[order[place]!]!;
    if (positive[place] === 1) groupPositives += weight;
    else groupNegatives += weight;
    if (groupEnd[place] === 0) continue;
    area += groupNegatives * (positives + groupPositives / 2);
    positives += groupPositives;
    negatives += groupNegatives;
    groupPositives = 0;
    groupNegatives = 0;
  }
  return positives > 0 && negatives > 0 ? area / (positives * negatives) : Number.NaN;
}

/**
 * Average precision, 0..1: sum over thresholds of precision × gain in recall, without interpolation. NaN when
 * there is no positive.
 */
export function averagePrecision(ranking: Ranking, weights?: ArrayLike<number>): number {
  const { order, groupEnd, positive } = ranking;
  let positives = 0;
  let seen = 0;
  let groupPositives = 0;
  let sum = 0;
  for (let place = 0; place < order.length; place++) {
    const weight = weights === undefined ? 1 : weights[order[place]!]!;
    seen += weight;
    if (positive[place] === 1) groupPositives += weight;
    if (groupEnd[place] === 0 || groupPositives === 0) continue;
    positives += groupPositives;
    sum += (groupPositives * positives) / seen;
    groupPositives = 0;
  }
  return positives > 0 ? sum / positives : Number.NaN;
}

/** ROC AUC of the positive class's score. */
export function rocAuc(
  scores: ArrayLike<number>,
  isPositive: ArrayLike<number | boolean>,
  weights?: ArrayLike<number>,
): number {
  return areaUnderRoc(rankScores(scores, isPositive), weights);
}

/** Mean over the classes of the one-against-rest ROC AUC. NaN when any class is absent or alone. */
export function rocAucMacro(
  probabilities: ArrayLike<number>, // [N, K]
  labels: ArrayLike<number>, // [N]
  classCount: number,
  weights?: ArrayLike<number>,
): number {
  return macroOfRankings(rankClasses(probabilities, labels, classCount), areaUnderRoc, weights);
}

/** Mean over the classes of the one-against-rest average precision. NaN when any class is absent. */
export function averagePrecisionMacro(
  probabilities: ArrayLike<number>, // [N, K]
  labels: ArrayLike<number>, // [N]
  classCount: number,
  weights?: ArrayLike<number>,
): number {
  return macroOfRankings(rankClasses(probabilities, labels, classCount), averagePrecision, weights);
}

/** One ranking per class, that class against the rest. */
export function rankClasses(
  probabilities: ArrayLike<number>, // [N, K]
  labels: ArrayLike<number>, // [N]
  classCount: number,
): Ranking[] {
  return Array.from({ length: classCount }, (_, k) =>
    rankScores(classScores(probabilities, classCount, k), classIndicator(labels, k)),
  );
}

/** Column `index` of probabilities [N, K]. */
export function classScores(
  probabilities: ArrayLike<number>,
  classCount: number,
  index: number,
): Float64Array {
  const count = probabilities.length / classCount;
  return Float64Array.from({ length: count }, (_, i) => probabilities[i * classCount + index]!);
}

/** 1 where the label is class `index`, else 0. */
export function classIndicator(labels: ArrayLike<number>, index: number): Uint8Array {
  return Uint8Array.from({ length: labels.length }, (_, i) => (labels[i] === index ? 1 : 0));
}

function macroOfRankings(
  rankings: readonly Ranking[],
  figure: (ranking: Ranking, weights?: ArrayLike<number>) => number,
  weights?: ArrayLike<number>,
): number {
  let sum = 0;
  for (const ranking of rankings) sum += figure(ranking, weights);
  return sum / rankings.length;
}
