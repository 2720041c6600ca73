import { requireRate } from './beats.ts';
import { fillAllGaps } from './missing-samples.ts';
import { quantileOf } from './time-statistics.ts';
import { bandPass, movingMean } from './zero-phase-filter.ts';

const PEAK_S = 0.111;
const BEAT_S = 0.667;
const OFFSET = 0.02;
const LEAST_INTERVAL_S = 0.3;

/**
 * Finds the pulses of a plethysmogram or of a pressure curve (Elgendi et al., PLoS ONE 8, 2013: where the mean over the width
 * of a peak is above that over a beat).
 *
 * @param samples NaN where missing: no pulse is reported there
 * @returns indices of the peaks, rising
 * @throws SIGNAL_RATE below 20 Hz
 */
export function detectPulses(samples: Float64Array, samplingRateHz: number): readonly number[] {
  requireRate(samplingRateHz, 20, 'pulses');
  if (samples.length < 2 * samplingRateHz) return [];
  const filtered = bandPass(fillAllGaps(samples), samplingRateHz, 0.5, 8);
  const squared = filtered.map((value) => (value > 0 ? value * value : 0));
  const peaks = movingMean(squared, PEAK_S * samplingRateHz);
  const beats = movingMean(squared, BEAT_S * samplingRateHz);
  // an artefact's energy must not hide the others: the offset follows the middle of the energies
  const offset = OFFSET * Math.min(meanOf(squared), 4 * quantileOf(squared.slice().sort(), 0.75));
  const out: number[] = [];
  let start = -1;
  for (let i = 0; i <= peaks.length; i++) {
    const isWave = i < peaks.length && peaks[i]! > beats[i]! + offset;
    if (isWave && start < 0) start = i;
    if (isWave || start < 0) continue;
    if (i - start >= PEAK_S * samplingRateHz) addGreatest(filtered, samples, [start, i], samplingRateHz, out);
    start = -1;
  }
  return out;
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function addGreatest(
  filtered: Float64Array,
  samples: Float64Array,
  [from, to]: readonly [number, number],
  samplingRateHz: number,
  out: number[],
): void {
  let best = from;
  for (let i = from; i < to; i++) if (filtered[i]! > filtered[best]!) best = i;
  if (!Number.isFinite(samples[best]!)) return;
  const last = out[out.length - 1];
  if (last !== undefined && best - last < LEAST_INTERVAL_S * samplingRateHz) {
    if (filtered[best]! > filtered[last]!) out[out.length - 1] = best;
    return;
  }
  out.push(best);
}
