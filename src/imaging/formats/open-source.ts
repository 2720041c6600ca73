import { HounsfieldError } from '../../errors.ts';
import { isLabelMap, type LabelMap, type MedicalImage } from '../image/medical-image.ts';
import { HDF5, NUMPY } from './array-formats.ts';
import type { ByteSource } from './byte-source.ts';
import { BARE_DICOM, DICOM } from './dicom/dicom-format.ts';
import {
  type DescribeOptions,
  type FileDescription,
  type FileFormat,
  isSignal,
  type Opened,
  type OpenOptions,
} from './file-format.ts';
import { plainHead } from './gunzip.ts';
import { aboutFile } from './named-errors.ts';
import { BMP } from './picture-format.ts';
import { csvFile, signalFile, signalFormats } from './signal-formats.ts';
import { labelsIn } from './volume-file.ts';
import { tiffFile, volumeFile, volumeFormats } from './volume-formats.ts';

/** Every format that is read in Node and in a browser alike, the surest signatures first. Adding one is one row. */
export const portableFormats: readonly FileFormat[] = [
  DICOM,
  HDF5,
  NUMPY,
  BMP,
  tiffFile,
  ...volumeFormats.map(volumeFile),
  ...signalFormats.map(signalFile),
  BARE_DICOM,
  csvFile,
];

/** First bytes of formats that are recognised only to name them in the error. */
const KNOWN_BUT_CLOSED: readonly (readonly [name: string, offset: number, text: string])[] = [
  ['GIF', 0, 'GIF8'],
  ['WebP', 8, 'WEBP'],
  ['PDF', 0, '%PDF'],
  ['gzip', 0, '\x1f\x8b'],
  ['bzip2', 0, 'BZh'],
  ['xz', 0, '\xfd7zXZ'],
  ['ZIP', 0, 'PK\x03\x04'],
  ['MINC', 0, 'CDF'],
];

const PACKED: readonly string[] = ['gzip', 'bzip2', 'xz', 'ZIP'];

/** Bytes that a format is recognised by. */
export const HEAD_BYTES = 4096;

/** The format of a file by its content; undefined where it is none of these. */
export async function formatOf(
  source: ByteSource,
  formats: readonly FileFormat[] = portableFormats,
): Promise<FileFormat | undefined> {
  const stored = await source.read(0, Math.min(source.size, HEAD_BYTES));
  const plain = await plainHead(source, HEAD_BYTES);
  return formats.find((format) => format.matches(stored, source.name) || format.matches(plain, source.name));
}

/**
 * Opens a file whose bytes come from a source: a Blob in the browser, an array, a file on disk. The format is found by
 * content. Throws IMAGE_FORMAT_UNKNOWN, IMAGE_UNREADABLE and what the format's reader throws.
 *
 * @example const image = await openSource(blobSource(file, file.name));
 */
export async function openSource(
  source: ByteSource,
  options: OpenOptions = {},
  formats: readonly FileFormat[] = portableFormats,
): Promise<Opened> {
  return aboutFile(source.name, async () => {
    const opened = await (await knownFormat(source, formats)).read(source, options);
    return asAsked(opened, options, source.name);
  });
}

/** Labels where they are asked of an image whose format knows none: a mask as PNG, npy or DICOM. Throws LABELS_NOT_WHOLE. */
export function asAsked<T extends Opened>(opened: T, { as }: OpenOptions, name: string): T | LabelMap {
  if (as !== 'labels' || isSignal(opened) || isLabelMap(opened)) return opened;
  const { displayRange: _, ...image } = opened as MedicalImage; // no signal
  return { ...image, unit: 'label', labels: labelsIn(image.pixels, image, name) };
}

/** What a file says of itself, by its header. Throws as openSource does. */
export async function describeSource(
  source: ByteSource,
  options: DescribeOptions = {},
  formats: readonly FileFormat[] = portableFormats,
): Promise<FileDescription> {
  return aboutFile(source.name, async () => (await knownFormat(source, formats)).describe(source, options));
}

async function knownFormat(source: ByteSource, formats: readonly FileFormat[]): Promise<FileFormat> {
  if (source.size === 0) {
    const message = `${source.name} (0 bytes) is empty. Copy it again from its source, or take it out of the data.`;
    throw new HounsfieldError('IMAGE_UNREADABLE', message);
  }
  const format = await formatOf(source, formats);
  if (format) return format;
  const head = String.fromCharCode(...(await source.read(0, Math.min(source.size, 64))));
  const closed = KNOWN_BUT_CLOSED.find(([, offset, text]) => head.startsWith(text, offset));
  const names = [...new Set(formats.map(({ name }) => name))];
  throw new HounsfieldError(
    'IMAGE_FORMAT_UNKNOWN',
    `${source.name} is ${closed ? `a ${closed[0]} file` : 'of no known format'}; read are ${names.join(', ')}. ` +
      `${closed && PACKED.includes(closed[0]) ? 'Unpack' : 'Convert'} it, or take it out of the data.`,
  );
}
