import type { LabelMap, MedicalImage } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { isGzip, plainHead } from '../gunzip.ts';
import { BYTES_OF, decodeValues, type StoredType } from '../stored-values.ts';
import {
  countOf,
  fileGeometry,
  headerFault,
  readData,
  typeFault,
  type VolumeFormat,
  type VolumeInfo,
  type VolumeReadOptions,
  volume,
} from '../volume-file.ts';

const HEADER_BYTES = 256;
/** Guy's Image Processing Lab format: both magic numbers in use, at byte 252, big-endian as all of the file. */
const MAGICS = new Set([0xefffe9b0, 0x2ae389b8]);

const TYPES: Readonly<Record<number, StoredType>> = {
  7: 'int8',
  8: 'uint8',
  15: 'int16',
  16: 'uint16',
  31: 'uint32',
  32: 'int32',
  64: 'float32',
  65: 'float64',
};
const REFUSED: Readonly<Record<number, string>> = {
  1: 'bits',
  144: 'complex int16',
  160: 'complex int32',
  192: 'complex64',
  193: 'complex128',
};

function isGipl(head: Uint8Array): boolean {
  if (head.length < HEADER_BYTES) return false;
  return MAGICS.has(new DataView(head.buffer, head.byteOffset, head.length).getUint32(252));
}

async function headerOf(source: ByteSource, options: VolumeReadOptions) {
  const { name } = source;
  const head = await plainHead(source, HEADER_BYTES);
  if (!isGipl(head)) throw headerFault(name, 'GIPL', 'has no magic number at byte 252');
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const sides = [0, 2, 4, 6].map((at) => Math.max(1, view.getUint16(at))) as [number, number, number, number]; // four offsets
  const type = TYPES[view.getUint16(8)];
  if (!type) throw typeFault(name, 'GIPL', REFUSED[view.getUint16(8)] ?? `type code ${view.getUint16(8)}`);
  const count = countOf(sides, name, 'GIPL');
  const size = [10, 14, 18]
    .map((at) => view.getFloat32(at))
    .map((value) => (value === 0 ? 1 : Math.abs(value)));
  const origin = [204, 212, 220].map((at) => view.getFloat64(at));
  const [x, y, z] = size as [number, number, number]; // three offsets
  const affine = [x, 0, 0, origin[0]!, 0, y, 0, origin[1]!, 0, 0, z, origin[2]!] as const;
  const geometry = fileGeometry(affine, name, 'image', options);
  const [width, height, depth, timePoints] = sides;
  return { width, height, depth, timePoints, type, count, geometry };
}

/**
 * Reads GIPL, gzipped or not: spacing and origin as ITK's reader takes them, axes along the world's. The format knows no
 * patient, so the geometry's frame is 'image'. Throws VOLUME_HEADER, VOLUME_TYPE, VOLUME_CUT, GEOMETRY_INVALID,
 * LABELS_NOT_WHOLE and gunzip's errors.
 */
export async function readGipl(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<MedicalImage | LabelMap> {
  const { type, count, geometry, ...shape } = await headerOf(source, options);
  const bytes = await readData(source, HEADER_BYTES, count * BYTES_OF[type], options.onWarning);
  const pixels = decodeValues(bytes, type, count, false);
  return volume(pixels, shape, source.name, { bitDepth: BYTES_OF[type] * 8, geometry }, options);
}

export async function giplInfo(source: ByteSource, options: VolumeReadOptions = {}): Promise<VolumeInfo> {
  const { type, geometry, width, height, depth, timePoints } = await headerOf(source, options);
  return {
    format: 'GIPL',
    storedType: type,
    byteOrder: 'big',
    ...(isGzip(await source.read(0, 3)) ? { compression: 'gzip' } : {}),
    timePoints,
    channels: 1,
    depth,
    height,
    width,
    ...(geometry ? { geometry } : {}),
    isLabelMap: false,
    warnings: [],
  };
}

export const GIPL: VolumeFormat = {
  name: 'GIPL',
  extensions: ['.gipl.gz', '.gipl'],
  matches: isGipl,
  read: readGipl,
  info: giplInfo,
};
