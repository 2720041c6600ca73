import { HounsfieldError } from '../../../errors.ts';
import { type BitReader, bitReader, readUnsigned } from './bit-reader.ts';
import { crc8, crc16 } from './checksums.ts';
import { md5 } from './md5.ts';
import { damagedFlac, readSubframe } from './subframe.ts';

/** A FLAC stream's STREAMINFO block (RFC 9639 clause 8.2). */
export interface FlacInfo {
  readonly samplingRateHz: number;
  readonly channels: number;
  /** 4..32. */
  readonly bits: number;
  /** Of each channel; 0 where the encoder did not know. */
  readonly sampleCount: number;
  /** Largest number of samples in a frame, 16..65535. */
  readonly largestBlock: number;
  /** Of the samples, in hexadecimal; undefined where the encoder left it out. */
  readonly md5?: string;
  /** Where the first frame begins. */
  readonly firstFrame: number;
}

export interface FlacOptions {
  /** Compare the samples with the stream's MD5; default false (each frame's CRC is always compared). */
  readonly md5?: boolean;
  /** Most samples over all channels; default 2^25, or 8 for each byte of the stream where that is more. */
  readonly largestSampleCount?: number;
}

/** A frame cannot be smaller: header of 6 bytes, one constant subframe, CRC-16. */
const SMALLEST_FRAME_BYTES = 9;

/** True when the bytes begin as a FLAC stream does. */
export function isFlac(head: Uint8Array): boolean {
  return head[0] === 0x66 && head[1] === 0x4c && head[2] === 0x61 && head[3] === 0x43;
}

/** Reads the stream's description; `bytes` must hold all of its metadata. Throws FLAC_INVALID, FLAC_TRUNCATED. */
export function flacInfo(bytes: Uint8Array, name: string): FlacInfo {
  if (!isFlac(bytes)) throw damagedFlac(name, 0, 'it does not begin with fLaC');
  let position = 4;
  let info: Omit<FlacInfo, 'firstFrame'> | undefined;
  for (let last = false; !last; ) {
    const reader = bitReader(bytes, name, position);
    last = readUnsigned(reader, 1) === 1;
    const type = readUnsigned(reader, 7);
    const length = readUnsigned(reader, 24);
    if (type === 0 && length >= 34) info ??= streamInfo(reader);
    position += 4 + length;
  }
  if (!info) throw damagedFlac(name, position, 'there is no STREAMINFO block');
  return { ...info, firstFrame: position };
}

function streamInfo(reader: BitReader): Omit<FlacInfo, 'firstFrame'> {
  readUnsigned(reader, 16);
  const largestBlock = readUnsigned(reader, 16);
  readUnsigned(reader, 24);
  readUnsigned(reader, 24);
  const samplingRateHz = readUnsigned(reader, 20);
  const channels = readUnsigned(reader, 3) + 1;
  const bits = readUnsigned(reader, 5) + 1;
  const sampleCount = readUnsigned(reader, 4) * 4294967296 + readUnsigned(reader, 32);
  const digest = Array.from({ length: 16 }, () => readUnsigned(reader, 8));
  if (bits < 4) throw damagedFlac(reader.name, reader.byte, `${bits} bits a sample`);
  const info = { samplingRateHz, channels, bits, sampleCount, largestBlock };
  if (digest.every((byte) => byte === 0)) return info;
  return { ...info, md5: digest.map((byte) => byte.toString(16).padStart(2, '0')).join('') };
}

interface Samples {
  arrays: Int32Array[];
  length: number;
}

/**
 * Decodes a FLAC stream into exact integers, one array per channel (RFC 9639). Every frame's checksums are compared.
 * Throws FLAC_INVALID, FLAC_TRUNCATED, FLAC_TOO_LARGE.
 */
export function decodeFlac(
  bytes: Uint8Array,
  name: string,
  options: FlacOptions = {},
): { readonly info: FlacInfo; readonly channels: readonly Int32Array[] } {
  const info = flacInfo(bytes, name);
  const limit = Math.floor(
    (options.largestSampleCount ?? Math.max(2 ** 25, 8 * bytes.length)) / info.channels,
  );
  const possible = Math.ceil((bytes.length - info.firstFrame) / SMALLEST_FRAME_BYTES) * 65536;
  if (info.sampleCount > possible) {
    throw new HounsfieldError(
      'FLAC_TRUNCATED',
      `${name} says ${info.sampleCount} samples, which its ${bytes.length} bytes cannot hold. Copy it again from its source.`,
    );
  }
  if (info.sampleCount > limit) throw tooLarge(name, info.sampleCount, limit);
  const samples: Samples = {
    arrays: Array.from(
      { length: info.channels },
      () => new Int32Array(Math.min(info.sampleCount || 4096, 2 ** 20)),
    ),
    length: 0,
  };
  const work = Array.from({ length: info.channels }, () => new Float64Array(65536));
  const reader = bitReader(bytes, name, info.firstFrame);
  while (reader.byte < bytes.length && (info.sampleCount === 0 || samples.length < info.sampleCount)) {
    const count = readFrame(reader, info, work);
    if (samples.length + count > limit) throw tooLarge(name, samples.length + count, limit);
    append(samples, work, count, info.sampleCount);
  }
  if (samples.length < info.sampleCount) {
    throw new HounsfieldError(
      'FLAC_TRUNCATED',
      `${name} ends after ${samples.length} of ${info.sampleCount} samples. Copy it again from its source.`,
    );
  }
  const length = info.sampleCount || samples.length;
  const channels = samples.arrays.map((array) => (array.length === length ? array : array.slice(0, length)));
  if (options.md5 && info.md5 !== undefined && samplesMd5(channels, info.bits) !== info.md5) {
    throw damagedFlac(name, bytes.length, 'its samples do not have the MD5 that it states');
  }
  return { info, channels };
}

function tooLarge(name: string, count: number, limit: number): HounsfieldError {
  return new HounsfieldError(
    'FLAC_TOO_LARGE',
    `${name} holds ${count} samples a channel, above the limit of ${limit}. Raise largestSampleCount if it is meant.`,
  );
}

function append(samples: Samples, work: readonly Float64Array[], count: number, expected: number): void {
  const end = samples.length + count;
  samples.arrays = samples.arrays.map((array, c) => {
    let room = array;
    if (end > array.length) {
      const doubled = Math.max(end, 2 * array.length);
      room = new Int32Array(end <= expected ? Math.min(doubled, expected) : doubled);
      room.set(array);
    }
    const block = work[c]!;
    for (let i = 0, j = samples.length; i < count; i++, j++) room[j] = block[i]!;
    return room;
  });
  samples.length = end;
}

/** Decodes the frame at the reader into the work arrays and returns its number of samples (RFC 9639 clause 9). */
function readFrame(reader: BitReader, info: FlacInfo, work: readonly Float64Array[]): number {
  const start = reader.byte;
  const fail = (what: string): HounsfieldError => damagedFlac(reader.name, start, what);
  if (readUnsigned(reader, 15) !== 0x7ffc) throw fail('a frame does not begin with its sync code');
  readUnsigned(reader, 1);
  const blockCode = readUnsigned(reader, 4);
  const rateCode = readUnsigned(reader, 4);
  const assignment = readUnsigned(reader, 4);
  const sizeCode = readUnsigned(reader, 3);
  readUnsigned(reader, 1);
  skipCodedNumber(reader, fail);
  const count = blockSize(reader, blockCode);
  if (rateCode === 12) readUnsigned(reader, 8);
  if (rateCode === 13 || rateCode === 14) readUnsigned(reader, 16);
  const headerCrc = crc8(reader.bytes, start, reader.byte);
  if (readUnsigned(reader, 8) !== headerCrc) throw fail("a frame header's CRC is wrong");
  const channels = assignment < 8 ? assignment + 1 : 2;
  const bits = sizeCode === 0 ? info.bits : [0, 8, 12, 0, 16, 20, 24, 32][sizeCode]!;
  if (count === 0 || assignment > 10 || rateCode === 15 || bits !== info.bits || channels !== info.channels) {
    throw fail('a frame header is not allowed or differs from the stream');
  }
  for (let c = 0; c < channels; c++) {
    const isSide =
      (assignment === 8 && c === 1) || (assignment === 9 && c === 0) || (assignment === 10 && c === 1);
    readSubframe(reader, isSide ? bits + 1 : bits, count, work[c]!);
  }
  if (reader.bit > 0) readUnsigned(reader, 8 - reader.bit);
  const frameCrc = crc16(reader.bytes, start, reader.byte);
  if (readUnsigned(reader, 16) !== frameCrc) throw fail("a frame's CRC is wrong");
  if (assignment >= 8) decorrelate(assignment, work[0]!, work[1]!, count);
  return count;
}

/** The frame's or first sample's number, coded as UTF-8 would code up to 36 bits: 1..7 bytes. */
function skipCodedNumber(reader: BitReader, fail: (what: string) => HounsfieldError): void {
  const first = readUnsigned(reader, 8);
  const ones = Math.clz32(~(first << 24));
  if (ones === 1 || ones === 8) throw fail("a frame's number is not coded as it must be");
  for (let i = 1; i < ones; i++) {
    if (readUnsigned(reader, 8) >> 6 !== 2) throw fail("a frame's number is not coded as it must be");
  }
}

function blockSize(reader: BitReader, code: number): number {
  if (code === 0) return 0;
  if (code === 1) return 192;
  if (code <= 5) return 144 * 2 ** code;
  if (code === 6) return readUnsigned(reader, 8) + 1;
  if (code === 7) return readUnsigned(reader, 16) + 1;
  return 2 ** code;
}

/** Left and right from left and side, side and right, or mid and side (RFC 9639 clause 4.2), in place. */
function decorrelate(assignment: number, first: Float64Array, second: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const [a, b] = [first[i]!, second[i]!];
    if (assignment === 8) {
      second[i] = a - b;
    } else if (assignment === 9) {
      first[i] = a + b;
    } else {
      const mid = 2 * a + Math.abs(b % 2);
      first[i] = (mid + b) / 2;
      second[i] = (mid - b) / 2;
    }
  }
}

/** MD5 of the samples, interleaved, little-endian, in whole bytes, as STREAMINFO has it. */
function samplesMd5(channels: readonly Int32Array[], bits: number): string {
  const width = Math.ceil(bits / 8);
  const count = channels[0]!.length;
  const bytes = new Uint8Array(count * channels.length * width);
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (const channel of channels) {
      const value = channel[i]!;
      for (let b = 0; b < width; b++) bytes[at++] = value >> (8 * b);
    }
  }
  return md5(bytes);
}
