import { HounsfieldError } from '../../../errors.ts';
import { type Signal, type SignalChannel, signal } from '../../signal/signal.ts';
import type { SignalFormat, SignalReadOptions } from '../../signal/signal-format.ts';
import type { SignalInfo } from '../../signal/signal-info.ts';
import { type ByteSource, bytesSource } from '../byte-source.ts';
import { type CsvLayout, clockValue, fieldValue, guessLayout, invalidCsv, splitLine } from './csv-layout.ts';

export interface CsvSignalOptions extends SignalReadOptions {
  /** Samples per second; needed where the table has no column of times. */
  readonly samplingRateHz?: number;
  /** Name or place (from 0) of the column of times; default: a first column named time, t or seconds. 'none' has none. */
  readonly time?: string | number;
  /** What a number in the column of times counts; default by its header (time (ms)), else seconds. */
  readonly timeUnit?: 's' | 'ms' | 'us' | 'samples';
  readonly separator?: CsvLayout['separator'];
  readonly decimal?: CsvLayout['decimal'];
}

/** What a signal format offers, for tables of text. Found last: most tables are something else. */
export const csvSignalFormat: SignalFormat = {
  name: 'CSV',
  extensions: ['.csv', '.tsv', '.txt'],
  matches: matchesCsvSignal,
  read: readCsvSignal,
  info: csvSignalInfo,
};

const SECONDS_PER: Readonly<Record<'s' | 'ms' | 'us' | 'samples', number>> = {
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  samples: 1,
};
/** Characters of a name that is looked at for a unit. */
const LONGEST_NAME = 500;
/** Lines looked at to guess the layout. */
const GUESS_LINES = 50;
/** Largest table, 1 GiB: a JavaScript string holds no more. */
const LARGEST_TABLE_BYTES = 2 ** 29 - 24;

interface Table {
  readonly names: readonly string[];
  readonly units: readonly string[];
  readonly columns: readonly Float64Array[];
  readonly firstLine: number;
}

/** True when the file is text whose lines are rows of numbers, after at most a few header lines. */
export function matchesCsvSignal(head: Uint8Array, name: string): boolean {
  if (head.length === 0 || head.some((byte) => byte < 9 || (byte > 13 && byte < 32))) return false;
  if (!/\.(csv|tsv|txt)$/i.test(name)) return false;
  const lines = new TextDecoder()
    .decode(head)
    .split(/\r?\n|\r/)
    .slice(0, -1)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.length >= 2 && guessLayout(lines.slice(0, GUESS_LINES)) !== undefined;
}

/**
 * Reads a table of samples: one row per moment, one column per channel, names in a header row with units in parentheses or
 * in a row of their own, # comments. Times come from a column or from samplingRateHz. Missing values are NaN. Throws
 * CSV_INVALID with the line, CSV_RATE_UNKNOWN, CSV_TIMES_UNEVEN, CSV_TOO_LARGE.
 */
export async function readCsvSignal(
  source: Uint8Array | ByteSource,
  options: CsvSignalOptions = {},
): Promise<Signal> {
  const { table, rateHz, timeColumn, name } = await readTable(source, options);
  const channels = table.columns.flatMap((samples, c): SignalChannel[] =>
    c === timeColumn
      ? []
      : [{ name: table.names[c]!, unit: table.units[c]!, samplingRateHz: rateHz, samples }],
  );
  if (channels.length === 0) throw invalidCsv(name, table.firstLine, 'there is no column besides the times');
  return signal(channels, rateHz);
}

async function readTable(
  source: Uint8Array | ByteSource,
  options: CsvSignalOptions,
): Promise<{
  readonly table: Table;
  readonly rateHz: number;
  readonly timeColumn: number;
  readonly name: string;
}> {
  const file = source instanceof Uint8Array ? bytesSource(source, 'the table given') : source;
  const limit = Math.min(LARGEST_TABLE_BYTES, (options.largestSampleCount ?? 2 ** 27) * 2);
  if (file.size > limit) {
    throw new HounsfieldError(
      'CSV_TOO_LARGE',
      `${file.name} has ${file.size} bytes, above the limit of ${limit}. Split it, or convert it to EDF.`,
    );
  }
  const text = new TextDecoder().decode(await file.read(0, file.size));
  const table = parseTable(text, file.name, options);
  const timeColumn = findTime(table, file.name, options);
  const rateHz =
    timeColumn < 0 ? givenRate(file.name, options) : rateOfTimes(table, timeColumn, file.name, options);
  return { table, rateHz, timeColumn, name: file.name };
}

function parseTable(text: string, name: string, options: CsvSignalOptions): Table {
  const lines: { readonly text: string; readonly number: number }[] = [];
  let number = 0;
  for (const line of text.split(/\r\n|\n|\r/)) {
    number++;
    if (line.trim() !== '' && !line.startsWith('#')) lines.push({ text: line, number });
  }
  if (lines.length === 0) throw invalidCsv(name, 1, 'there is no row');
  const guessed = guessLayout(lines.slice(0, GUESS_LINES).map((line) => line.text));
  const separator = options.separator ?? guessed?.separator;
  const decimal = options.decimal ?? guessed?.decimal;
  if (separator === undefined || decimal === undefined) {
    throw invalidCsv(name, lines[0]!.number, 'no separator makes rows of numbers of the lines');
  }
  let first = 0;
  const heads: string[][] = [];
  while (first < lines.length && heads.length < 3) {
    const fields = splitLine(lines[first]!.text, separator);
    if (fields.some((field) => Number.isFinite(fieldValue(field, decimal)))) break;
    heads.push(fields);
    first++;
  }
  if (first === lines.length) throw invalidCsv(name, lines[0]!.number, 'no row has a number');
  const width = heads[0]?.length ?? splitLine(lines[first]!.text, separator).length;
  const rows = lines.slice(first);
  // every field takes a character: a wider header is not filled by these rows
  const isWide = width * rows.length > text.length + rows.length;
  const columns = Array.from({ length: width }, () => new Float64Array(isWide ? 0 : rows.length));
  for (const [r, line] of rows.entries()) {
    const fields = splitLine(line.text, separator);
    // a separator at the end of the line
    if (fields.length === width + 1 && fields.at(-1) === '') fields.pop();
    if (fields.length !== width) {
      throw invalidCsv(name, line.number, `it has ${fields.length} fields where ${width} are expected`);
    }
    for (let c = 0; c < width; c++) {
      const value = fieldValue(fields[c]!, decimal) ?? (c === 0 ? clockValue(fields[c]!) : undefined);
      if (value === undefined) throw invalidCsv(name, line.number, `field ${c + 1} is not a number`);
      columns[c]![r] = value;
    }
  }
  return { ...namesAndUnits(heads, width, name), columns, firstLine: lines[first]!.number };
}

/** Names from the first header row; units in parentheses or brackets behind them, or from a second row. */
function namesAndUnits(
  heads: readonly string[][],
  width: number,
  name: string,
): Pick<Table, 'names' | 'units'> {
  const [first = [], second] = heads;
  if (second && second.length !== width)
    throw invalidCsv(name, 2, `it has ${second.length} fields where ${width} are expected`);
  const parsed = Array.from({ length: width }, (_, c) => {
    const text = (first[c] ?? `channel ${c}`).replace(/^'(.*)'$/, '$1');
    const match = text.length > LONGEST_NAME ? null : /^(.*?)\s*[([]([^()[\]]*)[)\]]$/.exec(text);
    const unit = (second?.[c] ?? match?.[2] ?? '').replace(/^'(.*)'$/, '$1').replace(/^[([](.*)[)\]]$/, '$1');
    return { name: match?.[1] || text, unit: /^-?$/.test(unit) ? '' : unit };
  });
  return { names: parsed.map((one) => one.name), units: parsed.map((one) => one.unit) };
}

function findTime(table: Table, name: string, options: CsvSignalOptions): number {
  const { time } = options;
  if (time === 'none') return -1;
  if (time === undefined) {
    const isTime =
      /^(time|t|times|timestamp|seconds|sec|elapsed time|sample|samples|sample ?#|sample interval|ms)$/i.test(
        table.names[0] ?? '',
      );
    return isTime && (table.columns.length > 1 || options.samplingRateHz === undefined) ? 0 : -1;
  }
  const place =
    typeof time === 'number'
      ? time
      : table.names.findIndex((one) => one.toLowerCase() === time.toLowerCase());
  if (place >= 0 && place < table.columns.length) return place;
  throw invalidCsv(
    name,
    table.firstLine,
    `there is no column of times of the given name or place among ${table.columns.length}`,
  );
}

function givenRate(name: string, options: CsvSignalOptions): number {
  const rate = options.samplingRateHz;
  if (rate === undefined || !(rate > 0)) {
    throw new HounsfieldError(
      'CSV_RATE_UNKNOWN',
      `${name} has no column of times, and no sampling rate is given. Pass samplingRateHz, or time with the column's name.`,
    );
  }
  return rate;
}

/** The rate of evenly spaced times: each within a tenth of a step of its place. */
function rateOfTimes(table: Table, column: number, name: string, options: CsvSignalOptions): number {
  const times = table.columns[column]!;
  const unit = options.timeUnit ?? timeUnit(table.names[column]!, table.units[column]!);
  if (unit === 'samples') return givenRate(name, options);
  const steps = times.length - 1;
  const step = (times[steps]! - times[0]!) / steps;
  if (steps < 1 || !(step > 0)) {
    if (options.samplingRateHz !== undefined) return givenRate(name, options);
    throw new HounsfieldError(
      'CSV_TIMES_UNEVEN',
      `${name}: the times do not rise from the first to the last. Sort the rows, or pass samplingRateHz with time: 'none'.`,
    );
  }
  for (const [i, time] of times.entries()) {
    if (!(Math.abs(time - times[0]! - i * step) <= 0.1 * step)) {
      throw new HounsfieldError(
        'CSV_TIMES_UNEVEN',
        `${name}, line ${table.firstLine + i}: the time is not where even steps of ${step} would put it. ` +
          'Resample the table to even steps, or export it again.',
      );
    }
  }
  const rate = 1 / (step * SECONDS_PER[unit]);
  // times are written with few decimals: 0.00278 s is 360 Hz to within them
  const nearest = Math.round(rate);
  return Math.abs(rate - nearest) < 1e-6 * rate ? nearest : rate;
}

function timeUnit(name: string, unit: string): 's' | 'ms' | 'us' | 'samples' {
  const word = unit.toLowerCase();
  if (word.includes(':')) return 's';
  if (/^(ms|msec|milliseconds?)$/.test(word) || /^ms$/i.test(name)) return 'ms';
  if (/^(us|µs|usec|microseconds?)$/.test(word)) return 'us';
  if (/^samples?/i.test(name) || /^samples?$/.test(word)) return 'samples';
  return 's';
}

/** What the table holds. It is read whole: a table has no header that says how long it is. */
export async function csvSignalInfo(
  source: Uint8Array | ByteSource,
  options: CsvSignalOptions = {},
): Promise<SignalInfo> {
  const one = await readCsvSignal(source, options);
  return {
    format: 'CSV',
    samplingRateHz: one.samplingRateHz,
    durationS: one.durationS,
    channels: one.channels.map((channel) => ({
      name: channel.name,
      unit: channel.unit,
      samplingRateHz: channel.samplingRateHz,
      sampleCount: channel.samples.length,
      bits: 64,
      storage: 'text',
    })),
    facts: {},
    warnings: [],
  };
}
