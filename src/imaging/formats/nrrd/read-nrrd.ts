import type { Affine, Geometry } from '../../geometry/geometry.ts';
import type { LabelMap, MedicalImage } from '../../image/medical-image.ts';
import { bunzip2 } from '../bunzip2.ts';
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
import { type NrrdHeader, readNrrdHeader } from './nrrd-header.ts';
import { segmentLabels } from './slicer-segments.ts';

/** What an axis of the file becomes. */
type Role = 'space' | 'time' | 'channel';

interface Plan {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly timePoints: number;
  readonly channels: number;
  readonly count: number;
  /** Sides slowest first, and their order in [T, C, D, H, W]. */
  readonly sides: readonly number[];
  readonly order: readonly number[];
  readonly geometry: Geometry | undefined;
  readonly timeStepS: number | undefined;
  readonly warnings: readonly FormatWarning[];
}

const CHANNEL_KIND =
  /^(list|point|vector|covariant-vector|normal|stub|scalar|complex|quaternion|\d-(vector|color|gradient|normal)|(rgb|hsv|xyz|rgba)-color|[23]d-.*matrix)$/;

/**
 * Reads NRRD, attached or detached (one file, LIST, or a pattern; through `companion`), raw, text, hex, gzip or bzip2.
 * Axes with a space direction, or of kind domain or space, are x, y, z in the order of the file; kind time is time, list
 * and the vector and colour kinds are channels, and an axis without a kind is the next of x, y, z, time, channel. Spaces
 * RAS, LAS and LPS become LPS; any other has frame 'image'. A file with Slicer's segments becomes a LabelMap with their
 * names, colours, codes and layers. Throws VOLUME_HEADER, VOLUME_TYPE, VOLUME_CUT, VOLUME_VALUES, COMPANION_OUTSIDE,
 * COMPANION_NEEDED, GEOMETRY_INVALID, LABELS_NOT_WHOLE and gunzip's errors.
 */
export async function readNrrd(
  source: ByteSource,
  options: VolumeReadOptions = {},
): Promise<MedicalImage | LabelMap> {
  const header = await readNrrdHeader(source);
  const plan = planOf(header, source.name, options);
  const warn = options.onWarning ?? (() => {});
  plan.warnings.forEach(warn);
  const stored = await readValues(source, header, plan.count, options);
  const pixels = permuted(stored, plan.sides, plan.order);
  const { timePoints, channels, depth, height, width, geometry, timeStepS } = plan;
  const shape = { timePoints, channels, depth, height, width };
  const labels = segmentLabels(header.keyValues);
  return volume(
    pixels,
    shape,
    source.name,
    { bitDepth: BYTES_OF[header.type] * 8, geometry, timeStepS, labels },
    options,
  );
}

export async function nrrdInfo(source: ByteSource, options: VolumeReadOptions = {}): Promise<VolumeInfo> {
  const header = await readNrrdHeader(source);
  const { timePoints, channels, depth, height, width, geometry, timeStepS, warnings } = planOf(
    header,
    source.name,
    options,
  );
  const packed = header.encoding === 'gzip' || header.encoding === 'bzip2';
  return {
    format: 'NRRD',
    storedType: header.type,
    byteOrder: header.encoding === 'text' ? 'text' : header.littleEndian ? 'little' : 'big',
    ...(packed ? { compression: header.encoding } : {}),
    timePoints,
    channels,
    depth,
    height,
    width,
    ...(geometry ? { geometry } : {}),
    ...(timeStepS === undefined ? {} : { timeStepS }),
    isLabelMap: segmentLabels(header.keyValues) !== undefined,
    ...(header.dataFiles.length > 0 ? { dataFiles: header.dataFiles } : {}),
    warnings,
  };
}

function planOf(header: NrrdHeader, name: string, options: VolumeReadOptions): Plan {
  const warnings: FormatWarning[] = [];
  const count = countOf(header.sizes, name, 'NRRD');
  const roles = rolesOf(header);
  const axes = (role: Role) => header.sizes.flatMap((_, axis) => (roles[axis] === role ? [axis] : []));
  const [space, time, channel] = [axes('space'), axes('time'), axes('channel')];
  const product = (list: readonly number[]) => list.reduce((all, axis) => all * header.sizes[axis]!, 1);
  const [width = 1, height = 1, depth = 1] = space.map((axis) => header.sizes[axis]!);
  const last = header.sizes.length - 1;
  return {
    width,
    height,
    depth,
    timePoints: product(time),
    channels: product(channel),
    count,
    sides: [...header.sizes].reverse(),
    order: [...time.reverse(), ...channel.reverse(), ...[...space].reverse()].map((axis) => last - axis),
    geometry: spaceOf(header, space, name, options, warnings),
    timeStepS: product(time) > 1 ? timeStepOf(header, time) : undefined,
    warnings,
  };
}

function rolesOf({ sizes, kinds, directions }: NrrdHeader): Role[] {
  const roles: Role[] = [];
  for (const axis of sizes.keys()) {
    const kind = kinds?.[axis] ?? '???';
    const isPlaced = directions ? directions[axis] !== undefined : undefined;
    const room = roles.filter((role) => role === 'space').length < 3;
    if (kind === 'time') roles.push('time');
    else if (isPlaced === true) roles.push(room ? 'space' : 'time');
    else if (isPlaced === false || CHANNEL_KIND.test(kind)) roles.push('channel');
    else roles.push(room ? 'space' : roles.includes('time') ? 'channel' : 'time');
  }
  return roles;
}

const MM_PER: Readonly<Record<string, number>> = {
  mm: 1,
  millimeter: 1,
  millimeters: 1,
  cm: 10,
  m: 1000,
  um: 0.001,
  µm: 0.001,
  μm: 0.001,
  micron: 0.001,
  microns: 0.001,
};
const SECONDS_PER: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  ms: 1e-3,
  us: 1e-6,
};

function spaceOf(
  header: NrrdHeader,
  axes: readonly number[],
  name: string,
  options: VolumeReadOptions,
  warnings: FormatWarning[],
): Geometry | undefined {
  const onWarning = (warning: FormatWarning) => warnings.push(warning);
  if (!header.directions) return spacedOnly(header, axes, name, { ...options, onWarning });
  const vectors = axes.map((axis) => header.directions![axis]!);
  const world = header.origin?.length ?? vectors[0]?.length ?? 0;
  if (world < 2 || vectors.some((vector) => vector.length !== world)) {
    throw headerFault(name, 'NRRD', 'gives space directions that do not match its space');
  }
  const { signs, isPatient } = worldOf(header.space);
  if (!isPatient) {
    warnings.push({
      code: 'NRRD_SPACE_UNKNOWN',
      message:
        'The space is none of RAS, LAS and LPS: lengths are known, place and direction in the patient are not.',
    });
  }
  const scale = [0, 1, 2].map((row) => signs[row]! * mmOf(header.spaceUnits?.[row], warnings));
  const columns = completed(vectors.map((vector) => scale.map((factor, row) => (vector[row] ?? 0) * factor)));
  const origin = scale.map((factor, row) => (header.origin?.[row] ?? 0) * factor);
  const affine = [0, 1, 2].flatMap((row) => [...columns.map((column) => column[row]! + 0), origin[row]! + 0]);
  return fileGeometry(affine as unknown as Affine, name, isPatient ? 'patient' : 'image', {
    ...options,
    onWarning,
  }); // three rows of four
}

function mmOf(unit: string | undefined, warnings: FormatWarning[]): number {
  if (unit === undefined || unit === '') return 1;
  const factor = MM_PER[unit];
  if (factor !== undefined) return factor;
  if (!warnings.some((warning) => warning.code === 'NRRD_UNIT_UNKNOWN')) {
    warnings.push({ code: 'NRRD_UNIT_UNKNOWN', message: 'The unit of length is not known; mm are assumed.' });
  }
  return 1;
}

/** What turns the file's world to LPS. */
function worldOf(space: string | undefined): { signs: readonly number[]; isPatient: boolean } {
  const match = /^(left|right)-(posterior|anterior)-superior(-time)?$/.exec(space ?? '');
  if (!match) return { signs: [1, 1, 1], isPatient: false };
  return { signs: [match[1] === 'left' ? 1 : -1, match[2] === 'posterior' ? 1 : -1, 1], isPatient: true };
}

/** Three columns: what a flat image lacks is perpendicular to the rest, 1 mm long. */
function completed(columns: number[][]): number[][] {
  if (columns.length >= 3) return columns.slice(0, 3);
  const [a, b] = columns as [number[], number[]?]; // fewer than three
  const unit = (v: readonly number[]) => {
    const length = Math.hypot(...v);
    return v.map((value) => value / length);
  };
  if (a === undefined)
    return [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ];
  const helper = Math.abs(a[0]!) > Math.abs(a[1]!) ? [0, 1, 0] : [1, 0, 0];
  const second = b ?? unit(cross(cross(a, helper), a));
  return [a, second, unit(cross(a, second))];
}

function cross(a: readonly number[], b: readonly number[]): number[] {
  const [ax, ay, az] = a as [number, number, number]; // a vector of space
  const [bx, by, bz] = b as [number, number, number]; // a vector of space
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
}

/** Lengths without a world, as `spacings` gives them. */
function spacedOnly(
  header: NrrdHeader,
  axes: readonly number[],
  name: string,
  options: VolumeReadOptions,
): Geometry | undefined {
  const given = axes.map((axis) => header.spacings?.[axis] ?? Number.NaN);
  if (given.length === 0 || given.every(Number.isNaN)) return undefined;
  const size = [0, 1, 2].map((axis) => (Number.isNaN(given[axis] ?? Number.NaN) ? 1 : given[axis]!));
  const start = [0, 1, 2].map((axis) => {
    const from = axes[axis] === undefined ? Number.NaN : (header.axisMins?.[axes[axis]] ?? Number.NaN);
    if (Number.isNaN(from)) return 0;
    return header.centers?.[axes[axis]!] === 'cell' ? from + size[axis]! / 2 : from;
  });
  const affine = [0, 1, 2].flatMap((row) => [
    ...[0, 1, 2].map((c) => (c === row ? size[row]! : 0)),
    start[row]!,
  ]);
  return fileGeometry(affine as unknown as Affine, name, 'image', options); // three rows of four
}

function timeStepOf(
  { spacings, units, directions, spaceUnits }: NrrdHeader,
  axes: readonly number[],
): number | undefined {
  const [axis] = axes;
  if (axes.length !== 1 || axis === undefined) return undefined;
  const step = directions?.[axis]?.[3] ?? spacings?.[axis];
  const factor = SECONDS_PER[(directions?.[axis] ? spaceUnits?.[3] : units?.[axis]) ?? ''];
  return step !== undefined && factor !== undefined && step > 0 && Number.isFinite(step)
    ? step * factor
    : undefined;
}

async function readValues(source: ByteSource, header: NrrdHeader, count: number, options: VolumeReadOptions) {
  const warn = options.onWarning ?? (() => {});
  const { type, encoding, littleEndian, dataFiles } = header;
  if (encoding === 'text') {
    if (dataFiles.length > 1)
      throw headerFault(source.name, 'NRRD', 'spreads text over several files, which is not read');
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

async function textValues(source: ByteSource, header: NrrdHeader, count: number, options: VolumeReadOptions) {
  const values = async (file: ByteSource) => {
    const start = (await skippedLines(file, header.lineSkip)) + Math.max(0, header.byteSkip);
    const bytes = await file.read(start, Math.max(0, file.size - start));
    return parseTextValues(bytes, 0, count, header.type, source.name).pixels;
  };
  if (header.dataFiles.length === 0) return values(sourceFrom(source, header.end));
  let pixels: Awaited<ReturnType<typeof values>> | undefined;
  await joinedData(header.dataFiles, 1, source, options, async (file) => {
    pixels = await values(file);
    return new Uint8Array(1);
  });
  return pixels!; // joinedData has read the one file
}

/** One file's share of the data, unpacked. */
async function fileBytes(
  file: ByteSource,
  header: NrrdHeader,
  length: number,
  warn: (warning: FormatWarning) => void,
): Promise<Uint8Array> {
  const data = sourceFrom(file, await skippedLines(file, header.lineSkip));
  if (header.encoding === 'raw') {
    const offset = header.byteSkip === -1 ? data.size - length : header.byteSkip;
    if (offset < 0 || offset + length > data.size)
      throw cutFault(file.name, length, Math.max(0, data.size - offset));
    if (data.size > offset + length) warn(trailing(data.size - offset - length));
    return data.read(offset, length);
  }
  if (header.encoding === 'hex') return hexBytes(await data.read(0, data.size), length, file.name);
  const skip = Math.max(0, header.byteSkip);
  const limit = skip + length + SLACK_BYTES;
  const plain =
    header.encoding === 'gzip'
      ? await gunzip(data, Math.min(limit, data.size * 1032))
      : bunzip2(await data.read(0, data.size), limit, file.name);
  const offset = header.byteSkip === -1 ? plain.length - length : skip;
  if (offset < 0 || offset + length > plain.length)
    throw cutFault(file.name, length, Math.max(0, plain.length - skip));
  if (plain.length > offset + length) warn(trailing(plain.length - offset - length));
  return plain.subarray(offset, offset + length);
}

/** The byte after so many line ends. */
async function skippedLines(file: ByteSource, lines: number): Promise<number> {
  let at = 0;
  for (let left = lines; left > 0; ) {
    const piece = await file.read(at, Math.min(1 << 16, file.size - at));
    if (piece.length === 0) throw headerFault(file.name, 'NRRD', 'skips more lines than the file has');
    let from = 0;
    while (left > 0) {
      const end = piece.indexOf(10, from);
      if (end < 0) break;
      from = end + 1;
      left--;
    }
    at += left > 0 ? piece.length : from;
  }
  return at;
}

function hexBytes(text: Uint8Array, length: number, name: string): Uint8Array {
  if (text.length < 2 * length) throw cutFault(name, length, text.length >> 1);
  const out = new Uint8Array(length); // no longer than the text
  let digits = 0;
  for (let i = 0; i < text.length && digits < 2 * length; i++) {
    const digit = Number.parseInt(String.fromCharCode(text[i]!), 16);
    if (Number.isNaN(digit)) continue;
    out[digits >> 1]! |= digits & 1 ? digit : digit << 4;
    digits++;
  }
  if (digits < 2 * length) throw cutFault(name, length, digits >> 1);
  return out;
}
