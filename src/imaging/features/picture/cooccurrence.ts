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

/** Counts pairs at one offset into a matrix [levels, levels], whose values are added to. */
export function countPairs(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  [down, right]: readonly [row: number, column: number],
  levels: number,
  symmetric: boolean,
  into: Float64Array,
): void {
  const [top, bottom] = [Math.max(0, -down), Math.min(height, height - down)];
  const [left, end] = [Math.max(0, -right), Math.min(width, width - right)];
  const step = down * width + right;
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left, stop = y * width + end; i < stop; i++) {
      const a = plane[i]!;
      const b = plane[i + step]!;
      into[a * levels + b]!++;
      if (symmetric) into[b * levels + a]!++;
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
): Float64Array {
  checkCooccurrence(settings);
  const { levels, distances, angles, symmetric } = settings;
  for (let i = 0; i < plane.length; i++) {
    const level = plane[i]!;
    if (Number.isInteger(level) && level >= 0 && level < levels) continue;
    throw new HounsfieldError(
      'PICTURE_LEVELS',
      `value ${i} is ${level}, expected a whole number from 0 to ${levels - 1}. Make levels of the picture first (greyLevels).`,
    );
  }
  const cells = levels * levels;
  const out = new Float64Array(cells * distances.length * angles.length);
  let start = 0;
  for (const distance of distances) {
    for (const angle of angles) {
      const into = out.subarray(start, start + cells);
      countPairs(plane, width, height, pairOffset(distance, angle), levels, symmetric, into);
      start += cells;
    }
  }
  return out;
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
  const out = new Int32Array(plane.length);
  const scale = high > low ? levels / (high - low) : 0;
  for (let i = 0; i < out.length; i++) {
    const level = Math.floor((plane[i]! - low) * scale);
    out[i] = level < 0 ? 0 : level >= levels ? levels - 1 : level;
  }
  return out;
}
