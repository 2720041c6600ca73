import { Inflate } from 'fflate';
import { HounsfieldError } from '../../../../errors.ts';
import type { PixelArray } from '../../../image/medical-image.ts';
import type { DicomFile } from '../dataset.ts';
import { dicomCodecs } from './codec-module.ts';
import { type CodestreamHeader, readCodestream } from './codestream.ts';
import { excessOf, isSubsampled, readEncapsulatedFrame, readNativeFrame } from './frame-bytes.ts';
import { type ImagePixel, imagePixel } from './image-pixel.ts';
import { decodeJpegLs } from './jpeg-ls.ts';
import { decodeRle } from './rle.ts';
import { expand422, type StoredLayout, storedValues, toPlanes } from './stored-values.ts';
import type { CodecName, Codecs } from './wasm-codecs.ts';

/** One frame's stored values, before any lookup table, and what they are. */
export interface DecodedFrame {
  readonly values: PixelArray; // [C, H, W]
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Of these values: RGB where the decoder has undone a colour transform, YBR_FULL where subsampling was undone. */
  readonly photometric: string;
  readonly bitsStored: number;
  readonly signed: boolean;
  /** What was wrong and could be read all the same, a sentence each, without patient data. */
  readonly warnings: readonly string[];
}

const JPEG = '1.2.840.10008.1.2.4.';
const codecOf: Readonly<Record<string, CodecName>> = {
  ...Object.fromEntries(['50', '51', '52', '53', '55', '57', '70'].map((end) => [JPEG + end, 'DecodeJpeg'])),
  ...Object.fromEntries(['90', '91', '92', '93'].map((end) => [JPEG + end, 'DecodeJpeg2000'])),
  ...Object.fromEntries(['110', '111', '112'].map((end) => [JPEG + end, 'DecodeJpegXl'])),
  ...Object.fromEntries(['201', '202', '203'].map((end) => [JPEG + end, 'DecodeHtJpeg2000'])),
};
const jpegLs = new Set(['80', '81'].map((end) => JPEG + end));
const RLE = '1.2.840.10008.1.2.5';
const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1';
const FRAGMENTED_NATIVE = '1.2.840.10008.1.2.1.98';
/** GE's private syntax: implicit little endian whose pixels alone are big endian. */
const GE_BIG_PIXELS = '1.2.840.113619.5.2';

/**
 * Decodes one frame (0 the first) to its stored values; only this frame is read from the file.
 * Throws DICOM_NO_PIXELS, DICOM_PIXEL_ATTRIBUTE, DICOM_PIXEL_LIMIT, DICOM_FRAME_INDEX, DICOM_PIXELS_SHORT, DICOM_FRAGMENTS,
 * DICOM_CODESTREAM, DICOM_TRANSFER_SYNTAX, DICOM_VALUE_RANGE, DICOM_CODECS_MISSING.
 */
export async function decodeFrame(file: DicomFile, frameIndex: number): Promise<DecodedFrame> {
  const frame = await fetchFrame(file, frameIndex);
  return decodeFetched(frame, frame.codec ? await dicomCodecs() : undefined);
}

/** A frame as it lies in the file, with all that its decoding needs: plain data, fit to be sent to a worker. */
export interface FetchedFrame {
  readonly bytes: Uint8Array;
  readonly bitOffset: number;
  readonly littleEndian: boolean;
  readonly name: string;
  readonly image: Omit<ImagePixel, 'element'>;
  readonly way: 'native' | 'rle' | 'deflate' | 'jpeg-ls' | 'codec';
  readonly codec?: CodecName;
  readonly header?: CodestreamHeader;
  readonly subsampled: boolean;
  readonly warnings: readonly string[];
}

/** Reads one frame's bytes and checks what its header states against the data set's. Throws as decodeFrame. */
export async function fetchFrame(file: DicomFile, frameIndex: number): Promise<FetchedFrame> {
  const image = imagePixel(file);
  if (!Number.isInteger(frameIndex) || frameIndex < 0 || frameIndex >= image.frames) {
    throw new HounsfieldError(
      'DICOM_FRAME_INDEX',
      `frame ${frameIndex} of ${file.source.name} was asked for, which has frames 0 to ${image.frames - 1}.`,
    );
  }
  const { element, ...described } = image;
  const warnings = [...image.warnings];
  const shared = {
    name: file.source.name,
    image: described,
    littleEndian: file.dataset.littleEndian && file.transferSyntaxUid !== GE_BIG_PIXELS,
    subsampled: isSubsampled(image),
  };
  if (!image.encapsulated) {
    const excess = excessOf(file, image);
    if (excess) warnings.push(excess);
    if (file.transferSyntaxUid.startsWith(JPEG) || file.transferSyntaxUid === RLE) {
      warnings.push(
        'the transfer syntax is a compressed one but the pixels are not in fragments; they were read as they lie',
      );
    }
    return { ...shared, ...(await readNativeFrame(file, image, frameIndex)), way: 'native', warnings };
  }
  const bytes = await readEncapsulatedFrame(file, image, frameIndex);
  const found = { ...shared, bytes, bitOffset: 0 };
  if (file.transferSyntaxUid === RLE) return { ...found, way: 'rle', warnings };
  if (file.transferSyntaxUid === DEFLATED_FRAMES) return { ...found, way: 'deflate', warnings };
  if (file.transferSyntaxUid === FRAGMENTED_NATIVE) return { ...found, way: 'native', warnings };
  return { ...found, ...chooseCodec(file, image, bytes, warnings), warnings };
}

const codecFor: Readonly<Record<Exclude<CodestreamHeader['kind'], 'jpeg-ls'>, CodecName>> = {
  jpeg: 'DecodeJpeg',
  'jpeg-2000': 'DecodeJpeg2000',
  'jpeg-xl': 'DecodeJpegXl',
};

/** Compressed frames beyond so many values must not be of next to no bytes: they would be spread in memory. */
const LARGE = 2 ** 25;
const MOST_VALUES_A_BYTE = 4096;

/** By the transfer syntax, or by the stream itself where the two disagree. */
function chooseCodec(file: DicomFile, image: ImagePixel, bytes: Uint8Array, warnings: string[]) {
  const named = codecOf[file.transferSyntaxUid];
  const header = readCodestream(bytes);
  if (!header) {
    if (named || jpegLs.has(file.transferSyntaxUid)) {
      throw new HounsfieldError(
        'DICOM_CODESTREAM',
        `${file.source.name}: a frame of ${bytes.length} bytes does not begin as its transfer syntax ` +
          `${file.transferSyntaxUid} demands. The file is damaged: copy it again from its source.`,
      );
    }
    throw new HounsfieldError(
      'DICOM_TRANSFER_SYNTAX',
      `${file.source.name}: pixels in the transfer syntax ${file.transferSyntaxUid.slice(0, 64)} cannot be decoded; RLE, JPEG, ` +
        'JPEG-LS, JPEG 2000, HTJ2K, JPEG XL and uncompressed ones can. Convert the file, for instance with gdcmconv --raw.',
    );
  }
  const fitting = header.kind === 'jpeg-ls' ? undefined : codecFor[header.kind];
  const sameKind =
    header.kind === 'jpeg-ls'
      ? jpegLs.has(file.transferSyntaxUid)
      : named === fitting || (named === 'DecodeHtJpeg2000' && header.kind === 'jpeg-2000');
  if (!sameKind) warnings.push(`the transfer syntax does not name the ${header.kind} stream that was found`);
  if (header.width !== image.columns || header.height !== image.rows) {
    throw new HounsfieldError(
      'DICOM_CODESTREAM',
      `${file.source.name}: a compressed frame is ${header.height} x ${header.width}, the data set says ` +
        `${image.rows} x ${image.columns}. One of the two is wrong; have the file exported again.`,
    );
  }
  if (header.components > 0 && header.components !== image.samples) {
    throw new HounsfieldError(
      'DICOM_CODESTREAM',
      `${file.source.name}: a compressed frame has ${header.components} samples a pixel, the data set says ${image.samples}. ` +
        'One of the two is wrong; have the file exported again.',
    );
  }
  const values = image.rows * image.columns * image.samples;
  if (values > LARGE && values > bytes.length * MOST_VALUES_A_BYTE) {
    throw new HounsfieldError(
      'DICOM_PIXEL_LIMIT',
      `${file.source.name}: ${bytes.length} compressed bytes are said to hold ${values} values, more than ${MOST_VALUES_A_BYTE} ` +
        'a byte. It is no image of a device; have it exported uncompressed if it is wanted all the same.',
    );
  }
  if (!fitting) return { way: 'jpeg-ls' as const, header };
  return { way: 'codec' as const, codec: sameKind ? named! : fitting, header };
}

/** Decodes a frame that was fetched; `codecs` is needed where it names a codec. Throws DICOM_CODESTREAM, DICOM_VALUE_RANGE. */
export function decodeFetched(frame: FetchedFrame, codecs: Codecs | undefined): DecodedFrame {
  const { image } = frame;
  const shape = { channels: image.samples, height: image.rows, width: image.columns };
  const pixels = image.rows * image.columns;
  const layout: StoredLayout = image;
  const rest = { ...shape, bitsStored: image.bitsStored, signed: image.signed, warnings: frame.warnings };
  if (frame.way === 'codec' || frame.way === 'jpeg-ls') return { ...rest, ...decodeStream(frame, codecs) };
  if (frame.way === 'rle') {
    const size = Math.ceil(image.bitsAllocated / 8);
    const bytes = decodeRle(frame.bytes, pixels, image.samples, size);
    const values = storedValues(
      bytes,
      0,
      pixels * image.samples,
      { ...layout, bitsAllocated: size * 8 },
      true,
    );
    return { ...rest, values, photometric: image.photometric };
  }
  const count = frame.subsampled ? pixels * 2 : pixels * image.samples;
  const needed = Math.ceil((frame.bitOffset + count * image.bitsAllocated) / 8);
  const bytes = frame.way === 'deflate' ? inflateFrame(frame, needed) : frame.bytes;
  if (bytes.length < needed) throw shortFrame(frame, bytes.length, needed);
  if (frame.subsampled && pixels % 2 !== 0) {
    throw new HounsfieldError(
      'DICOM_PIXEL_ATTRIBUTE',
      `${frame.name}: ${image.photometric} shares colours between pairs, but ${image.rows} x ${image.columns} is odd.`,
    );
  }
  const values = storedValues(bytes, frame.bitOffset, count, layout, frame.littleEndian);
  if (frame.subsampled) {
    const photometric = image.photometric === 'YBR_FULL_422' ? 'YBR_FULL' : image.photometric;
    return { ...rest, values: expand422(values, pixels), photometric };
  }
  return {
    ...rest,
    values: image.planar ? values : toPlanes(values, image.samples),
    photometric: image.photometric,
  };
}

function shortFrame(frame: FetchedFrame, got: number, needed: number): HounsfieldError {
  return new HounsfieldError(
    'DICOM_PIXELS_SHORT',
    `${frame.name}: a frame of ${frame.image.rows} x ${frame.image.columns} needs ${needed} bytes, ${got} are there. ` +
      'The file is cut or its header is wrong: copy it again from its source.',
  );
}

/** Deflated Image Frame Compression (PS3.5 annex A.4.13), never more bytes than the frame has. */
function inflateFrame(frame: FetchedFrame, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  const inflate = new Inflate((part) => {
    out.set(part.subarray(0, Math.max(0, size - at)), Math.min(at, size));
    at += part.length;
  });
  const step = 4096;
  try {
    for (let from = 0; from < frame.bytes.length && at < size; from += step) {
      inflate.push(frame.bytes.subarray(from, from + step), from + step >= frame.bytes.length);
    }
  } catch (cause) {
    const message = `${frame.name}: a deflated frame is damaged. Copy the file again from its source.`;
    throw new HounsfieldError('DICOM_CODESTREAM', message, { cause });
  }
  return out.subarray(0, Math.min(at, size));
}

function decodeStream(
  frame: FetchedFrame,
  codecs: Codecs | undefined,
): Omit<DecodedFrame, 'channels' | 'height' | 'width'> {
  const { image } = frame;
  const header = frame.header!; // fetchFrame gives one with each compressed frame
  const count = image.rows * image.columns * image.samples;
  const out = frame.way === 'jpeg-ls' ? decodeLs(frame) : decodeByWasm(frame, codecs!);
  const size = out.bytes.length / count;
  if (out.width !== image.columns || out.height !== image.rows || ![1, 2, 4].includes(size)) {
    throw shortFrame(frame, out.bytes.length, count * Math.ceil(image.bitsAllocated / 8));
  }
  const precision = Math.min(header.precision || image.bitsStored, size * 8);
  const layout = streamLayout(header, image, precision, size * 8);
  const values = storedValues(out.bytes, 0, count, layout, !out.machineOrder || littleEndianMachine);
  const warnings = [...frame.warnings];
  const photometric = streamPhotometric(header, image, warnings);
  const planes = out.planar ? values : toPlanes(values, image.samples);
  return { values: planes, photometric, bitsStored: image.bitsStored, signed: image.signed, warnings };
}

const littleEndianMachine = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

interface StreamOutput {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly planar: boolean;
  /** Bytes as this machine orders them; else little endian. */
  readonly machineOrder: boolean;
}

function decodeLs({ bytes }: FetchedFrame): StreamOutput {
  const { values, width, height } = decodeJpegLs(bytes);
  const out = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { bytes: out, width, height, planar: true, machineOrder: true };
}

function decodeByWasm({ image, bytes, codec }: FetchedFrame, codecs: Codecs): StreamOutput {
  const out = codecs.decode(codec!, { ...image, bytes, width: image.columns, height: image.rows }); // way codec has one
  return { ...out, machineOrder: false };
}

/** Which bits of a decoder's output count: JPEG's as the data set says, JPEG-LS' and JPEG 2000's as the stream says. */
function streamLayout(
  header: CodestreamHeader,
  image: FetchedFrame['image'],
  precision: number,
  container: number,
): StoredLayout {
  const ownBits =
    header.kind === 'jpeg-ls' || (header.kind === 'jpeg-2000' && header.signed !== image.signed);
  const stored = ownBits
    ? precision
    : header.kind === 'jpeg'
      ? Math.min(image.bitsStored, container)
      : container;
  return {
    bitsAllocated: container,
    bitsStored: stored,
    highBit: stored - 1,
    signed: image.signed,
    kind: 'integer',
  };
}

const asciiIds = new Set(['82,71,66', '114,103,98']);

/** What colours the decoded values are, where the stream knows better than the data set. */
function streamPhotometric(
  header: CodestreamHeader,
  image: FetchedFrame['image'],
  warnings: string[],
): string {
  const { photometric } = image;
  if (image.samples !== 3) return photometric;
  if (header.kind === 'jpeg-2000' || header.kind === 'jpeg-xl') {
    return photometric === 'YBR_ICT' || photometric === 'YBR_RCT' || header.kind === 'jpeg-xl'
      ? 'RGB'
      : photometric;
  }
  if (asciiIds.has(header.componentIds.join()) && photometric !== 'RGB') {
    warnings.push(
      `Photometric Interpretation is ${photometric} but the stream's components are named RGB, which was taken`,
    );
    return 'RGB';
  }
  if (header.jfif && !photometric.startsWith('YBR')) {
    warnings.push(`Photometric Interpretation is ${photometric} but a JFIF stream is YCbCr, which was taken`);
    return 'YBR_FULL';
  }
  return photometric === 'YBR_FULL_422' ? 'YBR_FULL' : photometric;
}
