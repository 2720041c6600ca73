import { HounsfieldError } from '../../../errors.ts';
import { type CirclePoints, circlePoints, type PaddedPlane, padPlane, pointRows } from './lbp-samples.ts';

/**
 * How a circle of comparisons becomes a number: its bits; the least of their rotations; the count of ones where at most two
 * neighbours differ; such patterns with their rotation; or the variance of the neighbours.
 */
export const LBP_METHODS = ['default', 'ror', 'uniform', 'nri_uniform', 'var'] as const;
export type LbpMethod = (typeof LBP_METHODS)[number];

export interface LbpSettings {
  /** P, neighbours on the circle. 'default' and 'ror' take up to 31. */
  readonly points: number;
  /** R in pixels; along rows and columns where it is an ellipse. */
  readonly radius: number | readonly [rows: number, columns: number];
  readonly method: LbpMethod;
}

/** Numbers that a method can give: 0 .. count - 1; undefined for 'var', which gives no codes. */
export function lbpCodes(points: number, method: LbpMethod): number | undefined {
  if (method === 'var') return undefined;
  if (method === 'uniform') return points + 2;
  return method === 'nri_uniform' ? points * (points - 1) + 3 : 2 ** points;
}

/** Most points whose bits fit one number. */
const MOST_BITS = 31;
/** Most points for which a table of all patterns is made. */
const TABLE_BITS = 16;

/**
 * Local binary patterns of a plane (Ojala, Pietikainen and Maenpaa, IEEE TPAMI 24, 2002; 'nri_uniform': Ahonen, Hadid and
 * Pietikainen, ECCV 2004): each pixel is compared with P neighbours on a circle of radius R, read by bilinear interpolation,
 * 0 outside the plane. Equal counts as greater.
 *
 * @param plane [H, W]
 * @returns [H, W]; of 'var' NaN where the neighbours are all equal
 * @throws PICTURE_FEATURE_SETTINGS
 */
export function localBinaryPattern(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  { points, radius, method }: LbpSettings,
): Float64Array {
  const circle = circlePoints(points, typeof radius === 'number' ? [radius, radius] : radius);
  if (method === 'default' || method === 'ror') requireBits(points);
  if (method === 'var' || points > MOST_BITS) return byRunningCounts(plane, width, height, circle, method);
  const codes = patternBits(plane, width, height, circle);
  const out = new Float64Array(codes.length);
  const table = points <= TABLE_BITS ? tableOf(points, method) : undefined;
  for (let i = 0; i < codes.length; i++) {
    out[i] = table ? table[codes[i]!]! : codeOf(codes[i]!, points, method);
  }
  return out;
}

/** Throws PICTURE_FEATURE_SETTINGS when a pattern's bits do not fit one number. */
function requireBits(points: number): void {
  if (points <= MOST_BITS) return;
  throw new HounsfieldError(
    'PICTURE_FEATURE_SETTINGS',
    `patterns kept as bits take up to ${MOST_BITS} points, not ${points}. Use fewer, or of a plane 'uniform' or 'nri_uniform'.`,
  );
}

/** The bits of each pixel: bit p is 1 where neighbour p is not less than the pixel. [H, W] */
export function patternBits(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  circle: CirclePoints,
): Int32Array {
  requireBits(circle.rows.length);
  const padded = padPlane(plane, width, height, circle);
  const bits = new Int32Array(width * height);
  for (let p = 0; p < circle.rows.length; p++) {
    setBits(padded, circle.rows[p]!, circle.columns[p]!, p, bits);
  }
  return bits;
}

/** Which of a float64's two 32-bit words holds its sign. */
const SIGN_WORD = new Int32Array(Float64Array.of(-1).buffer)[1]! < 0 ? 1 : 0;

/**
 * Sets one bit of each pixel: whether the neighbour at these offsets is not less. The bit is read from the sign of the
 * difference, as a branch would be guessed wrong half of the time.
 */
function setBits(
  padded: PaddedPlane,
  rowOffset: number,
  columnOffset: number,
  place: number,
  bits: Int32Array,
): void {
  const { values, width, height, border } = padded;
  const stride = width + 2 * border;
  const isWhole = Number.isInteger(rowOffset) && Number.isInteger(columnOffset);
  const rows = isWhole ? undefined : pointRows(padded, rowOffset, columnOffset);
  const step = rowOffset * stride + columnOffset;
  const differences = new Float64Array(width);
  const words = new Int32Array(differences.buffer);
  for (let y = 0; y < height; y++) {
    const centre = (y + border) * stride + border;
    if (rows) {
      const { upper, lower, down } = rows.next(y);
      blendedDifferences(upper, lower, down, values, centre, differences);
    } else {
      for (let x = 0, at = centre; x < width; x++, at++) differences[x] = values[at + step]! - values[at]!;
    }
    for (let x = SIGN_WORD, i = y * width, end = i + width; i < end; i++, x += 2) {
      bits[i]! |= (~words[x]! >>> 31) << place;
    }
  }
}

function blendedDifferences(
  upper: Float64Array,
  lower: Float64Array,
  down: number,
  values: Float64Array,
  centre: number,
  out: Float64Array,
): void {
  const up = 1 - down;
  for (let x = 0, at = centre; x < out.length; x++, at++) {
    out[x] = up * upper[x]! + down * lower[x]! - values[at]!;
  }
}

const tables = new Map<string, Int32Array>();

/** The code of every pattern, made once. */
function tableOf(points: number, method: LbpMethod): Int32Array {
  const key = `${method} ${points}`;
  const known = tables.get(key);
  if (known) return known;
  const table = Int32Array.from({ length: 2 ** points }, (_, bits) => codeOf(bits, points, method));
  tables.set(key, table);
  return table;
}

/** What the method makes of a pattern of up to 31 bits. */
export function codeOf(bits: number, points: number, method: LbpMethod): number {
  if (method === 'default') return bits;
  if (method === 'ror') return leastRotation(bits, points);
  const differs = (bits ^ (bits >> 1)) & ((1 << (points - 1)) - 1);
  const ones = countOnes(bits);
  if (countOnes(differs) > 2) return method === 'uniform' ? points + 1 : points * (points - 1) + 2;
  if (method === 'uniform') return ones;
  const firstOne = countOnes((bits & -bits) - 1);
  const firstZero = countOnes((~bits & (bits + 1)) - 1);
  return uniformCode(points, ones, firstOne, firstZero);
}

function uniformCode(points: number, ones: number, firstOne: number, firstZero: number): number {
  if (ones === 0) return 0;
  if (ones === points) return points * (points - 1) + 1;
  const rotation = firstOne === 0 ? ones - firstZero : points - firstOne;
  return 1 + (ones - 1) * points + rotation;
}

function leastRotation(bits: number, points: number): number {
  let least = bits;
  for (let i = 1, turned = bits; i < points; i++) {
    turned = (turned >>> 1) | ((turned & 1) << (points - 1));
    if (turned < least) least = turned;
  }
  return least;
}

function countOnes(bits: number): number {
  let left = bits - ((bits >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return Math.imul((left + (left >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** What is kept of each pixel of a row while its neighbours are read one after the other. */
interface RunningCounts {
  readonly ones: Int32Array; // [W]
  readonly changes: Int32Array;
  readonly last: Int8Array;
  readonly firstOne: Int32Array;
  readonly firstZero: Int32Array;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

/** For any number of points, and for 'var'. */
function byRunningCounts(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  circle: CirclePoints,
  method: LbpMethod,
): Float64Array {
  const points = circle.rows.length;
  const padded = padPlane(plane, width, height, circle);
  const rows = Array.from(circle.rows, (row, p) => pointRows(padded, row, circle.columns[p]!));
  const samples = new Float64Array(width);
  const integers = () => new Int32Array(width);
  const counts: RunningCounts = {
    ones: integers(),
    changes: integers(),
    last: new Int8Array(width),
    firstOne: integers(),
    firstZero: integers(),
    sum: new Float64Array(width),
    squares: new Float64Array(width),
  };
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (const array of [counts.ones, counts.changes, counts.sum, counts.squares]) array.fill(0);
    counts.firstOne.fill(-1);
    counts.firstZero.fill(-1);
    for (let p = 0; p < points; p++) {
      const { upper, lower, down } = rows[p]!.next(y);
      for (let x = 0; x < width; x++) samples[x] = (1 - down) * upper[x]! + down * lower[x]!;
      countPoint(counts, p, samples, plane, y * width);
    }
    for (let x = 0; x < width; x++) out[y * width + x] = countedCode(counts, x, points, method);
  }
  return out;
}

function countPoint(
  { ones, changes, last, firstOne, firstZero, sum, squares }: RunningCounts,
  point: number,
  samples: Float64Array,
  plane: ArrayLike<number>,
  start: number,
): void {
  for (let x = 0; x < samples.length; x++) {
    const sample = samples[x]!;
    const bit = sample - plane[start + x]! >= 0 ? 1 : 0;
    ones[x]! += bit;
    if (point > 0 && bit !== last[x]) changes[x]!++;
    last[x] = bit;
    const first = bit === 1 ? firstOne : firstZero;
    if (first[x] === -1) first[x] = point;
    sum[x]! += sample;
    squares[x]! += sample * sample;
  }
}

function countedCode(counts: RunningCounts, x: number, points: number, method: LbpMethod): number {
  const ones = counts.ones[x]!;
  const isUniform = counts.changes[x]! <= 2;
  if (method === 'nri_uniform') {
    if (!isUniform) return points * (points - 1) + 2;
    return uniformCode(points, ones, counts.firstOne[x]!, counts.firstZero[x]!);
  }
  if (method === 'uniform') return isUniform ? ones : points + 1;
  const sum = counts.sum[x]!;
  const variance = (counts.squares[x]! - (sum * sum) / points) / points;
  return variance === 0 ? Number.NaN : variance;
}
