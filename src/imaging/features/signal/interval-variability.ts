import { approximateEntropy, sampleEntropy } from './entropy.ts';
import { detrendedFluctuation } from './fractal.ts';
import type { Intervals } from './intervals.ts';
import { allNone, finiteOr, type MeasuredSet, none } from './signal-feature.ts';
import { meanAndSd, quantileOf } from './time-statistics.ts';

/** Differences of intervals that follow each other in time. */
export function successiveDifferences({ ms, follows }: Intervals): Float64Array {
  const out: number[] = [];
  for (let i = 1; i < ms.length; i++) if (follows[i] === 1) out.push(ms[i]! - ms[i - 1]!);
  return Float64Array.from(out);
}

export const INTERVAL_TIME_NAMES = [
  'rate',
  'mean_nn',
  'sdnn',
  'rmssd',
  'sdsd',
  'cvnn',
  'cvsd',
  'median_nn',
  'mad_nn',
  'iqr_nn',
  'minimum_nn',
  'maximum_nn',
  'pnn20',
  'pnn50',
  'triangular_index',
] as const;

/** Median of the distances from the median, times 1.4826: the standard deviation of normal values. */
function scaledMad(sorted: Float64Array): number {
  const middle = quantileOf(sorted, 0.5);
  return 1.4826 * quantileOf(sorted.map((value) => Math.abs(value - middle)).sort(), 0.5);
}

/** Intervals by the height of their histogram with bins of 1/128 s (Task Force, Circulation 93, 1996). */
function triangularIndex(ms: Float64Array): number {
  const bins = new Map<number, number>();
  let most = 0;
  for (const value of ms) {
    const bin = Math.floor(value / (1000 / 128));
    const count = (bins.get(bin) ?? 0) + 1;
    bins.set(bin, count);
    most = Math.max(most, count);
  }
  return ms.length / most;
}

/** Variability in time (Task Force of the ESC and NASPE, Circulation 93, 1996): milliseconds, parts, and the rate a minute. */
export function intervalTimeStatistics(intervals: Intervals): MeasuredSet {
  const { ms } = intervals;
  if (ms.length < 3) return allNone(INTERVAL_TIME_NAMES, 'fewer than three intervals');
  const [mean, sd] = meanAndSd(ms);
  const sorted = ms.slice().sort();
  const differences = successiveDifferences(intervals);
  let [squares, above20, above50] = [0, 0, 0];
  for (const difference of differences) {
    squares += difference * difference;
    if (Math.abs(difference) > 20) above20++;
    if (Math.abs(difference) > 50) above50++;
  }
  const few = 'fewer than two intervals follow each other';
  const rmssd = Math.sqrt(squares / differences.length);
  const sdsd = differences.length > 1 ? meanAndSd(differences)[1] : Number.NaN;
  return {
    rate: { value: 60000 / mean },
    mean_nn: { value: mean },
    sdnn: { value: sd },
    rmssd: finiteOr(rmssd, few),
    sdsd: finiteOr(sdsd, few),
    cvnn: { value: sd / mean },
    cvsd: finiteOr(rmssd / mean, few),
    median_nn: { value: quantileOf(sorted, 0.5) },
    mad_nn: { value: scaledMad(sorted) },
    iqr_nn: { value: quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25) },
    minimum_nn: { value: sorted[0]! },
    maximum_nn: { value: sorted[sorted.length - 1]! },
    pnn20: { value: above20 / ms.length },
    pnn50: { value: above50 / ms.length },
    triangular_index: { value: triangularIndex(ms) },
  };
}

export const INTERVAL_NONLINEAR_NAMES = [
  'sd1',
  'sd2',
  'sd1_sd2',
  'sample_entropy_nn',
  'approximate_entropy_nn',
  'dfa_alpha1_nn',
] as const;

/** Windows of the short-term exponent (Peng et al., Chaos 5, 1995). */
const ALPHA1_LENGTHS = Array.from({ length: 13 }, (_, i) => i + 4);

/** Part of the intervals that may be left out before the rest is closed up. */
const MOST_DROPPED = 0.2;

/**
 * Poincaré's plot (Brennan et al., IEEE Trans. Biomed. Eng. 48, 2001: deviations of differences and sums of intervals that
 * follow each other, over the root of 2); entropies and DFA's short-term exponent of the intervals closed up where some
 * were left out.
 */
export function intervalNonlinearStatistics(intervals: Intervals): MeasuredSet {
  const { ms, follows, dropped } = intervals;
  const [across, along]: [number[], number[]] = [[], []];
  for (let i = 1; i < ms.length; i++) {
    if (follows[i] === 0) continue;
    across.push((ms[i - 1]! - ms[i]!) / Math.SQRT2);
    along.push((ms[i - 1]! + ms[i]!) / Math.SQRT2);
  }
  if (across.length < 9)
    return allNone(INTERVAL_NONLINEAR_NAMES, 'fewer than ten intervals follow each other');
  const [sd1, sd2] = [meanAndSd(across)[1], meanAndSd(along)[1]];
  const isBroken = dropped > MOST_DROPPED * (ms.length + dropped);
  const problem =
    ms.length < 30
      ? 'fewer than 30 intervals'
      : isBroken
        ? 'more than a fifth of the intervals were left out'
        : undefined;
  const unless = (make: () => number, remark: string) => (problem ? none(problem) : finiteOr(make(), remark));
  const noLike = 'no row of intervals has its like';
  return {
    sd1: { value: sd1 },
    sd2: { value: sd2 },
    sd1_sd2: finiteOr(sd1 / sd2, 'all intervals are equal'),
    sample_entropy_nn: unless(() => sampleEntropy(ms), noLike),
    approximate_entropy_nn: unless(() => approximateEntropy(ms), noLike),
    dfa_alpha1_nn: unless(() => detrendedFluctuation(ms, ALPHA1_LENGTHS), 'all intervals are equal'),
  };
}
