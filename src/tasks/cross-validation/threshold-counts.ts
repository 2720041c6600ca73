import {
  type BinaryCounts,
  negativePredictiveValue,
  precision,
  recall,
  specificity,
} from '../../evidence/metrics/confusion.ts';

/** Counts of yes and no against the truth, and shares of them; NaN where there is none to share. */
export function binaryCounts(
  rows: readonly { readonly truth: boolean; readonly called: boolean }[],
  weights?: Float64Array,
) {
  const cells = [0, 0, 0, 0];
  for (const [i, { truth, called }] of rows.entries()) {
    cells[2 * Number(truth) + Number(called)]! += weights ? weights[i]! : 1;
  }
  const counts: BinaryCounts = {
    trueNegatives: cells[0]!,
    falsePositives: cells[1]!,
    falseNegatives: cells[2]!,
    truePositives: cells[3]!,
  };
  return {
    counts,
    figures: {
      sensitivity: recall(counts),
      specificity: specificity(counts),
      positivePredictiveValue: precision(counts),
      negativePredictiveValue: negativePredictiveValue(counts),
    },
  };
}
