import { HounsfieldError } from '../../../../errors.ts';
import { type Affine, type Geometry, geometry, type Vector3 } from '../../../geometry/geometry.ts';
import { cross } from '../pixels/frame-attributes.ts';
import { type Mosaic, mosaicUnknown } from './siemens-mosaic.ts';
import type { SliceFacts } from './slice-facts.ts';
import { placeAlongNormal, SAME_PLACE_MM, type SliceGroup, unit } from './stack-split.ts';

/** How strict stacking is. Without any of these it refuses what is not an even, upright stack. */
export interface StackOptions {
  /** 'refuse' (default) a tilted gantry, or 'keep' it: the affine is sheared then. */
  readonly gantryTilt?: 'refuse' | 'keep';
  /** 'even' (default): gaps and uneven spacing are refused; 'any': the mean spacing is taken for all. */
  readonly spacing?: 'even' | 'any';
  /** How far a slice may lie from its even place, mm; 5 % of the spacing and at most 0.05 mm unless given. */
  readonly spacingToleranceMm?: number;
  /** 'refuse' (default) two slices at one place, or take the 'first' by instance number. */
  readonly duplicates?: 'refuse' | 'first';
  /** 'refuse' (default) slices without a place, or order them by 'instance-number', without geometry. */
  readonly missingGeometry?: 'refuse' | 'instance-number';
}

/** Slices in order, and where the first to the last lie. */
export interface SliceStack {
  readonly slices: readonly (readonly SliceFacts[])[]; // [T][D]
  readonly timeAxis?: string;
  readonly geometry?: Geometry;
  /** Each slice is a mosaic of the slices of a volume; the geometry is the volume's. */
  readonly mosaic?: Mosaic;
  /** Options that made a difference, and what was found. */
  readonly notes: Readonly<Record<string, unknown>>;
}

/** Part of the spacing that a slice may be off its even place by, and the most in mm. */
export const SPACING_TOLERANCE = 0.05;
export const SPACING_TOLERANCE_MM = 0.05;

/** Degrees between the normal and the line of positions from which on the gantry counts as tilted. */
export const TILT_TOLERANCE_DEGREES = 0.1;

/** How many files, and frames of each, a message names. */
const MOST_NAMED = 5;

/** 'b.dcm (instance 7)', 'c.dcm (frames 1, 3)'; of several files the first five. */
export function named(slices: readonly SliceFacts[]): string {
  const byFile = new Map<string, SliceFacts[]>();
  for (const slice of slices) {
    const others = byFile.get(slice.file);
    if (others) others.push(slice);
    else byFile.set(slice.file, [slice]);
  }
  const one = ([file, members]: readonly [string, readonly SliceFacts[]]) => {
    const [{ frame, instanceNumber }] = members as [SliceFacts]; // groups are not empty
    if (members.length > 1 || frame > 0) return `${file} (${framesText(members)})`;
    return `${file}${instanceNumber === undefined ? '' : ` (instance ${instanceNumber})`}`;
  };
  const more = byFile.size > MOST_NAMED ? ` and ${byFile.size - MOST_NAMED} more` : '';
  return [...byFile].slice(0, MOST_NAMED).map(one).join('; ') + more;
}

function framesText(slices: readonly SliceFacts[]): string {
  const numbers = slices.slice(0, MOST_NAMED).map(({ frame }) => frame + 1);
  const more = slices.length > MOST_NAMED ? ` and ${slices.length - MOST_NAMED} more` : '';
  return `frame${slices.length > 1 ? 's' : ''} ${numbers.join(', ')}${more}`;
}

/**
 * Orders a group's slices along the normal and checks that they are an even stack. Throws DICOM_GEOMETRY_MISSING,
 * DICOM_SLICES_DUPLICATE, DICOM_SLICE_GAP, DICOM_SPACING_UNEVEN, DICOM_GANTRY_TILT, DICOM_SLICES_SHIFTED,
 * DICOM_SERIES_INCOMPLETE, DICOM_MOSAIC, GEOMETRY_INVALID.
 */
export function stackSlices(group: SliceGroup, options: StackOptions = {}): SliceStack {
  const { timePoints, timeAxis } = group;
  const all = timePoints.flat();
  if (all.some(({ mosaic }) => mosaic)) return stackMosaics(group, options);
  const placeless = all.filter((slice) => !slice.position || !slice.orientation || !slice.pixelSpacingMm);
  if (placeless.length > 0) return withoutPlace(group, placeless, options);
  const ordered = timePoints.map((slices) => inOrder(slices, options));
  requireEqualTimes(ordered, timeAxis);
  const first = ordered[0]!;
  const step = sliceStep(first, options);
  const leftOut = all.length - ordered.reduce((sum, slices) => sum + slices.length, 0);
  const notes = { ...step.notes, ...(leftOut > 0 ? { duplicates: 'first', slicesLeftOut: leftOut } : {}) };
  return {
    slices: ordered,
    ...(timeAxis === undefined ? {} : { timeAxis }),
    geometry: stackGeometry(first[0]!, step.vector),
    notes,
  };
}

function stackGeometry(
  { orientation, position, pixelSpacingMm, frameOfReferenceUid }: SliceFacts,
  step: Vector3,
): Geometry {
  const [row, column] = orientation!; // stackSlices has seen to it that all three are there
  const [rowSpacing, columnSpacing] = pixelSpacingMm!;
  const [r, c] = [unit(row), unit(column)];
  const affine = [0, 1, 2].flatMap((i) => [
    r[i]! * columnSpacing,
    c[i]! * rowSpacing,
    step[i]!,
    position![i]!,
  ]);
  return geometry(affine as unknown as Affine, 'patient', frameOfReferenceUid); // three rows of four
}

/** Mosaics of one volume, one for each time point. */
function stackMosaics(group: SliceGroup, options: StackOptions): SliceStack {
  const all = group.timePoints.flat();
  const first = all[0]!;
  if (options.missingGeometry === 'instance-number') return withoutPlace(group, all, options);
  const { mosaic, position, orientation, pixelSpacingMm } = first;
  // One picture is what it is, if only that: warning-tally.ts says so.
  if (mosaic === 'unknown' && all.length === 1) return pictureAlone(first);
  const odd = all.find(
    (slice) => typeof slice.mosaic !== 'object' || slice.mosaic.slices !== mosaicSlices(first),
  );
  if (odd || typeof mosaic !== 'object' || !position || !orientation || !pixelSpacingMm) {
    throw mosaicUnknown((odd ?? first).file);
  }
  if (group.timePoints.some(({ length }) => length > 1)) {
    throw new HounsfieldError(
      'DICOM_SERIES_INCOMPLETE',
      `${all.length} mosaics are not of one volume at ${all.length} times, as they lie at several places or nothing tells their ` +
        `times apart: ${named(all)}. Open them one by one.`,
    );
  }
  const stated = first.spacingBetweenSlicesMm ?? first.sliceThicknessMm;
  const step = times(mosaic.normal, stated ?? 1);
  return {
    slices: group.timePoints,
    ...(group.timeAxis === undefined ? {} : { timeAxis: group.timeAxis }),
    geometry: stackGeometry(tileCorner(first, mosaic.side), step),
    mosaic,
    notes: {
      mosaic: { slices: mosaic.slices, side: mosaic.side },
      ...(stated === undefined ? { sliceSpacing: 'unknown, taken as 1 mm' } : {}),
    },
  };
}

const mosaicSlices = ({ mosaic }: SliceFacts): number | undefined =>
  typeof mosaic === 'object' ? mosaic.slices : undefined;

/** A mosaic's position is that of the corner which a slice as large as the whole picture would have around the same centre. */
function tileCorner(slice: SliceFacts, side: number): SliceFacts {
  const [row, column] = slice.orientation!; // seen to by the caller, as the other two
  const [rowSpacing, columnSpacing] = slice.pixelSpacingMm!;
  const right = ((slice.columns - slice.columns / side) / 2) * columnSpacing;
  const down = ((slice.rows - slice.rows / side) / 2) * rowSpacing;
  const position = slice.position!.map((mm, i) => mm + row[i]! * right + column[i]! * down);
  return { ...slice, position: position as unknown as Vector3 }; // map keeps the length
}

function withoutPlace(
  group: SliceGroup,
  placeless: readonly SliceFacts[],
  options: StackOptions,
): SliceStack {
  const all = group.timePoints.flat();
  const { timeAxis } = group;
  if (all.length === 1) return pictureAlone(all[0]!);
  if (options.missingGeometry !== 'instance-number') {
    throw new HounsfieldError(
      'DICOM_GEOMETRY_MISSING',
      `${placeless.length} of ${all.length} slices lack a usable Image Position, Image Orientation or Pixel Spacing: ` +
        `${named(placeless)}. Without them a volume has no place; pass missingGeometry: 'instance-number' (--accept missing-place) to order the slices ` +
        'by instance number, without geometry.',
    );
  }
  const byNumber = (a: SliceFacts, b: SliceFacts) =>
    (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0) || a.frame - b.frame || (a.file < b.file ? -1 : 1);
  const slices = group.timePoints.map((slices) => slices.toSorted(byNumber));
  return { slices, ...(timeAxis === undefined ? {} : { timeAxis }), notes: { order: 'instance-number' } };
}

const pictureAlone = (slice: SliceFacts): SliceStack => ({ slices: [[slice]], ...flatGeometry(slice) });

/** A single picture without a place in the patient may know the size of its pixels. */
function flatGeometry({
  pixelSpacingMm,
  pictureSpacing,
}: SliceFacts): Pick<SliceStack, 'geometry' | 'notes'> {
  const spacing = pixelSpacingMm ?? pictureSpacing?.mm;
  if (!spacing) return { notes: {} };
  const [rows, columns] = spacing;
  return {
    geometry: geometry([columns, 0, 0, 0, 0, rows, 0, 0, 0, 0, 1, 0], 'image'),
    notes: pixelSpacingMm || !pictureSpacing ? {} : { pixelSpacing: pictureSpacing.from },
  };
}

function inOrder(slices: readonly SliceFacts[], options: StackOptions): readonly SliceFacts[] {
  const placed = slices.map((slice) => ({ slice, place: placeAlongNormal(slice) ?? 0 }));
  placed.sort((a, b) => a.place - b.place || (a.slice.instanceNumber ?? 0) - (b.slice.instanceNumber ?? 0));
  const kept = placed.filter(({ place }, i) => i === 0 || place - placed[i - 1]!.place >= SAME_PLACE_MM);
  if (kept.length < placed.length && options.duplicates !== 'first') {
    const twice = placed.filter(
      ({ place }, i) =>
        (i > 0 && place - placed[i - 1]!.place < SAME_PLACE_MM) ||
        (i + 1 < placed.length && placed[i + 1]!.place - place < SAME_PLACE_MM),
    );
    throw new HounsfieldError(
      'DICOM_SLICES_DUPLICATE',
      `${twice.length} slices share their place with another, and nothing tells them apart: ` +
        `${named(twice.map(({ slice }) => slice))}. Remove what does not belong, or pass duplicates: 'first' (--accept duplicates).`,
    );
  }
  return kept.map(({ slice }) => slice);
}

function requireEqualTimes(ordered: readonly (readonly SliceFacts[])[], timeAxis: string | undefined): void {
  const [first] = ordered;
  const places = first!.map((slice) => placeAlongNormal(slice)!);
  const most = Math.max(...ordered.map((slices) => slices.length));
  const odd = ordered.filter(
    (slices) =>
      slices.length !== most ||
      (slices.length === places.length &&
        slices.some((slice, i) => Math.abs(placeAlongNormal(slice)! - places[i]!) > SPACING_TOLERANCE_MM)),
  );
  if (odd.length === 0) return;
  throw new HounsfieldError(
    'DICOM_SERIES_INCOMPLETE',
    `${odd.length} of ${ordered.length} time points (told apart by ${timeAxis ?? 'nothing'}) do not have the same ${most} ` +
      `slices as the others, the first with ${odd[0]!.length}: ${named(odd[0]!)}. Copy the missing files, or pass the files of ` +
      'the whole time points alone.',
  );
}

const minus = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const times = (a: Vector3, k: number): Vector3 => [a[0] * k, a[1] * k, a[2] * k];

/** From one slice's first pixel to the next one's. */
function sliceStep(
  slices: readonly SliceFacts[],
  options: StackOptions,
): { vector: Vector3; notes: Record<string, unknown> } {
  const [first, last] = [slices[0]!, slices.at(-1)!];
  const normal = unit(cross(...first.orientation!));
  if (slices.length === 1) {
    const stated = first.spacingBetweenSlicesMm ?? first.sliceThicknessMm;
    return {
      vector: times(normal, stated ?? 1),
      notes: stated === undefined ? { sliceSpacing: 'unknown, taken as 1 mm' } : {},
    };
  }
  const places = slices.map((slice) => placeAlongNormal(slice)!);
  const mean = (places.at(-1)! - places[0]!) / (slices.length - 1);
  const even = requireEven(slices, places, mean, options);
  const whole = minus(last.position!, first.position!);
  const drift = minus(whole, times(normal, mean * (slices.length - 1)));
  const angle = (Math.atan2(Math.hypot(...drift), mean * (slices.length - 1)) * 180) / Math.PI;
  const tilted = angle > TILT_TOLERANCE_DEGREES;
  const vector = tilted ? times(whole, 1 / (slices.length - 1)) : times(normal, mean);
  const beside = slicesBesideLine(slices, vector, places, mean, options);
  const notes = { ...even, ...(beside > 0 ? { spacing: 'any', slicesBesideLine: beside } : {}) };
  if (!tilted) return { vector, notes };
  const degrees = Number(angle.toFixed(2));
  if (options.gantryTilt === 'keep') return { vector, notes: { ...notes, gantryTiltDegrees: degrees } };
  throw new HounsfieldError(
    'DICOM_GANTRY_TILT',
    `the slices shift sideways by ${degrees} degrees, as from a tilted gantry: from ${named([first])} to ${named([last])}. ` +
      "Pass gantryTilt: 'keep' (--accept tilt) for a sheared affine and resample it to an upright grid.",
  );
}

/** Sideways, every slice must lie on the line from the first to the last; how many do not where that is put up with. */
function slicesBesideLine(
  slices: readonly SliceFacts[],
  vector: Vector3,
  places: readonly number[],
  mean: number,
  options: StackOptions,
): number {
  const start = slices[0]!;
  const tolerance = toleranceOf(mean, options);
  const off = slices.filter((slice, i) => {
    const steps = (places[i]! - places[0]!) / mean;
    const expected = times(vector, steps);
    return (
      Math.hypot(...minus(minus(slice.position!, start.position!), expected)) > Math.max(tolerance, 0.01)
    );
  });
  if (off.length === 0 || options.spacing === 'any') return off.length;
  throw new HounsfieldError(
    'DICOM_SLICES_SHIFTED',
    `${off.length} of ${slices.length} slices lie sideways of the line of the others: ${named(off)}. ` +
      "They may be of different scans: pass those of one, or spacing: 'any' (--accept spacing) to take them as one straight stack.",
  );
}

function toleranceOf(spacing: number, { spacingToleranceMm }: StackOptions): number {
  return spacingToleranceMm ?? Math.min(SPACING_TOLERANCE * spacing, SPACING_TOLERANCE_MM);
}

function requireEven(
  slices: readonly SliceFacts[],
  places: readonly number[],
  mean: number,
  options: StackOptions,
): Record<string, unknown> {
  const gaps = places.slice(1).map((place, i) => place - places[i]!);
  const median = gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)]!;
  const tolerance = toleranceOf(median, options);
  const offMm = places.reduce((most, place, i) => Math.max(most, Math.abs(place - places[0]! - i * mean)), 0);
  if (offMm <= tolerance) return offMm > toleranceOf(median, {}) ? { spacingToleranceMm: tolerance } : {};
  const range = [Math.min(...gaps), Math.max(...gaps)].map((mm) => Number(mm.toFixed(4)));
  if (options.spacing === 'any') return { spacing: 'any', sliceGapsMm: range };
  const wide = gaps.flatMap((gap, i) => (gap > 1.5 * median ? [i] : []));
  if (wide.length > 0) {
    const missing = wide.reduce((sum, i) => sum + Math.max(1, Math.round(gaps[i]! / median) - 1), 0);
    const at = wide[0]!;
    throw new HounsfieldError(
      'DICOM_SLICE_GAP',
      `about ${missing} slices are missing in ${wide.length} gaps of a stack with ${fixed(median)} mm from slice to slice, the ` +
        `first of ${fixed(gaps[at]!)} mm between ${named([slices[at]!])} and ${named([slices[at + 1]!])}. ` +
        "Copy the missing files, or pass spacing: 'any' (--accept spacing) to have them taken as even.",
    );
  }
  const worst = gaps.reduce(
    (best, gap, i) => (Math.abs(gap - median) > Math.abs(gaps[best]! - median) ? i : best),
    0,
  );
  throw new HounsfieldError(
    'DICOM_SPACING_UNEVEN',
    `slices are ${range[0]} to ${range[1]} mm apart, where ${fixed(median)} +- ${fixed(tolerance)} mm is expected; the worst ` +
      `between ${named([slices[worst]!])} and ${named([slices[worst + 1]!])}. Pass a larger spacingToleranceMm, or spacing: 'any' (--accept spacing) ` +
      'to take the mean for all.',
  );
}

const fixed = (mm: number): string => String(Number(mm.toFixed(4)));

/** The sides of the volume that a stack makes. */
export function sidesOf({ slices, mosaic }: SliceStack): { depth: number; height: number; width: number } {
  const { rows, columns } = slices[0]![0]!;
  if (!mosaic) return { depth: slices[0]!.length, height: rows, width: columns };
  return { depth: mosaic.slices, height: rows / mosaic.side, width: columns / mosaic.side };
}
