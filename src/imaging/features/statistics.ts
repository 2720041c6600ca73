/** Intensity-based statistics (IBSI reference manual, section 3.3, UHIW) of the intensities in the intensity mask. */
import { type Computed, defineFeatures, featureValues, noValues } from './definition-list.ts';
import type { FeatureValue, Region } from './feature.ts';
import { countSorted, meanAbsoluteDeviation, percentile, robustPart } from './sorted-values.ts';

const INF = Number.POSITIVE_INFINITY;

export const STATISTICS = defineFeatures('stat', [
  ['mean', 'Q4LE', 'Mean intensity', 'u', -INF, INF],
  ['var', 'ECT3', 'Intensity variance', 'u2', 0, INF],
  ['skew', 'KE2A', 'Intensity skewness', '1', -INF, INF],
  ['kurt', 'IPH6', '(Excess) intensity kurtosis', '1', -2, INF],
  ['median', 'Y12H', 'Median intensity', 'u', -INF, INF],
  ['min', '1GSF', 'Minimum intensity', 'u', -INF, INF],
  ['p10', 'QG58', '10th intensity percentile', 'u', -INF, INF],
  ['p90', '8DWT', '90th intensity percentile', 'u', -INF, INF],
  ['max', '84IY', 'Maximum intensity', 'u', -INF, INF],
  ['iqr', 'SALO', 'Intensity interquartile range', 'u', 0, INF],
  ['range', '2OJQ', 'Intensity range', 'u', 0, INF],
  ['mad', '4FUA', 'Intensity-based mean absolute deviation', 'u', 0, INF],
  ['rmad', '1128', 'Intensity-based robust mean absolute deviation', 'u', 0, INF],
  ['medad', 'N72L', 'Intensity-based median absolute deviation', 'u', 0, INF],
  ['cov', '7TET', 'Intensity-based coefficient of variation', '1', -INF, INF],
  ['qcod', '9S40', 'Intensity-based quartile coefficient of dispersion', '1', -INF, INF],
  ['energy', 'N8CA', 'Intensity-based energy', 'u2', 0, INF],
  ['rms', '5ZWQ', 'Root mean square intensity', 'u', 0, INF],
]);

export const EMPTY_REGION = 'no voxel in the intensity mask';

/** The intensities in the intensity mask, in ascending order. */
export function sortedIntensities({ values, inside }: Pick<Region, 'values' | 'inside'>): Float64Array {
  let count = 0;
  for (let i = 0; i < inside.length; i++) count += inside[i]!;
  const kept = new Float64Array(count);
  for (let i = 0, at = 0; i < inside.length; i++) if (inside[i]) kept[at++] = values[i]!;
  return countSorted(kept);
}

/**
 * The 18 statistics of a region. Of one constant intensity skewness and kurtosis are 0, as the manual prescribes; what
 * would divide by zero is NaN with a remark.
 *
 * @param sorted from sortedIntensities, where it is there already
 */
export function statistics(
  region: Pick<Region, 'values' | 'inside'>,
  sorted: Float64Array = sortedIntensities(region),
): readonly FeatureValue[] {
  const count = sorted.length;
  if (count === 0) return noValues(STATISTICS, EMPTY_REGION);
  const { mean, variance, skewness, kurtosis, energy } = moments(sorted);
  const p = (fraction: number) => percentile(sorted, fraction);
  const [p25, p75, median] = [p(0.25), p(0.75), p(0.5)];
  const [min, max] = [sorted[0]!, sorted[count - 1]!];
  const constant = max === min;
  const prescribed: Computed = [0, 'constant region: 0 as the manual prescribes'];
  return featureValues(STATISTICS, {
    mean,
    var: variance,
    skew: constant ? prescribed : skewness,
    kurt: constant ? prescribed : kurtosis,
    median,
    min,
    p10: p(0.1),
    p90: p(0.9),
    max,
    iqr: p75 - p25,
    range: max - min,
    mad: meanAbsoluteDeviation(sorted, mean),
    rmad: robustPart(sorted, p(0.1), p(0.9)),
    medad: meanAbsoluteDeviation(sorted, median),
    cov: mean === 0 ? [Number.NaN, 'the mean is 0'] : Math.sqrt(variance) / mean,
    qcod: p75 + p25 === 0 ? [Number.NaN, 'the quartiles add up to 0'] : (p75 - p25) / (p75 + p25),
    energy,
    rms: Math.sqrt(energy / count),
  });
}

/** Mean, then central moments about it: two passes keep the digits of a small spread on a large mean. */
function moments(values: Float64Array) {
  const count = values.length;
  let sum = 0;
  let energy = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    sum += value;
    energy += value * value;
  }
  // of equal values the sum's rounding must not make a spread
  const mean = values[0] === values[count - 1] ? values[0]! : sum / count;
  let [second, third, fourth] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const away = values[i]! - mean;
    const square = away * away;
    second += square;
    third += square * away;
    fourth += square * square;
  }
  const variance = second / count;
  return {
    mean,
    energy,
    variance,
    skewness: third / count / variance ** 1.5,
    kurtosis: fourth / count / (variance * variance) - 3,
  };
}
