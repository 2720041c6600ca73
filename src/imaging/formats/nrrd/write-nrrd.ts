import type { Affine } from '../../geometry/geometry.ts';
import { isLabelMap, type MedicalImage } from '../../image/medical-image.ts';
import { allocate, gzip } from '../gunzip.ts';
import { encodeValues, permuted, storedTypeOf } from '../stored-values.ts';
import { segmentFields } from './slicer-segments.ts';

const TYPES = {
  int8: 'signed char',
  uint8: 'unsigned char',
  int16: 'short',
  uint16: 'unsigned short',
  int32: 'int',
  uint32: 'unsigned int',
  float32: 'float',
  float64: 'double',
} as const;

export interface NrrdWriteOptions {
  /** True (default) for gzip. */
  readonly compressed?: boolean;
}

/**
 * An attached NRRD in left-posterior-superior, the affine to all its digits; channels are the fastest axis (kind vector,
 * or list for label maps), time the slowest. A LabelMap carries its labels as 3D Slicer's segments. Names of labels are
 * written as they are.
 */
export async function writeNrrd(image: MedicalImage, options: NrrdWriteOptions = {}): Promise<Uint8Array> {
  const isPacked = options.compressed !== false;
  const voxels = image.width * image.height * image.depth;
  const values = encodeValues(permuted(image.pixels, [image.timePoints, image.channels, voxels], [0, 2, 1])); // [T, DHW, C]
  const data = isPacked ? await gzip(values) : values;
  const head = new TextEncoder().encode(headerOf(image, isPacked ? 'gzip' : 'raw'));
  const bytes = allocate(head.length + data.length, 'the NRRD file');
  bytes.set(head);
  bytes.set(data, head.length);
  return bytes;
}

function headerOf(image: MedicalImage, encoding: 'gzip' | 'raw'): string {
  const { width, height, depth, channels, timePoints, timeStepS, geometry } = image;
  const hasChannels = channels > 1;
  const hasTime = timePoints > 1;
  const around = <T>(channel: T, space: readonly T[], time: T): T[] => [
    ...(hasChannels ? [channel] : []),
    ...space,
    ...(hasTime ? [time] : []),
  ];
  const sizes = around(channels, [width, height, depth], timePoints);
  const lines = [
    'NRRD0005',
    `type: ${TYPES[storedTypeOf(image.pixels)]}`,
    `dimension: ${sizes.length}`,
    ...spaceLines(geometry?.affine, around, geometry?.frame === 'patient'),
    `sizes: ${sizes.join(' ')}`,
    `kinds: ${around(isLabelMap(image) ? 'list' : 'vector', ['domain', 'domain', 'domain'], 'time').join(' ')}`,
    ...(hasTime && timeStepS !== undefined
      ? [
          `spacings: ${around('nan', ['nan', 'nan', 'nan'], String(timeStepS)).join(' ')}`,
          `units: ${around('""', ['""', '""', '""'], '"s"').join(' ')}`,
        ]
      : []),
    'endian: little',
    `encoding: ${encoding}`,
    ...(isLabelMap(image) ? segmentFields(image.labels) : []).map(
      ([key, value]) => `${key}:=${escaped(value)}`,
    ),
  ];
  return `${lines.join('\n')}\n\n`;
}

function spaceLines(
  affine: Affine | undefined,
  around: (channel: string, space: readonly string[], time: string) => string[],
  isPatient: boolean,
): string[] {
  if (!affine) return [];
  const column = (c: number) => `(${[0, 1, 2].map((row) => affine[row * 4 + c]).join(',')})`;
  return [
    isPatient ? 'space: left-posterior-superior' : 'space dimension: 3',
    `space directions: ${around('none', [0, 1, 2].map(column), 'none').join(' ')}`,
    `space origin: ${column(3)}`,
  ];
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/\r?\n/g, '\\n');
}
