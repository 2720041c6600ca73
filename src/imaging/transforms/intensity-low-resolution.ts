import type { Vector3 } from '../geometry/geometry.ts';
import { perVolume } from './intensity-image.ts';
import { readParameters } from './read-parameters.ts';
import { cubicWeights } from './spline-basis.ts';
import type { IntensityTransform } from './transform.ts';

export interface LowResolutionParameters {
  /** How many times fewer voxels along x, y and z, at least 1. One axis alone: thick slices. */
  readonly factor: Vector3 | number;
  /** How the lost voxels are filled in; default 'cubic'. */
  readonly interpolation?: 'linear' | 'cubic';
}

/**
 * An image as a coarser grid would show it, on its own grid: every voxel of the coarse grid takes the nearest voxel, and
 * the way back is linear or by cubic B-splines that go through the coarse values (Isensee et al., nnU-Net, Nature Methods
 * 18, 2021, supplement: simulation of low resolution).
 */
export const lowResolution: IntensityTransform<LowResolutionParameters> = {
  name: 'low-resolution',
  kind: 'intensity',
  example: { factor: [1.5, 1, 2] },
  check(parameters) {
    const read = readParameters('low-resolution', parameters);
    const factor = read.vector('factor', { min: 1, max: 1000 });
    const interpolation = read.oneOf('interpolation', ['linear', 'cubic'], 'cubic');
    read.end();
    return { factor, interpolation };
  },
  change(image, { factor, interpolation }) {
    const shape = [image.depth, image.height, image.width] as const;
    const along = typeof factor === 'number' ? [factor, factor, factor] : factor;
    return perVolume(image, (volume) =>
      coarse(volume, shape, [along[2]!, along[1]!, along[0]!], interpolation),
    );
  },
  inverse: { none: 'voxels between those of the coarse grid are gone' },
};

function coarse(
  volume: Float32Array,
  shape: readonly number[],
  factors: readonly number[], // z, y, x
  interpolation: 'linear' | 'cubic',
): Float32Array {
  const fewer = shape.map((side, axis) => Math.max(1, Math.round(side / factors[axis]!)));
  let small = volume;
  let sides = [...shape];
  for (const [axis, side] of fewer.entries()) {
    if (side === sides[axis]) continue;
    small = pickNearest(small, sides, axis, side);
    sides = sides.with(axis, side);
  }
  let result = small;
  for (const axis of [2, 1, 0]) {
    if (sides[axis] === shape[axis]) continue;
    const taps = interpolation === 'linear' ? linearTaps : cubicTaps;
    result = interpolateAlong(result, sides, axis, shape[axis]!, taps, interpolation === 'cubic');
    sides = sides.with(axis, shape[axis]!);
  }
  return result === volume ? volume.slice() : result;
}

const product = (sides: readonly number[]): number => sides.reduce((total, side) => total * side, 1);

function pickNearest(
  source: Float32Array,
  sides: readonly number[],
  axis: number,
  count: number,
): Float32Array {
  const [outer, side, inner] = [product(sides.slice(0, axis)), sides[axis]!, product(sides.slice(axis + 1))];
  const out = new Float32Array(outer * count * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < count; i++, to += inner) {
      const nearest = Math.min(side - 1, Math.max(0, Math.floor(((i + 0.5) * side) / count)));
      const from = (o * side + nearest) * inner;
      if (inner === 1) out[to] = source[from]!;
      else out.set(source.subarray(from, from + inner), to);
    }
  }
  return out;
}

/** Weights of four neighbours, the first one before the place. */
type Taps = (part: number, out: Float64Array) => void;

const linearTaps: Taps = (t, out) => out.set([0, 1 - t, t, 0]);
const cubicTaps: Taps = (t, out) => cubicWeights(t, out, 0);

/** Values repeated beyond each end, so that the edge is as if the line went on with its last value. */
const BEYOND = 12;
/** Runs of the inner axes that are worked on together. */
const TILE = 256;

function interpolateAlong(
  source: Float32Array,
  sides: readonly number[],
  axis: number,
  count: number,
  taps: Taps,
  spline: boolean,
): Float32Array {
  const [outer, side, inner] = [product(sides.slice(0, axis)), sides[axis]!, product(sides.slice(axis + 1))];
  const out = new Float32Array(outer * count * inner);
  const places = Array.from({ length: count }, (_, i) => ((i + 0.5) * side) / count - 0.5);
  const lines = inner === 1 ? outer : inner;
  const length = side + 2 * BEYOND;
  const block = new Float64Array(length * Math.min(TILE, lines));
  const weights = new Float64Array(4);
  // lines lie `inner` apart in memory, or, where the axis is the innermost, one after the other
  const [lineStep, step, outStep] = inner === 1 ? [side, 1, 1] : [1, inner, inner];
  for (let o = 0; o < (inner === 1 ? 1 : outer); o++) {
    for (let first = 0; first < lines; first += TILE) {
      const run = Math.min(TILE, lines - first);
      const base = o * side * inner + first * lineStep;
      for (let k = 0; k < length; k++) {
        const from = base + Math.min(side - 1, Math.max(0, k - BEYOND)) * step;
        for (let l = 0, at = k * run; l < run; l++, at++) block[at] = source[from + l * lineStep]!;
      }
      if (spline) splineCoefficients(block, length, run);
      const toBase = o * count * inner + first * (inner === 1 ? count : 1);
      for (let i = 0; i < count; i++) {
        const place = places[i]! + BEYOND;
        const cell = Math.floor(place);
        taps(place - cell, weights);
        const [a, b, c, d] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!];
        const at = (cell - 1) * run;
        const to = toBase + i * outStep;
        const lineOut = inner === 1 ? count : 1;
        for (let l = 0; l < run; l++) {
          out[to + l * lineOut] =
            a * block[at + l]! +
            b * block[at + run + l]! +
            c * block[at + 2 * run + l]! +
            d * block[at + 3 * run + l]!;
        }
      }
    }
  }
  return out;
}

/** Values to cubic B-spline coefficients along the first axis of [length, run] (Unser et al., IEEE TSP 41, 1993, eq. 2.5). */
function splineCoefficients(block: Float64Array, length: number, run: number): void {
  const pole = Math.sqrt(3) - 2;
  for (let l = 0; l < run; l++) {
    let sum = block[l]!;
    for (let k = 1, power = pole; k < Math.min(length, 30); k++, power *= pole)
      sum += power * block[k * run + l]!;
    block[l] = sum * 6;
  }
  for (let k = 1; k < length; k++) {
    const at = k * run;
    for (let l = at; l < at + run; l++) block[l] = 6 * block[l]! + pole * block[l - run]!;
  }
  const last = (length - 1) * run;
  for (let l = 0; l < run; l++) {
    block[last + l] = (pole / (pole * pole - 1)) * (block[last + l]! + pole * block[last - run + l]!);
  }
  for (let k = length - 2; k >= 0; k--) {
    const at = k * run;
    for (let l = at; l < at + run; l++) block[l] = pole * (block[l + run]! - block[l]!);
  }
}
