import { HounsfieldError } from '../../errors.ts';
import type { PixelArray } from '../image/medical-image.ts';
import { allocate } from './gunzip.ts';

/** Types of the numbers that volume files store. */
export type StoredType =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

export const BYTES_OF: Readonly<Record<StoredType, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
};

type DirectType = Exclude<StoredType, 'int64' | 'uint64'>;

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<DirectType, unknown>;

const PLATFORM_IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The stored type that holds an array's values as they are. */
export function storedTypeOf(pixels: PixelArray): DirectType {
  for (const [type, array] of Object.entries(ARRAYS)) {
    if (pixels instanceof array) return type as DirectType; // a key of ARRAYS
  }
  throw new HounsfieldError(
    'VOLUME_TYPE',
    'the pixels are no typed array. Build the image with medicalImage().',
  );
}

/**
 * `count` numbers from the start of `bytes`, in file order. Little-endian aligned bytes are viewed, not copied; 64-bit
 * integers become float64, and beyond 2^53 are rounded to the nearest, which `onRounded` is told.
 */
export function decodeValues(
  bytes: Uint8Array,
  type: StoredType,
  count: number,
  littleEndian: boolean,
  onRounded: () => void = () => {},
): PixelArray {
  if (type === 'int64' || type === 'uint64') return decode64(bytes, type, count, littleEndian, onRounded);
  const size = BYTES_OF[type];
  const length = count * size;
  const isDirect = size === 1 || littleEndian === PLATFORM_IS_LITTLE;
  let from: Uint8Array = bytes;
  if (!isDirect) from = swapped(bytes.subarray(0, length), size);
  else if (bytes.byteOffset % size !== 0) {
    from = allocate(length, 'an array of values');
    from.set(bytes.subarray(0, length));
  }
  return new ARRAYS[type](from.buffer as ArrayBuffer, from.byteOffset, count); // a file's bytes are never shared memory
}

/** A copy with the bytes of each value turned round, by words: several times faster than byte by byte. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = allocate(bytes.length, 'an array of values');
  out.set(bytes);
  if (size === 2) {
    const words = new Uint16Array(out.buffer);
    for (let i = 0; i < words.length; i++) words[i] = (words[i]! >> 8) | (words[i]! << 8);
    return out;
  }
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    words[i] = (word << 24) | ((word << 8) & 0xff0000) | ((word >>> 8) & 0xff00) | (word >>> 24);
  }
  if (size === 8) {
    for (let i = 0; i < words.length; i += 2) {
      const word = words[i]!;
      words[i] = words[i + 1]!;
      words[i + 1] = word;
    }
  }
  return out;
}

function decode64(
  bytes: Uint8Array,
  type: 'int64' | 'uint64',
  count: number,
  littleEndian: boolean,
  onRounded: () => void,
): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, count * 8);
  const out = new Float64Array(allocate(count * 8, 'an array of values').buffer);
  const [low, high] = littleEndian ? [0, 4] : [4, 0];
  let isRounded = false;
  for (let i = 0; i < count; i++) {
    const at = i * 8;
    const upper =
      type === 'int64' ? view.getInt32(at + high, littleEndian) : view.getUint32(at + high, littleEndian);
    const value = upper * 4294967296 + view.getUint32(at + low, littleEndian);
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) isRounded = true;
    out[i] = value;
  }
  if (isRounded) onRounded();
  return out;
}

/** The bytes of an array in the byte order asked for; a view where nothing needs to be swapped. */
export function encodeValues(pixels: PixelArray, littleEndian = true): Uint8Array {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const size = pixels.BYTES_PER_ELEMENT;
  return size === 1 || littleEndian === PLATFORM_IS_LITTLE ? bytes : swapped(bytes, size);
}

/** Integer types by growing range, for values that a whole-numbered scale keeps whole. */
const INTEGER_RANGES = [
  ['int16', -32768, 32767],
  ['uint16', 0, 65535],
  ['int32', -2147483648, 2147483647],
] as const;

const STORED_RANGE: Readonly<Record<StoredType, readonly [number, number] | undefined>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
  int64: undefined,
  uint64: undefined,
  float32: undefined,
  float64: undefined,
};

/**
 * value * slope + intercept in double precision. Whole numbers stay integers when slope and intercept are whole and the
 * stored type's whole range then fits 32 bits; everything else becomes float64, as exact as the file.
 */
export function rescaled(pixels: PixelArray, type: StoredType, slope: number, intercept: number): PixelArray {
  if (slope === 1 && intercept === 0) return pixels;
  const range = STORED_RANGE[type];
  if (range && Number.isInteger(slope) && Number.isInteger(intercept)) {
    const ends = range.map((end) => end * slope + intercept);
    const fitting = INTEGER_RANGES.find(
      ([, low, high]) => Math.min(...ends) >= low && Math.max(...ends) <= high,
    );
    if (fitting) return scaleInto(pixels, newArray(fitting[0], pixels.length), slope, intercept);
  }
  return scaleInto(pixels, newArray('float64', pixels.length), slope, intercept);
}

/** As rescaled, of complex numbers, real and imaginary in turn: the intercept goes to the real part alone. */
export function rescaledComplex(pixels: PixelArray, slope: number, intercept: number): PixelArray {
  if (slope === 1 && intercept === 0) return pixels;
  const out = scaleInto(pixels, newArray('float64', pixels.length), slope, 0);
  for (let i = 0; i < out.length; i += 2) out[i]! += intercept;
  return out;
}

function scaleInto(pixels: PixelArray, out: PixelArray, slope: number, intercept: number): PixelArray {
  for (let i = 0; i < pixels.length; i++) out[i] = pixels[i]! * slope + intercept;
  return out;
}

/** An array of zeros. Throws VOLUME_TOO_LARGE when there is no memory for it. */
export function newArray(type: DirectType, length: number): PixelArray {
  return new ARRAYS[type](allocate(length * BYTES_OF[type], 'an array of values').buffer);
}

/**
 * Values with their axes in another order. `sides`: lengths, slowest axis first; `order[k]`: which of them becomes the
 * k-th of the result. Returns the same array when nothing moves.
 */
export function permuted(pixels: PixelArray, sides: readonly number[], order: readonly number[]): PixelArray {
  const moving = order.filter((axis) => sides[axis]! > 1);
  if (moving.every((axis, k) => k === 0 || axis > moving[k - 1]!)) return pixels;
  const strides = sides.map((_, axis) => sides.slice(axis + 1).reduce((product, side) => product * side, 1));
  const out = newArray(storedTypeOf(pixels), pixels.length);
  const inner = moving[moving.length - 1]!;
  const [length, stride] = [sides[inner]!, strides[inner]!];
  const outer = moving.slice(0, -1);
  const index = outer.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to += length) {
    for (let i = 0, j = from; i < length; i++, j += stride) out[to + i] = pixels[j]!;
    for (let k = outer.length - 1; k >= 0; k--) {
      const axis = outer[k]!;
      from += strides[axis]!;
      if (++index[k]! < sides[axis]!) break;
      from -= strides[axis]! * sides[axis]!;
      index[k] = 0;
    }
  }
  return out;
}
