import { meanAndSd } from './time-statistics.ts';

/** Slope of the straight line of least squares. */
export function slopeOver(x: readonly number[], y: readonly number[]): number {
  const [meanX] = meanAndSd(x);
  const [meanY] = meanAndSd(y);
  let [xx, xy] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    xx += (x[i]! - meanX) ** 2;
    xy += (x[i]! - meanX) * (y[i]! - meanY);
  }
  return xy / xx;
}

/** Higuchi's fractal dimension, 1 to 2 (Physica D 31, 1988). @param most the greatest distance, k_max */
export function higuchiDimension(samples: Float64Array, most = 10): number {
  const count = samples.length;
  if (count < most + 2) return Number.NaN;
  const [logDistance, logLength]: [number[], number[]] = [[], []];
  for (let k = 1; k <= most; k++) {
    let sum = 0;
    for (let first = 0; first < k; first++) {
      let length = 0;
      for (let i = first + k; i < count; i += k) length += Math.abs(samples[i]! - samples[i - k]!);
      sum += (length * (count - 1)) / (Math.floor((count - first - 1) / k) * k) / k;
    }
    logDistance.push(Math.log(k));
    logLength.push(Math.log(sum / k));
  }
  return -slopeOver(logDistance, logLength);
}

/** Katz's fractal dimension (Comput. Biol. Med. 18, 1988), with distances along the values' axis alone. */
export function katzDimension(samples: Float64Array): number {
  let [length, reach] = [0, 0];
  for (let i = 1; i < samples.length; i++) {
    length += Math.abs(samples[i]! - samples[i - 1]!);
    reach = Math.max(reach, Math.abs(samples[i]! - samples[0]!));
  }
  const step = length / (samples.length - 1);
  return Math.log(length / step) / Math.log(reach / step);
}

/** Whole window lengths from 10 to a tenth of the samples, evenly in their logarithm, each once. */
export function windowLengths(samples: number, count: number): readonly number[] {
  const [low, high] = [Math.log(10), Math.log(Math.floor(samples / 10))];
  const lengths = Array.from({ length: count }, (_, i) =>
    Math.trunc(Math.exp(low + ((high - low) * i) / Math.max(1, count - 1)) * (1 + 1e-12)),
  );
  return [...new Set(lengths)].sort((a, b) => a - b);
}

/** Variance that is left in a window when its straight line of least squares is taken off. */
function detrendedVariance(profile: Float64Array, start: number, length: number): number {
  const middle = (length - 1) / 2;
  let mean = 0;
  for (let i = 0; i < length; i++) mean += profile[start + i]!;
  mean /= length;
  let [xy, yy] = [0, 0];
  for (let i = 0; i < length; i++) {
    const y = profile[start + i]! - mean;
    xy += (i - middle) * y;
    yy += y * y;
  }
  const xx = (length * (length * length - 1)) / 12;
  return Math.max(0, (yy - (xy * xy) / xx) / length);
}

/**
 * Exponent alpha of detrended fluctuation analysis (Peng et al., Phys. Rev. E 49, 1994): of the summed samples, windows that
 * overlap by half, straight lines taken off.
 *
 * @param lengths of the windows, at least 3 samples each and fewer than there are
 */
export function detrendedFluctuation(samples: Float64Array, lengths: readonly number[]): number {
  const usable = lengths.filter((length) => length >= 3 && length < samples.length);
  if (usable.length < 2) return Number.NaN;
  const [mean] = meanAndSd(samples);
  const profile = new Float64Array(samples.length);
  for (let i = 0, sum = 0; i < samples.length; i++) {
    sum += samples[i]! - mean;
    profile[i] = sum;
  }
  const [logLength, logFluctuation]: [number[], number[]] = [[], []];
  for (const length of usable) {
    let [sum, windows] = [0, 0];
    for (let start = 0; start < samples.length - length; start += Math.floor(length / 2)) {
      sum += detrendedVariance(profile, start, length);
      windows++;
    }
    if (!(sum > 0)) return Number.NaN;
    logLength.push(Math.log(length));
    logFluctuation.push(Math.log(Math.sqrt(sum / windows)));
  }
  return slopeOver(logLength, logFluctuation);
}

/** What rescaled range white noise of n samples has on average (Anis and Lloyd, Biometrika 63, 1976). */
function expectedRange(n: number): number {
  let sum = 0;
  for (let i = 1; i < n; i++) sum += Math.sqrt((n - i) / i);
  if (n > 340) return sum / Math.sqrt((n * Math.PI) / 2);
  // gamma((n - 1) / 2) / gamma(n / 2)
  let ratio = n % 2 === 0 ? Math.sqrt(Math.PI) : 2 / Math.sqrt(Math.PI);
  for (let k = n % 2 === 0 ? 2 : 3; k < n; k += 2) ratio *= (k - 1) / k;
  return (ratio / Math.sqrt(Math.PI)) * sum;
}

/** Mean of the rescaled ranges of the windows of a length; NaN where none varies. */
function rescaledRange(samples: Float64Array, length: number): number {
  let [sum, windows] = [0, 0];
  for (let start = 0; start + length <= samples.length; start += length) {
    const [mean, sd] = meanAndSd(samples.subarray(start, start + length));
    let [at, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = start; i < start + length; i++) {
      at += samples[i]! - mean;
      if (at < low) low = at;
      if (at > high) high = at;
    }
    if (high === low) continue;
    sum += (high - low) / sd;
    windows++;
  }
  return windows === 0 ? Number.NaN : sum / windows;
}

/** Hurst's exponent by the rescaled range, corrected by what white noise has (Annis and Lloyd; Peters): about 0.5 for noise. */
export function hurstExponent(samples: Float64Array, lengths: readonly number[]): number {
  const found = lengths
    .filter((length) => length >= 3 && length < samples.length)
    .map((length) => [length, rescaledRange(samples, length)] as const)
    .filter(([, range]) => Number.isFinite(range));
  if (found.length < 2) return Number.NaN;
  const x = found.map(([length]) => Math.log(length));
  const y = found.map(([length, range]) => Math.log(range) - Math.log(expectedRange(length)));
  return slopeOver(x, y) + 0.5;
}

/**
 * Lempel and Ziv's complexity (IEEE Trans. Inf. Theory 22, 1976; counted as Kaspar and Schuster, Phys. Rev. A 36, 1987) of
 * whether each sample is above the mean, times log2(n) / n: about 1 for noise.
 */
export function lempelZivComplexity(samples: Float64Array): number {
  const count = samples.length;
  if (count < 2) return Number.NaN;
  const [mean] = meanAndSd(samples);
  const symbols = Uint8Array.from(samples, (value) => (value > mean ? 1 : 0));
  let words = 1;
  let [start, at, length, longest] = [1, 0, 0, 0]; // the word begins at start, its copy at `at`
  for (;;) {
    if (start + length >= count) {
      words += 1;
      break;
    }
    if (symbols[at + length] === symbols[start + length]) {
      length++;
      continue;
    }
    longest = Math.max(longest, length);
    at++;
    length = 0;
    if (at < start) continue;
    words++;
    start += longest + 1;
    if (start >= count) break;
    [at, longest] = [0, 0];
  }
  return (words * Math.log2(count)) / count;
}
