import { HounsfieldError } from '../../../../errors.ts';
import type { PixelArray } from '../../../image/medical-image.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { readValue } from '../read-dicom.ts';
import { type ElementName, element, numbers } from '../values.ts';

/** A table from stored values to others: values below `first` get the first entry, beyond the last the last. */
export interface LookupTable {
  /** The stored value that the first entry is for. */
  readonly first: number;
  /** Bits of an entry, 8..16. */
  readonly bits: number;
  readonly entries: Uint16Array;
}

/** Number of entries, first value mapped, bits of an entry (PS3.3 C.11.1.1.1). */
export interface TableDescriptor {
  readonly count: number;
  readonly first: number;
  readonly bits: number;
}

/** Reads a descriptor; `signed` says how the first value is meant. Undefined when it is missing or makes no sense. */
export function tableDescriptor(
  item: Dataset,
  keyword: string,
  signed: boolean,
): TableDescriptor | undefined {
  const [count, first, bits] = numbers(item, keyword);
  if (count === undefined || first === undefined || bits === undefined) return undefined;
  if (![count, first, bits].every(Number.isInteger) || bits < 1 || bits > 16) return undefined;
  return { count: count & 0xffff || 65536, first: signed ? (first << 16) >> 16 : first & 0xffff, bits };
}

/** The bytes of an element, fetched where they were left in the file; undefined when there are none. */
export async function bytesOf(
  file: DicomFile,
  item: Dataset,
  name: ElementName,
): Promise<Uint8Array | undefined> {
  const found = element(item, name);
  const bytes = found?.bytes ?? (found?.deferred && (await readValue(file, found)));
  return bytes && bytes.length > 0 ? bytes : undefined;
}

/** A modality or VOI LUT out of a sequence's item. Throws DICOM_LOOKUP_TABLE. */
export async function lookupTable(file: DicomFile, item: Dataset, signed: boolean): Promise<LookupTable> {
  const descriptor = tableDescriptor(item, 'LUTDescriptor', signed);
  const bytes = await bytesOf(file, item, 'LUTData');
  const entries = descriptor && bytes && tableEntries(bytes, descriptor.count, item.littleEndian);
  if (!entries) {
    throw new HounsfieldError(
      'DICOM_LOOKUP_TABLE',
      `${file.source.name}: a lookup table lacks its descriptor or data, or holds fewer entries than it says. ` +
        'Read the stored values instead (values: "stored"), or have the file exported again.',
    );
  }
  return { first: descriptor.first, bits: descriptor.bits, entries };
}

/** Entries of 8 or 16 bits, whichever the length tells; undefined when there are too few. */
export function tableEntries(
  bytes: Uint8Array,
  count: number,
  littleEndian: boolean,
): Uint16Array | undefined {
  if (bytes.length >= count * 2) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Uint16Array.from({ length: count }, (_, i) => view.getUint16(i * 2, littleEndian));
  }
  return bytes.length >= count ? Uint16Array.from(bytes.subarray(0, count)) : undefined;
}

/** Every value by the table: Uint8Array for entries of up to 8 bits, else Uint16Array. */
export function applyLookupTable(values: PixelArray, table: LookupTable): Uint8Array | Uint16Array {
  const out = table.bits <= 8 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  const { entries, first } = table;
  const last = entries.length - 1;
  for (let i = 0; i < values.length; i++) {
    const at = values[i]! - first;
    out[i] = entries[at < 0 ? 0 : Math.min(at, last)]!;
  }
  return out;
}
