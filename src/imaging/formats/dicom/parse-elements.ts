import { HounsfieldError } from '../../../errors.ts';
import { type ByteCursor, demand, holds, type Need, takeBytes } from './byte-cursor.ts';
import { areKnown } from './character-sets.ts';
import type { ByteRange, DataElement, Dataset, Tag, Vr } from './dataset.ts';
import {
  type ChoiceOfVr,
  dictionaryEntry,
  formatTag,
  isChoiceOfVr,
  isPrivate,
  isPrivateCreator,
} from './dictionary.ts';
import { parseFragments, scanForDelimiter } from './parse-fragments.ts';
import {
  count,
  itemEnd,
  itemTag,
  type Parsing,
  type Scope,
  scopeOf,
  sequenceEnd,
  undefinedLength,
  warn,
} from './parsing.ts';
import { privateVrOf } from './private-dictionary.ts';
import { hasLongLength, isBulk, vrOfCode } from './value-representation.ts';

const specificCharacterSet = 0x00080005;

/** Which elements of the outermost data set are wanted. */
export interface Wanted {
  /** The first tag that is not read any more. */
  readonly until?: (tag: Tag) => boolean;
  /** Only these are kept; the others are passed over. */
  readonly only?: ReadonlySet<Tag>;
}

const isDelimiter = (tag: Tag): boolean => tag === itemEnd || tag === sequenceEnd || tag === itemTag;

interface Header {
  readonly tag: Tag;
  /** As the file says; undefined where it says nothing or nothing valid. */
  readonly vr: Vr | undefined;
  readonly length: number;
  readonly start: number;
  readonly isUnknownVr: boolean;
}

/** True where the next element's VR bytes are no capitals: implicit encoding, whatever was promised. */
export function* looksImplicit(cursor: ByteCursor): Generator<Need, boolean | undefined> {
  if (!(yield* demand(cursor, 6))) return undefined;
  const at = cursor.position - cursor.start;
  const [first, second] = [cursor.bytes[at + 4]!, cursor.bytes[at + 5]!];
  return !(first > 0x40 && first < 0x5b && second > 0x40 && second < 0x5b);
}

/** Reads elements to the soft end (elements may run over it), never past the hard end. */
export function* parseElements(
  parsing: Parsing,
  scope: Scope,
  softEnd: number,
  hardEnd: number,
  wanted: Wanted = {},
): Generator<Need, void> {
  const { cursor } = parsing;
  let highest = -1;
  let sorted = true;
  const repeated = new Set<Tag>();
  while (cursor.position < softEnd && !parsing.lost) {
    const header = yield* readHeader(parsing, scope, hardEnd);
    if (header === undefined) break;
    if (isDelimiter(header.tag)) {
      if (scope.depth > 0) {
        if (header.tag === itemEnd) break;
        cursor.position = header.start;
        warn(parsing, 'An item lacks its delimiter.');
        break;
      }
      warn(parsing, 'An item or a delimiter stands outside of any sequence; it was passed over.');
      if (header.length !== undefinedLength)
        cursor.position = Math.min(cursor.position + header.length, hardEnd);
      continue;
    }
    if (wanted.until?.(header.tag) === true) {
      cursor.position = header.start;
      break;
    }
    if (header.isUnknownVr)
      warn(parsing, `${formatTag(header.tag)} has a VR that the standard does not know.`);
    count(parsing);
    if (wanted.only !== undefined && !wanted.only.has(header.tag) && header.length !== undefinedLength) {
      cursor.position = Math.min(cursor.position + header.length, hardEnd);
      continue;
    }
    const element = yield* readElement(parsing, scope, header, hardEnd);
    if (element === undefined || (wanted.only !== undefined && !wanted.only.has(header.tag))) continue;
    if (scope.elements.has(element.tag)) repeated.add(element.tag);
    else if (element.tag < highest) sorted = false;
    else highest = element.tag;
    scope.elements.set(element.tag, element);
    if (element.tag === specificCharacterSet && element.bytes !== undefined)
      readCharacterSet(parsing, scope, element.bytes);
  }
  for (const tag of repeated) warn(parsing, `${formatTag(tag)} is there twice; the last one counts.`);
  if (!sorted) {
    warn(parsing, 'Elements are not in ascending order.');
    const ascending = [...scope.elements].sort(([a], [b]) => a - b);
    scope.elements.clear();
    for (const [tag, element] of ascending) scope.elements.set(tag, element);
  }
}

function readCharacterSet(parsing: Parsing, scope: Scope, bytes: Uint8Array): void {
  scope.characterSets = characterSetsOf(bytes);
  if (!areKnown(scope.characterSets))
    warn(
      parsing,
      'Specific Character Set names a set that the standard does not know; text is read as ISO 8859-1.',
    );
}

/** The values of Specific Character Set, trimmed. */
export function characterSetsOf(bytes: Uint8Array): readonly string[] {
  let value = '';
  for (const byte of bytes) value += String.fromCharCode(byte);
  return value.split('\\').map((part) => part.replace(/^[ \0]+|[ \0]+$/g, ''));
}

function* readHeader(parsing: Parsing, scope: Scope, hardEnd: number): Generator<Need, Header | undefined> {
  const { cursor } = parsing;
  const start = cursor.position;
  if (start + 8 > hardEnd) {
    warn(parsing, 'A few bytes that are no element stand at the end.');
    cursor.position = hardEnd;
    return undefined;
  }
  if (!holds(cursor, 12)) yield* demand(cursor, Math.min(12, hardEnd - start));
  const at = start - cursor.start;
  const { view, bytes } = cursor;
  const little = scope.littleEndian;
  const tag = ((view.getUint16(at, little) << 16) | view.getUint16(at + 2, little)) >>> 0;
  cursor.position = start + 8;
  const code = (bytes[at + 4]! << 8) | bytes[at + 5]!;
  if (!scope.explicitVr || isDelimiter(tag) || code < 0x4141 || code > 0x5a5a)
    return { tag, vr: undefined, length: view.getUint32(at + 4, little), start, isUnknownVr: false };
  const vr = vrOfCode(code);
  if (vr === undefined || !hasLongLength(vr)) {
    return { tag, vr, length: view.getUint16(at + 6, little), start, isUnknownVr: vr === undefined };
  }
  if (start + 12 > hardEnd) {
    warn(parsing, 'The last element ends within its length.');
    cursor.position = hardEnd;
    return undefined;
  }
  cursor.position = start + 12;
  return { tag, vr, length: view.getUint32(at + 8, little), start, isUnknownVr: false };
}

/** The VR that other sources than the element itself give. */
function lookUpVr(scope: Scope, tag: Tag): Vr | ChoiceOfVr {
  if (!isPrivate(tag)) return dictionaryEntry(tag)?.vr ?? ((tag & 0xffff) === 0 ? 'UL' : 'UN');
  if (isPrivateCreator(tag)) return 'LO';
  if ((tag & 0xff00) === 0) return 'UN';
  const creator = scope.elements.get(((tag & 0xffff0000) | ((tag >>> 8) & 0xff)) >>> 0)?.bytes;
  if (creator === undefined) return 'UN';
  let name = '';
  for (const byte of creator) name += String.fromCharCode(byte);
  return privateVrOf(tag, name.replace(/[ \0]+$/, '')) ?? 'UN';
}

function settledVr(parsing: Parsing, scope: Scope, tag: Tag, vr: Vr | ChoiceOfVr): Vr {
  if (!isChoiceOfVr(vr)) return vr;
  parsing.choices.push({ scope, tag, choice: vr });
  return 'OW';
}

function* readElement(
  parsing: Parsing,
  scope: Scope,
  header: Header,
  hardEnd: number,
): Generator<Need, DataElement | undefined> {
  if (header.length === undefinedLength) return yield* readUndefined(parsing, scope, header, hardEnd);
  const { cursor } = parsing;
  const { tag, start } = header;
  const known =
    header.vr === undefined || (header.vr === 'UN' && (isPrivate(tag) || header.length < 0xffff))
      ? lookUpVr(scope, tag)
      : header.vr;
  const vr = settledVr(parsing, scope, tag, known);
  const damaged = cursor.position + header.length > hardEnd;
  const length = damaged ? hardEnd - cursor.position : header.length;
  if (damaged) warn(parsing, `${formatTag(tag)} is longer than what holds it: it was cut.`);
  const end = cursor.position + length;
  if (vr === 'SQ') {
    const { items, whole } = yield* parseItems(parsing, scope, end, end);
    cursor.position = end;
    parsing.lost = false;
    const sequence = { tag, vr, items, ...placeOf(scope, header, end) };
    return whole && !damaged ? sequence : { ...sequence, damaged: true };
  }
  const value = yield* loadOrDefer(parsing, vr, { offset: cursor.position, length });
  if (value instanceof Uint8Array && !damaged && header.vr !== undefined)
    return { tag, vr, bytes: value, place: { offset: start, length: end - start } };
  const rest = { ...placeOf(scope, header, end), ...(damaged ? { damaged } : {}) };
  return value instanceof Uint8Array
    ? { tag, vr, bytes: value, ...rest }
    : { tag, vr, deferred: value, ...rest };
}

/** An element whose header is not in its data set's own encoding has no place that could be copied. */
function placeOf(scope: Scope, header: Header, end: number): { readonly place?: ByteRange } {
  if (scope.explicitVr && header.vr === undefined) return {};
  return { place: { offset: header.start, length: end - header.start } };
}

const deferTextAbove = 16 * 1024 * 1024;

function* loadOrDefer(parsing: Parsing, vr: Vr, range: ByteRange): Generator<Need, Uint8Array | ByteRange> {
  const { cursor, limits } = parsing;
  const limit = isBulk(vr) ? parsing.deferAbove : Math.max(deferTextAbove, parsing.deferAbove);
  cursor.position = range.offset;
  if (range.length > limit || parsing.loaded + range.length > limits.loadedBytes) {
    cursor.position += range.length;
    return range;
  }
  parsing.loaded += range.length;
  if (!holds(cursor, range.length)) yield* demand(cursor, range.length);
  return takeBytes(cursor, range.length);
}

function* readUndefined(
  parsing: Parsing,
  scope: Scope,
  header: Header,
  hardEnd: number,
): Generator<Need, DataElement | undefined> {
  const { cursor } = parsing;
  const { tag } = header;
  const known = header.vr ?? lookUpVr(scope, tag);
  const rest = () => ({ ...placeOf(scope, header, cursor.position), undefinedLength: true });
  if (known === 'SQ' || (known === 'UN' && (header.vr === 'UN' || (yield* startsWithItem(parsing, scope))))) {
    const { items, whole } = yield* parseItems(parsing, scope, undefined, hardEnd);
    return { tag, vr: 'SQ', items, ...rest(), ...(whole ? {} : { damaged: true }) };
  }
  const vr = known === 'ow' && tag === 0x7fe00010 ? 'OB' : settledVr(parsing, scope, tag, known);
  const from = cursor.position;
  const found = yield* parseFragments(parsing, scope.littleEndian, hardEnd);
  if (found.whole) return { tag, vr, fragments: found.fragments, ...rest() };
  cursor.position = from;
  const end = yield* scanForDelimiter(cursor, scope.littleEndian, hardEnd);
  if (end === undefined) {
    cursor.position = hardEnd;
    warn(parsing, `${formatTag(tag)} lacks its delimiter: the file ends within it.`);
    return { tag, vr, fragments: found.fragments, ...rest(), damaged: true };
  }
  warn(parsing, `${formatTag(tag)} has an undefined length and no fragments.`);
  const value = yield* loadOrDefer(parsing, vr, { offset: from, length: end - from });
  cursor.position = Math.min(end + 8, hardEnd);
  return value instanceof Uint8Array
    ? { tag, vr, bytes: value, ...rest() }
    : { tag, vr, deferred: value, ...rest() };
}

function* startsWithItem({ cursor }: Parsing, scope: Scope): Generator<Need, boolean> {
  if (!(yield* demand(cursor, 4))) return false;
  const at = cursor.position - cursor.start;
  const little = scope.littleEndian;
  return cursor.view.getUint16(at, little) === 0xfffe && cursor.view.getUint16(at + 2, little) !== 0xe00d;
}

/** The items of a sequence; `end` is undefined where a delimiter ends it. */
function* parseItems(
  parsing: Parsing,
  scope: Scope,
  end: number | undefined,
  hardEnd: number,
): Generator<Need, { items: Dataset[]; whole: boolean }> {
  const { cursor } = parsing;
  const items: Dataset[] = [];
  if (scope.depth >= parsing.limits.depth) {
    const message = `sequences lie more than ${parsing.limits.depth} deep. Raise limits.depth if they are meant to.`;
    throw new HounsfieldError('DICOM_TOO_DEEP', message);
  }
  while (end === undefined || cursor.position < end) {
    const start = cursor.position;
    if (start + 8 > hardEnd || !(yield* demand(cursor, 8))) {
      cursor.position = hardEnd;
      warn(parsing, 'A sequence lacks its end.');
      return { items, whole: false };
    }
    const at = start - cursor.start;
    const little = scope.littleEndian;
    const tag = ((cursor.view.getUint16(at, little) << 16) | cursor.view.getUint16(at + 2, little)) >>> 0;
    const length = cursor.view.getUint32(at + 4, little);
    cursor.position = start + 8;
    if (tag === sequenceEnd) return { items, whole: true };
    if (tag === itemEnd) continue;
    if (tag !== itemTag && (yield* isItemAllTheSame(cursor, little, tag, length, end ?? hardEnd)))
      warn(parsing, 'An item has a wrong tag; it was read all the same.');
    else if (tag !== itemTag) {
      cursor.position = start;
      parsing.lost = true;
      warn(parsing, 'A sequence holds something that is no item: what follows was not read.');
      return { items, whole: false };
    }
    count(parsing);
    items.push(length === 0 ? emptyItem(scope, start) : yield* parseItem(parsing, scope, length, hardEnd));
    if (parsing.lost) return { items, whole: false };
  }
  return { items, whole: true };
}

/** True for an item with a damaged tag: half of it is right, or its length leads to the next item or the end. */
function* isItemAllTheSame(
  cursor: ByteCursor,
  littleEndian: boolean,
  tag: Tag,
  length: number,
  end: number,
): Generator<Need, boolean> {
  const start = cursor.position;
  const after = start + length;
  const isHalfRight = tag >>> 16 === 0xfffe || (tag & 0xffff) === 0xe000;
  if (length === undefinedLength || after > end) return isHalfRight && length === undefinedLength;
  if (isHalfRight || after === end) return true;
  cursor.position = after;
  const isThere = after + 4 <= end && (yield* demand(cursor, 4));
  const at = after - cursor.start;
  const next = isThere ? cursor.view.getUint16(at, littleEndian) : 0;
  const element = isThere ? cursor.view.getUint16(at + 2, littleEndian) : 0;
  cursor.position = start;
  yield* demand(cursor, 0);
  return next === 0xfffe && (element === 0xe000 || element === 0xe0dd);
}

function* parseItem(
  parsing: Parsing,
  parent: Scope,
  length: number,
  hardEnd: number,
): Generator<Need, Dataset> {
  const { cursor } = parsing;
  const start = cursor.position - 8;
  const isOpen = length === undefinedLength;
  const end = isOpen ? hardEnd : cursor.position + length;
  const implicit = !parent.explicitVr || ((yield* looksImplicit(cursor)) ?? false);
  const scope = scopeOf(!implicit, parent.littleEndian, parent.characterSets, parent);
  yield* parseElements(parsing, scope, end, hardEnd);
  if (!isOpen && parsing.lost) {
    parsing.lost = false;
    cursor.position = Math.min(end, hardEnd);
  }
  return itemOf(scope, scope.elements, isOpen, { offset: start, length: cursor.position - start });
}

const noElements: ReadonlyMap<Tag, DataElement> = new Map();

const emptyItem = (parent: Scope, offset: number): Dataset =>
  itemOf(parent, noElements, false, { offset, length: 8 });

const itemOf = (
  { littleEndian, characterSets, explicitVr }: Scope,
  elements: ReadonlyMap<Tag, DataElement>,
  isOpen: boolean,
  place: ByteRange,
): Dataset => ({ elements, littleEndian, characterSets, explicitVr, undefinedLength: isOpen, place });

export const datasetOf = (scope: Scope): Dataset => ({
  elements: scope.elements,
  littleEndian: scope.littleEndian,
  characterSets: scope.characterSets,
  explicitVr: scope.explicitVr,
});
