import { HounsfieldError } from '../../../errors.ts';

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

/** Pixel steps of a distance and an angle, rounded half away from zero. */
export function pairOffset(distance: number, angle: number): readonly [row: number, column: number] {
  const round = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
  return [round(Math.sin(angle) * distance), round(Math.cos(angle) * distance)];
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

/** Counts pairs at one offset into a matrix [levels, levels], made 0 before. */
export function countPairs(
  plane: Int32Array,
  width: number,
  height: number,
  [down, right]: readonly [row: number, column: number],
  levels: number,
  symmetric: boolean,
  into: Int32Array,
): void {
  into.fill(0);
  // neighbouring pairs are often equal: two counters keep one from waiting for the other
  const other = width * height > 16 * into.length ? new Int32Array(into.length) : into;
  const [top, bottom] = [Math.max(0, -down), Math.min(height, height - down)];
  const [left, end] = [Math.max(0, -right), Math.min(width, width - right)];
  const step = down * width + right;
  for (let y = top; y < bottom; y++) {
    let i = y * width + left;
    const stop = y * width + end;
    for (; i + 1 < stop; i += 2) {
      into[plane[i]! * levels + plane[i + step]!]!++;
      other[plane[i + 1]! * levels + plane[i + 1 + step]!]!++;
    }
    if (i < stop) into[plane[i]! * levels + plane[i + step]!]!++;
  }
  if (other !== into) for (let i = 0; i < into.length; i++) into[i]! += other[i]!;
  if (!symmetric) return;
  for (let i = 0; i < levels; i++) {
    for (let j = 0; j <= i; j++) {
      const both = into[i * levels + j]! + into[j * levels + i]!;
      into[i * levels + j] = both;
      into[j * levels + i] = both;
    }
  }
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
  const { levels, distances, angles, symmetric } = settings;
  const whole = plane instanceof Int32Array ? plane : wholeNumbers(plane);
  let [least, most] = [0, 0];
  for (let i = 0; i < whole.length; i++) {
    const level = whole[i]!;
    if (level > most) most = level;
    if (level < least) least = level;
  }
  if (least < 0 || most >= levels) throw levelsError(least < 0 ? least : most, levels);
  const cells = levels * levels;
  const out = new Int32Array(cells * distances.length * angles.length);
  let start = 0;
  for (const distance of distances) {
    for (const angle of angles) {
      const into = out.subarray(start, start + cells);
      countPairs(whole, width, height, pairOffset(distance, angle), levels, symmetric, into);
      start += cells;
    }
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
