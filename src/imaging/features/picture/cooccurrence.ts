import { HounsfieldError } from '../../../errors.ts';
import { countPairs } from './count-pairs.ts';

export interface CooccurrenceSettings {
  /** Number of grey levels; the plane holds 0 .. levels - 1. */
  readonly levels: number;
  /** In pixels. */
  readonly distances: readonly number[];
  /** In radians from the right, downwards as rows count. */
  readonly angles: readonly number[];
  /** Counts each pair in both orders. */
  readonly symmetric: boolean;
}

/** Numbers that may be counted in: 512 MB of them would be too many. */
const MOST_CELLS = 2 ** 25;

/** Throws PICTURE_FEATURE_SETTINGS. */
export function checkCooccurrence({ levels, distances, angles }: CooccurrenceSettings): void {
  const cells = levels * levels * distances.length * angles.length;
  const right =
    Number.isInteger(levels) &&
    levels >= 2 &&
    cells >= 1 &&
    cells <= MOST_CELLS &&
    [...distances, ...angles].every(Number.isFinite);
  if (right) return;
  throw new HounsfieldError(
    'PICTURE_FEATURE_SETTINGS',
    `co-occurrence of ${levels} levels at ${distances.length} distances and ${angles.length} angles is not possible: ` +
      'give at least two levels, one distance and one angle, all finite, and fewer levels where the matrices grow above 2^25 numbers.',
  );
}

/**
 * Grey level co-occurrence matrices of a whole plane (Haralick, Shanmugam and Dinstein, IEEE TSMC 3, 1973), as
 * scikit-image's graycomatrix. Regions with a mask, and the standard's directions, are in features/texture.
 *
 * @param plane levels 0 .. levels - 1, whole numbers; [H, W]
 * @returns counts; [distances, angles, levels, levels]
 * @throws PICTURE_FEATURE_SETTINGS, PICTURE_LEVELS
 */
export function cooccurrenceMatrices(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  settings: CooccurrenceSettings,
): Int32Array {
  checkCooccurrence(settings);
  const { levels, distances, angles } = settings;
  const whole = plane instanceof Int32Array ? plane : wholeNumbers(plane);
  let bits = 0;
  for (let i = 0; i < whole.length; i++) bits |= whole[i]!;
  if (bits < 0 || bits >= levels) {
    const wrong = whole.find((level) => level < 0 || level >= levels);
    if (wrong !== undefined) throw levelsError(wrong, levels);
  }
  const out = new Int32Array(levels * levels * distances.length * angles.length);
  countPairs(whole, width, height, settings, out);
  return out;
}

/** Each matrix of counts divided by its sum; one without pairs stays 0. */
export function cooccurrenceProbabilities(counts: Int32Array, levels: number): Float64Array {
  const out = Float64Array.from(counts);
  const cells = levels * levels;
  for (let start = 0; start < out.length; start += cells) {
    let sum = 0;
    for (let i = start; i < start + cells; i++) sum += out[i]!;
    if (sum > 0) for (let i = start; i < start + cells; i++) out[i]! /= sum;
  }
  return out;
}

function wholeNumbers(plane: ArrayLike<number>): Int32Array {
  const whole = Int32Array.from(plane);
  for (let i = 0; i < whole.length; i++) if (whole[i] !== plane[i]) throw levelsError(plane[i]!);
  return whole;
}

function levelsError(level: number, levels?: number): HounsfieldError {
  const range = levels === undefined ? 'a whole number' : `a whole number from 0 to ${levels - 1}`;
  return new HounsfieldError(
    'PICTURE_LEVELS',
    `a pixel is ${level}, expected ${range}. Make levels of the picture first (greyLevels).`,
  );
}

/**
 * Grey levels of a plane: the range from low to high cut into equal bins, values outside in the first or last.
 *
 * @returns 0 .. levels - 1; [H, W]
 */
export function greyLevels(
  plane: ArrayLike<number>,
  levels: number,
  [low, high]: readonly [low: number, high: number],
): Int32Array {
  const values = plane instanceof Float64Array ? plane : Float64Array.from(plane);
  const out = new Int32Array(values.length);
  const scale = high > low ? levels / (high - low) : 0;
  for (let i = 0; i < out.length; i++) {
    const level = (values[i]! - low) * scale;
    out[i] = level < 0 ? 0 : level >= levels ? levels - 1 : level | 0;
  }
  return out;
}
