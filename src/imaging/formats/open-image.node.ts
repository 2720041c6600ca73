import { readFile } from 'node:fs/promises';
import { HounsfieldError } from '../../errors.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { decodeJpeg, isJpeg } from './jpeg.node.ts';
import { decodePng, isPng } from './png.node.ts';
import { unreadableImage } from './raster.node.ts';

interface Format {
  readonly name: string;
  readonly matches: (bytes: Uint8Array) => boolean;
  readonly decode: (bytes: Uint8Array, name: string) => Promise<MedicalImage>;
}

/** Formats that can be opened, tried in order; adding one is one row. */
const FORMATS: readonly Format[] = [
  { name: 'PNG', matches: isPng, decode: decodePng },
  { name: 'JPEG', matches: isJpeg, decode: decodeJpeg },
];

/** First bytes of formats that are recognised only to name them in the error. */
const KNOWN_BUT_CLOSED: readonly (readonly [string, number, string])[] = [
  ['DICOM', 128, 'DICM'],
  ['GIF', 0, 'GIF8'],
  ['TIFF', 0, 'II*\0'],
  ['TIFF', 0, 'MM\0*'],
  ['BMP', 0, 'BM'],
  ['WebP', 8, 'WEBP'],
  ['gzip (perhaps .nii.gz)', 0, '\x1f\x8b'],
  ['ZIP (perhaps .npz)', 0, 'PK\x03\x04'],
];

/** True when the first bytes are those of a format that openImage reads. */
export function isReadableImage(head: Uint8Array): boolean {
  return FORMATS.some((format) => format.matches(head));
}

/**
 * Opens an image file; the format is found by content, the extension does not matter.
 * Throws FILE_MISSING, IMAGE_FORMAT_UNKNOWN, IMAGE_UNREADABLE.
 *
 * @example const image = await openImage('chest.png'); // image.pixels is [C, H, W]
 */
export async function openImage(path: string): Promise<MedicalImage> {
  return decodeImage(await readBytes(path), path);
}

/** Decodes an image from its file's bytes; `name` is used in errors only. Throws as openImage does. */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<MedicalImage> {
  if (bytes.length === 0) throw unreadableImage(name, 0, 'the file is empty');
  const format = FORMATS.find((candidate) => candidate.matches(bytes));
  if (format) return format.decode(bytes, name);
  const closed = KNOWN_BUT_CLOSED.find(([, offset, text]) =>
    [...text].every((letter, i) => bytes[offset + i] === letter.charCodeAt(0)),
  );
  throw new HounsfieldError(
    'IMAGE_FORMAT_UNKNOWN',
    `${name} is ${closed ? `a ${closed[0]} file` : 'of no known format'}; images here are ` +
      `${FORMATS.map((known) => known.name).join(' or ')}. Convert it, or take it out of the data.`,
  );
}

/** A file's bytes. Throws FILE_MISSING when there is none, FILE_UNREADABLE when it may not be read. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new HounsfieldError('FILE_MISSING', `${path} does not exist. Check the path and its spelling.`, {
        cause,
      });
    }
    throw new HounsfieldError(
      'FILE_UNREADABLE',
      `${path} cannot be read (${code}). Check that it is a file, and its permissions.`,
      { cause },
    );
  }
}
