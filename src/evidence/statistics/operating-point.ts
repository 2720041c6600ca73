import { HounsfieldError } from '../../errors.ts';
import { rocCurve } from '../metrics/curves.ts';
import { rankScores } from '../metrics/ranking.ts';

/**
 * How a threshold is chosen: the largest sensitivity + specificity (Youden, 1950); the best specificity with at
 * least this sensitivity; or the best sensitivity with at least this specificity. Shares are 0..1.
 */
export type OperatingRule =
  | { readonly kind: 'youden' }
  | { readonly kind: 'sensitivity'; readonly atLeast: number }
  | { readonly kind: 'specificity'; readonly atLeast: number };

/** A threshold on one class's probability, and what it gave on the samples it was chosen on. */
export interface OperatingPoint {
  readonly rule: OperatingRule;
  /** A sample is called positive when its probability is ≥ this. */
  readonly threshold: number;
  readonly sensitivity: number;
  readonly specificity: number;
}

/**
 * Chooses a threshold; do it on validation samples and apply it, unchanged, to test samples. It lies midway
 * between two neighbouring scores, so that rounding on another machine does not turn a sample over.
 * Throws OPERATING_POINT_ONE_CLASS, OPERATING_POINT_RULE_INVALID.
 */
export function chooseOperatingPoint(
  scores: ArrayLike<number>,
  isPositive: ArrayLike<number | boolean>,
  options: { rule?: OperatingRule; weights?: ArrayLike<number> } = {},
): OperatingPoint {
  const rule = options.rule ?? { kind: 'youden' };
  if (rule.kind !== 'youden' && !(rule.atLeast >= 0 && rule.atLeast <= 1)) {
    throw new HounsfieldError(
      'OPERATING_POINT_RULE_INVALID',
      `the ${rule.kind} asked for is ${rule.atLeast}, expected 0..1. Give 90 % as 0.9.`,
    );
  }
  const curve = rocCurve(rankScores(scores, isPositive), options.weights);
  if (curve === undefined) {
    throw new HounsfieldError(
      'OPERATING_POINT_ONE_CLASS',
      `an operating point needs positive and negative samples, all ${scores.length} are of one kind. ` +
        'Choose it on a split that holds both.',
    );
  }
  const { falsePositiveRate, truePositiveRate, thresholds } = curve;
  const place = choose[rule.kind](truePositiveRate, falsePositiveRate, 'atLeast' in rule ? rule.atLeast : 0);
  return {
    rule,
    threshold: between(thresholds[place]!, thresholds[place + 1]),
    sensitivity: truePositiveRate[place]!,
    specificity: 1 - falsePositiveRate[place]!,
  };
}

const TOLERANCE = 1e-12;

/** Index of the chosen point of a ROC curve, whose rates rise from (0, 0) to (1, 1). */
const choose: Record<
  OperatingRule['kind'],
  (sensitivity: readonly number[], falseAlarms: readonly number[], atLeast: number) => number
> = {
  youden: (sensitivity, falseAlarms) => {
    let best = 0;
    for (let i = 1; i < sensitivity.length; i++) {
      const gain = sensitivity[i]! - falseAlarms[i]! - (sensitivity[best]! - falseAlarms[best]!);
      if (gain > TOLERANCE) best = i;
    }
    return best;
  },
  sensitivity: (sensitivity, _, atLeast) => sensitivity.findIndex((s) => s >= atLeast - TOLERANCE),
  specificity: (_, falseAlarms, atLeast) => falseAlarms.findLastIndex((f) => f <= 1 - atLeast + TOLERANCE),
};

/** Midway to the next lower score; above every score for point 0, the score itself for the lowest. */
function between(threshold: number | null, nextLower: number | null | undefined): number {
  if (threshold === null) return 1 + Number.EPSILON;
  return nextLower === undefined || nextLower === null ? threshold : (threshold + nextLower) / 2;
}
