import { HounsfieldError } from '../../errors.ts';

/** ONNX element types that a tensor can hold. float16 and bfloat16 are kept as their 16-bit patterns. */
export type DType = keyof TensorDataByDType;

export interface TensorDataByDType {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: readonly string[];
}

export type TensorData = TensorDataByDType[DType];

/** An array with a shape, in row-major (C) order. Immutable by convention: nothing in the engine writes to `data`. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly dims: readonly number[];
  readonly data: TensorDataByDType[D];
}

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

export type NumericDType = keyof typeof constructors;

/** Bytes of one element; 0 for strings, which have no fixed size. */
export function bytesPerElement(dtype: DType): number {
  return dtype === 'string' ? 0 : constructors[dtype].BYTES_PER_ELEMENT;
}

/** Number of elements of a shape; 1 for a scalar's empty shape. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** A typed array of `length` zeros for the element type. */
export function allocate<D extends NumericDType>(dtype: D, length: number): TensorDataByDType[D] {
  // The table maps each dtype to its own constructor; TypeScript cannot follow the correlation.
  return new constructors[dtype](length) as TensorDataByDType[D];
}

/** Wraps data in a tensor. @throws TENSOR_SIZE when the length is not the product of dims. */
export function tensor<D extends DType>(
  dtype: D,
  dims: readonly number[],
  data: TensorDataByDType[D],
): Tensor<D> {
  if (data.length !== elementCount(dims)) {
    throw new HounsfieldError(
      'TENSOR_SIZE',
      `data has ${data.length} elements, shape [${dims.join(', ')}] needs ${elementCount(dims)}. Pass data of that length.`,
    );
  }
  return { dtype, dims: [...dims], data };
}

/** A tensor from plain numbers, converted to the element type (int64 through BigInt, bool as 0 or 1). */
export function tensorOf<D extends NumericDType>(
  dtype: D,
  dims: readonly number[],
  values: ArrayLike<number>,
): Tensor<D> {
  const data = allocate(dtype, values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    // INT64_MAX, 'to the end' in slices, has become 2 ** 63 as a number, which would wrap around to INT64_MIN.
    const most = data instanceof BigInt64Array ? 2n ** 63n - 1n : 2n ** 64n - 1n;
    for (let i = 0; i < values.length; i++) {
      const value = BigInt(values[i]!);
      data[i] = value > most ? most : value;
    }
  } else if (dtype === 'float16' || dtype === 'bfloat16') {
    const encode = dtype === 'float16' ? float16Bits : bfloat16Bits;
    for (let i = 0; i < values.length; i++) data[i] = encode(values[i]!);
  } else {
    for (let i = 0; i < values.length; i++) data[i] = values[i]!;
  }
  return tensor(dtype, dims, data);
}

/** The tensor's elements as plain numbers. @throws TENSOR_TYPE for strings. */
export function toNumbers(source: Tensor): number[] {
  const { dtype, data } = source;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data, Number);
  if (dtype === 'float16') return Array.from(data as Uint16Array, float16Value); // dtype says so
  if (dtype === 'bfloat16') return Array.from(data as Uint16Array, bfloat16Value); // dtype says so
  if (dtype === 'string') {
    throw new HounsfieldError('TENSOR_TYPE', 'a string tensor was passed where numbers are expected.');
  }
  return Array.from(data as Exclude<TensorData, readonly string[] | BigInt64Array | BigUint64Array>); // the rest are numeric
}

export const isFloat = (dtype: DType): boolean =>
  dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** IEEE 754 binary16 bits of a number, rounded to nearest even. */
export function float16Bits(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const mantissa = bits & 0x7fffff;
  if (exponent >= 31) {
    const isNaNInput = ((bits >>> 23) & 0xff) === 255 && mantissa !== 0;
    return sign | (isNaNInput ? 0x7e00 : 0x7c00);
  }
  if (exponent <= 0) {
    if (exponent < -10) return sign;
    const full = mantissa | 0x800000;
    const shift = 14 - exponent;
    const half = full >>> shift;
    const rest = full & ((1 << shift) - 1);
    const middle = 1 << (shift - 1);
    return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
  }
  const half = (exponent << 10) | (mantissa >>> 13);
  const rest = mantissa & 0x1fff;
  return sign | (half + (rest > 0x1000 || (rest === 0x1000 && (half & 1) === 1) ? 1 : 0));
}

/** The number that IEEE 754 binary16 bits stand for. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 bits of a number, rounded to nearest even. */
export function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  floatView[0] = value;
  const bits = bitsView[0]!;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that bfloat16 bits stand for. */
export function bfloat16Value(bits: number): number {
  bitsView[0] = bits << 16;
  return floatView[0]!;
}
