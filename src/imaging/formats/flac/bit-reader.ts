import { HounsfieldError } from '../../../errors.ts';

/** A place in a run of bits, most significant bit first. */
export interface BitReader {
  readonly bytes: Uint8Array;
  readonly name: string;
  byte: number;
  bit: number;
}

export function bitReader(bytes: Uint8Array, name: string, byte = 0): BitReader {
  return { bytes, name, byte, bit: 0 };
}

/** The next 32 bits as a signed integer, zeros past the end; the reader does not move. */
function peek32({ bytes, byte, bit }: BitReader): number {
  const word =
    ((bytes[byte] ?? 0) << 24) |
    ((bytes[byte + 1] ?? 0) << 16) |
    ((bytes[byte + 2] ?? 0) << 8) |
    (bytes[byte + 3] ?? 0);
  return bit === 0 ? word : (word << bit) | ((bytes[byte + 4] ?? 0) >>> (8 - bit));
}

function advance(reader: BitReader, count: number): void {
  const bit = reader.bit + count;
  reader.byte += bit >>> 3;
  reader.bit = bit & 7;
  if (reader.byte + (reader.bit > 0 ? 1 : 0) > reader.bytes.length) {
    throw new HounsfieldError(
      'FLAC_TRUNCATED',
      `${reader.name} ends inside a frame, after ${reader.bytes.length} bytes. Copy it again from its source.`,
    );
  }
}

/** An unsigned integer of 0..32 bits. Throws FLAC_TRUNCATED. */
export function readUnsigned(reader: BitReader, count: number): number {
  if (count === 0) return 0;
  const value = peek32(reader) >>> (32 - count);
  advance(reader, count);
  return value;
}

/** A two's complement integer of 0..33 bits. Throws FLAC_TRUNCATED. */
export function readSigned(reader: BitReader, count: number): number {
  if (count === 0) return 0;
  if (count > 32) {
    const high = readSigned(reader, count - 32);
    return high * 4294967296 + readUnsigned(reader, 32);
  }
  const value = peek32(reader) >> (32 - count);
  advance(reader, count);
  return value;
}

/** The number of zero bits before the next one bit, which is read too. Throws FLAC_TRUNCATED. */
export function readUnary(reader: BitReader): number {
  let zeros = 0;
  for (;;) {
    const run = Math.clz32(peek32(reader));
    if (run < 32) {
      advance(reader, run + 1);
      return zeros + run;
    }
    advance(reader, 32);
    zeros += 32;
  }
}
