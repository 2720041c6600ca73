import { HounsfieldError } from '../../../../errors.ts';
import type { Geometry, Vector3 } from '../../../geometry/geometry.ts';
import type { BuildRecord } from '../build-dataset.ts';
import type { Dataset } from '../dataset.ts';
import { number, sequence, text } from '../values.ts';
import { stackFrames } from './frame-stack.ts';
import { type FramePlane, framePlane, functionalGroups, imagePlane } from './functional-groups.ts';
import { present } from './present.ts';

/** One image, or one frame of a multi-frame image, that an object was made from. */
export interface SourceFrame {
  readonly dataset: Dataset;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Counted from 1; absent where the image has one frame. */
  readonly frame?: number;
  /** Absent in a radiograph, which does not lie in the patient. */
  readonly plane?: FramePlane;
}

/** The series that an object is made from: frames in the order of their slices, and the grid that they make. */
export interface SourceSeries {
  readonly first: Dataset;
  readonly frames: readonly SourceFrame[];
  /** Absent where no image says where it lies, as with radiographs. */
  readonly geometry?: Geometry;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid?: string;
}

function refuse(reason: string): HounsfieldError {
  return new HounsfieldError(
    'DERIVED_SOURCE',
    `${reason} Pass the headers of the images of one series, one for each slice.`,
  );
}

function one<T>(values: readonly (T | undefined)[], what: string): T {
  const first = values[0];
  if (first === undefined) throw refuse(`${what} is missing from a source image.`);
  if (values.some((value) => value !== first)) throw refuse(`${what} is not the same in all source images.`);
  return first;
}

function framesOf(dataset: Dataset): SourceFrame[] {
  const sopClassUid = text(dataset, 'SOPClassUID');
  const sopInstanceUid = text(dataset, 'SOPInstanceUID');
  if (sopClassUid === undefined || sopInstanceUid === undefined) {
    throw refuse('SOP Class UID or SOP Instance UID is missing from a source image.');
  }
  const own = { dataset, sopClassUid, sopInstanceUid };
  const count = number(dataset, 'NumberOfFrames') ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > FRAME_LIMIT)
    throw refuse('Number of Frames makes no sense.');
  if (sequence(dataset, 'PerFrameFunctionalGroupsSequence').length === 0) {
    if (count === 1) return [{ ...own, ...present({ plane: imagePlane(dataset) }) }];
    return Array.from({ length: count }, (_, i) => ({ ...own, frame: i + 1 }));
  }
  const groups = functionalGroups(dataset, count);
  return groups.perFrame
    .slice(0, count)
    .map((_, i) => ({ ...own, frame: i + 1, ...present({ plane: framePlane(groups, i) }) }));
}

/** Frames of one source image. */
const FRAME_LIMIT = 1_000_000;

/** The frames in the order of their slices, with their grid; as given where none says where it lies. */
function ordered(frames: readonly SourceFrame[], frameOfReferenceUid: string | undefined) {
  const planes = frames.flatMap(({ plane }) => plane ?? []);
  if (planes.length === 0) return { frames, depth: frames.length };
  if (planes.length < frames.length)
    throw refuse('Some source images do not say where they lie in the patient.');
  const stack = stackFrames(planes, frameOfReferenceUid);
  const order = frames.map((_, i) => i).toSorted((a, b) => stack.sliceOf[a]! - stack.sliceOf[b]!);
  if (order.some((frame, slice) => stack.sliceOf[frame] !== slice) || order.length !== stack.depth) {
    throw refuse('Two source images lie on one slice, or one is missing between others.');
  }
  return { frames: order.map((i) => frames[i]!), depth: stack.depth, geometry: stack.geometry };
}

/**
 * The series of source images, sorted by position; radiographs and other images without one as given. Throws DERIVED_SOURCE when they are not of one study, series, frame of
 * reference and size, DICOM_FRAMES_UNEVEN when they make no even stack.
 */
export function sourceSeries(datasets: readonly Dataset[]): SourceSeries {
  const first = datasets[0];
  if (first === undefined) throw refuse('There is no source image.');
  const all = (keyword: string) => datasets.map((data) => text(data, keyword));
  const places = all('FrameOfReferenceUID');
  const placed = places.some((uid) => uid !== undefined);
  const frameOfReferenceUid = placed ? one(places, 'Frame of Reference UID') : undefined;
  const series = ordered(datasets.flatMap(framesOf), frameOfReferenceUid);
  if (series.geometry !== undefined && !placed)
    throw refuse('Frame of Reference UID is missing from the source images.');
  const size = (keyword: string) =>
    one(
      datasets.map((data) => number(data, keyword)),
      keyword,
    );
  return {
    first,
    ...series,
    width: size('Columns'),
    height: size('Rows'),
    studyUid: one(all('StudyInstanceUID'), 'Study Instance UID'),
    seriesUid: one(all('SeriesInstanceUID'), 'Series Instance UID'),
    ...present({ frameOfReferenceUid }),
  };
}

/** A reference to an image or frame, as an item of a sequence. */
export function frameReference(source: SourceFrame): BuildRecord {
  return {
    ReferencedSOPClassUID: source.sopClassUid,
    ReferencedSOPInstanceUID: source.sopInstanceUid,
    ...present({ ReferencedFrameNumber: source.frame }),
  };
}

/** One reference for each instance of the series. */
export function instanceReferences(series: SourceSeries): BuildRecord[] {
  const seen = new Map(series.frames.map((frame) => [frame.sopInstanceUid, frame]));
  return [...seen.values()].map(({ sopClassUid, sopInstanceUid }) => ({
    ReferencedSOPClassUID: sopClassUid,
    ReferencedSOPInstanceUID: sopInstanceUid,
  }));
}

/** Source frames that show the same plane as a slice of a grid, to a twentieth of a slice. */
export function framesOnPlane(
  series: SourceSeries,
  origin: Vector3,
  normal: Vector3,
  sliceMm: number,
): SourceFrame[] {
  if (series.geometry === undefined) return [];
  const a = series.geometry.affine;
  const across = [
    a[0] * normal[0] + a[4] * normal[1] + a[8] * normal[2],
    a[1] * normal[0] + a[5] * normal[1] + a[9] * normal[2],
  ];
  const reach = Math.abs(across[0]!) * series.width + Math.abs(across[1]!) * series.height;
  if (reach > sliceMm * 0.05) return []; // the planes cross
  return series.frames.filter(({ plane }) => {
    const p = plane!.position; // a series with a geometry has a plane in every frame
    const off =
      (p[0] - origin[0]) * normal[0] + (p[1] - origin[1]) * normal[1] + (p[2] - origin[2]) * normal[2];
    return Math.abs(off) <= sliceMm * 0.05;
  });
}
