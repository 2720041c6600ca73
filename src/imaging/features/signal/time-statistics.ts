import { ANY, allNone, finiteOr, type MeasuredSet, POSITIVE, type SignalFeature } from './signal-feature.ts';

const PERCENTILES = [5, 25, 50, 75, 95] as const;

export const TIME_FEATURES: readonly SignalFeature[] = [
  { name: 'mean', unit: 'u', range: ANY },
  { name: 'sd', unit: 'u', range: POSITIVE },
  { name: 'rms', unit: 'u', range: POSITIVE },
  { name: 'minimum', unit: 'u', range: ANY },
  { name: 'maximum', unit: 'u', range: ANY },
  { name: 'peak_to_peak', unit: 'u', range: POSITIVE },
  { name: 'skewness', unit: '1', range: ANY },
  { name: 'kurtosis', unit: '1', range: [-2, Number.POSITIVE_INFINITY] },
  ...PERCENTILES.map((p): SignalFeature => ({ name: `percentile_${p}`, unit: 'u', range: ANY })),
  { name: 'mean_absolute', unit: 'u', range: POSITIVE },
  { name: 'zero_crossing_rate', unit: 'Hz', range: POSITIVE },
  { name: 'mean_crossing_rate', unit: 'Hz', range: POSITIVE },
  { name: 'line_length', unit: 'u/s', range: POSITIVE },
  { name: 'slope', unit: 'u/s', range: ANY },
  { name: 'hjorth_activity', unit: 'u2', range: POSITIVE },
  { name: 'hjorth_mobility', unit: '1', range: POSITIVE },
  { name: 'hjorth_complexity', unit: '1', range: POSITIVE },
  { name: 'missing', unit: '1', range: [0, 1] },
];

/** Linear between the nearest two of sorted values. @param q 0 to 1 */
export function quantileOf(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return a + (b - a) * (at - low);
}

/** Mean and standard deviation (n - degrees of freedom in the divisor) of finite values. */
export function meanAndSd(values: ArrayLike<number>, freedom = 1): readonly [mean: number, sd: number] {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return [mean, Math.sqrt(squares / (values.length - freedom))];
}

/** Variance of the population. */
function varianceOf(values: ArrayLike<number>): number {
  return meanAndSd(values, 0)[1] ** 2;
}

/** Differences of neighbours that are both there. */
export function differencesOf(samples: ArrayLike<number>): Float64Array {
  const out = new Float64Array(Math.max(0, samples.length - 1));
  let count = 0;
  for (let i = 1; i < samples.length; i++) {
    const difference = samples[i]! - samples[i - 1]!;
    if (Number.isFinite(difference)) out[count++] = difference;
  }
  return out.subarray(0, count);
}

/** Changes of sign between neighbours; a zero has the sign of the sample before it. */
function crossings(samples: Float64Array, level: number): number {
  let [count, sign] = [0, 0];
  for (let i = 0; i < samples.length; i++) {
    if (!Number.isFinite(samples[i]!)) {
      sign = 0;
      continue;
    }
    const here = Math.sign(samples[i]! - level);
    if (here === 0) continue;
    if (sign !== 0 && here !== sign) count++;
    sign = here;
  }
  return count;
}

/** Slope of the straight line of least squares, a sample; over the samples that are there. */
function slopeOf(samples: Float64Array): number {
  let [count, sumX, sumY] = [0, 0, 0];
  for (let i = 0; i < samples.length; i++) {
    if (!Number.isFinite(samples[i]!)) continue;
    count++;
    sumX += i;
    sumY += samples[i]!;
  }
  const [meanX, meanY] = [sumX / count, sumY / count];
  let [xx, xy] = [0, 0];
  for (let i = 0; i < samples.length; i++) {
    if (!Number.isFinite(samples[i]!)) continue;
    xx += (i - meanX) ** 2;
    xy += (i - meanX) * (samples[i]! - meanY);
  }
  return xy / xx;
}

/** Second differences of three neighbours that are all there. */
function secondDifferences(samples: Float64Array): Float64Array {
  const first = new Float64Array(Math.max(0, samples.length - 1));
  for (let i = 0; i < first.length; i++) first[i] = samples[i + 1]! - samples[i]!;
  return differencesOf(first);
}

/**
 * Statistics of a stretch in time. Moments without correction for bias (excess kurtosis); Hjorth, Electroencephalogr. Clin.
 * Neurophysiol. 29, 1970. Missing samples (NaN) are left out, differences across them too.
 *
 * @returns a value for each of TIME_FEATURES
 */
export function timeStatistics(samples: Float64Array, samplingRateHz: number): MeasuredSet {
  const names = TIME_FEATURES.map(({ name }) => name);
  const values = samples.filter(Number.isFinite);
  const missing = { value: samples.length === 0 ? 1 : 1 - values.length / samples.length };
  if (values.length < 4) {
    return { ...allNone(names, 'fewer than four samples'), missing };
  }
  const [mean, sd] = meanAndSd(values);
  let [squares, cubes, fourths, square, absolute] = [0, 0, 0, 0, 0];
  for (const value of values) {
    const d = value - mean;
    squares += d * d;
    cubes += d * d * d;
    fourths += d * d * d * d;
    square += value * value;
    absolute += Math.abs(value);
  }
  const count = values.length;
  const variance = squares / count;
  const isConstant = values.every((value) => value === values[0]);
  const ofShape = (value: number) => finiteOr(isConstant ? Number.NaN : value, 'all samples are equal');
  const sorted = values.slice().sort();
  const first = differencesOf(samples);
  const mobility = Math.sqrt(varianceOf(first) / variance);
  const secondMobility = Math.sqrt(varianceOf(secondDifferences(samples)) / varianceOf(first));
  const seconds = samples.length / samplingRateHz;
  let length = 0;
  for (const difference of first) length += Math.abs(difference);
  const [lowest, highest] = [sorted[0]!, sorted[count - 1]!];
  const percentiles = PERCENTILES.map((p) => [`percentile_${p}`, { value: quantileOf(sorted, p / 100) }]);
  return {
    mean: { value: mean },
    sd: { value: sd },
    rms: { value: Math.sqrt(square / count) },
    minimum: { value: lowest },
    maximum: { value: highest },
    peak_to_peak: { value: highest - lowest },
    skewness: ofShape(cubes / count / variance ** 1.5),
    kurtosis: ofShape(fourths / count / variance ** 2 - 3),
    ...Object.fromEntries(percentiles),
    mean_absolute: { value: absolute / count },
    zero_crossing_rate: { value: crossings(samples, 0) / seconds },
    mean_crossing_rate: { value: crossings(samples, mean) / seconds },
    line_length: { value: length / seconds },
    slope: { value: slopeOf(samples) * samplingRateHz },
    hjorth_activity: { value: variance },
    hjorth_mobility: ofShape(mobility),
    hjorth_complexity: finiteOr(secondMobility / mobility, 'all samples or all differences are equal'),
    missing,
  };
}
