import { HounsfieldError } from '../../../errors.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { ybrToRgb } from '../dicom/pixels/colour.ts';
import { isJpeg, readBlock, rowBytes, rowsOfBlock, samplesOfBlock } from './tiff-blocks.ts';
import type { TiffFile } from './tiff-directory.ts';
import { type TiffPage, unsupportedTiff } from './tiff-page.ts';

type File = Omit<TiffFile, 'directories'>;

/** A rectangle of a page as the file has it: planes of samples, colours not yet made. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The array that a page's samples are kept in. */
export function pixelArray(page: TiffPage, length: number): PixelArray {
  const { sampleFormat, bits } = page;
  if (sampleFormat === 'float') return bits === 64 ? new Float64Array(length) : new Float32Array(length);
  if (sampleFormat === 'int')
    return bits === 8 ? new Int8Array(length) : bits === 16 ? new Int16Array(length) : new Int32Array(length);
  return bits <= 8 ? new Uint8Array(length) : bits <= 16 ? new Uint16Array(length) : new Uint32Array(length);
}

/** Most bytes of pixels that a file of this size may expand to: 64 for each byte, small files more, by what deflate can pack. */
const mostBytes = (size: number): number =>
  Math.max(2 ** 26, Math.min(1100 * size, 3 * 2 ** 26), Math.min(64 * size, 2 ** 32));

/** Throws TIFF_TOO_LARGE when so many bytes of pixels cannot come out of the file. */
export function requireRoom({ source }: File, bytes: number, what: string): void {
  if (bytes <= mostBytes(source.size)) return;
  throw new HounsfieldError(
    'TIFF_TOO_LARGE',
    `${source.name}: ${what} are more than is read at once from a file of ${source.size} bytes. Read one page, or smaller ` +
      'regions with openSlide.',
  );
}

/** Decoded blocks that are asked for again, by their place; the caller bounds how many. */
export type BlockCache = Map<number, PixelArray | undefined>;

/**
 * The samples of a rectangle, [samples, height, width], only the blocks that it touches being read. Blocks that the file
 * leaves out are 0. Throws TIFF_TOO_LARGE, TIFF_TRUNCATED, TIFF_BLOCK, TIFF_UNSUPPORTED.
 */
export async function readSamples(
  file: File,
  page: TiffPage,
  { x, y, width, height }: Rectangle,
  cache?: BlockCache,
): Promise<PixelArray> {
  requireRoom(
    file,
    page.samples * width * height * Math.max(1, page.bits / 8),
    `${width} x ${height} pixels`,
  );
  const out = pixelArray(page, page.samples * width * height);
  const each = samplesOfBlock(page);
  const planes = page.isPlanar ? page.samples : 1;
  const { blockWidth, blockHeight, blocksAcross, blocksDown } = page;
  for (let plane = 0; plane < planes; plane++) {
    for (let row = Math.floor(y / blockHeight); row * blockHeight < y + height; row++) {
      for (let column = Math.floor(x / blockWidth); column * blockWidth < x + width; column++) {
        const index = (plane * blocksDown + row) * blocksAcross + column;
        const block = await decodedBlock(file, page, index, cache);
        if (!block) continue;
        const rows = rowsOfBlock(page, index);
        const [left, right] = [
          Math.max(x, column * blockWidth),
          Math.min(x + width, (column + 1) * blockWidth),
        ];
        const [top, bottom] = [
          Math.max(y, row * blockHeight),
          Math.min(y + height, row * blockHeight + rows),
        ];
        for (let s = 0; s < each; s++) {
          for (let py = top; py < bottom; py++) {
            let from = ((py - row * blockHeight) * blockWidth + left - column * blockWidth) * each + s;
            let to = ((plane + s) * height + py - y) * width + left - x;
            for (let px = left; px < right; px++, from += each) out[to++] = block[from]!;
          }
        }
      }
    }
  }
  return out;
}

const MOST_CACHED_BLOCKS = 64;

async function decodedBlock(
  file: File,
  page: TiffPage,
  index: number,
  cache?: BlockCache,
): Promise<PixelArray | undefined> {
  if (cache?.has(index)) return cache.get(index);
  const bytes = await readBlock(file, page, index);
  const block = bytes && blockSamples(file, page, bytes, rowsOfBlock(page, index));
  if (cache) {
    const oldest = cache.keys().next();
    if (cache.size >= MOST_CACHED_BLOCKS && !oldest.done) cache.delete(oldest.value);
    cache.set(index, block);
  }
  return block;
}

/** Interleaved samples of a block: bits taken apart, byte order turned, predictor undone, YCbCr made RGB. */
function blockSamples(file: File, page: TiffPage, bytes: Uint8Array, rows: number): PixelArray {
  const samples = samplesOfBlock(page);
  const perRow = page.blockWidth * samples;
  const little = isJpeg(page) || file.littleEndian;
  const { bits, predictor } = page;
  if (page.sampleFormat === 'float' && predictor === 3 && !isJpeg(page)) {
    return floatPredicted(page, bytes, rows, perRow, samples);
  }
  const out = pixelArray(page, rows * perRow);
  // a JPEG decoder gives 9..16 bits in two bytes
  const stored = isJpeg(page) ? (bits > 8 ? 16 : 8) : bits;
  if (stored === 8 || stored === 16 || stored === 32 || stored === 64) {
    wholeBytes({ ...page, bits: stored }, bytes, out, little);
  } else {
    for (let row = 0; row < rows; row++)
      looseBits(bytes, row * rowBytes(page), bits, out, row * perRow, perRow);
  }
  if (predictor === 2 && !isJpeg(page)) undoDifferences(out, rows, perRow, samples);
  else if (predictor !== 1 && predictor !== 2)
    throw unsupportedTiff(file.source.name, `predictor ${predictor}`);
  if (page.photometric === 6 && page.samples === 3) fromYcbcr(file, page, out);
  return out;
}

function wholeBytes(page: TiffPage, bytes: Uint8Array, out: PixelArray, little: boolean): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { bits, sampleFormat } = page;
  const width = bits / 8;
  const read: (at: number) => number =
    sampleFormat === 'float'
      ? bits === 16
        ? (at) => halfFloat(view.getUint16(at, little))
        : bits === 32
          ? (at) => view.getFloat32(at, little)
          : (at) => view.getFloat64(at, little)
      : bits === 8
        ? (at) => bytes[at]!
        : bits === 16
          ? (at) => view.getUint16(at, little)
          : (at) => view.getUint32(at, little);
  for (let i = 0, at = 0; i < out.length; i++, at += width) out[i] = read(at);
}

/** A binary16 number (IEEE 754). */
function halfFloat(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 31;
  const fraction = word & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Samples of 1..14 bits, most significant first, from the row's first byte on. */
function looseBits(
  bytes: Uint8Array,
  start: number,
  bits: number,
  out: PixelArray,
  to: number,
  count: number,
): void {
  let bit = start * 8;
  const mask = 2 ** bits - 1;
  for (let i = 0; i < count; i++, bit += bits) {
    const at = bit >>> 3;
    const word = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    out[to + i] = (word >> (24 - (bit & 7) - bits)) & mask;
  }
}

/** Horizontal differences added up in the width of a sample (TIFF 6.0 section 14). */
function undoDifferences(out: PixelArray, rows: number, perRow: number, samples: number): void {
  for (let row = 0; row < rows; row++) {
    for (let i = row * perRow + samples; i < (row + 1) * perRow; i++) out[i] = out[i]! + out[i - samples]!;
  }
}

/** Floating-point predictor (Adobe Photoshop TIFF technical note 3): bytes by significance, then differences of bytes. */
function floatPredicted(
  page: TiffPage,
  bytes: Uint8Array,
  rows: number,
  perRow: number,
  samples: number,
): PixelArray {
  const width = page.bits / 8;
  const out = pixelArray(page, rows * perRow);
  const row = new Uint8Array(perRow * width);
  const ordered = new Uint8Array(perRow * width);
  for (let y = 0; y < rows; y++) {
    row.set(bytes.subarray(y * row.length, (y + 1) * row.length));
    for (let i = samples; i < row.length; i++) row[i] = row[i]! + row[i - samples]!;
    for (let i = 0; i < perRow; i++) {
      for (let b = 0; b < width; b++) ordered[i * width + b] = row[b * perRow + i]!;
    }
    wholeBytes(page, ordered, out.subarray(y * perRow, (y + 1) * perRow), false);
  }
  return out;
}

function fromYcbcr(file: File, page: TiffPage, block: PixelArray): void {
  if (page.bits !== 8 || page.isPlanar)
    throw unsupportedTiff(file.source.name, 'YCbCr of other than 8 bits side by side');
  if (!isJpeg(page) && (page.chroma[0] !== 1 || page.chroma[1] !== 1)) {
    throw unsupportedTiff(file.source.name, 'YCbCr with fewer colours than pixels outside of JPEG');
  }
  // a JPEG 2000 stream undoes its own transform; 33003 is Aperio's without one
  if (page.compression === 33004 || page.compression === 33005 || page.compression === 34712) return;
  const count = block.length / 3;
  const planes = new Uint8Array(block.length);
  for (let i = 0; i < count; i++) for (let s = 0; s < 3; s++) planes[s * count + i] = block[3 * i + s]!;
  ybrToRgb(planes, 'YBR_FULL', 8);
  for (let i = 0; i < count; i++) for (let s = 0; s < 3; s++) block[3 * i + s] = planes[s * count + i]!;
}
