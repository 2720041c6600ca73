import { HounsfieldError } from '../../../../errors.ts';
import { type Affine, type Geometry, geometry, type Vector3 } from '../../../geometry/geometry.ts';
import type { FramePlane } from './functional-groups.ts';

/** Frames on an even stack of slices. */
export interface FrameStack {
  readonly geometry: Geometry;
  readonly depth: number;
  /** The slice of each frame. */
  readonly sliceOf: readonly number[];
  readonly warnings: readonly string[];
}

const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** Unit normal of a frame, right-handed with its row and column directions. */
export function normalOf({ axes: [r, c] }: FramePlane): Vector3 {
  const n: Vector3 = [r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0]];
  const length = Math.hypot(...n);
  return [n[0] / length, n[1] / length, n[2] / length];
}

function uneven(reason: string): HounsfieldError {
  return new HounsfieldError(
    'DICOM_FRAMES_UNEVEN',
    `${reason} A stack of even slices is expected. Pass the source image's grid to place the frames on, or split the object.`,
  );
}

/** Frames are one slice when they are nearer than this part of a pixel. */
const TOGETHER = 0.01;
/** How far a frame may lie from its place in the stack, as part of the spacing. */
const TOLERANCE = 0.05;

function checkOrientation(planes: readonly FramePlane[]): void {
  const [first] = planes as readonly [FramePlane, ...FramePlane[]]; // stackFrames has checked that one is there
  for (const plane of planes) {
    const turned = [0, 1].some(
      (i) => Math.hypot(...minus(plane.axes[i as 0 | 1], first.axes[i as 0 | 1])) > 1e-3,
    ); // two axes
    const other = [0, 1].some((i) => Math.abs(plane.spacingMm[i]! / first.spacingMm[i]! - 1) > 1e-3);
    if (turned || other) throw uneven(`Frames differ in ${turned ? 'orientation' : 'pixel spacing'}.`);
  }
}

/** The slice spacing that puts every distance on a whole number of steps. */
function evenStep(
  distances: readonly number[],
  candidates: readonly (number | undefined)[],
): number | undefined {
  return candidates.find(
    (step) =>
      step !== undefined &&
      step > 0 &&
      distances.every((d) => Math.abs(d / step - Math.round(d / step)) <= TOLERANCE),
  );
}

/** Distances that occur, each once, ascending. */
function distinct(distances: readonly number[], least: number): number[] {
  const sorted = distances.toSorted((a, b) => a - b);
  return sorted.filter((d, i) => i === 0 || d - sorted[i - 1]! > least);
}

/**
 * Sorts frames onto an even stack along their common normal; slices that no frame shows are counted, too. The spacing is
 * the first that puts every frame on a slice: the given grid's, the file's Spacing Between Slices, the least distance
 * between frames, the slice thickness. Throws DICOM_FRAMES_UNEVEN.
 * @param grid what the frames are to be placed on, where it is known
 */
export function stackFrames(
  planes: readonly FramePlane[],
  frameOfReferenceUid: string | undefined,
  grid?: Geometry,
): FrameStack {
  const first = planes[0];
  if (first === undefined) throw uneven('There is no frame.');
  checkOrientation(planes);
  const normal = normalOf(first);
  if (!normal.every(Number.isFinite)) throw uneven('Image Orientation (Patient) spans no plane.');
  const distances = planes.map((plane) => dot(minus(plane.position, first.position), normal));
  const sorted = distinct(distances, TOGETHER * Math.min(...first.spacingMm));
  const lowest = sorted[0]!;
  const gaps = sorted.slice(1).map((d, i) => d - sorted[i]!);
  const gridStep = grid && stepAlong(grid, normal);
  const warnings: string[] = [];
  const step =
    gaps.length === 0
      ? (gridStep ?? first.spacingBetweenMm ?? first.thicknessMm ?? unknownSpacing(warnings))
      : evenStep(
          distances.map((d) => d - lowest),
          [gridStep, first.spacingBetweenMm, refinedStep(gaps), first.thicknessMm],
        );
  if (step === undefined) throw uneven('Distances between frames are no multiples of one spacing.');
  const sliceOf = distances.map((d) => Math.round((d - lowest) / step));
  const depth = sliceOf.reduce((most, slice) => Math.max(most, slice), 0) + 1;
  const affine = stackAffine(planes, sliceOf, normal, step);
  return { geometry: geometry(affine, 'patient', frameOfReferenceUid), depth, sliceOf, warnings };
}

/** The distance of a grid's slices where one of its axes runs along the normal. */
function stepAlong({ affine: a }: Geometry, normal: Vector3): number | undefined {
  for (const axis of [0, 1, 2]) {
    const way: Vector3 = [a[axis]!, a[axis + 4]!, a[axis + 8]!];
    const step = Math.abs(dot(way, normal));
    if (step > 0.999 * Math.hypot(...way)) return step;
  }
  return undefined;
}

/** The least gap, made exact by counting how often it fits into all of them. */
function refinedStep(gaps: readonly number[]): number {
  const least = gaps.reduce((a, b) => Math.min(a, b));
  const [length, count] = gaps.reduce(([l, n], gap) => [l + gap, n + Math.round(gap / least)], [0, 0]);
  return length / count;
}

function unknownSpacing(warnings: string[]): number {
  warnings.push('the object has one slice and does not say how thick it is; 1 mm is taken');
  return 1;
}

/** The stack's axes; where the slices are shifted against each other the third one leans (gantry tilt). */
function stackAffine(
  planes: readonly FramePlane[],
  sliceOf: readonly number[],
  normal: Vector3,
  step: number,
): Affine {
  let [low, high] = [0, 0];
  sliceOf.forEach((slice, frame) => {
    if (slice < sliceOf[low]!) low = frame;
    if (slice > sliceOf[high]!) high = frame;
  });
  const { position: o, axes, spacingMm: s } = planes[low]!;
  const slices = sliceOf[high]! - sliceOf[low]!;
  const way = minus(planes[high]!.position, o);
  const along: Vector3 =
    slices === 0
      ? [normal[0] * step, normal[1] * step, normal[2] * step]
      : [way[0] / slices, way[1] / slices, way[2] / slices];
  const [u, v] = axes;
  planes.forEach((plane, frame) => {
    const k = sliceOf[frame]! - sliceOf[low]!;
    const place: Vector3 = [o[0] + along[0] * k, o[1] + along[1] * k, o[2] + along[2] * k];
    const off = Math.hypot(...minus(plane.position, place));
    if (off > Math.max(TOLERANCE * step, TOLERANCE * Math.max(...s))) {
      throw uneven(`A frame lies ${off.toFixed(2)} mm beside the stack of the others.`);
    }
  });
  const row = (i: 0 | 1 | 2) => [u[i] * s[0], v[i] * s[1], along[i], o[i]];
  return [...row(0), ...row(1), ...row(2)] as unknown as Affine; // three rows of four
}
