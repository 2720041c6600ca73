import { HounsfieldError } from '../../../errors.ts';
import type { MedicalImage } from '../../image/medical-image.ts';

/** A grey or coloured picture as features are made of it. */
export interface Picture {
  readonly values: Float64Array; // [C, H, W]
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Makes a Picture. Throws PICTURE_SHAPE when the values do not fill it, PICTURE_VALUES when some are not finite. */
export function picture(values: ArrayLike<number>, width: number, height: number, channels = 1): Picture {
  const whole = [width, height, channels].every((side) => Number.isInteger(side) && side >= 1);
  if (!whole || values.length !== width * height * channels) {
    throw new HounsfieldError(
      'PICTURE_SHAPE',
      `${values.length} values do not fill ${channels} channels of ${height} rows and ${width} columns. ` +
        'Pass the values channel by channel and row by row, all of them.',
    );
  }
  const copy = values instanceof Float64Array ? values : Float64Array.from(values);
  for (let i = 0; i < copy.length; i++) {
    if (!Number.isFinite(copy[i]!)) {
      throw new HounsfieldError(
        'PICTURE_VALUES',
        `value ${i} of ${copy.length} is ${copy[i]}. Features of a picture need finite values: replace NaN and infinite ones first.`,
      );
    }
  }
  return { values: copy, width, height, channels };
}

/** The picture in an image of one slice and one moment. Throws PICTURE_SHAPE for others. */
export function pictureOf(image: MedicalImage): Picture {
  const { pixels, width, height, depth, timePoints, channels } = image;
  if (depth !== 1 || timePoints !== 1) {
    throw new HounsfieldError(
      'PICTURE_SHAPE',
      `the image has ${depth} slices and ${timePoints} time points, expected one of each. Take a slice of it first.`,
    );
  }
  return picture(pixels, width, height, channels);
}

/** One channel of a picture, or the mean of all where it has several. [H, W] */
export function greyOf({ values, width, height, channels }: Picture): Float64Array {
  if (channels === 1) return values;
  const plane = width * height;
  const grey = new Float64Array(plane);
  for (let c = 0; c < channels; c++) {
    for (let i = 0, at = c * plane; i < plane; i++, at++) grey[i]! += values[at]!;
  }
  for (let i = 0; i < plane; i++) grey[i]! /= channels;
  return grey;
}

/** One feature of a picture as the table's reader sees it. */
export interface PictureFeature {
  /** Snake case; the same for every picture of one size and settings. */
  readonly name: string;
  /** 'u' is the picture's own unit, '1' none. */
  readonly unit: string;
  readonly range: readonly [low: number, high: number];
}
