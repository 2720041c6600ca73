import { RandomStream } from '../../random.ts';
import { quantileOfSorted } from '../metrics/probability.ts';

/** Samples gathered into the units that are drawn: all samples of a patient come and go together. */
export interface Clusters {
  /** Number of different patients. */
  readonly count: number;
  /** [N] which patient, 0..count-1, each sample belongs to. */
  readonly index: Int32Array;
}

/** Gathers samples by patient (or by whatever name the strings give). */
export function clusterBy(names: readonly string[]): Clusters {
  const seen = new Map<string, number>();
  const index = Int32Array.from(names, (name) => {
    const known = seen.get(name);
    if (known !== undefined) return known;
    seen.set(name, seen.size);
    return seen.size - 1;
  });
  return { count: seen.size, index };
}

/** An interval of replicates, and how many replicates had no value. */
export interface Interval {
  /** null when there is no interval to give. */
  readonly low: number | null;
  readonly high: number | null;
  /** Replicates without a value, for example because no sample of a class was drawn. */
  readonly undefinedReplicates: number;
}

/** What the bootstrap draws and how wide its intervals are. */
export interface BootstrapPlan {
  readonly replicates: number;
  readonly seed: number;
  /** Share of replicates inside the interval, 0..1. */
  readonly level: number;
}

/**
 * Cluster bootstrap (Davison and Hinkley, "Bootstrap methods and their application", 1997, section 3.8): each
 * replicate draws as many patients as there are, with replacement. Nothing is copied: `replicate` is called with
 * the number of times that each sample was drawn and writes its figures (NaN where undefined).
 * Returns the figures as [figures, replicates], row-major.
 */
export function bootstrap(
  clusters: Clusters,
  plan: BootstrapPlan,
  figureCount: number,
  replicate: (weights: Float64Array, figures: Float64Array) => void,
): Float64Array {
  const draws = new Float64Array(clusters.count);
  const weights = new Float64Array(clusters.index.length);
  const figures = new Float64Array(figureCount);
  const values = new Float64Array(figureCount * plan.replicates);
  for (let r = 0; r < plan.replicates; r++) {
    const random = new RandomStream({ seed: plan.seed, purpose: 'bootstrap', step: r });
    draws.fill(0);
    for (let c = 0; c < clusters.count; c++) draws[random.integer(clusters.count)]! += 1;
    for (let i = 0; i < weights.length; i++) weights[i] = draws[clusters.index[i]!]!;
    replicate(weights, figures);
    for (let f = 0; f < figureCount; f++) values[f * plan.replicates + r] = figures[f]!;
  }
  return values;
}

/**
 * Percentile interval of a figure's replicates. Undefined replicates are left out and counted; when more than
 * half are undefined there is no interval.
 */
export function percentileInterval(replicates: Float64Array, level = 0.95): Interval {
  const defined = replicates.filter((value) => !Number.isNaN(value)).sort();
  const undefinedReplicates = replicates.length - defined.length;
  if (defined.length === 0 || undefinedReplicates > replicates.length / 2) {
    return { low: null, high: null, undefinedReplicates };
  }
  return {
    low: quantileOfSorted(defined, (1 - level) / 2),
    high: quantileOfSorted(defined, (1 + level) / 2),
    undefinedReplicates,
  };
}
