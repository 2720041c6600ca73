import { HounsfieldError } from '../../../../errors.ts';
import type { DataElement, DicomFile } from '../dataset.ts';
import { element, number, text } from '../values.ts';

/** How the pixels of a file are laid out (PS3.3 C.7.6.3), checked. */
export interface ImagePixel {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  /** 1, 3 or 4. */
  readonly samples: number;
  readonly photometric: string;
  readonly kind: 'integer' | 'float' | 'double';
  /** 1..64. */
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** Planar Configuration 1: one plane after another. */
  readonly planar: boolean;
  /** Pixel Data, Float Pixel Data or Double Float Pixel Data. */
  readonly element: DataElement;
  readonly encapsulated: boolean;
  /** What was wrong and could be mended, without patient data. */
  readonly warnings: readonly string[];
}

const PIXEL_DATA = 0x7fe00010;
const FLOAT_PIXEL_DATA = 0x7fe00008;
const DOUBLE_FLOAT_PIXEL_DATA = 0x7fe00009;

/** Pixels of one frame that are decoded unless a limit is given: 2^28, a slide of 16384 x 16384. */
export const FRAME_PIXELS = 2 ** 28;

const colours = [
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_PARTIAL_422',
  'YBR_PARTIAL_420',
  'YBR_ICT',
  'YBR_RCT',
  'HSV',
  'XYB',
];

const described = new WeakMap<DicomFile, ImagePixel>();

/** Reads and checks the Image Pixel module. Throws DICOM_NO_PIXELS, DICOM_PIXEL_ATTRIBUTE, DICOM_PIXEL_LIMIT. */
export function imagePixel(file: DicomFile): ImagePixel {
  let found = described.get(file);
  if (!found) {
    found = readImagePixel(file);
    described.set(file, found);
  }
  return found;
}

function readImagePixel(file: DicomFile): ImagePixel {
  const { elements } = file.dataset;
  const pixels =
    elements.get(PIXEL_DATA) ?? elements.get(FLOAT_PIXEL_DATA) ?? elements.get(DOUBLE_FLOAT_PIXEL_DATA);
  if (pixels === undefined) {
    throw new HounsfieldError(
      'DICOM_NO_PIXELS',
      `${file.source.name} holds no pixel data. It is another kind of DICOM object, or was read without its pixels.`,
    );
  }
  const kind = pixels.tag === PIXEL_DATA ? 'integer' : pixels.tag === FLOAT_PIXEL_DATA ? 'float' : 'double';
  const problems: string[] = [];
  const warnings: string[] = [];
  const read = attributeReader(file, problems);
  const rows = read('Rows', 1, 65535);
  const columns = read('Columns', 1, 65535);
  const samples = read('SamplesPerPixel', 1, 4, 1);
  const frames = frameCount(file, warnings);
  const bitsAllocated = kind === 'integer' ? read('BitsAllocated', 1, 64) : kind === 'float' ? 32 : 64;
  const { photometric, stored } = sampleLayout(file, samples, bitsAllocated, kind, warnings);
  if (samples === 2) problems.push('Samples per Pixel is 2, where 1, 3 or 4 is expected');
  if (problems.length > 0) {
    throw new HounsfieldError(
      'DICOM_PIXEL_ATTRIBUTE',
      `${file.source.name}: ${problems.join('; ')}. Its pixels cannot be laid out without; have it exported again.`,
    );
  }
  if (rows * columns > FRAME_PIXELS) {
    throw new HounsfieldError(
      'DICOM_PIXEL_LIMIT',
      `${file.source.name}: a frame of ${rows} x ${columns} is beyond the ${FRAME_PIXELS} pixels that are decoded at once. Correct the header if it is wrong, or have the image cut into tiles.`,
    );
  }
  return {
    rows,
    columns,
    frames,
    samples,
    photometric,
    kind,
    bitsAllocated,
    ...stored,
    planar: samples > 1 && number(file.dataset, 'PlanarConfiguration') === 1,
    element: pixels,
    encapsulated: pixels.fragments !== undefined,
    warnings,
  };
}

function attributeReader(file: DicomFile, problems: string[]) {
  return (keyword: string, least: number, most: number, otherwise?: number): number => {
    const value = number(file.dataset, keyword);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (value !== undefined && Number.isInteger(value) && value >= least && value <= most) return value;
    const state =
      value !== undefined
        ? 'out of range'
        : element(file.dataset, keyword)
          ? 'empty or unreadable'
          : 'missing';
    problems.push(`${keyword} is ${state}, where ${least} to ${most} is expected`);
    return least;
  };
}

function frameCount(file: DicomFile, warnings: string[]): number {
  const value = number(file.dataset, 'NumberOfFrames');
  if (value === undefined && !element(file.dataset, 'NumberOfFrames')?.bytes?.length) return 1;
  if (value !== undefined && Number.isInteger(value) && value >= 1 && value < 2 ** 31) return value;
  if (value === 0) warnings.push('Number of Frames is 0 and was taken as 1');
  else if (value === undefined || !Number.isInteger(value) || value < 0 || value >= 2 ** 31) {
    throw new HounsfieldError(
      'DICOM_PIXEL_ATTRIBUTE',
      `${file.source.name}: NumberOfFrames is not a positive whole number. Correct the attribute or export the file again.`,
    );
  }
  return 1;
}

function sampleLayout(
  file: DicomFile,
  samples: number,
  bitsAllocated: number,
  kind: ImagePixel['kind'],
  warnings: string[],
) {
  let photometric = (text(file.dataset, 'PhotometricInterpretation') ?? '').toUpperCase();
  const fitting =
    samples >= 3 ? [...colours, 'ARGB', 'CMYK'] : ['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR'];
  if (!fitting.includes(photometric)) {
    const taken = samples >= 3 ? 'RGB' : 'MONOCHROME2';
    warnings.push(
      `Photometric Interpretation is ${photometric === '' ? 'missing' : 'not one'} for ${samples} samples a pixel; ${taken} was taken`,
    );
    photometric = taken;
  }
  if (kind !== 'integer') {
    const stored = { bitsStored: bitsAllocated, highBit: bitsAllocated - 1, signed: true };
    return { photometric, stored };
  }
  let bitsStored = number(file.dataset, 'BitsStored') ?? bitsAllocated;
  if (!Number.isInteger(bitsStored) || bitsStored < 1 || bitsStored > bitsAllocated) {
    warnings.push(`Bits Stored does not fit ${bitsAllocated} allocated bits, all of which were taken`);
    bitsStored = bitsAllocated;
  }
  let highBit = number(file.dataset, 'HighBit') ?? bitsStored - 1;
  if (!Number.isInteger(highBit) || highBit < bitsStored - 1 || highBit >= bitsAllocated) {
    warnings.push(`High Bit does not fit ${bitsStored} stored bits, the lowest of which were taken`);
    highBit = bitsStored - 1;
  }
  const representation = number(file.dataset, 'PixelRepresentation');
  if (representation === undefined)
    warnings.push('Pixel Representation is missing and was taken as unsigned');
  return { photometric, stored: { bitsStored, highBit, signed: representation === 1 } };
}
