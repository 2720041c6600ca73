import { HounsfieldError } from '../../../errors.ts';
import type { DataElement, Dataset, Tag, Vr } from './dataset.ts';
import { dictionaryEntry, formatTag, keywordOf, vrOf } from './dictionary.ts';
import { isMultiValued, isString, usesCharacterSet } from './value-representation.ts';
import { type ElementName, tagNamed } from './values.ts';

/** What an element may be built from: text, numbers, bytes as they lie in a file, items; null for an empty one. */
export type BuildValue =
  | null
  | string
  | number
  | bigint
  | Uint8Array
  | Dataset
  | readonly (string | number | bigint)[]
  | readonly (Dataset | BuildRecord)[];

/** Values by keyword; (0028,0106) and the like by their tag in eight digits, '00280106'. */
export interface BuildRecord {
  readonly [keyword: string]: BuildValue | undefined;
}

/** An element with its VR stated, for private ones and where the standard leaves a choice. */
export type BuildEntry =
  | readonly [name: ElementName, value: BuildValue]
  | readonly [name: ElementName, vr: Vr, value: BuildValue];

/**
 * A data set in memory: little endian, text in UTF-8. Keys are keywords or tags of eight digits; undefined is left out.
 * Elements that are US or SS are SS where PixelRepresentation is 1.
 * Throws DICOM_KEYWORD_UNKNOWN, DICOM_VALUE_INVALID.
 *
 * @example dataset({ PatientName: 'Doe^Jane', Rows: 512, ReferencedSeriesSequence: [{ Modality: 'CT' }] })
 */
export function dataset(values: BuildRecord | readonly BuildEntry[]): Dataset {
  const entries: readonly BuildEntry[] = isEntries(values)
    ? values
    : Object.entries(values).flatMap(([name, value]) =>
        value === undefined ? [] : [[nameOf(name), value] as const],
      );
  const signed = entries.some((entry) => tagNamed(entry[0]) === pixelRepresentation && entry.at(-1) === 1);
  return datasetFrom(
    entries.map((entry) => {
      if (entry.length === 3) return buildElement(entry[0], entry[2], entry[1]);
      const [name, value] = entry;
      return signed && followsPixels(tagNamed(name))
        ? buildElement(name, value, 'SS')
        : buildElement(name, value);
    }),
  );
}

const pixelRepresentation = 0x00280103;

/** US or SS as the pixels are; a look-up table's descriptor counts entries and stays US. */
const followsPixels = (tag: Tag): boolean =>
  dictionaryEntry(tag)?.vr === 'us' && !/Descriptor$/.test(keywordOf(tag) ?? '');

/** A data set of elements that are already built; little endian, UTF-8. */
export function datasetFrom(elements: Iterable<DataElement>): Dataset {
  const sorted = [...elements].sort((a, b) => a.tag - b.tag);
  return {
    elements: new Map(sorted.map((element) => [element.tag, element])),
    littleEndian: true,
    characterSets: ['ISO_IR 192'],
  };
}

const isEntries = (values: BuildRecord | readonly BuildEntry[]): values is readonly BuildEntry[] =>
  Array.isArray(values);

const nameOf = (key: string): ElementName => (/^[0-9A-Fa-f]{8}$/.test(key) ? Number.parseInt(key, 16) : key);

/** One element; the VR is the dictionary's unless stated. Throws DICOM_KEYWORD_UNKNOWN, DICOM_VALUE_INVALID. */
export function buildElement(name: ElementName, value: BuildValue, vr?: Vr): DataElement {
  const tag = tagNamed(name);
  const kind = vr ?? vrOf(tag);
  if (kind === 'SQ') return { tag, vr: kind, items: itemsOf(tag, value) };
  if (value === null) return { tag, vr: kind, bytes: new Uint8Array(0) };
  if (value instanceof Uint8Array) return { tag, vr: kind, bytes: padded(value, kind) };
  if (typeof value === 'object' && !Array.isArray(value)) throw wrong(tag, kind, 'items');
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return { tag, vr: kind, bytes: padded(encode(tag, kind, list), kind) };
}

function itemsOf(tag: Tag, value: BuildValue): readonly Dataset[] {
  if (value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item !== 'object' || item === null || item instanceof Uint8Array)
      throw wrong(tag, 'SQ', typeof item);
    return isDataset(item) ? item : dataset(item as BuildRecord); // what else is an object in a BuildValue
  });
}

const isDataset = (item: object): item is Dataset => 'elements' in item && item.elements instanceof Map;

const wrong = (tag: Tag, vr: Vr, given: string): HounsfieldError =>
  new HounsfieldError(
    'DICOM_VALUE_INVALID',
    `${formatTag(tag)} is of VR ${vr} and cannot be built from ${given}. Give what the VR takes, or another VR.`,
  );

function encode(tag: Tag, vr: Vr, list: readonly unknown[]): Uint8Array {
  if (isString(vr)) return encodeStrings(tag, vr, list);
  if (vr === 'AT')
    return encodeNumbers(
      tag,
      vr,
      list.map((item) => (typeof item === 'string' ? tagNamed(item) : item)),
    );
  return encodeNumbers(tag, vr, list);
}

function encodeStrings(tag: Tag, vr: Vr, list: readonly unknown[]): Uint8Array {
  const values = list.map((item) => {
    if (typeof item === 'bigint') return String(item);
    if (typeof item === 'number') return vr === 'DS' ? decimalString(tag, item) : String(item);
    if (typeof item === 'string') return item;
    throw wrong(tag, vr, typeof item);
  });
  if (values.length > 1 && !isMultiValued(vr)) throw wrong(tag, vr, 'several values');
  const joined = values.join('\\');
  const bytes = new TextEncoder().encode(joined);
  if (!usesCharacterSet(vr) && bytes.length !== joined.length)
    throw wrong(tag, vr, 'characters outside ASCII');
  return bytes;
}

/** A number in at most 16 characters (DS), as near to it as they allow. Throws DICOM_VALUE_INVALID for what is not finite. */
export function decimalString(tag: Tag, value: number): string {
  if (!Number.isFinite(value)) throw wrong(tag, 'DS', 'a number that is not finite');
  const exact = String(value);
  if (exact.length <= 16) return exact;
  for (let digits = 16; digits > 0; digits--) {
    const shorter = String(Number(value.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
    const exponential = value.toExponential(digits - 1).replace('e+', 'e');
    if (exponential.length <= 16) return exponential;
  }
  return '0';
}

const writers: Readonly<
  Record<string, readonly [number, (view: DataView, at: number, value: number) => void]>
> = {
  US: [2, (view, at, value) => view.setUint16(at, value, true)],
  SS: [2, (view, at, value) => view.setInt16(at, value, true)],
  OW: [2, (view, at, value) => view.setUint16(at, value, true)],
  UL: [4, (view, at, value) => view.setUint32(at, value, true)],
  OL: [4, (view, at, value) => view.setUint32(at, value, true)],
  SL: [4, (view, at, value) => view.setInt32(at, value, true)],
  FL: [4, (view, at, value) => view.setFloat32(at, value, true)],
  OF: [4, (view, at, value) => view.setFloat32(at, value, true)],
  FD: [8, (view, at, value) => view.setFloat64(at, value, true)],
  OD: [8, (view, at, value) => view.setFloat64(at, value, true)],
  OB: [1, (view, at, value) => view.setUint8(at, value)],
  UN: [1, (view, at, value) => view.setUint8(at, value)],
  AT: [
    4,
    (view, at, value) => {
      view.setUint16(at, value >>> 16, true);
      view.setUint16(at + 2, value & 0xffff, true);
    },
  ],
};

/** Lowest and highest integer of a binary VR. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  US: [0, 0xffff],
  SS: [-0x8000, 0x7fff],
  OW: [0, 0xffff],
  UL: [0, 0xffffffff],
  OL: [0, 0xffffffff],
  SL: [-0x80000000, 0x7fffffff],
  OB: [0, 255],
  UN: [0, 255],
  AT: [0, 0xffffffff],
};

function encodeNumbers(tag: Tag, vr: Vr, list: readonly unknown[]): Uint8Array {
  if (vr === 'SV' || vr === 'UV' || vr === 'OV') return encodeBigIntegers(tag, vr, list);
  const writer = writers[vr];
  if (writer === undefined) throw wrong(tag, vr, 'numbers');
  const [width, write] = writer;
  const range = ranges[vr];
  const bytes = new Uint8Array(list.length * width);
  const view = new DataView(bytes.buffer);
  list.forEach((item, i) => {
    if (typeof item !== 'number') throw wrong(tag, vr, typeof item);
    if (range !== undefined && !(Number.isInteger(item) && item >= range[0] && item <= range[1]))
      throw wrong(tag, vr, 'a number outside its range');
    write(view, i * width, item);
  });
  return bytes;
}

function encodeBigIntegers(tag: Tag, vr: Vr, list: readonly unknown[]): Uint8Array {
  const bytes = new Uint8Array(list.length * 8);
  const view = new DataView(bytes.buffer);
  const [low, high] = vr === 'SV' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  list.forEach((item, i) => {
    if (typeof item !== 'bigint' && !Number.isInteger(item)) throw wrong(tag, vr, typeof item);
    const value = BigInt(item as bigint | number); // an integer, as the line before made sure
    if (value < low || value > high) throw wrong(tag, vr, 'a number outside its range');
    view.setBigUint64(i * 8, BigInt.asUintN(64, value), true);
  });
  return bytes;
}

/** Values have an even length: UI and bytes are filled with zero, text with a space (PS3.5 6.2). */
export function padded(bytes: Uint8Array, vr: Vr): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  const even = new Uint8Array(bytes.length + 1);
  even.set(bytes);
  if (isString(vr) && vr !== 'UI') even[bytes.length] = 0x20;
  return even;
}
