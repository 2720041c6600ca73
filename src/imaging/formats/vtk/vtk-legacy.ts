import { HounsfieldError } from '../../../errors.ts';
import type { Affine, Geometry } from '../../geometry/geometry.ts';
import { direction, origin, spacingMm } from '../../geometry/geometry.ts';
import type { LabelMap, MedicalImage, PixelArray } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { allocate } from '../gunzip.ts';
import {
  BYTES_OF,
  decodeValues,
  encodeValues,
  permuted,
  type StoredType,
  storedTypeOf,
} from '../stored-values.ts';
import { parseTextValues } from '../text-values.ts';
import {
  countOf,
  cutFault,
  fileGeometry,
  headerFault,
  ROUNDED,
  typeFault,
  type VolumeFormat,
  type VolumeInfo,
  type VolumeReadOptions,
  volume,
} from '../volume-file.ts';

/** Names of types in legacy files; long is eight bytes, as on the platforms that write it. */
const TYPES: Readonly<Record<string, StoredType>> = {
  char: 'int8',
  signed_char: 'int8',
  unsigned_char: 'uint8',
  short: 'int16',
  unsigned_short: 'uint16',
  int: 'int32',
  unsigned_int: 'uint32',
  long: 'int64',
  unsigned_long: 'uint64',
  vtktypeint64: 'int64',
  vtktypeuint64: 'uint64',
  vtkidtype: 'int64',
  float: 'float32',
  double: 'float64',
};
const NAMES = {
  int8: 'char',
  uint8: 'unsigned_char',
  int16: 'short',
  uint16: 'unsigned_short',
  int32: 'int',
  uint32: 'unsigned_int',
  float32: 'float',
  float64: 'double',
} as const;

interface Header {
  readonly isText: boolean;
  readonly isFraction: boolean;
  readonly sides: readonly [number, number, number];
  readonly type: StoredType;
  readonly channels: number;
  readonly geometry: Geometry | undefined;
  /** Byte where the values begin. */
  readonly start: number;
}

const MOST_HEADER = 1 << 18;

function isVtkLegacy(head: Uint8Array): boolean {
  return /^# vtk DataFile Version/i.test(String.fromCharCode(...head.subarray(0, 40)));
}

/** Lines of the header, one at a time. */
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function nextLine(cursor: Cursor): string | undefined {
  if (cursor.at >= cursor.bytes.length) return undefined;
  const stop = cursor.bytes.indexOf(10, cursor.at);
  const end = stop < 0 ? cursor.bytes.length : stop;
  const line = String.fromCharCode(...cursor.bytes.subarray(cursor.at, Math.min(end, cursor.at + 1024)));
  cursor.at = end + 1;
  return line.trim();
}

/** What a file says of one array. */
interface FileArray {
  readonly type: string;
  readonly channels: number;
  readonly hasTable: boolean;
  /** Bytes written as fractions of 255. */
  readonly isFraction?: boolean;
}

/** A scalar, vector, normal, tensor or colour array: what its first line says. */
function arrayOf(words: readonly string[], isText: boolean): FileArray | undefined {
  const [kind, , type = '', count = '1'] = words as [string, ...string[]];
  switch (kind.toUpperCase()) {
    case 'SCALARS':
      return { type, channels: Number(count), hasTable: true };
    case 'VECTORS':
    case 'NORMALS':
      return { type, channels: 3, hasTable: false };
    case 'TENSORS':
      return { type, channels: 9, hasTable: false };
    case 'COLOR_SCALARS': // bytes in binary files, fractions of 255 in text
      return { type: 'unsigned_char', channels: Number(type), hasTable: false, isFraction: isText };
    default:
      return undefined;
  }
}

async function headerOf(source: ByteSource, options: VolumeReadOptions): Promise<Header> {
  const { name } = source;
  const bytes = await source.read(0, Math.min(source.size, MOST_HEADER));
  if (!isVtkLegacy(bytes)) throw headerFault(name, 'VTK', 'does not begin with "# vtk DataFile Version"');
  const cursor: Cursor = { bytes, at: 0 };
  nextLine(cursor);
  nextLine(cursor);
  const isText = nextLine(cursor)?.toUpperCase() === 'ASCII';
  const numbers = new Map<string, number[]>();
  for (let line = nextLine(cursor); line !== undefined; line = nextLine(cursor)) {
    const words = line.split(/\s+/);
    const key = words[0]!.toLowerCase();
    if (key === 'dataset' && words[1]?.toUpperCase() !== 'STRUCTURED_POINTS') {
      throw headerFault(
        name,
        'VTK',
        'describes something other than STRUCTURED_POINTS',
        'Only images are read here',
      );
    }
    if (/^(dimensions|spacing|aspect_ratio|origin|direction)$/.test(key)) {
      numbers.set(key, words.slice(1).map(Number));
    }
    const array = arrayOf(words, isText) ?? fieldArray(words, cursor);
    if (!array) continue;
    const before = cursor.at;
    if (array.hasTable && !/^LOOKUP_TABLE/i.test(nextLine(cursor) ?? '')) cursor.at = before;
    return finished(numbers, array, isText, cursor.at, name, options);
  }
  throw headerFault(name, 'VTK', 'describes no values of points or cells');
}

/** FIELD name count: the first array that follows, "name components tuples type". */
function fieldArray(words: readonly string[], cursor: Cursor): FileArray | undefined {
  if (words[0]!.toUpperCase() !== 'FIELD') return undefined;
  const line = nextLine(cursor)?.split(/\s+/) ?? [];
  return line.length === 4 ? { type: line[3]!, channels: Number(line[1]), hasTable: false } : undefined;
}

function finished(
  numbers: ReadonlyMap<string, number[]>,
  array: FileArray,
  isText: boolean,
  start: number,
  name: string,
  options: VolumeReadOptions,
): Header {
  const three = (key: string): number[] | undefined => {
    const values = numbers.get(key);
    if (values && values.length !== 3)
      throw headerFault(name, 'VTK', `gives ${values.length} numbers for ${key}, where three belong`);
    return values;
  };
  const sides = three('dimensions');
  if (!sides) throw headerFault(name, 'VTK', 'has no DIMENSIONS before its values');
  const type = TYPES[array.type.toLowerCase()];
  if (!type) throw typeFault(name, 'VTK', 'bits or an unknown type');
  countOf([...sides, array.channels], name, 'VTK');
  const d = numbers.get('direction');
  const affine = vtkAffine(
    three('spacing') ?? three('aspect_ratio') ?? [1, 1, 1],
    three('origin') ?? [0, 0, 0],
    d?.length === 9 ? d : undefined,
  );
  return {
    isText,
    isFraction: array.isFraction === true,
    sides: sides as [number, number, number], // length checked
    type,
    channels: array.channels,
    geometry: fileGeometry(affine, name, 'image', options),
    start,
  };
}

/** Row-major direction, columns the axes. */
export function vtkAffine(
  spacing: readonly number[],
  start: readonly number[],
  matrix: readonly number[] = [1, 0, 0, 0, 1, 0, 0, 0, 1],
): Affine {
  const row = (r: number) => [...[0, 1, 2].map((c) => matrix[r * 3 + c]! * spacing[c]!), start[r]!];
  return [...row(0), ...row(1), ...row(2)] as unknown as Affine; // three rows of four
}

/**
 * Reads VTK's legacy image files (DATASET STRUCTURED_POINTS), text or binary (big endian): the first array, its components
 * as channels. VTK knows no patient, so the geometry's frame is 'image'. Throws VOLUME_HEADER, VOLUME_TYPE, VOLUME_CUT,
 * VOLUME_VALUES, GEOMETRY_INVALID, LABELS_NOT_WHOLE.
 */
export async function readVtkLegacy(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<MedicalImage | LabelMap> {
  const { isText, isFraction, sides, type, channels, geometry, start } = await headerOf(source, options);
  const [width, height, depth] = sides;
  const count = width * height * depth * channels;
  const length = isText ? source.size - start : count * BYTES_OF[type];
  if (!isText && start + length > source.size)
    throw cutFault(source.name, length, Math.max(0, source.size - start));
  const bytes = await source.read(start, Math.max(0, length));
  const warn = () => options.onWarning?.(ROUNDED);
  const stored = isText
    ? textValues(bytes, count, isFraction, type, source.name)
    : decodeValues(bytes, type, count, false, warn);
  const pixels = permuted(stored, [depth * height * width, channels], [1, 0]);
  const shape = { channels, depth, height, width };
  return volume(pixels, shape, source.name, { bitDepth: BYTES_OF[type] * 8, geometry }, options);
}

function textValues(
  bytes: Uint8Array,
  count: number,
  isFraction: boolean,
  type: StoredType,
  name: string,
): PixelArray {
  if (!isFraction) return parseTextValues(bytes, 0, count, type, name).pixels;
  const { pixels } = parseTextValues(bytes, 0, count, 'float64', name);
  return Uint8Array.from(pixels, (fraction) => Math.floor(fraction * 255 + 0.5));
}

export async function vtkLegacyInfo(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<VolumeInfo> {
  const { isText, sides, type, channels, geometry } = await headerOf(source, options);
  const [width, height, depth] = sides;
  return {
    format: 'VTK',
    storedType: type,
    byteOrder: isText ? 'text' : 'big',
    timePoints: 1,
    channels,
    depth,
    height,
    width,
    ...(geometry ? { geometry } : {}),
    isLabelMap: false,
    warnings: [],
  };
}

/**
 * A binary legacy file, version 3.0, of one time point; its name for one channel is "values". The format has no direction,
 * so an image whose axes are not along the world's is refused. Throws VOLUME_WRITE.
 */
export async function writeVtkLegacy(image: MedicalImage): Promise<Uint8Array> {
  const { geometry, channels, width, height, depth } = image;
  const axes = geometry ? direction(geometry) : [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const isAlong = axes.every((value, i) => Math.abs(value - (i % 4 === 0 ? 1 : 0)) < 1e-6);
  if (image.timePoints > 1 || !isAlong) {
    throw new HounsfieldError(
      'VOLUME_WRITE',
      `VTK's legacy format holds one time point with axes along L, P and S; the image has ${image.timePoints} time ` +
        'point(s). Orient it to LPS first, or write NIfTI, NRRD or MetaImage.',
    );
  }
  const values = encodeValues(permuted(image.pixels, [channels, width * height * depth], [1, 0]), false); // [DHW, C]
  const head = [
    '# vtk DataFile Version 3.0',
    'Image',
    'BINARY',
    'DATASET STRUCTURED_POINTS',
    `DIMENSIONS ${width} ${height} ${depth}`,
    `SPACING ${(geometry ? spacingMm(geometry) : [1, 1, 1]).join(' ')}`,
    `ORIGIN ${(geometry ? origin(geometry) : [0, 0, 0]).join(' ')}`,
    `POINT_DATA ${width * height * depth}`,
    `SCALARS values ${NAMES[storedTypeOf(image.pixels)]} ${channels}`,
    'LOOKUP_TABLE default\n',
  ].join('\n');
  const text = new TextEncoder().encode(head);
  const bytes = allocate(text.length + values.length + 1, 'the VTK file');
  bytes.set(text);
  bytes.set(values, text.length);
  bytes[bytes.length - 1] = 10;
  return bytes;
}

export const VTK_LEGACY: VolumeFormat = {
  name: 'VTK',
  extensions: ['.vtk'],
  matches: isVtkLegacy,
  read: readVtkLegacy,
  info: vtkLegacyInfo,
  write: writeVtkLegacy,
};
