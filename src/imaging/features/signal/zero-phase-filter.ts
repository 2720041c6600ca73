/** One second-order section: b0 + b1 z^-1 + b2 z^-2 over 1 + a1 z^-1 + a2 z^-2. */
export interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

/**
 * Butterworth's filter of the second order by the bilinear transform with a prewarped corner, as scipy.signal.butter(2).
 *
 * @param cornerHz below half the sampling rate
 */
export function butterworth(kind: 'lowpass' | 'highpass', cornerHz: number, samplingRateHz: number): Biquad {
  const w = Math.tan((Math.PI * cornerHz) / samplingRateHz);
  const scale = 1 / (1 + Math.SQRT2 * w + w * w);
  const a = [2 * (w * w - 1) * scale, (1 - Math.SQRT2 * w + w * w) * scale] as const;
  const gain = kind === 'lowpass' ? w * w * scale : scale;
  return { b: [gain, kind === 'lowpass' ? 2 * gain : -2 * gain, gain], a };
}

/** One pass in place, begun as if the first sample had been there for ever. */
function pass(samples: Float64Array, { b, a }: Biquad, backwards: boolean): void {
  const { length } = samples;
  const [b0, b1, b2] = b;
  const [a1, a2] = a;
  const first = samples[backwards ? length - 1 : 0]!;
  const gain = (b0 + b1 + b2) / (1 + a1 + a2);
  let s1 = (gain - b0) * first;
  let s2 = (b2 - a2 * gain) * first;
  for (let k = 0; k < length; k++) {
    const i = backwards ? length - 1 - k : k;
    const x = samples[i]!;
    const y = b0 * x + s1;
    s1 = b1 * x - a1 * y + s2;
    s2 = b2 * x - a2 * y;
    samples[i] = y;
  }
}

/**
 * Filters forwards and backwards, so that nothing is moved in time; the ends are continued by their mirror about the end
 * point (odd), as scipy.signal.sosfiltfilt.
 *
 * @param samples finite
 * @param padding samples of continuation at each end; at most one less than there are samples
 */
export function zeroPhase(samples: Float64Array, sections: readonly Biquad[], padding: number): Float64Array {
  const { length } = samples;
  const extra = Math.max(0, Math.min(padding, length - 1));
  const padded = new Float64Array(length + 2 * extra);
  padded.set(samples, extra);
  for (let i = 1; i <= extra; i++) {
    padded[extra - i] = 2 * samples[0]! - samples[i]!;
    padded[extra + length - 1 + i] = 2 * samples[length - 1]! - samples[length - 1 - i]!;
  }
  for (const section of sections) pass(padded, section, false);
  for (const section of sections) pass(padded, section, true);
  return padded.slice(extra, extra + length);
}

/** Keeps what lies between two frequencies; a corner at or above half the sampling rate is left out. */
export function bandPass(
  samples: Float64Array,
  samplingRateHz: number,
  lowHz: number,
  highHz: number,
): Float64Array {
  const sections = [butterworth('highpass', lowHz, samplingRateHz)];
  if (highHz < 0.45 * samplingRateHz) sections.push(butterworth('lowpass', highHz, samplingRateHz));
  return zeroPhase(samples, sections, Math.round((3 * samplingRateHz) / lowHz));
}

/** Mean of the samples around each, fewer at the ends. @param width samples, made odd */
export function movingMean(samples: ArrayLike<number>, width: number): Float64Array {
  const half = Math.max(0, Math.floor(width / 2));
  const { length } = samples;
  const sums = new Float64Array(length + 1);
  for (let i = 0; i < length; i++) sums[i + 1] = sums[i]! + samples[i]!;
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const from = Math.max(0, i - half);
    const to = Math.min(length, i + half + 1);
    out[i] = (sums[to]! - sums[from]!) / (to - from);
  }
  return out;
}
