import type { Vector3 } from '../../../geometry/geometry.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { number, numbers, sequence, text } from '../values.ts';
import { optionalNumber, optionalNumbers, optionalText } from './optional-values.ts';
import { type VoiWindow, windowsIn } from './voi-window.ts';

/** What a file says of one of its frames: from the functional groups, or from the data set where it has none. */
export interface FrameAttributes {
  /** Centre of the first pixel, LPS mm. */
  readonly position?: Vector3;
  /** Direction of a row (towards higher columns), then of a column (towards higher rows). */
  readonly orientation?: readonly [row: Vector3, column: Vector3];
  /** From row to row, then from column to column, as Pixel Spacing has it. */
  readonly pixelSpacingMm?: readonly [rows: number, columns: number];
  readonly sliceThicknessMm?: number;
  readonly spacingBetweenSlicesMm?: number;
  readonly rescale?: Rescale;
  readonly windows: readonly VoiWindow[];
  /** Items of the sequence of VOI lookup tables. */
  readonly voiLuts: readonly Dataset[];
  readonly realWorldMappings: readonly Dataset[];
  readonly dimensionIndex: readonly number[];
  readonly stackId?: string;
  readonly temporalPosition?: number;
  readonly acquisitionDateTime?: string;
  readonly bValue?: number;
  readonly gradientDirection?: Vector3;
  readonly echoTimeMs?: number;
  readonly frameType: readonly string[];
}

/** Output = stored x slope + intercept (PS3.3 C.11.1). */
export interface Rescale {
  readonly slope: number;
  readonly intercept: number;
  /** HU, OD, US (unspecified) … */
  readonly type?: string;
}

/** The item of a functional group for a frame: its own, else the shared one; undefined when neither has it. */
export function functionalGroup(file: DicomFile, frame: number, keyword: string): Dataset | undefined {
  return functionalGroupItems(file, frame, keyword)[0];
}

/** All items of a functional group for a frame. */
export function functionalGroupItems(file: DicomFile, frame: number, keyword: string): readonly Dataset[] {
  const own = sequence(file.dataset, 'PerFrameFunctionalGroupsSequence')[frame];
  const items = own ? sequence(own, keyword) : [];
  if (items.length > 0) return items;
  const shared = sequence(file.dataset, 'SharedFunctionalGroupsSequence')[0];
  return shared ? sequence(shared, keyword) : [];
}

const latest = new WeakMap<DicomFile, { readonly frame: number; readonly attributes: FrameAttributes }>();

/** Everything about one frame (0 the first) in one place. The frame asked for last is remembered. */
export function frameAttributes(file: DicomFile, frame: number): FrameAttributes {
  const known = latest.get(file);
  if (known?.frame === frame) return known.attributes;
  const attributes = readAttributes(file, frame);
  latest.set(file, { frame, attributes });
  return attributes;
}

function readAttributes(file: DicomFile, frame: number): FrameAttributes {
  const top = file.dataset;
  const group = (keyword: string) => functionalGroup(file, frame, keyword);
  const measures = group('PixelMeasuresSequence') ?? top;
  const content = group('FrameContentSequence') ?? top;
  const voi = group('FrameVOILUTSequence') ?? top;
  const diffusion = group('MRDiffusionSequence') ?? top;
  const transformation = group('PixelValueTransformationSequence') ?? top;
  const echo = group('MREchoSequence');
  const plane = planeOf(file, frame);
  const direction = group('MRDiffusionSequence')
    ? sequence(diffusion, 'DiffusionGradientDirectionSequence')[0]
    : top;
  const kinds = ['MRImageFrameTypeSequence', 'CTImageFrameTypeSequence', 'PETFrameTypeSequence'];
  const kind = kinds.map(group).find((item) => item !== undefined);
  const mappings = functionalGroupItems(file, frame, 'RealWorldValueMappingSequence');
  return given({
    ...plane,
    pixelSpacingMm: pair(numbers(measures, 'PixelSpacing')),
    sliceThicknessMm: positive(optionalNumber(measures, 'SliceThickness')),
    spacingBetweenSlicesMm: positive(optionalNumber(measures, 'SpacingBetweenSlices')),
    rescale: rescaleIn(transformation),
    windows: windowsIn(voi),
    voiLuts: sequence(voi, 'VOILUTSequence'),
    realWorldMappings: mappings.length > 0 ? mappings : sequence(top, 'RealWorldValueMappingSequence'),
    dimensionIndex: optionalNumbers(content, 'DimensionIndexValues'),
    stackId: optionalText(content, 'StackID'),
    temporalPosition:
      optionalNumber(content, 'TemporalPositionIndex') ??
      (content === top ? optionalNumber(top, 'TemporalPositionIdentifier') : undefined),
    acquisitionDateTime:
      optionalText(content, 'FrameAcquisitionDateTime') ?? optionalText(top, 'AcquisitionDateTime'),
    bValue: optionalNumber(diffusion, 'DiffusionBValue'),
    gradientDirection: triple(optionalNumbers(direction ?? top, 'DiffusionGradientOrientation')),
    echoTimeMs: echo ? optionalNumber(echo, 'EffectiveEchoTime') : optionalNumber(top, 'EchoTime'),
    frameType: kind ? textsOf(kind) : [],
  }) as FrameAttributes; // what is undefined was left out
}

function textsOf(item: Dataset): readonly string[] {
  const all = text(item, 'FrameType');
  return all === undefined ? [] : [all];
}

/** Without the members that are undefined. */
function given<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>; // fewer members, same values
}

function planeOf(file: DicomFile, frame: number): Pick<FrameAttributes, 'position' | 'orientation'> {
  const top = file.dataset;
  const place = functionalGroup(file, frame, 'PlanePositionSequence');
  const turn = functionalGroup(file, frame, 'PlaneOrientationSequence');
  const detector = sequence(top, 'DetectorInformationSequence')[0];
  const orientation =
    axes(numbers(turn ?? top, 'ImageOrientationPatient')) ??
    (detector && axes(numbers(detector, 'ImageOrientationPatient')));
  const first =
    triple(numbers(place ?? top, 'ImagePositionPatient')) ??
    (detector && triple(numbers(detector, 'ImagePositionPatient')));
  const position = place || !first || !orientation ? first : shifted(file, frame, first, orientation);
  return { ...(position ? { position } : {}), ...(orientation ? { orientation } : {}) };
}

/** A frame's position where one is given for all: dose grids by their offsets, tomographic frames by their spacing. */
function shifted(
  file: DicomFile,
  frame: number,
  first: Vector3,
  orientation: readonly [Vector3, Vector3],
): Vector3 | undefined {
  if (frame === 0 && (optionalNumber(file.dataset, 'NumberOfFrames') ?? 1) <= 1) return first;
  const normal = cross(...orientation);
  const along = (mm: number): Vector3 => [
    first[0] + normal[0] * mm,
    first[1] + normal[1] * mm,
    first[2] + normal[2] * mm,
  ];
  const offsets = numbers(file.dataset, 'GridFrameOffsetVector');
  const offset = offsets[frame];
  if (offset !== undefined) {
    // Offsets that begin with 0 are distances from the position; others are patient z (PS3.3 C.8.8.3.2).
    if (offsets[0] === 0) return along(offset);
    return Math.abs(Math.abs(normal[2]) - 1) < 1e-4 ? [first[0], first[1], offset] : undefined;
  }
  const slices = numbers(file.dataset, 'SliceVector');
  const step = number(file.dataset, 'SpacingBetweenSlices');
  if (slices[frame] === undefined || step === undefined) return undefined;
  return along((slices[frame]! - 1) * step);
}

export function cross([a, b, c]: Vector3, [d, e, f]: Vector3): Vector3 {
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

function triple(values: readonly number[], from = 0): Vector3 | undefined {
  const [x, y, z] = values.slice(from, from + 3);
  const there = x !== undefined && y !== undefined && z !== undefined;
  return there && [x, y, z].every(Number.isFinite) ? [x, y, z] : undefined;
}

/** Cosine of the angle between rows and columns of a plane, rounding of the directions allowed for. */
const MOST_COSINE = 0.01;

function axes(values: readonly number[]): readonly [Vector3, Vector3] | undefined {
  const [row, column] = [triple(values), triple(values, 3)];
  if (!row || !column) return undefined;
  const [long, across] = [Math.hypot(...row), Math.hypot(...column)];
  const cosine = (row[0] * column[0] + row[1] * column[1] + row[2] * column[2]) / (long * across);
  // Directions that are none count as missing (PS3.3 C.7.6.2.1.1: unit vectors at right angles).
  return long > 0.5 && across > 0.5 && Math.abs(cosine) < MOST_COSINE ? [row, column] : undefined;
}

function pair(values: readonly number[]): readonly [number, number] | undefined {
  const [rows, columns] = values;
  return rows !== undefined && columns !== undefined && rows > 0 && columns > 0 ? [rows, columns] : undefined;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value !== 0 ? Math.abs(value) : undefined;
}

/** Slope and intercept of an item; undefined unless both are there. */
export function rescaleIn(item: Dataset): Rescale | undefined {
  const slope = number(item, 'RescaleSlope');
  const intercept = number(item, 'RescaleIntercept');
  if (slope === undefined || intercept === undefined) return undefined;
  const type = text(item, 'RescaleType');
  return { slope, intercept, ...(type ? { type } : {}) };
}
