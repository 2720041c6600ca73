import { HounsfieldError } from '../../../errors.ts';
import type { DataElement, Dataset, Tag, Vr } from './dataset.ts';
import { formatTag } from './dictionary.ts';
import { itemEnd, itemTag, sequenceEnd, undefinedLength } from './parsing.ts';
import { hasLongLength, wordBytes } from './value-representation.ts';

/** How elements are written. */
export interface Encoding {
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
  /** Of sequences and their items. */
  readonly lengths: 'defined' | 'undefined';
}

/** Fragments of encapsulated pixel data, the basic offset table first. */
export type FragmentsOf = (element: DataElement) => readonly Uint8Array[] | undefined;

/** The bytes of a data set's elements, piece by piece. */
export function encodeElements(
  elements: Iterable<DataElement>,
  from: Dataset,
  encoding: Encoding,
  fragmentsOf: FragmentsOf = () => undefined,
): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (const element of elements) pieces.push(...encodeElement(element, from, encoding, fragmentsOf));
  return pieces;
}

export const totalLength = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0);

function encodeElement(
  element: DataElement,
  from: Dataset,
  encoding: Encoding,
  fragmentsOf: FragmentsOf,
): Uint8Array[] {
  const { tag, vr } = element;
  const fragments = fragmentsOf(element);
  if (fragments !== undefined)
    return [
      elementHeader(tag, vr, undefinedLength, encoding),
      ...fragments.flatMap((bytes) => [
        itemHeader(itemTag, evenLength(bytes), encoding),
        bytes,
        ...evenPad(bytes),
      ]),
      itemHeader(sequenceEnd, 0, encoding),
    ];
  if (element.items !== undefined) return encodeSequence(element, element.items, encoding, fragmentsOf);
  if (element.bytes === undefined) {
    const message = `${formatTag(tag)} was left in its file and cannot be written from memory. Fetch it with readValue and put its bytes in, or use rewriteDicom.`;
    throw new HounsfieldError('DICOM_VALUE_DEFERRED', message);
  }
  const bytes = from.littleEndian === encoding.littleEndian ? element.bytes : swapped(element.bytes, vr);
  const even = evenLength(bytes);
  // PS3.5 6.2.2 note: a value too long for its VR's two bytes of length is written as UN
  const written: Vr = encoding.explicitVr && even > 0xffff && !hasLongLength(vr) ? 'UN' : vr;
  return [elementHeader(tag, written, even, encoding), bytes, ...evenPad(bytes)];
}

function encodeSequence(
  { tag, vr }: DataElement,
  items: readonly Dataset[],
  encoding: Encoding,
  fragmentsOf: FragmentsOf,
): Uint8Array[] {
  const open = encoding.lengths === 'undefined';
  const body: Uint8Array[] = [];
  for (const item of items) {
    const pieces = encodeElements(item.elements.values(), item, encoding, fragmentsOf);
    body.push(itemHeader(itemTag, open ? undefinedLength : totalLength(pieces), encoding), ...pieces);
    if (open) body.push(itemHeader(itemEnd, 0, encoding));
  }
  if (open) body.push(itemHeader(sequenceEnd, 0, encoding));
  const length = open ? undefinedLength : totalLength(body);
  return [elementHeader(tag, vr, length, encoding), ...body];
}

const evenLength = (bytes: Uint8Array): number => bytes.length + (bytes.length % 2);
const evenPad = (bytes: Uint8Array): Uint8Array[] => (bytes.length % 2 === 0 ? [] : [new Uint8Array(1)]);

/** Tag, VR and length as the encoding writes them. */
export function elementHeader(
  tag: Tag,
  vr: Vr,
  length: number,
  encoding: Pick<Encoding, 'explicitVr' | 'littleEndian'>,
): Uint8Array {
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
export const itemHeader = (tag: Tag, length: number, encoding: Pick<Encoding, 'littleEndian'>): Uint8Array =>
  elementHeader(tag, 'UN', length, { explicitVr: false, littleEndian: encoding.littleEndian });

/** A value in the other byte order. */
export function swapped(bytes: Uint8Array, vr: Vr): Uint8Array {
  const width = wordBytes(vr);
  if (width === 1) return bytes;
  const out = bytes.slice();
  for (let at = 0; at + width <= out.length; at += width) out.subarray(at, at + width).reverse();
  return out;
}
