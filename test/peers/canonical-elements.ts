import { createHash } from 'node:crypto';
import type { DataElement, Dataset, DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { swapped } from '../../src/imaging/formats/dicom/encode-elements.ts';
import { readRange } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { isBulk, wordBytes } from '../../src/imaging/formats/dicom/value-representation.ts';
import { bigIntegers, numbersOf, textsOf } from '../../src/imaging/formats/dicom/values.ts';

/** An element as scripts/peers/dicom_elements.py writes it: tag, VR, value. */
export type CanonicalElement = readonly [tag: string, vr: string, value: unknown];

/** In which byte order bulk values are compared; pydicom leaves them as they lie. */
export type BulkOrder = 'as it lies' | 'little endian';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const hexTag = (tag: number): string => tag.toString(16).toUpperCase().padStart(8, '0');

function double(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

/** A value of DS or IS; what is no number stays text. */
function numberOrText(dataset: Dataset, element: DataElement, value: string): string | null {
  if (value === '') return null;
  try {
    return double(numbersOf(dataset, { ...element, bytes: new TextEncoder().encode(value) })[0]!);
  } catch {
    return value;
  }
}

/** Fragments with their item headers, as pydicom gives the value of encapsulated pixel data. */
async function encapsulated(file: DicomFile, fragments: DataElement['fragments']): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const range of fragments ?? []) {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(0xe000fffe, 0);
    header.writeUInt32LE(range.length, 4);
    pieces.push(header, await readRange(file, range));
  }
  return Buffer.concat(pieces);
}

async function bulk(file: DicomFile, element: DataElement, order: BulkOrder): Promise<unknown> {
  const bytes =
    element.bytes ??
    (element.deferred !== undefined
      ? await readRange(file, element.deferred)
      : await encapsulated(file, element.fragments));
  const isSwapped = order === 'little endian' && !file.dataset.littleEndian;
  return bytes.length === 0 ? [] : sha256(isSwapped ? swapped(bytes, wordBytes(element.vr)) : bytes);
}

function names(values: readonly string[]): unknown {
  return values.map((value) => {
    const groups = value.split('=');
    while (groups.at(-1) === '') groups.pop();
    return groups.map((group) => group.replace(/[ \0]+$/, ''));
  });
}

async function canonicalValue(
  file: DicomFile,
  dataset: Dataset,
  element: DataElement,
  order: BulkOrder,
): Promise<unknown> {
  if (element.items !== undefined)
    return Promise.all(element.items.map((item) => canonicalElements(file, item, order)));
  if (isBulk(element.vr) || element.bytes === undefined) return bulk(file, element, order);
  switch (element.vr) {
    case 'DS':
    case 'IS':
      return textsOf(dataset, element).map((value) => numberOrText(dataset, element, value));
    case 'FD':
    case 'FL':
    case 'SL':
    case 'SS':
    case 'UL':
    case 'US':
      return numbersOf(dataset, element).map(double);
    case 'SV':
    case 'UV':
      return bigIntegers(dataset, element.tag).map(String);
    case 'AT':
      return numbersOf(dataset, element).map(hexTag);
    case 'PN':
      return names(textsOf(dataset, element));
    default:
      return textsOf(dataset, element);
  }
}

/** Every element of a data set in the form of the fixture; one that is refused is an error with its code. */
export async function canonicalElements(
  file: DicomFile,
  dataset: Dataset,
  order: BulkOrder = 'as it lies',
): Promise<CanonicalElement[]> {
  const out: CanonicalElement[] = [];
  for (const element of dataset.elements.values()) {
    const tag = hexTag(element.tag);
    try {
      out.push([tag, element.vr, await canonicalValue(file, dataset, element, order)]);
    } catch (error) {
      out.push([tag, 'error', (error as { code?: string }).code ?? String(error)]); // a HounsfieldError has its code
    }
  }
  return out;
}

/** The checksum that the fixture keeps of an element. */
export function elementChecksum([tag, vr, value]: CanonicalElement): string {
  if (vr === 'error') return `${tag}error`;
  return `${tag}${vr}:${sha256(Buffer.from(JSON.stringify(value))).slice(0, 10)}`;
}
