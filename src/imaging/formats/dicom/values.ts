import { HounsfieldError } from '../../../errors.ts';
import { decodeText, latin1, nameDelimiters, textDelimiters, valueDelimiters } from './character-sets.ts';
import type { DataElement, Dataset, Tag } from './dataset.ts';
import { formatTag, tagOf } from './dictionary.ts';
import { type PersonName, parsePersonName } from './person-name.ts';
import { isMultiValued, isString, usesCharacterSet } from './value-representation.ts';

/** An element by PS3.6 keyword or by tag. */
export type ElementName = string | Tag;

/** The tag of a keyword. Throws DICOM_KEYWORD_UNKNOWN. */
export function tagNamed(name: ElementName): Tag {
  if (typeof name === 'number') return name;
  const tag = tagOf(name);
  if (tag !== undefined) return tag;
  const message = `'${name}' is no keyword of PS3.6. Spell it as there, or give its tag.`;
  throw new HounsfieldError('DICOM_KEYWORD_UNKNOWN', message);
}

/** The element; undefined where it is absent. */
export const element = (dataset: Dataset, name: ElementName): DataElement | undefined =>
  dataset.elements.get(tagNamed(name));

/** True where the element is there, even if empty. */
export const has = (dataset: Dataset, name: ElementName): boolean => dataset.elements.has(tagNamed(name));

/** The first value as text, see texts; undefined where the element is absent or its value empty. */
export function text(dataset: Dataset, name: ElementName): string | undefined {
  const found = element(dataset, name);
  const first = found === undefined ? undefined : textsOf(dataset, found)[0];
  return first === '' ? undefined : first;
}

/** All values as text, without the spaces that mean nothing (PS3.5 table 6.2-1); [] where absent or empty. */
export function texts(dataset: Dataset, name: ElementName): readonly string[] {
  const found = element(dataset, name);
  return found === undefined ? [] : textsOf(dataset, found);
}

/** The first value as a number, see numbers; undefined where absent or empty. */
export function number(dataset: Dataset, name: ElementName): number | undefined {
  const found = element(dataset, name);
  return found === undefined ? undefined : numbersOf(dataset, found)[0];
}

/**
 * All values as numbers, of DS, IS and the binary VRs; 64-bit ones lose what a double cannot hold; an empty value among
 * others is NaN. Throws DICOM_VALUE_INVALID, DICOM_VALUE_DEFERRED.
 */
export function numbers(dataset: Dataset, name: ElementName): readonly number[] {
  const found = element(dataset, name);
  return found === undefined ? [] : numbersOf(dataset, found);
}

/** A sequence's items; [] where absent or empty. */
export function sequence(dataset: Dataset, name: ElementName): readonly Dataset[] {
  return element(dataset, name)?.items ?? [];
}

/** The first value as a person's name; undefined where absent or empty. */
export function personName(dataset: Dataset, name: ElementName): PersonName | undefined {
  const value = text(dataset, name);
  return value === undefined ? undefined : parsePersonName(value);
}

function bytesInMemory(found: DataElement): Uint8Array {
  if (found.bytes !== undefined) return found.bytes;
  if (found.items !== undefined)
    throw new HounsfieldError('DICOM_VALUE_KIND', `${formatTag(found.tag)} is a sequence: use sequence().`);
  const message = `${formatTag(found.tag)} was left in the file. Fetch it with readValue(file, element).`;
  throw new HounsfieldError('DICOM_VALUE_DEFERRED', message);
}

const invalid = (found: DataElement, expected: string): HounsfieldError =>
  new HounsfieldError(
    'DICOM_VALUE_INVALID',
    `${formatTag(found.tag)} holds a value that is no ${expected}. Correct the file, or read the element's bytes.`,
  );

const bothEnds = new Set(['AE', 'CS', 'LO', 'SH', 'AS']);
const aroundNumbers = /^[\s\0]+|[\s\0]+$/g;
const aroundText = /^[ \0]+|[ \0]+$/g;

/** All values of one element as text. Throws DICOM_VALUE_DEFERRED, DICOM_VALUE_KIND. */
export function textsOf(dataset: Dataset, found: DataElement): readonly string[] {
  const { vr } = found;
  const bytes = bytesInMemory(found);
  if (!isString(vr)) return vr === 'UN' ? [latin1(bytes)] : numbersOf(dataset, found).map(String);
  const delimiters = vr === 'PN' ? nameDelimiters : isMultiValued(vr) ? valueDelimiters : textDelimiters;
  const whole = usesCharacterSet(vr) ? decodeText(bytes, dataset.characterSets, delimiters) : latin1(bytes);
  const unpadded = whole.replace(/[ \0]+$/, '');
  if (unpadded === '') return [];
  if (!isMultiValued(vr)) return [unpadded];
  const trim = vr === 'DS' || vr === 'IS' ? aroundNumbers : bothEnds.has(vr) ? aroundText : /[ \0]+$/;
  return unpadded.split('\\').map((value) => value.replace(trim, ''));
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

type ReadNumber = (view: DataView, at: number, little: boolean) => number;
const binary: Readonly<Record<string, readonly [width: number, read: ReadNumber]>> = {
  US: [2, (view, at, little) => view.getUint16(at, little)],
  SS: [2, (view, at, little) => view.getInt16(at, little)],
  OW: [2, (view, at, little) => view.getUint16(at, little)],
  UL: [4, (view, at, little) => view.getUint32(at, little)],
  OL: [4, (view, at, little) => view.getUint32(at, little)],
  SL: [4, (view, at, little) => view.getInt32(at, little)],
  FL: [4, (view, at, little) => view.getFloat32(at, little)],
  OF: [4, (view, at, little) => view.getFloat32(at, little)],
  FD: [8, (view, at, little) => view.getFloat64(at, little)],
  OD: [8, (view, at, little) => view.getFloat64(at, little)],
  SV: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  UV: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  OV: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  OB: [1, (view, at) => view.getUint8(at)],
  AT: [4, (view, at, little) => view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little)],
};

const lutDescriptors: ReadonlySet<Tag> = new Set([0x00281101, 0x00281102, 0x00281103, 0x00283002]);

/** All values of one element as numbers. Throws DICOM_VALUE_INVALID, DICOM_VALUE_DEFERRED, DICOM_VALUE_KIND. */
export function numbersOf(dataset: Dataset, found: DataElement): readonly number[] {
  const kind = binary[found.vr];
  if (kind === undefined)
    return textsOf(dataset, found).map((value) => {
      if (value === '') return Number.NaN;
      if (!decimal.test(value)) throw invalid(found, 'number');
      return Number(value);
    });
  const bytes = bytesInMemory(found);
  const [width, read] = kind;
  // A tag too few bytes long is passed over, as the other tags are sound.
  if (bytes.length % width !== 0 && found.vr !== 'AT') throw invalid(found, `row of ${width}-byte numbers`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out: number[] = new Array(Math.floor(bytes.length / width));
  for (let i = 0; i < out.length; i++) out[i] = read(view, i * width, dataset.littleEndian);
  // The count of a look-up table's entries is unsigned even where its VR is SS (PS3.3 C.11.1.1.1).
  if (lutDescriptors.has(found.tag) && out.length > 0 && out[0]! < 0) out[0]! += 65536;
  return out;
}

/** 64-bit integers (SV, UV, OV) without loss. Throws DICOM_VALUE_INVALID where the element is of another VR. */
export function bigIntegers(dataset: Dataset, name: ElementName): readonly bigint[] {
  const found = element(dataset, name);
  if (found === undefined) return [];
  const bytes = bytesInMemory(found);
  if (!['SV', 'UV', 'OV'].includes(found.vr) || bytes.length % 8 !== 0)
    throw invalid(found, '64-bit integer');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = dataset.littleEndian;
  return Array.from({ length: bytes.length / 8 }, (_, i) =>
    found.vr === 'SV' ? view.getBigInt64(i * 8, little) : view.getBigUint64(i * 8, little),
  );
}
