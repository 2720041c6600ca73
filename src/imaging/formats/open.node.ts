import { stat } from 'node:fs/promises';
import { HounsfieldError } from '../../errors.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import type { ByteSource } from './byte-source.ts';
import { companionsOf } from './companion-files.node.ts';
import { csvSignalFormat } from './csv-signal/read-csv-signal.ts';
import { readDicomSeries } from './dicom/series/read-dicom-series.node.ts';
import {
  type DescribeOptions,
  type FileDescription,
  type FileFormat,
  isSignal,
  type Opened,
  type OpenOptions,
} from './file-format.ts';
import { fileSource } from './file-source.node.ts';
import { asAsked, describeSource, formatOf, HEAD_BYTES, openSource, portableFormats } from './open-source.ts';
import { rasterFormats } from './raster-formats.node.ts';
import { signalFormats } from './signal-formats.ts';

/** Every format that is read from disk. */
export const fileFormats: readonly FileFormat[] = [...rasterFormats, ...portableFormats];

const signals = [...signalFormats, csvSignalFormat].map(({ name }) => name);
const imageFormats = fileFormats.filter(({ name }) => !signals.includes(name));

/** Files that hold the data of a header beside them, and that header's extension. */
const HEADER_OF: readonly (readonly [data: string, headers: readonly string[]])[] = [
  ['.img.gz', ['.hdr.gz', '.hdr']],
  ['.img', ['.hdr', '.hdr.gz']],
  ['.zraw', ['.mhd']],
  ['.raw', ['.mhd', '.nhdr']],
  ['.raw.gz', ['.nhdr']],
  ['.dat', ['.hea']],
  ['.atr', ['.hea']],
];

/**
 * Opens any file that Hounsfield reads, or a folder with one DICOM series: an image, a label map or a signal. The format
 * is found by content, not by extension; of a pair of header and data either may be named.
 * Throws FILE_MISSING, FILE_UNREADABLE, IMAGE_FORMAT_UNKNOWN, IMAGE_UNREADABLE and what the format's reader throws.
 *
 * @example const ct = await open('study/series-3'); // ct.pixels in HU, ct.geometry in LPS mm
 */
export async function open(path: string, options: OpenOptions = {}): Promise<Opened> {
  if (await isFolder(path)) return openFolder(path, options);
  return withFile(path, (source, found) =>
    openSource(source, { companion: companionsOf(found), ...options }, fileFormats),
  );
}

/** As `open`, where only an image will do. Throws NOT_AN_IMAGE for a signal. */
export async function openImage(path: string, options: OpenOptions = {}): Promise<MedicalImage> {
  const opened = await open(path, options);
  if (!isSignal(opened)) return opened;
  throw new HounsfieldError(
    'NOT_AN_IMAGE',
    `${path} holds a recording of ${opened.channels.length} channels, where an image is expected. Take it out, or open ` +
      'it as a signal.',
  );
}

/** What a file says of itself, by its header; what may name the patient only if asked. Throws as `open` does. */
export async function describeFile(path: string, options: DescribeOptions = {}): Promise<FileDescription> {
  return withFile(path, (source, found) =>
    describeSource(source, { companion: companionsOf(found), ...options }, fileFormats),
  );
}

/** True when a file's content is that of an image format here. Never throws for what cannot be read: that is false. */
export async function isReadableImage(path: string): Promise<boolean> {
  return (await matching(path, imageFormats)) !== undefined;
}

/** The name of a file's format by its content; undefined where it is none, or cannot be read. */
export async function fileFormatName(path: string): Promise<string | undefined> {
  return (await matching(path, fileFormats))?.name;
}

async function matching(path: string, formats: readonly FileFormat[]): Promise<FileFormat | undefined> {
  const source = await fileSource(path).catch(() => undefined);
  if (!source) return undefined;
  try {
    return await formatOf(source, formats);
  } catch {
    return undefined;
  } finally {
    await source.close();
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

async function openFolder(path: string, options: OpenOptions): Promise<MedicalImage> {
  const { values, series, stack, suv, stacking, onProgress, onWarning, signal } = options;
  if (options.frame !== undefined) {
    const message = `frame ${options.frame} was asked for, and ${path} is a folder. Name one of its files, or take a slice of the series.`;
    throw new HounsfieldError('DICOM_FRAME_INDEX', message);
  }
  const image = await readDicomSeries(path, {
    ...stacking,
    values: values === 'stored' ? 'stored' : 'modality',
    ...(series === undefined ? {} : { series }),
    ...(stack === undefined ? {} : { stack }),
    ...(suv ? { unit: suv } : {}),
    ...(onProgress ? { onProgress } : {}),
    ...(onWarning ? { onWarning } : {}),
    ...(signal ? { signal } : {}),
  });
  return asAsked(image, options, path);
}

async function withFile<T>(
  path: string,
  work: (source: ByteSource, found: string) => Promise<T>,
): Promise<T> {
  const found = await headerOf(path);
  const source = await fileSource(found);
  try {
    return await work(source, found);
  } finally {
    await source.close();
  }
}

/** The path, or that of the header beside it where the path names bare data. */
async function headerOf(path: string): Promise<string> {
  const lower = path.toLowerCase();
  const [extension, headers] = HEADER_OF.find(([data]) => lower.endsWith(data)) ?? [];
  if (!extension || !headers) return path;
  const source = await fileSource(path);
  try {
    if (source.size >= HEAD_BYTES && (await formatOf(source, fileFormats))) return path;
  } finally {
    await source.close();
  }
  const stem = path.slice(0, -extension.length);
  for (const header of headers) {
    if ((await stat(stem + header).catch(() => undefined))?.isFile()) return stem + header;
  }
  return path;
}
