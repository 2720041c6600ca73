import { HounsfieldError } from '../../errors.ts';
import { allocate } from './gunzip.ts';

/** Bits, most significant first. Past the end it gives zeros and `isPast` becomes true. */
interface BitReader {
  readonly input: Uint8Array;
  at: number;
  hold: number;
  held: number;
  isPast: boolean;
}

function take(reader: BitReader, bits: number): number {
  let value = 0;
  for (let left = bits; left > 0; ) {
    if (reader.held === 0) {
      if (reader.at >= reader.input.length) reader.isPast = true;
      reader.hold = reader.input[reader.at++] ?? 0;
      reader.held = 8;
    }
    const count = Math.min(left, reader.held);
    reader.held -= count;
    value = value * 2 ** count + ((reader.hold >> reader.held) & ((1 << count) - 1));
    left -= count;
  }
  return value;
}

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const LONGEST_CODE = 20;
/** Symbols that one table codes before the next selector. */
const GROUP = 50;

class Fault extends Error {}

/** True for bzip2's signature with a block size of 1 to 9. */
export function isBzip2(head: Uint8Array): boolean {
  return head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68 && head[3]! >= 0x31 && head[3]! <= 0x39;
}

/**
 * Unpacks bzip2, several streams too, to at most `limit` bytes; each block's checksum is checked.
 * Throws COMPRESSED_TOO_LARGE, COMPRESSED_CUT, COMPRESSED_DAMAGED.
 */
export function bunzip2(packed: Uint8Array, limit: number, name = 'the compressed data'): Uint8Array {
  const reader: BitReader = { input: packed, at: 0, hold: 0, held: 0, isPast: false };
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    while (isBzip2(packed.subarray(reader.at))) {
      const blockSize = 100_000 * (packed[reader.at + 3]! - 0x30);
      reader.at += 4;
      reader.held = 0;
      for (;;) {
        const magic = take(reader, 48);
        const crc = take(reader, 32);
        if (magic === END_MAGIC) break;
        if (magic !== BLOCK_MAGIC) throw new Fault();
        const piece = readBlock(reader, blockSize, limit - total);
        if (piece === 'full') throw tooLarge(name, limit);
        if (crcOf(piece) !== crc) throw new Fault();
        pieces.push(piece);
        total += piece.length;
      }
    }
    if (pieces.length === 0 && !isBzip2(packed)) throw new Fault();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const fault = reader.isPast
      ? new HounsfieldError(
          'COMPRESSED_CUT',
          `${name} ends inside its compressed data, after ${packed.length} bytes. Copy it again from its source.`,
        )
      : new HounsfieldError(
          'COMPRESSED_DAMAGED',
          `${name} holds compressed data that does not decode, or not to its checksum. Copy it again from its source.`,
        );
    throw fault;
  }
  if (pieces.length === 1) return pieces[0]!;
  const out = allocate(total, name);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

function tooLarge(name: string, limit: number): HounsfieldError {
  return new HounsfieldError(
    'COMPRESSED_TOO_LARGE',
    `${name} unpacks to more than the ${limit} bytes that its header allows. Do not trust it; unpack it by hand and ` +
      'compare its header with its length.',
  );
}

function readBlock(reader: BitReader, blockSize: number, room: number): Uint8Array | 'full' {
  if (take(reader, 1) === 1) throw new Fault(); // randomised blocks ended with bzip2 0.9.5
  const start = take(reader, 24);
  const { block, length } = readSymbols(reader, blockSize, usedBytes(reader));
  if (start >= length) throw new Fault();
  const bytes = unrotated(block, length, start);
  return unrun(bytes, room);
}

function usedBytes(reader: BitReader): number[] {
  const rows = take(reader, 16);
  const used: number[] = [];
  for (let row = 0; row < 16; row++) {
    if (!(rows & (0x8000 >> row))) continue;
    const bits = take(reader, 16);
    for (let i = 0; i < 16; i++) if (bits & (0x8000 >> i)) used.push(row * 16 + i);
  }
  if (used.length === 0) throw new Fault();
  return used;
}

/** Huffman, then move-to-front with runs of its first place: the transformed block. */
function readSymbols(
  reader: BitReader,
  blockSize: number,
  front: number[],
): { block: Uint8Array; length: number } {
  const symbols = front.length + 2;
  const tables = take(reader, 3);
  const count = take(reader, 15);
  if (tables < 2 || tables > 6 || count < 1) throw new Fault();
  const selectors = readSelectors(reader, tables, count);
  const codes = Array.from({ length: tables }, () => readCode(reader, symbols));
  const block = new Uint8Array(blockSize);
  const last = symbols - 1;
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; ; group++) {
    const code = codes[selectors[group] ?? tables];
    if (!code || reader.isPast) throw new Fault();
    for (let i = 0; i < GROUP; i++) {
      const symbol = nextSymbol(reader, code);
      if (symbol < 2) {
        run += weight << symbol;
        weight *= 2;
        if (run > blockSize) throw new Fault();
        continue;
      }
      if (run > 0) {
        if (length + run > blockSize) throw new Fault();
        block.fill(front[0]!, length, length + run);
        length += run;
        run = 0;
        weight = 1;
      }
      if (symbol === last) return { block, length };
      if (length === blockSize) throw new Fault();
      const place = symbol - 1;
      const value = front[place]!;
      for (let k = place; k > 0; k--) front[k] = front[k - 1]!;
      front[0] = value;
      block[length++] = value;
    }
  }
}

function readSelectors(reader: BitReader, tables: number, count: number): Uint8Array {
  const order = Array.from({ length: tables }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let place = 0;
    while (take(reader, 1) === 1) if (++place >= tables) throw new Fault();
    const [table] = order.splice(place, 1) as [number]; // place < tables
    order.unshift(table);
    selectors[i] = table;
  }
  return selectors;
}

interface Code {
  /** Per length: the largest code, and what to add to a code to find its symbol's place. */
  readonly largest: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint16Array;
}

function readCode(reader: BitReader, symbols: number): Code {
  const lengths = new Uint8Array(symbols);
  let length = take(reader, 5);
  for (let i = 0; i < symbols; i++) {
    while (take(reader, 1) === 1) {
      length += take(reader, 1) === 1 ? -1 : 1;
      if (length < 1 || length > LONGEST_CODE || reader.isPast) throw new Fault();
    }
    if (length < 1 || length > LONGEST_CODE) throw new Fault();
    lengths[i] = length;
  }
  const largest = new Int32Array(LONGEST_CODE + 1).fill(-1);
  const offset = new Int32Array(LONGEST_CODE + 1);
  const sorted = new Uint16Array(symbols);
  let code = 0;
  let place = 0;
  for (let bits = 1; bits <= LONGEST_CODE; bits++) {
    offset[bits] = place - code;
    for (let i = 0; i < symbols; i++) {
      if (lengths[i] !== bits) continue;
      sorted[place++] = i;
      code++;
    }
    if (code > 2 ** bits) throw new Fault();
    largest[bits] = code - 1;
    code *= 2;
  }
  return { largest, offset, symbols: sorted };
}

function nextSymbol(reader: BitReader, { largest, offset, symbols }: Code): number {
  let code = 0;
  for (let bits = 1; bits <= LONGEST_CODE; bits++) {
    code = code * 2 + take(reader, 1);
    if (code > largest[bits]!) continue;
    const symbol = symbols[code + offset[bits]!];
    if (symbol === undefined) break;
    return symbol;
  }
  throw new Fault();
}

/** The inverse of the Burrows-Wheeler transform (Burrows and Wheeler 1994, algorithm D). */
function unrotated(block: Uint8Array, length: number, start: number): Uint8Array {
  const first = new Uint32Array(257);
  for (let i = 0; i < length; i++) first[block[i]! + 1]!++;
  for (let value = 0; value < 256; value++) first[value + 1]! += first[value]!;
  const next = new Uint32Array(length);
  for (let i = 0; i < length; i++) next[first[block[i]!]!++] = i;
  const out = new Uint8Array(length);
  for (let i = 0, at = next[start]!; i < length; i++, at = next[at]!) out[i] = block[at]!;
  return out;
}

/** Four equal bytes are followed by how many more come. */
function unrun(bytes: Uint8Array, room: number): Uint8Array | 'full' {
  let length = 0;
  for (let i = 0, same = 0; i < bytes.length; i++) {
    if (same === 4) {
      length += bytes[i]!;
      same = 0;
      continue;
    }
    same = i > 0 && same > 0 && bytes[i] === bytes[i - 1] ? same + 1 : 1;
    length++;
  }
  if (length > room) return 'full';
  const out = new Uint8Array(length);
  let to = 0;
  for (let i = 0, same = 0; i < bytes.length; i++) {
    if (same === 4) {
      out.fill(bytes[i - 1]!, to, to + bytes[i]!);
      to += bytes[i]!;
      same = 0;
      continue;
    }
    same = same > 0 && bytes[i] === bytes[i - 1] ? same + 1 : 1;
    out[to++] = bytes[i]!;
  }
  return out;
}

let table: Uint32Array | undefined;

/** CRC-32 with the most significant bit first. */
function crcOf(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, value) => {
    let c = value << 24;
    for (let k = 0; k < 8; k++) c = c & 0x80000000 ? (c << 1) ^ 0x04c11db7 : c << 1;
    return c >>> 0;
  });
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = ((crc << 8) ^ table[(crc >>> 24) ^ bytes[i]!]!) >>> 0;
  return ~crc >>> 0;
}
