import { HounsfieldError } from '../../../errors.ts';
import type { Signal, SignalChannel } from '../../signal/signal.ts';
import { encodeWfdbAnnotations } from './write-annotations.ts';

export interface WfdbWriteOptions {
  /** The record's name: letters, digits, - and _. */
  readonly name: string;
  /** Storage format; default the first of 16, 24 and 32 that holds every stored value. */
  readonly format?: 16 | 24 | 32 | 212;
  /** Write date, time and comments too; default false. */
  readonly identity?: boolean;
}

type WrittenFormat = NonNullable<WfdbWriteOptions['format']>;

const BITS: Readonly<Record<WrittenFormat, number>> = { 16: 16, 24: 24, 32: 32, 212: 12 };

interface Quantised {
  readonly samples: Int32Array;
  readonly gain: number;
  readonly baseline: number;
}

/**
 * Writes a recording as WFDB: NAME.hea, NAME.dat and, when it has annotations, NAME.atr. Stored integers are kept as they
 * are; channels without any are scaled to the format's range. Durations of annotations are not kept: WFDB has none.
 * Throws WFDB_NAME, WFDB_RATES, WFDB_VALUE_RANGE, WFDB_NOTE_TOO_LONG.
 */
export function writeWfdb(one: Signal, options: WfdbWriteOptions): Readonly<Record<string, Uint8Array>> {
  const { name } = options;
  if (!/^[-\w]+$/.test(name)) {
    throw new HounsfieldError(
      'WFDB_NAME',
      `a record's name has letters, digits, - and _ only, and this one has others. Choose another name.`,
    );
  }
  const frameRateHz = commonRate(one);
  const perFrame = one.channels.map((channel) => Math.round(channel.samplingRateHz / frameRateHz));
  const frames = one.channels.reduce(
    (most, channel, c) => Math.max(most, Math.ceil(channel.samples.length / perFrame[c]!)),
    0,
  );
  const format = options.format ?? narrowestFormat(one.channels);
  const missing = -(2 ** (BITS[format] - 1));
  const stored = one.channels.map((channel, c) =>
    quantise(channel, c, format, frames * perFrame[c]!, missing),
  );
  const files: Record<string, Uint8Array> = {
    [`${name}.hea`]: new TextEncoder().encode(
      headerText(one, options, format, frameRateHz, frames, perFrame, stored),
    ),
  };
  if (one.channels.length > 0) files[`${name}.dat`] = pack(format, interleave(stored, perFrame, frames));
  if (one.annotations.length > 0) {
    const ticksPerS = Math.max(one.samplingRateHz, ...one.channels.map((channel) => channel.samplingRateHz));
    files[`${name}.atr`] = encodeWfdbAnnotations(one.annotations, ticksPerS, frameRateHz);
  }
  return files;
}

/** The rate that every channel's is a whole multiple of: the signal's own, or the slowest channel's. */
function commonRate(one: Signal): number {
  const rates = one.channels.map((channel) => channel.samplingRateHz);
  const isWhole = (ratio: number): boolean => ratio > 0.5 && Math.abs(ratio - Math.round(ratio)) < 1e-6;
  const fits = (rate: number): boolean => rates.every((each) => isWhole(each / rate));
  const found = [one.samplingRateHz, Math.min(...rates)].find(fits);
  if (found === undefined) {
    throw new HounsfieldError(
      'WFDB_RATES',
      `rates of ${[...new Set(rates)].join(', ')} Hz have no common frame rate. Resample the channels to multiples of one rate first.`,
    );
  }
  return found;
}

/** EDF's scaling need not have its zero at an integer, WFDB's must. */
function hasWholeBaseline(stored: NonNullable<SignalChannel['stored']>): boolean {
  return Number.isInteger(stored.baseline) && Math.abs(stored.baseline) < 2 ** 31;
}

function narrowestFormat(channels: readonly SignalChannel[]): WrittenFormat {
  let largest = 0;
  for (const { stored } of channels) {
    // what must be scaled again is given 24 bits, so that 16 bits of it stay as they were
    if (stored && !hasWholeBaseline(stored)) largest = Math.max(largest, 2 ** 15);
    for (const value of stored?.samples ?? []) {
      if (value !== stored?.missing) largest = Math.max(largest, Math.abs(value));
    }
  }
  return largest < 2 ** 15 ? 16 : largest < 2 ** 23 ? 24 : 32;
}

function quantise(
  channel: SignalChannel,
  c: number,
  format: WrittenFormat,
  length: number,
  missing: number,
): Quantised {
  const samples = new Int32Array(length).fill(missing);
  const top = -missing - 1;
  const { stored } = channel;
  if (stored && hasWholeBaseline(stored)) {
    for (const [i, value] of stored.samples.entries()) {
      if (value === stored.missing || Number.isNaN(channel.samples[i])) continue;
      if (Math.abs(value) > top) {
        throw new HounsfieldError(
          'WFDB_VALUE_RANGE',
          `channel ${c} has stored values beyond the ${BITS[format]} bits of format ${format}. Choose format 32, or leave the format out.`,
        );
      }
      samples[i] = value;
    }
    return { samples, gain: stored.gain, baseline: stored.baseline };
  }
  const { gain, baseline } = scaling(channel.samples, top);
  for (const [i, value] of channel.samples.entries()) {
    if (Number.isFinite(value))
      samples[i] = Math.max(-top, Math.min(top, Math.round(value * gain + baseline)));
  }
  return { samples, gain, baseline };
}

/** Gain and baseline that spread the values over -top..top. */
function scaling(values: Float64Array, top: number): { readonly gain: number; readonly baseline: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  if (!(high > low)) {
    const size = Number.isFinite(low) ? Math.abs(low) : 0;
    return { gain: size > 0 ? Math.min(top / size / 2, 1e9) : 1, baseline: 0 };
  }
  const gain = Math.min((2 * top) / (high - low), 1e9);
  const baseline = Math.round(-((low + high) / 2) * gain);
  // a small change on a large offset: the baseline must stay an integer of 32 bits
  return Math.abs(baseline) < 2 ** 31
    ? { gain, baseline }
    : { gain: top / Math.max(Math.abs(low), Math.abs(high)), baseline: 0 };
}

function headerText(
  one: Signal,
  options: WfdbWriteOptions,
  format: WrittenFormat,
  frameRateHz: number,
  frames: number,
  perFrame: readonly number[],
  stored: readonly Quantised[],
): string {
  const { name, identity } = options;
  const { startDate, startTime, comments = [] } = (identity ? one.identity : undefined) ?? {};
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(startDate ?? '');
  const clock = startTime ?? (date ? '00:00:00' : undefined);
  const when = [clock, ...(date ? [`${date[3]}/${date[2]}/${date[1]}`] : [])].filter(
    (part) => part !== undefined,
  );
  const lines = [[name, one.channels.length, frameRateHz, frames, ...when].join(' ')];
  for (const [c, channel] of one.channels.entries()) {
    const { samples, gain, baseline } = stored[c]!;
    const unit = channel.unit.replace(/\s+/g, '_') || 'NU';
    const frame = perFrame[c] === 1 ? '' : `x${perFrame[c]}`;
    const bits = channel.stored?.bits ?? BITS[format];
    const sum = samples.reduce((total, value) => (total + value) | 0, 0);
    const checksum = (sum << 16) >> 16;
    lines.push(
      `${name}.dat ${format}${frame} ${gain}(${baseline})/${unit} ${bits} 0 ${samples[0] ?? 0} ${checksum} 0 ${oneLine(channel.name)}`.trimEnd(),
    );
  }
  for (const comment of comments) lines.push(`# ${oneLine(comment)}`);
  return `${lines.join('\n')}\n`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').trim();
}

/** Frame after frame, in each frame the samples of one channel after the other. */
function interleave(stored: readonly Quantised[], perFrame: readonly number[], frames: number): Int32Array {
  const width = perFrame.reduce((sum, count) => sum + count, 0);
  const flat = new Int32Array(frames * width);
  let offset = 0;
  for (const [c, { samples }] of stored.entries()) {
    const count = perFrame[c]!;
    for (let i = 0; i < samples.length; i++) {
      flat[Math.floor(i / count) * width + offset + (i % count)] = samples[i]!;
    }
    offset += count;
  }
  return flat;
}

function pack(format: WrittenFormat, flat: Int32Array): Uint8Array {
  if (format === 212) return pack212(flat);
  const width = BITS[format] / 8;
  const bytes = new Uint8Array(flat.length * width);
  for (let i = 0, at = 0; i < flat.length; i++) {
    for (let b = 0; b < width; b++) bytes[at++] = flat[i]! >> (8 * b);
  }
  return bytes;
}

function pack212(flat: Int32Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(flat.length * 1.5));
  for (let i = 0, at = 0; i < flat.length; i += 2, at += 3) {
    const [first, second] = [flat[i]!, flat[i + 1] ?? 0];
    bytes[at] = first;
    bytes[at + 1] = ((first >> 8) & 0x0f) | ((second >> 4) & 0xf0);
    if (at + 2 < bytes.length) bytes[at + 2] = second;
  }
  return bytes;
}
