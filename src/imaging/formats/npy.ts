import { HounsfieldError } from '../../errors.ts';

/** The arrays an .npy file can hold here; 64-bit integers stay exact as bigint, float16 widens to float32. */
export type NpyData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** numpy's type codes without the byte order: b1 is bool. */
export type NpyType = 'b1' | 'u1' | 'i1' | 'u2' | 'i2' | 'u4' | 'i4' | 'u8' | 'i8' | 'f2' | 'f4' | 'f8';

/** One array: values in C order (last axis fastest) whatever the file's order was. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly type: NpyType;
  readonly data: NpyData;
}

type Reader = (view: DataView, count: number, little: boolean) => NpyData;

function fill<T extends { [index: number]: V }, V>(out: T, count: number, value: (i: number) => V): T {
  for (let i = 0; i < count; i++) out[i] = value(i);
  return out;
}

const READERS: Readonly<Record<NpyType, Reader>> = {
  b1: (v, n) => fill(new Uint8Array(n), n, (i) => Number(v.getUint8(i) !== 0)),
  u1: (v, n) => new Uint8Array(v.buffer, v.byteOffset, n).slice(),
  i1: (v, n) => fill(new Int8Array(n), n, (i) => v.getInt8(i)),
  u2: (v, n, le) => fill(new Uint16Array(n), n, (i) => v.getUint16(2 * i, le)),
  i2: (v, n, le) => fill(new Int16Array(n), n, (i) => v.getInt16(2 * i, le)),
  u4: (v, n, le) => fill(new Uint32Array(n), n, (i) => v.getUint32(4 * i, le)),
  i4: (v, n, le) => fill(new Int32Array(n), n, (i) => v.getInt32(4 * i, le)),
  u8: (v, n, le) => fill(new BigUint64Array(n), n, (i) => v.getBigUint64(8 * i, le)),
  i8: (v, n, le) => fill(new BigInt64Array(n), n, (i) => v.getBigInt64(8 * i, le)),
  f2: (v, n, le) => fill(new Float32Array(n), n, (i) => halfToFloat(v.getUint16(2 * i, le))),
  f4: (v, n, le) => fill(new Float32Array(n), n, (i) => v.getFloat32(4 * i, le)),
  f8: (v, n, le) => fill(new Float64Array(n), n, (i) => v.getFloat64(8 * i, le)),
};

/** IEEE 754 binary16 to a number. */
export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Reads an .npy file (numpy's format description, versions 1.0 to 3.0): all real numeric types, both byte
 * orders, C and Fortran order. `name` is used in errors only. Throws NPY_UNREADABLE when the file is cut,
 * its header lies about its size, or the type is not a real number.
 */
export function decodeNpy(bytes: Uint8Array, name = 'the .npy data'): NpyArray {
  const header = readHeader(bytes, name);
  const size = Number(header.type[1]);
  const count = header.shape.reduce((product, side) => product * side, 1);
  const available = bytes.length - header.dataStart;
  if (!Number.isSafeInteger(count) || count * size > available) {
    throw unreadable(
      name,
      `its header promises ${count} values of ${size} bytes, ${available} bytes follow. Write or copy it again`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + header.dataStart, count * size);
  const data = READERS[header.type](view, count, header.little);
  const ordered = header.fortran && header.shape.length > 1 ? fortranToC(data, header.shape) : data;
  return { shape: header.shape, type: header.type, data: ordered };
}

interface NpyHeader {
  readonly type: NpyType;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly dataStart: number;
}

function readHeader(bytes: Uint8Array, name: string): NpyHeader {
  if (bytes.length < 10 || bytes[0] !== 0x93 || String.fromCharCode(...bytes.subarray(1, 6)) !== 'NUMPY') {
    throw unreadable(name, 'it does not begin with the .npy signature. Save it with numpy.save');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = bytes[6]!;
  if (version < 1 || version > 3) {
    throw unreadable(name, `its format version is ${version}; versions 1 to 3 are read`);
  }
  const wide = version >= 2;
  if (wide && bytes.length < 12) throw unreadable(name, 'it ends inside its header. Write or copy it again');
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = wide ? 12 : 10;
  if (start + length > bytes.length) {
    throw unreadable(name, 'it ends inside its header. Write or copy it again');
  }
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));
  return { ...parseHeader(text, name), dataStart: start + length };
}

function parseHeader(text: string, name: string): Omit<NpyHeader, 'dataStart'> {
  const descr = /'descr'\s*:\s*'([<>|=])?([a-zA-Z?]\d*)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text);
  if (!order || !shape) throw unreadable(name, 'its header lacks fortran_order or shape. Write it again');
  const code = descr?.[2] === '?' ? 'b1' : descr?.[2];
  if (code === undefined || !Object.hasOwn(READERS, code)) {
    throw unreadable(
      name,
      `its type is not a real number (${code ?? 'structured or missing'}). Save it as integers or floats`,
    );
  }
  const sides = shape[1]!
    .split(',')
    .map((side) => side.trim().replace('L', ''))
    .filter((side) => side !== '')
    .map(Number);
  return {
    type: code as NpyType, // hasOwn above
    little: descr?.[1] !== '>',
    fortran: order[1] === 'True',
    shape: sides,
  };
}

/** Reorders values from first-axis-fastest to last-axis-fastest. */
function fortranToC(data: NpyData, shape: readonly number[]): NpyData {
  const out = data.slice();
  const rank = shape.length;
  const strides: number[] = [];
  let stride = 1;
  for (const side of shape) {
    strides.push(stride);
    stride *= side;
  }
  const index = new Array<number>(rank).fill(0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    out[to] = data[from]!;
    for (let axis = rank - 1; axis >= 0; axis--) {
      index[axis]!++;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** Values as plain numbers; 64-bit integers beyond 2^53 lose digits. */
export function npyNumbers(array: NpyArray): Exclude<NpyData, BigInt64Array | BigUint64Array> {
  const { data } = array;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const out = new Float64Array(data.length);
    for (let i = 0; i < data.length; i++) out[i] = Number(data[i]);
    return out;
  }
  return data;
}

/** Writes an array as .npy version 1.0, little-endian, C order; float16 and bool are written as what holds them. */
export function encodeNpy(shape: readonly number[], data: NpyData): Uint8Array {
  const dict = `{'descr': '${descriptor(data)}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const padding = (64 - ((10 + dict.length + 1) % 64)) % 64;
  const header = `${dict}${' '.repeat(padding)}\n`;
  const out = new Uint8Array(10 + header.length + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  for (let i = 0; i < header.length; i++) out[10 + i] = header.charCodeAt(i);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + header.length);
  return out;
}

function descriptor(data: NpyData): string {
  if (data instanceof Uint8Array) return '|u1';
  if (data instanceof Int8Array) return '|i1';
  if (data instanceof Uint16Array) return '<u2';
  if (data instanceof Int16Array) return '<i2';
  if (data instanceof Uint32Array) return '<u4';
  if (data instanceof Int32Array) return '<i4';
  if (data instanceof BigUint64Array) return '<u8';
  if (data instanceof BigInt64Array) return '<i8';
  return data instanceof Float32Array ? '<f4' : '<f8';
}

function unreadable(name: string, reason: string): HounsfieldError {
  return new HounsfieldError('NPY_UNREADABLE', `${name} cannot be read: ${reason}.`);
}
