/**
 * Reading and writing stretches of pixels as float64, for loops that know one type only. Each element type has a loop
 * of its own: a loop that meets several typed-array types is compiled for none of them and takes many times as long.
 */
import { HounsfieldError } from '../../errors.ts';
import type { PixelArray } from '../image/medical-image.ts';

/** Copies `rows` times `count` values from `source[from]` on into `to[at]` on; rows lie `sourceStride` and `stride` apart. */
export type LoadRows = (
  to: Float64Array,
  at: number,
  source: PixelArray,
  from: number,
  count: number,
  rows?: number,
  stride?: number,
  sourceStride?: number,
) => void;

/**
 * Writes `rows` times `count` values, one after the other in `values`, into `to[at]` on, rows `stride` apart. Integer types get them rounded (halves up) and held to the type's
 * range, not-a-number as 0.
 */
export type StoreRows = (
  to: PixelArray,
  at: number,
  values: Float64Array,
  count: number,
  rows?: number,
  stride?: number,
) => void;

type Values = Float64Array;

type Load<T extends PixelArray> = (
  to: Values,
  at: number,
  source: T,
  from: number,
  count: number,
  rows?: number,
  stride?: number,
  sourceStride?: number,
) => void;

/** The one place where a loop for one type stands for all: it is chosen by the constructor of the array it is given. */
const load = <T extends PixelArray>(copy: Load<T>): LoadRows => copy as LoadRows; // chosen by constructor

const loaders: ReadonlyMap<unknown, LoadRows> = new Map<unknown, LoadRows>([
  [
    Int8Array,
    load<Int8Array>((to, at, source, from, count, rows = 1, stride = 0, sourceStride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, from + r * sourceStride];
        for (let i = 0; i < count; i++) to[a + i] = source[b + i]!;
      }
    }),
  ],
  [
    Uint8Array,
    load<Uint8Array>((to, at, source, from, count, rows = 1, stride = 0, sourceStride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, from + r * sourceStride];
        for (let i = 0; i < count; i++) to[a + i] = source[b + i]!;
      }
    }),
  ],
  [
    Int16Array,
    load<Int16Array>((to, at, source, from, count, rows = 1, stride = 0, sourceStride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, from + r * sourceStride];
        for (let i = 0; i < count; i++) to[a + i] = source[b + i]!;
      }
    }),
  ],
  [
    Uint16Array,
    load<Uint16Array>((to, at, source, from, count, rows = 1, stride = 0, sourceStride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, from + r * sourceStride];
        for (let i = 0; i < count; i++) to[a + i] = source[b + i]!;
      }
    }),
  ],
  [
    Int32Array,
    load<Int32Array>((to, at, source, from, count, rows = 1, stride = 0, sourceStride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, from + r * sourceStride];
        for (let i = 0; i < count; i++) to[a + i] = source[b + i]!;
      }
    }),
  ],
  [
    Uint32Array,
    load<Uint32Array>((to, at, source, from, count, rows = 1, stride = 0, sourceStride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, from + r * sourceStride];
        for (let i = 0; i < count; i++) to[a + i] = source[b + i]!;
      }
    }),
  ],
  [
    Float32Array,
    load<Float32Array>((to, at, source, from, count, rows = 1, stride = 0, sourceStride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, from + r * sourceStride];
        for (let i = 0; i < count; i++) to[a + i] = source[b + i]!;
      }
    }),
  ],
  [
    Float64Array,
    load<Float64Array>((to, at, source, from, count, rows = 1, stride = 0, sourceStride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, from + r * sourceStride];
        for (let i = 0; i < count; i++) to[a + i] = source[b + i]!;
      }
    }),
  ],
]);

type Store<T extends PixelArray> = (
  to: T,
  at: number,
  values: Values,
  count: number,
  rows?: number,
  stride?: number,
) => void;

const store = <T extends PixelArray>(copy: Store<T>): StoreRows => copy as StoreRows; // chosen by constructor

/** Rounds halves up and holds to the range; NaN fails both comparisons and is written as 0 by every integer array. */
const whole = (value: number, low: number, high: number): number => {
  const rounded = Math.floor(value + 0.5);
  // biome-ignore lint/complexity/useMathMinMax: Math.min and Math.max would write not-a-number, and take longer
  return rounded < low ? low : rounded > high ? high : rounded;
};

const storers: ReadonlyMap<unknown, StoreRows> = new Map<unknown, StoreRows>([
  [
    Int8Array,
    store<Int8Array>((to, at, values, count, rows = 1, stride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, r * count];
        for (let i = 0; i < count; i++) to[a + i] = whole(values[b + i]!, -128, 127);
      }
    }),
  ],
  [
    Uint8Array,
    store<Uint8Array>((to, at, values, count, rows = 1, stride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, r * count];
        for (let i = 0; i < count; i++) to[a + i] = whole(values[b + i]!, 0, 255);
      }
    }),
  ],
  [
    Int16Array,
    store<Int16Array>((to, at, values, count, rows = 1, stride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, r * count];
        for (let i = 0; i < count; i++) to[a + i] = whole(values[b + i]!, -32768, 32767);
      }
    }),
  ],
  [
    Uint16Array,
    store<Uint16Array>((to, at, values, count, rows = 1, stride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, r * count];
        for (let i = 0; i < count; i++) to[a + i] = whole(values[b + i]!, 0, 65535);
      }
    }),
  ],
  [
    Int32Array,
    store<Int32Array>((to, at, values, count, rows = 1, stride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, r * count];
        for (let i = 0; i < count; i++) to[a + i] = whole(values[b + i]!, -2147483648, 2147483647);
      }
    }),
  ],
  [
    Uint32Array,
    store<Uint32Array>((to, at, values, count, rows = 1, stride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, r * count];
        for (let i = 0; i < count; i++) to[a + i] = whole(values[b + i]!, 0, 4294967295);
      }
    }),
  ],
  [
    Float32Array,
    store<Float32Array>((to, at, values, count, rows = 1, stride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, r * count];
        for (let i = 0; i < count; i++) to[a + i] = values[b + i]!;
      }
    }),
  ],
  [
    Float64Array,
    store<Float64Array>((to, at, values, count, rows = 1, stride = 0) => {
      for (let r = 0; r < rows; r++) {
        const [a, b] = [at + r * stride, r * count];
        for (let i = 0; i < count; i++) to[a + i] = values[b + i]!;
      }
    }),
  ],
]);

export const rowLoader = (pixels: PixelArray): LoadRows => loaders.get(pixels.constructor)!; // every PixelArray is there

export const rowStorer = (pixels: PixelArray): StoreRows => storers.get(pixels.constructor)!; // likewise

/** An array of the same type, all zero. Throws GRID_TOO_LARGE when there is no memory for it. */
export function emptyLike(pixels: PixelArray, length: number): PixelArray {
  const Type = pixels.constructor as new (length: number) => PixelArray; // one of the eight
  try {
    return new Type(length);
  } catch (cause) {
    throw new HounsfieldError(
      'GRID_TOO_LARGE',
      `${length} values of ${pixels.BYTES_PER_ELEMENT} bytes do not fit the memory there is. Ask for a coarser spacing ` +
        'or a smaller grid.',
      { cause },
    );
  }
}

/** Values held as float64 where float32 would round them, float32 otherwise. */
export function floatArrayFor(pixels: PixelArray, length = pixels.length): Float32Array | Float64Array {
  const wide =
    pixels instanceof Float64Array || pixels instanceof Int32Array || pixels instanceof Uint32Array;
  return wide ? new Float64Array(length) : new Float32Array(length);
}

/** Values in the type of `like`, rounded and held to its range where it is an integer type. */
export function storedAs(values: PixelArray, like: PixelArray): PixelArray {
  if (values.constructor === like.constructor) return values;
  const out = emptyLike(like, values.length);
  const [load, store] = [rowLoader(values), rowStorer(out)];
  const row = new Float64Array(Math.min(values.length, 65536));
  for (let at = 0; at < values.length; at += row.length) {
    const count = Math.min(row.length, values.length - at);
    load(row, 0, values, at, count);
    store(out, at, row, count);
  }
  return out;
}
