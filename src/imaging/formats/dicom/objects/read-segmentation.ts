import { HounsfieldError } from '../../../../errors.ts';
import {
  type Label,
  type LabelMap,
  labelMap,
  type MedicalImage,
  medicalImage,
} from '../../../image/medical-image.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { decodeFrame } from '../pixels/decode-frame.ts';
import { imagePixel } from '../pixels/image-pixel.ts';
import { type Palette, paletteOf } from '../pixels/palette.ts';
import { number, sequence, text } from '../values.ts';
import { functionalGroups } from './functional-groups.ts';
import { ontoGrid } from './grid-mapping.ts';
import { checkVoxels, layerCanvas, runsOf, type SliceMask, VOXEL_LIMIT } from './label-layers.ts';
import { present } from './present.ts';
import { readSegments, type Segment, segmentLabel } from './segment-table.ts';
import { type FrameLayout, layOutFrames } from './segmentation-frames.ts';
import type { GridLike } from './structure-mask.ts';

/** What every kind of segmentation says of itself. */
interface SegmentationHeader {
  readonly segments: readonly Segment[];
  readonly contentLabel: string;
  readonly contentDescription?: string;
  readonly frameOfReferenceUid?: string;
  readonly seriesUids: readonly string[];
  readonly imageUids: readonly string[];
  readonly warnings: readonly string[];
}

/** A DICOM segmentation: labels, or for a fractional one how much of each voxel each segment has. */
export type Segmentation = SegmentationHeader &
  (
    | {
        readonly kind: 'BINARY' | 'LABELMAP';
        /** Values are the segments' numbers; overlapping segments lie in channels of their own. */
        readonly labels: LabelMap;
      }
    | {
        readonly kind: 'FRACTIONAL';
        /** Whether a value is a probability or the part of the voxel that is filled. */
        readonly fractionalType: 'PROBABILITY' | 'OCCUPANCY';
        readonly fractions: MedicalImage; // [1, C, D, H, W], one channel for each segment, 0..1
      }
  );

export interface ReadSegmentationOptions {
  /** The image whose grid the segments are wanted on; their own grid where left out. */
  readonly grid?: GridLike;
  /** Default 2^28, all layers together. */
  readonly maxVoxels?: number;
}

const SEGMENTATION_CLASSES: readonly string[] = [
  '1.2.840.10008.5.1.4.1.1.66.4',
  '1.2.840.10008.5.1.4.1.1.66.7',
];

interface Reading {
  readonly file: DicomFile;
  readonly layout: FrameLayout;
  readonly segments: readonly Segment[];
  readonly limit: number;
  readonly warnings: string[];
}

/**
 * Reads a segmentation: binary, fractional and label map (PS3.3 A.51, C.8.20.2.3), frames in any order and any transfer
 * syntax, missing frames empty. Throws SEGMENTATION_KIND, SEGMENTATION_SEGMENTS, SEGMENTATION_FRAMES, DICOM_FRAMES_UNEVEN,
 * DICOM_FUNCTIONAL_GROUPS, DICOM_OBJECT_TOO_LARGE, SEGMENTATION_GRID, and what decoding frames throws.
 */
export async function readSegmentation(
  file: DicomFile,
  options: ReadSegmentationOptions = {},
): Promise<Segmentation> {
  const { dataset } = file;
  const kind = kindOf(dataset);
  const segments = readSegments(dataset);
  const { frames, warnings } = imagePixel(file);
  const groups = functionalGroups(dataset, frames);
  const numbers = kind === 'LABELMAP' ? undefined : segments.map((segment) => segment.number);
  const layout = layOutFrames(dataset, groups, numbers, options.grid?.geometry);
  const limit = options.maxVoxels ?? VOXEL_LIMIT;
  const reading: Reading = {
    file,
    layout,
    segments,
    limit,
    warnings: [...warnings, ...layout.warnings],
  };
  const place = <T extends MedicalImage>(image: T): T =>
    options.grid ? ontoGrid(image, options.grid, limit) : image;
  if (kind === 'FRACTIONAL') {
    const fractions = place(await readFractions(reading));
    const occupancy = text(dataset, 'SegmentationFractionalType') === 'OCCUPANCY';
    const fractionalType = occupancy ? 'OCCUPANCY' : 'PROBABILITY';
    return { kind, fractionalType, fractions, ...header(dataset, reading) };
  }
  const labels = place(await (kind === 'BINARY' ? readBinary(reading) : readLabelMap(reading)));
  return { kind, labels, ...header(dataset, reading) };
}

function kindOf(data: Dataset): Segmentation['kind'] {
  const kind = text(data, 'SegmentationType');
  const known = SEGMENTATION_CLASSES.includes(text(data, 'SOPClassUID') ?? '');
  if (known && (kind === 'BINARY' || kind === 'FRACTIONAL' || kind === 'LABELMAP')) return kind;
  throw new HounsfieldError(
    'SEGMENTATION_KIND',
    known
      ? 'Segmentation Type is none of BINARY, FRACTIONAL and LABELMAP. Correct it, or have the object made again.'
      : 'the object is no Segmentation or Label Map Segmentation by its SOP Class UID. Read it as what it is.',
  );
}

function header(data: Dataset, { segments, warnings }: Reading): SegmentationHeader {
  const series = sequence(data, 'ReferencedSeriesSequence');
  return {
    segments,
    contentLabel: text(data, 'ContentLabel') ?? '',
    ...present({
      contentDescription: text(data, 'ContentDescription'),
      frameOfReferenceUid: text(data, 'FrameOfReferenceUID'),
    }),
    seriesUids: series.flatMap((item) => text(item, 'SeriesInstanceUID') ?? []),
    imageUids: series.flatMap((item) =>
      sequence(item, 'ReferencedInstanceSequence').flatMap(
        (one) => text(one, 'ReferencedSOPInstanceUID') ?? [],
      ),
    ),
    warnings,
  };
}

/** Copies a frame into its slice; a tile that reaches over the edge is cut. */
function placeFrame(
  { layout, file }: Reading,
  frame: number,
  values: ArrayLike<number>,
  put: (at: number, value: number) => void,
): void {
  const { rows, columns } = imagePixel(file);
  const { column, row } = layout.frames[frame]!;
  const right = Math.min(columns, layout.width - column);
  const bottom = Math.min(rows, layout.height - row);
  for (let y = Math.max(0, -row); y < bottom; y++) {
    for (let x = Math.max(0, -column); x < right; x++) {
      put((row + y) * layout.width + column + x, values[y * columns + x]!);
    }
  }
}

/** The frames of each segment, in the order of the table; frames of segments that are not in it are left out. */
function framesBySegment({ layout, segments, warnings }: Reading): Map<number, number[]> {
  const found = new Map<number, number[]>(segments.map((segment) => [segment.number, []]));
  let strangers = 0;
  layout.frames.forEach(({ segment }, frame) => {
    const list = segment === undefined ? undefined : found.get(segment);
    if (list) list.push(frame);
    else strangers++;
  });
  if (strangers > 0) warnings.push(`${strangers} frames belong to no segment of the table and were left out`);
  return found;
}

/** One segment's frames as runs, slice by slice. */
async function segmentMask(reading: Reading, frames: readonly number[]): Promise<SliceMask> {
  const { layout, file } = reading;
  const plane = layout.width * layout.height;
  const isBits = imagePixel(file).bitsAllocated === 1;
  const bySlice = new Map<number, number[]>();
  for (const frame of frames) {
    const { slice } = layout.frames[frame]!;
    const own = bySlice.get(slice);
    if (own) own.push(frame);
    else bySlice.set(slice, [frame]);
  }
  const mask = new Map<number, Uint32Array>();
  for (const [slice, own] of bySlice) {
    const bits = new Uint8Array(plane);
    for (const frame of own) {
      const { values } = await decodeFrame(file, frame);
      const { column, row } = layout.frames[frame]!;
      if (own.length === 1 && column === 0 && row === 0 && values.length === plane && isBits) {
        bits.set(values);
        continue;
      }
      placeFrame(reading, frame, values, (at, bit) => {
        if (bit !== 0) bits[at] = 1;
      });
    }
    mask.set(slice, runsOf(bits));
  }
  return mask;
}

async function readBinary(reading: Reading): Promise<LabelMap> {
  const { layout, segments, limit } = reading;
  const { value } = withoutZero(segments, reading.warnings);
  const highest = segments.reduce((most, segment) => Math.max(most, value(segment.number)), 0);
  const canvas = layerCanvas(highest, layout, limit);
  for (const [number, frames] of framesBySegment(reading)) {
    canvas.draw(value(number), await segmentMask(reading, frames));
  }
  const drawn = canvas.finish();
  const labels = segments.map((segment, i) =>
    segmentLabel(segment, value(segment.number), drawn.layerOf[i]!),
  );
  return labelMap(drawn.pixels, shapeOf(layout, drawn.layers), labels, geometryOf(layout));
}

/** 0 is the background of a label map: a segment of that number takes the next free one. */
function withoutZero(segments: readonly Segment[], warnings: string[]) {
  const next = segments.reduce((most, segment) => Math.max(most, segment.number), 0) + 1;
  if (segments.some((segment) => segment.number === 0)) {
    warnings.push(`segment 0 was given the value ${next}, as 0 is the background`);
  }
  return { value: (number: number) => (number === 0 ? next : number) };
}

async function readLabelMap(reading: Reading): Promise<LabelMap> {
  const { layout, file, segments, limit, warnings } = reading;
  checkVoxels([layout.depth, layout.height, layout.width], limit);
  const background = number(file.dataset, 'PixelPaddingValue') ?? 0;
  const real = segments.filter((segment) => segment.number !== background);
  const { value } = withoutZero(real, warnings);
  const wide = imagePixel(file).bitsAllocated > 8 || real.some((segment) => value(segment.number) > 255);
  const plane = layout.width * layout.height;
  const pixels = wide ? new Uint16Array(plane * layout.depth) : new Uint8Array(plane * layout.depth);
  const seen = new Set<number>();
  for (const [frame, { slice }] of layout.frames.entries()) {
    const { values } = await decodeFrame(file, frame);
    placeFrame(reading, frame, values, (at, stored) => {
      if (stored === background) return;
      seen.add(stored);
      pixels[slice * plane + at] = value(stored);
    });
  }
  const strangers = [...seen].filter((number) => !real.some((segment) => segment.number === number));
  if (strangers.length > 0) warnings.push(`${strangers.length} values belong to no segment of the table`);
  const palette = await paletteOf(file, false);
  const labels = real.map((segment): Label => {
    const colour = segment.colour ?? (palette && paletteColour(palette, segment.number));
    return { ...segmentLabel(segment, value(segment.number)), ...(colour && { colour }) };
  });
  return labelMap(pixels, shapeOf(layout, 1), labels, geometryOf(layout));
}

function paletteColour({ first, bits, red, green, blue }: Palette, value: number): Label['colour'] {
  const at = Math.min(red.length - 1, Math.max(0, value - first));
  const [r, g, b] = [red, green, blue].map((table) => Math.round((table[at]! * 255) / (2 ** bits - 1)));
  return [r!, g!, b!];
}

async function readFractions(reading: Reading): Promise<MedicalImage> {
  const { layout, file, segments, limit } = reading;
  checkVoxels([segments.length, layout.depth, layout.height, layout.width], limit / 4);
  const volume = layout.width * layout.height * layout.depth;
  const pixels = new Float32Array(volume * segments.length);
  const most = number(file.dataset, 'MaximumFractionalValue') ?? 255;
  if (!(most > 0)) {
    throw new HounsfieldError(
      'SEGMENTATION_KIND',
      'Maximum Fractional Value is not above 0, so that fractions have no scale. Correct it.',
    );
  }
  let channel = 0;
  for (const [, frames] of framesBySegment(reading)) {
    for (const frame of frames) {
      const { values } = await decodeFrame(file, frame);
      const start = channel * volume + layout.frames[frame]!.slice * layout.width * layout.height;
      placeFrame(reading, frame, values, (at, value) => {
        pixels[start + at] = value / most;
      });
    }
    channel++;
  }
  const shape = shapeOf(layout, segments.length);
  return medicalImage(pixels, shape, 8, 'probability', geometryOf(layout));
}

const shapeOf = ({ width, height, depth }: FrameLayout, channels: number) => ({
  channels,
  depth,
  height,
  width,
});
const geometryOf = ({ geometry }: FrameLayout) => (geometry ? { geometry } : {});

/**
 * The labels of a segmentation; of a fractional one, where its value is at least `threshold` (0..1), and above 0. Where
 * fractional segments overlap at that threshold they come in channels of their own.
 */
export function segmentationLabels(segmentation: Segmentation, threshold = 0.5): LabelMap {
  if (segmentation.kind !== 'FRACTIONAL') return segmentation.labels;
  const { fractions, segments } = segmentation;
  const { value } = withoutZero(segments, []);
  const plane = fractions.width * fractions.height;
  const highest = segments.reduce((most, segment) => Math.max(most, value(segment.number)), 0);
  const canvas = layerCanvas(highest, fractions);
  for (const [channel, segment] of segments.entries()) {
    const mask = new Map<number, Uint32Array>();
    for (let slice = 0; slice < fractions.depth; slice++) {
      const start = (channel * fractions.depth + slice) * plane;
      const values = fractions.pixels.subarray(start, start + plane);
      mask.set(slice, runsOf(Uint8Array.from(values, (one) => (one >= threshold && one > 0 ? 1 : 0))));
    }
    canvas.draw(value(segment.number), mask);
  }
  const drawn = canvas.finish();
  const labels = segments.map((one, i) => segmentLabel(one, value(one.number), drawn.layerOf[i]!));
  const { depth, height, width } = fractions;
  const shape = { channels: drawn.layers, depth, height, width };
  return labelMap(drawn.pixels, shape, labels, fractions.geometry ? { geometry: fractions.geometry } : {});
}
