import { HounsfieldError } from '../../../errors.ts';
import type { SignalIdentity } from '../../signal/signal.ts';
import type { ByteSource } from '../byte-source.ts';

/** One signal line of a WFDB header, its defaults filled in (WFDB Applications Guide, header(5)). */
export interface WfdbSignalLine {
  readonly file: string;
  readonly format: number;
  readonly samplesPerFrame: number;
  /** Frames by which this signal lags in its file. */
  readonly skew: number;
  /** Bytes before the first sample; samples in a FLAC file. */
  readonly offset: number;
  /** Stored units per physical unit; 200 where the header has none or 0. */
  readonly gain: number;
  readonly isCalibrated: boolean;
  readonly baseline: number;
  readonly unit: string;
  readonly adcBits: number;
  readonly adcZero: number;
  readonly initialValue: number;
  readonly checksum?: number;
  readonly blockSize: number;
  readonly description: string;
}

export interface WfdbSegmentLine {
  /** '~' is a stretch without signals. */
  readonly name: string;
  readonly frameCount: number;
}

/** A WFDB header: of one recording, or of segments that follow each other. */
export interface WfdbHeader {
  readonly recordName: string;
  readonly signalCount: number;
  readonly frameRateHz: number;
  readonly counterFrequencyHz?: number;
  readonly baseCounter?: number;
  /** Undefined where the header leaves it open. */
  readonly frameCount?: number;
  readonly signals: readonly WfdbSignalLine[];
  readonly segments?: readonly WfdbSegmentLine[];
  readonly identity: SignalIdentity;
  readonly warnings: readonly string[];
}

/** Most characters that a header may have; the longest known ones have tens of thousands of segments. */
const LONGEST_HEADER = 2 ** 24;
const MOST_SIGNALS = 8192;
const MOST_SEGMENTS = 65536;

const RECORD_LINE =
  /^(?<name>[^\s/]+)(?:\/(?<segments>\d+))?\s+(?<count>\d+)(?:\s+(?<rate>[\d.]+(?:[eE][-+]?\d+)?)(?:\/(?<counter>-?[\d.]+(?:[eE][-+]?\d+)?))?(?:\((?<base>-?[\d.]+(?:[eE][-+]?\d+)?)\))?(?:\s+(?<frames>\d+)(?:\s+(?<time>\d[\d:.]*)(?:\s+(?<date>\d+\/\d+\/\d+))?)?)?)?/;
const FORMAT_FIELD = /^(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$/;
const GAIN_FIELD = /^([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)?(?:\((-?\d+(?:\.\d*)?)\))?(?:\/(\S*))?$/;

export function invalidHeader(name: string, line: number, what: string): HounsfieldError {
  return new HounsfieldError(
    'WFDB_HEADER_INVALID',
    `${name}, line ${line}: ${what}. Mend the header by the rules of WFDB's header(5).`,
  );
}

/** True when the text begins as a WFDB header does: a record line and a signal or segment line that fits it. */
export function looksLikeWfdbHeader(text: string): boolean {
  const lines = text
    .split(/\r?\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const record = RECORD_LINE.exec(lines[0] ?? '');
  if (!record?.groups) return false;
  if (lines.length === 1)
    return record.groups['rate'] !== undefined && /^[-\w]+$/.test(record.groups['name']!);
  const fields = lines[1]!.split(/\s+/);
  if (record.groups['segments'] !== undefined) return fields.length >= 2 && /^\d+$/.test(fields[1]!);
  return FORMAT_FIELD.test(fields[1] ?? '') && Number.parseInt(fields[1]!, 10) in KNOWN_FORMATS;
}

const KNOWN_FORMATS: Readonly<Record<number, true>> = Object.fromEntries(
  [0, 8, 16, 24, 32, 61, 80, 160, 212, 310, 311, 508, 516, 524].map((format) => [format, true]),
);

/**
 * Parses a header's text. Date, time and comments go to `identity`. Throws WFDB_HEADER_INVALID with the line's number.
 */
export function parseWfdbHeader(text: string, name: string): WfdbHeader {
  if (text.length > LONGEST_HEADER) throw invalidHeader(name, 1, `${text.length} characters are too many`);
  const lines: { readonly text: string; readonly number: number }[] = [];
  const comments: string[] = [];
  for (const [i, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = raw.trim();
    if (line.startsWith('#')) comments.push(line.replace(/^[ \t#]+/, '').trimEnd());
    else if (line !== '') lines.push({ text: line, number: i + 1 });
  }
  const first = lines[0];
  if (!first) throw invalidHeader(name, 1, 'there is no record line');
  const record = RECORD_LINE.exec(first.text)?.groups;
  if (!record)
    throw invalidHeader(name, first.number, 'it is not a record line (name, number of signals, rate …)');
  const warnings: string[] = [];
  const signalCount = Number(record['count']);
  const frameRateHz = record['rate'] === undefined ? 250 : Number(record['rate']);
  if (!(frameRateHz > 0 && frameRateHz < 1e9))
    throw invalidHeader(name, first.number, 'the sampling rate is not above 0');
  const segmentCount = record['segments'] === undefined ? undefined : Number(record['segments']);
  const expected = segmentCount ?? signalCount;
  if (signalCount > MOST_SIGNALS || (segmentCount ?? 0) > MOST_SEGMENTS) {
    throw invalidHeader(
      name,
      first.number,
      `${signalCount} signals or ${segmentCount ?? 0} segments are too many`,
    );
  }
  const body = lines.slice(1, 1 + expected);
  if (body.length < expected) {
    throw invalidHeader(
      name,
      first.number,
      `it names ${expected} signals or segments, and ${body.length} lines follow`,
    );
  }
  if (lines.length > 1 + expected) {
    warnings.push(`${lines.length - 1 - expected} lines after the last signal or segment line were not read`);
  }
  return {
    recordName: record['name']!,
    signalCount,
    frameRateHz,
    ...optionalNumber('counterFrequencyHz', record['counter']),
    ...optionalNumber('baseCounter', record['base']),
    ...(Number(record['frames'] ?? 0) > 0
      ? { frameCount: safeCount(record['frames']!, name, first.number) }
      : {}),
    signals: segmentCount === undefined ? body.map((line) => signalLine(line.text, name, line.number)) : [],
    ...(segmentCount === undefined
      ? {}
      : { segments: body.map((line) => segmentLine(line.text, name, line.number)) }),
    identity: identityOf(record['time'], record['date'], comments),
    warnings,
  };
}

function optionalNumber<K extends string>(key: K, text: string | undefined): { readonly [P in K]?: number } {
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) ? {} : ({ [key]: value } as { [P in K]: number }); // one key, K
}

function safeCount(text: string, name: string, line: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw invalidHeader(name, line, 'a count is too large');
  return value;
}

function identityOf(
  time: string | undefined,
  date: string | undefined,
  comments: readonly string[],
): SignalIdentity {
  const parts = date?.split('/');
  const [day = '', month = '', year = ''] = parts ?? [];
  return {
    ...(date === undefined
      ? {}
      : { startDate: `${year.padStart(4, '0')}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` }),
    ...(time === undefined ? {} : { startTime: clockTime(time) }),
    ...(comments.length > 0 ? { comments } : {}),
  };
}

/** H:M:S, M:S or S, as HH:MM:SS with the decimals that it has. */
function clockTime(text: string): string {
  const parts = text.split(':').slice(-3);
  while (parts.length < 3) parts.unshift('0');
  return parts.map((part) => part.replace(/^\d(?=\D|$)/, '0$&')).join(':');
}

function segmentLine(text: string, name: string, line: number): WfdbSegmentLine {
  const [segment = '', count = ''] = text.split(/\s+/);
  if (!/^\d+$/.test(count))
    throw invalidHeader(name, line, 'it is not a segment line (name, number of samples)');
  return { name: segment, frameCount: safeCount(count, name, line) };
}

function signalLine(text: string, name: string, line: number): WfdbSignalLine {
  const tokens = [...text.matchAll(/\S+/g)];
  const format = FORMAT_FIELD.exec(tokens[1]?.[0] ?? '');
  if (!format) throw invalidHeader(name, line, 'it is not a signal line (file, format …)');
  let next = 2;
  /** The next field when it has the form; otherwise what is left is the description. */
  const take = (form: RegExp): RegExpExecArray | undefined => {
    const match = form.exec(tokens[next]?.[0] ?? '');
    if (!match || tokens[next] === undefined) return undefined;
    next++;
    return match;
  };
  const whole = /^-?\d+$/;
  const gain = take(GAIN_FIELD);
  if (!gain && /^[-+.]?\d/.test(tokens[next]?.[0] ?? ''))
    throw invalidHeader(name, line, 'the gain is not a number');
  const integers: (number | undefined)[] = [];
  for (let i = 0; gain !== undefined && i < 5; i++) {
    const field = take(whole);
    if (!field) break;
    integers.push(safeCount(field[0], name, line));
  }
  const [adcBits = 0, adcZero, initialValue, checksum, blockSize = 0] = integers;
  const gainValue = gain?.[1] === undefined ? 0 : Number(gain[1]);
  const baseline = gain?.[2] === undefined ? (adcZero ?? 0) : Number(gain[2]);
  if (!Number.isFinite(gainValue) || !Number.isFinite(baseline)) {
    throw invalidHeader(name, line, 'the gain or the baseline is not a finite number');
  }
  const start = tokens[next]?.index;
  return {
    file: tokens[0]![0],
    format: Number(format[1]),
    samplesPerFrame: safeCount(format[2] ?? '1', name, line) || 1,
    skew: safeCount(format[3] ?? '0', name, line),
    offset: safeCount(format[4] ?? '0', name, line),
    gain: gainValue === 0 ? 200 : gainValue,
    isCalibrated: gainValue !== 0,
    baseline,
    unit: gain?.[3] || 'mV',
    adcBits,
    adcZero: adcZero ?? 0,
    initialValue: initialValue ?? adcZero ?? 0,
    ...(checksum === undefined ? {} : { checksum }),
    blockSize,
    description: start === undefined ? '' : text.slice(start).trimEnd(),
  };
}

/** The header itself, every field of it. Throws WFDB_HEADER_INVALID. */
export async function readWfdbHeader(source: ByteSource): Promise<WfdbHeader> {
  const bytes = await source.read(0, Math.min(source.size, 2 ** 24));
  return parseWfdbHeader(textOf(bytes), source.name);
}

/** UTF-8, or Latin-1 where the bytes are not. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return text;
  }
}
