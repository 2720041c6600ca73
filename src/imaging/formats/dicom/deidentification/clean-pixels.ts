import { HounsfieldError, isHounsfieldError } from '../../../../errors.ts';
import { buildElement } from '../build-dataset.ts';
import type { DataElement, Dataset, DicomFile } from '../dataset.ts';
import { isYbr, ybrToRgb } from '../pixels/colour.ts';
import { type DecodedFrame, decodeFrame } from '../pixels/decode-frame.ts';
import { frameBits, isSubsampled } from '../pixels/frame-bytes.ts';
import { type ImagePixel, imagePixel } from '../pixels/image-pixel.ts';
import { readValue } from '../read-dicom.ts';
import { explicitLittleEndian } from '../transfer-syntax.ts';
import { type Blackening, blackMask } from './region-rules.ts';

const PIXEL_DATA = 0x7fe00010;
const LARGEST_BYTES = 2 ** 31 - 2;

/** Elements that replace those of the data set, and the transfer syntax that they ask for. */
export interface CleanedPixels {
  readonly elements: readonly DataElement[];
  readonly transferSyntaxUid: string;
}

/**
 * Pixels with regions blackened. Native pixels keep their form; compressed and subsampled ones are written native in
 * explicit VR little endian, in RGB where they were YBR. Throws what decodeFrame throws, and DEID_PIXELS_LARGE.
 */
export async function blackenPixels(file: DicomFile, blackening: Blackening): Promise<CleanedPixels> {
  const image = imagePixel(file);
  const mask = blackMask(blackening, image.rows, image.columns);
  const isPlain =
    (image.bitsAllocated % 8 === 0 || image.bitsAllocated === 1) &&
    !image.encapsulated &&
    !isSubsampled(image) &&
    image.kind === 'integer';
  if (!isPlain) return decodedAndBlackened(file, image, mask);
  const total = Math.ceil((frameBits(image) * image.frames) / 8);
  checkSize(file, total);
  const bytes = new Uint8Array((await readValue(file, image.element)).subarray(0, total));
  if (image.bitsAllocated === 1) clearBits(bytes, image.frames, mask);
  else blackenNative(bytes, image, mask, file.dataset.littleEndian);
  const { tag, vr } = image.element;
  return { elements: [{ tag, vr, bytes: padded(bytes) }], transferSyntaxUid: file.transferSyntaxUid };
}

function checkSize(file: DicomFile, bytes: number): void {
  if (bytes > LARGEST_BYTES)
    throw new HounsfieldError(
      'DEID_PIXELS_LARGE',
      `${file.source.name}: its pixels take ${bytes} bytes, more than ${LARGEST_BYTES} are not blackened at once. Split its frames first.`,
    );
}

const padded = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length % 2 === 0) return bytes;
  const whole = new Uint8Array(bytes.length + 1);
  whole.set(bytes);
  return whole;
};

/** Black: the highest value where low values are bright, and the neutral one for colour differences. */
function blackValue(photometric: string, channel: number, bitsStored: number, signed: boolean): number {
  if (photometric === 'MONOCHROME1') return signed ? 2 ** (bitsStored - 1) - 1 : 2 ** bitsStored - 1;
  return photometric.startsWith('YBR_FULL') && channel > 0 ? 2 ** (bitsStored - 1) : 0;
}

function blackenNative(bytes: Uint8Array, image: ImagePixel, mask: Uint8Array, littleEndian: boolean): void {
  const { samples, photometric, bitsStored, signed, planar } = image;
  const width = image.bitsAllocated / 8;
  const pixels = mask.length;
  const values = Array.from({ length: samples }, (_, channel) => {
    const value = BigInt(blackValue(photometric, channel, bitsStored, signed));
    const little = Array.from({ length: width }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
    return littleEndian ? little : little.reverse();
  });
  for (let frame = 0; frame < image.frames; frame++)
    for (let pixel = 0; pixel < pixels; pixel++) {
      if (mask[pixel] === 0) continue;
      for (let channel = 0; channel < samples; channel++) {
        const at = planar ? channel * pixels + pixel : pixel * samples + channel;
        bytes.set(values[channel]!, (frame * pixels * samples + at) * width);
      }
    }
}

/** Single bits, the lowest of a byte first, frames without a gap (PS3.5 8.1.1). */
function clearBits(bytes: Uint8Array, frames: number, mask: Uint8Array): void {
  for (let frame = 0; frame < frames; frame++)
    for (let pixel = 0; pixel < mask.length; pixel++) {
      const bit = frame * mask.length + pixel;
      if (mask[pixel] === 1 && bit >> 3 < bytes.length) bytes[bit >> 3]! &= ~(1 << (bit & 7));
    }
}

async function decodedAndBlackened(
  file: DicomFile,
  image: ImagePixel,
  mask: Uint8Array,
): Promise<CleanedPixels> {
  const first = inRgb(await decodeFrame(file, 0));
  const width =
    image.kind === 'integer' ? Math.max(1, first.values.BYTES_PER_ELEMENT) : image.bitsAllocated / 8;
  const perFrame = mask.length * first.channels * width;
  checkSize(file, perFrame * image.frames);
  const bytes = new Uint8Array(perFrame * image.frames);
  for (let frame = 0; frame < image.frames; frame++) {
    const { values, channels, photometric } = frame === 0 ? first : inRgb(await decodeFrame(file, frame));
    const out = values.slice(); // [C, H, W] to [H, W, C]
    for (let channel = 0; channel < channels; channel++) {
      const black = blackValue(photometric, channel, first.bitsStored, first.signed);
      for (let pixel = 0; pixel < mask.length; pixel++)
        out[pixel * channels + channel] = mask[pixel] === 1 ? black : values[channel * mask.length + pixel]!;
    }
    bytes.set(new Uint8Array(out.buffer, out.byteOffset, out.byteLength), frame * perFrame);
  }
  const shared = [buildElement('SamplesPerPixel', first.channels)];
  if (first.channels > 1) shared.push(buildElement('PlanarConfiguration', 0));
  return {
    elements: [
      ...shared,
      buildElement('PhotometricInterpretation', first.photometric),
      ...(image.kind === 'integer' ? [buildElement('BitsAllocated', width * 8)] : []),
      { tag: image.element.tag, vr: pixelVr(image, width), bytes: padded(bytes) },
    ],
    transferSyntaxUid: explicitLittleEndian,
  };
}

/** Colours that only compressed images may have become RGB. */
function inRgb(frame: DecodedFrame): DecodedFrame {
  const { values, photometric, bitsStored } = frame;
  if (frame.channels !== 3 || !isYbr(photometric)) return frame;
  return { ...frame, values: ybrToRgb(values, photometric, bitsStored), photometric: 'RGB' };
}

const pixelVr = (image: ImagePixel, width: number): DataElement['vr'] =>
  image.kind === 'integer' ? (width === 1 ? 'OB' : 'OW') : image.element.vr;

/** Offset tables of fragments that are no longer there. */
export const withoutOffsets = (dataset: Dataset): Dataset => ({
  ...dataset,
  elements: new Map([...dataset.elements].filter(([tag]) => tag !== 0x7fe00001 && tag !== 0x7fe00002)),
});

/** Native pixel data as the image needs it, and what was taken out. */
export interface TrimmedPixels {
  readonly element: DataElement;
  readonly warnings: readonly string[];
}

/**
 * Native pixel data as long as its attributes say, where bytes that no image shows stand behind it, and without the
 * bits in which old files keep overlays (PS3.5 8.1.2, retired); undefined where it is as it should be.
 */
export async function trimmedPixels(file: DicomFile): Promise<TrimmedPixels | undefined> {
  const element = file.dataset.elements.get(PIXEL_DATA);
  const there = element?.bytes?.length ?? element?.deferred?.length;
  if (element === undefined || there === undefined) return undefined;
  const image = describedPixels(file);
  if (image === undefined) return undefined;
  const needed = Math.ceil((frameBits(image) * image.frames) / 8);
  const even = needed + (needed % 2);
  const isLong = there > even && needed > 0;
  const hasOverlays = holdsOverlays(file.dataset) && [8, 16].includes(image.bitsAllocated);
  if (!isLong && !hasOverlays) return undefined;
  const bytes = new Uint8Array((await readValue(file, element)).subarray(0, isLong ? even : there));
  if (hasOverlays) clearUnusedBits(bytes, image, file.dataset.littleEndian);
  const warnings = [
    ...(isLong ? ['Bytes behind the image in its pixel data were left out.'] : []),
    ...(hasOverlays ? ['Overlays in unused bits of the pixel data were cleared.'] : []),
  ];
  return { element: { tag: element.tag, vr: element.vr, bytes }, warnings };
}

function describedPixels(file: DicomFile): ImagePixel | undefined {
  try {
    return imagePixel(file);
  } catch (cause) {
    if (!isHounsfieldError(cause, 'DICOM_PIXEL_ATTRIBUTE')) return undefined;
    const message = `${file.source.name} is damaged: attributes that say how its pixels lie are missing or wrong, so that nobody knows what else lies there. Copy it again from its source.`;
    throw new HounsfieldError('DEID_DAMAGED', message, { cause });
  }
}

/** True where an overlay's bits lie in the pixel data: it says where, and has no data of its own. */
function holdsOverlays(dataset: Dataset): boolean {
  for (let group = 0x6000; group <= 0x601e; group += 2) {
    const base = group * 0x10000;
    const position = dataset.elements.get(base + 0x0102)?.bytes;
    if (position?.some((byte) => byte !== 0) === true && !dataset.elements.has(base + 0x3000)) return true;
  }
  return false;
}

/** Bits above and below those stored become zero, or the sign's copy above signed values. */
function clearUnusedBits(bytes: Uint8Array, image: ImagePixel, littleEndian: boolean): void {
  const { bitsAllocated, bitsStored, highBit, signed } = image;
  const width = bitsAllocated / 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const low = highBit - bitsStored + 1;
  const mask = ((2 ** bitsStored - 1) << low) >>> 0;
  const above = (2 ** bitsAllocated - 1) & ~(2 ** (highBit + 1) - 1);
  for (let at = 0; at + width <= bytes.length; at += width) {
    const value = width === 1 ? view.getUint8(at) : view.getUint16(at, littleEndian);
    const isNegative = signed && (value & (1 << highBit)) !== 0;
    const cleared = (value & mask) | (isNegative ? above : 0);
    if (width === 1) view.setUint8(at, cleared);
    else view.setUint16(at, cleared, littleEndian);
  }
}
