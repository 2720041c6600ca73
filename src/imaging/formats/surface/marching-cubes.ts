import { HounsfieldError } from '../../../errors.ts';
import type { MedicalImage } from '../../image/medical-image.ts';
import { newArray } from '../stored-values.ts';
import { EDGES, marchingCubesCases } from './marching-cubes-table.ts';
import type { Mesh } from './mesh.ts';

/** What is inside: values of at least `level` (default 0.5, for masks), or of exactly `label`. */
export interface SurfaceOptions {
  readonly level?: number;
  /** One value of a label map; its surface then runs halfway between voxels. */
  readonly label?: number;
  /** Layer, and time point, of the image; default 0. */
  readonly channel?: number;
  readonly timePoint?: number;
}

/** A growing list of numbers. */
interface Numbers<T extends Float64Array | Uint32Array> {
  values: T;
  count: number;
}

function push3<T extends Float64Array | Uint32Array>(
  list: Numbers<T>,
  a: number,
  b: number,
  c: number,
): void {
  if (list.count + 3 > list.values.length) {
    const larger =
      list.values instanceof Float64Array
        ? new Float64Array(list.values.length * 2)
        : new Uint32Array(list.values.length * 2);
    larger.set(list.values);
    list.values = larger as T; // the same kind as before
  }
  list.values[list.count++] = a;
  list.values[list.count++] = b;
  list.values[list.count++] = c;
}

/**
 * The surface of a mask, a label or a level as triangles in LPS mm, by marching cubes (Lorensen and Cline 1987) with linear
 * interpolation; voxels past the border count as outside, so that it is closed: each edge is run through once in each
 * direction. Departs from the paper in its table, see marching-cubes-table.ts. Throws SURFACE_NO_GEOMETRY when the image
 * does not say how large a voxel is, SURFACE_EMPTY when nothing lies inside.
 */
export function surfaceOf(image: MedicalImage, options: SurfaceOptions = {}): Mesh {
  const { geometry, width, height, depth } = image;
  if (!geometry) {
    throw new HounsfieldError(
      'SURFACE_NO_GEOMETRY',
      'the image does not say how large a voxel is, and a surface is in mm. Give it a geometry first (geometryFrom).',
    );
  }
  const grid = paddedGrid(image, options);
  const mesh = march(
    grid,
    [width + 2, height + 2, depth + 2],
    options.label === undefined ? (options.level ?? 0.5) : 0.5,
  );
  if (mesh.triangles.length === 0) {
    throw new HounsfieldError(
      'SURFACE_EMPTY',
      'no voxel lies inside the surface asked for. Choose another level or label.',
    );
  }
  const a = geometry.affine;
  const { vertices, triangles } = mesh;
  for (let i = 0; i < vertices.length; i += 3) {
    const [x, y, z] = [vertices[i]! - 1, vertices[i + 1]! - 1, vertices[i + 2]! - 1] as const;
    for (let r = 0; r < 3; r++)
      vertices[i + r] = a[r * 4]! * x + a[r * 4 + 1]! * y + a[r * 4 + 2]! * z + a[r * 4 + 3]!;
  }
  const turn =
    a[0] * (a[5] * a[10] - a[6] * a[9]) -
    a[1] * (a[4] * a[10] - a[6] * a[8]) +
    a[2] * (a[4] * a[9] - a[5] * a[8]);
  if (turn < 0) {
    for (let i = 0; i < triangles.length; i += 3) {
      [triangles[i + 1], triangles[i + 2]] = [triangles[i + 2]!, triangles[i + 1]!];
    }
  }
  return mesh;
}

/** Values with a layer around them that lies outside, one voxel thick. */
function paddedGrid(image: MedicalImage, options: SurfaceOptions): Float64Array | Uint8Array {
  const { pixels, width, height, depth, channels, timePoints } = image;
  const { label, channel = 0, timePoint = 0, level = 0.5 } = options;
  if (!(channel >= 0 && channel < channels && timePoint >= 0 && timePoint < timePoints)) {
    throw new HounsfieldError(
      'IMAGE_SHAPE',
      `channel ${channel} of time point ${timePoint} is none of the image's ${channels} and ${timePoints}. Count from 0.`,
    );
  }
  const start = (timePoint * channels + channel) * depth * height * width;
  const size = (width + 2) * (height + 2) * (depth + 2);
  const grid = newArray(label === undefined ? 'float64' : 'uint8', size) as Float64Array | Uint8Array; // as asked
  if (label === undefined) grid.fill(outsideOf(pixels, start, depth * height * width, level));
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = start + (z * height + y) * width;
      const to = ((z + 1) * (height + 2) + y + 1) * (width + 2) + 1;
      for (let x = 0; x < width; x++) {
        const value = pixels[from + x]!;
        grid[to + x] = label === undefined ? value : Number(value === label);
      }
    }
  }
  return grid;
}

/** The smallest value, or what lies as far below the level as 1 when all lies inside. */
function outsideOf(pixels: MedicalImage['pixels'], start: number, length: number, level: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = start; i < start + length; i++) if (pixels[i]! < least) least = pixels[i]!;
  return least < level ? least : level - 1;
}

/** Surface in indices of the grid. */
function march(
  grid: Float64Array | Uint8Array,
  [nx, ny, nz]: readonly [number, number, number],
  level: number,
): Mesh {
  const cases = marchingCubesCases();
  const steps = [1, nx, nx * ny] as const;
  const vertices: Numbers<Float64Array> = { values: new Float64Array(3072), count: 0 };
  const triangles: Numbers<Uint32Array> = { values: new Uint32Array(3072), count: 0 };
  // vertices on edges of the layer below and the one above: by axis and place within two layers
  const layer = nx * ny;
  const made = new Int32Array(layer * 2 * 3).fill(-1);
  const vertexOn = (edge: number, x: number, y: number, z: number): number => {
    const [a] = EDGES[edge]!;
    const axis = edge >> 2;
    const [ax, ay, az] = [x + (a & 1), y + ((a >> 1) & 1), z + (a >> 2)] as const;
    const slot = ((az & 1) * layer + ay * nx + ax) * 3 + axis;
    if (made[slot]! >= 0) return made[slot]!;
    const at = az * layer + ay * nx + ax;
    const [low, high] = [grid[at]!, grid[at + steps[axis]!]!] as const;
    const part = between((level - low) / (high - low));
    push3(vertices, ax + (axis === 0 ? part : 0), ay + (axis === 1 ? part : 0), az + (axis === 2 ? part : 0));
    made[slot] = vertices.count / 3 - 1;
    return made[slot]!;
  };
  for (let z = 0; z < nz - 1; z++) {
    for (let y = 0; y < ny - 1; y++) {
      const row = z * layer + y * nx;
      let inside = 0;
      for (let x = -1; x < nx - 1; x++) {
        // corners of the last cell at its far side are this cell's at its near side
        const at = row + x + 1;
        inside = (inside & 0xaa) >> 1;
        if (grid[at]! >= level) inside |= 2;
        if (grid[at + nx]! >= level) inside |= 8;
        if (grid[at + layer]! >= level) inside |= 32;
        if (grid[at + nx + layer]! >= level) inside |= 128;
        if (x < 0 || inside === 0 || inside === 255) continue;
        const edges = cases[inside]!;
        for (let i = 0; i < edges.length; i += 3) {
          const [p, q, r] = [
            vertexOn(edges[i]!, x, y, z),
            vertexOn(edges[i + 1]!, x, y, z),
            vertexOn(edges[i + 2]!, x, y, z),
          ];
          push3(triangles, p, q, r);
        }
      }
    }
    made.fill(-1, (z & 1) * layer * 3, ((z & 1) + 1) * layer * 3);
  }
  return {
    vertices: vertices.values.slice(0, vertices.count),
    triangles: triangles.values.slice(0, triangles.count),
  };
}

/** A vertex keeps off the corners of its cell, so that no two of them fall together in a file without indices. */
function between(part: number): number {
  const rim = 1e-4;
  return part > rim ? Math.min(part, 1 - rim) : rim;
}
