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
const TILE_VALUES = 1 << 14;
/** Lines after the last that kernels may read, with weights of 0. */
const SPARE = 8;

/** Correlates a volume [D, H, W] with taps along one axis (0 x, 1 y, 2 z). `out` may be `source`. */
export function correlateAxis(
  source: FloatArray,
  out: FloatArray,
  size: Vector3,
  axis: 0 | 1 | 2,
  taps: Taps,
  border: Border,
): void {
  correlateAxisAll(source, [{ out, taps }], size, axis, border);
}

/** Correlates with several taps of one length and origin. An `out` may be `source`. */
export function correlateAxisAll(
  source: FloatArray,
  wanted: readonly { readonly out: FloatArray; readonly taps: Taps }[],
  size: Vector3,
  axis: 0 | 1 | 2,
  { mode, constant }: Border,
): void {
  const [width, height, depth] = size;
  const [outer, lines, run] =
    axis === 0
      ? [height * depth, width, 1]
      : axis === 1
        ? [depth, height, width]
        : [1, depth, width * height];
  const { weights, origin } = wanted[0]!.taps;
  const places = borderIndices(lines, origin, Math.max(0, weights.length - 1 - origin), mode);
  const rows = lines + weights.length - 1;
  const tile = Math.min(run, Math.max(32, (TILE_VALUES / rows) & ~7));
  const block = new Float64Array((rows + SPARE) * tile);
  const kernels = wanted.map(({ out, taps }) => ({ out, ...kernelOf(taps.weights, lines) }));
  for (let o = 0; o < outer; o++) {
    for (let from = 0; from < run; from += tile) {
      const base = o * lines * run + from;
      const length = Math.min(tile, run - from);
      if (run === 1) loadLine(source, base, places, rows, origin, lines, constant, block);
      else loadBlock(source, base, places, rows, run, length, tile, constant, block);
      for (const { kernel, padded, out } of kernels) {
        kernel(block, tile, padded, length, lines, out, base, run);
      }
    }
  }
}

/** Copies a line with its border: `origin` values before it, `rows` in all. */
export function loadLine(
  source: FloatArray,
  base: number,
  places: Int32Array,
  rows: number,
  origin: number,
  lines: number,
  constant: number,
  line: Float64Array,
): void {
  for (let i = 0; i < lines; i++) line[origin + i] = source[base + i]!;
  for (let i = 0; i < origin; i++) line[i] = places[i]! < 0 ? constant : source[base + places[i]!]!;
  for (let i = origin + lines; i < rows; i++) {
    line[i] = places[i]! < 0 ? constant : source[base + places[i]!]!;
  }
}

/** Copies a tile of lines, by their places, -1 for a constant one. */
export function loadBlock(
  source: FloatArray,
  base: number,
  places: Int32Array,
  rows: number,
  run: number,
  length: number,
  tile: number,
  constant: number,
  block: Float64Array,
): void {
  for (let row = 0, to = 0; row < rows; row++, to += tile) {
    const at = base + places[row]! * run;
    if (places[row]! < 0) block.fill(constant, to, to + length);
    else for (let i = 0; i < length; i++) block[to + i] = source[at + i]!;
  }
}

/** out[to + line * run + i] = sum over k of weights[k] * block[(line + k) * stride + i] */
type Kernel = (
  block: Float64Array,
  stride: number,
  weights: Float64Array,
  length: number,
  lines: number,
  out: FloatArray,
  to: number,
  run: number,
) => void;

/** The kernel that suits a number of taps, and the weights as it wants them. */
function kernelOf(weights: Float64Array, lines: number): { kernel: Kernel; padded: Float64Array } {
  const filled = (length: number, start = 0) => {
    const padded = new Float64Array(length);
    padded.set(weights, start);
    return padded;
  };
  const count = weights.length;
  if (count <= 3) return { kernel: threeTaps, padded: filled(3) };
  if (count <= 6) return { kernel: sixTaps, padded: filled(6) };
  if (lines < 4) return { kernel: anyTaps, padded: weights };
  const groups = Math.ceil((count + 3) / 4);
  return { kernel: manyTaps, padded: filled(4 * groups + 3, 3) };
}

const threeTaps: Kernel = (block, stride, weights, length, lines, out, to, run) => {
  const a = weights[0]!;
  const b = weights[1]!;
  const c = weights[2]!;
  for (let line = 0; line < lines; line++) {
    const p = line * stride;
    const q = p + stride;
    const r = q + stride;
    const at = to + line * run;
    for (let i = 0; i < length; i++) {
      out[at + i] = a * block[p + i]! + b * block[q + i]! + c * block[r + i]!;
    }
  }
};

const sixTaps: Kernel = (block, stride, weights, length, lines, out, to, run) => {
  const a = weights[0]!;
  const b = weights[1]!;
  const c = weights[2]!;
  const d = weights[3]!;
  const e = weights[4]!;
  const f = weights[5]!;
  for (let line = 0; line < lines; line++) {
    const p = line * stride;
    const q = p + stride;
    const r = q + stride;
    const s = r + stride;
    const t = s + stride;
    const u = t + stride;
    const at = to + line * run;
    for (let i = 0; i < length; i++) {
      out[at + i] =
        a * block[p + i]! +
        b * block[q + i]! +
        c * block[r + i]! +
        (d * block[s + i]! + e * block[t + i]! + f * block[u + i]!);
    }
  }
};

/** Four lines at a time: each value is loaded once for all of them. Weights after three zeros, and followed by some. */
const manyTaps: Kernel = (block, stride, weights, length, lines, out, to, run) => {
  const last = weights.length;
  for (let line = 0; line < lines; line += 4) {
    const first = Math.min(line, lines - 4); // the last four may overlap those before
    const at = to + first * run;
    for (let i = 0; i < length; i++) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let a = 0;
      let b = 0;
      let c = 0;
      let p = first * stride + i;
      for (let k = 3; k < last; k += 4) {
        const d = weights[k]!;
        const e = weights[k + 1]!;
        const f = weights[k + 2]!;
        const g = weights[k + 3]!;
        let value = block[p]!;
        s0 += d * value;
        s1 += c * value;
        s2 += b * value;
        s3 += a * value;
        value = block[p + stride]!;
        s0 += e * value;
        s1 += d * value;
        s2 += c * value;
        s3 += b * value;
        p += 2 * stride;
        value = block[p]!;
        s0 += f * value;
        s1 += e * value;
        s2 += d * value;
        s3 += c * value;
        value = block[p + stride]!;
        s0 += g * value;
        s1 += f * value;
        s2 += e * value;
        s3 += d * value;
        p += 2 * stride;
        a = e;
        b = f;
        c = g;
      }
      const o = at + i;
      out[o] = s0;
      out[o + run] = s1;
      out[o + 2 * run] = s2;
      out[o + 3 * run] = s3;
    }
  }
};

const anyTaps: Kernel = (block, stride, weights, length, lines, out, to, run) => {
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = 0, p = line * stride + i; k < weights.length; k++, p += stride) {
        sum += weights[k]! * block[p]!;
      }
      out[to + line * run + i] = sum;
    }
  }
};
