import type { Vector3 } from '../../../geometry/geometry.ts';
import { cross } from '../pixels/frame-attributes.ts';
import type { SliceFacts } from './slice-facts.ts';

/** Slices that may make one image: of one size, spacing, orientation and frame of reference. */
export interface SliceGroup {
  /** One list for each time point; the order within is free. */
  readonly timePoints: readonly (readonly SliceFacts[])[];
  /** Which mark tells the time points apart. */
  readonly timeAxis?: string;
  /** In what this group differs from others of its series: 'imageType M', 'echoTime 30'. */
  readonly distinction: readonly string[];
}

/** Cosines of one orientation differ by no more; about 0.06 degrees. */
export const ORIENTATION_TOLERANCE = 1e-3;

/** Pixel spacings of one image differ by no more than this part. */
export const PIXEL_SPACING_TOLERANCE = 1e-4;

/** Places nearer to each other are one, mm. */
export const SAME_PLACE_MM = 1e-3;

/** A slice is compared with so many grids that were found last: a series has few. */
const RECENT_GRIDS = 256;

const close = (a: readonly number[], b: readonly number[], tolerance: number): boolean =>
  a.every((value, i) => Math.abs(value - b[i]!) <= tolerance);

function sameGrid(a: SliceFacts, b: SliceFacts): boolean {
  if (a.rows !== b.rows || a.columns !== b.columns || a.samples !== b.samples) return false;
  if (a.frameOfReferenceUid !== b.frameOfReferenceUid) return false;
  if (!a.orientation !== !b.orientation || !a.pixelSpacingMm !== !b.pixelSpacingMm) return false;
  if (!a.position !== !b.position) return false;
  const turned =
    a.orientation &&
    b.orientation &&
    !close(a.orientation.flat(), b.orientation.flat(), ORIENTATION_TOLERANCE);
  const scaled =
    a.pixelSpacingMm &&
    b.pixelSpacingMm &&
    !close(a.pixelSpacingMm, b.pixelSpacingMm, PIXEL_SPACING_TOLERANCE * a.pixelSpacingMm[0]);
  return !turned && !scaled;
}

/** How far along the normal of its plane a slice lies, mm; undefined without position and orientation. */
export function placeAlongNormal({ position, orientation }: SliceFacts): number | undefined {
  if (!position || !orientation) return undefined;
  const n = unit(cross(...orientation));
  return n[0] * position[0] + n[1] * position[1] + n[2] * position[2];
}

export function unit(v: Vector3): Vector3 {
  const length = Math.hypot(...v) || 1;
  return [v[0] / length, v[1] / length, v[2] / length];
}

/** Marks that make images of their own, tried in this order, and marks that make time points. */
const separating = ['imageType', 'echoTime', 'energyWindow', 'detector'];
const ordering = [
  'temporalPosition',
  'triggerTime',
  'phase',
  'diffusion',
  'bValue',
  'frameReferenceTime',
  'acquisitionNumber',
  'acquisitionTime',
  'contentTime',
];

/**
 * What makes two slices copies of one: SOP instance, frame, and what each says of its place, as some programs give all
 * slices of a series the same UID.
 */
function identityOf({ sopInstanceUid, file, frame, position, instanceNumber }: SliceFacts): string {
  return [sopInstanceUid || file, frame, instanceNumber, position].join(' ');
}

/** Times that may differ from slice to slice of one time point. */
const ranking = ['triggerTime', 'frameReferenceTime', 'acquisitionTime'];

/** Parts the slices of a series into groups; a slice in two copies counts once. */
export function splitIntoGroups(slices: readonly SliceFacts[]): readonly SliceGroup[] {
  const once = [...new Map(slices.map((slice) => [identityOf(slice), slice])).values()];
  const grids: SliceFacts[][] = [];
  for (const slice of once) {
    const grid = grids.slice(-RECENT_GRIDS).find(([first]) => sameGrid(first!, slice));
    if (grid) grid.push(slice);
    else grids.push([slice]);
  }
  return grids
    .flatMap((grid) => splitByStackId(grid))
    .flatMap(({ slices, distinction }) => splitByMarks(slices, separating, distinction));
}

/** Stack IDs are for telling stacks apart (PS3.3 C.7.6.16.2.2); one for each slice tells nothing. */
function splitByStackId(
  slices: readonly SliceFacts[],
): readonly { readonly slices: readonly SliceFacts[]; readonly distinction: readonly string[] }[] {
  const parts = partedBy(slices, 'stackId');
  if (parts.length < 2 || parts.every(([, part]) => part.length === 1)) return [{ slices, distinction: [] }];
  return parts.map(([id, part]) => ({ slices: part, distinction: [`stackId ${id}`] }));
}

function splitByMarks(
  slices: readonly SliceFacts[],
  marks: readonly string[],
  distinction: readonly string[],
): readonly SliceGroup[] {
  if (!hasDuplicates(slices)) return [{ timePoints: [slices], distinction }];
  const [mark, ...rest] = marks;
  if (mark === undefined) return [timePointsOf(slices, distinction)];
  const parts = partedBy(slices, mark);
  if (parts.length < 2) return splitByMarks(slices, rest, distinction);
  return parts.flatMap(([value, part]) => splitByMarks(part, rest, [...distinction, `${mark} ${value}`]));
}

function partedBy(
  slices: readonly SliceFacts[],
  mark: string,
): readonly (readonly [string | number, SliceFacts[]])[] {
  const parts = new Map<string | number, SliceFacts[]>();
  for (const slice of slices) {
    const value = slice.marks[mark] ?? '';
    const part = parts.get(value);
    if (part) part.push(slice);
    else parts.set(value, [slice]);
  }
  const numeric = (value: string | number) => (typeof value === 'number' ? value : Number.NaN);
  return [...parts].sort(([a], [b]) => numeric(a) - numeric(b) || (String(a) < String(b) ? -1 : 1));
}

/** Slices at one place need a mark that tells them apart; without one they stay together, and stacking refuses them. */
function timePointsOf(slices: readonly SliceFacts[], distinction: readonly string[]): SliceGroup {
  const dimensions = Object.keys(slices[0]!.marks).filter((mark) => mark.startsWith('dimension '));
  const places = byPlace(slices);
  let incomplete: SliceGroup | undefined;
  for (const mark of [...ordering, ...dimensions]) {
    const parts = partedBy(slices, mark).map(([, part]) => part);
    if (parts.length < 2 || parts.some(hasDuplicates)) continue;
    incomplete ??= { timePoints: parts, timeAxis: mark, distinction };
    if (new Set(parts.map(({ length }) => length)).size === 1 && parts[0]!.length === places.length) {
      return { timePoints: parts, timeAxis: mark, distinction };
    }
  }
  for (const mark of ranking) {
    const timePoints = rankedBy(places, mark);
    if (timePoints) return { timePoints, timeAxis: mark, distinction };
  }
  if (incomplete) return incomplete;
  const [first] = slices;
  const oneFile = slices.every(({ file }) => file === first!.file);
  if (oneFile && places.length === 1) {
    return { timePoints: slices.map((slice) => [slice]), timeAxis: 'frame', distinction };
  }
  return { timePoints: [slices], distinction };
}

/** Slices parted by where they lie along the normal, lowest first. */
function byPlace(slices: readonly SliceFacts[]): readonly (readonly SliceFacts[])[] {
  const placed = slices.map((slice) => ({ slice, place: placeAlongNormal(slice) ?? 0 }));
  placed.sort((a, b) => a.place - b.place);
  const parts: SliceFacts[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { slice, place } of placed) {
    if (place - last < SAME_PLACE_MM) parts.at(-1)!.push(slice);
    else parts.push([slice]);
    last = place;
  }
  return parts;
}

/**
 * Time points where each slice has a time of its own, as of one acquired after another: the first at every place, the
 * second, and so on. Undefined unless every place has as many slices, all of different times.
 */
function rankedBy(
  places: readonly (readonly SliceFacts[])[],
  mark: string,
): readonly (readonly SliceFacts[])[] | undefined {
  const count = places[0]!.length;
  const ranked = places.map((slices) => partedBy(slices, mark).map(([, part]) => part));
  if (count < 2 || ranked.some((parts) => parts.length !== count || parts.some((part) => part.length > 1))) {
    return undefined;
  }
  return Array.from({ length: count }, (_, rank) => ranked.map((parts) => parts[rank]![0]!));
}

/** Whether two slices lie at one place. Slices without a place do not count. */
export function hasDuplicates(slices: readonly SliceFacts[]): boolean {
  const places = slices.map(placeAlongNormal).filter((place) => place !== undefined);
  places.sort((a, b) => a - b);
  return places.some((place, i) => i > 0 && place - places[i - 1]! < SAME_PLACE_MM);
}
