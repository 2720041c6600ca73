import { detectBeats } from './beats.ts';
import { detectBreaths } from './breaths.ts';
import {
  INTERVAL_SPECTRUM_NAMES,
  type IntervalSpectrumMethod,
  intervalSpectrumStatistics,
} from './interval-spectrum.ts';
import {
  INTERVAL_NONLINEAR_NAMES,
  INTERVAL_TIME_NAMES,
  intervalNonlinearStatistics,
  intervalTimeStatistics,
} from './interval-variability.ts';
import { BEAT_INTERVALS, BREATH_INTERVALS, intervalsOf } from './intervals.ts';
import { detectPulses } from './pulses.ts';
import { type MeasuredSet, POSITIVE, SHARE, type SignalFeature } from './signal-feature.ts';

/** What a channel records: an electrocardiogram, a pulse wave, breathing, or something else. */
export const CHANNEL_KINDS = ['ecg', 'pulse', 'breath', 'other'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** Samples a second below which nothing is looked for. */
export const LEAST_RATE_HZ: Readonly<Record<ChannelKind, number>> = {
  ecg: 50,
  pulse: 20,
  breath: 4,
  other: 0,
};

const ECG_NAMES = /^(m?l?(i|ii|iii)|av[rlf]|v[1-9]?r?|mlii+|mcl ?\d?|d[123]|cc5|cm\d|v[xyz]|.*(ecg|ekg).*)$/i;
const PULSE_NAMES = /(pleth|ppg|pulse|abp|art|bp|pap|spo2 ?wave|\bpap\b)/i;
const BREATH_NAMES = /(resp|breath|airflow|thorax|abdomen|chest|nasal)/i;

/** What a channel's name says; 'other' where it says nothing. */
export function channelKind(name: string): ChannelKind {
  const plain = name.trim();
  if (BREATH_NAMES.test(plain)) return 'breath';
  if (ECG_NAMES.test(plain)) return 'ecg';
  return PULSE_NAMES.test(plain) ? 'pulse' : 'other';
}

const UNITS: Readonly<Record<string, readonly [unit: string, range: SignalFeature['range']]>> = {
  rate: ['1/min', POSITIVE],
  cvnn: ['1', POSITIVE],
  cvsd: ['1', POSITIVE],
  pnn20: ['1', SHARE],
  pnn50: ['1', SHARE],
  triangular_index: ['1', [1, Number.POSITIVE_INFINITY]],
  vlf_power: ['ms2', POSITIVE],
  lf_power: ['ms2', POSITIVE],
  hf_power: ['ms2', POSITIVE],
  lf_hf: ['1', POSITIVE],
  lf_normalized: ['1', SHARE],
  hf_normalized: ['1', SHARE],
  hf_peak: ['Hz', [0.15, 0.4]],
  sd1_sd2: ['1', POSITIVE],
  sample_entropy_nn: ['1', POSITIVE],
  approximate_entropy_nn: ['1', POSITIVE],
  dfa_alpha1_nn: ['1', POSITIVE],
  intervals: ['1', POSITIVE],
  dropped_intervals: ['1', POSITIVE],
};

const BREATH_LEFT_OUT = new Set<string>(['pnn20', 'pnn50', 'triangular_index', ...INTERVAL_SPECTRUM_NAMES]);

/** Features of the intervals of a kind of channel; the pulse's and the heart's are the same. Names begin with heart_ or breath_. */
export function rateFeatures(kind: ChannelKind): readonly SignalFeature[] {
  if (kind === 'other') return [];
  const names: readonly string[] = [
    'intervals',
    'dropped_intervals',
    ...INTERVAL_TIME_NAMES,
    ...INTERVAL_SPECTRUM_NAMES,
    ...INTERVAL_NONLINEAR_NAMES,
  ];
  const kept = kind === 'breath' ? names.filter((name) => !BREATH_LEFT_OUT.has(name)) : names;
  return kept.map((name) => {
    const [unit, range] = UNITS[name] ?? (['ms', POSITIVE] as const);
    return { name: `${prefixOf(kind)}_${name}`, unit, range };
  });
}

const prefixOf = (kind: ChannelKind): string => (kind === 'breath' ? 'breath' : 'heart');

/** Moments of the beats, pulses or breaths of a channel, in seconds. Throws SIGNAL_RATE. */
export function momentsOf(kind: ChannelKind, samples: Float64Array, samplingRateHz: number): Float64Array {
  if (kind === 'other') return new Float64Array(0);
  const detect = { ecg: detectBeats, pulse: detectPulses, breath: detectBreaths }[kind];
  return Float64Array.from(detect(samples, samplingRateHz), (index) => index / samplingRateHz);
}

/** Rate and variability of the moments of a stretch. @param timesS rising */
export function rateStatistics(
  kind: ChannelKind,
  timesS: ArrayLike<number>,
  method: IntervalSpectrumMethod,
): MeasuredSet {
  const intervals = intervalsOf(timesS, kind === 'breath' ? BREATH_INTERVALS : BEAT_INTERVALS);
  const found: MeasuredSet = {
    intervals: { value: intervals.ms.length },
    dropped_intervals: { value: intervals.dropped },
    ...intervalTimeStatistics(intervals),
    ...(kind === 'breath' ? {} : intervalSpectrumStatistics(intervals, method)),
    ...intervalNonlinearStatistics(intervals),
  };
  return Object.fromEntries(
    rateFeatures(kind).map(({ name }) => [name, found[name.slice(prefixOf(kind).length + 1)]!]),
  );
}
