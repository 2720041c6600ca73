import type { Vector3 } from '../../geometry/geometry.ts';
import { CUBE_TRIANGLES } from './cube-triangles.generated.ts';

const CORNERS = [
  [0, 0, 0],
  [1, 0, 0],
  [1, 1, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 0, 1],
  [1, 1, 1],
  [0, 1, 1],
] as const;

const EDGES = [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 0],
  [4, 5],
  [5, 6],
  [6, 7],
  [7, 4],
  [0, 4],
  [1, 5],
  [2, 6],
  [3, 7],
] as const;

/** Middles of a unit cube's edges. */
export const EDGE_MIDDLES: readonly Vector3[] = EDGES.map(([a, b]) => {
  const middle = (axis: 0 | 1 | 2) => (CORNERS[a][axis] + CORNERS[b][axis]) / 2;
  return [middle(0), middle(1), middle(2)];
});

/** Of each of the 256 cubes its triangles, as three edges each. */
export const TRIANGLES: readonly (readonly number[])[] = CUBE_TRIANGLES.split(',').map((edges) =>
  [...edges].map((edge) => Number.parseInt(edge, 16)),
);

/** A box of zeros and ones with a border of one zero voxel around it: [depth + 2, height + 2, width + 2]. */
export interface BorderedMask {
  readonly inside: Uint8Array;
  readonly size: Vector3;
}

/** Puts a border of zeros around a mask, whose voxels other than 0 become 1. */
export function borderedMask(mask: ArrayLike<number>, [width, height, depth]: Vector3): BorderedMask {
  const size: Vector3 = [width + 2, height + 2, depth + 2];
  const inside = new Uint8Array(size[0] * size[1] * size[2]);
  for (let z = 0, from = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = ((z + 1) * size[1] + y + 1) * size[0] + 1;
      for (let x = 0; x < width; x++, from++) if (mask[from] !== 0) inside[row + x] = 1;
    }
  }
  return { inside, size };
}

/** How often each cube occurs, and the sums of the places (x, y, z in voxels) where it does. */
export interface CubeCounts {
  readonly count: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

/** Corners of a cube's side x = 0 by the values of four voxels, and of its side x = 1. */
const NEAR = Uint8Array.from(
  { length: 16 },
  (_, c) => (c & 1) | ((c & 2) << 2) | ((c & 4) << 2) | ((c & 8) << 4),
);
const FAR = Uint8Array.from(
  { length: 16 },
  (_, c) => ((c & 1) << 1) | ((c & 2) << 1) | ((c & 4) << 3) | ((c & 8) << 3),
);

/** Counts the cubes between the voxels of a mask, in one pass. */
export function countCubes({ inside, size: [width, height, depth] }: BorderedMask): CubeCounts {
  const counts = { count: zeros(), x: zeros(), y: zeros(), z: zeros() };
  const { count, x: sumX, y: sumY, z: sumZ } = counts;
  const plane = width * height;
  for (let z = 0; z + 1 < depth; z++) {
    for (let y = 0; y + 1 < height; y++) {
      const row = z * plane + y * width;
      let near = 0;
      for (let x = 1, at = row + 1; x < width; x++, at++) {
        const far =
          inside[at]! |
          (inside[at + width]! << 1) |
          (inside[at + plane]! << 2) |
          (inside[at + plane + width]! << 3);
        const cube = NEAR[near]! | FAR[far]!;
        near = far;
        if (cube === 0 || cube === 255) continue;
        count[cube] = count[cube]! + 1;
        sumX[cube] = sumX[cube]! + x - 1;
        sumY[cube] = sumY[cube]! + y;
        sumZ[cube] = sumZ[cube]! + z;
      }
    }
  }
  return counts;
}

const zeros = () => new Float64Array(256);

export interface Surface {
  readonly areaMm2: number;
  readonly volumeMm3: number;
}

/**
 * Area of the triangles of marching cubes at the level between inside and outside, and the volume that they enclose (sum
 * of tetrahedra from the first voxel of the bordered mask), with pyradiomics' triangles: a cube whose last corner is inside
 * takes those of the cube that is inside out, so that the surface has gaps where voxels touch along diagonals. Each kind
 * of cube is measured once: area is its count times its area, and the volume of a cube at t is that at the origin plus t
 * times its area vector over three.
 */
export function cubeSurface(counts: CubeCounts, spacingMm: Vector3): Surface {
  let [area, volume] = [0, 0];
  for (let cube = 1; cube < 255; cube++) {
    const count = counts.count[cube]!;
    if (count === 0) continue;
    const turned = cube > 127;
    const one = measureCube(TRIANGLES[turned ? 255 - cube : cube]!, spacingMm);
    const sign = turned ? -1 : 1;
    area += count * one.area;
    const moved =
      counts.x[cube]! * spacingMm[0] * one.vector[0] +
      counts.y[cube]! * spacingMm[1] * one.vector[1] +
      counts.z[cube]! * spacingMm[2] * one.vector[2];
    volume += sign * (count * one.volume + moved / 3);
  }
  return { areaMm2: area, volumeMm3: Math.abs(volume) };
}

/** Area, area vector and volume of tetrahedra to the origin of some triangles. */
function measureCube(edges: readonly number[], [sx, sy, sz]: Vector3) {
  let [area, volume] = [0, 0];
  const vector: [number, number, number] = [0, 0, 0];
  const place = (edge: number): Vector3 => {
    const [x, y, z] = EDGE_MIDDLES[edge]!;
    return [x * sx, y * sy, z * sz];
  };
  for (let n = 0; n < edges.length; n += 3) {
    const [a, b, c] = [place(edges[n]!), place(edges[n + 1]!), place(edges[n + 2]!)];
    const u = [b[0] - a[0], b[1] - a[1], b[2] - a[2]] as const;
    const v = [c[0] - a[0], c[1] - a[1], c[2] - a[2]] as const;
    const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]] as const;
    area += Math.hypot(...normal) / 2;
    volume += (a[0] * normal[0] + a[1] * normal[1] + a[2] * normal[2]) / 6;
    for (const axis of [0, 1, 2] as const) vector[axis] += normal[axis] / 2;
  }
  return { area, volume, vector };
}
