import type { Intervals } from './intervals.ts';
import { lombScargle, naturalSpline } from './lomb-scargle.ts';
import { allNone, finiteOr, type Measured, type MeasuredSet, none } from './signal-feature.ts';
import { type Spectrum, welch } from './welch.ts';

/** Bands of the heart rate's variability, and the seconds below which they cannot be told (Task Force, 1996). */
export const INTERVAL_BANDS = [
  { name: 'vlf', lowHz: 0.0033, highHz: 0.04, leastS: 300 },
  { name: 'lf', lowHz: 0.04, highHz: 0.15, leastS: 120 },
  { name: 'hf', lowHz: 0.15, highHz: 0.4, leastS: 60 },
] as const;

export const INTERVAL_SPECTRUM_NAMES = [
  ...INTERVAL_BANDS.map(({ name }) => `${name}_power`),
  'lf_hf',
  'lf_normalized',
  'hf_normalized',
  'hf_peak',
] as const;

/** By Lomb and Scargle of the intervals as they are, or by Welch of intervals resampled to 4 Hz by a natural spline. */
export type IntervalSpectrumMethod = 'lomb-scargle' | 'welch';

const RESAMPLED_HZ = 4;
const WELCH_S = 256;
/** Frequencies of the first method: so many for each that the duration can tell. */
const FINER = 4;

/** Density in ms^2 by Hz. */
export function intervalSpectrum({ ms, endS }: Intervals, method: IntervalSpectrumMethod): Spectrum {
  const [from, to] = [endS[0]!, endS[endS.length - 1]!];
  if (method === 'welch') {
    const count = Math.floor((to - from) * RESAMPLED_HZ) + 1;
    const times = Float64Array.from({ length: count }, (_, i) => from + i / RESAMPLED_HZ);
    const samples = naturalSpline(endS, ms, times);
    return welch(samples, RESAMPLED_HZ, { segment: Math.min(count, WELCH_S * RESAMPLED_HZ) });
  }
  const step = 1 / (FINER * (to - from));
  const count = Math.floor(0.4 / step) + 1;
  const frequenciesHz = Float64Array.from({ length: count }, (_, k) => (k + 1) * step);
  return { frequenciesHz, density: lombScargle(endS, ms, frequenciesHz), segments: 1 };
}

/** Area under the density by the trapezoidal rule over the bins of the band. */
function area({ frequenciesHz, density }: Spectrum, lowHz: number, highHz: number): number {
  let sum = 0;
  for (let k = 1; k < density.length; k++) {
    if (frequenciesHz[k - 1]! < lowHz || frequenciesHz[k]! >= highHz) continue;
    sum += ((density[k]! + density[k - 1]!) / 2) * (frequenciesHz[k]! - frequenciesHz[k - 1]!);
  }
  return sum;
}

/** Powers of the bands in ms^2, NaN where the stretch is too short for the band, and what is made of them. */
export function intervalSpectrumStatistics(
  intervals: Intervals,
  method: IntervalSpectrumMethod = 'lomb-scargle',
): MeasuredSet {
  const { endS } = intervals;
  const seconds = endS.length < 2 ? 0 : endS[endS.length - 1]! - endS[0]!;
  const least = INTERVAL_BANDS[2].leastS;
  if (endS.length < 20 || seconds < 0.95 * least) {
    return allNone(INTERVAL_SPECTRUM_NAMES, `fewer than 20 intervals or ${least} s`);
  }
  const spectrum = intervalSpectrum(intervals, method);
  const powers = INTERVAL_BANDS.map(({ lowHz, highHz, leastS }) =>
    seconds < 0.95 * leastS ? none(`shorter than ${leastS} s`) : { value: area(spectrum, lowHz, highHz) },
  ) as [Measured, Measured, Measured]; // three bands
  const [, lf, hf] = powers;
  const shortest = `shorter than ${INTERVAL_BANDS[1].leastS} s, or without power`;
  let peak = -1;
  for (const [k, frequency] of spectrum.frequenciesHz.entries()) {
    if (frequency < 0.15 || frequency >= 0.4) continue;
    if (peak < 0 || spectrum.density[k]! > spectrum.density[peak]!) peak = k;
  }
  return {
    ...Object.fromEntries(INTERVAL_BANDS.map(({ name }, i) => [`${name}_power`, powers[i]!])),
    lf_hf: finiteOr(lf.value / hf.value, shortest),
    lf_normalized: finiteOr(lf.value / (lf.value + hf.value), shortest),
    hf_normalized: finiteOr(hf.value / (lf.value + hf.value), shortest),
    hf_peak: finiteOr(spectrum.frequenciesHz[peak] ?? Number.NaN, 'no frequency of the band can be told'),
  };
}
