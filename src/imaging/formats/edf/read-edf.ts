import { HounsfieldError } from '../../../errors.ts';
import { type Signal, type SignalAnnotation, type SignalChannel, signal } from '../../signal/signal.ts';
import type { SignalFormat, SignalReadOptions } from '../../signal/signal-format.ts';
import type { SignalInfo } from '../../signal/signal-info.ts';
import { type ByteSource, bytesSource } from '../byte-source.ts';
import { type AnnotationList, marksOf, parseAnnotationLists } from './annotation-lists.ts';
import {
  type EdfHeader,
  type EdfSignalHeader,
  invalidEdf,
  matchesEdf,
  parseEdfHeader,
} from './edf-header.ts';

export interface EdfOptions extends SignalReadOptions {
  /** A file with fewer records than its header says is refused (default), or its missing end filled with NaN. */
  readonly truncated?: 'refuse' | 'fill';
}

/** What a signal format offers, for EDF, EDF+, BDF and BDF+. */
export const edfFormat: SignalFormat = {
  name: 'EDF',
  extensions: ['.edf', '.bdf', '.rec'],
  matches: matchesEdf,
  read: readEdf,
  info: edfInfo,
};

/** The stored value that stands for a sample in a pause; no EDF or BDF sample has it. */
const MISSING = -2147483648;
/** Bytes of records read at a time. */
const PIECE_BYTES = 2 ** 22;

/**
 * Reads EDF, EDF+ (continuous and discontinuous, annotations), BDF and BDF+; each channel at its own rate. In a
 * discontinuous file pauses are NaN, and `recordedS` says where there is a recording. Throws EDF_HEADER_INVALID,
 * EDF_TRUNCATED, EDF_TIMELINE, EDF_TOO_LARGE.
 */
export async function readEdf(source: Uint8Array | ByteSource, options: EdfOptions = {}): Promise<Signal> {
  const file = source instanceof Uint8Array ? bytesSource(source, 'the bytes given') : source;
  const header = await readEdfHeader(file);
  const warnings = [...header.warnings];
  const { present, stated } = recordCounts(header, file, options, warnings);
  const records = await readRecords(header, file, present, limitOf(file, options));
  if (records.broken > 0) warnings.push(`${records.broken} annotations could not be read`);
  const timeline = placeRecords(header, records.onsets, stated, file.name, warnings);
  const total =
    timeline.durationS *
    header.signals.reduce((sum, one) => sum + (one.isAnnotations ? 0 : rateOf(header, one)), 0);
  checkLimit(total, file, options);
  const ordinary = header.signals.flatMap((one, s) =>
    one.isAnnotations ? [] : [{ one, stored: records.stored[s]! }],
  );
  const channels = ordinary.map(({ one, stored }) => edfChannel(one, stored, header, timeline));
  const rate = channels.reduce((most, channel) => Math.max(most, channel.samplingRateHz), 0) || 1;
  const annotations = records.lists
    .flatMap((list) => marksOf(list, timeline.startS))
    .sort((a: SignalAnnotation, b: SignalAnnotation) => a.timeS - b.timeS);
  return signal(channels, rate, annotations, timeline.durationS, {
    identity: header.identity,
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(timeline.pieces ? { recordedS: timeline.pieces } : {}),
  });
}

/** The header itself. Throws EDF_HEADER_INVALID, EDF_TRUNCATED. */
export async function readEdfHeader(source: ByteSource): Promise<EdfHeader> {
  const first = await source.read(0, 256);
  const count = first.length < 256 ? 0 : Number(String.fromCharCode(...first.subarray(252, 256)).trim());
  const size = Number.isInteger(count) && count > 0 ? 256 * (Math.min(count, 9999) + 1) : 256;
  const header = parseEdfHeader(size > 256 ? await source.read(0, size) : first, source.name);
  if (header.recordDurationS === 0 && header.signals.some((one) => !one.isAnnotations)) {
    throw invalidEdf(source.name, 'records of 0 s have signals besides annotations');
  }
  return header;
}

function rateOf(header: EdfHeader, one: EdfSignalHeader): number {
  return one.samplesPerRecord / header.recordDurationS;
}

function recordCounts(
  header: EdfHeader,
  file: ByteSource,
  options: EdfOptions,
  warnings: string[],
): { readonly present: number; readonly stated: number } {
  const held =
    header.recordBytes === 0 ? 0 : Math.floor((file.size - header.headerBytes) / header.recordBytes);
  const spare = header.recordBytes === 0 ? 0 : (file.size - header.headerBytes) % header.recordBytes;
  if (header.recordCount < 0) {
    warnings.push(`the header does not know its number of records; the file holds ${held}`);
    if (spare > 0) warnings.push('the last record is not whole and was left out');
    return { present: held, stated: held };
  }
  if (held < header.recordCount) {
    if (options.truncated !== 'fill') {
      throw new HounsfieldError(
        'EDF_TRUNCATED',
        `${file.name} holds ${held} whole records where its header says ${header.recordCount}. Copy it again from its ` +
          "source, or read it with truncated: 'fill' to have the rest as missing.",
      );
    }
    warnings.push(`the file ends after ${held} of ${header.recordCount} records; the rest is missing`);
    return { present: held, stated: header.recordCount };
  }
  if (held > header.recordCount)
    warnings.push(`${held - header.recordCount} records after the last stated one were not read`);
  return { present: header.recordCount, stated: header.recordCount };
}

function limitOf(file: ByteSource, options: EdfOptions): number {
  return options.largestSampleCount ?? Math.max(2 ** 25, 8 * file.size);
}

function checkLimit(total: number, file: ByteSource, options: EdfOptions): void {
  const limit = limitOf(file, options);
  if (!(total <= limit)) {
    throw new HounsfieldError(
      'EDF_TOO_LARGE',
      `${file.name} takes ${Math.ceil(total)} samples with its pauses, above the limit of ${limit} for a file of this size. ` +
        'Raise largestSampleCount if it is meant.',
    );
  }
}

interface Records {
  /** By signal: its samples record after record; undefined for annotations. */
  readonly stored: readonly (Int32Array | undefined)[];
  readonly lists: readonly AnnotationList[];
  /** By record: its own time, where the first annotations signal gives it. */
  readonly onsets: readonly (number | undefined)[];
  readonly broken: number;
}

async function readRecords(
  header: EdfHeader,
  file: ByteSource,
  count: number,
  limit: number,
): Promise<Records> {
  const { signals, recordBytes, bytesPerSample } = header;
  if (count > limit) {
    throw new HounsfieldError(
      'EDF_TOO_LARGE',
      `${file.name} has ${count} records, above the limit of ${limit}. Raise largestSampleCount.`,
    );
  }
  const stored = signals.map((one) =>
    one.isAnnotations ? undefined : new Int32Array(count * one.samplesPerRecord),
  );
  const lists: AnnotationList[] = [];
  const onsets: (number | undefined)[] = [];
  let broken = 0;
  const clock = signals.findIndex((one) => one.isAnnotations);
  // signals without samples would cost time in every record and give nothing
  const held = [...signals.entries()].filter(([, one]) => one.samplesPerRecord > 0);
  const atOnce = Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, recordBytes)));
  for (let start = 0; start < count && recordBytes > 0; start += atOnce) {
    const records = Math.min(atOnce, count - start);
    const bytes = await file.read(header.headerBytes + start * recordBytes, records * recordBytes);
    if (bytes.length < records * recordBytes) {
      throw new HounsfieldError(
        'EDF_TRUNCATED',
        `${file.name} became shorter while it was read. Read it again.`,
      );
    }
    for (let r = 0, at = 0; r < records; r++) {
      for (const [s, one] of held) {
        const end = at + one.samplesPerRecord * bytesPerSample;
        const target = stored[s];
        if (target) {
          unpack(bytes, at, end, bytesPerSample, target, (start + r) * one.samplesPerRecord);
        } else {
          const parsed = parseAnnotationLists(bytes.subarray(at, end));
          if (s === clock) onsets[start + r] = parsed.lists.find((list) => list.texts[0] === '')?.onsetS;
          for (const list of parsed.lists) lists.push(list);
          broken += parsed.broken;
        }
        at = end;
      }
    }
  }
  return { stored, lists, onsets, broken };
}

function unpack(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: 2 | 3,
  out: Int32Array,
  to: number,
): void {
  let next = to;
  if (width === 2) {
    for (let at = start; at < end; at += 2) out[next++] = ((bytes[at]! | (bytes[at + 1]! << 8)) << 16) >> 16;
    return;
  }
  for (let at = start; at < end; at += 3) {
    out[next++] = ((bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) << 8) >> 8;
  }
}

interface Timeline {
  /** Of the first sample, seconds after the header's starting time: less than 1 in most files. */
  readonly startS: number;
  readonly durationS: number;
  /** Of each record, from the first one's on; undefined when they follow each other without a pause. */
  readonly onsets?: readonly number[];
  readonly pieces?: readonly (readonly [number, number])[];
}

/** Where each record lies in time. Only a discontinuous file may have pauses. */
function placeRecords(
  header: EdfHeader,
  onsets: Records['onsets'],
  stated: number,
  name: string,
  warnings: string[],
): Timeline {
  const { recordDurationS } = header;
  const startS = onsets[0] ?? 0;
  if (!header.format.endsWith('+D') || recordDurationS === 0)
    return { startS, durationS: stated * recordDurationS };
  const placed: number[] = [];
  let end = 0;
  for (const [r, onset] of onsets.entries()) {
    if (onset === undefined) throw timelineError(name, r, 'has no time of its own');
    const at = onset - startS;
    // clocks are written with few decimals
    if (at < end - recordDurationS * 1e-3)
      throw timelineError(name, r, 'begins before the one before it ends');
    placed.push(at);
    end = at + recordDurationS;
  }
  if (placed.length < stated) warnings.push('records that are missing at the end have no time of their own');
  const pieces: [number, number][] = [];
  for (const at of placed) {
    const last = pieces.at(-1);
    if (last && Math.abs(at - last[1]) <= recordDurationS * 1e-3) last[1] = at + recordDurationS;
    else pieces.push([at, at + recordDurationS]);
  }
  return { startS, durationS: end, onsets: placed, pieces };
}

function timelineError(name: string, record: number, what: string): HounsfieldError {
  return new HounsfieldError(
    'EDF_TIMELINE',
    `${name} says that it is discontinuous, and record ${record} ${what}. Mend its time-keeping annotations.`,
  );
}

function edfChannel(
  one: EdfSignalHeader,
  stored: Int32Array,
  header: EdfHeader,
  timeline: Timeline,
): SignalChannel {
  const samplingRateHz = rateOf(header, one);
  const length = Math.round(timeline.durationS * samplingRateHz);
  const hasHoles = timeline.onsets !== undefined || stored.length < length;
  const laid = hasHoles ? layOut(one, stored, length, samplingRateHz, timeline.onsets) : stored;
  const { digitalMaximum, digitalMinimum, physicalMaximum, physicalMinimum } = one;
  const step = one.isCalibrated ? (physicalMaximum - physicalMinimum) / (digitalMaximum - digitalMinimum) : 1;
  const offset = one.isCalibrated ? physicalMaximum / step - digitalMaximum : 0;
  const samples = new Float64Array(laid.length);
  for (let i = 0; i < laid.length; i++)
    samples[i] = laid[i] === MISSING ? Number.NaN : step * (offset + laid[i]!);
  return {
    name: one.label,
    unit: one.isCalibrated ? one.unit : '',
    samplingRateHz,
    samples,
    stored: {
      samples: laid,
      gain: 1 / step,
      baseline: -offset,
      bits: header.bytesPerSample * 8,
      ...(hasHoles ? { missing: MISSING } : {}),
    },
    ...(one.transducer === '' ? {} : { transducer: one.transducer }),
    ...(one.filter === '' ? {} : { filter: one.filter }),
  };
}

/** The records at their places, what is between them missing. */
function layOut(
  one: EdfSignalHeader,
  stored: Int32Array,
  length: number,
  samplingRateHz: number,
  onsets: readonly number[] | undefined,
): Int32Array {
  const laid = new Int32Array(length).fill(MISSING);
  if (!onsets) {
    laid.set(stored);
    return laid;
  }
  for (const [r, onset] of onsets.entries()) {
    const at = Math.min(Math.round(onset * samplingRateHz), length - one.samplesPerRecord);
    const piece = stored.subarray(r * one.samplesPerRecord, (r + 1) * one.samplesPerRecord);
    laid.set(piece, Math.max(0, at));
  }
  return laid;
}

/** What the header says, for a table. A discontinuous file's duration is that of its records. */
export async function edfInfo(
  source: Uint8Array | ByteSource,
  options: EdfOptions & { readonly identity?: boolean } = {},
): Promise<SignalInfo> {
  const file = source instanceof Uint8Array ? bytesSource(source, 'the bytes given') : source;
  const header = await readEdfHeader(file);
  const warnings = [...header.warnings];
  const { present } = recordCounts(header, file, { ...options, truncated: 'fill' }, warnings);
  const ordinary = header.signals.filter((one) => !one.isAnnotations);
  const rates = ordinary.map((one) => rateOf(header, one));
  return {
    format: header.format,
    samplingRateHz: rates.reduce((most, rate) => Math.max(most, rate), 0) || 1,
    durationS: present * header.recordDurationS,
    channels: ordinary.map((one, i) => ({
      name: one.label,
      unit: one.unit,
      samplingRateHz: rates[i]!,
      sampleCount: present * one.samplesPerRecord,
      bits: header.bytesPerSample * 8,
      storage: `${header.bytesPerSample * 8} bit`,
    })),
    facts: {
      records: present,
      'seconds a record': header.recordDurationS,
      'annotation signals': header.signals.length - ordinary.length,
    },
    warnings,
    ...(options.identity ? { identity: header.identity } : {}),
  };
}
