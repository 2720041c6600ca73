import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { binaryMorphology } from '../morphology/binary-morphology.ts';
import { type BitRows, packBits, unpackBits } from '../morphology/bit-rows.ts';
import { structuringElement } from '../morphology/structuring-element.ts';
import { requireFinite, requireVolume } from '../morphology/volume-sides.ts';
import { smoothLevelSet } from './level-set-bits.ts';

/** Where a contour starts: a mask, or a pattern made of the sides. */
export type StartingContour = ArrayLike<number> | 'checkerboard' | 'disk';

export interface ChanVeseOptions {
  readonly iterations?: number;
  /** Default 'checkerboard'. */
  readonly start?: StartingContour;
  /** Smoothing steps after each iteration. Default 1. */
  readonly smoothing?: number;
  /** Weights of the inside's and of the outside's spread. Default 1. */
  readonly insideWeight?: number;
  readonly outsideWeight?: number;
}

/**
 * Active contour without edges, by morphological operators: inside and outside become as uniform as they can (Chan and
 * Vese, IEEE TIP 2001; Márquez-Neila, Baumela and Álvarez, "A morphological approach to curvature-based evolution of curves
 * and surfaces", IEEE TPAMI 2014).
 *
 * @param values [D, H, W]
 * @returns 1 inside, 0 outside
 * @throws IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function chanVese(values: PixelArray, sides: Vector3, options: ChanVeseOptions = {}): Uint8Array {
  const {
    iterations = 35,
    start = 'checkerboard',
    smoothing = 1,
    insideWeight = 1,
    outsideWeight = 1,
  } = options;
  requireVolume(values, sides, 'active contour');
  requireFinite(values, 'active contour');
  let inside = startingMask(start, sides);
  let turn = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  for (let round = 0; round < iterations; round++) {
    let [sum, count] = [0, 0];
    for (let i = 0; i < inside.length; i++) {
      if (inside[i] === 0) continue;
      sum += values[i]!;
      count++;
    }
    const outer = (total - sum) / (inside.length - count + 1e-8);
    const inner = sum / (count + 1e-8);
    const next = inside.slice();
    forContour(inside, sides, (i) => {
      const [a, b] = [values[i]! - inner, values[i]! - outer];
      const pull = insideWeight * a * a - outsideWeight * b * b;
      if (pull < 0) next[i] = 1;
      else if (pull > 0) next[i] = 0;
    });
    inside = smoothed(next, sides, smoothing, turn);
    turn += smoothing;
  }
  return inside;
}

export interface GeodesicOptions {
  readonly iterations?: number;
  /** Default 'disk'. */
  readonly start?: StartingContour;
  /** Default 1. */
  readonly smoothing?: number;
  /** Above 0 the contour grows where the edge map is above the threshold, below 0 it shrinks there. Default 0. */
  readonly balloon?: number;
  /** Of the edge map, over the balloon's strength; the 40th percentile where absent. */
  readonly threshold?: number;
}

/**
 * Geodesic active contour by morphological operators: the contour is drawn to where the edge map is small (Caselles, Kimmel
 * and Sapiro, IJCV 1997; Márquez-Neila et al., as above).
 *
 * @param edges [D, H, W]: small at edges, such as `inverseGradient` makes
 * @returns 1 inside, 0 outside
 * @throws IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function geodesicContour(
  edges: PixelArray,
  sides: Vector3,
  options: GeodesicOptions = {},
): Uint8Array {
  const { iterations = 35, start = 'disk', smoothing = 1, balloon = 0 } = options;
  requireVolume(edges, sides, 'active contour');
  requireFinite(edges, 'active contour');
  const threshold = options.threshold ?? percentile40(edges);
  const open =
    balloon === 0 ? undefined : Uint8Array.from(edges, (v) => (v > threshold / Math.abs(balloon) ? 1 : 0));
  const box = structuringElement('box', sides[2] === 1 ? [1, 1, 0] : 1);
  const axes = ([0, 1, 2] as const).filter((axis) => sides[axis] > 1);
  const slopes = axes.map((axis) => slopeAlong(edges, sides, axis));
  let inside = startingMask(start, sides);
  let turn = 0;
  for (let round = 0; round < iterations; round++) {
    if (open) {
      const moved = binaryMorphology(balloon > 0 ? 'dilation' : 'erosion', inside, sides, box, {
        border: 'constant',
      });
      for (let i = 0; i < inside.length; i++) if (open[i]) inside[i] = moved[i]!;
    }
    const next = inside.slice();
    const before = inside;
    forContour(inside, sides, (i, x, y, z) => {
      let pull = 0;
      for (let n = 0; n < axes.length; n++) {
        const axis = axes[n]!;
        const step =
          axis === 0
            ? slopeAt(before, i, x, sides[0], 1)
            : axis === 1
              ? slopeAt(before, i, y, sides[1], sides[0])
              : slopeAt(before, i, z, sides[2], sides[0] * sides[1]);
        pull += slopes[n]![i]! * step;
      }
      if (pull > 0) next[i] = 1;
      else if (pull < 0) next[i] = 0;
    });
    inside = smoothed(next, sides, smoothing, turn);
    turn += smoothing;
  }
  return inside;
}

function smoothed(mask: Uint8Array, sides: Vector3, steps: number, turn: number): Uint8Array {
  if (steps === 0) return mask;
  let bits: BitRows = packBits(mask, sides);
  for (let n = 0; n < steps; n++) bits = smoothLevelSet(bits, turn + n);
  return unpackBits(bits);
}

/** Difference of the neighbours' values over their distance; at an end, of the value and its neighbour. */
function slopeAt(values: ArrayLike<number>, i: number, at: number, side: number, stride: number): number {
  if (at === 0) return values[i + stride]! - values[i]!;
  if (at === side - 1) return values[i]! - values[i - stride]!;
  return (values[i + stride]! - values[i - stride]!) / 2;
}

function slopeAlong(values: PixelArray, sides: Vector3, axis: 0 | 1 | 2): Float64Array {
  const stride = [1, sides[0], sides[0] * sides[1]][axis]!;
  const side = sides[axis];
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++)
    out[i] = slopeAt(values, i, Math.floor(i / stride) % side, side, stride);
  return out;
}

/** Visits the voxels where the mask changes along an axis, as central differences see it. */
function forContour(
  mask: Uint8Array,
  [width, height, depth]: Vector3,
  visit: (i: number, x: number, y: number, z: number) => void,
): void {
  const plane = width * height;
  for (let z = 0, i = 0; z < depth; z++) {
    const [below, above] = [z > 0 ? -plane : 0, z + 1 < depth ? plane : 0];
    for (let y = 0; y < height; y++) {
      const [up, down] = [y > 0 ? -width : 0, y + 1 < height ? width : 0];
      for (let x = 0; x < width; x++, i++) {
        const changes =
          mask[x > 0 ? i - 1 : i] !== mask[x + 1 < width ? i + 1 : i] ||
          mask[i + up] !== mask[i + down] ||
          mask[i + below] !== mask[i + above];
        if (changes) visit(i, x, y, z);
      }
    }
  }
}

function startingMask(start: StartingContour, sides: Vector3): Uint8Array {
  if (start === 'checkerboard') return checkerboard(sides, 5);
  if (start === 'disk') return disk(sides);
  if (typeof start === 'string') {
    throw new HounsfieldError(
      'TRANSFORM_PARAMETERS',
      "the contour's start is an unknown word, expected a mask, 'checkerboard' or 'disk'. Pass one of these.",
    );
  }
  requireVolume(start, sides, 'active contour, start');
  return Uint8Array.from(start, (value) => (value > 0 ? 1 : 0));
}

/** A ball around the middle with three eighths of the shortest side as its radius. */
function disk(sides: Vector3): Uint8Array {
  const centre = sides.map((side) => Math.floor(side / 2)) as unknown as Vector3; // three
  const radius = (Math.min(...sides.filter((_, axis) => axis < 2 || sides[2] > 1)) * 3) / 8;
  return fromPlaces(sides, (x, y, z) => radius - Math.hypot(x - centre[0], y - centre[1], z - centre[2]) > 0);
}

/** Squares of alternating sides. */
function checkerboard(sides: Vector3, square: number): Uint8Array {
  const odd = (at: number) => Math.floor(at / square) & 1;
  return fromPlaces(sides, (x, y, z) => (odd(x) ^ odd(y) ^ odd(z)) === 1);
}

function fromPlaces(
  [width, height, depth]: Vector3,
  holds: (x: number, y: number, z: number) => boolean,
): Uint8Array {
  const mask = new Uint8Array(width * height * depth);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++, i++) mask[i] = holds(x, y, z) ? 1 : 0;
  }
  return mask;
}

function percentile40(values: PixelArray): number {
  const sorted = Float64Array.from(values).sort();
  const at = 0.4 * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}
