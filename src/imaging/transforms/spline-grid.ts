import type { Vector3 } from '../geometry/geometry.ts';
import { axisBasis, basisAt } from './spline-basis.ts';

/**
 * Vectors at the points of a coarse grid over an image, between them uniform cubic B-splines (Rueckert et al., "Nonrigid
 * registration using free-form deformations", IEEE TMI 18, 1999, eq. 1). Of n points along an axis, n - 3 equal cells lie
 * over the image from edge to edge, half a voxel beyond its outer centres.
 */
export interface SplineGrid {
  /** Points along x, y and z, each at least 4. */
  readonly points: Vector3;
  /** All x components, then y, then z; each [points z, points y, points x]. */
  readonly values: ArrayLike<number>;
}

/** The least number of control points along an axis. */
export const LEAST_POINTS = 4;

/**
 * A function that gives the spline's three components along rows of voxels: of x = first .. first + length - 1 at (y, z).
 * The arrays it returns are used again by its next call.
 */
export function splineRows(
  grid: SplineGrid,
  size: Vector3,
  first: number,
  length: number,
): (y: number, z: number) => readonly [Float64Array, Float64Array, Float64Array] {
  const [nx, ny, nz] = grid.points;
  const { first: start, weights: basis } = axisBasis(
    nx,
    size[0],
    Int32Array.from({ length }, (_, n) => first + n),
  );
  const weights = new Float64Array(4);
  const slice = new Float64Array(3 * ny * nx);
  const line = new Float64Array(3 * nx);
  let sliceOf = Number.NaN;
  const row = [new Float64Array(length), new Float64Array(length), new Float64Array(length)] as const;
  return (y, z) => {
    if (z !== sliceOf) {
      const k = basisAt(z, size[2], nz, weights, 0);
      contract(grid.values, slice, nz, ny * nx, k, weights);
      sliceOf = z;
    }
    const j = basisAt(y, size[1], ny, weights, 0);
    contract(slice, line, ny, nx, j, weights);
    for (let component = 0; component < 3; component++) {
      const out = row[component]!;
      const from = component * nx;
      for (let n = 0, w = 0; n < length; n++, w += 4) {
        const p = from + start[n]!;
        out[n] =
          basis[w]! * line[p]! +
          basis[w + 1]! * line[p + 1]! +
          basis[w + 2]! * line[p + 2]! +
          basis[w + 3]! * line[p + 3]!;
      }
    }
    return row;
  };
}

/** Sums four neighbours along the slowest axis of each of three components [count, run]. */
function contract(
  values: ArrayLike<number>,
  out: Float64Array,
  count: number,
  run: number,
  first: number,
  weights: Float64Array,
): void {
  for (let component = 0; component < 3; component++) {
    const from = (component * count + first) * run;
    for (let i = 0; i < run; i++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[k]! * values[from + k * run + i]!;
      out[component * run + i] = sum;
    }
  }
}

/** The spline's three components at any place in voxels, into `out`; beyond the image as at its edge. */
export function splineAt(
  { points, values }: SplineGrid,
  size: Vector3,
): (x: number, y: number, z: number, out: Float64Array) => void {
  const [nx, ny, nz] = points;
  const inX = new Float64Array(4);
  const inY = new Float64Array(4);
  const inZ = new Float64Array(4);
  return (x, y, z, out) => {
    const i = basisAt(x, size[0], nx, inX, 0);
    const j = basisAt(y, size[1], ny, inY, 0);
    const k = basisAt(z, size[2], nz, inZ, 0);
    for (let component = 0; component < 3; component++) {
      let sum = 0;
      for (let c = 0; c < 4; c++) {
        for (let b = 0; b < 4; b++) {
          const from = ((component * nz + k + c) * ny + j + b) * nx + i;
          sum +=
            inZ[c]! *
            inY[b]! *
            (inX[0]! * values[from]! +
              inX[1]! * values[from + 1]! +
              inX[2]! * values[from + 2]! +
              inX[3]! * values[from + 3]!);
        }
      }
      out[component] = sum;
    }
  };
}
