import { HounsfieldError, isHounsfieldError } from '../../../errors.ts';
import { dicomCodecs } from '../dicom/pixels/codec-module.ts';
import { readCodestream } from '../dicom/pixels/codestream.ts';
import { inflate } from '../inflate.ts';
import { unpackLzw } from './lzw.ts';
import { unpackBits } from './pack-bits.ts';
import { fieldBytes, type TiffFile, truncatedTiff } from './tiff-directory.ts';
import { JPEG_TABLES_TAG, type TiffPage, unsupportedTiff } from './tiff-page.ts';
import { unpackLerc } from './unpack-lerc.ts';
import { webpSize } from './webp-size.ts';
import { unpackZstd } from './zstd.ts';

/** Bytes of one block, 128 MiB. */
const LARGEST_BLOCK = 2 ** 27;
/** LZW's longest strings, 3838 bytes for a code of 12 bits; all others pack less. */
const MOST_EXPANSION = 2600;

type File = Omit<TiffFile, 'directories'>;

const LERC = 34887;
const LERC_PARAMETERS_TAG = 50674;
const ZSTANDARD = 50000;
const WEBP = 50001;

/** What a page's compression is called in messages, for those that are known but not read. */
const NAMES: Readonly<Record<number, string>> = {
  2: 'CCITT Huffman',
  3: 'CCITT group 3 fax',
  4: 'CCITT group 4 fax',
  6: 'old-style JPEG',
  34661: 'JBIG',
  34676: 'SGI LogLuv',
  34925: 'LZMA',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
};

export function damagedBlock(name: string, block: number, what: string): HounsfieldError {
  return new HounsfieldError('TIFF_BLOCK', `${name}: block ${block} ${what}. Copy it again from its source.`);
}

/** Rows that block `index` has: the last strip may be shorter, tiles are whole. */
export function rowsOfBlock(page: TiffPage, index: number): number {
  if (page.isTiled) return page.blockHeight;
  const down = Math.floor(index / page.blocksAcross) % page.blocksDown;
  return Math.min(page.blockHeight, page.height - down * page.blockHeight);
}

/** Samples of each pixel in a block. */
export const samplesOfBlock = (page: TiffPage): number => (page.isPlanar ? 1 : page.samples);

/** Bytes of a row of a block, unpacked: rows begin on whole bytes. */
export function rowBytes(page: TiffPage): number {
  return Math.ceil((page.blockWidth * samplesOfBlock(page) * page.bits) / 8);
}

/**
 * A block's bytes, decompressed: rows of `rowBytes` as they were before compression, predictor and byte order untouched;
 * from a JPEG little-endian without a predictor. Undefined for a block that the file leaves out.
 * Throws TIFF_TRUNCATED, TIFF_BLOCK, TIFF_UNSUPPORTED.
 */
export async function readBlock(file: File, page: TiffPage, index: number): Promise<Uint8Array | undefined> {
  const [offset, stored] = [page.offsets[index]!, page.byteCounts[index] ?? 0];
  const wanted = rowBytes(page) * rowsOfBlock(page, index);
  if (offset === 0 || stored === 0) return undefined;
  const isPlain = page.compression === 1;
  // bits below eight take a byte each once they are apart
  const apart =
    rowsOfBlock(page, index) * page.blockWidth * samplesOfBlock(page) * Math.max(1, page.bits / 8);
  if (apart > LARGEST_BLOCK || (!isPlain && wanted > 4096 + stored * MOST_EXPANSION)) {
    throw damagedBlock(file.source.name, index, `promises ${wanted} bytes out of ${stored}`);
  }
  // an uncompressed block may state more bytes than it has, such as rows to the end of a tile
  const length = isPlain ? Math.min(stored, wanted) : stored;
  if (offset + length > file.source.size)
    throw truncatedTiff(file.source.name, offset + length, file.source.size);
  const packed = await file.source.read(offset, length);
  const bytes = page.isBitReversed && !isJpeg(page) ? packed.map((byte) => REVERSED[byte]!) : packed;
  return unpackBlock(file, page, bytes, wanted, index);
}

export const isJpeg = (page: TiffPage): boolean => page.compression === 7 || isJpeg2000(page);
const isJpeg2000 = ({ compression }: TiffPage): boolean => [33003, 33004, 33005, 34712].includes(compression);

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) reversed |= 128 >> bit;
  return reversed;
});

async function unpackBlock(
  file: File,
  page: TiffPage,
  bytes: Uint8Array,
  wanted: number,
  index: number,
): Promise<Uint8Array> {
  const { name } = file.source;
  const short = (held: number): HounsfieldError =>
    damagedBlock(name, index, `holds ${held} of ${wanted} bytes`);
  if (page.compression === 1) {
    if (bytes.length < wanted) throw short(bytes.length);
    return bytes;
  }
  if (isJpeg(page)) return jpegBlock(file, page, bytes, index);
  if (page.compression === ZSTANDARD) {
    const held = await unpackZstd(bytes, wanted);
    if (held === undefined)
      throw damagedBlock(name, index, 'is no Zstandard frame of the bytes it should hold');
    return held;
  }
  if (page.compression === LERC) {
    const held = await unpackLerc(bytes, await lercCompression(file, page), wanted);
    if (held === undefined) throw damagedBlock(name, index, 'is no LERC of the bytes it should hold');
    return held;
  }
  if (page.compression === WEBP) return webpBlock(file, page, bytes, index);
  const out = new Uint8Array(wanted);
  let held: number;
  if (page.compression === 5) {
    held = unpackLzw(bytes, out);
  } else if (page.compression === 8 || page.compression === 32946) {
    const result = inflate(bytes, 2, out);
    if (result.status === 'damaged') throw damagedBlock(name, index, 'is no deflate stream');
    held = result.written;
  } else if (page.compression === 32773) {
    held = unpackBits(bytes, out);
  } else {
    throw unsupportedTiff(name, `${NAMES[page.compression] ?? 'unknown'} compression (${page.compression})`);
  }
  if (held < wanted) throw short(held);
  return out;
}

/** A JPEG or JPEG 2000 stream, joined with the page's tables where those lie apart. */
async function jpegBlock(file: File, page: TiffPage, bytes: Uint8Array, index: number): Promise<Uint8Array> {
  const { name } = file.source;
  const stream = page.jpegTables
    ? withTables((await fieldBytes(file, page.directory, JPEG_TABLES_TAG))!, bytes)
    : bytes;
  const header = readCodestream(stream);
  const [rows, samples] = [rowsOfBlock(page, index), samplesOfBlock(page)];
  const fits =
    (header?.kind === 'jpeg' || header?.kind === 'jpeg-2000') &&
    header.width >= Math.min(page.blockWidth, page.width) &&
    header.height >= rows &&
    header.components === samples &&
    header.width <= 2 * page.blockWidth + 64 &&
    header.height <= 2 * page.blockHeight + 64;
  if (!fits) throw damagedBlock(name, index, 'has a JPEG stream that does not fit it');
  const bitsAllocated = header.precision > 8 ? 16 : 8;
  if (bitsAllocated !== (page.bits > 8 ? 16 : 8))
    throw damagedBlock(name, index, `has ${header.precision} bits where the page says ${page.bits}`);
  try {
    const codecs = await dicomCodecs();
    const codec = header.kind === 'jpeg-2000' ? 'DecodeJpeg2000' : 'DecodeJpeg';
    const decoded = codecs.decode(codec, {
      bytes: stream,
      width: header.width,
      height: header.height,
      samples,
      bitsAllocated,
      bitsStored: header.precision,
      signed: page.sampleFormat === 'int',
      planar: false,
      photometric: samples === 3 ? (page.photometric === 6 ? 'YBR_FULL' : 'RGB') : 'MONOCHROME2',
    });
    return cropped(decoded.bytes, decoded.planar, header.width, header.height, page, rows, bitsAllocated / 8);
  } catch (error) {
    if (isHounsfieldError(error, 'DICOM_CODESTREAM'))
      throw damagedBlock(name, index, 'has a JPEG stream that cannot be decoded');
    throw error;
  }
}

/** Tables without their end, then the stream without its beginning. */
function withTables(tables: Uint8Array, stream: Uint8Array): Uint8Array {
  const end = tables.at(-2) === 0xff && tables.at(-1) === 0xd9 ? tables.length - 2 : tables.length;
  const joined = new Uint8Array(end + Math.max(0, stream.length - 2));
  joined.set(tables.subarray(0, end));
  joined.set(stream.subarray(2), end);
  return joined;
}

/** Interleaved rows of the block's own width out of a stream that may be wider or higher. */
function cropped(
  bytes: Uint8Array,
  isPlanar: boolean,
  width: number,
  height: number,
  page: TiffPage,
  rows: number,
  sampleBytes: number,
): Uint8Array {
  const samples = samplesOfBlock(page);
  const out = new Uint8Array(rows * page.blockWidth * samples * sampleBytes);
  const columns = Math.min(width, page.blockWidth);
  for (let y = 0; y < rows; y++) {
    if (!isPlanar) {
      const from = y * width * samples * sampleBytes;
      out.set(
        bytes.subarray(from, from + columns * samples * sampleBytes),
        y * page.blockWidth * samples * sampleBytes,
      );
      continue;
    }
    for (let x = 0; x < columns; x++) {
      for (let s = 0; s < samples; s++) {
        for (let b = 0; b < sampleBytes; b++) {
          out[((y * page.blockWidth + x) * samples + s) * sampleBytes + b] =
            bytes[((s * height + y) * width + x) * sampleBytes + b]!;
        }
      }
    }
  }
  return out;
}

/** WebP by the browser's own decoder, through geotiff, or by libvips. */
async function webpBlock(file: File, page: TiffPage, bytes: Uint8Array, index: number): Promise<Uint8Array> {
  const { name } = file.source;
  const [rows, samples] = [rowsOfBlock(page, index), samplesOfBlock(page)];
  if (page.bits !== 8 || samples < 3 || samples > 4)
    throw unsupportedTiff(name, 'WebP of other than 3 or 4 samples of 8 bits');
  const size = webpSize(bytes);
  if (size === undefined || size[0] > 2 * page.blockWidth + 64 || size[1] > 2 * page.blockHeight + 64)
    throw damagedBlock(name, index, 'has no WebP picture of its size');
  if (typeof createImageBitmap === 'function')
    return browserBlock(file, page, bytes, rows * rowBytes(page), index);
  const { decodeWebp } = await import('./webp-block.node.ts');
  const decoded = await decodeWebp(bytes, samples).catch((cause: unknown) => {
    throw new HounsfieldError(
      'TIFF_BLOCK',
      `${name}: block ${index} cannot be decompressed. Copy it again from its source.`,
      { cause },
    );
  });
  if (decoded.width < Math.min(page.blockWidth, page.width) || decoded.height < rows) {
    throw damagedBlock(name, index, 'has a picture that does not fill it');
  }
  return cropped(decoded.pixels, false, decoded.width, decoded.height, page, rows, 1);
}

/** WebP in a browser, by geotiff's decoder. */
async function browserBlock(
  file: File,
  page: TiffPage,
  bytes: Uint8Array,
  wanted: number,
  index: number,
): Promise<Uint8Array> {
  const { name } = file.source;
  try {
    const { getDecoder } = await import('geotiff');
    const parameters = {
      tileWidth: page.blockWidth,
      tileHeight: rowsOfBlock(page, index),
      planarConfiguration: page.isPlanar ? 2 : 1,
      bitsPerSample: [page.bits],
      predictor: 1,
      samplesPerPixel: samplesOfBlock(page),
    };
    const decoder = await getDecoder(page.compression, parameters);
    const decoded = new Uint8Array(await decoder.decodeBlock(new Uint8Array(bytes).buffer));
    if (decoded.length >= wanted) return decoded.subarray(0, wanted);
  } catch (cause) {
    throw new HounsfieldError(
      'TIFF_BLOCK',
      `${name}: block ${index} cannot be decompressed. Copy it again from its source.`,
      { cause },
    );
  }
  throw damagedBlock(name, index, `holds less than ${wanted} bytes`);
}

/** The second number of LercParameters: how the blobs are compressed once more. */
async function lercCompression(file: File, page: TiffPage): Promise<number> {
  const bytes = await fieldBytes(file, page.directory, LERC_PARAMETERS_TAG);
  if (bytes === undefined || bytes.length < 8) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(4, file.littleEndian);
}
