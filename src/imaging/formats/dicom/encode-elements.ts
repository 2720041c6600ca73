import { buildElement } from './build-dataset.ts';
import type { ByteRange, DataElement, Dataset, Tag, Vr } from './dataset.ts';
import { itemEnd, itemTag, sequenceEnd, undefinedLength } from './parsing.ts';
import { hasLongLength, usesCharacterSet, wordBytes } from './value-representation.ts';

/** How elements are written. */
export interface Encoding {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
}

/** A stretch to be copied from the file that was read; its words are swapped where swapBytes is above 1. */
export interface CopiedPiece extends ByteRange {
  readonly swapBytes: number;
}

/** What an encoded data set is made of, in order. */
export type Piece = Uint8Array | CopiedPiece;

/** What decides how an element is written, beside the element itself. */
export interface EncodeRules {
  /** Of sequences and items that do not say it themselves. */
  readonly lengths: 'defined' | 'undefined';
  /** Elements that still lie in the file as they were read: their own bytes are copied. */
  readonly untouched?: ReadonlySet<DataElement>;
  /** Compressed frames for (7FE0,0010): the basic offset table, then the fragments. */
  readonly fragments?: readonly Uint8Array[];
}

const pixelData = 0x7fe00010;
const specificCharacterSet = 0x00080005;

const asciiOnly: readonly string[] = [''];

/**
 * The pieces of a data set's elements in the encoding asked for. A data set whose text is in other character sets than
 * those in force around it says so (PS3.5 7.5.3).
 */
export function encodeDataset(
  dataset: Dataset,
  encoding: Encoding,
  rules: EncodeRules,
  inForce: readonly string[] = asciiOnly,
): Piece[] {
  const pieces: Piece[] = [];
  const { elements, sets } = withCharacterSet(dataset, inForce);
  for (const element of elements)
    encodeElement(pieces, element, { ...dataset, characterSets: sets }, encoding, rules);
  return pieces;
}

function withCharacterSet(
  dataset: Dataset,
  inForce: readonly string[],
): { readonly elements: Iterable<DataElement>; readonly sets: readonly string[] } {
  const { elements, characterSets } = dataset;
  if (elements.has(specificCharacterSet)) return { elements: elements.values(), sets: characterSets };
  const isSame = namedSets(characterSets) === namedSets(inForce);
  if (isSame || (inForce !== asciiOnly && !hasForeignText(dataset)))
    return { elements: elements.values(), sets: inForce };
  const stated = buildElement(specificCharacterSet, characterSets);
  const all = [...elements.values(), stated].sort((a, b) => a.tag - b.tag);
  return { elements: all, sets: characterSets };
}

const namedSets = (sets: readonly string[]): string =>
  sets.map((set) => (set === 'ISO_IR 6' ? '' : set)).join('\\');

/** True where text holds bytes that are no ASCII. */
const hasForeignText = ({ elements }: Dataset): boolean =>
  [...elements.values()].some(
    ({ vr, bytes }) => usesCharacterSet(vr) && bytes?.some((byte) => byte >= 0x80 || byte === 0x1b) === true,
  );

/** Command and meta elements, which no data set holds (PS3.5 7.1, PS3.10 7.1). */
export const isSetApart = (tag: Tag): boolean => tag >>> 16 === 0 || tag >>> 16 === 2;

export const totalLength = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0);

function encodeElement(
  out: Piece[],
  element: DataElement,
  dataset: Dataset,
  encoding: Encoding,
  rules: EncodeRules,
): void {
  const { tag, vr } = element;
  if (tag === pixelData && rules.fragments !== undefined) encodeFragments(out, vr, rules.fragments, encoding);
  else if (mayBeCopied(element, dataset, encoding, rules)) out.push({ ...element.place!, swapBytes: 1 });
  else if (element.items !== undefined) encodeSequence(out, element, element.items, dataset, encoding, rules);
  else if (element.fragments !== undefined) copyFragments(out, element, element.fragments, encoding);
  else encodeValue(out, element, dataset, encoding);
}

function mayBeCopied(
  element: DataElement,
  dataset: Dataset,
  encoding: Encoding,
  { untouched }: EncodeRules,
): boolean {
  if (untouched?.has(element) !== true || element.place === undefined || element.damaged === true)
    return false;
  return (
    (dataset.explicitVr ?? true) === encoding.explicitVr && dataset.littleEndian === encoding.littleEndian
  );
}

function encodeValue(out: Piece[], element: DataElement, dataset: Dataset, encoding: Encoding): void {
  const { tag, vr, bytes, deferred } = element;
  const length = bytes?.length ?? deferred?.length ?? 0;
  const even = length + (length % 2);
  // A value too long for its VR's two bytes of length is written as UN (PS3.5 6.2.2).
  const written: Vr = encoding.explicitVr && even > 0xffff && !hasLongLength(vr) ? 'UN' : vr;
  out.push(elementHeader(tag, written, even, encoding));
  const swapBytes = dataset.littleEndian === encoding.littleEndian ? 1 : wordBytes(vr);
  if (bytes !== undefined) out.push(swapped(bytes, swapBytes));
  else if (deferred !== undefined) out.push({ ...deferred, swapBytes });
  pad(out, length);
}

function encodeSequence(
  out: Piece[],
  element: DataElement,
  items: readonly Dataset[],
  dataset: Dataset,
  encoding: Encoding,
  rules: EncodeRules,
): void {
  // Implicit items within explicit encoding are those of a sequence that was written as UN (PS3.5 6.2.2 note 2).
  const asUnknown =
    encoding.explicitVr &&
    encoding.littleEndian &&
    dataset.explicitVr !== false &&
    items.some((item) => item.explicitVr === false);
  const inner = asUnknown ? { ...encoding, explicitVr: false } : encoding;
  const body: Piece[] = [];
  for (const item of items) {
    const pieces = encodeDataset(item, inner, rules, dataset.characterSets);
    const open = asUnknown || (item.undefinedLength ?? rules.lengths === 'undefined');
    body.push(itemHeader(itemTag, open ? undefinedLength : totalLength(pieces), encoding));
    for (const piece of pieces) body.push(piece);
    if (open) body.push(itemHeader(itemEnd, 0, encoding));
  }
  const open = asUnknown || (element.undefinedLength ?? rules.lengths === 'undefined');
  if (open) body.push(itemHeader(sequenceEnd, 0, encoding));
  const length = open ? undefinedLength : totalLength(body);
  out.push(elementHeader(element.tag, asUnknown ? 'UN' : 'SQ', length, encoding));
  for (const piece of body) out.push(piece);
}

function encodeFragments(out: Piece[], vr: Vr, fragments: readonly Uint8Array[], encoding: Encoding): void {
  out.push(elementHeader(pixelData, vr, undefinedLength, encoding));
  for (const bytes of fragments) {
    out.push(itemHeader(itemTag, bytes.length + (bytes.length % 2), encoding), bytes);
    pad(out, bytes.length);
  }
  out.push(itemHeader(sequenceEnd, 0, encoding));
}

function copyFragments(
  out: Piece[],
  { tag, vr }: DataElement,
  fragments: readonly ByteRange[],
  encoding: Encoding,
): void {
  out.push(elementHeader(tag, vr, undefinedLength, encoding));
  for (const range of fragments) {
    out.push(itemHeader(itemTag, range.length + (range.length % 2), encoding), { ...range, swapBytes: 1 });
    pad(out, range.length);
  }
  out.push(itemHeader(sequenceEnd, 0, encoding));
}

function pad(out: Piece[], length: number): void {
  if (length % 2 === 1) out.push(new Uint8Array(1));
}

/** Tag, VR and length as the encoding writes them. */
export function elementHeader(tag: Tag, vr: Vr, length: number, encoding: Encoding): Uint8Array {
  const { explicitVr, littleEndian } = encoding;
  const long = explicitVr && hasLongLength(vr);
  const bytes = new Uint8Array(long ? 12 : 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, tag >>> 16, littleEndian);
  view.setUint16(2, tag & 0xffff, littleEndian);
  if (!explicitVr) {
    view.setUint32(4, length, littleEndian);
    return bytes;
  }
  bytes[4] = vr.charCodeAt(0);
  bytes[5] = vr.charCodeAt(1);
  if (long) view.setUint32(8, length, littleEndian);
  else view.setUint16(6, length, littleEndian);
  return bytes;
}

/** Tag and length of an item or a delimiter. */
const itemHeader = (tag: Tag, length: number, { littleEndian }: Encoding): Uint8Array =>
  elementHeader(tag, 'UN', length, { explicitVr: false, littleEndian });

/** Bytes with their words of `width` bytes in the other order. */
export function swapped(bytes: Uint8Array, width: number): Uint8Array {
  if (width === 1) return bytes;
  const out = new Uint8Array(bytes);
  for (let at = 0; at + width <= out.length; at += width) out.subarray(at, at + width).reverse();
  return out;
}
