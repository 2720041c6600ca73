import { HounsfieldError } from '../../errors.ts';
import { type MedicalImage, medicalImage, type PixelArray } from '../image/medical-image.ts';
import { permuted } from './stored-values.ts';

/** What the axes of a bare array mean when nothing is said, by their number. */
const DEFAULT_AXES: Readonly<Record<number, string>> = { 2: 'HW', 3: 'DHW', 4: 'CDHW', 5: 'TCDHW' };
const ORDER = 'TCDHW';

/**
 * An array without a header (npy, HDF5) as an image. `axes` names its axes, slowest first, by letters of TCDHW (time,
 * channel, depth, height, width), H and W among them: 'HWC' for interleaved colour. Default: HW, DHW, CDHW, TCDHW by
 * rank; sides of 1 in front are no reason to guess otherwise. There is no geometry. Throws ARRAY_AXES.
 */
export function imageFromArray(pixels: PixelArray, shape: readonly number[], axes?: string): MedicalImage {
  const letters = axes ?? DEFAULT_AXES[shape.length] ?? '';
  const isNamed =
    letters.length === shape.length &&
    new Set(letters).size === letters.length &&
    [...letters].every((letter) => ORDER.includes(letter)) &&
    letters.includes('H') &&
    letters.includes('W');
  if (!isNamed) {
    throw new HounsfieldError(
      'ARRAY_AXES',
      `an array of ${shape.length} axes cannot be named "${letters}". Give each axis its letter of TCDHW once (time, ` +
        "channel, depth, height, width), slowest first, as axes: 'DHW'.",
    );
  }
  const present = [...ORDER].filter((letter) => letters.includes(letter));
  const order = present.map((letter) => letters.indexOf(letter));
  const side = (letter: string) => (letters.includes(letter) ? shape[letters.indexOf(letter)]! : 1);
  return medicalImage(permuted(pixels, shape, order), {
    timePoints: side('T'),
    channels: side('C'),
    depth: side('D'),
    height: side('H'),
    width: side('W'),
  });
}
