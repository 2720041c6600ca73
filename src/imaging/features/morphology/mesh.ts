import type { Region } from '../feature.ts';
import { CELL_PLACES, CELL_TRIANGLES } from './marching-cubes-table.generated.ts';

type Shape = Pick<Region, 'shape' | 'size' | 'spacingMm'>;

/**
 * Volume (mm3) and area (mm2) of the closed mesh that marching cubes at 0.5 draw about a mask; beyond its box there is
 * nothing, so that a region at the image's border is closed too. A cell's triangles depend on its eight corners alone, so
 * cells are counted by kind and each kind is measured once.
 */
export function meshMeasures({ shape, size, spacingMm }: Shape): { volume: number; area: number } {
  const { counts, sumX } = countCells(shape, size);
  let [volume, area] = [0, 0];
  for (let cell = 1; cell < 255; cell++) {
    if (counts[cell] === 0) continue;
    const kind = measureCell(CELL_TRIANGLES[cell]!, spacingMm);
    area += kind.area * counts[cell]!;
    // the volume by Gauss's theorem: the mesh's flux of the field (x, 0, 0)
    volume += kind.moment * counts[cell]! + kind.normal * sumX[cell]! * spacingMm[0];
  }
  return { volume: Math.abs(volume), area };
}

/** How many cells there are of each kind, and the sum of their places along x. */
function countCells(shape: Uint8Array, [width, height, depth]: Region['size']) {
  const counts = new Float64Array(256);
  const sumX = new Float64Array(256);
  const empty = new Uint8Array(width);
  const row = (y: number, z: number): Uint8Array => {
    if (y < 0 || y >= height || z < 0 || z >= depth) return empty;
    const at = (z * height + y) * width;
    return shape.subarray(at, at + width);
  };
  for (let z = -1; z < depth; z++) {
    for (let y = -1; y < height; y++) {
      const [a, b, c, d] = [row(y, z), row(y + 1, z), row(y, z + 1), row(y + 1, z + 1)];
      let cell = 0;
      for (let x = 0; x < width; x++) {
        const right = (a[x]! << 1) | (b[x]! << 3) | (c[x]! << 5) | (d[x]! << 7);
        cell |= right;
        counts[cell]!++;
        sumX[cell]! += x - 1;
        cell = right >> 1;
      }
      counts[cell]!++;
      sumX[cell]! += width - 1;
    }
  }
  return { counts, sumX };
}

/** Of one kind of cell at x = 0: area, x of the triangles' area vectors, and that times the triangles' mean x. */
function measureCell(triangles: string, [sx, sy, sz]: Region['spacingMm']) {
  let [area, normal, moment] = [0, 0, 0];
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map((corner) => {
      const [x, y, z] = CELL_PLACES[Number.parseInt(triangles[t + corner]!, 13)]!;
      return [(x / 2) * sx, (y / 2) * sy, (z / 2) * sz] as const;
    }) as [Point, Point, Point]; // three corners
    const across = crossProduct(minus(b, a), minus(c, a));
    area += Math.hypot(...across) / 2;
    normal += across[0] / 2;
    moment += ((across[0] / 2) * (a[0] + b[0] + c[0])) / 3;
  }
  return { area, normal, moment };
}

type Point = readonly [number, number, number];

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const crossProduct = (a: Point, b: Point): Point => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/**
 * Those vertices of the mesh that its convex hull can have as corners, in half voxels (voxel centres are even): of each
 * plane of vertices the corners of their hull in the plane. Whole numbers, so that what follows is exact.
 */
export function extremeVertices({ shape, size: [width, height, depth] }: Shape): Int32Array {
  const out: number[] = [];
  const rows = 2 * height + 1;
  const plane = { left: new Int32Array(rows), right: new Int32Array(rows) };
  const firsts = new Int32Array(height * depth).fill(-1);
  const lasts = new Int32Array(height * depth);
  for (let row = 0; row < firsts.length; row++) {
    const at = row * width;
    const first = shape.subarray(at, at + width).indexOf(1);
    if (first < 0) continue;
    firsts[row] = first;
    lasts[row] = shape.subarray(at, at + width).lastIndexOf(1);
  }
  for (let z2 = -1; z2 <= 2 * depth - 1; z2++) {
    plane.left.fill(UNSET);
    plane.right.fill(-UNSET);
    const even = z2 % 2 === 0;
    for (const z of even ? [z2 / 2] : [(z2 - 1) / 2, (z2 + 1) / 2]) {
      if (z < 0 || z >= depth) continue;
      for (let y = 0; y < height; y++) {
        const first = firsts[z * height + y]!;
        if (first < 0) continue;
        const last = lasts[z * height + y]!;
        const beyond = even ? 1 : 0;
        widen(plane, 2 * y + 1, 2 * first - beyond, 2 * last + beyond);
        if (!even) continue;
        widen(plane, 2 * y, 2 * first, 2 * last);
        widen(plane, 2 * y + 2, 2 * first, 2 * last);
      }
    }
    pushChain(out, plane.left, 1, z2);
    pushChain(out, plane.right, -1, z2);
  }
  return Int32Array.from(out);
}

const UNSET = 1 << 29;

function widen(plane: { left: Int32Array; right: Int32Array }, row: number, left: number, right: number) {
  if (left < plane.left[row]!) plane.left[row] = left;
  if (right > plane.right[row]!) plane.right[row] = right;
}

/** The convex chain of a plane's ends on one side, Andrew's way; row r lies at y = r - 1 half voxels. */
function pushChain(out: number[], ends: Int32Array, side: 1 | -1, z: number): void {
  const chain: number[] = [];
  for (let row = 0; row < ends.length; row++) {
    if (Math.abs(ends[row]!) === UNSET) continue;
    while (chain.length > 1) {
      const [from, over] = [chain[chain.length - 2]!, chain[chain.length - 1]!];
      const turn = (over - from) * (ends[row]! - ends[from]!) - (ends[over]! - ends[from]!) * (row - from);
      if (turn * side > 0) break;
      chain.pop();
    }
    chain.push(row);
  }
  for (const row of chain) out.push(ends[row]!, row - 1, z);
}
