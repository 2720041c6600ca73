import { HounsfieldError } from '../../../errors.ts';
import type { Signal, SignalChannel } from '../../signal/signal.ts';
import { complexityFeatures, complexityStatistics } from './complexity-statistics.ts';
import { fillShortGaps } from './missing-samples.ts';
import { channelKind, LEAST_RATE_HZ, momentsOf, rateFeatures, rateStatistics } from './rate-statistics.ts';
import type { MeasuredSet, SignalFeature } from './signal-feature.ts';
import { checkSignalFeatureSettings, type SignalFeatureSettings } from './signal-settings.ts';
import { spectralFeatures, spectralStatistics } from './spectral-statistics.ts';
import { TIME_FEATURES, timeStatistics } from './time-statistics.ts';

/** Features of one window of one channel. */
export interface SignalFeatureRow {
  readonly channel: string;
  /** The channel's unit, which 'u' of the features stands for. */
  readonly unit: string;
  readonly startS: number;
  readonly endS: number;
  /** One for each of the table's features; NaN where there is none. */
  readonly values: Float64Array;
  /** Why a value is NaN, by the feature's name. */
  readonly remarks: Readonly<Record<string, string>>;
}

export interface SignalFeatureTable {
  readonly settings: SignalFeatureSettings;
  readonly features: readonly SignalFeature[];
  readonly rows: readonly SignalFeatureRow[];
}

/** Most rows of one table. */
const MOST_ROWS = 200_000;

/** The windows of a channel: sample of its beginning and one past its end; a rest shorter than a window is left out. */
export function windowsOf(
  { samples, samplingRateHz }: SignalChannel,
  { windowS, hopS }: Pick<SignalFeatureSettings, 'windowS' | 'hopS'>,
): readonly (readonly [from: number, to: number])[] {
  if (windowS === null) return samples.length === 0 ? [] : [[0, samples.length]];
  const size = Math.round(windowS * samplingRateHz);
  const hop = (hopS ?? windowS) * samplingRateHz;
  const windows: [number, number][] = [];
  for (let k = 0; ; k++) {
    const from = Math.round(k * hop);
    if (size < 1 || from + size > samples.length) return windows;
    if (windows.length >= MOST_ROWS) {
      throw new HounsfieldError(
        'SIGNAL_FEATURE_SETTINGS',
        `windows every ${hopS ?? windowS} s make more than ${MOST_ROWS} of a channel. Use a longer hopS.`,
      );
    }
    windows.push([from, from + size]);
  }
}

const TOO_SLOW = 'the sampling rate is too low to find beats, pulses or breaths';
const NO_RATE = 'the channel records no beats, pulses or breaths';

function measureChannel(
  channel: SignalChannel,
  settings: SignalFeatureSettings,
  features: readonly SignalFeature[],
): readonly SignalFeatureRow[] {
  const { samples, samplingRateHz, name, unit } = channel;
  const kind = settings.kinds[name] ?? channelKind(name);
  const filled = fillShortGaps(samples, Math.round(settings.fillGapsS * samplingRateHz));
  const isSlow = samplingRateHz < LEAST_RATE_HZ[kind];
  const moments = settings.rate && !isSlow ? momentsOf(kind, samples, samplingRateHz) : new Float64Array(0);
  return windowsOf(channel, settings).map(([from, to]) => {
    const [startS, endS] = [from / samplingRateHz, to / samplingRateHz];
    const stretch = filled.subarray(from, to);
    const found: MeasuredSet = {
      ...(settings.time ? timeStatistics(samples.subarray(from, to), samplingRateHz) : {}),
      ...(settings.spectral ? spectralStatistics(stretch, samplingRateHz, settings.spectral) : {}),
      ...(settings.complexity ? complexityStatistics(stretch, settings.complexity) : {}),
      ...(settings.rate && kind !== 'other' && !isSlow
        ? rateStatistics(
            kind,
            moments.filter((time) => time >= startS && time < endS),
            settings.rate.method,
          )
        : {}),
    };
    const values = new Float64Array(features.length).fill(Number.NaN);
    const remarks: Record<string, string> = {};
    for (const [i, feature] of features.entries()) {
      const measured = found[feature.name];
      if (!measured) remarks[feature.name] = isSlow ? TOO_SLOW : NO_RATE;
      else if (measured.remark) remarks[feature.name] = measured.remark;
      else if (Number.isFinite(measured.value)) values[i] = measured.value;
      else remarks[feature.name] = 'the samples are too large or too small to compute with';
    }
    return { channel: name, unit, startS, endS, values, remarks };
  });
}

/**
 * Features of a recording by channel and window: statistics in time, of the spectrum, of complexity, and rate and variability
 * of heart beats, pulses and breaths in the channels that show them (by their names, or settings.kinds). All rows have the
 * same columns; what a channel or a window does not allow is NaN with a remark.
 *
 * @param given plain JSON, checked
 * @throws SIGNAL_FEATURE_SETTINGS
 * @example signalFeatures(recording, { windowS: 30, complexity: null })
 */
export function signalFeatures(recording: Signal, given: unknown = {}): SignalFeatureTable {
  const settings = checkSignalFeatureSettings(given);
  const kinds = recording.channels.map(({ name }) => settings.kinds[name] ?? channelKind(name));
  const unknown = Object.keys(settings.kinds).filter(
    (name) => !recording.channels.some((channel) => channel.name === name),
  );
  if (unknown.length > 0) {
    throw new HounsfieldError(
      'SIGNAL_FEATURE_SETTINGS',
      `kinds names ${unknown.length} channels that the recording does not have. Name its own channels.`,
    );
  }
  const features: readonly SignalFeature[] = [
    ...(settings.time ? TIME_FEATURES : []),
    ...(settings.spectral ? spectralFeatures(settings.spectral) : []),
    ...(settings.complexity ? complexityFeatures(settings.complexity) : []),
    ...(settings.rate && kinds.some((kind) => kind === 'ecg' || kind === 'pulse') ? rateFeatures('ecg') : []),
    ...(settings.rate && kinds.includes('breath') ? rateFeatures('breath') : []),
  ];
  if (features.length === 0) {
    throw new HounsfieldError(
      'SIGNAL_FEATURE_SETTINGS',
      'no feature is asked for: time, spectral, complexity and rate are all left out, or no channel has a rate. Ask for one.',
    );
  }
  const rows = recording.channels.flatMap((channel) => measureChannel(channel, settings, features));
  return { settings, features, rows };
}
