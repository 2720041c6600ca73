import { HounsfieldError } from '../../../../errors.ts';
import type { Vector3 } from '../../../geometry/geometry.ts';
import type { MedicalImage, PixelArray } from '../../../image/medical-image.ts';
import type { Dataset } from '../dataset.ts';
import { optionalNumber } from '../pixels/optional-values.ts';
import { privateElement } from '../private-elements.ts';
import { csaTexts } from '../siemens-csa.ts';
import { texts } from '../values.ts';

/** A Siemens picture in which all slices of a volume lie side by side, row by row. */
export interface Mosaic {
  readonly slices: number;
  /** Tiles in a row, and rows of tiles. */
  readonly side: number;
  /** From one slice to the next, length 1. */
  readonly normal: Vector3;
}

/** Slices of a mosaic that are believed. */
const MOST_SLICES = 4096;

/**
 * What a mosaic's private header says of its tiles; 'unknown' for a mosaic without that header, undefined for other images.
 * Its own writer describes none of it; read as nibabel does.
 */
export function mosaicOf(dataset: Dataset): Mosaic | 'unknown' | undefined {
  if (!texts(dataset, 'ImageType').includes('MOSAIC')) return undefined;
  const header = privateElement(dataset, 'SIEMENS CSA HEADER', 0x0029, 0x10)?.bytes;
  if (!header) return 'unknown';
  const slices = Number(csaTexts(header, 'NumberOfImagesInMosaic')?.[0]);
  const normal = csaTexts(header, 'SliceNormalVector')?.map(Number) ?? [];
  const [x, y, z] = normal;
  const side = Math.ceil(Math.sqrt(slices));
  const rows = optionalNumber(dataset, 'Rows') ?? 0;
  const columns = optionalNumber(dataset, 'Columns') ?? 0;
  const whole = Number.isInteger(slices) && slices >= 1 && slices <= MOST_SLICES;
  const fits = whole && rows > 0 && columns > 0 && rows % side === 0 && columns % side === 0;
  if (!fits || x === undefined || y === undefined || z === undefined) return 'unknown';
  return Math.abs(Math.hypot(x, y, z) - 1) < 0.01 ? { slices, side, normal: [x, y, z] } : 'unknown';
}

/** The slices of mosaics as a stack: [T, C, 1, side H, side W] to [T, C, slices, H, W]. */
export function unfoldMosaic(image: MedicalImage, { slices, side }: Mosaic): MedicalImage {
  const [height, width] = [image.height / side, image.width / side];
  const plane = image.height * image.width;
  const tile = height * width;
  const planes = image.timePoints * image.channels;
  const from = image.pixels;
  const Kind = from.constructor as new (length: number) => PixelArray; // one of the typed arrays
  const pixels = new Kind(planes * slices * tile); // [T, C, D, H, W]
  for (let p = 0; p < planes; p++) {
    for (let slice = 0; slice < slices; slice++) {
      const corner = p * plane + Math.floor(slice / side) * height * image.width + (slice % side) * width;
      const to = (p * slices + slice) * tile;
      for (let y = 0; y < height; y++) {
        const start = corner + y * image.width;
        pixels.set(from.subarray(start, start + width), to + y * width);
      }
    }
  }
  return { ...image, pixels, depth: slices, height, width };
}

export function mosaicUnknown(file: string): HounsfieldError {
  return new HounsfieldError(
    'DICOM_MOSAIC',
    `${file} is one of several mosaics, all slices of a volume in one picture each, without the private header that says how many there are ` +
      'and in which direction they follow: de-identification may have removed it. Take the files from before, or pass ' +
      "missingGeometry: 'instance-number' (--accept missing-place) to have the pictures as they are, without geometry.",
  );
}
