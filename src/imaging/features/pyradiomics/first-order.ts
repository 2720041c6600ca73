import { countSorted, percentile } from '../sorted-values.ts';

/** First-order features of pyradiomics 3.0.1 by its names, in its order. */
export const FIRST_ORDER_NAMES = [
  '10Percentile',
  '90Percentile',
  'Energy',
  'Entropy',
  'InterquartileRange',
  'Kurtosis',
  'Maximum',
  'MeanAbsoluteDeviation',
  'Mean',
  'Median',
  'Minimum',
  'Range',
  'RobustMeanAbsoluteDeviation',
  'RootMeanSquared',
  'Skewness',
  'TotalEnergy',
  'Uniformity',
  'Variance',
] as const;
export type FirstOrderName = (typeof FIRST_ORDER_NAMES)[number];

/**
 * @param values of the region; sorted in place
 * @param levels the same, binned
 * @param voxelMm3 volume of a voxel
 */
export function firstOrder(
  values: Float64Array,
  levels: Uint16Array,
  highest: number,
  shift: number,
  voxelMm3: number,
): Readonly<Record<FirstOrderName, number>> {
  const count = values.length;
  const histogram = histogramOf(levels, highest);
  const sorted = countSorted(values);
  const [tenth, ninetieth] = [percentile(sorted, 0.1), percentile(sorted, 0.9)];
  const sums = momentSums(sorted, shift);
  const { mean, second, third, fourth } = sums;
  return {
    '10Percentile': tenth,
    '90Percentile': ninetieth,
    Energy: sums.energy,
    Entropy: histogram.entropy,
    InterquartileRange: percentile(sorted, 0.75) - percentile(sorted, 0.25),
    Kurtosis: second === 0 ? 0 : fourth / (second * second),
    Maximum: sorted[count - 1]!,
    MeanAbsoluteDeviation: sums.absolute,
    Mean: mean,
    Median: percentile(sorted, 0.5),
    Minimum: sorted[0]!,
    Range: sorted[count - 1]! - sorted[0]!,
    RobustMeanAbsoluteDeviation: robustDeviation(sorted, tenth, ninetieth),
    RootMeanSquared: Math.sqrt(sums.energy / count),
    Skewness: second === 0 ? 0 : third / second ** 1.5,
    TotalEnergy: sums.energy * voxelMm3,
    Uniformity: histogram.uniformity,
    Variance: second,
  };
}

function momentSums(values: Float64Array, shift: number) {
  const count = values.length;
  let [mean, energy] = [0, 0];
  for (let n = 0; n < count; n++) {
    const value = values[n]!;
    mean += value;
    energy += (value + shift) * (value + shift);
  }
  mean /= count;
  let [absolute, second, third, fourth] = [0, 0, 0, 0];
  for (let n = 0; n < count; n++) {
    const from = values[n]! - mean;
    const squared = from * from;
    absolute += from < 0 ? -from : from;
    second += squared;
    third += squared * from;
    fourth += squared * squared;
  }
  return {
    mean,
    energy,
    absolute: absolute / count,
    second: second / count,
    third: third / count,
    fourth: fourth / count,
  };
}

function robustDeviation(sorted: Float64Array, low: number, high: number): number {
  let from = 0;
  while (sorted[from]! < low) from++;
  let to = sorted.length;
  while (to > from && sorted[to - 1]! > high) to--;
  let [mean, sum] = [0, 0];
  for (let n = from; n < to; n++) mean += sorted[n]!;
  mean /= to - from;
  for (let n = from; n < to; n++) sum += Math.abs(sorted[n]! - mean);
  return sum / (to - from);
}

function histogramOf(levels: Uint16Array, highest: number) {
  const counts = new Float64Array(highest + 1);
  for (let n = 0; n < levels.length; n++) counts[levels[n]!] = counts[levels[n]!]! + 1;
  let [entropy, uniformity] = [0, 0];
  for (const count of counts) {
    if (count === 0) continue;
    const p = count / levels.length;
    entropy -= p * Math.log2(p);
    uniformity += p * p;
  }
  return { entropy, uniformity };
}
