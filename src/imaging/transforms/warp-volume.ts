import { type Affine, applyAffine, invertAffine, type Vector3 } from '../geometry/geometry.ts';
import { isLabelMap, type MedicalImage, type PixelArray } from '../image/medical-image.ts';
import { type SplineGrid, splineAt, splineRows } from './spline-grid.ts';
import { reflect } from './warp-affine.ts';

/** Where each voxel of the result is read: input = affine(output + displacement(output)), in voxels. */
export interface VolumeMap {
  readonly affine: Affine;
  /** Displacements in voxels of the input, after the affine's matrix. */
  readonly displacement?: SplineGrid;
  /** True: the map of the same numbers the other way round. */
  readonly inverted?: boolean;
}

/** A box of whole voxels: first voxel and size, x, y, z. */
export interface VoxelWindow {
  readonly first: Vector3;
  readonly size: Vector3;
}

/** What lies beyond the image: one value, or its mirror image about the edge (d c b a | a b c d). */
export type VolumeBorder = { readonly constant: number } | 'reflect';

/**
 * Resamples an image along a map in one interpolation: labels by the nearest voxel in their own type, all else linear in
 * float32. The image ends half a voxel beyond its outer centres; that far the outer values go on.
 * @param window the part of the image's grid that is computed; each voxel's value does not depend on it
 */
export function warpVolume(
  image: MedicalImage,
  map: VolumeMap,
  border: VolumeBorder,
  window: VoxelWindow = { first: [0, 0, 0], size: [image.width, image.height, image.depth] },
): PixelArray {
  const { depth, height, width, pixels: source } = image;
  const [across, down, slices] = window.size;
  const rows = (map.inverted ? solvedRows : coordinateRows)(map, [width, height, depth], window);
  const plane = { width, height, depth, volume: depth * height * width };
  const volumes = source.length / plane.volume;
  const perVolume = across * down * slices;
  const labels = isLabelMap(image);
  const out = labels
    ? (source.slice(0, 0).constructor as unknown as new (
        length: number,
      ) => PixelArray) // own type of array
    : Float32Array;
  const result = new out(volumes * perVolume);
  const floats = source instanceof Float32Array ? source : undefined;
  for (let k = 0, at = 0; k < slices; k++) {
    for (let j = 0; j < down; j++, at += across) {
      const row = rows(j, k);
      for (let v = 0; v < volumes; v++) {
        const [from, to] = [v * plane.volume, v * perVolume + at];
        if (labels) nearestRow(source, from, plane, row, border, result, to);
        else linearRow(floats ?? source, from, plane, row, border, result as Float32Array, to); // made above
      }
    }
  }
  return result;
}

/** Input coordinates of one row of the result, in voxels. */
interface RowCoordinates {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

interface Sides {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly volume: number;
}

function coordinateRows(
  { affine, displacement }: VolumeMap,
  size: Vector3,
  { first, size: sides }: VoxelWindow,
): (j: number, k: number) => RowCoordinates {
  const length = sides[0];
  const row = { x: new Float64Array(length), y: new Float64Array(length), z: new Float64Array(length) };
  const shifts = displacement ? splineRows(displacement, size, first[0], length) : undefined;
  const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = affine;
  const { x, y, z } = row;
  return (j, k) => {
    const [py, pz] = [first[1] + j, first[2] + k];
    const [bx, by, bz] = [b * py + c * pz + tx, e * py + f * pz + ty, h * py + i * pz + tz];
    if (shifts) {
      const [u, v, w] = shifts(py, pz);
      for (let n = 0, px = first[0]; n < length; n++, px++) {
        x[n] = a * px + bx + u[n]!;
        y[n] = d * px + by + v[n]!;
        z[n] = g * px + bz + w[n]!;
      }
    } else {
      for (let n = 0, px = first[0]; n < length; n++, px++) {
        x[n] = a * px + bx;
        y[n] = d * px + by;
        z[n] = g * px + bz;
      }
    }
    return row;
  };
}

function linearRow(
  source: PixelArray,
  from: number,
  { width, height, depth }: Sides,
  { x: xs, y: ys, z: zs }: RowCoordinates,
  border: VolumeBorder,
  out: Float32Array,
  to: number,
): void {
  const plane = width * height;
  const [lastX, lastY, lastZ] = [width - 1, height - 1, depth - 1];
  for (let n = 0; n < xs.length; n++) {
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
    } else {
      out[to + n] = linearAtEdge(source, from, width, height, depth, x, y, z, border);
    }
  }
}

function linearAtEdge(
  source: PixelArray,
  from: number,
  width: number,
  height: number,
  depth: number,
  x: number,
  y: number,
  z: number,
  border: VolumeBorder,
): number {
  if (border !== 'reflect' && !isInside(x, y, z, width, height, depth)) return border.constant;
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const place = (index: number, side: number) => reflect(index, side); // half a voxel beyond, the outer value itself
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

function isInside(x: number, y: number, z: number, width: number, height: number, depth: number): boolean {
  return x >= -0.5 && y >= -0.5 && z >= -0.5 && x < width - 0.5 && y < height - 0.5 && z < depth - 0.5;
}

function nearestRow(
  source: PixelArray,
  from: number,
  { width, height, depth }: Sides,
  { x: xs, y: ys, z: zs }: RowCoordinates,
  border: VolumeBorder,
  out: PixelArray,
  to: number,
): void {
  for (let n = 0; n < xs.length; n++) {
    const i = Math.floor(xs[n]! + 0.5);
    const j = Math.floor(ys[n]! + 0.5);
    const k = Math.floor(zs[n]! + 0.5);
    if (i >= 0 && j >= 0 && k >= 0 && i < width && j < height && k < depth) {
      out[to + n] = source[from + (k * height + j) * width + i]!;
    } else if (border === 'reflect') {
      const place = (reflect(k, depth) * height + reflect(j, height)) * width + reflect(i, width);
      out[to + n] = source[from + place]!;
    } else out[to + n] = border.constant;
  }
}

/** A voxel of the result to where it is read. */
export function readPlace({ affine, displacement }: VolumeMap, size: Vector3): (place: Vector3) => Vector3 {
  if (!displacement) return (place) => applyAffine(affine, place);
  const shiftAt = splineAt(displacement, size);
  const shift = new Float64Array(3);
  return (place) => {
    const [x, y, z] = applyAffine(affine, place);
    shiftAt(place[0], place[1], place[2], shift);
    return [x + shift[0]!, y + shift[1]!, z + shift[2]!];
  };
}

/** Where what is at a voxel goes: the map solved for the result's voxel by fixed-point iteration, to 1e-9 voxels. */
export function solvedPlace(map: VolumeMap, size: Vector3): (place: Vector3) => Vector3 {
  const back = invertAffine(map.affine);
  if (!map.displacement) return (place) => applyAffine(back, place);
  const solve = solver(map.displacement, back, size, 1e-9);
  const at = new Float64Array(3);
  return (place) => {
    const start = applyAffine(back, place);
    at.set(start);
    solve(start[0], start[1], start[2], at);
    return [at[0]!, at[1]!, at[2]!];
  };
}

const MOST_ROUNDS = 200;

/** Solves at = start - matrix(back) displacement(at), from the guess in `at`. */
function solver(displacement: SplineGrid, back: Affine, size: Vector3, tolerance: number) {
  const shiftAt = splineAt(displacement, size);
  const shift = new Float64Array(3);
  const [a, b, c, , d, e, f, , g, h, i] = back;
  return (x: number, y: number, z: number, at: Float64Array): void => {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      shiftAt(at[0]!, at[1]!, at[2]!, shift);
      const [u, v, w] = [shift[0]!, shift[1]!, shift[2]!];
      const nextX = x - a * u - b * v - c * w;
      const nextY = y - d * u - e * v - f * w;
      const nextZ = z - g * u - h * v - i * w;
      const moved = Math.max(Math.abs(nextX - at[0]!), Math.abs(nextY - at[1]!), Math.abs(nextZ - at[2]!));
      at[0] = nextX;
      at[1] = nextY;
      at[2] = nextZ;
      if (moved < tolerance) return;
    }
  };
}

/** Coordinates of the map the other way round; each voxel's solution starts where its neighbour's ended. */
function solvedRows(
  { affine, displacement }: VolumeMap,
  size: Vector3,
  window: VoxelWindow,
): (j: number, k: number) => RowCoordinates {
  const back = invertAffine(affine);
  const plain = coordinateRows({ affine: back }, size, window);
  if (!displacement) return plain;
  const solve = solver(displacement, back, size, 1e-5);
  const at = new Float64Array(3);
  return (j, k) => {
    const row = plain(j, k);
    const { x, y, z } = row;
    for (let n = 0; n < x.length; n++) {
      const [startX, startY, startZ] = [x[n]!, y[n]!, z[n]!];
      if (n === 0) at.set([startX, startY, startZ]);
      else at[0]! += back[0];
      solve(startX, startY, startZ, at);
      x[n] = at[0]!;
      y[n] = at[1]!;
      z[n] = at[2]!;
    }
    return row;
  };
}
