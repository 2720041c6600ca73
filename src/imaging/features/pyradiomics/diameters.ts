import type { Vector3 } from '../../geometry/geometry.ts';
import type { BorderedMask } from './cube-surface.ts';

/** Largest distances between vertices of a mask's surface, mm: of all, and of those in one plane. */
export interface Diameters {
  readonly all: number;
  /** In a plane z = constant, y = constant, x = constant. */
  readonly slice: number;
  readonly column: number;
  readonly row: number;
}

/**
 * Largest distances between vertices of the marching cubes surface, which lie in the middle between a voxel inside and a
 * neighbour outside. Only vertices on the convex hull of their plane are compared.
 */
export function diameters(mask: BorderedMask, spacingMm: Vector3): Diameters {
  const slices = planeHulls(mask, spacingMm, 2);
  return {
    all: largestDistance(slices.points),
    slice: slices.diameter,
    column: planeHulls(mask, spacingMm, 1).diameter,
    row: planeHulls(mask, spacingMm, 0).diameter,
  };
}

/** The largest distance within a plane, and the hulls' points: x, y, z in mm, one after another. */
interface Hulls {
  readonly diameter: number;
  /** The largest within a plane of voxel centres. */
  readonly withinCentres: number;
  readonly points: number[];
}

/**
 * Hulls in the planes across one axis: through voxel centres, where surface vertices lie to the sides of voxels, and
 * between them, where voxels meet others across the plane. Places are counted in half voxels.
 */
export function planeHulls({ inside, size }: BorderedMask, spacingMm: Vector3, axis: 0 | 1 | 2): Hulls {
  const strides = [1, size[0], size[0] * size[1]] as const;
  const [along, across] = axis === 0 ? ([1, 2] as const) : axis === 1 ? ([0, 2] as const) : ([0, 1] as const);
  const half = [spacingMm[0] / 2, spacingMm[1] / 2, spacingMm[2] / 2] as const;
  const extents = { low: new Int32Array(2 * size[across]), high: new Int32Array(2 * size[across]) };
  const points: number[] = [];
  const greatest = [0, 0]; // in planes of centres, in those between
  for (let place = 0; place < 2 * size[axis] - 2; place++) {
    extents.low.fill(-1);
    const start = (place >> 1) * strides[axis];
    const sides = [size[along], size[across], strides[along], strides[across]] as const;
    const found =
      place & 1
        ? extentsBetween(inside, start, strides[axis], sides, extents)
        : extentsWithin(inside, start, sides, extents);
    if (!found) continue;
    const hull = hullOf(extents, half[along], half[across]);
    for (let i = 0; i < hull.length; i += 2) {
      for (let j = 0; j < i; j += 2) {
        const [u, v] = [hull[i]! - hull[j]!, hull[i + 1]! - hull[j + 1]!];
        const squared = u * u + v * v;
        if (squared > greatest[place & 1]!) greatest[place & 1] = squared;
      }
      const point = [0, 0, 0];
      point[axis] = place * half[axis];
      point[along] = hull[i]!;
      point[across] = hull[i + 1]!;
      points.push(point[0]!, point[1]!, point[2]!);
    }
  }
  const withinCentres = Math.sqrt(greatest[0]!);
  return { diameter: Math.max(withinCentres, Math.sqrt(greatest[1]!)), withinCentres, points };
}

interface Extents {
  /** Of each line the least and greatest place of a vertex, in half voxels; -1 where there is none. */
  readonly low: Int32Array;
  readonly high: Int32Array;
}

type Sides = readonly [count: number, lines: number, stride: number, lineStride: number];

/** Vertices in a plane of voxel centres. */
function extentsWithin(inside: Uint8Array, start: number, sides: Sides, { low, high }: Extents): boolean {
  const [count, lines, stride, lineStride] = sides;
  let found = false;
  for (let line = 0; line < lines; line++) {
    const next = line + 1 < lines ? lineStride : 0;
    for (let n = 0, at = start + line * lineStride; n < count; n++, at += stride) {
      const here = inside[at]!;
      if (here === 1) {
        found = true;
        if (low[2 * line]! < 0) low[2 * line] = 2 * n - 1;
        high[2 * line] = 2 * n + 1;
      }
      if (here !== inside[at + next]) {
        if (low[2 * line + 1]! < 0) low[2 * line + 1] = 2 * n;
        high[2 * line + 1] = 2 * n;
      }
    }
  }
  return found;
}

/** Vertices in the plane between two of voxel centres. */
function extentsBetween(
  inside: Uint8Array,
  start: number,
  step: number,
  sides: Sides,
  { low, high }: Extents,
): boolean {
  const [count, lines, stride, lineStride] = sides;
  let found = false;
  for (let line = 0; line < lines; line++) {
    for (let n = 0, at = start + line * lineStride; n < count; n++, at += stride) {
      if (inside[at] === inside[at + step]) continue;
      found = true;
      if (low[2 * line]! < 0) low[2 * line] = 2 * n;
      high[2 * line] = 2 * n;
    }
  }
  return found;
}

/** Convex hull by the two monotone chains of the lines' ends (Andrew, 1979); places in mm. */
function hullOf({ low, high }: Extents, scale: number, lineScale: number): number[] {
  const left: number[] = [];
  const right: number[] = [];
  for (let line = 0; line < low.length; line++) {
    if (low[line]! < 0) continue;
    extend(left, low[line]!, line, 1);
    extend(right, high[line]!, line, -1);
  }
  const points = [...left, ...right];
  for (let n = 0; n < points.length; n += 2) {
    points[n] = points[n]! * scale;
    points[n + 1] = points[n + 1]! * lineScale;
  }
  return points;
}

/** Adds a point to a chain that bends one way only. */
function extend(chain: number[], place: number, line: number, sign: 1 | -1): void {
  for (let n = chain.length; n >= 4; n = chain.length) {
    const [ax, ay, bx, by] = [chain[n - 4]!, chain[n - 3]!, chain[n - 2]!, chain[n - 1]!];
    if (sign * ((bx - ax) * (line - ay) - (by - ay) * (place - ax)) < 0) break;
    chain.length = n - 2;
  }
  chain.push(place, line);
}

/**
 * Largest distance between any two of some points, mm: from the outermost inwards, until no pair that is left can be
 * farther apart than one that was found.
 */
export function largestDistance(points: readonly number[]): number {
  const count = points.length / 3;
  const centre = [0, 0, 0];
  for (let n = 0; n < points.length; n++) centre[n % 3] = centre[n % 3]! + points[n]! / count;
  const radius = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    const [x, y, z] = [
      points[3 * n]! - centre[0]!,
      points[3 * n + 1]! - centre[1]!,
      points[3 * n + 2]! - centre[2]!,
    ];
    radius[n] = Math.sqrt(x * x + y * y + z * z);
  }
  const order = Int32Array.from(radius.keys()).sort((a, b) => radius[b]! - radius[a]!);
  const sorted = new Float64Array(3 * count);
  order.forEach((from, to) => {
    for (let axis = 0; axis < 3; axis++) sorted[3 * to + axis] = points[3 * from + axis]!;
  });
  const radii = order.length > 0 ? Float64Array.from(order, (n) => radius[n]!) : radius;
  let [squared, greatest] = [0, 0];
  for (let i = 0; i < count; i++) {
    if (radii[i]! + radii[0]! < greatest) break;
    const [ax, ay, az] = [sorted[3 * i]!, sorted[3 * i + 1]!, sorted[3 * i + 2]!];
    for (let j = 0; j < i; j++) {
      if (radii[i]! + radii[j]! < greatest) break;
      const [x, y, z] = [sorted[3 * j]! - ax, sorted[3 * j + 1]! - ay, sorted[3 * j + 2]! - az];
      const distance = x * x + y * y + z * z;
      if (distance > squared) {
        squared = distance;
        greatest = Math.sqrt(squared);
      }
    }
  }
  return greatest;
}
