import type { Vector3 } from '../../geometry/geometry.ts';
import { type Border, borderIndices } from './border.ts';

/** Values of a filter: float64 where float64 came in, float32 otherwise. */
export type FloatArray = Float32Array | Float64Array;

/** Weights of a correlation, the first at `-origin`: out[i] = sum over k of weights[k] * in[i + k - origin]. */
export interface Taps {
  readonly weights: Float64Array;
  readonly origin: number;
}

/** A kernel whose middle lies on the voxel. */
export const centred = (weights: Float64Array): Taps => ({ weights, origin: weights.length >> 1 });

/** The taps that convolve instead of correlate. */
export const flipped = ({ weights, origin }: Taps): Taps => ({
  weights: weights.slice().reverse(),
  origin: weights.length - 1 - origin,
});

/** An array of zeros of the same type, of the same length where none is given. */
export function another(like: FloatArray, length: number = like.length): FloatArray {
  return like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
}

/** What lies beyond the border after a pass over an image that a constant surrounds. */
export const borderAfter = ({ mode, constant }: Border, { weights }: Taps): Border => ({
  mode,
  constant: constant === 0 ? 0 : constant * weights.reduce((sum, weight) => sum + weight, 0),
});

/** Values of one tile of lines that lie in the processor's cache at a time. */
const TILE_VALUES = 1 << 15;

/** Correlates a volume [D, H, W] with taps along one axis (0 x, 1 y, 2 z). `out` may be `source`. */
export function correlateAxis(
  source: FloatArray,
  out: FloatArray,
  size: Vector3,
  axis: 0 | 1 | 2,
  taps: Taps,
  border: Border,
): void {
  if (axis === 0) alongRows(source, out, size[0], taps, border);
  else acrossRows(source, out, size, axis, taps, border);
}

function alongRows(
  source: FloatArray,
  out: FloatArray,
  width: number,
  taps: Taps,
  { mode, constant }: Border,
): void {
  const { weights, origin } = taps;
  const beyond = weights.length - 1 - origin;
  const places = borderIndices(width, origin, Math.max(0, beyond), mode);
  const line = new Float64Array(width + weights.length - 1);
  const sum = new Float64Array(width);
  const combine = combinerOf(taps);
  for (let row = 0; row < source.length; row += width) {
    for (let x = 0; x < width; x++) line[origin + x] = source[row + x]!;
    for (let i = 0; i < origin; i++) line[i] = places[i]! < 0 ? constant : source[row + places[i]!]!;
    for (let i = origin + width; i < line.length; i++) {
      line[i] = places[i]! < 0 ? constant : source[row + places[i]!]!;
    }
    combine(line, 0, 1, weights, sum, width);
    for (let x = 0; x < width; x++) out[row + x] = sum[x]!;
  }
}

/** Over the middle axis of [outer, lines, run], a tile of lines at a time, padded by its border and in float64. */
function acrossRows(
  source: FloatArray,
  out: FloatArray,
  [width, height, depth]: Vector3,
  axis: 1 | 2,
  taps: Taps,
  { mode, constant }: Border,
): void {
  const [outer, lines, run] = axis === 1 ? [depth, height, width] : [1, depth, width * height];
  const { weights, origin } = taps;
  const places = borderIndices(lines, origin, Math.max(0, weights.length - 1 - origin), mode);
  const rows = lines + weights.length - 1;
  const tile = Math.min(run, Math.max(32, (TILE_VALUES / rows) & ~7));
  const block = new Float64Array(rows * tile);
  const sum = new Float64Array(tile);
  const combine = combinerOf(taps);
  for (let o = 0; o < outer; o++) {
    for (let from = 0; from < run; from += tile) {
      const base = o * lines * run + from;
      const length = Math.min(tile, run - from);
      for (let row = 0, to = 0; row < rows; row++, to += tile) {
        if (places[row]! < 0) block.fill(constant, to, to + length);
        else copyFloats(source, base + places[row]! * run, block, to, length);
      }
      for (let line = 0; line < lines; line++) {
        combine(block, line * tile, tile, weights, sum, length);
        copyFloats(sum, 0, out, base + line * run, length);
      }
    }
  }
}

function copyFloats(from: FloatArray, start: number, to: FloatArray, at: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

/** sum[i] = sum over k of weights[k] * block[at + k * stride + i] */
type Combine = (
  block: Float64Array,
  at: number,
  stride: number,
  weights: Float64Array,
  sum: Float64Array,
  length: number,
) => void;

function combinerOf({ weights, origin }: Taps): Combine {
  const last = weights.length - 1;
  const symmetric =
    weights.length % 2 === 1 && origin === last / 2 && weights.every((w, k) => w === weights[last - k]);
  if (weights.length === 3) return symmetric ? ofThree : ofAny;
  return symmetric && weights.length > 3 ? ofPairs : ofAny;
}

const ofThree: Combine = (block, at, stride, weights, sum, length) => {
  const [w, m] = [weights[0]!, weights[1]!];
  for (let i = 0, a = at, b = at + stride, c = b + stride; i < length; i++, a++, b++, c++) {
    sum[i] = m * block[b]! + w * (block[a]! + block[c]!);
  }
};

/** A symmetric kernel, four pairs of neighbours at a time: fewer loads and stores than one at a time. */
const ofPairs: Combine = (block, at, stride, weights, sum, length) => {
  const radius = weights.length >> 1;
  const middle = weights[radius]!;
  const centre = at + radius * stride;
  let k = radius & 3;
  if (k === 0) for (let i = 0; i < length; i++) sum[i] = middle * block[centre + i]!;
  else if (k === 1) {
    const a = weights[radius - 1]!;
    for (let i = 0, c = centre; i < length; i++, c++) {
      sum[i] = middle * block[c]! + a * (block[c - stride]! + block[c + stride]!);
    }
  } else if (k === 2) {
    const [a, b, two] = [weights[radius - 1]!, weights[radius - 2]!, 2 * stride];
    for (let i = 0, c = centre; i < length; i++, c++) {
      sum[i] =
        middle * block[c]! +
        a * (block[c - stride]! + block[c + stride]!) +
        b * (block[c - two]! + block[c + two]!);
    }
  } else {
    const [a, b, d] = [weights[radius - 1]!, weights[radius - 2]!, weights[radius - 3]!];
    const [two, three] = [2 * stride, 3 * stride];
    for (let i = 0, c = centre; i < length; i++, c++) {
      sum[i] =
        middle * block[c]! +
        a * (block[c - stride]! + block[c + stride]!) +
        b * (block[c - two]! + block[c + two]!) +
        d * (block[c - three]! + block[c + three]!);
    }
  }
  for (k++; k + 3 <= radius; k += 4) addFourPairs(block, centre, stride, weights, k, sum, length);
};

function addFourPairs(
  block: Float64Array,
  centre: number,
  stride: number,
  weights: Float64Array,
  k: number,
  sum: Float64Array,
  length: number,
): void {
  const at = (weights.length >> 1) - k;
  const [a, b, c, d] = [weights[at]!, weights[at - 1]!, weights[at - 2]!, weights[at - 3]!];
  const [p, q] = [centre - k * stride, centre + k * stride];
  const [r, s] = [p - stride, q + stride];
  const [t, u] = [r - stride, s + stride];
  const [v, w] = [t - stride, u + stride];
  for (let i = 0; i < length; i++) {
    sum[i]! +=
      a * (block[p + i]! + block[q + i]!) +
      b * (block[r + i]! + block[s + i]!) +
      c * (block[t + i]! + block[u + i]!) +
      d * (block[v + i]! + block[w + i]!);
  }
}

const ofAny: Combine = (block, at, stride, weights, sum, length) => {
  const count = weights.length;
  let k = count & 3;
  if (k === 0) sum.fill(0, 0, length);
  else if (k === 1) {
    const a = weights[0]!;
    for (let i = 0; i < length; i++) sum[i] = a * block[at + i]!;
  } else if (k === 2) {
    const [a, b, q] = [weights[0]!, weights[1]!, at + stride];
    for (let i = 0; i < length; i++) sum[i] = a * block[at + i]! + b * block[q + i]!;
  } else {
    const [a, b, c] = [weights[0]!, weights[1]!, weights[2]!];
    const [q, r] = [at + stride, at + 2 * stride];
    for (let i = 0; i < length; i++) sum[i] = a * block[at + i]! + b * block[q + i]! + c * block[r + i]!;
  }
  for (; k < count; k += 4) {
    const [a, b, c, d] = [weights[k]!, weights[k + 1]!, weights[k + 2]!, weights[k + 3]!];
    const p = at + k * stride;
    const [q, r, s] = [p + stride, p + 2 * stride, p + 3 * stride];
    for (let i = 0; i < length; i++) {
      sum[i]! += a * block[p + i]! + b * block[q + i]! + c * block[r + i]! + d * block[s + i]!;
    }
  }
};
