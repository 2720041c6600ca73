import { HounsfieldError } from '../../../../errors.ts';
import {
  type CodedConcept,
  type IntensityUnit,
  type MedicalImage,
  medicalImage,
} from '../../../image/medical-image.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { decodeFrame } from '../pixels/decode-frame.ts';
import { imagePixel } from '../pixels/image-pixel.ts';
import { type RealWorldMapping, realWorldMappings } from '../pixels/modality.ts';
import { has, number, sequence, text } from '../values.ts';
import { code, codeIn } from './codes.ts';
import { type FunctionalGroups, functionalGroups, groupItems } from './functional-groups.ts';
import { ontoGrid } from './grid-mapping.ts';
import { checkVoxels, VOXEL_LIMIT } from './label-layers.ts';
import { present } from './present.ts';
import { layOutFrames } from './segmentation-frames.ts';
import type { GridLike } from './structure-mask.ts';

/** What the values of one channel measure. */
export interface MappedQuantity {
  readonly label: string;
  readonly explanation?: string;
  readonly unit?: CodedConcept;
  readonly quantity?: CodedConcept;
}

/** A parametric map: real-world values, one channel for each quantity; NaN where the map has none. */
export interface ParametricMap {
  readonly image: MedicalImage; // float32, or float64 where the file has doubles
  readonly quantities: readonly MappedQuantity[];
  readonly contentLabel: string;
  readonly frameOfReferenceUid?: string;
  readonly seriesUids: readonly string[];
  readonly warnings: readonly string[];
}

const PARAMETRIC_MAP = '1.2.840.10008.5.1.4.1.1.30';

/** UCUM codes of the units that images know. */
const units: Readonly<Record<string, IntensityUnit>> = {
  "[hnsf'U]": 'HU',
  'Bq/ml': 'Bq/ml',
  Gy: 'Gy',
  '{SUVbw}g/ml': 'SUVbw',
  '{SUVlbm}g/ml': 'SUVlbm',
  '{SUVbsa}cm2/ml': 'SUVbsa',
};

const DEFINITION = code('246205007', 'SCT', 'Quantity');
const OLDER_DEFINITION = code('G-C1C6', 'SRT', 'Quantity');

function quantityOf(groups: FunctionalGroups, frame: number): MappedQuantity {
  const item = groupItems(groups, frame, 'RealWorldValueMappingSequence')[0];
  if (item === undefined) return { label: '' };
  const definitions = sequence(item, 'QuantityDefinitionSequence');
  const quantity = definitions.find((one) => {
    const name = codeIn(one, 'ConceptNameCodeSequence')?.value;
    return name === DEFINITION.value || name === OLDER_DEFINITION.value;
  });
  return {
    label: text(item, 'LUTLabel') ?? '',
    ...present({
      explanation: text(item, 'LUTExplanation'),
      unit: codeIn(item, 'MeasurementUnitsCodeSequence'),
      quantity: quantity && codeIn(quantity, 'ConceptCodeSequence'),
    }),
  };
}

/** Gives each frame a channel: one for each quantity, further ones where a slice has a quantity more than once. */
function channelsOf(groups: FunctionalGroups, slices: readonly number[]) {
  const quantities: MappedQuantity[] = [];
  const channelByKey = new Map<string, number>();
  const taken = new Map<string, number>();
  const channelOf = slices.map((slice, frame) => {
    const quantity = quantityOf(groups, frame);
    const name = JSON.stringify([quantity.label, quantity.unit?.value, quantity.quantity?.value]);
    const place = `${slice} ${name}`;
    const turn = taken.get(place) ?? 0;
    taken.set(place, turn + 1);
    const key = `${turn} ${name}`;
    const channel = channelByKey.get(key) ?? quantities.push(quantity) - 1;
    channelByKey.set(key, channel);
    return channel;
  });
  return { quantities, channelOf };
}

/** How one frame's stored values become real-world ones. */
interface FrameMapping {
  readonly mapping: RealWorldMapping | undefined;
  /** Pixels are floating point and their range is stated in whole numbers, cut off by the writer: all values are mapped. */
  readonly anyValue: boolean;
  readonly padding: number | undefined;
}

async function frameMapping(file: DicomFile, groups: FunctionalGroups, frame: number): Promise<FrameMapping> {
  const [mapping] = await realWorldMappings(file, frame);
  const { kind } = imagePixel(file);
  const item = groupItems(groups, frame, 'RealWorldValueMappingSequence')[0];
  const whole = item !== undefined && has(item, 'RealWorldValueFirstValueMapped');
  const padding = {
    integer: 'PixelPaddingValue',
    float: 'FloatPixelPaddingValue',
    double: 'DoubleFloatPixelPaddingValue',
  } as const;
  return {
    mapping,
    anyValue: kind !== 'integer' && whole,
    padding: number(file.dataset, padding[kind]),
  };
}

function mapped(value: number, { mapping, anyValue, padding }: FrameMapping): number {
  if (value === padding) return Number.NaN;
  if (mapping === undefined) return value;
  const { first, last, table, slope = 1, intercept = 0 } = mapping;
  if (!anyValue && !(value >= first && value <= last)) return Number.NaN;
  return table ? (table[Math.round(value - first)] ?? Number.NaN) : value * slope + intercept;
}

/**
 * Reads a parametric map (PS3.3 A.75): float, double or integer pixels through their real-world value mapping.
 * Throws PARAMETRIC_MAP_KIND, DICOM_FRAMES_UNEVEN, DICOM_FUNCTIONAL_GROUPS, DICOM_OBJECT_TOO_LARGE, SEGMENTATION_GRID, and what
 * decoding frames throws.
 */
export async function readParametricMap(
  file: DicomFile,
  options: { readonly grid?: GridLike; readonly maxVoxels?: number } = {},
): Promise<ParametricMap> {
  const { dataset } = file;
  if (text(dataset, 'SOPClassUID') !== PARAMETRIC_MAP) {
    throw new HounsfieldError(
      'PARAMETRIC_MAP_KIND',
      'the object is no Parametric Map by its SOP Class UID. Read it as what it is.',
    );
  }
  const layout = imagePixel(file);
  const groups = functionalGroups(dataset, layout.frames);
  const stack = layOutFrames(dataset, groups, undefined, options.grid?.geometry);
  const { quantities, channelOf } = channelsOf(
    groups,
    stack.frames.map((frame) => frame.slice),
  );
  const { width, height, depth, geometry } = stack;
  const limit = options.maxVoxels ?? VOXEL_LIMIT;
  checkVoxels([quantities.length, depth, height, width], limit / 4);
  const count = quantities.length * depth * height * width;
  const pixels = (layout.kind === 'double' ? new Float64Array(count) : new Float32Array(count)).fill(
    Number.NaN,
  );
  const warnings = [...layout.warnings, ...stack.warnings];
  for (const [frame, place] of stack.frames.entries()) {
    const { values } = await decodeFrame(file, frame);
    const mapping = await frameMapping(file, groups, frame);
    if (mapping.mapping === undefined && frame === 0)
      warnings.push('frames without a real-world value mapping keep their stored values');
    const start = (channelOf[frame]! * depth + place.slice) * height * width;
    for (let y = Math.max(0, -place.row); y < Math.min(layout.rows, height - place.row); y++) {
      const to = start + (place.row + y) * width + place.column;
      for (let x = Math.max(0, -place.column); x < Math.min(layout.columns, width - place.column); x++) {
        pixels[to + x] = mapped(values[y * layout.columns + x]!, mapping);
      }
    }
  }
  const unit =
    quantities.length === 1 ? (units[quantities[0]!.unit?.value ?? ''] ?? 'arbitrary') : 'arbitrary';
  const shape = { channels: quantities.length, depth, height, width };
  const image = medicalImage(pixels, shape, layout.bitsAllocated, unit, geometry ? { geometry } : {});
  return {
    image: options.grid ? ontoGrid(image, options.grid, limit / 4, Number.NaN) : image,
    quantities,
    contentLabel: text(dataset, 'ContentLabel') ?? '',
    ...present({ frameOfReferenceUid: text(dataset, 'FrameOfReferenceUID') }),
    seriesUids: seriesOf(dataset),
    warnings,
  };
}

function seriesOf(data: Dataset): string[] {
  return sequence(data, 'ReferencedSeriesSequence').flatMap((item) => text(item, 'SeriesInstanceUID') ?? []);
}
