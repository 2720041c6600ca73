import type { FloatImage } from '../image/medical-image.ts';
import { cubicWeights } from './spline-basis.ts';
import { type Border, type Displacement, warpAffine } from './warp-affine.ts';

/** Displacements in pixels at the points of a coarse grid stretched over the image, edge to edge. */
export interface ControlGrid {
  readonly rows: number;
  readonly columns: number;
  /** rows * columns horizontal displacements, row by row, then as many vertical ones. */
  readonly displacements: readonly number[];
}

/**
 * The smooth displacement of every pixel: uniform cubic B-splines over the control grid (Rueckert et al., "Nonrigid
 * registration using free-form deformations", IEEE TMI 1999, eq. 1), grid points beyond the edge repeating the edge.
 */
export function displacementField(grid: ControlGrid, height: number, width: number): Displacement {
  const size = grid.rows * grid.columns;
  return {
    x: splineSurface(grid.displacements.slice(0, size), grid, height, width),
    y: splineSurface(grid.displacements.slice(size), grid, height, width),
  };
}

function splineSurface(
  values: readonly number[],
  grid: ControlGrid,
  height: number,
  width: number,
): Float32Array {
  const { rows, columns } = grid;
  const across = splineBasis(width, columns);
  const down = splineBasis(height, rows);
  const surface = new Float32Array(height * width);
  const line = new Float64Array(columns);
  for (let y = 0; y < height; y++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        sum += down.weight[4 * y + k]! * values[down.index[4 * y + k]! * columns + column]!;
      }
      line[column] = sum;
    }
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += across.weight[4 * x + k]! * line[across.index[4 * x + k]!]!;
      surface[y * width + x] = sum;
    }
  }
  return surface;
}

function splineBasis(size: number, points: number): { index: Int32Array; weight: Float64Array } {
  const index = new Int32Array(4 * size);
  const weight = new Float64Array(4 * size);
  for (let i = 0; i < size; i++) {
    const position = size === 1 ? 0 : (i * (points - 1)) / (size - 1);
    const cell = Math.floor(position);
    cubicWeights(position - cell, weight, 4 * i);
    for (let k = 0; k < 4; k++) {
      index[4 * i + k] = Math.min(points - 1, Math.max(0, cell - 1 + k));
    }
  }
  return { index, weight };
}

/**
 * Elastic deformation by a given control grid. Has no closed inverse: a field that does not fold can be inverted by
 * iteration, which nothing here needs.
 */
export function elasticDeform(image: FloatImage, grid: ControlGrid, border: Border): FloatImage {
  const field = displacementField(grid, image.height, image.width);
  return warpAffine(image, [1, 0, 0, 0, 1, 0], border, field);
}
