import type { Vector3 } from '../geometry/geometry.ts';
import type { AxisBasis } from './spline-basis.ts';

/** One number at each point of a coarse grid over an image, between them uniform cubic B-splines; see SplineGrid. */
export interface SplineLattice {
  /** Points along x, y and z, each at least 4: n - 3 equal cells lie over the image, edge to edge. */
  readonly points: Vector3;
  readonly values: ArrayLike<number>; // [points z, points y, points x]
}

/** Axes x, y, z. */
export type VolumeBasis = readonly [AxisBasis, AxisBasis, AxisBasis];

/** Adds a lattice's values at all places to `out` [places z, places y, places x]. */
export function addSurface(
  values: ArrayLike<number>,
  basis: VolumeBasis,
  out: Float32Array | Float64Array,
): void {
  const [x, y, z] = basis;
  const [width, height] = [x.first.length, y.first.length];
  const [nx, ny, nz] = [x.points, y.points, z.points];
  const rows = new Float64Array(nz * ny * width); // along x first: the least work
  for (let line = 0; line < nz * ny; line++) {
    for (let i = 0, w = 0; i < width; i++, w += 4) {
      const from = line * nx + x.first[i]!;
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += x.weights[w + k]! * values[from + k]!;
      rows[line * width + i] = sum;
    }
  }
  const planes = new Float64Array(nz * height * width);
  for (let slice = 0; slice < nz; slice++) {
    for (let j = 0; j < height; j++) {
      const from = (slice * ny + y.first[j]!) * width;
      addFour(rows, from, width, y.weights, 4 * j, planes, (slice * height + j) * width, width);
    }
  }
  const plane = height * width;
  for (let k = 0; k < z.first.length; k++) {
    addFour(planes, z.first[k]! * plane, plane, z.weights, 4 * k, out, k * plane, plane);
  }
}

/** Adds four weighted runs, `step` apart. */
function addFour(
  source: Float64Array,
  from: number,
  step: number,
  weights: Float64Array,
  w: number,
  out: Float32Array | Float64Array,
  to: number,
  length: number,
): void {
  const [a, b, c, d] = [weights[w]!, weights[w + 1]!, weights[w + 2]!, weights[w + 3]!];
  for (let i = 0, at = from; i < length; i++, at++) {
    out[to + i]! +=
      a * source[at]! + b * source[at + step]! + c * source[at + 2 * step]! + d * source[at + 3 * step]!;
  }
}

/**
 * Fits a lattice to values on a regular grid under a mask (Lee, Wolberg and Shin, "Scattered data interpolation with
 * multilevel B-splines", IEEE TVCG 3, 1997, eq. 3 to 5): each value asks its 64 control points for what would explain it
 * alone, and each point takes the mean of what it is asked for, weighted by the squares of the splines. The weights are
 * products of the axes' weights, so that the sums are taken axis by axis.
 */
export function latticeFitter(basis: VolumeBasis, mask: Uint8Array): (values: Float64Array) => Float64Array {
  const ones = Float64Array.from(mask);
  const squares = basis.map((axis) => powerOf(axis, 'square')) as unknown as VolumeBasis; // three
  const cubes = basis.map((axis) => powerOf(axis, 'cube over squares')) as unknown as VolumeBasis; // three
  const weight = gatherLattice(ones, squares);
  return (values) => {
    const masked = values.map((value, i) => value * ones[i]!);
    const asked = gatherLattice(masked, cubes);
    return asked.map((value, i) => (weight[i]! > 0 ? value / weight[i]! : 0));
  };
}

function powerOf(axis: AxisBasis, which: 'square' | 'cube over squares'): AxisBasis {
  const weights = axis.weights.slice();
  for (let i = 0; i < weights.length; i += 4) {
    let squares = 0;
    for (let k = i; k < i + 4; k++) squares += axis.weights[k]! ** 2;
    for (let k = i; k < i + 4; k++) {
      weights[k] = which === 'square' ? axis.weights[k]! ** 2 : axis.weights[k]! ** 3 / squares;
    }
  }
  return { ...axis, weights };
}

/** Sums values [places z, places y, places x] into control points [points z, points y, points x]. */
function gatherLattice(values: Float64Array, [x, y, z]: VolumeBasis): Float64Array {
  const [width, height, depth] = [x.first.length, y.first.length, z.first.length];
  const rows = new Float64Array(depth * height * x.points);
  for (let line = 0; line < depth * height; line++) {
    for (let i = 0, w = 0; i < width; i++, w += 4) {
      const value = values[line * width + i]!;
      if (value === 0) continue;
      const to = line * x.points + x.first[i]!;
      for (let k = 0; k < 4; k++) rows[to + k]! += x.weights[w + k]! * value;
    }
  }
  const planes = spread(rows, y, depth, x.points);
  return spread(planes, z, 1, y.points * x.points);
}

/** Sums along the middle axis of [outer, places, run] into [outer, points, run]. */
function spread(source: Float64Array, axis: AxisBasis, outer: number, run: number): Float64Array {
  const places = axis.first.length;
  const out = new Float64Array(outer * axis.points * run);
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < places; j++) {
      const from = (o * places + j) * run;
      for (let k = 0; k < 4; k++) {
        const weight = axis.weights[4 * j + k]!;
        const to = (o * axis.points + axis.first[j]! + k) * run;
        for (let i = 0; i < run; i++) out[to + i]! += weight * source[from + i]!;
      }
    }
  }
  return out;
}
