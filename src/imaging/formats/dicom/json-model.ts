import { isHounsfieldError } from '../../../errors.ts';
import type { DataElement, Dataset } from './dataset.ts';
import { swapped } from './encode-elements.ts';
import { parsePersonName } from './person-name.ts';
import { isBulk, wordBytes } from './value-representation.ts';
import { bigIntegers, numbersOf, textsOf } from './values.ts';

/** A value in DICOM's JSON model. */
export type JsonValue =
  | string
  | number
  | null
  | { readonly Alphabetic?: string; readonly Ideographic?: string; readonly Phonetic?: string }
  | JsonDataset;

/** An attribute in DICOM's JSON model; without Value, InlineBinary and BulkDataURI it is empty. */
export interface JsonAttribute {
  readonly vr: string;
  readonly Value?: readonly JsonValue[];
  /** Base64, little endian. */
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}

/** Attributes by tag in eight hexadecimal digits. */
export interface JsonDataset {
  readonly [tag: string]: JsonAttribute;
}

export interface JsonOptions {
  /** Where a value that was left in the file can be had; it is left out where undefined. */
  readonly bulkDataUri?: (element: DataElement) => string | undefined;
}

/** A data set in the JSON model (PS3.18 annex F). Numbers that are none stay text; values out of memory become references. */
export function datasetToJson(dataset: Dataset, options: JsonOptions = {}): JsonDataset {
  const out: Record<string, JsonAttribute> = {};
  for (const element of dataset.elements.values()) {
    if ((element.tag & 0xffff) === 0) continue;
    out[element.tag.toString(16).toUpperCase().padStart(8, '0')] = attribute(dataset, element, options);
  }
  return out;
}

function attribute(dataset: Dataset, element: DataElement, options: JsonOptions): JsonAttribute {
  const { vr } = element;
  if (element.items !== undefined)
    return withValues(
      vr,
      element.items.map((item) => datasetToJson(item, options)),
    );
  if (element.bytes === undefined) {
    const uri = options.bulkDataUri?.(element);
    return uri === undefined ? { vr } : { vr, BulkDataURI: uri };
  }
  if (element.bytes.length === 0) return { vr };
  if (isBulk(vr)) {
    const words = dataset.littleEndian ? element.bytes : swapped(element.bytes, wordBytes(vr));
    return { vr, InlineBinary: base64(words) };
  }
  try {
    return withValues(vr, valuesOf(dataset, element));
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
    return { vr: 'UN', InlineBinary: base64(element.bytes) };
  }
}

const withValues = (vr: string, values: readonly JsonValue[]): JsonAttribute =>
  values.length === 0 ? { vr } : { vr, Value: values };

function valuesOf(dataset: Dataset, element: DataElement): readonly JsonValue[] {
  switch (element.vr) {
    case 'PN':
      return textsOf(dataset, element).map(personNameJson);
    case 'AT':
      return numbersOf(dataset, element).map((tag) => tag.toString(16).toUpperCase().padStart(8, '0'));
    case 'DS':
    case 'IS':
      return textsOf(dataset, element).map((value) => numberOrText(value));
    case 'SV':
    case 'UV':
      return bigIntegers(dataset, element.tag).map((value) =>
        BigInt.asIntN(54, value) === value ? Number(value) : String(value),
      );
    case 'FD':
    case 'FL':
    case 'SL':
    case 'SS':
    case 'UL':
    case 'US':
      return numbersOf(dataset, element).map(finiteOrText);
    default:
      return textsOf(dataset, element).map((value) => (value === '' ? null : value));
  }
}

function numberOrText(value: string): JsonValue {
  if (value === '') return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? finiteOrText(Number(value)) : value;
}

function finiteOrText(value: number): JsonValue {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}

function personNameJson(value: string): JsonValue {
  if (value === '') return null;
  const { alphabetic, ideographic, phonetic } = parsePersonName(value);
  return {
    ...(alphabetic === '' ? {} : { Alphabetic: alphabetic }),
    ...(ideographic === '' ? {} : { Ideographic: ideographic }),
    ...(phonetic === '' ? {} : { Phonetic: phonetic }),
  };
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 4096)
    binary += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(binary);
}
