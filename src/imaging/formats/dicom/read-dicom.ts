import { HounsfieldError } from '../../../errors.ts';
import { type ByteSource, bytesSource } from '../byte-source.ts';
import {
  type ByteCursor,
  cursorAt,
  cursorOver,
  demand,
  type Need,
  parseFromSource,
  parseInMemory,
  plainBytes,
  takeBytes,
} from './byte-cursor.ts';
import type { ByteRange, DataElement, Dataset, DicomFile, Tag } from './dataset.ts';
import { dictionaryEntry, formatTag } from './dictionary.ts';
import { inflateDataset } from './inflate-dataset.ts';
import { datasetOf, looksImplicit, parseElements, type Wanted } from './parse-elements.ts';
import { type Parsing, scopeOf, undefinedLength, warn } from './parsing.ts';
import { type DicomLimits, defaultLimits } from './read-limits.ts';
import { settleChoices } from './settle-vr.ts';
import {
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  transferSyntax,
} from './transfer-syntax.ts';
import { vrOfCode } from './value-representation.ts';
import { tagNamed } from './values.ts';

export interface ReadOptions {
  readonly limits?: Partial<DicomLimits>;
  /** Values of bulk VRs longer than this stay in the file until readValue fetches them; 64 KiB unless told. */
  readonly deferAbove?: number;
  /** Stops before the pixel data: (7FE0,0008), (7FE0,0009), (7FE0,0010). */
  readonly stopBeforePixels?: boolean;
  /** Only these elements of the outermost data set, by keyword or tag (Specific Character Set comes along). */
  readonly only?: readonly (string | Tag)[];
}

/**
 * Reads a DICOM file's header: Part 10 files, and data sets without preamble or meta group. Long values stay where
 * they lie. Throws DICOM_NOT_DICOM, DICOM_TOO_DEEP, DICOM_TOO_MANY_ELEMENTS, DICOM_INFLATE_LIMIT,
 * DICOM_INFLATE_FAILED, DICOM_KEYWORD_UNKNOWN, FILE_UNREADABLE; what else is wrong is listed in warnings.
 */
export async function readDicom(
  source: Uint8Array | ByteSource,
  options: ReadOptions = {},
): Promise<DicomFile> {
  if (source instanceof Uint8Array) return readDicomBytes(source, options);
  const cursor = cursorAt(0, source.size);
  const parsing = startParsing(cursor, options);
  const head = await parseFromSource(parseHead(parsing, source.name), cursor, source);
  if (!transferSyntax(head.transferSyntaxUid).deflated) {
    const dataset = await parseFromSource(parseBody(parsing, head, wantedOf(options)), cursor, source);
    return fileOf(parsing, head, dataset, source);
  }
  // What does not fit the limit deflated would not fit it inflated either.
  const deflated = await source.read(
    cursor.position,
    Math.min(source.size - cursor.position, parsing.limits.inflatedBytes),
  );
  return inflatedFile(parsing, head, deflated, source.name, options);
}

/** readDicom for bytes in memory, without a promise. */
export function readDicomBytes(bytes: Uint8Array, options: ReadOptions = {}): DicomFile {
  const source = bytesSource(bytes);
  const cursor = cursorOver(bytes);
  const parsing = startParsing(cursor, options);
  const head = parseInMemory(parseHead(parsing, source.name));
  if (!transferSyntax(head.transferSyntaxUid).deflated) {
    const dataset = parseInMemory(parseBody(parsing, head, wantedOf(options)));
    return fileOf(parsing, head, dataset, source);
  }
  return inflatedFile(parsing, head, bytes.subarray(cursor.position), source.name, options);
}

/**
 * The bytes of an element's value, fetched where they were left in the file.
 * Throws DICOM_VALUE_KIND for a sequence and for fragments.
 */
export async function readValue(file: DicomFile, element: DataElement): Promise<Uint8Array> {
  if (element.bytes !== undefined) return element.bytes;
  if (element.deferred !== undefined) return readRange(file, element.deferred);
  const what = element.items === undefined ? 'encapsulated: read its fragments with readRange' : 'a sequence';
  throw new HounsfieldError(
    'DICOM_VALUE_KIND',
    `${formatTag(element.tag)} has no value of bytes, it is ${what}.`,
  );
}

/** Bytes of the file, such as a fragment of encapsulated pixel data. Throws FILE_UNREADABLE where they are missing. */
export async function readRange(file: DicomFile, range: ByteRange): Promise<Uint8Array> {
  const bytes = plainBytes(await file.source.read(range.offset, range.length));
  if (bytes.length === range.length) return bytes;
  const message = `${file.source.name} ends at byte ${range.offset + bytes.length}, ${range.length - bytes.length} bytes early. Copy it again from its source.`;
  throw new HounsfieldError('FILE_UNREADABLE', message);
}

interface Head {
  readonly preamble: Uint8Array | undefined;
  readonly meta: Dataset;
  readonly command: Dataset | undefined;
  readonly transferSyntaxUid: string;
}

/** A file that is large by its headers, not by its pixels, may hold more elements than the limit says. */
const bytesOfAnElement = 256;

function startParsing(cursor: ByteCursor, options: ReadOptions): Parsing {
  const elements = Math.max(defaultLimits.elements, Math.floor(cursor.size / bytesOfAnElement));
  const limits = { ...defaultLimits, elements, ...options.limits };
  const deferAbove = options.deferAbove ?? 64 * 1024;
  return { cursor, limits, deferAbove, warnings: new Set(), choices: [], counted: 0, loaded: 0, lost: false };
}

function wantedOf(options: ReadOptions): Wanted {
  const until = (tag: Tag) => tag === 0x7fe00010 || tag === 0x7fe00009 || tag === 0x7fe00008;
  const stop = options.stopBeforePixels === true ? { until } : {};
  if (options.only === undefined) return stop;
  return { ...stop, only: new Set([0x00080005, ...options.only.map(tagNamed)]) };
}

function* parseHead(parsing: Parsing, name: string): Generator<Need, Head> {
  const { cursor } = parsing;
  const preamble = yield* findStart(parsing, name);
  const metaScope = scopeOf(true, true);
  let meta = datasetOf(metaScope);
  if ((yield* groupAt(cursor)) === 2) {
    const implicit = (yield* looksImplicit(cursor)) === true;
    if (implicit) warn(parsing, 'The meta group is in implicit encoding.');
    const scope = scopeOf(!implicit, true);
    yield* parseElements(parsing, scope, cursor.size, cursor.size, { until: (tag) => tag >>> 16 !== 2 });
    meta = datasetOf(scope);
    parsing.lost = false;
  } else warn(parsing, 'The file has no meta group.');
  let command: Dataset | undefined;
  if ((yield* groupAt(cursor)) === 0 && cursor.size - cursor.position >= 8) {
    const scope = scopeOf(false, true);
    yield* parseElements(parsing, scope, cursor.size, cursor.size, { until: (tag) => tag >>> 16 !== 0 });
    command = datasetOf(scope);
  }
  const stated = asciiOf(meta.elements.get(0x00020010)?.bytes);
  return { preamble, meta, command, transferSyntaxUid: stated === '' ? yield* guessSyntax(parsing) : stated };
}

/** Moves to the first element, past preamble and prefix where they are there. */
function* findStart(parsing: Parsing, name: string): Generator<Need, Uint8Array | undefined> {
  const { cursor } = parsing;
  if (yield* prefixAt(cursor, 128)) {
    cursor.position = 0;
    yield* demand(cursor, 132);
    const preamble = takeBytes(cursor, 128);
    cursor.position = 132;
    return preamble;
  }
  const starts = [
    [0, 'The file has no preamble.'],
    [4, 'The prefix DICM stands at the start, without a preamble.'],
    [132, 'The prefix DICM is missing after the preamble.'],
    [128, 'The prefix DICM is missing after the preamble.'],
  ] as const;
  for (const [position, warning] of starts) {
    if (position === 4 && !(yield* prefixAt(cursor, 0))) continue;
    cursor.position = position;
    if (!(yield* startsLikeDataset(cursor)) || (position > 4 && (yield* groupAt(cursor)) !== 2)) continue;
    warn(parsing, warning);
    return undefined;
  }
  const message = `there is no DICOM in ${name}: neither the prefix DICM nor a data set at its start. Choose another file, or convert it first.`;
  throw new HounsfieldError('DICOM_NOT_DICOM', message);
}

function* prefixAt(cursor: ByteCursor, position: number): Generator<Need, boolean> {
  cursor.position = position;
  if (!(yield* demand(cursor, 4))) return false;
  const at = position - cursor.start;
  return asciiOf(cursor.bytes.subarray(at, at + 4)) === 'DICM';
}

function* startsLikeDataset(cursor: ByteCursor): Generator<Need, boolean> {
  if (!(yield* demand(cursor, 8))) return false;
  const at = cursor.position - cursor.start;
  const { view } = cursor;
  const little = view.getUint16(at, true);
  const big = view.getUint16(at, false);
  if (vrOfCode(view.getUint16(at + 4, false)) !== undefined) return isFirstGroup(little) || isFirstGroup(big);
  const tag = ((little << 16) | view.getUint16(at + 2, true)) >>> 0;
  const length = view.getUint32(at + 4, true);
  if (tag === 0) return length === 4;
  const known = dictionaryEntry(tag) !== undefined || (tag & 0xffff) === 0;
  return isFirstGroup(little) && known && (length === undefinedLength || length + 8 <= cursor.size);
}

function* groupAt(cursor: ByteCursor): Generator<Need, number | undefined> {
  if (!(yield* demand(cursor, 2))) return undefined;
  return cursor.view.getUint16(cursor.position - cursor.start, true);
}

/** The encoding as the first element shows it, where no transfer syntax is stated. */
function* guessSyntax(parsing: Parsing): Generator<Need, string> {
  const { cursor } = parsing;
  if (!(yield* demand(cursor, 6))) return implicitLittleEndian;
  warn(parsing, 'The file does not state its transfer syntax; it was told from the data.');
  const at = cursor.position - cursor.start;
  if (vrOfCode(cursor.view.getUint16(at + 4, false)) === undefined) return implicitLittleEndian;
  return cursor.view.getUint16(at, true) >= 0x400 ? explicitBigEndian : explicitLittleEndian;
}

const isFirstGroup = (group: number): boolean => group >= 2 && group <= 0x28 && group % 2 === 0;

/** True where the first element's group makes sense only in the other byte order than stated. */
function* looksSwapped(cursor: ByteCursor, littleEndian: boolean): Generator<Need, boolean> {
  if (!(yield* demand(cursor, 8))) return false;
  const at = cursor.position - cursor.start;
  if (vrOfCode(cursor.view.getUint16(at + 4, false)) === undefined) return false;
  const group = cursor.view.getUint16(at, littleEndian);
  return group % 0x100 === 0 && isFirstGroup(cursor.view.getUint16(at, !littleEndian));
}

function* parseBody(parsing: Parsing, head: Head, wanted: Wanted): Generator<Need, Dataset> {
  const { cursor } = parsing;
  const syntax = transferSyntax(head.transferSyntaxUid);
  const implicit = yield* looksImplicit(cursor);
  const explicitVr = implicit === undefined ? syntax.explicitVr : !implicit;
  if (explicitVr !== syntax.explicitVr)
    warn(
      parsing,
      `The data set is in ${explicitVr ? 'explicit' : 'implicit'} encoding, the transfer syntax says otherwise.`,
    );
  const littleEndian =
    explicitVr && (yield* looksSwapped(cursor, syntax.littleEndian))
      ? !syntax.littleEndian
      : syntax.littleEndian;
  if (littleEndian !== syntax.littleEndian)
    warn(parsing, 'The data set is in the other byte order than the transfer syntax says.');
  const scope = scopeOf(explicitVr, littleEndian);
  for (const [tag, element] of head.command?.elements ?? []) scope.elements.set(tag, element);
  yield* parseElements(parsing, scope, cursor.size, cursor.size, wanted);
  settleChoices(parsing);
  return datasetOf(scope);
}

function fileOf(parsing: Parsing, head: Head, dataset: Dataset, source: ByteSource): DicomFile {
  const { meta, transferSyntaxUid } = head;
  const explicitVr = dataset.explicitVr ?? true;
  const file = { meta, dataset, transferSyntaxUid, explicitVr, source, warnings: [...parsing.warnings] };
  return head.preamble === undefined ? file : { ...file, preamble: head.preamble };
}

function inflatedFile(
  outer: Parsing,
  head: Head,
  deflated: Uint8Array,
  name: string,
  options: ReadOptions,
): DicomFile {
  const inflated = inflateDataset(deflated, outer.limits.inflatedBytes);
  if (!inflated.whole) warn(outer, 'The deflated data set ends early.');
  const parsing = { ...outer, cursor: cursorOver(inflated.bytes) };
  const dataset = parseInMemory(parseBody(parsing, head, wantedOf(options)));
  return fileOf(parsing, head, dataset, bytesSource(inflated.bytes, name));
}

function asciiOf(bytes: Uint8Array | undefined): string {
  let value = '';
  for (const byte of bytes ?? []) value += String.fromCharCode(byte);
  return value.replace(/[ \0]+$/, '');
}
