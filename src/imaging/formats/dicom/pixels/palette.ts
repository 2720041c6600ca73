import { HounsfieldError } from '../../../../errors.ts';
import type { PixelArray } from '../../../image/medical-image.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { element, text } from '../values.ts';
import { bytesOf, type TableDescriptor, tableDescriptor, tableEntries } from './lookup-table.ts';

/** Colours by stored value (PS3.3 C.7.9). */
export interface Palette {
  /** The stored value that the first entry is for. */
  readonly first: number;
  /** 8 or 16: the range of the colours. */
  readonly bits: number;
  readonly red: Uint16Array;
  readonly green: Uint16Array;
  readonly blue: Uint16Array;
  /** Supplemental: values below `first` stay grey (PS3.3 C.8.16.2.1.1.1). */
  readonly supplemental: boolean;
}

/** The palette of an image; undefined when it has none. Throws DICOM_LOOKUP_TABLE when it is damaged. */
export async function paletteOf(file: DicomFile, signed: boolean): Promise<Palette | undefined> {
  const { dataset } = file;
  const descriptor = tableDescriptor(dataset, 'RedPaletteColorLookupTableDescriptor', signed);
  if (!descriptor) {
    if (!element(dataset, 'RedPaletteColorLookupTableDescriptor')) return undefined;
    throw damaged(file);
  }
  const channel = (name: 'Red' | 'Green' | 'Blue') => channelEntries(file, dataset, name, descriptor);
  const [red, green, blue] = [await channel('Red'), await channel('Green'), await channel('Blue')];
  const presentation = text(dataset, 'PixelPresentation') ?? '';
  const photometric = text(dataset, 'PhotometricInterpretation');
  return {
    first: descriptor.first,
    bits: red.wide || green.wide || blue.wide ? 16 : 8,
    red: red.entries,
    green: green.entries,
    blue: blue.entries,
    supplemental: photometric !== 'PALETTE COLOR' && (presentation === 'COLOR' || presentation === 'MIXED'),
  };
}

function damaged(file: DicomFile): HounsfieldError {
  return new HounsfieldError(
    'DICOM_LOOKUP_TABLE',
    `${file.source.name}: the colour palette lacks a table or holds fewer entries than it says. ` +
      'Read the stored values instead (values: "stored"), or have the file exported again.',
  );
}

async function channelEntries(
  file: DicomFile,
  dataset: Dataset,
  name: string,
  { count, bits }: TableDescriptor,
) {
  const plain = await bytesOf(file, dataset, `${name}PaletteColorLookupTableData`);
  if (plain) {
    const entries = tableEntries(plain, count, dataset.littleEndian);
    if (!entries) throw damaged(file);
    return { entries, wide: plain.length >= count * 2 && bits > 8 };
  }
  const segmented = await bytesOf(file, dataset, `Segmented${name}PaletteColorLookupTableData`);
  if (!segmented) throw damaged(file);
  const words = bits > 8 ? toWords(segmented, dataset.littleEndian) : Uint16Array.from(segmented);
  const entries = expandSegments(words, bits > 8, dataset.littleEndian, count);
  if (!entries) throw damaged(file);
  return { entries, wide: bits > 8 };
}

function toWords(bytes: Uint8Array, littleEndian: boolean): Uint16Array {
  return tableEntries(bytes, Math.floor(bytes.length / 2), littleEndian) ?? new Uint16Array(0);
}

/** Discrete, linear and indirect segments (PS3.3 C.7.9.2); undefined when they are damaged or give too few entries. */
export function expandSegments(
  data: Uint16Array,
  wide: boolean,
  littleEndian: boolean,
  count: number,
): Uint16Array | undefined {
  const out: number[] = [];
  const run = (start: number, segments: number, depth: number): boolean => {
    let at = start;
    for (let done = 0; done < segments && at + 1 < data.length && out.length < count; done++) {
      const [kind, length] = [data[at]!, data[at + 1]!];
      at += 2;
      if (kind === 0) {
        if (at + length > data.length) return false;
        for (let i = 0; i < length; i++) out.push(data[at + i]!);
        at += length;
      } else if (kind === 1) {
        if (out.length === 0 || at >= data.length) return false;
        pushLine(out, data[at]!, length);
        at += 1;
      } else if (kind === 2) {
        const place = indirectPlace(data, at, wide, littleEndian);
        if (out.length === 0 || depth > 0 || place === undefined || !run(place, length, depth + 1))
          return false;
        at += wide ? 2 : 4;
      } else return false;
    }
    return true;
  };
  return run(0, Number.POSITIVE_INFINITY, 0) && out.length >= count
    ? Uint16Array.from(out.slice(0, count))
    : undefined;
}

function pushLine(out: number[], to: number, length: number): void {
  const from = out.at(-1)!;
  for (let i = 1; i <= length; i++) {
    const value = from + ((to - from) * i) / length;
    const low = Math.floor(value);
    out.push(value - low === 0.5 ? low + (low % 2) : Math.round(value));
  }
}

/** The offset of an indirect segment, in entries: a 32-bit number in two words or four bytes. */
function indirectPlace(
  data: Uint16Array,
  at: number,
  wide: boolean,
  littleEndian: boolean,
): number | undefined {
  if (at + (wide ? 2 : 4) > data.length) return undefined;
  if (wide) return data[at + 1]! * 65536 + data[at]!;
  const order = littleEndian ? [3, 2, 1, 0] : [2, 3, 0, 1];
  return order.reduce((sum, i) => sum * 256 + data[at + i]!, 0);
}

/** Stored values to colours. @returns [3, ...values], Uint8Array or Uint16Array by the palette's bits */
export function applyPalette(values: PixelArray, palette: Palette): Uint8Array | Uint16Array {
  const pixels = values.length;
  const out = palette.bits <= 8 ? new Uint8Array(pixels * 3) : new Uint16Array(pixels * 3);
  [palette.red, palette.green, palette.blue].forEach((entries, c) => {
    const last = entries.length - 1;
    for (let i = 0, to = c * pixels; i < pixels; i++, to++) {
      const at = values[i]! - palette.first;
      out[to] = entries[at < 0 ? 0 : Math.min(at, last)]!;
    }
  });
  return out;
}
