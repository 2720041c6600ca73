import { HounsfieldError } from '../../errors.ts';
import type { IntensityUnit, MedicalImage } from '../../imaging/image/medical-image.ts';

/** What makes values of two images comparable: their unit, or for a unit that no file gives the bits of a value. */
export interface IntensityScale {
  readonly unit: IntensityUnit;
  readonly bitDepth: number;
}

export function scaleText({ unit, bitDepth }: IntensityScale): string {
  return unit === 'arbitrary' ? `${bitDepth} bits a value` : `values in ${unit}`;
}

/**
 * Stops unless an image's values are on the scale expected. Throws UNIT_MIXED, BIT_DEPTH_MIXED.
 *
 * @param expectedOf who has the scale expected, in words
 */
export function requireScale(
  image: IntensityScale,
  name: string,
  expected: IntensityScale,
  expectedOf: string,
): void {
  if (scaleText(image) === scaleText(expected)) return;
  const units = image.unit !== expected.unit;
  throw new HounsfieldError(
    units ? 'UNIT_MIXED' : 'BIT_DEPTH_MIXED',
    `${name} has ${scaleText(image)}, ${expectedOf} ${scaleText(expected)}. Their intensities are not on one scale: ` +
      `convert the image to that ${units ? 'unit' : 'depth'}, or take it out.`,
  );
}

/** True where low values are shown white: DICOM's MONOCHROME1. */
export const isInverted = ({ reading }: MedicalImage): boolean => reading?.['photometric'] === 'MONOCHROME1';

/** True for whole numbers from 0 to 2^bits - 1, the range that a detector's values are cut off at. */
export function isUnsignedWhole({ pixels, unit }: MedicalImage): boolean {
  return unit === 'arbitrary' && (pixels instanceof Uint8Array || pixels instanceof Uint16Array);
}

export function isWhole({ pixels }: MedicalImage): boolean {
  return !(pixels instanceof Float32Array || pixels instanceof Float64Array);
}
