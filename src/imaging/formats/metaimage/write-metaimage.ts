import { direction, origin, spacingMm } from '../../geometry/geometry.ts';
import type { MedicalImage } from '../../image/medical-image.ts';
import { allocate, zlib } from '../gunzip.ts';
import { encodeValues, permuted, storedTypeOf } from '../stored-values.ts';

const TYPES = {
  int8: 'MET_CHAR',
  uint8: 'MET_UCHAR',
  int16: 'MET_SHORT',
  uint16: 'MET_USHORT',
  int32: 'MET_INT',
  uint32: 'MET_UINT',
  float32: 'MET_FLOAT',
  float64: 'MET_DOUBLE',
} as const;

export interface MetaImageWriteOptions {
  /** True (default) for zlib. */
  readonly compressed?: boolean;
}

/** A .mha: little endian, channels interleaved, time as fourth axis, spacing, direction and origin in LPS mm. */
export async function writeMetaImage(
  image: MedicalImage,
  options: MetaImageWriteOptions = {},
): Promise<Uint8Array> {
  const voxels = image.width * image.height * image.depth;
  const values = encodeValues(permuted(image.pixels, [image.timePoints, image.channels, voxels], [0, 2, 1])); // [T, DHW, C]
  const data = options.compressed === false ? values : await zlib(values);
  const packed = options.compressed === false ? undefined : data.length;
  const head = new TextEncoder().encode(headerOf(image, packed));
  const bytes = allocate(head.length + data.length, 'the MetaImage file');
  bytes.set(head);
  bytes.set(data, head.length);
  return bytes;
}

function headerOf(image: MedicalImage, packedBytes: number | undefined): string {
  const { geometry, channels } = image;
  const axes = image.timePoints > 1 ? 4 : 3;
  const extended = (values: readonly number[], fourth: number) =>
    [...values, fourth].slice(0, axes).join(' ');
  const lines = [
    'ObjectType = Image',
    `NDims = ${axes}`,
    'BinaryData = True',
    'BinaryDataByteOrderMSB = False',
  ];
  lines.push(`CompressedData = ${packedBytes === undefined ? 'False' : 'True'}`);
  if (packedBytes !== undefined) lines.push(`CompressedDataSize = ${packedBytes}`);
  if (geometry) {
    const d = direction(geometry);
    const rows = [0, 1, 2].map((axis) => extended([d[axis]!, d[3 + axis]!, d[6 + axis]!], 0));
    const fourth = axes === 4 ? ['0 0 0 1'] : [];
    lines.push(
      `TransformMatrix = ${[...rows, ...fourth].join(' ')}`,
      `Offset = ${extended(origin(geometry), 0)}`,
      `CenterOfRotation = ${extended([0, 0, 0], 0)}`,
      `ElementSpacing = ${extended(spacingMm(geometry), image.timeStepS ?? 1)}`,
    );
  }
  lines.push(`DimSize = ${extended([image.width, image.height, image.depth], image.timePoints)}`);
  if (channels > 1) lines.push(`ElementNumberOfChannels = ${channels}`);
  lines.push(`ElementType = ${TYPES[storedTypeOf(image.pixels)]}`, 'ElementDataFile = LOCAL');
  return `${lines.join('\n')}\n`;
}
