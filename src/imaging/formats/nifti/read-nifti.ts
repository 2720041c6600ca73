import type { Affine, Geometry } from '../../geometry/geometry.ts';
import type { LabelMap, MedicalImage, PixelArray } from '../../image/medical-image.ts';
import type { ByteSource } from '../byte-source.ts';
import { isGzip, plainHead } from '../gunzip.ts';
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
  openCompanion,
  ROUNDED,
  rasGeometry,
  readData,
  typeFault,
  type VolumeInfo,
  type VolumeReadOptions,
  volume,
} from '../volume-file.ts';
import { affineSource, rasAffine } from './nifti-affine.ts';
import {
  HEADER_BYTES,
  type NiftiExtension,
  type NiftiHeader,
  niftiVersion,
  parseExtensions,
  parseNiftiHeader,
} from './nifti-header.ts';

/** How a datatype is stored: numbers of one type, `parts` of them to a voxel. */
interface Layout {
  readonly name: string;
  readonly type: StoredType;
  readonly parts: number;
  readonly isScaled: boolean;
}

const numbers = (type: StoredType): Layout => ({ name: type, type, parts: 1, isScaled: true });

/** nifti1.h, "DATATYPE": codes of what is read. Complex numbers become two channels, real and imaginary. */
const LAYOUTS: Readonly<Record<number, Layout>> = {
  2: numbers('uint8'),
  4: numbers('int16'),
  8: numbers('int32'),
  16: numbers('float32'),
  32: { name: 'complex64', type: 'float32', parts: 2, isScaled: true },
  64: numbers('float64'),
  128: { name: 'RGB24', type: 'uint8', parts: 3, isScaled: false },
  256: numbers('int8'),
  512: numbers('uint16'),
  768: numbers('uint32'),
  1024: numbers('int64'),
  1280: numbers('uint64'),
  1792: { name: 'complex128', type: 'float64', parts: 2, isScaled: true },
  2304: { name: 'RGBA32', type: 'uint8', parts: 4, isScaled: false },
};
const BITS: Layout = { name: '1-bit', type: 'uint8', parts: 1, isScaled: true };
const REFUSED: Readonly<Record<number, string>> = { 1536: 'float128', 2048: 'complex256' };

/** nifti1.h, NIFTI_INTENT_: label, vector, displacement vector, RGB and RGBA vector. */
const LABEL_INTENT = 1002;
const VECTOR_INTENTS = new Set([1006, 1007, 2003, 2004]);

const MM_PER: Readonly<Record<number, number>> = { 1: 1000, 2: 1, 3: 0.001 };
const SECONDS_PER: Readonly<Record<number, number>> = { 8: 1, 16: 1e-3, 24: 1e-6 };

interface Opened {
  readonly header: NiftiHeader;
  readonly data: ByteSource;
  readonly opened: readonly ByteSource[];
  readonly bytes: Uint8Array;
  readonly name: string;
}

/** Everything that follows from a header. */
interface Plan {
  readonly layout: Layout;
  readonly isBits: boolean;
  readonly littleEndian: boolean;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly timePoints: number;
  /** dim 5 x dim 6 x dim 7, before a voxel's own parts. */
  readonly vectors: number;
  readonly channels: number;
  readonly count: number;
  readonly offset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly geometry: Geometry | undefined;
  readonly timeStepS: number | undefined;
  readonly warnings: readonly FormatWarning[];
}

/**
 * Reads NIfTI-1 or -2: .nii, .nii.gz, or a pair .hdr + .img (either of them given, the other through `companion`).
 * Rules are nibabel's for the affine (see rasAffine), slope and intercept (none when the slope is 0 or not finite) and
 * byte order; RAS becomes LPS. dim 4 is time, dim 5 to 7 are channels, and so is dim 4 under a vector intent. Lengths
 * in metres or micrometres become mm; an unknown unit counts as mm, with a warning. Complex numbers give two channels,
 * RGB three, RGBA four. Bits (datatype 1) are taken least significant first, which the standard leaves open.
 * Throws VOLUME_HEADER, VOLUME_TYPE, VOLUME_CUT, COMPANION_NEEDED, GEOMETRY_INVALID, LABELS_NOT_WHOLE, VOLUME_TOO_LARGE and
 * gunzip's errors.
 */
export async function readNifti(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<MedicalImage | LabelMap> {
  const file = await openPair(source, options);
  try {
    const warn = options.onWarning ?? (() => {});
    const plan = planOf(file, options);
    plan.warnings.forEach(warn);
    const pixels = await readPixels(file.data, plan, options, warn);
    const { timePoints, channels, depth, height, width, geometry, timeStepS } = plan;
    const bitDepth = plan.isBits ? 1 : BYTES_OF[plan.layout.type] * 8;
    const labels = file.header.intentCode === LABEL_INTENT ? 'present' : undefined;
    const shape = { timePoints, channels, depth, height, width };
    return volume(pixels, shape, source.name, { bitDepth, geometry, timeStepS, labels }, options);
  } finally {
    for (const other of file.opened) await other.close();
  }
}

/** The header alone, with its extensions. Throws VOLUME_HEADER, COMPANION_NEEDED. */
export async function readNiftiHeader(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<NiftiHeader & { readonly extensions: readonly NiftiExtension[] }> {
  const { header, opened, bytes } = await openPair(source, options);
  for (const other of opened) await other.close();
  if (bytes[HEADER_BYTES[header.version]] === 0) return { ...header, extensions: [] };
  const end = header.isSingle ? header.voxOffset : bytes.length;
  return { ...header, extensions: parseExtensions(bytes, header, end) };
}

export async function niftiInfo(source: ByteSource, options: VolumeReadOptions = {}): Promise<VolumeInfo> {
  const file = await openPair(source, options);
  try {
    const { layout, geometry, timeStepS, slope, intercept, ...plan } = planOf(file, options);
    const isPacked = isGzip(await file.data.read(0, 3));
    return {
      format: `NIfTI-${file.header.version}`,
      storedType: layout.name,
      byteOrder: file.header.littleEndian ? 'little' : 'big',
      ...(isPacked ? { compression: 'gzip' } : {}),
      timePoints: plan.timePoints,
      channels: plan.channels,
      depth: plan.depth,
      height: plan.height,
      width: plan.width,
      ...(geometry ? { geometry } : {}),
      ...(timeStepS === undefined ? {} : { timeStepS }),
      ...(slope === 1 && intercept === 0 ? {} : { scale: { slope, intercept } }),
      isLabelMap: file.header.intentCode === LABEL_INTENT,
      ...(file.header.isSingle ? {} : { dataFiles: [baseName(file.data.name)] }),
      warnings: plan.warnings,
    };
  } finally {
    for (const other of file.opened) await other.close();
  }
}

/** Largest header with extensions that is looked at: 16 MiB. */
const MOST_HEADER = 1 << 24;

async function openPair(source: ByteSource, options: VolumeReadOptions): Promise<Opened> {
  const name = source.name;
  const opened: ByteSource[] = [];
  let head = await plainHead(source, 4096);
  let headerFile = source;
  let data: ByteSource | undefined;
  try {
    if (!niftiVersion(head) && /\.img(\.gz)?$/i.test(name)) {
      data = source;
      headerFile = await openTwin(source, options);
      opened.push(headerFile);
      head = await plainHead(headerFile, 4096);
    }
    const header = parseNiftiHeader(head, headerFile.name);
    const end = header.isSingle ? header.voxOffset : MOST_HEADER;
    if (end > 4096 && head[HEADER_BYTES[header.version]] !== 0) {
      head = await plainHead(headerFile, Math.min(end, MOST_HEADER));
    }
    if (!data && !header.isSingle) {
      data = await openTwin(source, options);
      opened.push(data);
    }
    return { header, data: data ?? source, opened, bytes: head, name };
  } catch (error) {
    for (const other of opened) await other.close();
    throw error;
  }
}

/** The other file of a pair: x.hdr for x.img and back, gzipped or not, as the one given first. */
export async function openTwin(source: ByteSource, options: VolumeReadOptions): Promise<ByteSource> {
  const name = baseName(source.name);
  const match = /^(.*\.)(hdr|img|nii)(\.gz)?$/i.exec(name);
  if (!match) {
    throw headerFault(
      source.name,
      'NIfTI or Analyze',
      'belongs to a pair of .hdr and .img, which its name does not show',
      'Name the two files alike, with .hdr and .img at the end',
    );
  }
  const [, stem, end, packed = ''] = match as unknown as [string, string, string, string?]; // groups 1 and 2 always match
  const other = { hdr: 'img', img: 'hdr', nii: 'img', HDR: 'IMG', IMG: 'HDR' }[end] ?? 'img';
  const first = `${stem}${other}${packed}`;
  try {
    return await openCompanion(first, source.name, options.companion);
  } catch (error) {
    if (!options.companion) throw error;
    const second = packed === '' ? `${first}.gz` : `${stem}${other}`;
    return openCompanion(second, source.name, options.companion).catch(() => {
      throw error;
    });
  }
}

function planOf({ header, name }: Opened, options: VolumeReadOptions): Plan {
  const warnings: FormatWarning[] = [];
  const format = `NIfTI-${header.version}`;
  const isBits = header.datatype === 1;
  const layout = isBits ? BITS : LAYOUTS[header.datatype];
  if (!layout) throw typeFault(name, format, REFUSED[header.datatype] ?? `datatype code ${header.datatype}`);
  if (isBits)
    warnings.push({ code: 'NIFTI_BITS', message: '1-bit values are taken least significant bit first.' });
  const sides = sidesOf(header, warnings);
  const [width, height, depth, four, ...more] = sides as [number, number, number, number, ...number[]]; // seven
  const isVector = VECTOR_INTENTS.has(header.intentCode) && more.every((side) => side === 1);
  const timePoints = isVector ? 1 : four;
  const vectors = more.reduce((product, side) => product * side, isVector ? four : 1);
  const count = countOf([width, height, depth, timePoints, vectors, layout.parts], name, format);
  const { slope, intercept } = scaleOf(header, layout, name);
  const { geometry, timeStepS } = spaceOf(header, sides, name, options, warnings);
  return {
    layout,
    isBits,
    littleEndian: header.littleEndian,
    width,
    height,
    depth,
    timePoints,
    vectors,
    channels: vectors * layout.parts,
    count,
    offset: offsetOf(header, name, warnings),
    slope,
    intercept,
    geometry,
    timeStepS: timePoints > 1 ? timeStepS : undefined,
    warnings,
  };
}

/** dim 1 to 7, absent ones 1; FreeSurfer's two ways of writing more than 32767 points as nibabel reads them. */
function sidesOf(header: NiftiHeader, warnings: FormatWarning[]): number[] {
  const rank = header.dim[0]!;
  const sides = [1, 2, 3, 4, 5, 6, 7].map((axis) => (axis <= rank ? header.dim[axis]! : 1));
  for (let axis = 3; axis < rank; axis++) {
    if (sides[axis] !== 0) continue;
    sides[axis] = 1; // written by older programs; as niftilib reads it
    warnings.push({ code: 'NIFTI_SIDE', message: `dim[${axis + 1}] is 0 and counts as 1.` });
  }
  const start = rank >= 3 ? sides.slice(0, 3).join() : '';
  if (start === '-1,1,1') sides[0] = header.glmin;
  if (start === '27307,1,6') sides.splice(0, 3, 163842, 1, 1);
  return sides;
}

function scaleOf(header: NiftiHeader, layout: Layout, name: string): { slope: number; intercept: number } {
  const { sclSlope, sclInter } = header;
  if (sclSlope === 0 || !Number.isFinite(sclSlope) || !layout.isScaled) return { slope: 1, intercept: 0 };
  if (!Number.isFinite(sclInter)) {
    throw headerFault(
      name,
      `NIfTI-${header.version}`,
      'gives a slope and an intercept that is not finite',
      "Read it with values: 'stored', or set scl_inter",
    );
  }
  return { slope: sclSlope, intercept: sclInter };
}

/** A single file's data begin after its header; below that nothing is believed but 0, which stands for "right after". */
function offsetOf(header: NiftiHeader, name: string, warnings: FormatWarning[]): number {
  const offset = Math.trunc(header.voxOffset);
  if (!header.isSingle) {
    if (!(offset >= 0)) throw headerFault(name, `NIfTI-${header.version}`, 'gives a vox_offset below 0');
    return offset;
  }
  const least = HEADER_BYTES[header.version] + 4;
  if (offset === 0) {
    warnings.push({
      code: 'NIFTI_OFFSET',
      message: 'vox_offset is 0; the data are read from where the header ends.',
    });
    return least;
  }
  if (!(offset >= least)) {
    throw headerFault(
      name,
      `NIfTI-${header.version}`,
      `gives a vox_offset that lies inside the header of ${least} bytes`,
    );
  }
  return offset;
}

function spaceOf(
  header: NiftiHeader,
  sides: readonly number[],
  name: string,
  options: VolumeReadOptions,
  warnings: FormatWarning[],
): { geometry: Geometry | undefined; timeStepS: number | undefined } {
  const factor = MM_PER[header.xyztUnits & 7];
  if (factor === undefined) {
    warnings.push({
      code: 'NIFTI_UNIT_UNKNOWN',
      message: 'The file names no unit of length; mm are assumed.',
    });
  }
  const source = affineSource(header);
  if (source === 'base') {
    warnings.push({
      code: 'NIFTI_NO_ORIENTATION',
      message:
        'The file has neither qform nor sform: lengths are known, place and direction in the patient are not.',
    });
  }
  const ras = rasAffine(header, sides.slice(0, 3), name);
  const rasMm = ras.map((value) => value * (factor ?? 1)) as unknown as Affine; // map keeps the length
  const geometry = rasGeometry(rasMm, name, source === 'base' ? 'image' : 'patient', {
    ...options,
    onWarning: (warning) => warnings.push(warning),
  });
  const seconds = SECONDS_PER[header.xyztUnits & 56];
  const step = header.pixdim[4]!;
  const isStep = seconds !== undefined && header.dim[0]! >= 4 && step > 0 && Number.isFinite(step);
  return { geometry, timeStepS: isStep ? step * seconds : undefined };
}

async function readPixels(
  data: ByteSource,
  plan: Plan,
  options: VolumeReadOptions,
  warn: (warning: FormatWarning) => void,
): Promise<PixelArray> {
  const { layout, count, offset, timePoints, vectors } = plan;
  const length = plan.isBits ? Math.ceil(count / 8) : count * BYTES_OF[layout.type];
  const bytes = await readData(data, offset, length, warn);
  const little = plan.littleEndian;
  const stored = plan.isBits
    ? bitsOf(bytes, count)
    : decodeValues(bytes, layout.type, count, little, () => warn(ROUNDED));
  const isComplex = layout.parts === 2;
  const scaled =
    options.values === 'stored'
      ? stored
      : isComplex
        ? rescaledComplex(stored, plan.slope, plan.intercept)
        : rescaled(stored, layout.type, plan.slope, plan.intercept);
  const voxels = plan.width * plan.height * plan.depth;
  return permuted(scaled, [vectors, timePoints, voxels, layout.parts], [1, 0, 3, 2]); // [U, T, DHW, P] to [T, U, P, DHW]
}

function bitsOf(bytes: Uint8Array, count: number): Uint8Array {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) out[i] = (bytes[i >> 3]! >> (i & 7)) & 1;
  return out;
}
