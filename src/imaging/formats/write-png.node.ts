import { writeFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import { HounsfieldError } from '../../errors.ts';
import { type MedicalImage, requirePicture } from '../image/medical-image.ts';

/** PNG bytes of an 8- or 16-bit unsigned image, grey or RGB, values unchanged. Throws PNG_UNSUPPORTED, IMAGE_NOT_2D. */
export function encodePng(image: MedicalImage): Uint8Array {
  const { pixels, channels, height, width } = image;
  requirePicture(image);
  const storable = pixels instanceof Uint8Array || pixels instanceof Uint16Array;
  if (!storable || (channels !== 1 && channels !== 3)) {
    throw new HounsfieldError(
      'PNG_UNSUPPORTED',
      `a PNG holds Uint8Array or Uint16Array pixels of 1 or 3 channels; got ${pixels.constructor.name} with ` +
        `${channels}. Window or offset the values into that range first.`,
    );
  }
  const data = pixels.slice();
  const plane = height * width;
  if (channels === 3) {
    for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) data[3 * i + c] = pixels[c * plane + i]!;
  }
  return encode({ width, height, data, channels, depth: data instanceof Uint16Array ? 16 : 8 });
}

/** Writes an image as PNG. Throws PNG_UNSUPPORTED, and the system's error when the disk refuses. */
export async function writePng(path: string, image: MedicalImage): Promise<void> {
  await writeFile(path, encodePng(image));
}
