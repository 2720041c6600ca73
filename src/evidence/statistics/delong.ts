import { HounsfieldError } from '../../errors.ts';
import { clusterBy } from './bootstrap.ts';
import { normalTwoSided, studentQuantile } from './distributions.ts';

/** Two scores of the same samples. */
export interface PairedScores {
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
  /** [N] 1 (or true) for the truly positive. */
  readonly isPositive: ArrayLike<number | boolean>;
  /** [N] whose sample it is. Left out: every sample is independent of the others. */
  readonly patients?: readonly string[];
}

/** Two areas under the ROC curve, side by side. */
export interface AreaComparison {
  readonly first: number;
  readonly second: number;
  /** First minus second, with its 95 % interval. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** [2][2] of the two areas. */
  readonly covariance: readonly (readonly [number, number])[];
  /** null where the difference has no variance. */
  readonly z: number | null;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Difference of two correlated areas under the ROC curve (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988), from
 * ranks in n log n (Sun and Xu, IEEE Signal Processing Letters 21, 2014, equations 5 to 9). With patients, each one's
 * samples count as a cluster (Obuchowski, Biometrics 53, 1997, equations 5 to 8); with one sample a patient that differs
 * from DeLong's only by nothing.
 *
 * @throws EVIDENCE_SIZE_MISMATCH, OPERATING_POINT_ONE_CLASS when fewer than two samples, or patients, of a kind are there
 */
export function compareAreas({ first, second, isPositive, patients }: PairedScores): AreaComparison {
  const count = isPositive.length;
  if (first.length !== count || second.length !== count || (patients && patients.length !== count)) {
    throw new HounsfieldError(
      'EVIDENCE_SIZE_MISMATCH',
      `${first.length} and ${second.length} scores for ${count} truths and ${patients?.length ?? count} patients, expected as ` +
        'many of each. Pass rows of the same samples in the same order.',
    );
  }
  const indices = Array.from({ length: count }, (_, i) => i);
  const positives = indices.filter((i) => Boolean(isPositive[i]!));
  const negatives = indices.filter((i) => !isPositive[i]!);
  const clusters = clusterBy(patients ?? indices.map(String)).index;
  const kinds = [positives, negatives].map((own) => new Set(own.map((i) => clusters[i]!)).size);
  if (Math.min(...kinds) < 2) {
    throw new HounsfieldError(
      'OPERATING_POINT_ONE_CLASS',
      `${kinds[0]} positive and ${kinds[1]} negative patients, expected two of each at least to compare areas. Give more samples.`,
    );
  }
  const components = [first, second].map((scores) => structuralComponents(scores, positives, negatives));
  const areas = components.map(({ v10 }) => mean(v10));
  const deviations = components.map(({ v10, v01 }, r) => ({
    a: sumsByCluster(v10, positives, clusters, areas[r]!),
    b: sumsByCluster(v01, negatives, clusters, areas[r]!),
  }));
  const every = new Set(clusters).size;
  const [m, n] = [positives.length, negatives.length];
  const covariance = [0, 1].map((r): readonly [number, number] => {
    const row = [0, 1].map((s) => {
      const [one, other] = [deviations[r]!, deviations[s]!];
      const s10 = (kinds[0]! / ((kinds[0]! - 1) * m)) * dot(one.a, other.a);
      const s01 = (kinds[1]! / ((kinds[1]! - 1) * n)) * dot(one.b, other.b);
      const s11 = (every / (every - 1)) * (dot(one.a, other.b) + dot(other.a, one.b));
      return s10 / m + s01 / n + s11 / (m * n);
    });
    return [row[0]!, row[1]!];
  });
  const difference = areas[0]! - areas[1]!;
  const variance = covariance[0]![0] + covariance[1]![1] - 2 * covariance[0]![1];
  const error = Math.sqrt(Math.max(0, variance));
  const certain = error < 1e-12;
  const half = certain ? 0 : NORMAL_95 * error;
  return {
    first: areas[0]!,
    second: areas[1]!,
    difference,
    low: difference - half,
    high: difference + half,
    covariance,
    z: certain ? null : difference / error,
    p: certain ? (Math.abs(difference) < 1e-12 ? 1 : 0) : normalTwoSided(difference / error),
  };
}

/** 97.5 % quantile of the normal. */
const NORMAL_95 = studentQuantile(0.975, 1e12);

/** Of each positive the share of negatives that score less, and of each negative the share of positives that score more. */
function structuralComponents(
  scores: ArrayLike<number>,
  positives: readonly number[],
  negatives: readonly number[],
): { readonly v10: Float64Array; readonly v01: Float64Array } {
  const own = (indices: readonly number[]) => midranks(indices.map((i) => scores[i]!));
  const all = midranks([...positives, ...negatives].map((i) => scores[i]!));
  const [among, others] = [own(positives), own(negatives)];
  const [m, n] = [positives.length, negatives.length];
  return {
    v10: Float64Array.from(positives, (_, i) => (all[i]! - among[i]!) / n),
    v01: Float64Array.from(negatives, (_, j) => 1 - (all[m + j]! - others[j]!) / m),
  };
}

/** Ranks from 1, equal values sharing the mean of theirs. */
function midranks(values: readonly number[]): Float64Array {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let k = start; k < end; k++) ranks[order[k]!] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

function sumsByCluster(
  components: Float64Array,
  indices: readonly number[],
  clusters: Int32Array,
  area: number,
): Float64Array {
  const sums = new Float64Array(clusters.length); // at most as many clusters as samples
  for (const [i, index] of indices.entries()) sums[clusters[index]!]! += components[i]! - area;
  return sums;
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
