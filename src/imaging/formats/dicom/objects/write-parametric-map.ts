import { HounsfieldError } from '../../../../errors.ts';
import type { CodedConcept, MedicalImage } from '../../../image/medical-image.ts';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import type { Dataset } from '../dataset.ts';
import { deflatedLittleEndian, explicitLittleEndian } from '../transfer-syntax.ts';
import { writeDicom } from '../write-dicom.ts';
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
import type { MappedQuantity } from './read-parametric-map.ts';
import { instanceReferences, type SourceSeries, sourceSeries } from './source-series.ts';

export interface WriteParametricMapOptions extends DerivedObjectOptions, DerivedGridOptions {
  /** What the values of each channel measure; label and unit are required. */
  readonly quantities: readonly MappedQuantity[];
  /** How the values were made from the source images; default 112187, DCM, Unspecified method of calculation. */
  readonly derivation?: CodedConcept;
  /** Shown at first; default the range of the values. */
  readonly window?: { readonly center: number; readonly width: number };
  readonly contentLabel?: string;
  readonly contentDescription?: string;
  readonly contentCreatorName?: string;
  readonly compression?: 'none' | 'deflated';
  /** Whether a face could be recognised in the map. Default NO. */
  readonly recognizableVisualFeatures?: 'YES' | 'NO';
  /** RESEARCH (default), PRODUCT or SERVICE. */
  readonly contentQualification?: 'PRODUCT' | 'RESEARCH' | 'SERVICE';
}

const PARAMETRIC_MAP = '1.2.840.10008.5.1.4.1.1.30';
const QUANTITY = code('246205007', 'SCT', 'Quantity');
const COMPUTATION = code('112187', 'DCM', 'Unspecified method of calculation');
const FRAME_TYPE = ['DERIVED', 'PRIMARY', 'VOLUME', 'QUANTITY'];
/** Stands for no value; below the range that is mapped. */
const NO_VALUE = -(2 ** 127);

function finiteRange(image: MedicalImage): readonly [number, number, boolean] {
  let [low, high, gaps] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false];
  for (let i = 0; i < image.pixels.length; i++) {
    const value = Math.fround(image.pixels[i]!);
    if (Number.isNaN(value)) gaps = true;
    else if (!Number.isFinite(value) || value <= NO_VALUE) {
      throw new HounsfieldError(
        'PARAMETRIC_MAP_VALUES',
        'the map holds values that float32 cannot hold. Set them to NaN, which is written as no value, or scale them.',
      );
    } else {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low <= high ? [low, high, gaps] : [0, 0, gaps];
}

function check(image: MedicalImage, { quantities, contentLabel = '' }: WriteParametricMapOptions): void {
  const bare = quantities.filter((one) => one.unit === undefined || one.label === '');
  if (quantities.length !== image.channels || bare.length > 0 || image.timePoints !== 1) {
    throw new HounsfieldError(
      'DERIVED_OPTIONS',
      `the map has ${image.channels} channels and ${image.timePoints} time points, and ${quantities.length} quantities were ` +
        `given, ${bare.length} of them without label or unit. Give one for each channel, and one time point.`,
    );
  }
  if (!/^[A-Z0-9_ ]{0,16}$/.test(contentLabel)) {
    throw new HounsfieldError(
      'DERIVED_OPTIONS',
      'contentLabel takes at most 16 capital letters, digits, spaces and underscores.',
    );
  }
}

function mappingItem(quantity: MappedQuantity, low: number, high: number): BuildRecord {
  return {
    LUTLabel: quantity.label.slice(0, 16),
    LUTExplanation: (quantity.explanation ?? quantity.label).slice(0, 64),
    MeasurementUnitsCodeSequence: [codeItem(quantity.unit!)], // check has seen it
    DoubleFloatRealWorldValueFirstValueMapped: low,
    DoubleFloatRealWorldValueLastValueMapped: high,
    RealWorldValueIntercept: 0,
    RealWorldValueSlope: 1,
    ...(quantity.quantity && {
      QuantityDefinitionSequence: [
        {
          ValueType: 'CODE',
          ConceptNameCodeSequence: [codeItem(QUANTITY)],
          ConceptCodeSequence: [codeItem(quantity.quantity)],
        },
      ],
    }),
  };
}

function floatBytes(image: MedicalImage): Uint8Array {
  const bytes = new Uint8Array(image.pixels.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < image.pixels.length; i++) {
    const value = image.pixels[i]!;
    view.setFloat32(i * 4, Number.isNaN(value) ? NO_VALUE : value, true);
  }
  return bytes;
}

function imageModules(
  image: MedicalImage,
  series: SourceSeries,
  gaps: boolean,
  options: WriteParametricMapOptions,
): BuildRecord {
  return {
    ImageType: FRAME_TYPE,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: image.depth * image.channels,
    Rows: image.height,
    Columns: image.width,
    BitsAllocated: 32,
    BurnedInAnnotation: 'NO',
    RecognizableVisualFeatures: options.recognizableVisualFeatures ?? 'NO',
    ContentQualification: options.contentQualification ?? 'RESEARCH',
    PixelPresentation: 'MONOCHROME',
    PresentationLUTShape: 'IDENTITY',
    ContentLabel: options.contentLabel ?? 'PARAMETRIC MAP',
    ContentDescription: options.contentDescription ?? null,
    ContentCreatorName: options.contentCreatorName ?? null,
    AcquisitionContextSequence: [],
    SourceImageSequence: instanceReferences(series),
    Laterality: null,
    ...(gaps && { FloatPixelPaddingValue: NO_VALUE, FloatPixelPaddingRangeLimit: NO_VALUE }),
  };
}

function frameGroups(
  image: MedicalImage,
  grid: DerivedGrid,
  mappings: readonly BuildRecord[],
  derivation: CodedConcept,
): BuildRecord[] {
  const several = image.channels > 1;
  return mappings.flatMap((mapping, channel) =>
    grid.sources.map((sources, slice): BuildRecord => {
      return {
        ...placeGroups(grid, slice, slice + 1, several ? [channel + 1] : []),
        ...(several && { RealWorldValueMappingSequence: [mapping] }),
        ...(sources.length > 0 && derivationGroup(sources, derivation, grid.locations)),
      };
    }),
  );
}

/**
 * Writes a map of measured values as a new parametric map of float32 (PS3.3 A.75), one channel for each quantity. NaN is
 * written as Float Pixel Padding Value, outside of the mapped range. Throws DERIVED_SOURCE, DERIVED_GRID, DERIVED_OPTIONS,
 * GRID_FRAME_OF_REFERENCE, PARAMETRIC_MAP_VALUES.
 */
export function writeParametricMap(
  image: MedicalImage,
  sources: readonly Dataset[],
  options: WriteParametricMapOptions,
): Uint8Array {
  check(image, options);
  const series = sourceSeries(sources);
  const grid = derivedGrid(image, series, options);
  const [low, high, gaps] = finiteRange(image);
  const window = options.window ?? { center: (low + high) / 2, width: Math.max(high - low, 1e-6) };
  const { record, identity } = derivedObject(
    series.first,
    { sopClassUid: PARAMETRIC_MAP, modality: 'OT' },
    options,
  );
  const mappings = options.quantities.map((one) => mappingItem(one, low, high));
  const quantityDimension = {
    pointer: 'LUTLabel',
    group: 'RealWorldValueMappingSequence',
    label: 'Quantity',
  };
  const dimensions = image.channels > 1 ? [quantityDimension, sliceDimension(grid)] : [sliceDimension(grid)];
  const whole: BuildRecord = {
    ...record,
    ...derivedImageModules(series, identity.newUid, dimensions),
    ...imageModules(image, series, gaps, options),
    ContentDate: identity.date,
    ContentTime: identity.time,
    SharedFunctionalGroupsSequence: [
      {
        ...sharedGroups(grid),
        FrameVOILUTSequence: [
          { WindowCenter: window.center, WindowWidth: window.width, VOILUTFunction: 'LINEAR_EXACT' },
        ],
        PixelValueTransformationSequence: [{ RescaleIntercept: 0, RescaleSlope: 1, RescaleType: 'US' }],
        ParametricMapFrameTypeSequence: [{ FrameType: FRAME_TYPE }],
        ...(mappings.length === 1 && { RealWorldValueMappingSequence: mappings }),
      },
    ],
    PerFrameFunctionalGroupsSequence: frameGroups(image, grid, mappings, options.derivation ?? COMPUTATION),
    FloatPixelData: floatBytes(image),
  };
  const transferSyntaxUid = options.compression === 'deflated' ? deflatedLittleEndian : explicitLittleEndian;
  return writeDicom(dataset(whole), { transferSyntaxUid });
}
