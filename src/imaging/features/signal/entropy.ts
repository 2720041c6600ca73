import { meanAndSd } from './time-statistics.ts';

/** Length of the compared stretches, their distance, and the tolerance as a part of the deviation unless given itself. */
export interface EntropyOptions {
  readonly dimension?: number;
  readonly delay?: number;
  /** In the samples' unit; 0.2 deviations where absent. */
  readonly tolerance?: number;
}

const toleranceOf = (samples: ArrayLike<number>, given: number | undefined): number =>
  given ?? 0.2 * meanAndSd(samples)[1];

/** Pairs of stretches of length m, and of those the ones that agree in the next sample too. */
interface Matches {
  readonly short: number;
  readonly long: number;
}

/** Pairs among the first `count` stretches whose greatest difference is within the tolerance. */
function matchingPairs(
  samples: Float64Array,
  count: number,
  dimension: number,
  delay: number,
  tolerance: number,
): Matches {
  // in the order of the first sample only neighbours can agree
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => samples[a]! - samples[b]!);
  const sorted = Float64Array.from(order, (i) => samples[i]!);
  const next = dimension * delay;
  let [short, long] = [0, 0];
  for (let k = 0; k < count; k++) {
    const i = order[k]!;
    const limit = sorted[k]! + tolerance;
    for (let other = k + 1; other < count && sorted[other]! <= limit; other++) {
      const j = order[other]!;
      let at = delay;
      while (at < next && Math.abs(samples[i + at]! - samples[j + at]!) <= tolerance) at += delay;
      if (at < next) continue;
      short++;
      if (Math.abs(samples[i + next]! - samples[j + next]!) <= tolerance) long++;
    }
  }
  return { short, long };
}

/**
 * Sample entropy (Richman and Moorman, Am. J. Physiol. 278, 2000): -ln of the share of agreeing stretches of length m that
 * also agree in the next sample. Infinite where none does, NaN where none of length m agree.
 */
export function sampleEntropy(samples: Float64Array, options: EntropyOptions = {}): number {
  const { dimension = 2, delay = 1 } = options;
  const count = samples.length - dimension * delay;
  if (count < 2) return Number.NaN;
  const tolerance = toleranceOf(samples, options.tolerance);
  const { short, long } = matchingPairs(samples, count, dimension, delay, tolerance);
  return short === 0 ? Number.NaN : -Math.log(long / short);
}

/** Mean of the logarithm of the share of stretches that agree with each, itself included. */
function meanLogShare(matches: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < matches.length; i++) sum += Math.log(matches[i]! / matches.length);
  return sum / matches.length;
}

/** Approximate entropy (Pincus, PNAS 88, 1991). */
export function approximateEntropy(samples: Float64Array, options: EntropyOptions = {}): number {
  const { dimension = 2, delay = 1 } = options;
  const next = dimension * delay;
  const [shorter, longer] = [samples.length - next + delay, samples.length - next];
  if (longer < 2) return Number.NaN;
  const tolerance = toleranceOf(samples, options.tolerance);
  const short = new Uint32Array(shorter).fill(1);
  const long = new Uint32Array(longer).fill(1);
  const order = Uint32Array.from({ length: shorter }, (_, i) => i).sort((a, b) => samples[a]! - samples[b]!);
  const sorted = Float64Array.from(order, (i) => samples[i]!);
  for (let k = 0; k < shorter; k++) {
    const i = order[k]!;
    const limit = sorted[k]! + tolerance;
    for (let other = k + 1; other < shorter && sorted[other]! <= limit; other++) {
      const j = order[other]!;
      let at = delay;
      while (at < next && Math.abs(samples[i + at]! - samples[j + at]!) <= tolerance) at += delay;
      if (at < next) continue;
      short[i]!++;
      short[j]!++;
      if (i >= longer || j >= longer || !(Math.abs(samples[i + next]! - samples[j + next]!) <= tolerance))
        continue;
      long[i]!++;
      long[j]!++;
    }
  }
  return Math.abs(meanLogShare(short) - meanLogShare(long));
}

/**
 * Permutation entropy (Bandt and Pompe, Phys. Rev. Lett. 88, 2002) of the order of `dimension` samples, as a part of the
 * greatest possible; of equal samples the earlier counts as less.
 *
 * @param dimension 2 to 8
 */
export function permutationEntropy(samples: Float64Array, dimension = 3, delay = 1): number {
  const count = samples.length - (dimension - 1) * delay;
  if (count < 1) return Number.NaN;
  const patterns = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    let pattern = 0;
    for (let a = 1; a < dimension; a++) {
      let rank = 0;
      for (let b = 0; b < a; b++) if (samples[i + b * delay]! > samples[i + a * delay]!) rank++;
      pattern = pattern * (a + 1) + rank;
    }
    patterns.set(pattern, (patterns.get(pattern) ?? 0) + 1);
  }
  let entropy = 0;
  for (const found of patterns.values()) entropy -= (found / count) * Math.log(found / count);
  let orders = 1;
  for (let k = 2; k <= dimension; k++) orders *= k;
  return entropy / Math.log(orders);
}

/** Means of stretches of `scale` samples, one after the other. */
export function coarseGrained(samples: Float64Array, scale: number): Float64Array {
  const out = new Float64Array(Math.floor(samples.length / scale));
  for (let i = 0, at = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < scale; k++, at++) sum += samples[at]!;
    out[i] = sum / scale;
  }
  return out;
}

/**
 * Sample entropy of the samples averaged over 1, 2 … scales neighbours, with the tolerance of the samples themselves (Costa,
 * Goldberger and Peng, Phys. Rev. Lett. 89, 2002).
 */
export function multiscaleEntropy(
  samples: Float64Array,
  scales: number,
  options: EntropyOptions = {},
): readonly number[] {
  const tolerance = toleranceOf(samples, options.tolerance);
  return Array.from({ length: scales }, (_, i) =>
    sampleEntropy(coarseGrained(samples, i + 1), { ...options, tolerance }),
  );
}

/** The area under the entropy of the scales divided by their number; scales without a finite value are left out. */
export function multiscaleIndex(entropies: readonly number[]): number {
  const finite = entropies.filter(Number.isFinite);
  let area = 0;
  for (let i = 1; i < finite.length; i++) area += (finite[i]! + finite[i - 1]!) / 2;
  return finite.length === 0 ? Number.NaN : area / finite.length;
}
