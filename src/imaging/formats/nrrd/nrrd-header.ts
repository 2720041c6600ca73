import type { ByteSource } from '../byte-source.ts';
import { patternNames } from '../data-files.ts';
import type { StoredType } from '../stored-values.ts';
import { headerFault, typeFault } from '../volume-file.ts';

export type NrrdEncoding = 'raw' | 'text' | 'hex' | 'gzip' | 'bzip2';

/** A NRRD header (http://teem.sourceforge.net/nrrd/format.html); axes as in the file, fastest first. */
export interface NrrdHeader {
  readonly type: StoredType;
  readonly sizes: readonly number[];
  readonly encoding: NrrdEncoding;
  readonly littleEndian: boolean;
  /** Lower case, spelled out: 'left-posterior-superior'; undefined where only `space dimension` or nothing is given. */
  readonly space?: string;
  /** One vector per axis; undefined for `none`. */
  readonly directions?: readonly (readonly number[] | undefined)[];
  readonly origin?: readonly number[];
  readonly spaceUnits?: readonly string[];
  readonly measurementFrame?: readonly (readonly number[] | undefined)[];
  readonly spacings?: readonly number[];
  readonly axisMins?: readonly number[];
  readonly centers?: readonly string[];
  /** Lower case, one per axis. */
  readonly kinds?: readonly string[];
  readonly units?: readonly string[];
  readonly lineSkip: number;
  readonly byteSkip: number;
  /** Names of detached data, none when the data follow the header. */
  readonly dataFiles: readonly string[];
  /** key:=value pairs, unescaped. */
  readonly keyValues: ReadonlyMap<string, string>;
  /** Byte where attached data begin. */
  readonly end: number;
}

const TYPES: Readonly<Record<string, StoredType>> = Object.fromEntries(
  (
    [
      ['int8', 'signed char|int8|int8_t'],
      ['uint8', 'uchar|unsigned char|uint8|uint8_t'],
      ['int16', 'short|short int|signed short|signed short int|int16|int16_t'],
      ['uint16', 'ushort|unsigned short|unsigned short int|uint16|uint16_t'],
      ['int32', 'int|signed int|int32|int32_t'],
      ['uint32', 'uint|unsigned int|uint32|uint32_t'],
      ['int64', 'longlong|long long|long long int|signed long long|signed long long int|int64|int64_t'],
      ['uint64', 'ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t'],
      ['float32', 'float'],
      ['float64', 'double'],
    ] as const
  ).flatMap(([type, names]) => names.split('|').map((name) => [name, type])),
);

const ENCODINGS: Readonly<Record<string, NrrdEncoding>> = {
  raw: 'raw',
  txt: 'text',
  text: 'text',
  ascii: 'text',
  hex: 'hex',
  gz: 'gzip',
  gzip: 'gzip',
  bz2: 'bzip2',
  bzip2: 'bzip2',
};

const SPACES: Readonly<Record<string, string>> = {
  ras: 'right-anterior-superior',
  las: 'left-anterior-superior',
  lps: 'left-posterior-superior',
  rast: 'right-anterior-superior-time',
  last: 'left-anterior-superior-time',
  lpst: 'left-posterior-superior-time',
};

/** Longest header that is looked at: 4 MiB. */
const MOST_HEADER = 1 << 22;
const MOST_AXES = 16;

/** True for "NRRD000" and a version. */
export function isNrrd(head: Uint8Array): boolean {
  return /^NRRD000\d\r?\n/.test(String.fromCharCode(...head.subarray(0, 10)));
}

/** Reads a header, attached or detached. Throws VOLUME_HEADER, VOLUME_TYPE. */
export async function readNrrdHeader(source: ByteSource): Promise<NrrdHeader> {
  const { text, end, isOpen } = await headerText(source);
  return parseNrrdHeader(text, end, isOpen, source.name);
}

/** Up to the blank line; `isOpen` when there is none, as in a header of its own. */
async function headerText(source: ByteSource): Promise<{ text: string; end: number; isOpen: boolean }> {
  let size = Math.min(source.size, 1 << 16);
  for (;;) {
    const bytes = await source.read(0, size);
    if (!isNrrd(bytes)) throw headerFault(source.name, 'NRRD', 'does not begin with NRRD and a version');
    const end = blankLine(bytes);
    if (end >= 0) return { text: new TextDecoder().decode(bytes.subarray(0, end)), end, isOpen: false };
    if (size === source.size || size === MOST_HEADER) {
      return { text: new TextDecoder().decode(bytes), end: bytes.length, isOpen: true };
    }
    size = Math.min(source.size, MOST_HEADER, size * 8);
  }
}

/** The byte after the first empty line, -1 without one. */
function blankLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return -1;
}

interface Lines {
  readonly fields: ReadonlyMap<string, string>;
  readonly keyValues: ReadonlyMap<string, string>;
  /** What follows `data file: LIST`. */
  readonly list: readonly string[];
}

function splitLines(text: string, name: string): Lines {
  const fields = new Map<string, string>();
  const keyValues = new Map<string, string>();
  const lines = text.split(/\r?\n/).slice(1);
  for (const [i, line] of lines.entries()) {
    if (line.startsWith('#') || line === '') continue;
    const match = /^([^:]+?)(:=|: ?)(.*)$/.exec(line);
    if (!match)
      throw headerFault(
        name,
        'NRRD',
        `holds something on line ${i + 2} that is neither field, pair nor comment`,
      );
    const [, key, sign, value] = match as unknown as [string, string, string, string]; // all groups match
    if (sign === ':=') {
      keyValues.set(
        key,
        value.replace(/\\(n|\\)/g, (_, c: string) => (c === 'n' ? '\n' : '\\')),
      );
      continue;
    }
    const field = key.trim().toLowerCase();
    if (fields.has(field))
      throw headerFault(name, 'NRRD', `gives the field "${KNOWN.has(field) ? field : '…'}" twice`);
    fields.set(field, value.trim());
    if ((field === 'data file' || field === 'datafile') && /^LIST\b/.test(value.trim())) {
      return {
        fields,
        keyValues,
        list: lines
          .slice(i + 1)
          .map((file) => file.trim())
          .filter((file) => file !== ''),
      };
    }
  }
  return { fields, keyValues, list: [] };
}

const KNOWN = new Set(
  'dimension,type,sizes,encoding,endian,space,space directions,space origin,kinds,spacings'.split(','),
);

function parseNrrdHeader(text: string, end: number, isOpen: boolean, name: string): NrrdHeader {
  const { fields, keyValues, list } = splitLines(text, name);
  const fault = (what: string) => headerFault(name, 'NRRD', what);
  const required = (field: string): string => {
    const value = fields.get(field);
    if (value === undefined) throw fault(`lacks the field "${field}"`);
    return value;
  };
  const axes = Number(required('dimension'));
  if (!Number.isInteger(axes) || axes < 1 || axes > MOST_AXES)
    throw fault('gives a dimension outside 1 to 16');
  const perAxis = <T>(field: string, values: readonly T[] | undefined): readonly T[] | undefined => {
    if (values && values.length !== axes)
      throw fault(`gives "${field}" for ${values.length} axes of ${axes}`);
    return values;
  };
  const type = TYPES[required('type').toLowerCase().replace(/\s+/g, ' ')];
  if (!type) throw typeFault(name, 'NRRD', 'block or an unknown type');
  const encoding = ENCODINGS[required('encoding').toLowerCase()];
  if (!encoding) throw fault('names an encoding other than raw, text, hex, gzip and bzip2');
  const dataFile = fields.get('data file') ?? fields.get('datafile');
  if (isOpen && dataFile === undefined) throw fault('has no blank line before its data');
  const space = fields.get('space')?.toLowerCase();
  const optional = <K extends string, V>(key: K, value: V | undefined) =>
    value === undefined ? {} : { [key]: value };
  return {
    type,
    sizes: perAxis('sizes', numbersOf(required('sizes')))!,
    encoding,
    littleEndian: isLittle(fields.get('endian'), type, encoding, name),
    ...optional('space', space === undefined ? undefined : (SPACES[space] ?? space)),
    ...optional('directions', perAxis('space directions', vectorsOf(fields.get('space directions'), name))),
    ...optional('origin', vectorsOf(fields.get('space origin'), name)?.[0]),
    ...optional('spaceUnits', stringsOf(fields.get('space units'))),
    ...optional('measurementFrame', vectorsOf(fields.get('measurement frame'), name)),
    ...optional('spacings', perAxis('spacings', numbersOf(fields.get('spacings')))),
    ...optional(
      'axisMins',
      perAxis('axis mins', numbersOf(fields.get('axis mins') ?? fields.get('axismins'))),
    ),
    ...optional('centers', perAxis('centers', wordsOf(fields.get('centers') ?? fields.get('centerings')))),
    ...optional('kinds', perAxis('kinds', wordsOf(fields.get('kinds')))),
    ...optional('units', stringsOf(fields.get('units'))),
    lineSkip: skipOf(fields.get('line skip') ?? fields.get('lineskip'), 0, name),
    byteSkip: skipOf(fields.get('byte skip') ?? fields.get('byteskip'), -1, name),
    dataFiles: dataFile === undefined ? [] : filesOf(dataFile, list, name),
    keyValues,
    end,
  } as NrrdHeader; // the optional fields come from spreads
}

function isLittle(
  value: string | undefined,
  type: StoredType,
  encoding: NrrdEncoding,
  name: string,
): boolean {
  if (value === undefined) {
    if (encoding === 'text' || type === 'int8' || type === 'uint8') return true;
    throw headerFault(name, 'NRRD', 'lacks the field "endian", without which its values are ambiguous');
  }
  const order = value.toLowerCase();
  if (order !== 'little' && order !== 'big')
    throw headerFault(name, 'NRRD', 'gives an endian that is neither little nor big');
  return order === 'little';
}

function skipOf(value: string | undefined, least: number, name: string): number {
  const skip = value === undefined ? 0 : Number(value);
  if (!Number.isSafeInteger(skip) || skip < least)
    throw headerFault(name, 'NRRD', `gives a line or byte skip below ${least}`);
  return skip;
}

function filesOf(value: string, list: readonly string[], name: string): readonly string[] {
  if (/^LIST\b/.test(value)) return list;
  const match = /^(.*%\S*)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(\s+\d+)?$/.exec(value);
  if (!match) return [value];
  return patternNames(match[1]!, Number(match[2]), Number(match[3]), Number(match[4]), name);
}

function wordsOf(text: string | undefined): readonly string[] | undefined {
  return text
    ?.toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

function numbersOf(text: string | undefined): readonly number[] | undefined {
  return wordsOf(text)?.map((word) => (/^[+-]?inf/.test(word) ? Number.NaN : Number(word)));
}

/** "mm" "mm" "s" */
function stringsOf(text: string | undefined): readonly string[] | undefined {
  return text === undefined
    ? undefined
    : [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!);
}

/** (1,0,0) none (0,1,0) */
function vectorsOf(
  text: string | undefined,
  name: string,
): readonly (readonly number[] | undefined)[] | undefined {
  if (text === undefined) return undefined;
  const parts = text.match(/\([^()]*\)|[^\s()]+/g) ?? [];
  return parts.map((part) => {
    if (part.toLowerCase() === 'none') return undefined;
    const numbers = part.startsWith('(')
      ? part
          .slice(1, -1)
          .split(',')
          .map((number) => Number(number.trim() || 'x'))
      : [];
    if (numbers.length === 0 || numbers.length > MOST_AXES)
      throw headerFault(name, 'NRRD', 'holds a vector that cannot be read');
    return numbers;
  });
}
