/**
 * Resampling along each axis in turn, where the axes of both grids run along each other: an output voxel's weights are
 * then a product of three short lists. Slices of the source are brought to the output's width and height once each,
 * and mixed along z.
 */
import type { PixelArray } from '../image/medical-image.ts';
import { type Kernel, tapIndex } from './interpolation.ts';
import { rowLoader, rowStorer } from './pixel-rows.ts';
import { reflect } from './warp-affine.ts';

/** Places this far outside the image count as on its edge, so that rounding decides nothing; voxels. */
export const EDGE_TOLERANCE = 1e-6;

/** The voxels and weights that each output index of an axis is made of. */
export interface AxisTaps {
  readonly taps: number;
  /** Output index i, tap k at i * taps + k. */
  readonly index: Int32Array;
  readonly weight: Float64Array;
  /** Output indices from `from` up to but not `to` lie in the image. */
  readonly from: number;
  readonly to: number;
}

/** Taps along one axis, where output i is read at scale * i + shift. `hold`: places outside are read at the edge. */
export function axisTaps(
  kernel: Kernel,
  inputSize: number,
  outputSize: number,
  scale: number,
  shift: number,
  hold: boolean,
): AxisTaps {
  const { taps, first, border } = kernel;
  const index = new Int32Array(outputSize * taps);
  const weight = new Float64Array(outputSize * taps);
  let [from, to] = [outputSize, 0];
  for (let i = 0; i < outputSize; i++) {
    let place = scale * i + shift;
    const inside = place >= -0.5 - EDGE_TOLERANCE && place <= inputSize - 0.5 + EDGE_TOLERANCE;
    if (!inside && !hold) continue;
    place = Math.min(inputSize - 0.5, Math.max(-0.5, place));
    from = Math.min(from, i);
    to = i + 1;
    const below = Math.floor(place);
    kernel.weights(place - below, weight, i * taps);
    for (let k = 0; k < taps; k++) index[i * taps + k] = tapIndex(below + first + k, inputSize, border);
    leaveWeightless(index, weight, i * taps, taps);
  }
  return { taps, index, weight, from, to };
}

/** The same taps with each voxel spread as if the axis had been smoothed before, the border mirrored. */
export function smoothedTaps(axis: AxisTaps, half: Float64Array, inputSize: number): AxisTaps {
  const radius = half.length - 1;
  if (radius === 0) return axis;
  const outputs = axis.index.length / axis.taps;
  const taps = axis.taps * (2 * radius + 1);
  const spread: Map<number, number>[] = [];
  let most = 1;
  for (let i = 0; i < outputs; i++) {
    const weights = new Map<number, number>();
    for (let k = i * axis.taps; k < (i + 1) * axis.taps && i >= axis.from && i < axis.to; k++) {
      for (let d = -radius; d <= radius; d++) {
        const from = reflect(axis.index[k]! + d, inputSize);
        const weight = axis.weight[k]! * half[Math.abs(d)]!;
        if (weight !== 0) weights.set(from, (weights.get(from) ?? 0) + weight);
      }
    }
    spread.push(weights);
    most = Math.min(taps, Math.max(most, weights.size));
  }
  const index = new Int32Array(outputs * most);
  const weight = new Float64Array(outputs * most);
  spread.forEach((weights, i) => {
    let at = i * most;
    index.fill(weights.keys().next().value ?? 0, at, at + most);
    for (const [from, own] of weights) {
      index[at] = from;
      weight[at++] = own;
    }
  });
  return { taps: most, index, weight, from: axis.from, to: axis.to };
}

/** Lets taps of no weight read what the others read: a place that is not a number must not spoil its neighbours. */
function leaveWeightless(index: Int32Array, weight: Float64Array, at: number, taps: number): void {
  let read = at;
  while (weight[read] === 0 && read < at + taps - 1) read++;
  for (let k = at; k < at + taps; k++) if (weight[k] === 0) index[k] = index[read]!;
}

/** One volume's place in an array: where it starts, and its sides. */
export interface Volume<T extends PixelArray = PixelArray> {
  readonly pixels: T;
  readonly start: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

/** Fills `out` from `source` by the three axes' taps; places outside the image become `outside`. */
export function sampleAxes(
  source: Volume,
  out: Volume,
  x: AxisTaps,
  y: AxisTaps,
  z: AxisTaps,
  outside: number,
): void {
  const { width, height, depth } = out;
  const plane = width * height;
  const store = rowStorer(out.pixels);
  const mixed = new Float64Array(plane);
  const slices = sliceStore(source, out, x, y, z.taps);
  for (let k = 0; k < depth; k++) {
    if (k < z.from || k >= z.to) mixed.fill(outside);
    else {
      mixSlices(mixed, slices, z, k);
      fillAround(mixed, width, height, x, y, outside);
    }
    store(out.pixels, out.start + k * plane, mixed, plane);
  }
}

/** The value beyond the image for what lies outside of it along x or y. */
function fillAround(
  mixed: Float64Array,
  width: number,
  height: number,
  x: AxisTaps,
  y: AxisTaps,
  outside: number,
): void {
  const [left, right] = [Math.min(x.from, width), Math.max(x.from, x.to)];
  if (left > 0 || right < width) {
    for (let at = 0; at < width * height; at += width) {
      mixed.fill(outside, at, at + left);
      mixed.fill(outside, at + right, at + width);
    }
  }
  mixed.fill(outside, 0, Math.min(y.from, height) * width);
  mixed.fill(outside, Math.max(y.from, y.to) * width);
}

function mixSlices(mixed: Float64Array, slice: (z: number) => Float64Array, z: AxisTaps, k: number): void {
  const { taps, index, weight } = z;
  for (let tap = 0; tap < taps; tap += 2) {
    const at = k * taps + tap;
    const one = tap + 1 < taps ? slice(index[at + 1]!) : undefined;
    const zero = slice(index[at]!);
    if (!one) addScaled(mixed, zero, weight[at]!, tap > 0);
    else addTwo(mixed, zero, weight[at]!, one, weight[at + 1]!, tap > 0);
  }
}

function addScaled(to: Float64Array, a: Float64Array, wa: number, add: boolean): void {
  if (add) for (let i = 0; i < to.length; i++) to[i] = to[i]! + wa * a[i]!;
  else for (let i = 0; i < to.length; i++) to[i] = wa * a[i]!;
}

function addTwo(
  to: Float64Array,
  a: Float64Array,
  wa: number,
  b: Float64Array,
  wb: number,
  add: boolean,
): void {
  if (add) for (let i = 0; i < to.length; i++) to[i] = to[i]! + wa * a[i]! + wb * b[i]!;
  else for (let i = 0; i < to.length; i++) to[i] = wa * a[i]! + wb * b[i]!;
}

/** Slices of the source on the output's width and height, the last few kept. */
function sliceStore(
  source: Volume,
  out: Volume,
  x: AxisTaps,
  y: AxisTaps,
  kept: number,
): (z: number) => Float64Array {
  const { width, height } = out;
  const held = Array.from({ length: kept + 1 }, () => ({ z: -1, used: 0, plane: new Float64Array(0) }));
  let clock = 0;
  const inPlane = planeSampler(source, width, height, x, y);
  return (z) => {
    clock++;
    let oldest = held[0]!;
    for (const entry of held) {
      if (entry.z === z) {
        entry.used = clock;
        return entry.plane;
      }
      if (entry.used < oldest.used) oldest = entry;
    }
    if (oldest.plane.length === 0) oldest.plane = new Float64Array(width * height);
    oldest.z = z;
    oldest.used = clock;
    inPlane(z, oldest.plane);
    return oldest.plane;
  };
}

function planeSampler(
  source: Volume,
  width: number,
  height: number,
  x: AxisTaps,
  y: AxisTaps,
): (z: number, plane: Float64Array) => void {
  const load = rowLoader(source.pixels);
  const line = new Float64Array(source.width);
  const rows = new Float64Array(source.height * width);
  const wanted = new Uint8Array(source.height);
  for (let i = y.from * y.taps; i < y.to * y.taps; i++) wanted[y.index[i]!] = 1;
  return (z, plane) => {
    for (let j = 0; j < source.height; j++) {
      if (!wanted[j]) continue;
      load(line, 0, source.pixels, source.start + (z * source.height + j) * source.width, source.width);
      if (x.taps === 2) twoAlongX(rows, j * width, line, x);
      else alongX(rows, j * width, line, x);
    }
    for (let j = 0; j < height; j++) {
      if (j >= y.from && j < y.to) alongY(plane, j * width, rows, width, y, j, x.from, x.to);
    }
  };
}

function twoAlongX(rows: Float64Array, at: number, line: Float64Array, x: AxisTaps): void {
  const { index, weight, from, to } = x;
  for (let i = from; i < to; i++) {
    const k = 2 * i;
    rows[at + i] = line[index[k]!]! * weight[k]! + line[index[k + 1]!]! * weight[k + 1]!;
  }
}

function alongX(rows: Float64Array, at: number, line: Float64Array, x: AxisTaps): void {
  const { taps, index, weight, from, to } = x;
  for (let i = from; i < to; i++) {
    let sum = 0;
    for (let k = i * taps; k < (i + 1) * taps; k++) sum += line[index[k]!]! * weight[k]!;
    rows[at + i] = sum;
  }
}

function alongY(
  plane: Float64Array,
  at: number,
  rows: Float64Array,
  width: number,
  y: AxisTaps,
  j: number,
  from: number,
  to: number,
): void {
  const { taps, index, weight } = y;
  for (let tap = 0; tap < taps; tap += 2) {
    const k = j * taps + tap;
    const wa = weight[k]!;
    const wb = tap + 1 < taps ? weight[k + 1]! : 0;
    const a = index[k]! * width;
    const b = (tap + 1 < taps ? index[k + 1]! : index[k]!) * width;
    if (tap === 0) for (let i = from; i < to; i++) plane[at + i] = wa * rows[a + i]! + wb * rows[b + i]!;
    else for (let i = from; i < to; i++) plane[at + i]! += wa * rows[a + i]! + wb * rows[b + i]!;
  }
}

/** The nearest voxel's value along three axes that run along each other; halves go up. Any type, bit by bit. */
export function nearestAlongAxes(
  source: Volume,
  out: Volume,
  index: readonly [x: Int32Array, y: Int32Array, z: Int32Array],
  outside: number,
): void {
  const [x, y, z] = index;
  const { pixels, width, height, depth } = out;
  for (let k = 0, at = out.start; k < depth; k++) {
    for (let j = 0; j < height; j++, at += width) {
      if (z[k]! < 0 || y[j]! < 0) {
        pixels.fill(outside, at, at + width);
        continue;
      }
      const row = source.start + (z[k]! * source.height + y[j]!) * source.width;
      for (let i = 0; i < width; i++) {
        const from = x[i]!;
        pixels[at + i] = from < 0 ? outside : source.pixels[row + from]!;
      }
    }
  }
}

/** Nearest input index of each output index of an axis, -1 outside. */
export function nearestIndices(
  inputSize: number,
  outputSize: number,
  scale: number,
  shift: number,
  hold: boolean,
): Int32Array {
  return Int32Array.from({ length: outputSize }, (_, i) => {
    const place = scale * i + shift;
    const inside = place >= -0.5 - EDGE_TOLERANCE && place <= inputSize - 0.5 + EDGE_TOLERANCE;
    if (!inside && !hold) return -1;
    return Math.min(inputSize - 1, Math.max(0, Math.floor(place + 0.5)));
  });
}
