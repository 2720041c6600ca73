import type { DicomFile } from '../dataset.ts';
import { frameBits, readEncapsulatedFrame, readNativeFrame } from './frame-bytes.ts';
import { imagePixel } from './image-pixel.ts';
import { bytesOf } from './lookup-table.ts';
import { optionalNumber, optionalNumbers, optionalText } from './optional-values.ts';
import { storedValues } from './stored-values.ts';

/** A plane of single bits to be laid over the image (PS3.3 C.9.2). */
export interface Overlay {
  /** 0x6000, 0x6002 … 0x60FE. */
  readonly group: number;
  readonly rows: number;
  readonly columns: number;
  /** Where its first pixel lies in the image: row and column, 1 the first. */
  readonly origin: readonly [row: number, column: number];
  readonly kind: 'graphics' | 'region';
  readonly label?: string;
  /** The image frame (0 the first) that its first frame belongs to, and how many follow; absent: to every frame. */
  readonly frames?: readonly [first: number, count: number];
  /** 0 or 1. */
  readonly bits: Uint8Array; // [frames, rows, columns]
  /** It lies in unused bits of the pixels, and is of the frame that was asked for. */
  readonly embedded: boolean;
}

/** Pixels of one overlay's frames together. */
const MOST_PIXELS = 2 ** 28;

/** All overlays of a file; those in unused bits of uncompressed pixels as they are in a frame (0 the first). What is damaged is left out. */
export async function overlaysOf(file: DicomFile, frame = 0): Promise<readonly Overlay[]> {
  const found: Overlay[] = [];
  for (let group = 0x6000; group <= 0x601e; group += 2) {
    const overlay = await overlayOf(file, group, frame);
    if (overlay) found.push(overlay);
  }
  return found;
}

async function overlayOf(file: DicomFile, group: number, frame: number): Promise<Overlay | undefined> {
  const tag = (element: number) => ((group << 16) | element) >>> 0;
  const { dataset } = file;
  const [rows, columns] = [optionalNumber(dataset, tag(0x10)), optionalNumber(dataset, tag(0x11))];
  if (!(rows! > 0) || !(columns! > 0)) return undefined;
  const count = Math.max(1, optionalNumber(dataset, tag(0x15)) ?? 1);
  const [row = 1, column = 1] = optionalNumbers(dataset, tag(0x50));
  const bitPosition = optionalNumber(dataset, tag(0x102)) ?? 0;
  const label = optionalText(dataset, tag(0x1500));
  const first = optionalNumber(dataset, tag(0x51));
  const data = await bytesOf(file, dataset, tag(0x3000));
  const pixels = rows! * columns! * count; // both were checked
  if (!Number.isInteger(pixels) || pixels > MOST_PIXELS) return undefined;
  const swapped = !dataset.littleEndian && dataset.elements.get(tag(0x3000))?.vr === 'OW';
  const bits = data
    ? unpacked(data, pixels, swapped)
    : await embeddedBits(file, frame, bitPosition, rows! * columns!);
  if (!bits) return undefined;
  return {
    group,
    rows: rows!,
    columns: columns!,
    origin: [row, column],
    kind: optionalText(dataset, tag(0x40)) === 'R' ? 'region' : 'graphics',
    ...(label ? { label } : {}),
    ...(data && first !== undefined ? { frames: [first - 1, count] as const } : {}),
    bits,
    embedded: data === undefined,
  };
}

function unpacked(data: Uint8Array, pixels: number, swapped: boolean): Uint8Array | undefined {
  if (data.length * 8 < pixels) return undefined;
  const out = new Uint8Array(pixels);
  const flip = swapped ? 1 : 0;
  for (let i = 0; i < pixels; i++) out[i] = ((data[(i >> 3) ^ flip] ?? 0) >> (i & 7)) & 1;
  return out;
}

/** One bit of each stored word, above or below the bits of the image (retired; PS3.5 8.1.2 of 2004). */
async function embeddedBits(
  file: DicomFile,
  frame: number,
  position: number,
  pixels: number,
): Promise<Uint8Array | undefined> {
  const image = imagePixel(file);
  const free = position > image.highBit || position <= image.highBit - image.bitsStored;
  const native = image.kind === 'integer' && [8, 16, 32].includes(image.bitsAllocated) && image.samples === 1;
  if (!free || !native || position >= image.bitsAllocated || pixels !== image.rows * image.columns)
    return undefined;
  if (image.encapsulated && file.transferSyntaxUid !== '1.2.840.10008.1.2.1.98') return undefined;
  const { bytes } = image.encapsulated
    ? { bytes: await readEncapsulatedFrame(file, image, frame) }
    : await readNativeFrame(file, image, frame);
  if (bytes.length * 8 < frameBits(image)) return undefined;
  const whole = {
    kind: 'integer',
    signed: false,
    bitsAllocated: image.bitsAllocated,
    bitsStored: image.bitsAllocated,
    highBit: image.bitsAllocated - 1,
  } as const;
  const words = storedValues(bytes, 0, pixels, whole, file.dataset.littleEndian);
  return Uint8Array.from(words as ArrayLike<number>, (word) => (word >>> position) & 1);
}
