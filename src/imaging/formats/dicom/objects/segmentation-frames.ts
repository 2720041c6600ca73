import { HounsfieldError } from '../../../../errors.ts';
import { type Geometry, geometryFrom, type Vector3 } from '../../../geometry/geometry.ts';
import type { Dataset } from '../dataset.ts';
import { number, numbers, sequence, text } from '../values.ts';
import { stackFrames } from './frame-stack.ts';
import { type FramePlane, type FunctionalGroups, framePlane, groupItems } from './functional-groups.ts';

/** Where one frame belongs in the volume. */
export interface FramePlacement {
  /** The segment's number; undefined in a label map, whose values are the numbers. */
  readonly segment: number | undefined;
  readonly slice: number;
  /** The frame's first pixel. */
  readonly column: number;
  readonly row: number;
}

/** All frames of a segmentation in one volume. */
export interface FrameLayout {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly geometry: Geometry | undefined;
  readonly frames: readonly FramePlacement[];
  readonly warnings: readonly string[];
}

function segmentOf(groups: FunctionalGroups, frame: number): number | undefined {
  const item = groupItems(groups, frame, 'SegmentIdentificationSequence')[0];
  return item && number(item, 'ReferencedSegmentNumber');
}

/** The image frame that a frame was made from, as one word. */
function sourceOf(groups: FunctionalGroups, frame: number): string | undefined {
  const derivation = groupItems(groups, frame, 'DerivationImageSequence')[0];
  const source = derivation && sequence(derivation, 'SourceImageSequence')[0];
  if (source === undefined) return undefined;
  return `${text(source, 'ReferencedSOPInstanceUID') ?? ''}#${number(source, 'ReferencedFrameNumber') ?? 1}`;
}

/**
 * Places the frames of a segmentation or parametric map: by their planes in the patient, by their tile of a slide's total
 * pixel matrix, or, where neither is there, by the images they were made from. Throws DICOM_FRAMES_UNEVEN,
 * SEGMENTATION_FRAMES.
 */
export function layOutFrames(
  data: Dataset,
  groups: FunctionalGroups,
  segmentNumbers: readonly number[] | undefined,
  grid?: Geometry,
): FrameLayout {
  if (number(data, 'TotalPixelMatrixRows') !== undefined) return layOutTiles(data, groups, segmentNumbers);
  const [width, height] = [number(data, 'Columns') ?? 0, number(data, 'Rows') ?? 0];
  const planes = Array.from({ length: groups.frames }, (_, i) => framePlane(groups, i));
  const segments = planes.map((_, i) => (segmentNumbers ? segmentOf(groups, i) : undefined));
  const place = (slices: readonly number[]): FramePlacement[] =>
    slices.map((slice, i) => ({ segment: segments[i], slice, column: 0, row: 0 }));
  if (planes.every((plane): plane is FramePlane => plane !== undefined)) {
    const stack = stackFrames(planes, text(data, 'FrameOfReferenceUID'), grid);
    return { ...stack, width, height, frames: place(stack.sliceOf) };
  }
  const sources = planes.map((_, i) => sourceOf(groups, i));
  const order = new Map([...new Set(sources)].map((source, i) => [source, i]));
  if (planes.some((plane) => plane !== undefined) || (order.has(undefined) && order.size > 1)) {
    throw new HounsfieldError(
      'SEGMENTATION_FRAMES',
      'some frames say where they lie or which image they were made from and others do not, so they cannot be put in order.',
    );
  }
  return {
    width,
    height,
    depth: order.size,
    geometry: undefined,
    frames: place(sources.map((source) => order.get(source)!)),
    warnings: [
      'the frames do not say where they lie in the patient; they are in the order of their source images',
    ],
  };
}

/** Tiles of a slide (PS3.3 C.7.6.17.3). */
function layOutTiles(
  data: Dataset,
  groups: FunctionalGroups,
  segmentNumbers: readonly number[] | undefined,
): FrameLayout {
  const [width, height] = [
    number(data, 'TotalPixelMatrixColumns') ?? 0,
    number(data, 'TotalPixelMatrixRows') ?? 0,
  ];
  const tile = [number(data, 'Columns') ?? 1, number(data, 'Rows') ?? 1] as const;
  const full = text(data, 'DimensionOrganizationType') === 'TILED_FULL';
  const frames = full
    ? fullTiles(width, height, tile, groups.frames, segmentNumbers)
    : Array.from({ length: groups.frames }, (_, i) => sparseTile(groups, i, segmentNumbers !== undefined));
  const heights = [...new Set(frames.map((frame) => frame.slice))].toSorted((a, b) => a - b);
  const sliceAt = new Map(heights.map((at, i) => [at, i]));
  return {
    width,
    height,
    depth: heights.length,
    geometry: slideGeometry(data, groups),
    frames: frames.map((frame) => ({ ...frame, slice: sliceAt.get(frame.slice)! })),
    warnings: [],
  };
}

function fullTiles(
  width: number,
  height: number,
  [columns, rows]: readonly [number, number],
  count: number,
  segmentNumbers: readonly number[] | undefined,
): FramePlacement[] {
  const across = Math.max(1, Math.ceil(width / columns));
  const tiles = across * Math.max(1, Math.ceil(height / rows));
  const segments = segmentNumbers ?? [undefined];
  const planes = Math.max(1, Math.round(count / (tiles * segments.length)));
  if (planes * tiles * segments.length !== count) {
    throw new HounsfieldError(
      'SEGMENTATION_FRAMES',
      `${count} frames do not fill ${tiles} tiles of ${segments.length} segments. The object is damaged: fetch it again.`,
    );
  }
  return Array.from({ length: count }, (_, i) => ({
    column: (i % across) * columns,
    row: (Math.floor(i / across) % (tiles / across)) * rows,
    slice: Math.floor(i / tiles) % planes,
    segment: segments[Math.floor(i / (tiles * planes))],
  }));
}

function sparseTile(groups: FunctionalGroups, frame: number, segmented: boolean): FramePlacement {
  const item = groupItems(groups, frame, 'PlanePositionSlideSequence')[0];
  const column = item && number(item, 'ColumnPositionInTotalImagePixelMatrix');
  const row = item && number(item, 'RowPositionInTotalImagePixelMatrix');
  if (column === undefined || row === undefined || !Number.isInteger(column) || !Number.isInteger(row)) {
    throw new HounsfieldError(
      'SEGMENTATION_FRAMES',
      `frame ${frame + 1} of a tiled object does not say where its tile lies. The object is damaged: fetch it again.`,
    );
  }
  const slice = number(item!, 'ZOffsetInSlideCoordinateSystem') ?? 0; // there, as its column was read from it
  return {
    segment: segmented ? segmentOf(groups, frame) : undefined,
    slice,
    column: column - 1,
    row: row - 1,
  };
}

/** The total pixel matrix in the slide's own coordinates, mm. */
function slideGeometry(data: Dataset, groups: FunctionalGroups): Geometry | undefined {
  const measures = groupItems(groups, 0, 'PixelMeasuresSequence')[0];
  const at = sequence(data, 'TotalPixelMatrixOriginSequence')[0];
  const cosines = numbers(data, 'ImageOrientationSlide');
  const [rowMm, columnMm] = measures ? numbers(measures, 'PixelSpacing') : [];
  const [x, y] = at
    ? [number(at, 'XOffsetInSlideCoordinateSystem'), number(at, 'YOffsetInSlideCoordinateSystem')]
    : [];
  const known = [rowMm, columnMm, x, y].every((value) => value !== undefined && Number.isFinite(value));
  if (!known || cosines.length !== 6 || !(rowMm! > 0) || !(columnMm! > 0)) return undefined;
  const [a, b, c, d, e, f] = cosines as [number, number, number, number, number, number]; // six, as checked
  const normal: Vector3 = [b * f - c * e, c * d - a * f, a * e - b * d];
  const frameOfReferenceUid = text(data, 'FrameOfReferenceUID');
  return geometryFrom({
    spacingMm: [columnMm!, rowMm!, (measures && number(measures, 'SliceThickness')) || 1],
    direction: [a, d, normal[0], b, e, normal[1], c, f, normal[2]],
    originMm: [x!, y!, 0],
    frame: 'image',
    ...(frameOfReferenceUid !== undefined && { frameOfReferenceUid }),
  });
}
