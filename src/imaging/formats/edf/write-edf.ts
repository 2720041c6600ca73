import { HounsfieldError } from '../../../errors.ts';
import type { Signal, SignalAnnotation, SignalChannel } from '../../signal/signal.ts';

export interface EdfWriteOptions {
  /** EDF+ (default) stores 16 bits, BDF+ 24. */
  readonly format?: 'EDF+' | 'BDF+';
  /** Write patient, recording, date and time too; default false: X for each, 1 January 1985. */
  readonly identity?: boolean;
  /** EDF has no missing sample: refuse them (default), or write the lowest value that a channel can have. */
  readonly missing?: 'refuse' | 'lowest';
}

interface Written {
  readonly samples: Int32Array;
  readonly physical: readonly [string, string];
  readonly digital: readonly [number, number];
}

const DURATIONS_S = [
  1, 2, 4, 5, 10, 0.5, 0.25, 0.2, 0.1, 20, 30, 60, 100, 200, 400, 500, 1000, 0.05, 0.04, 0.02, 0.01, 0.001,
];
/** EDF+ clause 2.1.3: records should not be larger. */
const LARGE_RECORD_BYTES = 61440;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/**
 * Writes a recording as EDF+C or BDF+C. Stored integers are kept where they fit; the header's eight characters round their
 * scale to some 1e-6 of the range. The last record is filled up with each channel's last value. Throws EDF_RATES,
 * EDF_VALUE_RANGE, EDF_MISSING_SAMPLES.
 */
export function writeEdf(one: Signal, options: EdfWriteOptions = {}): Uint8Array {
  const width = options.format === 'BDF+' ? 3 : 2;
  const recordS = recordDuration(one, width);
  const perRecord = one.channels.map((channel) => Math.round(channel.samplingRateHz * recordS));
  const records = one.channels.reduce(
    (most, channel, c) => Math.max(most, Math.ceil(channel.samples.length / perRecord[c]!)),
    one.annotations.length > 0 ? 1 : 0,
  );
  const written = one.channels.map((channel, c) => quantise(channel, c, width, options));
  const notes = annotationRecords(one.annotations, records, recordS, width);
  const header = headerBytes(one, options, {
    width,
    recordS,
    records,
    perRecord,
    written,
    notesBytes: notes[0]?.length ?? 2 * width,
  });
  const recordBytes = perRecord.reduce((sum, count) => sum + count * width, notes[0]?.length ?? 0);
  const out = new Uint8Array(header.length + records * recordBytes);
  out.set(header);
  let at = header.length;
  for (let r = 0; r < records; r++) {
    for (const [c, { samples }] of written.entries()) {
      const count = perRecord[c]!;
      for (let i = r * count; i < (r + 1) * count; i++) {
        const value = samples[Math.min(i, samples.length - 1)] ?? 0;
        for (let b = 0; b < width; b++) out[at++] = value >> (8 * b);
      }
    }
    out.set(notes[r]!, at);
    at += notes[r]!.length;
  }
  return out;
}

/** A duration in which every channel has a whole number of samples; one that the recording is a multiple of, if there is. */
function recordDuration(one: Signal, width: number): number {
  const rates = one.channels.map((channel) => channel.samplingRateHz);
  const isWhole = (count: number): boolean => count > 0.5 && Math.abs(count - Math.round(count)) < 1e-6;
  const fitting = DURATIONS_S.filter((duration) => rates.every((rate) => isWhole(rate * duration)));
  if (fitting.length === 0) {
    throw new HounsfieldError(
      'EDF_RATES',
      `rates of ${[...new Set(rates)].join(', ')} Hz have no whole number of samples in a record of .001 to 1000 s. Resample first.`,
    );
  }
  const bytes = (duration: number): number => width * duration * rates.reduce((sum, rate) => sum + rate, 0);
  const small = fitting.filter((duration) => bytes(duration) <= LARGE_RECORD_BYTES);
  const candidates = small.length > 0 ? small : fitting;
  const exact = candidates.find((duration) =>
    one.channels.every(
      (channel) => channel.samples.length % Math.round(channel.samplingRateHz * duration) === 0,
    ),
  );
  return exact ?? candidates[0]!;
}

function quantise(channel: SignalChannel, c: number, width: number, options: EdfWriteOptions): Written {
  const top = 2 ** (8 * width - 1) - 1;
  const { stored, samples } = channel;
  const hasHoles = samples.some((value) => !Number.isFinite(value));
  if (hasHoles && options.missing !== 'lowest') {
    throw new HounsfieldError(
      'EDF_MISSING_SAMPLES',
      `channel ${c} has missing samples, and EDF has no value for them. Cut or fill them, or write with missing: 'lowest'.`,
    );
  }
  if (stored?.samples.every((value) => value === stored.missing || Math.abs(value) <= top)) {
    let largest = 1;
    for (const [i, value] of stored.samples.entries()) {
      if (Number.isFinite(samples[i])) largest = Math.max(largest, Math.abs(value));
    }
    const reach = 2 ** Math.ceil(Math.log2(largest + 1));
    const integers = stored.samples.map((value, i) => (Number.isFinite(samples[i]) ? value : -reach));
    const [from, to] = [-reach - stored.baseline, reach - 1 - stored.baseline];
    const physical = fieldRange(from / stored.gain, to / stored.gain, c);
    return { samples: integers, physical, digital: [-reach, reach - 1] };
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of samples)
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (!(high >= low)) [low, high] = [0, 1];
  if (high === low) [low, high] = [low - 1, high + 1];
  // the lowest integer is kept for missing samples
  const floor = hasHoles ? 1 - top : -top;
  const physical = fieldRange(hasHoles ? low - (high - low) / (2 * top - 1) : low, high, c);
  const [from, to] = physical.map(Number) as [number, number]; // two strings, two numbers
  const step = (to - from) / (2 * top);
  const integers = Int32Array.from(samples, (value) =>
    Number.isFinite(value) ? Math.max(floor, Math.min(top, Math.round((value - from) / step) - top)) : -top,
  );
  return { samples: integers, physical, digital: [-top, top] };
}

/** Two numbers in at most eight characters each, without an exponent. */
function fieldRange(low: number, high: number, c: number): readonly [string, string] {
  const [from, to] = [eightCharacters(low), eightCharacters(high)];
  if (from === undefined || to === undefined || Number(from) === Number(to)) {
    throw new HounsfieldError(
      'EDF_VALUE_RANGE',
      `channel ${c} has a range that eight characters cannot tell apart. Convert it to a unit with numbers between .001 and 1e6.`,
    );
  }
  return [from, to];
}

function eightCharacters(value: number): string | undefined {
  for (let decimals = 6; decimals >= 0; decimals--) {
    const text = value.toFixed(decimals);
    const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
    if (short.length <= 8) return short === '-0' ? '0' : short;
  }
  return undefined;
}

/** One annotations signal's bytes for each record: its own time, then as many marks as fit, in order. */
function annotationRecords(
  annotations: readonly SignalAnnotation[],
  records: number,
  recordS: number,
  width: number,
): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  const clocks = Array.from({ length: records }, (_, r) => encoder.encode(`${onset(r * recordS)}\x14\x14\0`));
  const marks = annotations
    .toSorted((a, b) => a.timeS - b.timeS)
    .map((mark) => encoder.encode(listText(mark)));
  const clockBytes = Math.max(0, ...clocks.slice(-1).map((clock) => clock.length));
  const longest = marks.reduce((most, mark) => Math.max(most, mark.length), 0);
  const total = marks.reduce((sum, mark) => sum + mark.length, 0);
  const size = clockBytes + longest + Math.ceil(total / Math.max(1, records));
  const bytes = Math.ceil(Math.max(size, 16) / width) * width;
  let next = 0;
  return clocks.map((clock) => {
    const record = new Uint8Array(bytes);
    record.set(clock);
    for (let at = clock.length; next < marks.length && at + marks[next]!.length <= bytes; next++) {
      record.set(marks[next]!, at);
      at += marks[next]!.length;
    }
    return record;
  });
}

function onset(seconds: number): string {
  const text = Math.abs(seconds)
    .toFixed(7)
    .replace(/\.?0+$/, '');
  return `${seconds < 0 && Number(text) !== 0 ? '-' : '+'}${text}`;
}

function listText(mark: SignalAnnotation): string {
  const text = [mark.label, mark.note ?? ''].filter((part) => part !== '').join(' ');
  const duration = mark.durationS === undefined ? '' : `\x15${onset(mark.durationS).slice(1)}`;
  // the bytes that separate lists may not be part of a text
  const clean = [...text]
    .filter((letter) => letter.charCodeAt(0) >= 32 || letter === '\n' || letter === '\t')
    .join('');
  return `${onset(mark.timeS)}${duration}\x14${clean}\x14\0`;
}

interface Plan {
  readonly width: number;
  readonly recordS: number;
  readonly records: number;
  readonly perRecord: readonly number[];
  readonly written: readonly Written[];
  readonly notesBytes: number;
}

function headerBytes(one: Signal, options: EdfWriteOptions, plan: Plan): Uint8Array {
  const { width, recordS, records, perRecord, written, notesBytes } = plan;
  const kind = width === 3 ? 'BDF' : 'EDF';
  const count = one.channels.length + 1;
  const identity = options.identity ? (one.identity ?? {}) : {};
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(identity.startDate ?? '');
  const clock = /^(\d{2}):(\d{2}):(\d{2})/.exec(identity.startTime ?? '');
  const longDate = date ? `${date[3]}-${MONTHS[Number(date[2]) - 1]}-${date[1]}` : 'X';
  const isPlusRecording = identity.recording?.startsWith('Startdate ') ?? false;
  const out: string[] = [];
  const field = (text: string | number, length: number): void => {
    out.push(ascii(String(text)).slice(0, length).padEnd(length));
  };
  field(width === 3 ? '\xffBIOSEMI' : '0', 8);
  field(identity.patient || 'X X X X', 80);
  field(isPlusRecording ? identity.recording! : `Startdate ${longDate} X X X`, 80);
  field(date ? `${date[3]}.${date[2]}.${date[1]!.slice(2)}` : '01.01.85', 8);
  field(clock ? `${clock[1]}.${clock[2]}.${clock[3]}` : '00.00.00', 8);
  field(256 * (count + 1), 8);
  field(`${kind}+C`, 44);
  field(records, 8);
  field(one.channels.length === 0 ? 0 : recordS, 8);
  field(count, 4);
  const column = (
    length: number,
    of: (channel: SignalChannel, c: number) => string | number,
    notes: string | number,
  ): void => {
    for (const [c, channel] of one.channels.entries()) field(of(channel, c), length);
    field(notes, length);
  };
  const top = 2 ** (8 * width - 1) - 1;
  column(16, (channel) => channel.name, `${kind} Annotations`);
  column(80, (channel) => channel.transducer ?? '', '');
  column(8, (channel) => channel.unit, '');
  column(8, (_, c) => written[c]!.physical[0], -1);
  column(8, (_, c) => written[c]!.physical[1], 1);
  column(8, (_, c) => written[c]!.digital[0], -top - 1);
  column(8, (_, c) => written[c]!.digital[1], top);
  column(80, (channel) => channel.filter ?? '', '');
  column(8, (_, c) => perRecord[c]!, notesBytes / width);
  column(32, () => '', '');
  return Uint8Array.from(out.join(''), (letter) => letter.charCodeAt(0));
}

/** EDF's headers are printable ASCII: the micro sign becomes u, other letters lose their accents or become ?. */
function ascii(text: string): string {
  if (text === '\xffBIOSEMI') return text;
  const plain = text
    .replace(/[\u00b5\u03bc]/g, 'u')
    .normalize('NFD')
    .replace(/\p{M}/gu, '');
  return [...plain].map((letter) => (letter >= ' ' && letter <= '~' ? letter : '?')).join('');
}
