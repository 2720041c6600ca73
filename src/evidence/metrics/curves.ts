import type { Ranking } from './ranking.ts';

/** A receiver operating characteristic; point 0 is (0, 0), where nothing is called positive. */
export interface RocCurve {
  readonly falsePositiveRate: number[];
  readonly truePositiveRate: number[];
  /** A sample is called positive when its score is ≥ the threshold; null for point 0. */
  readonly thresholds: (number | null)[];
}

/** Precision against recall, from the highest threshold to the lowest. */
export interface PrecisionRecallCurve {
  readonly recall: number[];
  readonly precision: number[];
  readonly thresholds: number[];
}

/** Cumulative weights at the end of each group of equal scores, highest score first. */
interface Sweep {
  readonly truePositives: number[];
  readonly falsePositives: number[];
  readonly thresholds: number[];
}

function sweep(ranking: Ranking, weights?: ArrayLike<number>): Sweep {
  const result: Sweep = { truePositives: [], falsePositives: [], thresholds: [] };
  let positives = 0;
  let negatives = 0;
  for (let place = 0; place < ranking.order.length; place++) {
    const weight = weights === undefined ? 1 : weights[ranking.order[place]!]!;
    if (ranking.positive[place] === 1) positives += weight;
    else negatives += weight;
    if (ranking.groupEnd[place] === 0) continue;
    result.truePositives.push(positives);
    result.falsePositives.push(negatives);
    result.thresholds.push(ranking.scores[place]!);
  }
  return result;
}

/** The ROC curve, or undefined when the positives or the negatives are missing. */
export function rocCurve(ranking: Ranking, weights?: ArrayLike<number>): RocCurve | undefined {
  const { truePositives, falsePositives, thresholds } = sweep(ranking, weights);
  const positives = truePositives.at(-1) ?? 0;
  const negatives = falsePositives.at(-1) ?? 0;
  if (positives === 0 || negatives === 0) return undefined;
  return {
    falsePositiveRate: [0, ...falsePositives.map((n) => n / negatives)],
    truePositiveRate: [0, ...truePositives.map((n) => n / positives)],
    thresholds: [null, ...thresholds],
  };
}

/** The precision-recall curve, or undefined when there is no positive. */
export function precisionRecallCurve(
  ranking: Ranking,
  weights?: ArrayLike<number>,
): PrecisionRecallCurve | undefined {
  const { truePositives, falsePositives, thresholds } = sweep(ranking, weights);
  const positives = truePositives.at(-1) ?? 0;
  if (positives === 0) return undefined;
  const seen = truePositives.map((_, i) => i).filter((i) => truePositives[i]! + falsePositives[i]! > 0);
  return {
    recall: seen.map((i) => truePositives[i]! / positives),
    precision: seen.map((i) => truePositives[i]! / (truePositives[i]! + falsePositives[i]!)),
    thresholds: seen.map((i) => thresholds[i]!),
  };
}

/**
 * At most `limit` (≥ 2) indices of a curve's points to draw: corners first (a point on the straight line between
 * its neighbours draws nothing), then evenly spaced. The first and the last point stay.
 */
export function thinnedIndices(x: readonly number[], y: readonly number[], limit = 400): number[] {
  const corners: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const inside = i > 0 && i + 1 < x.length;
    const turn = inside
      ? (x[i]! - x[i - 1]!) * (y[i + 1]! - y[i]!) - (y[i]! - y[i - 1]!) * (x[i + 1]! - x[i]!)
      : 1;
    if (Math.abs(turn) > 1e-12) corners.push(i);
  }
  if (corners.length <= limit) return corners;
  return Array.from(
    { length: limit },
    (_, i) => corners[Math.round((i * (corners.length - 1)) / (limit - 1))]!,
  );
}
