import { HounsfieldError } from '../../../errors.ts';
import type { Geometry } from '../../geometry/geometry.ts';
import type { LabelMap, MedicalImage, PixelArray } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { allocate, gunzipSync } from '../gunzip.ts';
import { BYTES_OF, decodeValues, permuted, type StoredType } from '../stored-values.ts';
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
import { vtkAffine } from './vtk-legacy.ts';

const TYPES: Readonly<Record<string, StoredType>> = {
  Int8: 'int8',
  UInt8: 'uint8',
  Int16: 'int16',
  UInt16: 'uint16',
  Int32: 'int32',
  UInt32: 'uint32',
  Int64: 'int64',
  UInt64: 'uint64',
  Float32: 'float32',
  Float64: 'float64',
};

/** Longest XML that is looked at, data inside it included: 256 MiB. */
const MOST_XML = 1 << 28;

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Byte after the tag. */
  readonly end: number;
}

interface Header {
  readonly littleEndian: boolean;
  /** Bytes of the numbers that stand before binary data: UInt32 or UInt64. */
  readonly wordBytes: 4 | 8;
  readonly isCompressed: boolean;
  readonly sides: readonly [number, number, number];
  readonly type: StoredType;
  readonly channels: number;
  readonly format: string;
  readonly offset: number;
  /** Byte after the array's own tag. */
  readonly inlineStart: number;
  readonly appended: { readonly start: number; readonly isRaw: boolean } | undefined;
  readonly geometry: Geometry | undefined;
}

function isVti(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 1024));
  return /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<VTKFile\b[^>]*type\s*=\s*["']ImageData["']/.test(text);
}

/** Tags up to and with AppendedData, each with its attributes; text between them is skipped. */
function tagsOf(bytes: Uint8Array, name: string): Tag[] {
  const tags: Tag[] = [];
  for (let at = bytes.indexOf(60); at >= 0 && tags.length < 10_000; at = bytes.indexOf(60, at + 1)) {
    const stop = bytes.indexOf(62, at);
    if (stop < 0) throw headerFault(name, 'VTI', 'ends inside a tag');
    if (stop - at > 65536) throw headerFault(name, 'VTI', 'holds a tag longer than 64 KiB');
    const text = String.fromCharCode(...bytes.subarray(at + 1, stop));
    const match = /^([A-Za-z]+)/.exec(text);
    if (match) {
      const pairs = [...text.matchAll(/([A-Za-z_]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
      const attributes = new Map(pairs.map(([, key, one, two]) => [key!, one ?? two ?? ''] as const));
      tags.push({ name: match[1]!, attributes, end: stop + 1 });
    } else if (text.startsWith('/PointData') || text.startsWith('/CellData')) {
      tags.push({ name: text.trim(), attributes: new Map(), end: stop + 1 });
    }
    if (match?.[1] === 'AppendedData') break;
    at = stop;
  }
  return tags;
}

function numbersOf(text: string | undefined): number[] {
  return (text ?? '').trim().split(/\s+/).map(Number);
}

async function open(
  source: ByteSource,
  options: VolumeReadOptions,
): Promise<{ header: Header; bytes: Uint8Array }> {
  const { name } = source;
  if (source.size > MOST_XML * 8) {
    throw new HounsfieldError(
      'VOLUME_TOO_LARGE',
      `${name} is longer than the 2 GiB that are read of VTI. Write it as NRRD.`,
    );
  }
  const bytes = await source.read(0, source.size);
  if (!isVti(bytes)) throw headerFault(name, 'VTI', 'does not begin with a VTKFile of type ImageData');
  return { header: headerOf(tagsOf(bytes, name), bytes, name, options), bytes };
}

function headerOf(tags: readonly Tag[], bytes: Uint8Array, name: string, options: VolumeReadOptions): Header {
  const find = (tag: string) => tags.find((other) => other.name === tag);
  const [file, image, piece] = [find('VTKFile'), find('ImageData'), find('Piece')];
  if (!file || !image || !piece || tags.filter((tag) => tag.name === 'Piece').length > 1) {
    throw headerFault(
      name,
      'VTI',
      'does not hold one ImageData with one Piece',
      'Write the image in one piece',
    );
  }
  const compressor = file.attributes.get('compressor');
  if (compressor && compressor !== 'vtkZLibDataCompressor') {
    throw headerFault(
      name,
      'VTI',
      'names a compressor other than zlib',
      'Write it with vtkZLibDataCompressor',
    );
  }
  const { array, isCells } = arrayOf(tags, name);
  const type = TYPES[array.attributes.get('type') ?? ''];
  if (!type) throw typeFault(name, 'VTI', 'text, bits or an unknown type');
  const extent = numbersOf(piece.attributes.get('Extent') ?? image.attributes.get('WholeExtent'));
  if (extent.length !== 6) throw headerFault(name, 'VTI', 'has no Extent of six numbers');
  const sides = [0, 2, 4].map((i) => Math.max(1, extent[i + 1]! - extent[i]! + (isCells ? 0 : 1))) as [
    number,
    number,
    number,
  ]; // three
  const channels = Number(array.attributes.get('NumberOfComponents') ?? 1);
  countOf([...sides, channels], name, 'VTI');
  const offset = Number(array.attributes.get('offset') ?? 0);
  if (!Number.isSafeInteger(offset) || offset < 0) throw headerFault(name, 'VTI', 'gives an offset below 0');
  return {
    littleEndian: file.attributes.get('byte_order') !== 'BigEndian',
    wordBytes: file.attributes.get('header_type') === 'UInt64' ? 8 : 4,
    isCompressed: compressor !== undefined && compressor !== '',
    sides,
    type,
    channels,
    format: array.attributes.get('format') ?? 'ascii',
    offset,
    inlineStart: array.end,
    appended: appendedOf(find('AppendedData'), bytes),
    geometry: spaceOf(image, extent, isCells, name, options),
  };
}

/** The array that PointData (else CellData) names as its scalars, else its first. */
function arrayOf(tags: readonly Tag[], name: string): { array: Tag; isCells: boolean } {
  for (const holder of ['PointData', 'CellData']) {
    const start = tags.findIndex((tag) => tag.name === holder);
    if (start < 0) continue;
    const stop = tags.findIndex((tag, i) => i > start && tag.name === `/${holder}`);
    const arrays = tags.slice(start, stop < 0 ? undefined : stop).filter((tag) => tag.name === 'DataArray');
    const wanted = tags[start]!.attributes.get('Scalars');
    const array = arrays.find((tag) => tag.attributes.get('Name') === wanted) ?? arrays[0];
    if (array) return { array, isCells: holder === 'CellData' };
  }
  throw headerFault(name, 'VTI', 'describes no values of points or cells');
}

function appendedOf(tag: Tag | undefined, bytes: Uint8Array): Header['appended'] {
  if (!tag) return undefined;
  const mark = bytes.indexOf(95, tag.end);
  return mark < 0 ? undefined : { start: mark + 1, isRaw: tag.attributes.get('encoding') !== 'base64' };
}

/** Origin is where index 0 lies, which need not be in the extent; cells have their centres half a step on. */
function spaceOf(
  image: Tag,
  extent: readonly number[],
  isCells: boolean,
  name: string,
  options: VolumeReadOptions,
) {
  const triple = (key: string, otherwise: number[]) => {
    const values = image.attributes.has(key) ? numbersOf(image.attributes.get(key)) : otherwise;
    if (values.length !== otherwise.length)
      throw headerFault(name, 'VTI', `gives ${values.length} numbers for ${key}`);
    return values;
  };
  const spacing = triple('Spacing', [1, 1, 1]);
  const direction = triple('Direction', [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const zero = triple('Origin', [0, 0, 0]);
  const first = [0, 2, 4].map((i) => extent[i]! + (isCells ? 0.5 : 0));
  const start = zero.map((value, r) =>
    first.reduce((sum, index, c) => sum + direction[r * 3 + c]! * spacing[c]! * index, value),
  );
  return fileGeometry(vtkAffine(spacing, start, direction), name, 'image', options);
}

/**
 * Reads VTK's XML images (.vti) of one piece: text, base64, or appended raw or base64, plain or zlib. The array is the one
 * named as scalars of the points, else the first; its components are channels. The geometry's frame is 'image'.
 * Throws VOLUME_HEADER, VOLUME_TYPE, VOLUME_CUT, VOLUME_VALUES, GEOMETRY_INVALID, VOLUME_TOO_LARGE, LABELS_NOT_WHOLE and gunzip's errors.
 */
export async function readVti(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<MedicalImage | LabelMap> {
  const { header, bytes } = await open(source, options);
  const [width, height, depth] = header.sides;
  const { channels, type, geometry } = header;
  const stored = valuesOf(header, bytes, width * height * depth * channels, source.name, options);
  const pixels = permuted(stored, [width * height * depth, channels], [1, 0]);
  const shape = { channels, depth, height, width };
  return volume(pixels, shape, source.name, { bitDepth: BYTES_OF[type] * 8, geometry }, options);
}

function valuesOf(
  header: Header,
  bytes: Uint8Array,
  count: number,
  name: string,
  options: VolumeReadOptions,
): PixelArray {
  const { format, inlineStart, appended, type, littleEndian } = header;
  if (format === 'ascii') {
    const stop = bytes.indexOf(60, inlineStart);
    return parseTextValues(bytes.subarray(0, stop < 0 ? bytes.length : stop), inlineStart, count, type, name)
      .pixels;
  }
  const length = count * BYTES_OF[type];
  let packed: Uint8Array;
  if (format === 'appended') {
    if (!appended) throw headerFault(name, 'VTI', 'refers to appended data that are not there');
    const data = bytes.subarray(appended.start + header.offset);
    packed = appended.isRaw ? data : fromBase64(data, name);
  } else packed = fromBase64(bytes.subarray(inlineStart), name);
  const plain = header.isCompressed
    ? unpacked(packed, header, length, name)
    : counted(packed, header, length, name);
  return decodeValues(plain, type, count, littleEndian, () => options.onWarning?.(ROUNDED));
}

function word(bytes: Uint8Array, index: number, { wordBytes, littleEndian }: Header, name: string): number {
  const at = index * wordBytes;
  if (at + wordBytes > bytes.length) throw cutFault(name, at + wordBytes, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, wordBytes);
  return wordBytes === 4 ? view.getUint32(0, littleEndian) : Number(view.getBigUint64(0, littleEndian));
}

/** [bytes][data] */
function counted(packed: Uint8Array, header: Header, length: number, name: string): Uint8Array {
  const present = Math.min(word(packed, 0, header, name), packed.length - header.wordBytes);
  if (present < length) throw cutFault(name, length, present);
  return packed.subarray(header.wordBytes, header.wordBytes + length);
}

/** [blocks][bytes of a block][bytes of the last][packed bytes of each …][data] */
function unpacked(packed: Uint8Array, header: Header, length: number, name: string): Uint8Array {
  const blocks = word(packed, 0, header, name);
  const size = word(packed, 1, header, name);
  let at = (3 + blocks) * header.wordBytes;
  if (!(at <= packed.length)) throw cutFault(name, length, packed.length);
  if (length > packed.length * 1032) throw cutFault(name, length, packed.length);
  const out = allocate(length, name);
  let filled = 0;
  for (let i = 0; i < blocks; i++) {
    const bytes = word(packed, 3 + i, header, name);
    if (at + bytes > packed.length) throw cutFault(name, length, filled);
    const plain = gunzipSync(packed.subarray(at, at + bytes), Math.min(size, length - filled), name);
    out.set(plain, filled);
    filled += plain.length;
    at += bytes;
  }
  if (filled < length) throw cutFault(name, length, filled);
  return out;
}

/** Base64 up to the next tag; pieces that are padded on their own follow each other. */
function fromBase64(text: Uint8Array, name: string): Uint8Array {
  const stop = text.indexOf(60);
  const end = stop < 0 ? text.length : stop;
  const out = allocate(Math.ceil((end * 3) / 4), name);
  let to = 0;
  let hold = 0;
  let held = 0;
  for (let i = 0; i < end; i++) {
    const byte = text[i]!;
    if (byte === 61) {
      held = 0;
      hold = 0;
      continue;
    }
    const digit = digitOf(byte);
    if (digit < 0) continue;
    hold = ((hold << 6) | digit) & 0xffffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out[to++] = (hold >> held) & 255;
  }
  return out.subarray(0, to);
}

function digitOf(byte: number): number {
  if (byte >= 65 && byte <= 90) return byte - 65;
  if (byte >= 97 && byte <= 122) return byte - 71;
  if (byte >= 48 && byte <= 57) return byte + 4;
  return byte === 43 ? 62 : byte === 47 ? 63 : -1;
}

export async function vtiInfo(source: ByteSource, options: VolumeReadOptions = {}): Promise<VolumeInfo> {
  const { header } = await open(source, options);
  const [width, height, depth] = header.sides;
  return {
    format: 'VTI',
    storedType: header.type,
    byteOrder: header.format === 'ascii' ? 'text' : header.littleEndian ? 'little' : 'big',
    ...(header.isCompressed ? { compression: 'zlib' } : {}),
    timePoints: 1,
    channels: header.channels,
    depth,
    height,
    width,
    ...(header.geometry ? { geometry: header.geometry } : {}),
    isLabelMap: false,
    warnings: [],
  };
}

export const VTI: VolumeFormat = {
  name: 'VTI',
  extensions: ['.vti'],
  matches: isVti,
  read: readVti,
  info: vtiInfo,
};
