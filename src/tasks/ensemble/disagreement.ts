import type { TargetKind } from '../dataset/dataset.ts';

/** How far members of an ensemble are from one another. */
export interface Disagreement {
  /** Of the mean of the members' probabilities, in nats: how uncertain the answer is. Not of numbers. */
  readonly entropy?: number;
  /** The part of the entropy that is the members' disagreement, in nats: it vanishes where all say the same. */
  readonly mutualInformation?: number;
  /** Weighted standard deviation between the members, of each label or number. */
  readonly deviation: Readonly<Record<string, number>>;
}

const term = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);
const entropies: Readonly<Record<Exclude<TargetKind, 'value'>, (row: ArrayLike<number>) => number>> = {
  class: (row) => Array.from(row, term).reduce((sum, one) => sum + one, 0),
  grade: (row) => entropies.class(row),
  /** Of labels that are each yes or no, added up. */
  labels: (row) => Array.from(row, (p) => term(p) + term(1 - p)).reduce((sum, one) => sum + one, 0),
};

/**
 * Predictive entropy and mutual information of an ensemble: H(mean p) and H(mean p) - mean H(p) (Houlsby et al., "Bayesian
 * active learning for classification and preference learning", 2011, eq. 2; Lakshminarayanan et al., NeurIPS 2017).
 *
 * @param members [M][K] each one's probabilities or values
 * @param weights [M], adding up to 1
 */
export function disagreement(
  target: TargetKind,
  members: readonly ArrayLike<number>[],
  weights: readonly number[],
  labels: readonly string[],
): Disagreement {
  const over = (read: (member: ArrayLike<number>) => number) =>
    members.reduce((sum, member, m) => sum + weights[m]! * read(member), 0);
  const mean = labels.map((_, k) => over((member) => member[k]!));
  const deviation = Object.fromEntries(
    labels.map((label, k) => [label, Math.sqrt(over((member) => (member[k]! - mean[k]!) ** 2))]),
  );
  if (target === 'value') return { deviation };
  const entropy = entropies[target](mean);
  // Rounding may leave a hair below zero where all agree.
  const mutualInformation = Math.max(0, entropy - over(entropies[target]));
  return { entropy, mutualInformation, deviation };
}
