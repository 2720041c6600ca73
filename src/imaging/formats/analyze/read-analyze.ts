import type { Affine } from '../../geometry/geometry.ts';
import type { LabelMap, MedicalImage } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { isGzip, plainHead } from '../gunzip.ts';
import { isNifti } from '../nifti/nifti-header.ts';
import { openTwin } from '../nifti/read-nifti.ts';
import {
  BYTES_OF,
  decodeValues,
  permuted,
  rescaled,
  rescaledComplex,
  type StoredType,
} from '../stored-values.ts';
import {
  baseName,
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

const HEADER_BYTES = 348;

type Three = [number, number, number];

interface Layout {
  readonly name: string;
  readonly type: StoredType;
  readonly parts: number;
}

const numbers = (type: StoredType): Layout => ({ name: type, type, parts: 1 });

/** Analyze 7.5's datatypes, and SPM's three additions from 130 on. */
const LAYOUTS: Readonly<Record<number, Layout>> = {
  2: numbers('uint8'),
  4: numbers('int16'),
  8: numbers('int32'),
  16: numbers('float32'),
  32: { name: 'complex64', type: 'float32', parts: 2 },
  64: numbers('float64'),
  128: { name: 'RGB24', type: 'uint8', parts: 3 },
  130: numbers('int8'),
  132: numbers('uint16'),
  136: numbers('uint32'),
};

export interface AnalyzeHeader {
  readonly littleEndian: boolean;
  /** Width, height, depth, time points. */
  readonly sides: readonly [number, number, number, number];
  readonly layout: Layout;
  readonly voxOffset: number;
  readonly slope: number;
  readonly intercept: number;
  /** Voxel to RAS mm, as SPM means it. */
  readonly affine: Affine;
}

/** True for a header of 348 bytes that says so, in either byte order, and is not NIfTI. */
export function isAnalyze(head: Uint8Array): boolean {
  if (head.length < HEADER_BYTES || isNifti(head)) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return [true, false].some((little) => {
    const rank = view.getInt16(40, little);
    return view.getInt32(0, little) === HEADER_BYTES && rank >= 1 && rank <= 7;
  });
}

/**
 * Reads an Analyze 7.5 header by nibabel's rules for SPM2 (Spm2AnalyzeHeader): slope and intercept in the unused
 * fields or from the calibrated range, origin in `originator`, else the image's centre, x towards the left.
 * Throws VOLUME_HEADER, VOLUME_TYPE.
 */
export function parseAnalyzeHeader(head: Uint8Array, name: string): AnalyzeHeader {
  if (!isAnalyze(head)) {
    throw headerFault(
      name,
      'Analyze',
      'does not begin with its length of 348, or gives no number of dimensions',
    );
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const rankOf = (little: boolean) => view.getInt16(40, little);
  const littleEndian = rankOf(true) >= 1 && rankOf(true) <= 7;
  const rank = rankOf(littleEndian);
  const i16 = (at: number) => view.getInt16(at, littleEndian);
  const f32 = (at: number) => view.getFloat32(at, littleEndian);
  const layout = LAYOUTS[i16(70)];
  if (!layout) throw typeFault(name, 'Analyze', `datatype code ${i16(70)}`);
  const all = [1, 2, 3, 4, 5, 6, 7].map((axis) => (axis <= rank ? i16(40 + 2 * axis) : 1));
  countOf(all, name, 'Analyze');
  const [width, height, depth, ...more] = all as [number, number, number, ...number[]]; // seven sides
  const timePoints = more.reduce((product, side) => product * side, 1);
  const sides = [width, height, depth, timePoints] as const;
  return {
    littleEndian,
    sides,
    layout,
    voxOffset: Math.trunc(f32(108)),
    ...scaleOf(layout, f32, (at) => view.getInt32(at, littleEndian)),
    affine: spmAffine([80, 84, 88].map(f32), [253, 255, 257].map(i16), sides),
  };
}

/** Spm2AnalyzeHeader.get_slope_inter: funused1 and 2, else the line from glmin..glmax to cal_min..cal_max. */
function scaleOf(
  layout: Layout,
  f32: (at: number) => number,
  i32: (at: number) => number,
): { slope: number; intercept: number } {
  if (layout.parts === 3) return { slope: 1, intercept: 0 };
  const slope = f32(112);
  const intercept = f32(116);
  if (Number.isFinite(slope) && slope !== 0)
    return { slope, intercept: Number.isFinite(intercept) ? intercept : 0 };
  const [glmax, glmin, calMax, calMin] = [i32(140), i32(144), f32(124), f32(128)] as const;
  const stored = glmax - glmin;
  const calibrated = Math.fround(calMax - calMin);
  if (stored === 0 || !Number.isFinite(calibrated) || calibrated === 0) return { slope: 1, intercept: 0 };
  return { slope: calibrated / stored, intercept: calMin - (calibrated / stored) * glmin };
}

/** Spm99AnalyzeHeader.get_origin_affine: the origin counts from 1 and is believed when it lies near the image. */
function spmAffine(pixdim: readonly number[], origin: readonly number[], sides: readonly number[]): Affine {
  const size = pixdim.map((value) => (value === 0 ? 1 : Math.abs(value))) as Three; // three axes
  const isSensible =
    origin.some((o) => o !== 0) && origin.every((o, axis) => o > -sides[axis]! && o < 2 * sides[axis]!);
  const [x, y, z] = [0, 1, 2].map((axis) =>
    isSensible ? origin[axis]! - 1 : (sides[axis]! - 1) / 2,
  ) as Three; // three axes
  return [-size[0], 0, 0, x * size[0], 0, size[1], 0, -y * size[1], 0, 0, size[2], -z * size[2]];
}

interface Pair {
  readonly header: AnalyzeHeader;
  readonly data: ByteSource;
  readonly other: ByteSource;
}

async function openPair(source: ByteSource, options: VolumeReadOptions): Promise<Pair> {
  const head = await plainHead(source, HEADER_BYTES);
  if (isAnalyze(head) && !/\.img(\.gz)?$/i.test(source.name)) {
    const header = parseAnalyzeHeader(head, source.name);
    const other = await openTwin(source, options);
    return { header, data: other, other };
  }
  const other = await openTwin(source, options);
  try {
    return {
      header: parseAnalyzeHeader(await plainHead(other, HEADER_BYTES), other.name),
      data: source,
      other,
    };
  } catch (error) {
    await other.close();
    throw error;
  }
}

const UNPLACED: FormatWarning = {
  code: 'ANALYZE_NO_ORIENTATION',
  message: 'Analyze does not say which side is left; x is taken to run to the left, as SPM does.',
};

/**
 * Reads Analyze 7.5, SPM99 and SPM2: .hdr + .img, either of them given, the other through `companion`. The geometry's
 * frame is 'image', as the format does not know left from right. A .mat file beside it is not read.
 * Throws VOLUME_HEADER, VOLUME_TYPE, VOLUME_CUT, COMPANION_NEEDED, LABELS_NOT_WHOLE and gunzip's errors.
 */
export async function readAnalyze(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<MedicalImage | LabelMap> {
  const { header, data, other } = await openPair(source, options);
  try {
    const { layout, sides, slope, intercept } = header;
    const [width, height, depth, timePoints] = sides;
    const count = countOf([...sides, layout.parts], source.name, 'Analyze');
    if (!(header.voxOffset >= 0)) throw headerFault(source.name, 'Analyze', 'gives a vox_offset below 0');
    const bytes = await readData(data, header.voxOffset, count * BYTES_OF[layout.type], options.onWarning);
    const stored = decodeValues(bytes, layout.type, count, header.littleEndian);
    const scaled =
      options.values === 'stored'
        ? stored
        : layout.parts === 2
          ? rescaledComplex(stored, slope, intercept)
          : rescaled(stored, layout.type, slope, intercept);
    options.onWarning?.(UNPLACED);
    const geometry = rasGeometry(header.affine, source.name, 'image', options);
    const pixels = permuted(scaled, [timePoints, width * height * depth, layout.parts], [0, 2, 1]); // [T, DHW, P] to [T, P, DHW]
    const shape = { timePoints, channels: layout.parts, depth, height, width };
    return volume(pixels, shape, source.name, { bitDepth: BYTES_OF[layout.type] * 8, geometry }, options);
  } finally {
    await other.close();
  }
}

export async function analyzeInfo(source: ByteSource, options: VolumeReadOptions = {}): Promise<VolumeInfo> {
  const { header, data, other } = await openPair(source, options);
  try {
    const [width, height, depth, timePoints] = header.sides;
    const { slope, intercept, layout } = header;
    const geometry = rasGeometry(header.affine, source.name, 'image', options);
    return {
      format: 'Analyze',
      storedType: layout.name,
      byteOrder: header.littleEndian ? 'little' : 'big',
      ...(isGzip(await data.read(0, 3)) ? { compression: 'gzip' } : {}),
      timePoints,
      channels: layout.parts,
      depth,
      height,
      width,
      ...(geometry ? { geometry } : {}),
      ...(slope === 1 && intercept === 0 ? {} : { scale: { slope, intercept } }),
      isLabelMap: false,
      dataFiles: [baseName(data.name)],
      warnings: [UNPLACED],
    };
  } finally {
    await other.close();
  }
}
