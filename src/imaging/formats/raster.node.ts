import sharp, { type Metadata, type Sharp } from 'sharp';
import { HounsfieldError } from '../../errors.ts';
import {
  interleavedToPlanar,
  type MedicalImage,
  medicalImage,
  type PixelArray,
} from '../image/medical-image.ts';

// The batch workers are the parallelism; libvips's own threads and cache would compete with training.
sharp.concurrency(1);
sharp.cache(false);

/** Most pixels one image may have: 2^28, a 16384 x 16384 picture. */
export const LARGEST_IMAGE_PIXELS = 2 ** 28;

/**
 * Decodes PNG or JPEG bytes by libvips into stored values: embedded colour profiles are not applied, EXIF
 * orientation is; palettes become colour; 1-, 2- and 4-bit grey is stretched to 8 bits. Alpha is composited over black
 * (a transparent pixel carries no signal). CMYK becomes RGB as (255-C)(255-K)/255, which is what Pillow does.
 * A file that ends early or fails a checksum throws IMAGE_UNREADABLE: half a picture is never returned.
 */
export async function decodeRaster(bytes: Uint8Array, name: string): Promise<MedicalImage> {
  try {
    const source = sharp(bytes, {
      failOn: 'warning',
      ignoreIcc: true,
      limitInputPixels: LARGEST_IMAGE_PIXELS,
    });
    const metadata = await source.metadata();
    const sixteen = metadata.depth === 'ushort';
    const raw = await outputSpace(source.autoOrient(), metadata)
      .raw({ depth: sixteen ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = raw.info;
    const { buffer, byteOffset, length } = raw.data;
    const stored: PixelArray = sixteen
      ? new Uint16Array(buffer.slice(byteOffset, byteOffset + length))
      : new Uint8Array(buffer, byteOffset, length);
    const opaque = opaqueChannels(stored, channels, metadata);
    const shape = { channels: opaque.channels, height, width };
    return medicalImage(
      interleavedToPlanar(opaque.pixels, opaque.channels, height, width),
      shape,
      sixteen ? 16 : 8,
    );
  } catch (cause) {
    throw unreadableImage(name, bytes.length, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function outputSpace(pipeline: Sharp, metadata: Metadata): Sharp {
  if (metadata.space === 'cmyk') return pipeline.pipelineColourspace('cmyk').toColourspace('cmyk');
  // with 'b-w' and 'grey16' libvips's raw output leaves alpha out, so grey with alpha goes through colour
  if (metadata.depth === 'ushort') {
    return metadata.channels === 1
      ? pipeline.toColourspace('grey16')
      : pipeline.pipelineColourspace('rgb16').toColourspace('rgb16');
  }
  return metadata.channels === 1 ? pipeline.toColourspace('b-w') : pipeline;
}

/** Interleaved pixels without alpha or ink channels: 1 or 3 channels remain. */
function opaqueChannels(
  stored: PixelArray,
  channels: number,
  metadata: Metadata,
): { pixels: PixelArray; channels: number } {
  const count = stored.length / channels;
  if (channels === 4 && metadata.space === 'cmyk') {
    const pixels = new Uint8Array(count * 3);
    for (let i = 0; i < count; i++) {
      const black = 255 - stored[4 * i + 3]!;
      for (let c = 0; c < 3; c++) pixels[3 * i + c] = Math.round(((255 - stored[4 * i + c]!) * black) / 255);
    }
    return { pixels, channels: 3 };
  }
  if (channels !== 2 && channels !== 4) return { pixels: stored, channels };
  const kept = metadata.channels === 2 ? 1 : channels - 1;
  const full = stored instanceof Uint16Array ? 65535 : 255;
  const pixels = stored instanceof Uint16Array ? new Uint16Array(count * kept) : new Uint8Array(count * kept);
  for (let i = 0; i < count; i++) {
    const alpha = stored[channels * (i + 1) - 1]! / full;
    for (let c = 0; c < kept; c++) pixels[kept * i + c] = Math.round(stored[channels * i + c]! * alpha);
  }
  return { pixels, channels: kept };
}

/** The error for an image file that cannot be decoded whole. */
export function unreadableImage(
  name: string,
  size: number,
  reason: string,
  cause?: unknown,
): HounsfieldError {
  const first = reason.split('\n')[0]!.trim();
  return new HounsfieldError(
    'IMAGE_UNREADABLE',
    `${name} (${size} bytes) cannot be decoded whole: ${first}. Copy it again from its source, or take it out of the data.`,
    { cause },
  );
}
