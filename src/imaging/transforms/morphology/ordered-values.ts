import type { PixelArray } from '../../image/medical-image.ts';

/** Values as whole numbers of the same order: what compares values alone needs one loop for every type of array. */
export interface OrderedValues {
  /** Of whole numbers of up to 32 bits the array that was given. */
  readonly values: WholeArray;
  /** Whether the difference of any two fits into 32 bits. */
  readonly narrow: boolean;
  /** A value of the image's type as its whole number; rounded to that type first. */
  order(value: number): number;
  /** An empty array of the type of `values`. */
  empty(length: number): WholeArray;
  /** Back to an array of the type that was given. */
  restore(values: WholeArray): PixelArray;
}

export type WholeArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

/**
 * NaN is above infinity.
 *
 * @param beside other values that will be asked for by `order`
 */
export function orderedValues(pixels: PixelArray, beside: ArrayLike<number> = []): OrderedValues {
  if (pixels instanceof Float32Array) return floats(pixels);
  if (pixels instanceof Float64Array || pixels instanceof Uint32Array) return doubles(pixels, beside);
  const Type = pixels.constructor as new (length: number) => WholeArray; // its own type
  return {
    values: pixels,
    empty: (length) => new Type(length),
    narrow: pixels.BYTES_PER_ELEMENT < 4,
    order: (value) => {
      const [low, high] = integerRange(pixels);
      return Math.min(high, Math.max(low, Math.trunc(value)));
    },
    restore: (found) => found,
  };
}

const emptyWhole = (length: number): Int32Array => new Int32Array(length);

function integerRange(pixels: PixelArray): readonly [low: number, high: number] {
  const bits = 8 * pixels.BYTES_PER_ELEMENT;
  const signed = pixels instanceof Int8Array || pixels instanceof Int16Array || pixels instanceof Int32Array;
  return signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** The bits of a float, read as a whole number, rise with it; those of a negative one fall. */
function floats(pixels: Float32Array): OrderedValues {
  const bits = new Int32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  const values = new Int32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!;
    values[i] = b === -2147483648 ? 0 : b ^ ((b >> 31) & 0x7fffffff); // -0 is 0
  }
  return {
    values,
    empty: emptyWhole,
    narrow: false,
    order: orderOfFloat,
    restore(found) {
      const turned = new Int32Array(found.length);
      for (let i = 0; i < found.length; i++) turned[i] = found[i]! ^ ((found[i]! >> 31) & 0x7fffffff);
      return new Float32Array(turned.buffer);
    },
  };
}

const one = new Float32Array(1);
const oneAsBits = new Int32Array(one.buffer);

function orderOfFloat(value: number): number {
  one[0] = value === 0 ? 0 : value;
  const bits = oneAsBits[0]!;
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

/** Ranks among the values that occur; float32's order where that loses nothing. */
function doubles(pixels: Float64Array | Uint32Array, beside: ArrayLike<number>): OrderedValues {
  const Type = pixels.constructor as new (values: ArrayLike<number>) => PixelArray; // its own type
  const single = new Float32Array(pixels);
  let exact = true;
  for (let i = 0; exact && i < single.length; i++) exact = single[i] === pixels[i];
  for (let i = 0; exact && i < beside.length; i++) exact = Math.fround(beside[i]!) === beside[i];
  if (exact) {
    const ordered = floats(single);
    return { ...ordered, restore: (found) => new Type(ordered.restore(found)) };
  }
  const sorted = new Float64Array(pixels.length + beside.length);
  sorted.set(pixels);
  sorted.set(beside, pixels.length);
  sorted.sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i]!;
  }
  const levels = sorted.subarray(0, count);
  const values = new Int32Array(pixels.length);
  for (let i = 0; i < values.length; i++) values[i] = rankOf(levels, pixels[i]!);
  return {
    values,
    empty: emptyWhole,
    narrow: true,
    order: (value) => rankOf(levels, value),
    restore(found) {
      const out = new Type(found);
      for (let i = 0; i < found.length; i++) out[i] = levels[Math.max(0, Math.min(count - 1, found[i]!))]!;
      return out;
    },
  };
}

/** How many levels lie below a value. */
function rankOf(levels: Float64Array, value: number): number {
  let [low, high] = [0, levels.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (levels[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
