import { HounsfieldError } from '../../../errors.ts';
import { fillAllGaps } from './missing-samples.ts';
import { quantileOf } from './time-statistics.ts';
import { bandPass, movingMean } from './zero-phase-filter.ts';

/** Throws SIGNAL_RATE when a rate is too low to find beats or breaths in. */
export function requireRate(samplingRateHz: number, leastHz: number, what: string): void {
  if (samplingRateHz >= leastHz) return;
  throw new HounsfieldError(
    'SIGNAL_RATE',
    `${what} need at least ${leastHz} samples a second, the channel has ${samplingRateHz}. Use a recording with a higher rate.`,
  );
}

/** Numbers of the detector, in seconds and parts. */
const REFRACTORY_S = 0.2;
const INTEGRATION_S = 0.12;
/** A second wave within this of the last beat, much flatter than it, is its T wave. */
const T_WAVE_S = 0.36;
/** A pause longer than this many usual intervals is searched again with half the threshold. */
const SEARCH_BACK = 1.66;
const REFINE_S = 0.075;

/** A rise of the integrated energy: where its greatest lies and how great it is. */
interface Wave {
  readonly at: number;
  readonly energy: number;
  /** Steepest slope near it. */
  readonly slope: number;
}

/** Greatest values of a curve that are not less than anything within `distance` samples. */
function wavesOf(energy: Float64Array, slopes: Float64Array, distance: number): readonly Wave[] {
  const waves: Wave[] = [];
  for (let i = 1; i + 1 < energy.length; i++) {
    if (!(energy[i]! > energy[i - 1]! && energy[i]! >= energy[i + 1]!)) continue;
    let slope = 0;
    const to = Math.min(energy.length, i + distance + 1);
    for (let k = Math.max(0, i - distance); k < to; k++) slope = Math.max(slope, slopes[k]!);
    const last = waves[waves.length - 1];
    const wave = { at: i, energy: energy[i]!, slope };
    if (!last || i - last.at > distance) waves.push(wave);
    else if (wave.energy > last.energy) waves[waves.length - 1] = wave;
  }
  return waves;
}

/** Signal and noise levels that follow the waves. */
interface Levels {
  signal: number;
  noise: number;
}

const thresholdOf = ({ signal, noise }: Levels): number => noise + 0.25 * (signal - noise);

/** Median of the last intervals, without which no pause is searched again. */
function usualInterval(beats: readonly Wave[]): number | undefined {
  if (beats.length < 4) return undefined;
  const last = beats.slice(-9).map(({ at }) => at);
  return quantileOf(Float64Array.from(last.slice(1), (at, i) => at - last[i]!).sort(), 0.5);
}

/** A pause of this many usual intervals may mean that the beats have become smaller: then they are known by what is around. */
const LONG_PAUSE = 3;
/** How far a beat must stand out of the waves around it in a long pause. */
const STANDS_OUT = 8;
/** Waves of a pause that are remembered. */
const MOST_SKIPPED = 400;

/** What a pause hid: the greatest wave that is large enough, and how much it says of the new level. */
function lostBeat(
  skipped: readonly Wave[],
  last: Wave,
  now: number,
  usual: number,
  levels: Levels,
  samplingRateHz: number,
): readonly [beat: Wave, weight: number] | undefined {
  const refractory = REFRACTORY_S * samplingRateHz;
  const possible = skipped.filter(
    (wave) =>
      wave.at - last.at > refractory && now - wave.at > refractory && !isTWave(wave, last, samplingRateHz),
  );
  const greatest = (waves: readonly Wave[]) =>
    waves.reduce<Wave | undefined>((a, b) => (a && a.energy >= b.energy ? a : b), undefined);
  const best = greatest(possible);
  if (!best) return undefined;
  if (best.energy > 0.5 * thresholdOf(levels)) return [best, 0.25];
  if (now - last.at <= LONG_PAUSE * usual) return undefined;
  const around = quantileOf(Float64Array.from(skipped, ({ energy }) => energy).sort(), 0.5);
  // the first of the beats that have become smaller, so that those after it are looked at in their turn
  const first = possible.find(({ energy }) => energy > 0.5 * best.energy)!;
  return best.energy > STANDS_OUT * around ? [first, 1] : undefined;
}

/** Pan and Tompkins' decision over the waves in order. */
function decide(waves: readonly Wave[], samplingRateHz: number, start: Levels): readonly Wave[] {
  const levels = { ...start };
  const beats: Wave[] = [];
  let skipped: Wave[] = [];
  const take = (wave: Wave, weight: number): void => {
    beats.push(wave);
    levels.signal += weight * (Math.min(wave.energy, 4 * levels.signal) - levels.signal);
    if (weight === 1) levels.noise = Math.min(levels.noise, 0.25 * wave.energy);
  };
  const consider = (wave: Wave): void => {
    const last = beats[beats.length - 1];
    const isSoon = last !== undefined && wave.at - last.at <= REFRACTORY_S * samplingRateHz;
    if (isSoon) return;
    if (wave.energy > thresholdOf(levels) && !(last && isTWave(wave, last, samplingRateHz))) {
      take(wave, 0.125);
      skipped = [];
      return;
    }
    levels.noise += 0.125 * (Math.min(wave.energy, levels.signal) - levels.noise);
    skipped.push(wave);
    if (skipped.length > MOST_SKIPPED) skipped.shift();
  };
  for (const wave of waves) {
    const last = beats[beats.length - 1];
    const usual = usualInterval(beats);
    if (last && usual !== undefined && wave.at - last.at > SEARCH_BACK * usual) {
      const lost = lostBeat(skipped, last, wave.at, usual, levels, samplingRateHz);
      if (lost) {
        const [beat, weight] = lost;
        const after = skipped.filter(({ at }) => at > beat.at);
        take(beat, weight);
        skipped = [];
        for (const one of after) consider(one);
      }
    }
    consider(wave);
  }
  return beats;
}

const isTWave = (wave: Wave, last: Wave, samplingRateHz: number): boolean =>
  wave.at - last.at < T_WAVE_S * samplingRateHz && wave.slope < 0.5 * last.slope;

/** Signal and noise level of the whole recording to begin with: of the greatest waves of each stretch of two seconds. */
function startingLevels(energy: Float64Array, samplingRateHz: number): Levels {
  const size = Math.max(1, Math.round(2 * samplingRateHz));
  const peaks: number[] = [];
  for (let start = 0; start < energy.length; start += size) {
    let most = 0;
    for (let i = start; i < Math.min(energy.length, start + size); i++) most = Math.max(most, energy[i]!);
    peaks.push(most);
  }
  const sorted = Float64Array.from(peaks).sort();
  const signal = quantileOf(sorted, 0.5);
  const mean = energy.reduce((sum, value) => sum + value, 0) / energy.length;
  return { signal, noise: Math.min(0.5 * mean, 0.5 * signal) };
}

/**
 * Finds the beats of an electrocardiogram (after Pan and Tompkins, IEEE Trans. Biomed. Eng. 32, 1985: band-pass, slope, square,
 * moving mean, thresholds that follow signal and noise, search back, T waves), with filters that do not move the signal, and
 * levels begun from the whole recording.
 *
 * @param samples of one lead; NaN where missing: no beat is reported there
 * @returns indices of the greatest deflection of each QRS complex, rising
 * @throws SIGNAL_RATE below 50 Hz
 */
export function detectBeats(samples: Float64Array, samplingRateHz: number): readonly number[] {
  requireRate(samplingRateHz, 50, 'beats of an electrocardiogram');
  if (samples.length < samplingRateHz) return [];
  const filled = fillAllGaps(samples);
  const filtered = bandPass(filled, samplingRateHz, 5, 18);
  const slopes = new Float64Array(samples.length);
  for (let i = 1; i + 1 < samples.length; i++) slopes[i] = Math.abs(filtered[i + 1]! - filtered[i - 1]!);
  const energy = movingMean(
    slopes.map((slope) => slope * slope),
    INTEGRATION_S * samplingRateHz,
  );
  const levels = startingLevels(energy, samplingRateHz);
  if (!(levels.signal > 0)) return [];
  const waves = wavesOf(energy, slopes, Math.round(0.5 * REFRACTORY_S * samplingRateHz));
  const reach = Math.round(REFINE_S * samplingRateHz);
  const out: number[] = [];
  for (const { at } of decide(waves, samplingRateHz, levels)) {
    let best = at;
    const to = Math.min(filtered.length, at + reach + 1);
    for (let i = Math.max(0, at - reach); i < to; i++) {
      if (Math.abs(filtered[i]!) > Math.abs(filtered[best]!)) best = i;
    }
    if (!Number.isFinite(samples[best]!)) continue;
    if (out.length === 0 || best > out[out.length - 1]!) out.push(best);
  }
  return out;
}
