/** How one of WFDB's storage formats packs samples (WFDB Applications Guide, signal(5)). */
export interface SampleFormat {
  readonly bits: number;
  /** The stored value of a missing sample; format 8 has none. */
  readonly missing?: number;
  /** Bytes that hold `count` samples. */
  readonly bytesFor: (count: number) => number;
  /** Most whole samples in `bytes` bytes. */
  readonly samplesIn: (bytes: number) => number;
  /** Unpacks out.length samples; `bytes` holds bytesFor(out.length). */
  readonly unpack: (bytes: Uint8Array, out: Int32Array) => void;
}

const perByte = (width: number): Pick<SampleFormat, 'bytesFor' | 'samplesIn'> => ({
  bytesFor: (count) => count * width,
  samplesIn: (bytes) => Math.floor(bytes / width),
});

/** Three samples of 10 bits in four bytes; format 310 needs all four for its second sample, 311 only three. */
const perFour = (forTwo: number): Pick<SampleFormat, 'bytesFor' | 'samplesIn'> => ({
  bytesFor: (count) => 4 * Math.floor(count / 3) + [0, 2, forTwo][count % 3]!,
  samplesIn: (bytes) => 3 * Math.floor(bytes / 4) + [0, 0, 1, forTwo === 3 ? 2 : 1][bytes % 4]!,
});

const signExtend = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);

function unpack212(bytes: Uint8Array, out: Int32Array): void {
  for (let i = 0, j = 0; i < out.length; i += 2, j += 3) {
    const middle = bytes[j + 1]!;
    out[i] = signExtend(bytes[j]! | ((middle & 0x0f) << 8), 12);
    if (i + 1 < out.length) out[i + 1] = signExtend(bytes[j + 2]! | ((middle & 0xf0) << 4), 12);
  }
}

function unpack310(bytes: Uint8Array, out: Int32Array): void {
  for (let i = 0, j = 0; i < out.length; i += 3, j += 4) {
    const [b0, b1, b2, b3] = [bytes[j]!, bytes[j + 1]!, bytes[j + 2] ?? 0, bytes[j + 3] ?? 0];
    out[i] = signExtend((b0 >> 1) | ((b1 & 0x07) << 7), 10);
    if (i + 1 < out.length) out[i + 1] = signExtend((b2 >> 1) | ((b3 & 0x07) << 7), 10);
    if (i + 2 < out.length) out[i + 2] = signExtend((b1 >> 3) | ((b3 & 0xf8) << 2), 10);
  }
}

function unpack311(bytes: Uint8Array, out: Int32Array): void {
  for (let i = 0, j = 0; i < out.length; i += 3, j += 4) {
    const [b0, b1, b2, b3] = [bytes[j]!, bytes[j + 1]!, bytes[j + 2] ?? 0, bytes[j + 3] ?? 0];
    out[i] = signExtend(b0 | ((b1 & 0x03) << 8), 10);
    if (i + 1 < out.length) out[i + 1] = signExtend((b1 >> 2) | ((b2 & 0x0f) << 6), 10);
    if (i + 2 < out.length) out[i + 2] = signExtend((b2 >> 4) | ((b3 & 0x3f) << 4), 10);
  }
}

function unpackWith(value: (bytes: Uint8Array, at: number) => number, width: number): SampleFormat['unpack'] {
  return (bytes, out) => {
    for (let i = 0, at = 0; i < out.length; i++, at += width) out[i] = value(bytes, at);
  };
}

const little16 = unpackWith((bytes, at) => ((bytes[at]! | (bytes[at + 1]! << 8)) << 16) >> 16, 2);
const big16 = unpackWith((bytes, at) => ((bytes[at + 1]! | (bytes[at]! << 8)) << 16) >> 16, 2);
const little24 = unpackWith(
  (bytes, at) => ((bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) << 8) >> 8,
  3,
);
const little32 = unpackWith(
  (bytes, at) => bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24),
  4,
);
const signed8 = unpackWith((bytes, at) => (bytes[at]! << 24) >> 24, 1);
const offset8 = unpackWith((bytes, at) => bytes[at]! - 128, 1);
const offset16 = unpackWith((bytes, at) => (bytes[at]! | (bytes[at + 1]! << 8)) - 32768, 2);

/** Every uncompressed format by its number. Format 8 unpacks to differences; the reader sums them. */
export const SAMPLE_FORMATS: Readonly<Record<number, SampleFormat>> = {
  8: { bits: 8, ...perByte(1), unpack: signed8 },
  16: { bits: 16, missing: -32768, ...perByte(2), unpack: little16 },
  24: { bits: 24, missing: -8388608, ...perByte(3), unpack: little24 },
  32: { bits: 32, missing: -2147483648, ...perByte(4), unpack: little32 },
  61: { bits: 16, missing: -32768, ...perByte(2), unpack: big16 },
  80: { bits: 8, missing: -128, ...perByte(1), unpack: offset8 },
  160: { bits: 16, missing: -32768, ...perByte(2), unpack: offset16 },
  212: {
    bits: 12,
    missing: -2048,
    bytesFor: (count) => Math.ceil(count * 1.5),
    samplesIn: (bytes) => 2 * Math.floor(bytes / 3) + (bytes % 3 === 2 ? 1 : 0),
    unpack: unpack212,
  },
  310: { bits: 10, missing: -512, ...perFour(4), unpack: unpack310 },
  311: { bits: 10, missing: -512, ...perFour(3), unpack: unpack311 },
};

/** Formats whose file is a FLAC stream, with the most bits it may have and the value of a missing sample. */
export const FLAC_FORMATS: Readonly<Record<number, { readonly bits: number; readonly missing: number }>> = {
  508: { bits: 8, missing: -128 },
  516: { bits: 16, missing: -32768 },
  524: { bits: 24, missing: -8388608 },
};
