import type { MedicalImage } from '../image/medical-image.ts';
import { decodeRaster, LARGEST_IMAGE_PIXELS, unreadableImage } from './raster.node.ts';
import { pngTags, withTags } from './resolution-tags.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CHANNELS_OF_COLOUR_TYPE: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** True when the bytes begin with the PNG signature (ISO/IEC 15948 clause 5.2). */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((value, i) => bytes[i] === value);
}

/**
 * Decodes a PNG of any colour type, bit depth and interlacing; its pixels per metre become geometry in frame 'image'.
 * Throws IMAGE_UNREADABLE. See decodeRaster for alpha.
 */
export async function decodePng(bytes: Uint8Array, name: string): Promise<MedicalImage> {
  const reason = structuralFault(bytes);
  if (reason !== undefined) throw unreadableImage(name, bytes.length, reason);
  return withTags(await decodeRaster(bytes, name), pngTags(bytes), 'PNG');
}

/** What is wrong with the chunks, or undefined: no decoder is started on a file whose header cannot be true. */
function structuralFault(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let position = 8;
  let packed = 0;
  let expected = 0;
  while (position + 12 <= bytes.length) {
    const length = view.getUint32(position);
    const type = String.fromCharCode(...bytes.subarray(position + 4, position + 8));
    if (position + 12 + length > bytes.length) return `it ends inside its ${type} chunk`;
    if (position === 8) {
      if (type !== 'IHDR' || length !== 13) return 'its first chunk is not IHDR';
      const width = view.getUint32(16);
      const height = view.getUint32(20);
      if (width === 0 || height === 0) return `its header says ${width} x ${height} pixels`;
      if (width * height > LARGEST_IMAGE_PIXELS) {
        return `its header says ${width} x ${height} pixels, more than ${LARGEST_IMAGE_PIXELS}`;
      }
      const bits = bytes[24]! * (CHANNELS_OF_COLOUR_TYPE[bytes[25]!] ?? 1);
      expected = height * Math.ceil((width * bits) / 8);
    }
    if (type === 'IDAT') packed += length;
    if (type === 'IEND') {
      // 1032 to 1 is deflate's limit (RFC 1951); a header that asks for more pixels lies
      return expected > 1024 + packed * 1032
        ? `its ${packed} bytes of pixel data cannot hold the size its header says`
        : undefined;
    }
    position += 12 + length;
  }
  return 'it ends before its IEND chunk';
}
