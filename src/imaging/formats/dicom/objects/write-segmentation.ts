import { HounsfieldError } from '../../../../errors.ts';
import type { CodedConcept, Label, LabelMap } from '../../../image/medical-image.ts';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import type { Dataset } from '../dataset.ts';
import { deflatedLittleEndian, explicitLittleEndian } from '../transfer-syntax.ts';
import { writeDicom } from '../write-dicom.ts';
import { colourToCielab } from './cielab.ts';
import { code, codeItem } from './codes.ts';
import {
  type DerivedGrid,
  type DerivedGridOptions,
  derivationGroup,
  derivedGrid,
  derivedImageModules,
  placeGroups,
  sharedGroups,
  sliceDimension,
} from './derived-frames.ts';
import { type DerivedObjectOptions, derivedObject } from './derived-object.ts';
import { labelCrop, labelExtents, type SliceExtent } from './label-extents.ts';
import { present } from './present.ts';
import { encodeRle } from './rle-encoder.ts';
import { instanceReferences, type SourceSeries, sourceSeries } from './source-series.ts';

/** What a label's entry in the map's table does not say of its segment. */
export interface SegmentDetail {
  readonly trackingId?: string;
  readonly trackingUid?: string;
  readonly description?: string;
  readonly anatomicRegion?: CodedConcept;
}

export interface WriteSegmentationOptions extends DerivedObjectOptions, DerivedGridOptions {
  /** How the segments were made; the name is required unless it was by hand. */
  readonly algorithm: {
    readonly type: 'AUTOMATIC' | 'SEMIAUTOMATIC' | 'MANUAL';
    readonly name?: string;
    readonly version?: string;
  };
  /** BINARY (default) writes each label's slices as bits; LABELMAP keeps the values, for labels without overlap. */
  readonly kind?: 'BINARY' | 'LABELMAP';
  /** 'rle' (RLE Lossless) for label maps alone; 'deflated' for both. Default 'none'. */
  readonly compression?: 'none' | 'rle' | 'deflated';
  /** At most 16 capital letters, digits, spaces and underscores. Default SEGMENTATION. */
  readonly contentLabel?: string;
  readonly contentDescription?: string;
  readonly contentCreatorName?: string;
  /** More on the segments, by the label's value. */
  readonly details?: ReadonlyMap<number, SegmentDetail>;
}

const CLASSES = { BINARY: '1.2.840.10008.5.1.4.1.1.66.4', LABELMAP: '1.2.840.10008.5.1.4.1.1.66.7' } as const;
const RLE_LOSSLESS = '1.2.840.10008.1.2.5';
const BACKGROUND = code('125040', 'DCM', 'Background');
const ARTIFICIAL_INTELLIGENCE = code('123110', 'DCM', 'Artificial Intelligence');
const SEGMENTATION = code('113076', 'DCM', 'Segmentation');

/** One frame to be written: of a binary segmentation where a segment lies in a slice, of a label map the slice's values. */
interface Frame {
  readonly slice: number;
  readonly segment?: number;
  readonly extent?: SliceExtent;
  readonly values?: Uint8Array | Uint16Array;
}

function refuse(codeName: string, reason: string): HounsfieldError {
  return new HounsfieldError(codeName, reason);
}

function checkOptions(map: LabelMap, options: WriteSegmentationOptions): void {
  const { algorithm, kind = 'BINARY', compression = 'none', contentLabel = '' } = options;
  if (algorithm.type !== 'MANUAL' && !algorithm.name) {
    throw refuse(
      'DERIVED_OPTIONS',
      `segments made ${algorithm.type} need the algorithm's name: give algorithm.name.`,
    );
  }
  if (!/^[A-Z0-9_ ]{0,16}$/.test(contentLabel)) {
    throw refuse(
      'DERIVED_OPTIONS',
      'contentLabel takes at most 16 capital letters, digits, spaces and underscores.',
    );
  }
  if (kind === 'BINARY' && compression === 'rle') {
    throw refuse(
      'SEGMENTATION_COMPRESSION',
      "RLE Lossless does not take frames of one bit (PS3.5 table 8.2.2-1). Write a label map, or pass compression: 'deflated'.",
    );
  }
  if (kind === 'LABELMAP' && map.channels > 1) {
    throw refuse(
      'SEGMENTATION_OVERLAP',
      `the map has ${map.channels} layers, which one label map segmentation cannot hold. Write it as BINARY.`,
    );
  }
  if (map.timePoints !== 1) {
    throw refuse(
      'SEGMENTATION_OVERLAP',
      'a segmentation holds one moment. Write each time point as an object of its own.',
    );
  }
}

/** How many values occur in a layer that has no label for them; not counted beyond a hundred. */
function valuesWithoutLabel(map: LabelMap): number {
  const { pixels, channels } = map;
  const volume = pixels.length / channels;
  const strangers = new Set<number>();
  for (let layer = 0; layer < channels; layer++) {
    const known = new Set(
      map.labels.filter(({ channel = 0 }) => channel === layer).map((label) => label.value),
    );
    let last = 0; // neighbours are mostly alike
    for (let i = layer * volume; i < (layer + 1) * volume && strangers.size < 100; i++) {
      const value = pixels[i]!;
      if (value === 0 || value === last) continue;
      last = value;
      if (!known.has(value)) strangers.add(value);
    }
  }
  return strangers.size;
}

/** The labels, checked: codes are there, values are numbered as the standard wants, and every voxel has one of them. */
function checkedLabels(map: LabelMap): readonly Label[] {
  const bare = map.labels.filter((label) => !label.category || !label.type);
  if (bare.length > 0 || map.labels.length === 0) {
    throw refuse(
      'SEGMENTATION_LABEL_CODES',
      `${bare.length} of ${map.labels.length} labels have no coded category and type, which every segment needs ` +
        '(PS3.3 table C.8.20-4). Give each label a category and a type, such as SCT 91723000 and 10200004 for a liver.',
    );
  }
  const values = new Set(map.labels.map((label) => label.value));
  const proper = [...values].every((value) => Number.isInteger(value) && value >= 1 && value <= 65535);
  if (values.size !== map.labels.length || !proper) {
    throw refuse(
      'SEGMENTATION_LABELS',
      'two labels share a value, or one is not a whole number from 1 to 65535.',
    );
  }
  const lost = map.labels.filter(
    ({ channel = 0 }) => !Number.isInteger(channel) || channel < 0 || channel >= map.channels,
  );
  if (lost.length > 0) {
    throw refuse(
      'SEGMENTATION_LABELS',
      `${lost.length} labels name a layer that the map of ${map.channels} layers does not have. Correct their channel.`,
    );
  }
  const strangers = valuesWithoutLabel(map);
  if (strangers > 0) {
    throw refuse(
      'SEGMENTATION_LABELS',
      `the map's layers hold ${strangers} values that no label of the layer has. Add them to labels, or set them to 0.`,
    );
  }
  return map.labels;
}

/** One frame for each slice that holds a label, in the order of the labels; one empty frame where there is no voxel at all. */
function binaryFrames(map: LabelMap, labels: readonly Label[]): Frame[] {
  const frames = labelExtents(map, labels).flatMap((extents, i) =>
    extents.map((extent): Frame => ({ slice: extent.slice, segment: i + 1, extent })),
  );
  return frames.length > 0 ? frames : [{ slice: 0, segment: 1 }];
}

function labelFrames(map: LabelMap, labels: readonly Label[]): Frame[] {
  const plane = map.width * map.height;
  const wide = labels.some((label) => label.value > 255);
  return Array.from({ length: map.depth }, (_, slice) => {
    const values = wide ? new Uint16Array(plane) : new Uint8Array(plane);
    values.set(map.pixels.subarray(slice * plane, (slice + 1) * plane));
    return { slice, values };
  });
}

/** Frames of one bit follow one another without a gap, the first pixel in the lowest bit (PS3.5 8.1.1). */
function packBits(map: LabelMap, labels: readonly Label[], frames: readonly Frame[]): Uint8Array {
  const plane = map.width * map.height;
  const bytes = new Uint8Array(Math.ceil((plane * frames.length) / 8));
  frames.forEach(({ extent, segment }, frame) => {
    if (extent === undefined) return;
    const crop = labelCrop(map, labels[segment! - 1]!, extent); // a frame with an extent has a segment
    const columns = extent.right - extent.left;
    for (let i = crop.indexOf(1); i >= 0; i = crop.indexOf(1, i + 1)) {
      const row = Math.floor(i / columns);
      const bit = frame * plane + (extent.top + row) * map.width + extent.left + (i - row * columns);
      const at = Math.floor(bit / 8); // beyond 2^31 bits, where shifts would wrap
      bytes[at] = bytes[at]! | (1 << (bit % 8));
    }
  });
  return bytes;
}

function littleBytes(values: Uint8Array | Uint16Array): Uint8Array {
  if (values instanceof Uint8Array) return values;
  const bytes = new Uint8Array(values.length * 2);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setUint16(i * 2, value, true);
  });
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function segmentItem(label: Label, segmentNumber: number, options: WriteSegmentationOptions): BuildRecord {
  const { algorithm, details } = options;
  const detail = details?.get(label.value);
  const name = algorithm.type === 'MANUAL' ? undefined : algorithm.name;
  const identified = name !== undefined && algorithm.version !== undefined;
  return {
    SegmentNumber: segmentNumber,
    SegmentLabel: label.name.slice(0, 64) || `Segment ${segmentNumber}`,
    SegmentAlgorithmType: algorithm.type,
    SegmentedPropertyCategoryCodeSequence: [codeItem(label.category!)], // checkedLabels has seen both codes
    SegmentedPropertyTypeCodeSequence: [codeItem(label.type!)],
    ...present({
      SegmentAlgorithmName: name,
      SegmentDescription: detail?.description,
      TrackingID: detail?.trackingUid ? detail.trackingId : undefined,
      TrackingUID: detail?.trackingId ? detail.trackingUid : undefined,
      RecommendedDisplayCIELabValue: label.colour && colourToCielab(label.colour),
      AnatomicRegionSequence: detail?.anatomicRegion && [codeItem(detail.anatomicRegion)],
      SegmentationAlgorithmIdentificationSequence: identified
        ? [
            {
              AlgorithmFamilyCodeSequence: [codeItem(ARTIFICIAL_INTELLIGENCE)],
              AlgorithmName: name,
              AlgorithmVersion: algorithm.version,
            },
          ]
        : undefined,
    }),
  };
}

function backgroundItem({ algorithm }: WriteSegmentationOptions): BuildRecord {
  return {
    SegmentNumber: 0,
    SegmentLabel: 'Background',
    SegmentAlgorithmType: algorithm.type,
    ...(algorithm.type !== 'MANUAL' && { SegmentAlgorithmName: algorithm.name! }), // checkOptions asks for it
    SegmentedPropertyCategoryCodeSequence: [codeItem(BACKGROUND)],
    SegmentedPropertyTypeCodeSequence: [codeItem(BACKGROUND)],
  };
}

function frameGroups(frame: Frame, grid: DerivedGrid, places: ReadonlyMap<number, number>): BuildRecord {
  const sources = grid.sources[frame.slice]!;
  const place = places.get(frame.slice)!; // made of all frames' slices
  return {
    ...placeGroups(grid, frame.slice, place, frame.segment === undefined ? [] : [frame.segment]),
    ...(frame.segment !== undefined && {
      SegmentIdentificationSequence: [{ ReferencedSegmentNumber: frame.segment }],
    }),
    ...(sources.length > 0 && derivationGroup(sources, SEGMENTATION, grid.locations)),
  };
}

function pixelModule(frames: readonly Frame[], map: LabelMap, kind: 'BINARY' | 'LABELMAP'): BuildRecord {
  const bits = kind === 'BINARY' ? 1 : frames[0]!.values!.BYTES_PER_ELEMENT * 8; // a label map's frames have values
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames.length,
    Rows: map.height,
    Columns: map.width,
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    ...(kind === 'LABELMAP' && { PixelPaddingValue: 0 }),
  };
}

/**
 * Writes a label map as a new segmentation beside its source images (PS3.3 A.51). BINARY numbers the segments 1, 2 … in the
 * order of the table of labels and leaves out empty frames; LABELMAP keeps the values and every slice. A map of another
 * orientation than the source is written on its own grid. Throws DERIVED_SOURCE, DERIVED_GRID, DERIVED_OPTIONS,
 * GRID_FRAME_OF_REFERENCE, SEGMENTATION_LABEL_CODES, SEGMENTATION_LABELS, SEGMENTATION_OVERLAP, SEGMENTATION_COMPRESSION.
 *
 * @param sources headers of the source images, one for each slice (or one multi-frame image), in any order
 * @returns the bytes of a DICOM file
 */
export function writeSegmentation(
  map: LabelMap,
  sources: readonly Dataset[],
  options: WriteSegmentationOptions,
): Uint8Array {
  checkOptions(map, options);
  const labels = checkedLabels(map);
  const series = sourceSeries(sources);
  const grid = derivedGrid(map, series, options);
  const { kind = 'BINARY', compression = 'none' } = options;
  const frames = kind === 'BINARY' ? binaryFrames(map, labels) : labelFrames(map, labels);
  const record = segmentationRecord(map, labels, frames, series, grid, options);
  if (kind === 'BINARY') {
    const transferSyntaxUid = compression === 'deflated' ? deflatedLittleEndian : explicitLittleEndian;
    return writeDicom(dataset({ ...record, PixelData: packBits(map, labels, frames) }), {
      transferSyntaxUid,
    });
  }
  const bytes = frames.map((frame) => littleBytes(frame.values!)); // labelFrames gives each its values
  const width = bytes[0]!.length === map.width * map.height ? 1 : 2;
  if (compression === 'rle') {
    const encoded = bytes.map((one) => encodeRle(one, map.width, map.height, width));
    return writeDicom(dataset(record), { transferSyntaxUid: RLE_LOSSLESS, frames: encoded });
  }
  const transferSyntaxUid = compression === 'deflated' ? deflatedLittleEndian : explicitLittleEndian;
  return writeDicom(dataset({ ...record, PixelData: joined(bytes) }), { transferSyntaxUid });
}

function segmentationRecord(
  map: LabelMap,
  labels: readonly Label[],
  frames: readonly Frame[],
  series: SourceSeries,
  grid: DerivedGrid,
  options: WriteSegmentationOptions,
): BuildRecord {
  const { kind = 'BINARY', contentLabel = 'SEGMENTATION' } = options;
  const { record, identity } = derivedObject(
    series.first,
    { sopClassUid: CLASSES[kind], modality: 'SEG' },
    options,
  );
  const segmentDimension = {
    pointer: 'ReferencedSegmentNumber',
    group: 'SegmentIdentificationSequence',
    label: 'Segment Number',
  };
  const dimensions = kind === 'BINARY' ? [segmentDimension, sliceDimension(grid)] : [sliceDimension(grid)];
  const segments = labels.map((label, i) =>
    segmentItem(label, kind === 'BINARY' ? i + 1 : label.value, options),
  );
  const slices = [...new Set(frames.map((frame) => frame.slice))].toSorted((a, b) => a - b);
  const places = new Map(slices.map((slice, i) => [slice, i + 1]));
  return {
    ...record,
    ...derivedImageModules(series, identity.newUid, dimensions),
    ...pixelModule(frames, map, kind),
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentDate: identity.date,
    ContentTime: identity.time,
    ContentLabel: contentLabel,
    ContentDescription: options.contentDescription ?? null,
    ContentCreatorName: options.contentCreatorName ?? null,
    SegmentationType: kind,
    SegmentsOverlap: map.channels > 1 ? 'YES' : 'NO',
    SegmentSequence: kind === 'BINARY' ? segments : [backgroundItem(options), ...segments],
    SourceImageSequence: instanceReferences(series),
    SharedFunctionalGroupsSequence: [sharedGroups(grid)],
    PerFrameFunctionalGroupsSequence: frames.map((frame) => frameGroups(frame, grid, places)),
  };
}
