import {
  allNone,
  finiteOr,
  type Measured,
  type MeasuredSet,
  none,
  POSITIVE,
  SHARE,
  type SignalFeature,
} from './signal-feature.ts';
import { type Spectrum, welch } from './welch.ts';

/** A named band of frequencies: low <= f < high. */
export interface Band {
  readonly name: string;
  readonly lowHz: number;
  readonly highHz: number;
}

/** The bands of the electroencephalogram. */
export const EEG_BANDS: readonly Band[] = [
  { name: 'delta', lowHz: 0.5, highHz: 4 },
  { name: 'theta', lowHz: 4, highHz: 8 },
  { name: 'alpha', lowHz: 8, highHz: 13 },
  { name: 'beta', lowHz: 13, highHz: 30 },
  { name: 'gamma', lowHz: 30, highHz: 45 },
];

export interface SpectralSettings {
  readonly bands: readonly Band[];
  /** Of one segment of Welch's method. */
  readonly segmentS: number;
  /** Share of the power below the edge frequency. */
  readonly edge: number;
}

export function spectralFeatures({ bands }: SpectralSettings): readonly SignalFeature[] {
  return [
    { name: 'total_power', unit: 'u2', range: POSITIVE },
    ...bands.flatMap(({ name }): SignalFeature[] => [
      { name: `power_${name}`, unit: 'u2', range: POSITIVE },
      { name: `relative_power_${name}`, unit: '1', range: SHARE },
    ]),
    { name: 'spectral_entropy', unit: '1', range: SHARE },
    { name: 'spectral_edge', unit: 'Hz', range: POSITIVE },
    { name: 'median_frequency', unit: 'Hz', range: POSITIVE },
    { name: 'spectral_centroid', unit: 'Hz', range: POSITIVE },
    { name: 'spectral_spread', unit: 'Hz', range: POSITIVE },
    { name: 'peak_frequency', unit: 'Hz', range: POSITIVE },
  ];
}

/** Power between two frequencies: the sum of the bins from low up to below high, times their distance. */
export function bandPower({ frequenciesHz, density }: Spectrum, lowHz: number, highHz: number): number {
  const step = frequenciesHz[1]! - frequenciesHz[0]!;
  let sum = 0;
  for (let k = 0; k < density.length; k++) {
    if (frequenciesHz[k]! >= lowHz && frequenciesHz[k]! < highHz) sum += density[k]!;
  }
  return sum * step;
}

/** Entropy of the spectrum without its bin at 0, as a part of the greatest possible; NaN where there is no power. */
export function spectralEntropy({ density }: Spectrum): number {
  let [sum, entropy] = [0, 0];
  for (let k = 1; k < density.length; k++) sum += density[k]!;
  for (let k = 1; k < density.length; k++) {
    const share = density[k]! / sum;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return sum > 0 ? entropy / Math.log(density.length - 1) : Number.NaN;
}

/** The lowest frequency up to which the bins above 0 hold the given share of the power. */
export function edgeFrequency({ density, frequenciesHz }: Spectrum, share: number): number {
  let total = 0;
  for (let k = 1; k < density.length; k++) total += density[k]!;
  let sum = 0;
  for (let k = 1; k < density.length; k++) {
    sum += density[k]!;
    if (sum >= share * total) return total > 0 ? frequenciesHz[k]! : Number.NaN;
  }
  return Number.NaN;
}

/**
 * Statistics of a stretch's spectrum. Frequencies above 0 count; a band that reaches beyond half the sampling rate is NaN,
 * as is one lower than a segment can tell.
 *
 * @param samples NaN where missing: segments with missing samples are left out
 */
export function spectralStatistics(
  samples: Float64Array,
  samplingRateHz: number,
  settings: SpectralSettings,
): MeasuredSet {
  const names = spectralFeatures(settings).map(({ name }) => name);
  const segment = Math.min(samples.length, Math.round(settings.segmentS * samplingRateHz));
  if (segment < 8) return allNone(names, 'fewer than eight samples in a segment');
  const spectrum = welch(samples, samplingRateHz, { segment });
  if (spectrum.segments === 0) {
    return allNone(names, `no ${(segment / samplingRateHz).toFixed(2)} s without missing samples`);
  }
  const { frequenciesHz, density } = spectrum;
  const step = frequenciesHz[1]!;
  const total = bandPower(spectrum, step / 2, Number.POSITIVE_INFINITY);
  const powers: [string, Measured][] = settings.bands.flatMap(
    ({ name, lowHz, highHz }): [string, Measured][] => {
      const remark =
        highHz > samplingRateHz / 2
          ? 'the band reaches beyond half the sampling rate'
          : step > Math.max(lowHz, highHz - lowHz)
            ? 'the segment is too short for the band'
            : undefined;
      if (remark) return [`power_${name}`, `relative_power_${name}`].map((key) => [key, none(remark)]);
      const power = bandPower(spectrum, Math.max(lowHz, step / 2), highHz);
      return [
        [`power_${name}`, { value: power }],
        [`relative_power_${name}`, finiteOr(power / total, NO_POWER)],
      ];
    },
  );
  let [weighted, squared, peak] = [0, 0, 1];
  for (let k = 1; k < density.length; k++) {
    weighted += frequenciesHz[k]! * density[k]! * step;
    if (density[k]! > density[peak]!) peak = k;
  }
  const centroid = weighted / total;
  for (let k = 1; k < density.length; k++)
    squared += (frequenciesHz[k]! - centroid) ** 2 * density[k]! * step;
  return {
    total_power: { value: total },
    ...Object.fromEntries(powers),
    spectral_entropy: finiteOr(spectralEntropy(spectrum), NO_POWER),
    spectral_edge: finiteOr(edgeFrequency(spectrum, settings.edge), NO_POWER),
    median_frequency: finiteOr(edgeFrequency(spectrum, 0.5), NO_POWER),
    spectral_centroid: finiteOr(centroid, NO_POWER),
    spectral_spread: finiteOr(Math.sqrt(squared / total), NO_POWER),
    peak_frequency: total > 0 ? { value: frequenciesHz[peak]! } : none(NO_POWER),
  };
}

const NO_POWER = 'all samples are equal';
