import { HounsfieldError } from '../../errors.ts';
import { type Geometry, geometryFrom } from '../geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../image/medical-image.ts';
import type { ByteSource } from './byte-source.ts';
import type { VolumeFormat, VolumeInfo } from './volume-file.ts';

/** A bitmap's header: BITMAPCOREHEADER to BITMAPV5HEADER. */
interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly pixelStart: number;
  /** Red, green, blue, alpha. */
  readonly masks: readonly [number, number, number, number];
  /** Red, green and blue of each entry. */
  readonly palette: readonly (readonly [number, number, number])[];
  readonly pixelMm?: readonly [number, number];
}

const HEADER_SIZES = [12, 16, 40, 52, 56, 64, 108, 124];
const LARGEST_IMAGE_PIXELS = 2 ** 28;
const [PLAIN, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS] = [0, 1, 2, 3, 6];

/** What a format of images offers, for bitmaps. */
export const BMP: VolumeFormat = {
  name: 'BMP',
  extensions: ['.bmp', '.dib'],
  matches: (head) => isBmp(head),
  read: async (source) => decodeBmp(await wholeFile(source), source.name),
  info: bmpInfo,
};

/** Bytes of a bitmap of the most pixels, 32 bits each. */
const LARGEST_FILE_BYTES = 2 ** 30 + 65536;

async function wholeFile(source: ByteSource): Promise<Uint8Array> {
  return source.read(0, Math.min(source.size, LARGEST_FILE_BYTES));
}

async function bmpInfo(source: ByteSource): Promise<VolumeInfo> {
  const header = bmpHeader(await source.read(0, Math.min(source.size, 2048)), source.name);
  const { width, height, bits, palette } = header;
  const place = headerGeometry(header);
  return {
    format: 'BMP',
    storedType: `${bits} bits`,
    byteOrder: 'little',
    ...(header.compression === RLE8 || header.compression === RLE4 ? { compression: 'run lengths' } : {}),
    width,
    height,
    depth: 1,
    channels: bits <= 8 && isGreyPalette(palette) ? 1 : 3,
    timePoints: 1,
    ...(place ? { geometry: place } : {}),
    isLabelMap: false,
    warnings: [],
  };
}

function headerGeometry({ pixelMm }: BmpHeader): Geometry | undefined {
  return pixelMm ? geometryFrom({ spacingMm: [pixelMm[0], pixelMm[1], 1], frame: 'image' }) : undefined;
}

function isGreyPalette(palette: BmpHeader['palette']): boolean {
  return palette.every(([red, green, blue]) => red === green && green === blue);
}

/** True when the bytes begin as a bitmap file does, with a header of a known size. */
export function isBmp(head: Uint8Array): boolean {
  return (
    head[0] === 0x42 &&
    head[1] === 0x4d &&
    head.length >= 18 &&
    HEADER_SIZES.includes(head[14]! | (head[15]! << 8))
  );
}

function invalid(name: string, what: string): HounsfieldError {
  return new HounsfieldError(
    'BMP_INVALID',
    `${name}: ${what}. Copy it again from its source, or save it as PNG.`,
  );
}

function truncated(name: string, held: number, wanted: number): HounsfieldError {
  return new HounsfieldError(
    'BMP_TRUNCATED',
    `${name} has ${held} bytes where its header promises ${wanted}. Copy it again from its source.`,
  );
}

/**
 * Decodes a bitmap of 1, 4, 8, 16, 24 or 32 bits, run-length coded or not, top-down or bottom-up, with colour masks. Palettes of
 * greys alone give one channel, all else three; alpha is composited over black. Pixels per metre become geometry in frame
 * 'image'. Throws BMP_INVALID, BMP_TRUNCATED, BMP_UNSUPPORTED.
 */
export function decodeBmp(bytes: Uint8Array, name: string): MedicalImage {
  const header = bmpHeader(bytes, name);
  const { width, height } = header;
  const isPalette = header.bits <= 8;
  const planes = isPalette
    ? paletteColours(header, paletteIndices(header, bytes, name))
    : maskedColours(header, bytes, name);
  const place = headerGeometry(header);
  const channels = planes.length / (width * height);
  return medicalImage(planes, { channels, height, width }, 8, 'arbitrary', place ? { geometry: place } : {});
}

function bmpHeader(bytes: Uint8Array, name: string): BmpHeader {
  if (bytes.length < 26) throw truncated(name, bytes.length, 26);
  if (!isBmp(bytes)) throw invalid(name, 'it does not begin as a bitmap does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = view.getUint32(14, true);
  if (bytes.length < 14 + size) throw truncated(name, bytes.length, 14 + size);
  const isCore = size === 12;
  const signedHeight = isCore ? view.getInt16(20, true) : view.getInt32(22, true);
  const [width, height] = [
    isCore ? view.getUint16(18, true) : view.getInt32(18, true),
    Math.abs(signedHeight),
  ];
  const bits = view.getUint16(isCore ? 24 : 28, true);
  const at = (offset: number): number => (14 + size >= offset + 4 ? view.getUint32(offset, true) : 0);
  const compression = isCore ? PLAIN : at(30);
  if (!(width > 0 && height > 0) || width * height > LARGEST_IMAGE_PIXELS) {
    throw invalid(name, `its header says ${width} x ${height} pixels`);
  }
  const fits =
    ([1, 4, 8, 24].includes(bits) && compression === PLAIN) ||
    ([16, 32].includes(bits) &&
      (compression === PLAIN || compression === BITFIELDS || compression === ALPHA_BITFIELDS)) ||
    (bits === 8 && compression === RLE8) ||
    (bits === 4 && compression === RLE4);
  if (!fits) {
    throw new HounsfieldError(
      'BMP_UNSUPPORTED',
      `${name} has ${bits} bits with compression ${compression}, which is not read. Save it as PNG or TIFF.`,
    );
  }
  const hasMasks = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  const maskBytes = hasMasks && size === 40 ? (compression === BITFIELDS ? 12 : 16) : 0;
  if (bytes.length < 14 + size + maskBytes) throw truncated(name, bytes.length, 14 + size + maskBytes);
  const [across, down] = [at(38), at(42)];
  return {
    width,
    height,
    isTopDown: signedHeight < 0,
    bits,
    compression,
    pixelStart: view.getUint32(10, true),
    masks: masksOf(view, bits, hasMasks, size, maskBytes),
    palette:
      bits <= 8 ? paletteOf(bytes, 14 + size, isCore ? 3 : 4, at(46), bits, view.getUint32(10, true)) : [],
    ...(across > 0 && down > 0 && across < 1e9 && down < 1e9
      ? { pixelMm: [1000 / across, 1000 / down] as const }
      : {}),
  };
}

function masksOf(
  view: DataView,
  bits: number,
  hasMasks: boolean,
  size: number,
  maskBytes: number,
): BmpHeader['masks'] {
  if (!hasMasks) return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  const mask = (k: number): number => view.getUint32(54 + 4 * k, true);
  const hasAlpha = size >= 56 || maskBytes === 16;
  return [mask(0), mask(1), mask(2), hasAlpha ? mask(3) : 0];
}

function paletteOf(
  bytes: Uint8Array,
  start: number,
  entryBytes: number,
  stated: number,
  bits: number,
  pixelStart: number,
): BmpHeader['palette'] {
  const room = Math.floor((Math.max(start, Math.min(pixelStart, bytes.length)) - start) / entryBytes);
  const count = Math.min(stated > 0 ? stated : 2 ** bits, 2 ** bits, room);
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * entryBytes;
    return [bytes[at + 2]!, bytes[at + 1]!, bytes[at]!] as const;
  });
}

/** Rows begin on multiples of four bytes, the last row of the picture first unless it is top-down. */
function rowStarts(header: BmpHeader, bytes: Uint8Array, name: string): (row: number) => number {
  const stride = 4 * Math.ceil((header.width * header.bits) / 32);
  const end = header.pixelStart + stride * (header.height - 1) + Math.ceil((header.width * header.bits) / 8);
  if (bytes.length < end) throw truncated(name, bytes.length, end);
  return (row) => header.pixelStart + stride * (header.isTopDown ? row : header.height - 1 - row);
}

function paletteIndices(header: BmpHeader, bytes: Uint8Array, name: string): Uint8Array {
  const { width, height, bits } = header;
  if (header.compression !== PLAIN) {
    // runs may be skipped over, so that a few bytes can stand for many pixels
    if (width * height > 2 ** 23 + 256 * bytes.length)
      throw truncated(name, bytes.length, Math.ceil((width * height) / 256));
    return runLengths(header, bytes);
  }
  const start = rowStarts(header, bytes, name);
  const out = new Uint8Array(width * height);
  const [perByte, mask] = [8 / bits, 2 ** bits - 1];
  for (let y = 0; y < height; y++) {
    const from = start(y);
    for (let x = 0; x < width; x++) {
      const shift = 8 - bits * ((x % perByte) + 1);
      out[y * width + x] = (bytes[from + Math.floor(x / perByte)]! >> shift) & mask;
    }
  }
  return out;
}

/** RLE8 and RLE4: pairs of count and value; 0 and 0, 1, 2 or more: end of line, end, move, values as they are. */
function runLengths(header: BmpHeader, bytes: Uint8Array): Uint8Array {
  const { width, height, compression } = header;
  const out = new Uint8Array(width * height);
  const isFour = compression === RLE4;
  let [x, y] = [0, 0];
  const put = (value: number): void => {
    if (x < width && y < height) out[(height - 1 - y) * width + x] = value;
    x++;
  };
  for (let at = header.pixelStart; at + 1 < bytes.length && y < height; ) {
    const [count, value] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (count > 0) {
      for (let k = 0; k < count; k++) put(isFour ? (k % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      [x, y] = [0, y + 1];
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      [x, y] = [x + (bytes[at] ?? 0), y + (bytes[at + 1] ?? 0)];
      at += 2;
    } else {
      for (let k = 0; k < value; k++) {
        const byte = bytes[at + (isFour ? k >> 1 : k)] ?? 0;
        put(isFour ? (k % 2 === 0 ? byte >> 4 : byte & 15) : byte);
      }
      const used = isFour ? Math.ceil(value / 2) : value;
      at += used + (used % 2);
    }
  }
  return out;
}

function paletteColours({ palette }: BmpHeader, indices: Uint8Array): Uint8Array {
  const channels = isGreyPalette(palette) ? 1 : 3;
  const out = new Uint8Array(channels * indices.length);
  for (let c = 0; c < channels; c++) {
    const table = Uint8Array.from({ length: 256 }, (_, k) => palette[k]?.[c] ?? 0);
    const from = c * indices.length;
    for (let i = 0; i < indices.length; i++) out[from + i] = table[indices[i]!]!;
  }
  return out;
}

function maskedColours(header: BmpHeader, bytes: Uint8Array, name: string): Uint8Array {
  const { width, height, bits, masks } = header;
  const start = rowStarts(header, bytes, name);
  const count = width * height;
  const planes = new Uint8Array(4 * count);
  const fields = masks.map((mask) => {
    const low = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { mask, low, top: mask === 0 ? 0 : mask >>> low };
  });
  const width8 = bits / 8;
  for (let y = 0; y < height; y++) {
    const from = start(y);
    for (let x = 0; x < width; x++) {
      const at = from + x * width8;
      let word = bytes[at]! | (bytes[at + 1]! << 8);
      if (width8 > 2) word |= bytes[at + 2]! << 16;
      if (width8 > 3) word |= bytes[at + 3]! << 24;
      for (let c = 0; c < 4; c++) {
        const { mask, low, top } = fields[c]!;
        planes[c * count + y * width + x] = top === 0 ? 0 : Math.floor((((word & mask) >>> low) * 255) / top);
      }
    }
  }
  const alpha = planes.subarray(3 * count);
  const colours = planes.subarray(0, 3 * count);
  // a mask for alpha whose every value is 0 was never filled in
  if (masks[3] === 0 || alpha.every((value) => value === 0)) return colours.slice();
  return colours.map((value, i) => Math.round((value * alpha[i % count]!) / 255));
}
