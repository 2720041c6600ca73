import type { MedicalImage } from '../image/medical-image.ts';
import { decodeDeepJpeg, deepJpegHeader } from './jpeg-deep.ts';
import { decodeRaster, LARGEST_IMAGE_PIXELS, unreadableImage } from './raster.node.ts';
import { jpegTags, withTags } from './resolution-tags.ts';

/** A Huffman-coded JPEG spends at least one bit on each 8 x 8 block: at most 512 pixels a byte; 8 times that is slack. */
const MOST_PIXELS_PER_BYTE = 4096;

/** True when the bytes begin as a JPEG does: SOI and a marker (ITU-T T.81 clause B.2.1). */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Decodes a JPEG: of 8 bits (baseline or progressive, grey, YCbCr, CMYK), upright by its EXIF tag, of 12 bits, or lossless of
 * up to 16; the density that EXIF or JFIF state becomes geometry in frame 'image'. Throws IMAGE_UNREADABLE.
 */
export async function decodeJpeg(bytes: Uint8Array, name: string): Promise<MedicalImage> {
  const size = frameSize(bytes);
  if (size === undefined) throw unreadableImage(name, bytes.length, 'it ends before its frame header');
  const pixels = size.width * size.height;
  if (pixels > LARGEST_IMAGE_PIXELS || pixels > bytes.length * MOST_PIXELS_PER_BYTE) {
    throw unreadableImage(
      name,
      bytes.length,
      `its header says ${size.width} x ${size.height} pixels, which this file cannot hold`,
    );
  }
  const deep = deepJpegHeader(bytes);
  const image = deep
    ? await decodeDeepJpeg(bytes, deep, (reason, cause) => unreadableImage(name, bytes.length, reason, cause))
    : await decodeRaster(bytes, name);
  return withTags(image, jpegTags(bytes), 'JPEG');
}

/** Width and height from the frame header (SOF), or undefined when the file ends before one. */
function frameSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  let position = 2;
  while (position + 9 < bytes.length) {
    if (bytes[position] !== 0xff) {
      position++;
      continue;
    }
    const marker = bytes[position + 1]!;
    if (marker === 0xff || marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      position += marker === 0xff ? 1 : 2;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      return {
        height: bytes[position + 5]! * 256 + bytes[position + 6]!,
        width: bytes[position + 7]! * 256 + bytes[position + 8]!,
      };
    }
    position += 2 + bytes[position + 2]! * 256 + bytes[position + 3]!;
  }
  return undefined;
}
