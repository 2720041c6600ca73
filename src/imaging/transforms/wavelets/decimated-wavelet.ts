import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import { type BorderMode, borderIndices } from '../filters/border.ts';
import { another, type FloatArray, loadBlock, loadLine } from '../filters/correlate-axis.ts';
import { waveletAxes } from './stationary-wavelet.ts';
import type { Wavelet } from './wavelet.ts';

/** A band [D, H, W] with its own sides. */
export interface Band {
  readonly values: FloatArray;
  readonly size: Vector3;
}

/** A decimated wavelet transform: each level halves the sides of the one before. */
export interface Decomposition {
  /** What the low-pass filters leave after the last level. */
  readonly approximation: Band;
  /** Details of each level, the finest first: 'LLH' .. 'HHH' by the letters along x, y, z; of a picture 'LH' .. 'HH'. */
  readonly details: readonly ReadonlyMap<string, Band>[];
  readonly wavelet: Wavelet;
  /** Sides of what was decomposed. */
  readonly size: Vector3;
}

/** PyWavelets' names of the borders: symmetric, reflect, constant, periodic, zero. */
export const WAVELET_BORDERS = [
  'reflect',
  'mirror',
  'nearest',
  'wrap',
  'constant',
] as const satisfies readonly BorderMode[];

/**
 * Decimated separable wavelet transform (S. Mallat, "A theory for multiresolution signal decomposition", IEEE PAMI 11,
 * 1989) of a volume [D, H, W], or a picture of depth 1. Border 'constant' is zero. Throws WAVELET_LEVELS.
 */
export function decompose(
  values: FloatArray,
  size: Vector3,
  wavelet: Wavelet,
  levels = 1,
  border: BorderMode = 'reflect',
): Decomposition {
  requireLevels(size, wavelet, levels);
  const details: ReadonlyMap<string, Band>[] = [];
  let approximation: Band = { values, size };
  for (let level = 0; level < levels; level++) {
    let bands = new Map<string, Band>([['', approximation]]);
    for (const axis of waveletAxes(size)) {
      bands = new Map(
        [...bands].flatMap(([name, band]): [string, Band][] => {
          const [low, high] = analysed(band, axis, wavelet.decompose, border);
          return [
            [`${name}L`, low],
            [`${name}H`, high],
          ];
        }),
      );
    }
    const low = 'L'.repeat(waveletAxes(size).length);
    approximation = bands.get(low)!;
    bands.delete(low);
    details.push(bands);
  }
  return { approximation, details, wavelet, size };
}

/** Greatest number of levels of which the last still has a value that no border reaches, as PyWavelets counts. */
export function mostLevels(size: Vector3, wavelet: Wavelet): number {
  const shortest = Math.min(...waveletAxes(size).map((axis) => size[axis]));
  return Math.max(0, Math.floor(Math.log2(shortest / (wavelet.decompose.low.length - 1))));
}

function requireLevels(size: Vector3, wavelet: Wavelet, levels: number): void {
  const most = Math.max(1, mostLevels(size, wavelet));
  if (Number.isInteger(levels) && levels >= 1 && levels <= most) return;
  throw new HounsfieldError(
    'WAVELET_LEVELS',
    `${levels} levels are asked of ${size.join(' x ')} voxels with ${wavelet.name}, which has room for ${most}. Ask for ` +
      'fewer, or take a shorter wavelet.',
  );
}

/** The inverse of decompose. */
export function recompose({ approximation, details, wavelet, size }: Decomposition): FloatArray {
  const axes = waveletAxes(size);
  let result = approximation;
  for (let level = details.length - 1; level >= 0; level--) {
    let bands = new Map<string, Band>([...details[level]!, ['L'.repeat(axes.length), result]]);
    const to = level === 0 ? size : firstOf(details[level - 1]!).size;
    for (const axis of axes.toReversed()) {
      const next = new Map<string, Band>();
      for (const [name, low] of bands) {
        if (!name.endsWith('L')) continue;
        const before = name.slice(0, -1);
        next.set(before, synthesised(low, bands.get(`${before}H`)!, axis, wavelet, to[axis]));
      }
      bands = next;
    }
    result = bands.get('')!;
  }
  return result.values;
}

const firstOf = (bands: ReadonlyMap<string, Band>): Band => bands.values().next().value!; // a level has three or seven

/** Where the values of an axis lie: [outer, lines, run]. */
function strides([width, height, depth]: Vector3, axis: 0 | 1 | 2): readonly [number, number, number] {
  if (axis === 0) return [height * depth, width, 1];
  return axis === 1 ? [depth, height, width] : [1, depth, width * height];
}

const withSide = (size: Vector3, axis: 0 | 1 | 2, side: number): Vector3 =>
  size.map((old, i) => (i === axis ? side : old)) as unknown as Vector3; // three

/** Both halves: out[i] = sum over k of filter[k] * in[2 i + 1 - k] */
function analysed(
  { values, size }: Band,
  axis: 0 | 1 | 2,
  { low, high }: Wavelet['decompose'],
  border: BorderMode,
): readonly [low: Band, high: Band] {
  const [outer, lines, run] = strides(size, axis);
  const half = Math.floor((lines + low.length - 1) / 2);
  const places = borderIndices(lines, low.length - 2, low.length, border);
  const [lows, highs] = [another(values, outer * half * run), another(values, outer * half * run)];
  const reversed = { low: low.slice().reverse(), high: high.slice().reverse() };
  const padded = 2 * half + low.length - 2;
  const tile = Math.min(run, Math.max(16, (16384 / padded) & ~7));
  const block = new Float64Array((padded + 6) * tile); // kernels may read on, with weights of 0
  for (let o = 0; o < outer; o++) {
    for (let from = 0; from < run; from += tile) {
      const length = Math.min(tile, run - from);
      const base = o * lines * run + from;
      if (run === 1) loadLine(values, base, places, padded, low.length - 2, lines, 0, block);
      else loadBlock(values, base, places, padded, run, length, tile, 0, block);
      const to = o * half * run + from;
      halve(block, tile, length, reversed.low, lows, to, run, half);
      halve(block, tile, length, reversed.high, highs, to, run, half);
    }
  }
  const halved = withSide(size, axis, half);
  return [
    { values: lows, size: halved },
    { values: highs, size: halved },
  ];
}

/** Every second line of a correlation with an even filter, or every second value where a line is one value long. */
function halve(
  block: Float64Array,
  tile: number,
  length: number,
  filter: Float64Array,
  out: FloatArray,
  to: number,
  run: number,
  half: number,
): void {
  const each = filter.length <= 6 ? sixWeights : pairsOfWeights;
  const weights = new Float64Array(Math.max(6, filter.length));
  weights.set(filter);
  if (run === 1) each(block, 0, 2, 1, weights, half, out, to);
  else for (let i = 0; i < half; i++) each(block, 2 * i * tile, 1, tile, weights, length, out, to + i * run);
}

/** out[to + i] = sum over k of weights[k] * block[at + i * step + k * stride] */
type Weighing = (
  block: Float64Array,
  at: number,
  step: number,
  stride: number,
  weights: Float64Array,
  length: number,
  out: FloatArray,
  to: number,
) => void;

const sixWeights: Weighing = (block, at, step, stride, weights, length, out, to) => {
  const a = weights[0]!;
  const b = weights[1]!;
  const c = weights[2]!;
  const d = weights[3]!;
  const e = weights[4]!;
  const f = weights[5]!;
  const [two, three, four, five] = [2 * stride, 3 * stride, 4 * stride, 5 * stride];
  for (let i = 0, p = at; i < length; i++, p += step) {
    out[to + i] =
      a * block[p]! +
      b * block[p + stride]! +
      c * block[p + two]! +
      (d * block[p + three]! + e * block[p + four]! + f * block[p + five]!);
  }
};

const pairsOfWeights: Weighing = (block, at, step, stride, weights, length, out, to) => {
  for (let i = 0; i < length; i++) {
    let sum = 0;
    let odd = 0;
    for (let k = 0, p = at + i * step; k < weights.length; k += 2, p += 2 * stride) {
      sum += weights[k]! * block[p]!;
      odd += weights[k + 1]! * block[p + stride]!;
    }
    out[to + i] = sum + odd;
  }
};

/** The middle `side` values of the two halves, spread out and filtered. */
function synthesised(low: Band, high: Band, axis: 0 | 1 | 2, { reconstruct }: Wavelet, side: number): Band {
  const [outer, half, run] = strides(low.size, axis);
  const length = reconstruct.low.length;
  const out = another(low.values, outer * side * run);
  const sum = new Float64Array(run);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < side; i++) {
      sum.fill(0);
      const place = i + length - 2; // in the full convolution
      for (let k = place % 2; k < length; k += 2) {
        const from = (place - k) / 2;
        if (from < 0 || from >= half) continue;
        const a = reconstruct.low[k]!;
        const b = reconstruct.high[k]!;
        const at = (o * half + from) * run;
        for (let r = 0; r < run; r++) sum[r]! += a * low.values[at + r]! + b * high.values[at + r]!;
      }
      const to = (o * side + i) * run;
      for (let r = 0; r < run; r++) out[to + r] = sum[r]!;
    }
  }
  return { values: out, size: withSide(low.size, axis, side) };
}
