import { HounsfieldError } from '../../../../errors.ts';
import { spacingMm } from '../../../geometry/geometry.ts';
import type { MedicalImage } from '../../../image/medical-image.ts';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import type { Dataset } from '../dataset.ts';
import { deflatedLittleEndian, explicitLittleEndian } from '../transfer-syntax.ts';
import { text } from '../values.ts';
import { writeDicom } from '../write-dicom.ts';
import { type DerivedObjectOptions, derivedObject } from './derived-object.ts';
import { encodeRlePlanes } from './rle-encoder.ts';

export interface WriteSecondaryCaptureOptions extends DerivedObjectOptions {
  /** Whether the pixels show text that identifies the patient or the study. There is no default: look at the picture. */
  readonly burnedInAnnotation: 'YES' | 'NO';
  readonly recognizableVisualFeatures?: 'YES' | 'NO';
  /** Shown at first, for grey pictures. */
  readonly window?: { readonly center: number; readonly width: number };
  readonly derivationDescription?: string;
  /** Default OT. */
  readonly modality?: string;
  readonly compression?: 'none' | 'rle' | 'deflated';
}

const SINGLE = '1.2.840.10008.5.1.4.1.1.7';
const GREY_8 = '1.2.840.10008.5.1.4.1.1.7.2';
const GREY_16 = '1.2.840.10008.5.1.4.1.1.7.3';
const COLOUR = '1.2.840.10008.5.1.4.1.1.7.4';
const RLE_LOSSLESS = '1.2.840.10008.1.2.5';

function check({ pixels, channels, timePoints }: MedicalImage): 8 | 16 {
  const bits = pixels instanceof Uint8Array ? 8 : pixels instanceof Uint16Array ? 16 : undefined;
  if (bits !== undefined && (channels === 1 || (channels === 3 && bits === 8)) && timePoints === 1)
    return bits;
  throw new HounsfieldError(
    'SECONDARY_CAPTURE_PIXELS',
    `${channels} channels of ${pixels.constructor.name} were given; a secondary capture takes one channel of Uint8Array or ` +
      'Uint16Array, or three of Uint8Array (red, green, blue), and one time point. Window or scale the image first.',
  );
}

/** One slice, its channels after one another, little endian. */
function sliceBytes(image: MedicalImage, slice: number, bytesPerSample: 1 | 2): Uint8Array {
  const plane = image.width * image.height;
  const bytes = new Uint8Array(plane * image.channels * bytesPerSample);
  const view = new DataView(bytes.buffer);
  for (let c = 0; c < image.channels; c++) {
    const from = (c * image.depth + slice) * plane;
    for (let i = 0; i < plane; i++) {
      const value = image.pixels[from + i]!;
      if (bytesPerSample === 1) bytes[c * plane + i] = value;
      else view.setUint16((c * plane + i) * 2, value, true);
    }
  }
  return bytes;
}

/** Colour by pixel: red green blue red green blue … */
function interleaved(planes: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return planes;
  const plane = planes.length / channels;
  return Uint8Array.from(planes, (_, i) => planes[(i % channels) * plane + Math.floor(i / channels)]!);
}

function pixelModule(image: MedicalImage, bits: 8 | 16, options: WriteSecondaryCaptureOptions): BuildRecord {
  const colour = image.channels === 3;
  const several = image.depth > 1;
  const spacing = image.geometry && spacingMm(image.geometry);
  return {
    SamplesPerPixel: image.channels,
    PhotometricInterpretation: colour ? 'RGB' : 'MONOCHROME2',
    ...(colour && { PlanarConfiguration: 0 }),
    Rows: image.height,
    Columns: image.width,
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    BurnedInAnnotation: options.burnedInAnnotation,
    ...(options.recognizableVisualFeatures && {
      RecognizableVisualFeatures: options.recognizableVisualFeatures,
    }),
    ...(spacing && !several && { PixelSpacing: [spacing[1], spacing[0]] }),
    ...(options.window &&
      !colour && { WindowCenter: options.window.center, WindowWidth: options.window.width }),
    ...(several && {
      NumberOfFrames: image.depth,
      FrameIncrementPointer: 'PageNumberVector',
      PageNumberVector: Array.from({ length: image.depth }, (_, i) => i + 1),
    }),
    ...(several &&
      !colour && {
        PresentationLUTShape: 'IDENTITY',
        RescaleIntercept: 0,
        RescaleSlope: 1,
        RescaleType: 'US',
      }),
  };
}

/**
 * Writes a picture, grey (8 or 16 bits) or colour, as a new Secondary Capture in the source's study (PS3.3 A.8); several slices
 * as a multi-frame one. Throws DERIVED_SOURCE, DERIVED_OPTIONS, SECONDARY_CAPTURE_PIXELS.
 *
 * @param sources headers of what the picture shows, at least one
 */
export function writeSecondaryCapture(
  image: MedicalImage,
  sources: readonly Dataset[],
  options: WriteSecondaryCaptureOptions,
): Uint8Array {
  const bits = check(image);
  const first = sources[0];
  if (first === undefined) {
    throw new HounsfieldError(
      'DERIVED_SOURCE',
      'a secondary capture needs the header of at least one source object.',
    );
  }
  const { compression = 'none', modality = 'OT' } = options;
  const multi = image.channels === 3 ? COLOUR : bits === 8 ? GREY_8 : GREY_16;
  const sopClassUid = image.depth > 1 ? multi : SINGLE;
  const { record, identity } = derivedObject(first, { sopClassUid, modality }, options);
  const whole: BuildRecord = {
    ...record,
    ConversionType: 'WSD',
    SecondaryCaptureDeviceManufacturer: record['Manufacturer'],
    SecondaryCaptureDeviceManufacturerModelName: record['ManufacturerModelName'],
    SecondaryCaptureDeviceSoftwareVersions: record['SoftwareVersions'],
    DateOfSecondaryCapture: identity.date,
    TimeOfSecondaryCapture: identity.time,
    ContentDate: identity.date,
    ContentTime: identity.time,
    ImageType: ['DERIVED', 'SECONDARY'],
    PatientOrientation: null,
    Laterality: null,
    ...(options.derivationDescription !== undefined && {
      DerivationDescription: options.derivationDescription,
    }),
    SourceImageSequence: sources.map((data) => ({
      ReferencedSOPClassUID: text(data, 'SOPClassUID') ?? null,
      ReferencedSOPInstanceUID: text(data, 'SOPInstanceUID') ?? null,
    })),
    ...pixelModule(image, bits, options),
  };
  const bytesPerSample = bits === 8 ? 1 : 2;
  const slices = Array.from({ length: image.depth }, (_, slice) => sliceBytes(image, slice, bytesPerSample));
  if (compression === 'rle') {
    const frames = slices.map((one) =>
      encodeRlePlanes(one, image.width, image.height, image.channels, bytesPerSample),
    );
    return writeDicom(dataset(whole), { transferSyntaxUid: RLE_LOSSLESS, frames });
  }
  const size = slices[0]!.length;
  const pixels = new Uint8Array(size * slices.length);
  slices.forEach((one, i) => {
    pixels.set(interleaved(one, image.channels), i * size);
  });
  const transferSyntaxUid = compression === 'deflated' ? deflatedLittleEndian : explicitLittleEndian;
  return writeDicom(dataset({ ...whole, PixelData: pixels }), { transferSyntaxUid });
}
