import { HounsfieldError } from '../../../errors.ts';
import type { SignalIdentity } from '../../signal/signal.ts';

/** One signal of an EDF or BDF header. */
export interface EdfSignalHeader {
  readonly label: string;
  readonly transducer: string;
  readonly unit: string;
  readonly physicalMinimum: number;
  readonly physicalMaximum: number;
  readonly digitalMinimum: number;
  readonly digitalMaximum: number;
  readonly filter: string;
  readonly samplesPerRecord: number;
  readonly isAnnotations: boolean;
  /** False where the ranges cannot be true: values are then the stored integers. */
  readonly isCalibrated: boolean;
}

/** The header of an EDF, EDF+, BDF or BDF+ file (Kemp et al. 1992; Kemp and Olivan 2003). */
export interface EdfHeader {
  readonly format: 'EDF' | 'EDF+C' | 'EDF+D' | 'BDF' | 'BDF+C' | 'BDF+D';
  readonly bytesPerSample: 2 | 3;
  readonly headerBytes: number;
  /** -1 where the header does not know. */
  readonly recordCount: number;
  readonly recordDurationS: number;
  readonly recordBytes: number;
  readonly signals: readonly EdfSignalHeader[];
  readonly identity: SignalIdentity;
  readonly warnings: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
/** Four digits in the header. */
const MOST_SIGNALS = 9999;

export function isBdf(head: Uint8Array): boolean {
  return head[0] === 0xff && String.fromCharCode(...head.subarray(1, 8)) === 'BIOSEMI';
}

/** True when the bytes begin as EDF or BDF do: their version, and numbers where the header has numbers. */
export function matchesEdf(head: Uint8Array): boolean {
  if (head.length < 256) return false;
  const field = (start: number, length: number): string =>
    String.fromCharCode(...head.subarray(start, start + length)).replace(/[\0 ]+$/, '');
  const isVersion = isBdf(head) || field(0, 8).trim() === '0';
  return (
    isVersion &&
    /^ *\d+$/.test(field(184, 8)) &&
    /^ *-?\d+$/.test(field(236, 8)) &&
    /^ *\d+$/.test(field(252, 4))
  );
}

export function invalidEdf(name: string, what: string): HounsfieldError {
  return new HounsfieldError(
    'EDF_HEADER_INVALID',
    `${name}: ${what}. Mend the header with an EDF editor, or export it again.`,
  );
}

/** Parses a header's bytes, all 256 x (signals + 1) of them. Throws EDF_HEADER_INVALID, EDF_TRUNCATED. */
export function parseEdfHeader(bytes: Uint8Array, name: string): EdfHeader {
  if (bytes.length < 256) throw truncatedHeader(name, bytes.length, 256);
  if (!isBdf(bytes) && fieldText(bytes, 0, 8) !== '0') throw invalidEdf(name, 'its version is not 0');
  const warnings: string[] = [];
  const number = (start: number, what: string, length = 8): number =>
    fieldNumber(bytes, start, length, name, what, warnings);
  const count = number(252, 'number of signals', 4);
  if (!Number.isInteger(count) || count < 0 || count > MOST_SIGNALS)
    throw invalidEdf(name, 'its number of signals is no count');
  const headerBytes = 256 * (count + 1);
  if (bytes.length < headerBytes) throw truncatedHeader(name, bytes.length, headerBytes);
  if (number(184, 'size of the header') !== headerBytes)
    warnings.push('the stated size of the header is not 256 x (signals + 1)');
  const bytesPerSample = isBdf(bytes) ? 3 : 2;
  const kind = bytesPerSample === 3 ? 'BDF' : 'EDF';
  const reserved = fieldText(bytes, 192, 44);
  const plus = /^[EB]DF\+([CD])/.exec(reserved)?.[1];
  const signals = Array.from({ length: count }, (_, s) =>
    signalHeader(bytes, s, count, name, warnings, bytesPerSample),
  );
  const recordDurationS = number(244, 'duration of a record');
  if (!(recordDurationS >= 0 && recordDurationS < 1e8))
    throw invalidEdf(name, 'the duration of a record is not 0 or more');
  const recordCount = number(236, 'number of records');
  if (!Number.isInteger(recordCount)) throw invalidEdf(name, 'its number of records is no count');
  return {
    format: plus === 'C' ? `${kind}+C` : plus === 'D' ? `${kind}+D` : kind,
    bytesPerSample,
    headerBytes,
    recordCount,
    recordDurationS,
    recordBytes: signals.reduce((sum, one) => sum + one.samplesPerRecord * bytesPerSample, 0),
    signals,
    identity: identityOf(bytes),
    warnings,
  };
}

function truncatedHeader(name: string, size: number, wanted: number): HounsfieldError {
  return new HounsfieldError(
    'EDF_TRUNCATED',
    `${name} has ${size} bytes, its header alone takes ${wanted}. Copy it again from its source.`,
  );
}

/** ASCII, or UTF-8 or Latin-1 where a writer put more; trailing spaces and NULs gone. */
function fieldText(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(field);
  } catch {
    text = String.fromCharCode(...field);
  }
  return text.split('\0', 1)[0]!.trim();
}

function fieldNumber(
  bytes: Uint8Array,
  start: number,
  length: number,
  name: string,
  what: string,
  warnings: string[],
): number {
  const text = fieldText(bytes, start, length);
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  const repaired = Number(text.replace(',', '.').replaceAll(' ', '') || 'x');
  if (!Number.isFinite(repaired)) throw invalidEdf(name, `its ${what} is not a number`);
  warnings.push(`the ${what} is written with a comma or spaces`);
  return repaired;
}

function signalHeader(
  bytes: Uint8Array,
  s: number,
  count: number,
  name: string,
  warnings: string[],
  bytesPerSample: number,
): EdfSignalHeader {
  /** Fields lie column by column: all labels, then all transducers … */
  const at = (before: number, length: number): number => 256 + before * count + s * length;
  const label = fieldText(bytes, at(0, 16), 16);
  const isAnnotations = label === 'EDF Annotations' || label === 'BDF Annotations';
  const number = (before: number, what: string): number =>
    fieldNumber(bytes, at(before, 8), 8, name, `${what} of signal ${s}`, warnings);
  const samplesPerRecord = number(216, 'number of samples in a record');
  if (!Number.isInteger(samplesPerRecord) || samplesPerRecord < 0) {
    throw invalidEdf(name, `the number of samples in a record of signal ${s} is no count`);
  }
  if (samplesPerRecord === 0 && !isAnnotations)
    throw invalidEdf(name, `signal ${s} has no samples in a record`);
  if (samplesPerRecord * bytesPerSample > 2 ** 30)
    throw invalidEdf(name, `a record of signal ${s} has over a gigabyte`);
  const ranges = isAnnotations
    ? { physicalMinimum: -1, physicalMaximum: 1, digitalMinimum: -32768, digitalMaximum: 32767 }
    : {
        physicalMinimum: number(104, 'physical minimum'),
        physicalMaximum: number(112, 'physical maximum'),
        digitalMinimum: number(120, 'digital minimum'),
        digitalMaximum: number(128, 'digital maximum'),
      };
  const isCalibrated =
    ranges.digitalMaximum !== ranges.digitalMinimum && ranges.physicalMaximum !== ranges.physicalMinimum;
  if (!isCalibrated) warnings.push(`signal ${s} has an empty range: its values are the stored integers`);
  return {
    label,
    transducer: fieldText(bytes, at(16, 80), 80),
    unit: fieldText(bytes, at(96, 8), 8),
    ...ranges,
    filter: fieldText(bytes, at(136, 80), 80),
    samplesPerRecord,
    isAnnotations,
    isCalibrated,
  };
}

/** Patient, recording, date and time as the header has them; the four-digit year of EDF+ where it is given. */
function identityOf(bytes: Uint8Array): SignalIdentity {
  const patient = fieldText(bytes, 8, 80);
  const recording = fieldText(bytes, 88, 80);
  const date = startDate(fieldText(bytes, 168, 8), recording);
  const time = /^(\d\d)[.:](\d\d)[.:](\d\d)$/.exec(fieldText(bytes, 176, 8));
  return {
    ...(patient === '' ? {} : { patient }),
    ...(recording === '' ? {} : { recording }),
    ...(date === undefined ? {} : { startDate: date }),
    ...(time ? { startTime: `${time[1]}:${time[2]}:${time[3]}` } : {}),
  };
}

function startDate(short: string, recording: string): string | undefined {
  const long = /^Startdate (\d\d)-([A-Z]{3})-(\d{4})/.exec(recording);
  const month = MONTHS.indexOf(long?.[2] ?? '');
  if (long && month >= 0) return `${long[3]}-${String(month + 1).padStart(2, '0')}-${long[1]}`;
  const parts = /^(\d\d)[.\-/](\d\d)[.\-/](\d\d)$/.exec(short);
  if (!parts) return short === '' ? undefined : short;
  // two digits count from 1985 on (EDF+ clause 2.1.3.2)
  return `${Number(parts[3]) >= 85 ? '19' : '20'}${parts[3]}-${parts[2]}-${parts[1]}`;
}
