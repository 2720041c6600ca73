/** What a LERC blob's header says, versions 2.3 to 2.5 of Esri's format. */
export interface LercHeader {
  readonly version: number;
  readonly height: number;
  readonly width: number;
  /** Values of each pixel. */
  readonly dimensions: number;
  readonly validPixels: number;
  /** Side of the squares that an image is cut into. */
  readonly square: number;
  /** Of the blob, bytes. */
  readonly length: number;
  /** 0 to 7: int8, uint8, int16, uint16, int32, uint32, float32, float64. */
  readonly type: number;
  readonly maxError: number;
  readonly smallest: number;
  readonly largest: number;
  /** Bytes of the header. */
  readonly end: number;
}

export const LERC_TYPES = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;

/** A blob on its way: reading past its end is a RangeError of the view. */
interface Blob {
  readonly view: DataView;
  readonly header: LercHeader;
  at: number;
  /** 1 for each pixel that has a value; undefined where all have. */
  mask: Uint8Array | undefined;
  /** Largest value of each dimension. */
  largest: readonly number[];
  readonly out: InstanceType<(typeof LERC_TYPES)[number]>; // [height, width, dimensions]
}

/**
 * Decodes a blob whose header has been checked against what may be taken: values little-endian, those of a pixel beside
 * each other, 0 where the mask leaves one out. Undefined for a damaged one. Every loop is bounded by pixels or bytes.
 */
export function decodeLerc(bytes: Uint8Array, header: LercHeader): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, header.length);
  const out = new LERC_TYPES[header.type]!(header.height * header.width * header.dimensions); // its type is checked
  const blob: Blob = { view, header, at: header.end, mask: undefined, largest: [header.largest], out };
  try {
    readMask(blob);
    if (header.validPixels > 0) readValues(blob);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return new Uint8Array(out.buffer);
}

function refuse(isBroken: boolean, what: string): void {
  if (isBroken) throw new RangeError(what); // decodeLerc catches it
}

const next = (blob: Blob): number => blob.view.getUint8(blob.at++);

/** Runs of bytes: a positive count of bytes as they are, a negative one of the same byte, -32768 the end. */
function readMask(blob: Blob): void {
  const { view, header } = blob;
  const pixels = header.height * header.width;
  const end = blob.at + 4 + view.getUint32(blob.at, true);
  blob.at += 4;
  if (blob.at === end) {
    refuse(header.validPixels !== pixels && header.validPixels !== 0, 'no mask');
    return;
  }
  const bits = new Uint8Array(Math.ceil(pixels / 8));
  let filled = 0;
  for (;;) {
    const count = view.getInt16(blob.at, true);
    blob.at += 2;
    if (count === -32768) break;
    refuse(filled + Math.abs(count) > bits.length || blob.at >= end, 'mask too long');
    const until = filled + Math.abs(count);
    if (count < 0) bits.fill(next(blob), filled, until);
    else for (let i = filled; i < until; i++) bits[i] = next(blob);
    filled = until;
  }
  refuse(filled < bits.length || blob.at > end, 'mask too short');
  blob.at = end;
  blob.mask = Uint8Array.from({ length: pixels }, (_, k) => (bits[k >> 3]! >> (7 - (k & 7))) & 1);
}

const isValid = ({ mask }: Blob, pixel: number): boolean => mask === undefined || mask[pixel] === 1;

function readValues(blob: Blob): void {
  const { header, out } = blob;
  const { dimensions, type } = header;
  const pixels = header.height * header.width;
  const fill = (value: (dimension: number) => number): void => {
    for (let k = 0; k < pixels; k++)
      if (isValid(blob, k)) for (let d = 0; d < dimensions; d++) out[k * dimensions + d] = value(d);
  };
  if (header.smallest === header.largest) {
    fill(() => header.largest);
    return;
  }
  if (header.version >= 4) {
    const smallest = Array.from({ length: dimensions }, () => one(blob, type));
    blob.largest = Array.from({ length: dimensions }, () => one(blob, type));
    if (smallest.every((value, d) => value === blob.largest[d])) {
      fill((d) => blob.largest[d]!);
      return;
    }
  }
  if (next(blob) !== 0) {
    fill(() => one(blob, type)); // values as they are
    return;
  }
  const isByte = type <= 1 && Math.abs(header.maxError - 0.5) < 1e-5;
  const way = isByte ? next(blob) : 0;
  refuse(way > 2, 'unknown way');
  if (way === 0) readSquares(blob);
  else readHuffman(blob, way === 1);
}

/** The next value of a type. */
function one(blob: Blob, type: number): number {
  const { view, at } = blob;
  blob.at += LERC_TYPES[type]!.BYTES_PER_ELEMENT; // types are checked
  switch (type) {
    case 0:
      return view.getInt8(at);
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getInt16(at, true);
    case 3:
      return view.getUint16(at, true);
    case 4:
      return view.getInt32(at, true);
    case 5:
      return view.getUint32(at, true);
    case 6:
      return view.getFloat32(at, true);
    default:
      return view.getFloat64(at, true);
  }
}

/** By a blob's type: the types that a square's offset may be kept in. */
const OFFSET_TYPES = [[0], [1], [2, 1, 0], [3, 1], [4, 3, 2, 1], [5, 3, 1], [6, 2, 1], [7, 6, 4, 2]] as const;

function offsetType(type: number, code: number): number {
  const used = OFFSET_TYPES[type]![type < 2 ? 0 : code]; // types are checked
  if (used === undefined) throw new RangeError('unknown offset'); // decodeLerc catches it
  return used;
}

function readSquares(blob: Blob): void {
  const { height, width, square, dimensions } = blob.header;
  for (let y = 0; y < height; y += square)
    for (let x = 0; x < width; x += square)
      for (let d = 0; d < dimensions; d++)
        readSquare(blob, x, Math.min(x + square, width), y, Math.min(y + square, height), d);
}

function readSquare(blob: Blob, x0: number, x1: number, y0: number, y1: number, dimension: number): void {
  const { header, out } = blob;
  const { dimensions, width, type } = header;
  const head = next(blob);
  const check = header.version >= 5 ? 14 : 15;
  const isDifference = header.version >= 5 && (head & 4) !== 0;
  const kind = head & 3;
  refuse(((head >> 2) & check) !== ((x0 >> 3) & check), 'wrong square');
  refuse(isDifference && (dimension === 0 || kind === 0), 'no difference');
  const each = (value: () => number): void => {
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const k = y * width + x;
        if (!isValid(blob, k)) continue;
        const at = k * dimensions + dimension;
        out[at] = isDifference ? Math.min(value() + out[at - 1]!, largest) : value();
      }
    }
  };
  const largest = blob.largest[dimensions > 1 ? dimension : 0]!;
  if (kind === 2) each(() => 0);
  else if (kind === 0) each(() => one(blob, type));
  else {
    const offset = one(blob, offsetType(isDifference && type < 6 ? 4 : type, head >> 6));
    const isDeep = header.version >= 4 && dimensions > 1;
    const limit = isDifference ? Number.POSITIVE_INFINITY : isDeep ? largest : header.largest;
    each(kind === 3 ? () => offset : stepsOf(blob, (x1 - x0) * (y1 - y0), offset, limit));
  }
}

/** Values in steps of twice the largest error above an offset, one after another. */
function stepsOf(blob: Blob, most: number, offset: number, limit: number): () => number {
  const steps = readBits(blob, most);
  const scale = 2 * blob.header.maxError;
  let i = 0;
  return () => {
    refuse(i >= steps.length, 'too few values');
    return Math.min(offset + steps[i++]! * scale, limit);
  };
}

/** Unsigned numbers of a few bits each, lowest bits first; some of them name others of a list. */
function readBits(blob: Blob, most: number): Uint32Array {
  const head = next(blob);
  const countType = [5, 3, 1][head >> 6];
  if (countType === undefined) throw new RangeError('unknown count'); // decodeLerc catches it
  const count = one(blob, countType);
  refuse(count > most, 'too many values');
  const bits = head & 31;
  if ((head & 32) === 0) return unpack(blob, count, bits);
  const listed = next(blob) - 1;
  refuse(listed < 1, 'empty list');
  const list = unpack(blob, listed, bits);
  const places = unpack(blob, count, 32 - Math.clz32(listed));
  return places.map((place) => (place === 0 ? 0 : (list[place - 1] ?? 0)));
}

function unpack(blob: Blob, count: number, bits: number): Uint32Array {
  const out = new Uint32Array(count);
  const size = 2 ** bits;
  let [hold, held] = [0, 0];
  for (let i = 0; i < count && bits > 0; i++) {
    for (; held < bits; held += 8) hold += next(blob) * 2 ** held;
    out[i] = hold % size;
    hold = Math.floor(hold / size);
    held -= bits;
  }
  return out;
}

const MOST_SYMBOLS = 512;
const LONGEST_CODE = 32;

/** Bytes by codes of their own, as differences to the neighbour or as they are. */
function readHuffman(blob: Blob, isDelta: boolean): void {
  const { header, out, mask } = blob;
  const { height, width, dimensions, type } = header;
  const symbol = readCodes(blob);
  const zero = type === 0 ? 128 : 0;
  const pixels = height * width;
  if (!isDelta) {
    for (let k = 0; k < pixels; k++)
      if (isValid(blob, k)) for (let d = 0; d < dimensions; d++) out[k * dimensions + d] = symbol() - zero;
    return;
  }
  for (let d = 0; d < dimensions; d++) {
    let before = 0;
    for (let k = 0; k < pixels; k++) {
      if (!isValid(blob, k)) continue;
      const x = k % width;
      const hasLeft = x > 0 && (mask === undefined || mask[k - 1] === 1);
      const hasAbove = k >= width && (mask === undefined || mask[k - width] === 1);
      const from = !hasLeft && hasAbove ? out[(k - width) * dimensions + d]! : before;
      out[k * dimensions + d] = symbol() - zero + from; // the array keeps the lowest eight bits
      before = out[k * dimensions + d]!;
    }
  }
}

/** The codes' table as a tree, and what gives the next symbol by it. */
function readCodes(blob: Blob): () => number {
  const [version, size, first, end] = [one(blob, 4), one(blob, 4), one(blob, 4), one(blob, 4)];
  const isTable = version >= 2 && size > 0 && size <= MOST_SYMBOLS && first >= 0 && end > first;
  refuse(!isTable || end - first > size || end > 2 * size, 'no table');
  const lengths = readBits(blob, end - first);
  refuse(lengths.length < end - first || lengths.some((length) => length > LONGEST_CODE), 'no lengths');
  // 0: nothing; above: the next node; below: -1 - symbol
  const tree = new Int32Array(2 * (lengths.reduce((sum, length) => sum + length, 0) + 1));
  let nodes = 1;
  const bit = bitReader(blob);
  for (const [i, length] of lengths.entries()) {
    let node = 0;
    for (let b = 0; b < length; b++) {
      const at = 2 * node + bit.read();
      if (b === length - 1) {
        tree[at] = -1 - ((first + i) % size);
        break;
      }
      refuse(tree[at]! < 0, 'codes in each other');
      if (tree[at] === 0) tree[at] = nodes++;
      node = tree[at]!;
    }
  }
  bit.alignToWord();
  return () => {
    for (let node = 0; ; ) {
      const found = tree[2 * node + bit.read()]!;
      if (found < 0) return -1 - found;
      if (found === 0) throw new RangeError('no such code'); // decodeLerc catches it
      node = found;
    }
  };
}

/** Bits of 32-bit words, highest first. */
function bitReader(blob: Blob): { readonly read: () => number; readonly alignToWord: () => void } {
  let [word, left] = [0, 0];
  return {
    read: () => {
      if (left === 0) {
        word = one(blob, 5);
        left = 32;
      }
      return (word >>> --left) & 1;
    },
    alignToWord: () => {
      left = 0;
    },
  };
}
