import { HounsfieldError } from '../../errors.ts';
import { studentQuantile, studentTwoSided } from './distributions.ts';

/** How many samples each fold tests, and how many it learns from. */
export interface FoldSizes {
  readonly test: readonly number[];
  readonly train: readonly number[];
}

/** A figure over folds. null: fewer than two folds have it. */
export interface FoldsFigure {
  readonly mean: number | null;
  /** 95 % by the corrected resampled t. */
  readonly low: number | null;
  readonly high: number | null;
  /** Standard deviation over folds, divisor n - 1. */
  readonly deviation: number | null;
  /** Folds that have the figure, and folds in all. */
  readonly folds: number;
  readonly of: number;
}

/** Two methods on the same folds: first minus second. */
export interface FoldsComparison extends FoldsFigure {
  readonly t: number | null;
  /** Two-sided. null where it is not defined; 0 variance gives 1 for equal and 0 for unequal means. */
  readonly p: number | null;
}

/**
 * Mean of a figure over folds with an interval that allows for folds sharing training samples: the variance of the mean is
 * (1/n + n2/n1) s^2 with n folds of n2 test and n1 training samples (Nadeau and Bengio, "Inference for the
 * generalization error", Machine Learning 52, 2003, section 4; n2/n1 is taken over all folds together where they differ),
 * and Student's t has n - 1 degrees. Folds without the figure (null) are left out and counted.
 *
 * @throws EVIDENCE_SIZE_MISMATCH
 */
export function foldsFigure(values: readonly (number | null)[], sizes: FoldSizes, level = 0.95): FoldsFigure {
  const { mean, error, deviation, folds } = summarise(values, sizes);
  const half = error === null ? null : studentQuantile((1 + level) / 2, folds - 1) * error;
  return {
    mean,
    low: half === null ? null : mean! - half,
    high: half === null ? null : mean! + half,
    deviation,
    folds,
    of: values.length,
  };
}

/**
 * Corrected resampled t-test of the differences between two methods fold by fold (Nadeau and Bengio, 2003).
 *
 * @param differences [folds] figure of the first minus that of the second; null where either has none
 * @throws EVIDENCE_SIZE_MISMATCH
 */
export function compareFolds(
  differences: readonly (number | null)[],
  sizes: FoldSizes,
  level = 0.95,
): FoldsComparison {
  const figure = foldsFigure(differences, sizes, level);
  const { mean, error, folds } = summarise(differences, sizes);
  if (error === null || mean === null) return { ...figure, t: null, p: null };
  if (error === 0) return { ...figure, t: mean === 0 ? 0 : null, p: mean === 0 ? 1 : 0 };
  const t = mean / error;
  return { ...figure, t, p: studentTwoSided(t, folds - 1) };
}

function summarise(values: readonly (number | null)[], { test, train }: FoldSizes) {
  if (test.length !== values.length || train.length !== values.length) {
    throw new HounsfieldError(
      'EVIDENCE_SIZE_MISMATCH',
      `${values.length} values, ${test.length} test and ${train.length} training sizes, expected one of each a fold. Pass all folds.`,
    );
  }
  const places = values.flatMap((value, i) => (value === null || !Number.isFinite(value) ? [] : [i]));
  const count = places.length;
  const sum = (of: (place: number) => number) => places.reduce((total, place) => total + of(place), 0);
  const mean = count === 0 ? null : sum((i) => values[i]!) / count;
  if (mean === null || count < 2) return { mean, error: null, deviation: null, folds: count };
  const variance = sum((i) => (values[i]! - mean) ** 2) / (count - 1);
  const ratio = sum((i) => test[i]!) / sum((i) => train[i]!);
  return {
    mean,
    error: Math.sqrt((1 / count + ratio) * variance),
    deviation: Math.sqrt(variance),
    folds: count,
  };
}
