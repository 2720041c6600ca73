import { HounsfieldError } from '../../../../errors.ts';
import type { PixelArray } from '../../../image/medical-image.ts';

/** How values lie in bytes. */
export interface StoredLayout {
  /** 1..64; values of other widths than 8, 16, 32 and 64 follow one another without gaps, lowest bit first. */
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly kind: 'integer' | 'float' | 'double';
}

/**
 * The values in a stretch of bytes, unused bits cut off and signs extended (PS3.5 8.1.1): 8-bit arrays for up to 8
 * allocated bits, 16 for up to 16, 32 for up to 32, float64 for 64. Always a copy.
 * Throws DICOM_VALUE_RANGE for 64-bit integers beyond 2^53.
 */
export function storedValues(
  bytes: Uint8Array,
  bitOffset: number,
  count: number,
  layout: StoredLayout,
  littleEndian: boolean,
): PixelArray {
  const { bitsAllocated: width, kind, signed } = layout;
  if (kind === 'double') return littleArray(Float64Array, bytes, count, littleEndian);
  if (kind === 'float') return littleArray(Float32Array, bytes, count, littleEndian);
  if (width === 64) return wideIntegers(bytes, count, signed, littleEndian);
  let values: PixelArray;
  if (width === 8) values = littleArray(signed ? Int8Array : Uint8Array, bytes, count, true);
  else if (width === 16) values = littleArray(signed ? Int16Array : Uint16Array, bytes, count, littleEndian);
  else if (width === 32) values = littleArray(signed ? Int32Array : Uint32Array, bytes, count, littleEndian);
  else if (width === 1) return unpackBits(bytes, bitOffset, count);
  else values = unpackOdd(bytes, bitOffset, count, width, signed);
  return trimToStored(values, layout);
}

type ArrayOf = new (buffer: ArrayBuffer) => PixelArray;

function littleArray(
  Kind: ArrayOf & { readonly BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
  count: number,
  little: boolean,
) {
  const size = Kind.BYTES_PER_ELEMENT;
  const copy = bytes.slice(0, count * size);
  if (!little) reverseBytes(copy, size);
  return new Kind(copy.buffer as ArrayBuffer); // slice makes a buffer of its own
}

/** Turns the bytes of each value round, in place. */
function reverseBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const kept = bytes[low]!;
      bytes[low] = bytes[high]!;
      bytes[high] = kept;
    }
  }
}

/** Cuts off what lies above and below the stored bits and extends the sign, in place. */
export function trimToStored<T extends PixelArray>(values: T, layout: StoredLayout): T {
  const { bitsStored, highBit, signed } = layout;
  const container = values.BYTES_PER_ELEMENT * 8;
  if (container > 32 || (bitsStored >= container && highBit === bitsStored - 1)) return values;
  const up = 31 - highBit;
  const down = 32 - bitsStored;
  if (signed) for (let i = 0; i < values.length; i++) values[i] = (values[i]! << up) >> down;
  else for (let i = 0; i < values.length; i++) values[i] = (values[i]! << up) >>> down;
  return values;
}

/** One bit a value, lowest bit first (PS3.5 8.1.1 and its annex D). */
function unpackBits(bytes: Uint8Array, bitOffset: number, count: number): Uint8Array {
  const out = new Uint8Array(count);
  for (let i = 0, bit = bitOffset; i < count; i++, bit++) out[i] = (bytes[bit >> 3]! >> (bit & 7)) & 1;
  return out;
}

function unpackOdd(
  bytes: Uint8Array,
  bitOffset: number,
  count: number,
  width: number,
  signed: boolean,
): PixelArray {
  if (width > 32) {
    throw new HounsfieldError(
      'DICOM_VALUE_RANGE',
      `values of ${width} allocated bits are not supported; 1 to 32 and 64 are. Convert the file first.`,
    );
  }
  const Kind =
    width < 8 ? [Uint8Array, Int8Array] : width < 16 ? [Uint16Array, Int16Array] : [Uint32Array, Int32Array];
  const out = new Kind[signed ? 1 : 0]!(count);
  for (let i = 0, bit = bitOffset; i < count; i++) {
    let value = 0;
    for (let got = 0; got < width; ) {
      const take = Math.min(8 - (bit & 7), width - got);
      value += ((bytes[bit >> 3]! >> (bit & 7)) & ((1 << take) - 1)) * 2 ** got;
      got += take;
      bit += take;
    }
    out[i] = value;
  }
  return out;
}

function wideIntegers(
  bytes: Uint8Array,
  count: number,
  signed: boolean,
  littleEndian: boolean,
): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value = signed ? view.getBigInt64(i * 8, littleEndian) : view.getBigUint64(i * 8, littleEndian);
    out[i] = Number(value);
    if (BigInt(out[i]!) !== value || Math.abs(out[i]!) > 2 ** 53) {
      throw new HounsfieldError(
        'DICOM_VALUE_RANGE',
        'a 64-bit pixel value is beyond 2^53 and cannot be kept exactly. Convert the file to 32 bits or to floating point.',
      );
    }
  }
  return out;
}

/** [.., C] to [C, ..]: one plane after another. */
export function toPlanes<T extends PixelArray>(values: T, channels: number): T {
  if (channels === 1) return values;
  const plane = values.length / channels;
  const planes = values.slice() as T; // slice keeps the kind of array
  for (let c = 0; c < channels; c++) {
    for (let i = 0, j = c, at = c * plane; i < plane; i++, j += channels, at++) planes[at] = values[j]!;
  }
  return planes;
}

/** Y1 Y2 Cb Cr for each two neighbours to whole planes Y, Cb, Cr (PS3.3 C.7.6.3.1.2). */
export function expand422<T extends PixelArray>(values: T, pixels: number): T {
  const Kind = values.constructor as new (length: number) => T; // the same kind of array, longer
  const planes = new Kind(pixels * 3);
  for (let i = 0, j = 0; i < pixels; i += 2, j += 4) {
    planes[i] = values[j]!;
    planes[i + 1] = values[j + 1]!;
    planes[pixels + i] = planes[pixels + i + 1] = values[j + 2]!;
    planes[2 * pixels + i] = planes[2 * pixels + i + 1] = values[j + 3]!;
  }
  return planes;
}
