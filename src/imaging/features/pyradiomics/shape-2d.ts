import type { Vector3 } from '../../geometry/geometry.ts';
import { borderedMask } from './cube-surface.ts';
import { planeHulls } from './diameters.ts';
import { principalVariances } from './principal-variances.ts';

/** Shape features of a slice of pyradiomics 3.0.1 by its names, in its order. */
export const SHAPE_2D_NAMES = [
  'Elongation',
  'MajorAxisLength',
  'MaximumDiameter',
  'MeshSurface',
  'MinorAxisLength',
  'Perimeter',
  'PerimeterSurfaceRatio',
  'PixelSurface',
  'Sphericity',
] as const;
export type Shape2DName = (typeof SHAPE_2D_NAMES)[number];

/** A region of one slice [1, H, W]. */
export function shape2D(
  inside: Uint8Array,
  [width, height]: Vector3,
  spacingMm: Vector3,
): Readonly<Record<Shape2DName, number>> {
  const size: Vector3 = [width, height, 1];
  const { perimeter, surface } = outline(inside, width, height, spacingMm);
  const [major, minor] = principalVariances(inside, size, spacingMm);
  let pixels = 0;
  for (const one of inside) pixels += one;
  return {
    Elongation: Math.sqrt(minor / major),
    MajorAxisLength: 4 * Math.sqrt(major),
    MaximumDiameter: planeHulls(borderedMask(inside, size), spacingMm, 2).withinCentres,
    MeshSurface: surface,
    MinorAxisLength: 4 * Math.sqrt(minor),
    Perimeter: perimeter,
    PerimeterSurfaceRatio: perimeter / surface,
    PixelSurface: pixels * spacingMm[0] * spacingMm[1],
    Sphericity: (2 * Math.sqrt(Math.PI * surface)) / perimeter,
  };
}

/** Segments of marching squares for each of 16 squares: pairs of edges 0 top, 1 right, 2 bottom, 3 left. */
const SEGMENTS: readonly (readonly (readonly [number, number])[])[] = [
  [],
  [[3, 0]],
  [[0, 1]],
  [[3, 1]],
  [[1, 2]],
  [
    [3, 0],
    [1, 2],
  ],
  [[0, 2]],
  [[3, 2]],
  [[2, 3]],
  [[2, 0]],
  [
    [0, 1],
    [2, 3],
  ],
  [[2, 1]],
  [[1, 3]],
  [[1, 0]],
  [[0, 3]],
  [],
];

/** Middle of each edge of a square, in pixels from its first corner. */
const MIDDLES = [
  [0.5, 0],
  [1, 0.5],
  [0.5, 1],
  [0, 0.5],
] as const;

/** Length of the outline by marching squares and the surface that it encloses. */
function outline(inside: Uint8Array, width: number, height: number, [sx, sy]: Vector3) {
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : inside[y * width + x]!;
  let [perimeter, surface] = [0, 0];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const square = at(x, y) | (at(x + 1, y) << 1) | (at(x + 1, y + 1) << 2) | (at(x, y + 1) << 3);
      for (const [from, to] of SEGMENTS[square]!) {
        const [ax, ay] = [(x + MIDDLES[from]![0]) * sx, (y + MIDDLES[from]![1]) * sy];
        const [bx, by] = [(x + MIDDLES[to]![0]) * sx, (y + MIDDLES[to]![1]) * sy];
        perimeter += Math.hypot(bx - ax, by - ay);
        surface += (ax * by - bx * ay) / 2;
      }
    }
  }
  return { perimeter, surface: Math.abs(surface) };
}
