import type { Affine } from '../../geometry/geometry.ts';
import type { LabelMap, MedicalImage } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { isGzip, plainHead } from '../gunzip.ts';
import { BYTES_OF, decodeValues, type StoredType } from '../stored-values.ts';
import {
  countOf,
  type FormatWarning,
  headerFault,
  rasGeometry,
  readData,
  typeFault,
  type VolumeInfo,
  type VolumeReadOptions,
  volume,
} from '../volume-file.ts';

/** https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat: type codes. */
const TYPES: Readonly<Record<number, StoredType>> = {
  0: 'uint8',
  1: 'int32',
  3: 'float32',
  4: 'int16',
  10: 'uint16',
};
const DATA_OFFSET = 284;
/** tr, flip angle, te, ti, field of view: five float32 after the data. */
const FOOTER_BYTES = 20;

export interface MghHeader {
  /** Columns, rows, slices, frames. */
  readonly dims: readonly [number, number, number, number];
  readonly type: StoredType;
  readonly isOriented: boolean;
  /** Voxel to RAS mm. */
  readonly affine: Affine;
}

/** True for an MGH header, of an unpacked MGZ too: version 1, sides above 0, a known type. */
export function isMgh(head: Uint8Array): boolean {
  if (head.length < DATA_OFFSET) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const isSided = [4, 8, 12, 16].every((at) => view.getInt32(at) > 0);
  return (
    view.getInt32(0) === 1 &&
    isSided &&
    view.getInt32(20) >= 0 &&
    view.getInt32(20) <= 10 &&
    view.getInt16(28) >> 1 === 0
  );
}

/** Reads the 284 bytes of a header, big-endian always. Throws VOLUME_HEADER, VOLUME_TYPE. */
export function parseMghHeader(head: Uint8Array, name: string): MghHeader {
  if (head.length < DATA_OFFSET)
    throw headerFault(name, 'MGH', `ends after ${head.length} of ${DATA_OFFSET} bytes`);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (view.getInt32(0) !== 1) throw headerFault(name, 'MGH', 'gives a version other than 1');
  const dims = [4, 8, 12, 16].map((at) => view.getInt32(at)) as [number, number, number, number]; // four offsets
  const type = TYPES[view.getInt32(20)];
  if (!type) throw typeFault(name, 'MGH', `type code ${view.getInt32(20)}`);
  const isOriented = view.getInt16(28) !== 0;
  const floats = (at: number, count: number) =>
    Array.from({ length: count }, (_, i) => view.getFloat32(at + 4 * i));
  // without the flag the format means coronal slices of 1 mm around the world's origin
  const delta = isOriented ? floats(30, 3) : [1, 1, 1];
  const cosines = isOriented ? floats(42, 9) : [-1, 0, 0, 0, 0, -1, 0, 1, 0];
  const centre = isOriented ? floats(78, 3) : [0, 0, 0];
  return { dims, type, isOriented, affine: affineOf(dims, delta, cosines, centre) };
}

/** The centre given is that of the grid: half the sides from voxel 0. `cosines`: x, y and z axis, one after another. */
function affineOf(
  dims: readonly number[],
  delta: readonly number[],
  cosines: readonly number[],
  centre: readonly number[],
): Affine {
  const row = (r: number) => {
    const edges = [0, 1, 2].map((axis) => Math.fround(cosines[axis * 3 + r]! * delta[axis]!)); // float32, as in nibabel
    const half = edges.reduce((sum, edge, axis) => sum + edge * dims[axis]!, 0) / 2;
    return [...edges, Math.fround(centre[r]! - half)];
  };
  return [...row(0), ...row(1), ...row(2)] as unknown as Affine; // three rows of four
}

/**
 * Reads FreeSurfer's MGH and MGZ: RAS becomes LPS, frames become time points, the repetition time after the data (ms)
 * their step. Throws VOLUME_HEADER, VOLUME_TYPE, VOLUME_CUT, GEOMETRY_INVALID, LABELS_NOT_WHOLE and gunzip's errors.
 */
export async function readMgh(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<MedicalImage | LabelMap> {
  const header = parseMghHeader(await plainHead(source, DATA_OFFSET), source.name);
  const [width, height, depth, timePoints] = header.dims;
  const count = countOf(header.dims, source.name, 'MGH');
  const length = count * BYTES_OF[header.type];
  const { bytes, footer } = await dataAndFooter(source, length);
  const pixels = decodeValues(bytes, header.type, count, false);
  const tr = footer.length >= 4 ? new DataView(footer.buffer, footer.byteOffset, 4).getFloat32(0) : 0;
  const warnings: FormatWarning[] = [];
  const geometry = spaceOf(header, source.name, {
    ...options,
    onWarning: (warning) => warnings.push(warning),
  });
  for (const warning of warnings) options.onWarning?.(warning);
  return volume(
    pixels,
    { timePoints, depth, height, width },
    source.name,
    {
      bitDepth: BYTES_OF[header.type] * 8,
      geometry,
      timeStepS: timePoints > 1 && tr > 0 && Number.isFinite(tr) ? tr / 1000 : undefined,
    },
    options,
  );
}

/** The footer may be missing: then it is shorter, or empty. */
async function dataAndFooter(
  source: ByteSource,
  length: number,
): Promise<{ bytes: Uint8Array; footer: Uint8Array }> {
  if (!isGzip(await source.read(0, 3))) {
    const bytes = await readData(source, DATA_OFFSET, length);
    return { bytes, footer: await source.read(DATA_OFFSET + length, FOOTER_BYTES) };
  }
  const bytes = await readData(source, DATA_OFFSET, length);
  // the unpacked data is a view of all that was unpacked, in which the footer follows
  const end = bytes.byteOffset + length;
  const rest = Math.max(0, Math.min(FOOTER_BYTES, bytes.buffer.byteLength - end));
  return { bytes, footer: new Uint8Array(bytes.buffer, end, rest) };
}

function spaceOf(header: MghHeader, name: string, options: VolumeReadOptions) {
  if (!header.isOriented) {
    options.onWarning?.({
      code: 'MGH_NO_ORIENTATION',
      message:
        'The file says that its orientation is not set; coronal slices of 1 mm are assumed, as FreeSurfer does.',
    });
  }
  return rasGeometry(header.affine, name, header.isOriented ? 'patient' : 'image', options);
}

export async function mghInfo(source: ByteSource, options: VolumeReadOptions = {}): Promise<VolumeInfo> {
  const header = parseMghHeader(await plainHead(source, DATA_OFFSET), source.name);
  countOf(header.dims, source.name, 'MGH');
  const [width, height, depth, timePoints] = header.dims;
  const warnings: FormatWarning[] = [];
  const geometry = spaceOf(header, source.name, {
    ...options,
    onWarning: (warning) => warnings.push(warning),
  });
  return {
    format: 'MGH',
    storedType: header.type,
    byteOrder: 'big',
    ...(isGzip(await source.read(0, 3)) ? { compression: 'gzip' } : {}),
    timePoints,
    channels: 1,
    depth,
    height,
    width,
    ...(geometry ? { geometry } : {}),
    isLabelMap: false,
    warnings,
  };
}
