import type { PixelArray } from '../image/medical-image.ts';
import { reflect } from './warp-affine.ts';

/** What lies beyond the image: one value, or its mirror image about the edge (d c b a | a b c d). */
export type VolumeBorder = { readonly constant: number } | 'reflect';

/** Where the voxels of one row of the result are read. */
export interface RowCoordinates {
  /** In voxels; of a straight row only before `start` and from `end` on. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  /**
   * From `start` to before `end` voxel n of a straight row is read at (stepX (n + first) + fromX, ..), all eight
   * neighbours in the image. Both 0 where the row is bent.
   */
  start: number;
  end: number;
  readonly first: number;
  readonly stepX: number;
  readonly stepY: number;
  readonly stepZ: number;
  fromX: number;
  fromY: number;
  fromZ: number;
}

export interface Sides {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly volume: number;
}

/** Reads one row of one volume, linear. */
export function linearRow(
  source: PixelArray,
  from: number,
  sides: Sides,
  row: RowCoordinates,
  border: VolumeBorder,
  out: Float32Array,
  to: number,
): void {
  linearAnywhere(source, from, sides, row, border, out, to, 0, row.start);
  linearInside(source, from, sides, row, out, to);
  linearAnywhere(source, from, sides, row, border, out, to, row.end, row.x.length);
}

function linearInside(
  source: PixelArray,
  from: number,
  { width, height }: Sides,
  { first, stepX, stepY, stepZ, fromX, fromY, fromZ, start, end }: RowCoordinates,
  out: Float32Array,
  to: number,
): void {
  const plane = width * height;
  for (let n = start, px = first + start; n < end; n++, px++) {
    const x = stepX * px + fromX;
    const y = stepY * px + fromY;
    const z = stepZ * px + fromZ;
    const i = x | 0;
    const j = y | 0;
    const k = z | 0;
    const rx = x - i;
    const ry = y - j;
    const p = from + (k * height + j) * width + i;
    const q = p + plane;
    const a = source[p]!;
    const b = source[p + width]!;
    const c = source[q]!;
    const d = source[q + width]!;
    const top = a + rx * (source[p + 1]! - a);
    const bottom = b + rx * (source[p + width + 1]! - b);
    const topBehind = c + rx * (source[q + 1]! - c);
    const bottomBehind = d + rx * (source[q + width + 1]! - d);
    const front = top + ry * (bottom - top);
    const back = topBehind + ry * (bottomBehind - topBehind);
    out[to + n] = front + (z - k) * (back - front);
  }
}

function linearAnywhere(
  source: PixelArray,
  from: number,
  { width, height, depth }: Sides,
  { x: xs, y: ys, z: zs }: RowCoordinates,
  border: VolumeBorder,
  out: Float32Array,
  to: number,
  start: number,
  end: number,
): void {
  const plane = width * height;
  const [lastX, lastY, lastZ] = [width - 1, height - 1, depth - 1];
  const fill = border === 'reflect' ? undefined : border.constant;
  const [edgeX, edgeY, edgeZ] = [width - 0.5, height - 0.5, depth - 0.5];
  for (let n = start; n < end; n++) {
    const x = xs[n]!;
    const y = ys[n]!;
    const z = zs[n]!;
    if (x >= 0 && y >= 0 && z >= 0 && x < lastX && y < lastY && z < lastZ) {
      const i = x | 0;
      const j = y | 0;
      const k = z | 0;
      const rx = x - i;
      const ry = y - j;
      const p = from + (k * height + j) * width + i;
      const q = p + plane;
      const a = source[p]!;
      const b = source[p + width]!;
      const c = source[q]!;
      const d = source[q + width]!;
      const top = a + rx * (source[p + 1]! - a);
      const bottom = b + rx * (source[p + width + 1]! - b);
      const topBehind = c + rx * (source[q + 1]! - c);
      const bottomBehind = d + rx * (source[q + width + 1]! - d);
      const front = top + ry * (bottom - top);
      const back = topBehind + ry * (bottomBehind - topBehind);
      out[to + n] = front + (z - k) * (back - front);
    } else if (
      fill !== undefined &&
      !(x >= -0.5 && y >= -0.5 && z >= -0.5 && x < edgeX && y < edgeY && z < edgeZ)
    ) {
      out[to + n] = fill;
    } else out[to + n] = linearAtEdge(source, from, width, height, depth, x, y, z);
  }
}

/** Between the outer centres and beyond, the neighbours' indices mirrored; so half a voxel beyond, the outer value. */
function linearAtEdge(
  source: PixelArray,
  from: number,
  width: number,
  height: number,
  depth: number,
  x: number,
  y: number,
  z: number,
): number {
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const place = (index: number, side: number) => reflect(index, side);
  const [i0, i1, j0, j1] = [place(i, width), place(i + 1, width), place(j, height), place(j + 1, height)];
  const [k0, k1] = [place(k, depth), place(k + 1, depth)];
  const at = (kk: number, jj: number, ii: number) => source[from + (kk * height + jj) * width + ii]!;
  const line = (kk: number, jj: number) => {
    const left = at(kk, jj, i0);
    return left + (x - i) * (at(kk, jj, i1) - left);
  };
  const slice = (kk: number) => {
    const top = line(kk, j0);
    return top + (y - j) * (line(kk, j1) - top);
  };
  const front = slice(k0);
  return front + (z - k) * (slice(k1) - front);
}

/** Reads one row of one volume, the nearest voxel. */
export function nearestRow(
  source: PixelArray,
  from: number,
  sides: Sides,
  row: RowCoordinates,
  border: VolumeBorder,
  out: PixelArray,
  to: number,
): void {
  const { width, height } = sides;
  const { first, stepX, stepY, stepZ, fromX, fromY, fromZ, start, end } = row;
  nearestAnywhere(source, from, sides, row, border, out, to, 0, start);
  for (let n = start, px = first + start; n < end; n++, px++) {
    const i = (stepX * px + fromX + 0.5) | 0;
    const j = (stepY * px + fromY + 0.5) | 0;
    const k = (stepZ * px + fromZ + 0.5) | 0;
    out[to + n] = source[from + (k * height + j) * width + i]!;
  }
  nearestAnywhere(source, from, sides, row, border, out, to, end, row.x.length);
}

function nearestAnywhere(
  source: PixelArray,
  from: number,
  { width, height, depth }: Sides,
  { x: xs, y: ys, z: zs }: RowCoordinates,
  border: VolumeBorder,
  out: PixelArray,
  to: number,
  start: number,
  end: number,
): void {
  const [edgeX, edgeY, edgeZ] = [width - 0.5, height - 0.5, depth - 0.5];
  for (let n = start; n < end; n++) {
    const x = xs[n]!;
    const y = ys[n]!;
    const z = zs[n]!;
    if (x >= -0.5 && y >= -0.5 && z >= -0.5 && x < edgeX && y < edgeY && z < edgeZ) {
      out[to + n] = source[from + (((z + 0.5) | 0) * height + ((y + 0.5) | 0)) * width + ((x + 0.5) | 0)]!;
    } else if (border === 'reflect') {
      const [i, j, k] = [Math.floor(x + 0.5), Math.floor(y + 0.5), Math.floor(z + 0.5)];
      const place = (reflect(k, depth) * height + reflect(j, height)) * width + reflect(i, width);
      out[to + n] = source[from + place]!;
    } else out[to + n] = border.constant;
  }
}
