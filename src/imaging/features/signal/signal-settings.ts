import { HounsfieldError, isHounsfieldError } from '../../../errors.ts';
import { type JsonObject, type ParameterReader, readParameters } from '../../transforms/read-parameters.ts';
import { COMPLEXITY_DEFAULTS, type ComplexitySettings } from './complexity-statistics.ts';
import type { IntervalSpectrumMethod } from './interval-spectrum.ts';
import { CHANNEL_KINDS, type ChannelKind } from './rate-statistics.ts';
import { type Band, EEG_BANDS, type SpectralSettings } from './spectral-statistics.ts';

/** Which features of a signal, over what: plain JSON. A family that is null is left out. */
export interface SignalFeatureSettings {
  /** Seconds of a window; null takes the whole recording. */
  readonly windowS: number | null;
  /** Seconds from one window's beginning to the next; the window's length where absent. */
  readonly hopS: number | null;
  /** Gaps of missing samples up to this are filled by a straight line for spectrum and complexity. */
  readonly fillGapsS: number;
  readonly time: boolean;
  readonly spectral: SpectralSettings | null;
  readonly complexity: ComplexitySettings | null;
  /** Rate and variability of beats, pulses and breaths in the channels that have them. */
  readonly rate: { readonly method: IntervalSpectrumMethod } | null;
  /** What channels record, where their names do not say it. */
  readonly kinds: Readonly<Record<string, ChannelKind>>;
}

function readSpectral(reader: ParameterReader): SpectralSettings {
  const given = reader.list('bands');
  const bands = given.filter(isBand);
  reader.require(
    bands.length === given.length && new Set(bands.map(({ name }) => name)).size === bands.length,
    'bands must be a list such as [{"name": "alpha", "lowHz": 8, "highHz": 13}], low below high, names of letters, digits and _, each once',
  );
  return {
    bands: given.length === 0 ? EEG_BANDS : bands,
    segmentS: reader.number('segmentS', { min: 0.01, max: 3600, fallback: 4 }),
    edge: reader.number('edge', { min: 0.01, max: 1, fallback: 0.95 }),
  };
}

function isBand(value: unknown): value is Band {
  if (typeof value !== 'object' || value === null) return false;
  const { name, lowHz, highHz } = value as Partial<Band>; // checked here
  const isName = typeof name === 'string' && /^\w{1,40}$/.test(name);
  return isName && typeof lowHz === 'number' && typeof highHz === 'number' && lowHz >= 0 && highHz > lowHz;
}

function readComplexity(reader: ParameterReader): ComplexitySettings {
  const whole = (name: keyof ComplexitySettings, min: number, max: number) =>
    reader.number(name, { min, max, whole: true, fallback: COMPLEXITY_DEFAULTS[name] });
  return {
    scales: whole('scales', 0, 100),
    permutation: whole('permutation', 2, 8),
    higuchi: whole('higuchi', 2, 1000),
    lengths: whole('lengths', 2, 1000),
    most: whole('most', 100, 200000),
  };
}

const KNOWN = ['windowS', 'hopS', 'fillGapsS', 'time', 'spectral', 'complexity', 'rate', 'kinds'];

/** Checks plain JSON and fills in what is absent; all families are made. Throws SIGNAL_FEATURE_SETTINGS with all that is wrong. */
export function checkSignalFeatureSettings(given: unknown): SignalFeatureSettings {
  const faults: string[] = [];
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (!isObject && given !== undefined) faults.push('the settings are not an object such as {"windowS": 30}');
  const json: JsonObject = isObject ? (given as JsonObject) : {}; // an object
  const section = <T>(name: string, value: unknown, read: (reader: ParameterReader) => T): T | null => {
    if (value === null || value === false) return null;
    try {
      const reader = readParameters(name, value === undefined || value === true ? {} : (value as JsonObject)); // checked by it
      const result = read(reader);
      reader.end();
      return result;
    } catch (error) {
      if (!isHounsfieldError(error, 'TRANSFORM_PARAMETERS')) throw error;
      faults.push(error.message.replace(/^TRANSFORM_PARAMETERS: /, '').replace(/ Correct these\.$/, ''));
      return null;
    }
  };
  const own = Object.fromEntries(['windowS', 'hopS', 'fillGapsS', 'time'].map((name) => [name, json[name]]));
  const base = section('windows', own, (reader) => ({
    windowS: reader.optional('windowS', (name) => reader.number(name, { min: 0.01, max: 1e6 })),
    hopS: reader.optional('hopS', (name) => reader.number(name, { min: 0.001, max: 1e6 })),
    fillGapsS: reader.number('fillGapsS', { min: 0, max: 60, fallback: 0.1 }),
    time: reader.flag('time', true),
  }));
  const settings: SignalFeatureSettings = {
    ...(base ?? { windowS: null, hopS: null, fillGapsS: 0, time: true }),
    spectral: section('spectral', json['spectral'], readSpectral),
    complexity: section('complexity', json['complexity'], readComplexity),
    rate: section('rate', json['rate'], (reader) => ({
      method: reader.oneOf('method', ['lomb-scargle', 'welch'], 'lomb-scargle'),
    })),
    kinds: kindsOf(json['kinds'], faults),
  };
  const unknown = Object.keys(json).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0) faults.push(`unknown: ${unknown.join(', ')} (known: ${KNOWN.join(', ')})`);
  if (faults.length > 0) {
    throw new HounsfieldError('SIGNAL_FEATURE_SETTINGS', `${faults.join('; ')}. Correct these.`);
  }
  return settings;
}

function kindsOf(value: unknown, faults: string[]): Readonly<Record<string, ChannelKind>> {
  if (value === undefined || value === null) return {};
  const isObject = typeof value === 'object' && !Array.isArray(value);
  const right =
    isObject && Object.values(value).every((kind) => CHANNEL_KINDS.some((known) => known === kind));
  if (!right) faults.push(`kinds must give channels by name one of ${CHANNEL_KINDS.join(', ')}`);
  return right ? (value as Record<string, ChannelKind>) : {}; // checked
}
