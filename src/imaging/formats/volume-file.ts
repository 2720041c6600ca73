import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import { type Affine, flipRasLps, type Geometry, geometry } from '../geometry/geometry.ts';
import {
  type ImageShape,
  type Label,
  type LabelMap,
  labelMap,
  type MedicalImage,
  medicalImage,
  type PixelArray,
} from '../image/medical-image.ts';
import type { ByteSource } from './byte-source.ts';
import { type Companion, companionName } from './companion.ts';
import { allocate, gunzip, isGzip } from './gunzip.ts';

/** Something in a file that was read in spite of a fault; never a header's own text. */
export interface FormatWarning {
  readonly code: string;
  readonly message: string;
}

export interface VolumeReadOptions {
  /** 'scaled' (default) applies the file's slope and intercept; 'stored' leaves the numbers as they are in the file. */
  readonly values?: 'scaled' | 'stored';
  /** 'labels' makes a LabelMap of an image of whole numbers. Default: what the file says, else an image. */
  readonly as?: 'image' | 'labels';
  /** 'drop' reads an image whose affine is unusable without a geometry. Default 'throw'. */
  readonly badGeometry?: 'throw' | 'drop';
  /** Opens the file of the given name beside this one: the data of a header, or the header of data. */
  readonly companion?: Companion;
  readonly onWarning?: (warning: FormatWarning) => void;
}

/** What a volume's header says, without its pixels and without any text of it. */
export interface VolumeInfo extends Required<ImageShape> {
  /** 'NIfTI-1', 'NRRD', … */
  readonly format: string;
  /** The file's own type: 'int16', 'RGB24', 'complex64'. */
  readonly storedType: string;
  readonly byteOrder: 'little' | 'big' | 'text';
  /** 'gzip', 'zlib', 'bzip2' where the data are packed. */
  readonly compression?: string;
  readonly geometry?: Geometry;
  readonly timeStepS?: number;
  readonly scale?: { readonly slope: number; readonly intercept: number };
  readonly isLabelMap: boolean;
  /** Files that hold the data when the header does not. */
  readonly dataFiles?: readonly string[];
  readonly warnings: readonly FormatWarning[];
}

/** What every volume format offers, so that a table can list it. */
export interface VolumeFormat {
  readonly name: string;
  /** As in file names, lower case, longest first. */
  readonly extensions: readonly string[];
  /** By content: `head` is the first 4096 bytes or more, unpacked where the file is gzipped (see plainHead). */
  matches(head: Uint8Array, name: string): boolean;
  read(source: ByteSource, options?: VolumeReadOptions): Promise<MedicalImage | LabelMap>;
  info(source: ByteSource, options?: VolumeReadOptions): Promise<VolumeInfo>;
  /** The bytes of one file; `name` decides between variants, as .nii and .nii.gz. */
  write?(image: MedicalImage, name: string): Promise<Uint8Array>;
}

/** Bytes that may follow the data that a header of a compressed file promises. */
export const SLACK_BYTES = 1 << 20;

export function headerFault(name: string, format: string, fault: string, remedy?: string): HounsfieldError {
  const way =
    remedy ?? 'Write the file again with the program that made it, or copy it again from its source';
  return new HounsfieldError('VOLUME_HEADER', `${name}: its ${format} header ${fault}. ${way}.`);
}

export function typeFault(name: string, format: string, type: string): HounsfieldError {
  return new HounsfieldError(
    'VOLUME_TYPE',
    `${name} stores its values as ${type}, which is not read from ${format}. Convert it to an integer or floating-point ` +
      'type of at most 64 bits.',
  );
}

export function cutFault(name: string, promised: number, present: number): HounsfieldError {
  return new HounsfieldError(
    'VOLUME_CUT',
    `${name} holds ${present} bytes of data where its header promises ${promised}. Copy it again from its source.`,
  );
}

/** The product of the sides. Throws VOLUME_HEADER unless each is a whole number of at least 1. */
export function countOf(sides: readonly number[], name: string, format: string): number {
  if (!sides.every((side) => Number.isSafeInteger(side) && side >= 1)) {
    throw headerFault(name, format, `gives sides of ${sides.join(' x ')}, where each must be at least 1`);
  }
  const count = sides.reduce((product, side) => product * side, 1);
  if (!Number.isSafeInteger(count * 16)) {
    throw headerFault(name, format, `gives sides of ${sides.join(' x ')}, more than can be addressed`);
  }
  return count;
}

/**
 * Bytes offset..offset+length of a file, of its unpacked content where it is gzipped. Throws VOLUME_CUT when they are
 * not there, and gunzip's errors.
 */
export async function readData(
  source: ByteSource,
  offset: number,
  length: number,
  warn: (warning: FormatWarning) => void = () => {},
): Promise<Uint8Array> {
  if (!isGzip(await source.read(0, 3))) {
    if (offset + length > source.size) throw cutFault(source.name, length, Math.max(0, source.size - offset));
    return readPieces(source, offset, length);
  }
  // deflate packs at most 1032 to 1, so a promise beyond that is broken before anything is unpacked
  if (offset + length > source.size * 1032) throw cutFault(source.name, length, source.size);
  const plain = await gunzip(source, offset + length + SLACK_BYTES);
  const present = plain.length - offset;
  if (present < length) throw cutFault(source.name, length, Math.max(0, present));
  if (present > length) warn(trailing(present - length));
  return plain.subarray(offset, offset + length);
}

/** Node reads no more than 2 GiB at once. */
const LARGEST_READ = 2 ** 30;

async function readPieces(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  if (length <= LARGEST_READ) return source.read(offset, length);
  const out = allocate(length, source.name);
  for (let at = 0; at < length; at += LARGEST_READ) {
    out.set(await source.read(offset + at, Math.min(LARGEST_READ, length - at)), at);
  }
  return out;
}

export function trailing(bytes: number): FormatWarning {
  return {
    code: 'VOLUME_TRAILING',
    message: `${bytes} bytes follow the data that the header promises; not read.`,
  };
}

export const ROUNDED: FormatWarning = {
  code: 'VOLUME_ROUNDED',
  message: 'Some 64-bit integers lie beyond 2^53 and were rounded to the nearest float64.',
};

/** An affine as a Geometry; errors name the file. Undefined where options say to drop an unusable one. */
export function fileGeometry(
  affine: Affine,
  name: string,
  frame: Geometry['frame'],
  options: VolumeReadOptions = {},
): Geometry | undefined {
  try {
    return geometry(affine, frame);
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
    if (options.badGeometry === 'drop') {
      const message = 'The affine is not finite or has no inverse; the image has no geometry.';
      options.onWarning?.({ code: error.code, message });
      return undefined;
    }
    throw new HounsfieldError(
      'GEOMETRY_INVALID',
      `${name}: ${error.message.slice(error.code.length + 2)} Or read it without a place in space (badGeometry: 'drop').`,
      { cause: error },
    );
  }
}

/** As fileGeometry, of an affine to RAS. */
export function rasGeometry(
  ras: Affine,
  name: string,
  frame: Geometry['frame'],
  options: VolumeReadOptions = {},
): Geometry | undefined {
  return fileGeometry(ras.every(Number.isFinite) ? flipRasLps(ras) : ras, name, frame, options);
}

/** The image of what was read, or the label map. Throws LABELS_NOT_WHOLE when labels are asked of fractions. */
export function volume(
  pixels: PixelArray,
  shape: ImageShape,
  name: string,
  parts: {
    readonly bitDepth: number;
    readonly geometry?: Geometry | undefined;
    readonly timeStepS?: number | undefined;
    /** Given where the file itself says that it is a label map. */
    readonly labels?: readonly Label[] | 'present' | undefined;
  },
  options: VolumeReadOptions = {},
): MedicalImage | LabelMap {
  const more = {
    ...(parts.geometry ? { geometry: parts.geometry } : {}),
    ...(parts.timeStepS === undefined ? {} : { timeStepS: parts.timeStepS }),
  };
  const isMap = options.as === 'labels' || (options.as === undefined && parts.labels !== undefined);
  if (!isMap) return medicalImage(pixels, shape, parts.bitDepth, 'arbitrary', more);
  if (parts.labels === 'present' && options.as === undefined) {
    try {
      return labelMap(pixels, shape, labelsIn(pixels, shape, name), more);
    } catch (error) {
      if (!isHounsfieldError(error, 'LABELS_NOT_WHOLE')) throw error;
      const message = 'The file calls itself a label map, but holds fractions; it is read as an image.';
      options.onWarning?.({ code: 'LABELS_NOT_WHOLE', message });
      return medicalImage(pixels, shape, parts.bitDepth, 'arbitrary', more);
    }
  }
  const labels = Array.isArray(parts.labels)
    ? (parts.labels as readonly Label[])
    : labelsIn(pixels, shape, name); // not the word
  return labelMap(pixels, shape, labels, more);
}

/** Most labels that are listed; an image with more different values is no label map. */
const MOST_LABELS = 65536;

/** Every value but 0 as a label of its number, layer by layer. */
export function labelsIn(pixels: PixelArray, shape: ImageShape, name: string): Label[] {
  const { timePoints = 1, channels = 1 } = shape;
  const plane = pixels.length / timePoints / channels;
  const labels: Label[] = [];
  for (let c = 0; c < channels; c++) {
    for (const value of valuesIn(pixels, c * plane, plane, channels * plane, timePoints, name)) {
      labels.push({ value, name: `label ${value}`, ...(channels > 1 ? { channel: c } : {}) });
    }
  }
  return labels;
}

function valuesIn(
  pixels: PixelArray,
  start: number,
  length: number,
  stride: number,
  repeats: number,
  name: string,
): number[] {
  const seen = new Set<number>();
  let last = 0;
  for (let t = 0; t < repeats; t++) {
    for (let i = start + t * stride, end = i + length; i < end; i++) {
      const value = pixels[i]!;
      if (value === last) continue;
      last = value;
      seen.add(value);
      if (!Number.isInteger(value) || seen.size > MOST_LABELS) {
        throw new HounsfieldError(
          'LABELS_NOT_WHOLE',
          `${name} holds fractions, or more than ${MOST_LABELS} different values, and cannot be a label map. ` +
            "Read it as an image (as: 'image').",
        );
      }
    }
  }
  seen.delete(0);
  return [...seen].sort((a, b) => a - b);
}

/** A file's last name, without its folders. */
export function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}

/**
 * The file that a header names, through the reader's `companion`. Throws COMPANION_OUTSIDE when the name leaves the
 * header's folder, COMPANION_NEEDED when no `companion` was given.
 */
export async function openCompanion(
  name: string,
  header: string,
  companion: VolumeReadOptions['companion'],
): Promise<ByteSource> {
  const inside = companionName(name, header);
  if (!companion) {
    throw new HounsfieldError(
      'COMPANION_NEEDED',
      `${header} keeps part of the image in another file. Pass companion, which opens a file of the same folder by name.`,
    );
  }
  return companion(inside);
}
