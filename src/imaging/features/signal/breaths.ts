import { requireRate } from './beats.ts';
import { fillAllGaps } from './missing-samples.ts';
import { quantileOf } from './time-statistics.ts';
import { bandPass } from './zero-phase-filter.ts';

/** Parts of the usual amplitude that a breath must have, and its least duration. */
const LEAST_AMPLITUDE = 0.3;
const LEAST_INTERVAL_S = 0.8;

/** Highest and lowest points in turn, between the crossings of zero. */
function extremesOf(filtered: Float64Array): number[] {
  const extremes: number[] = [];
  let [sign, best] = [0, 0];
  for (let i = 0; i < filtered.length; i++) {
    const here = Math.sign(filtered[i]!);
    if (here !== 0 && here !== sign) {
      if (sign !== 0) extremes.push(best);
      [sign, best] = [here, i];
    } else if (here !== 0 && Math.abs(filtered[i]!) > Math.abs(filtered[best]!)) best = i;
  }
  return extremes.slice(1); // the first half wave may be cut
}

/** Takes away the smallest to and fro until all that are left are large enough, keeping highs and lows in turn. */
function withoutSmall(extremes: readonly number[], filtered: Float64Array, least: number): number[] {
  const left = [...extremes];
  const size = (i: number) => Math.abs(filtered[left[i + 1]!]! - filtered[left[i]!]!);
  for (;;) {
    let smallest = -1;
    for (let i = 0; i + 1 < left.length; i++) if (smallest < 0 || size(i) < size(smallest)) smallest = i;
    if (smallest < 0 || size(smallest) >= least) return left;
    left.splice(
      smallest === left.length - 2 ? smallest + 1 : smallest,
      smallest === 0 || smallest === left.length - 2 ? 1 : 2,
    );
  }
}

/**
 * Finds the breaths of a respiration curve (after Khodadad et al., Physiol. Meas. 39, 2018: highs and lows between crossings
 * of zero, small ones left out).
 *
 * @param samples NaN where missing: no breath is reported there
 * @returns indices of the peaks (ends of inspiration where the curve rises with it), rising
 * @throws SIGNAL_RATE below 4 Hz
 */
export function detectBreaths(samples: Float64Array, samplingRateHz: number): readonly number[] {
  requireRate(samplingRateHz, 4, 'breaths');
  if (samples.length < 4 * samplingRateHz) return [];
  const filtered = bandPass(fillAllGaps(samples), samplingRateHz, 0.05, 1);
  const extremes = extremesOf(filtered);
  if (extremes.length < 2) return [];
  const sizes = Float64Array.from(extremes.slice(1), (at, i) =>
    Math.abs(filtered[at]! - filtered[extremes[i]!]!),
  );
  const least = LEAST_AMPLITUDE * quantileOf(sizes.sort(), 0.5);
  const peaks = withoutSmall(extremes, filtered, least).filter((at) => filtered[at]! > 0);
  const out: number[] = [];
  for (const at of peaks) {
    if (!Number.isFinite(samples[at]!)) continue;
    const last = out[out.length - 1];
    if (last === undefined || at - last >= LEAST_INTERVAL_S * samplingRateHz) out.push(at);
    else if (filtered[at]! > filtered[last]!) out[out.length - 1] = at;
  }
  return out;
}
