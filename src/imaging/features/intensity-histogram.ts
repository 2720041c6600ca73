/** Intensity histogram features (IBSI reference manual, section 3.4, ZVCW) of the grey levels in the intensity mask. */
import { type Computed, defineFeatures, featureValues, noValues } from './definition-list.ts';
import type { DiscretizedRegion, FeatureValue } from './feature.ts';
import { EMPTY_REGION } from './statistics.ts';

const INF = Number.POSITIVE_INFINITY;

export const INTENSITY_HISTOGRAM = defineFeatures('ih', [
  ['mean', 'X6K6', 'Mean discretised intensity', '1', 1, INF],
  ['var', 'CH89', 'Discretised intensity variance', '1', 0, INF],
  ['skew', '88K1', 'Discretised intensity skewness', '1', -INF, INF],
  ['kurt', 'C3I7', '(Excess) discretised intensity kurtosis', '1', -2, INF],
  ['median', 'WIFQ', 'Median discretised intensity', '1', 1, INF],
  ['min', '1PR8', 'Minimum discretised intensity', '1', 1, INF],
  ['p10', 'GPMT', '10th discretised intensity percentile', '1', 1, INF],
  ['p90', 'OZ0C', '90th discretised intensity percentile', '1', 1, INF],
  ['max', '3NCY', 'Maximum discretised intensity', '1', 1, INF],
  ['mode', 'AMMC', 'Intensity histogram mode', '1', 1, INF],
  ['iqr', 'WR0O', 'Discretised intensity interquartile range', '1', 0, INF],
  ['range', '5Z3W', 'Discretised intensity range', '1', 0, INF],
  ['mad', 'D2ZX', 'Intensity histogram mean absolute deviation', '1', 0, INF],
  ['rmad', 'WRZB', 'Intensity histogram robust mean absolute deviation', '1', 0, INF],
  ['medad', '4RNL', 'Intensity histogram median absolute deviation', '1', 0, INF],
  ['cov', 'CWYJ', 'Intensity histogram coefficient of variation', '1', 0, INF],
  ['qcod', 'SLWD', 'Intensity histogram quartile coefficient of dispersion', '1', 0, 1],
  ['entropy', 'TLU2', 'Discretised intensity entropy', '1', 0, INF],
  ['uniformity', 'BJ5W', 'Discretised intensity uniformity', '1', 0, 1],
  ['max_grad', '12CE', 'Maximum histogram gradient', '1', -INF, INF],
  ['max_grad_gl', '8E6O', 'Maximum histogram gradient intensity', '1', 1, INF],
  ['min_grad', 'VQB3', 'Minimum histogram gradient', '1', -INF, INF],
  ['min_grad_gl', 'RHQZ', 'Minimum histogram gradient intensity', '1', 1, INF],
]);

const ONE_BIN = 'a histogram of one bin has no gradient';

/** How many voxels each grey level 1 .. count has; level i at i - 1. */
export function levelCounts({ levels, count }: DiscretizedRegion): Float64Array {
  const counts = new Float64Array(count);
  for (let i = 0; i < levels.length; i++) if (levels[i]! > 0) counts[levels[i]! - 1]!++;
  return counts;
}

/**
 * The 23 features of a region's histogram. Of one grey level skewness and kurtosis are 0, as the manual prescribes, and a
 * histogram of a single bin has no gradient: NaN with a remark.
 */
export function intensityHistogram(region: DiscretizedRegion): readonly FeatureValue[] {
  const counts = levelCounts(region);
  const voxels = counts.reduce((sum, n) => sum + n, 0);
  if (voxels === 0) return noValues(INTENSITY_HISTOGRAM, EMPTY_REGION);
  const { mean, variance, skewness, kurtosis, entropy, uniformity } = shapeOf(counts, voxels);
  const min = counts.findIndex((n) => n > 0) + 1;
  const max = counts.findLastIndex((n) => n > 0) + 1;
  const p = (fraction: number) => levelPercentile(counts, voxels, fraction);
  const [p10, p25, median, p75, p90] = [p(0.1), p(0.25), p(0.5), p(0.75), p(0.9)];
  const constant = min === max;
  const prescribed: Computed = [0, 'constant region: 0 as the manual prescribes'];
  return featureValues(INTENSITY_HISTOGRAM, {
    mean,
    var: variance,
    skew: constant ? prescribed : skewness,
    kurt: constant ? prescribed : kurtosis,
    median,
    min,
    p10,
    p90,
    max,
    mode: modeOf(counts, mean),
    iqr: p75 - p25,
    range: max - min,
    mad: deviation(counts, mean, 1, counts.length),
    rmad: robustDeviation(counts, p10, p90),
    medad: deviation(counts, median, 1, counts.length),
    cov: Math.sqrt(variance) / mean,
    qcod: (p75 - p25) / (p75 + p25),
    entropy,
    uniformity,
    ...gradients(counts),
  });
}

function shapeOf(counts: Float64Array, voxels: number) {
  let [mean, entropy, uniformity] = [0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    const share = counts[i]! / voxels;
    mean += (i + 1) * share;
    uniformity += share * share;
    if (share > 0) entropy -= share * Math.log2(share);
  }
  let [variance, third, fourth] = [0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    const away = i + 1 - mean;
    const part = (counts[i]! / voxels) * away * away;
    variance += part;
    third += part * away;
    fourth += part * away * away;
  }
  const skewness = third / variance ** 1.5;
  const kurtosis = fourth / (variance * variance) - 3;
  return { mean, variance, skewness, kurtosis, entropy, uniformity };
}

/** The percentile of the voxels' levels, interpolated linearly between two voxels. */
function levelPercentile(counts: Float64Array, voxels: number, fraction: number): number {
  const place = fraction * (voxels - 1);
  const below = Math.floor(place);
  const low = levelOfRank(counts, below);
  const high = levelOfRank(counts, Math.min(below + 1, voxels - 1));
  return low + (high - low) * (place - below);
}

function levelOfRank(counts: Float64Array, rank: number): number {
  let level = 0;
  for (let below = counts[0]!; below <= rank; below += counts[level]!) level++;
  return level + 1;
}

/** The level of most voxels; of several the one nearest to the mean, and of two as near the lower. */
function modeOf(counts: Float64Array, mean: number): number {
  let best = 0;
  for (let i = 1; i < counts.length; i++) {
    const [more, less] = [counts[i]! > counts[best]!, counts[i]! < counts[best]!];
    if (more || (!less && Math.abs(i + 1 - mean) < Math.abs(best + 1 - mean))) best = i;
  }
  return best + 1;
}

function deviation(counts: Float64Array, centre: number, from: number, to: number): number {
  let [sum, voxels] = [0, 0];
  for (let level = from; level <= to; level++) {
    sum += counts[level - 1]! * Math.abs(level - centre);
    voxels += counts[level - 1]!;
  }
  return sum / voxels;
}

function robustDeviation(counts: Float64Array, p10: number, p90: number): Computed {
  const [from, to] = [Math.ceil(p10), Math.floor(p90)];
  let [sum, voxels] = [0, 0];
  for (let level = from; level <= to; level++) {
    sum += counts[level - 1]! * level;
    voxels += counts[level - 1]!;
  }
  if (voxels === 0) return [Number.NaN, 'no level lies between the 10th and the 90th percentile'];
  return deviation(counts, sum / voxels, from, to);
}

function gradients(counts: Float64Array): Record<`${'max' | 'min'}_grad${'' | '_gl'}`, Computed> {
  const last = counts.length - 1;
  if (last === 0) {
    const none: Computed = [Number.NaN, ONE_BIN];
    return { max_grad: none, max_grad_gl: none, min_grad: none, min_grad_gl: none };
  }
  const slope = (i: number): number => {
    if (i === 0) return counts[1]! - counts[0]!;
    return i === last ? counts[last]! - counts[last - 1]! : (counts[i + 1]! - counts[i - 1]!) / 2;
  };
  let [steepest, lowest] = [0, 0];
  for (let i = 1; i <= last; i++) {
    if (slope(i) > slope(steepest)) steepest = i;
    if (slope(i) < slope(lowest)) lowest = i;
  }
  return {
    max_grad: slope(steepest),
    max_grad_gl: steepest + 1,
    min_grad: slope(lowest),
    min_grad_gl: lowest + 1,
  };
}
