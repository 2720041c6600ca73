import type { Affine, Geometry } from '../../geometry/geometry.ts';
import type { LabelMap, MedicalImage } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { joinedData, sourceFrom } from '../data-files.ts';
import { gunzip } from '../gunzip.ts';
import { BYTES_OF, decodeValues, permuted } from '../stored-values.ts';
import { parseTextValues } from '../text-values.ts';
import {
  countOf,
  cutFault,
  type FormatWarning,
  fileGeometry,
  headerFault,
  ROUNDED,
  SLACK_BYTES,
  trailing,
  type VolumeInfo,
  type VolumeReadOptions,
  volume,
} from '../volume-file.ts';
import { type MetaImageHeader, readMetaImageHeader } from './metaimage-header.ts';

/**
 * Reads MetaImage: .mha, or .mhd with its data in one file, a LIST or a pattern (through `companion`); raw, zlib or text.
 * The world is the patient's LPS, mm, as in ITK; a fourth axis is time, further ones are channels. CenterOfRotation does
 * not move voxels and is not used. Throws VOLUME_HEADER, VOLUME_TYPE, VOLUME_CUT, VOLUME_VALUES, COMPANION_OUTSIDE,
 * COMPANION_NEEDED, GEOMETRY_INVALID, LABELS_NOT_WHOLE and gunzip's errors.
 */
export async function readMetaImage(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<MedicalImage | LabelMap> {
  const header = await readMetaImageHeader(source);
  const shape = shapeOf(header, source.name);
  const geometry = spaceOf(header, source.name, options);
  const { width, height, depth, timePoints, channels, more } = shape;
  const stored = await readValues(source, header, shape.count, options);
  const voxels = width * height * depth;
  const pixels = permuted(stored, [more, timePoints, voxels, header.channels], [1, 0, 3, 2]); // [M, T, DHW, C] to [T, M, C, DHW]
  return volume(
    pixels,
    { timePoints, channels, depth, height, width },
    source.name,
    { bitDepth: BYTES_OF[header.type] * 8, geometry },
    options,
  );
}

export async function metaImageInfo(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<VolumeInfo> {
  const header = await readMetaImageHeader(source);
  const { width, height, depth, timePoints, channels } = shapeOf(header, source.name);
  const warnings: FormatWarning[] = [];
  const geometry = spaceOf(header, source.name, {
    ...options,
    onWarning: (warning) => warnings.push(warning),
  });
  return {
    format: 'MetaImage',
    storedType: header.type,
    byteOrder: header.isText ? 'text' : header.littleEndian ? 'little' : 'big',
    ...(header.isCompressed ? { compression: 'zlib' } : {}),
    timePoints,
    channels,
    depth,
    height,
    width,
    ...(geometry ? { geometry } : {}),
    isLabelMap: false,
    ...(header.dataFiles.length > 0 ? { dataFiles: header.dataFiles } : {}),
    warnings,
  };
}

function shapeOf({ sizes, channels }: MetaImageHeader, name: string) {
  const count = countOf([...sizes, channels], name, 'MetaImage');
  const [width, height = 1, depth = 1, timePoints = 1, ...rest] = sizes as [number, ...number[]]; // one at least
  const more = rest.reduce((product, side) => product * side, 1);
  return { width, height, depth, timePoints, more, channels: more * channels, count };
}

function spaceOf(header: MetaImageHeader, name: string, options: VolumeReadOptions): Geometry | undefined {
  const { sizes, spacing, offset, transform } = header;
  if (!spacing && !offset && !transform) return undefined;
  const axes = sizes.length;
  const at = (row: number, axis: number) => {
    if (row >= axes || axis >= axes) return row === axis ? 1 : 0;
    return (transform?.[axis * axes + row] ?? (row === axis ? 1 : 0)) * (spacing?.[axis] ?? 1);
  };
  const affine = [0, 1, 2].flatMap((row) => [...[0, 1, 2].map((axis) => at(row, axis)), offset?.[row] ?? 0]);
  return fileGeometry(affine as unknown as Affine, name, 'patient', options); // three rows of four
}

async function readValues(
  source: ByteSource,
  header: MetaImageHeader,
  count: number,
  options: VolumeReadOptions,
) {
  const warn = options.onWarning ?? (() => {});
  const { type, dataFiles, littleEndian } = header;
  if (header.isText) {
    if (dataFiles.length > 1)
      throw headerFault(source.name, 'MetaImage', 'spreads text over several files, which is not read');
    return textValues(source, header, count, options);
  }
  const length = count * BYTES_OF[type];
  const bytes =
    dataFiles.length === 0
      ? await fileBytes(sourceFrom(source, header.end), header, length, warn)
      : await joinedData(dataFiles, length, source, options, (file, share) =>
          fileBytes(file, header, share, warn),
        );
  return decodeValues(bytes, type, count, littleEndian, () => warn(ROUNDED));
}

async function textValues(
  source: ByteSource,
  header: MetaImageHeader,
  count: number,
  options: VolumeReadOptions,
) {
  if (header.dataFiles.length === 0) {
    const bytes = await source.read(header.end, Math.max(0, source.size - header.end));
    return parseTextValues(bytes, 0, count, header.type, source.name).pixels;
  }
  let text: Uint8Array = new Uint8Array(0);
  await joinedData(header.dataFiles, 1, source, options, async (file) => {
    text = await file.read(0, file.size);
    return new Uint8Array(1);
  });
  return parseTextValues(text, 0, count, header.type, source.name).pixels;
}

async function fileBytes(
  file: ByteSource,
  header: MetaImageHeader,
  length: number,
  warn: (warning: FormatWarning) => void,
): Promise<Uint8Array> {
  if (header.isCompressed) {
    const data = sourceFrom(file, Math.max(0, header.headerSize));
    const plain = await gunzip(data, Math.min(length + SLACK_BYTES, data.size * 1032));
    if (plain.length < length) throw cutFault(file.name, length, plain.length);
    if (plain.length > length) warn(trailing(plain.length - length));
    return plain.subarray(0, length);
  }
  const offset = header.headerSize === -1 ? file.size - length : header.headerSize;
  if (offset < 0 || offset + length > file.size)
    throw cutFault(file.name, length, Math.max(0, file.size - offset));
  if (file.size > offset + length) warn(trailing(file.size - offset - length));
  return file.read(offset, length);
}
