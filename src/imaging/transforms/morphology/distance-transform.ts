import type { Vector3 } from '../../geometry/geometry.ts';
import { requireVolume } from './volume-sides.ts';

export interface DistanceOptions {
  /** Millimetres from voxel to voxel along x, y, z; default 1. */
  readonly spacingMm?: Vector3;
}

/**
 * Exact Euclidean distance of each voxel that is set to the nearest one that is not, 0 where it is not set: axis by axis,
 * by lower envelopes of parabolas (Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", Theory of
 * Computing 2012). Infinity where nothing is unset.
 *
 * @param mask [D, H, W]
 * @throws IMAGE_SHAPE
 */
export function distanceTransform(
  mask: ArrayLike<number>,
  sides: Vector3,
  { spacingMm = [1, 1, 1] }: DistanceOptions = {},
): Float64Array {
  requireVolume(mask, sides, 'distance transform');
  const squares = squaredDistances(mask, sides, spacingMm, true);
  for (let i = 0; i < squares.length; i++) squares[i] = Math.sqrt(squares[i]!);
  return squares;
}

/** Distance to the nearest set voxel outside of a mask, and the negative distance to the nearest unset one inside. */
export function signedDistanceTransform(
  mask: ArrayLike<number>,
  sides: Vector3,
  { spacingMm = [1, 1, 1] }: DistanceOptions = {},
): Float64Array {
  requireVolume(mask, sides, 'signed distance transform');
  const inside = squaredDistances(mask, sides, spacingMm, true);
  const outside = squaredDistances(mask, sides, spacingMm, false);
  for (let i = 0; i < inside.length; i++) {
    outside[i] = mask[i] ? -Math.sqrt(inside[i]!) : Math.sqrt(outside[i]!);
  }
  return outside;
}

/**
 * Where the nearest unset voxel of each voxel lies, as its place in the array, -1 where there is none. Of several as near,
 * the one found first along the axes.
 */
export function nearestBackground(
  mask: ArrayLike<number>,
  sides: Vector3,
  { spacingMm = [1, 1, 1] }: DistanceOptions = {},
): Int32Array {
  requireVolume(mask, sides, 'nearest background');
  const places = new Int32Array(mask.length).fill(-1);
  squaredDistances(mask, sides, spacingMm, true, places);
  return places;
}

/** @param ofSet whether distances are those of set voxels to unset ones, or the other way round */
function squaredDistances(
  mask: ArrayLike<number>,
  [width, height, depth]: Vector3,
  [sx, sy, sz]: Vector3,
  ofSet: boolean,
  places?: Int32Array,
): Float64Array {
  const squares = new Float64Array(mask.length);
  for (let row = 0; row < mask.length; row += width) {
    alongRow(mask, squares, row, width, sx, ofSet, places);
  }
  const room = Math.max(height, depth);
  const work: Work = {
    values: new Float64Array(room),
    vertex: new Int32Array(room),
    edge: new Float64Array(room + 1),
    place: places ? new Int32Array(room) : undefined,
  };
  const plane = width * height;
  if (height > 1) {
    for (let z = 0; z < depth; z++) {
      for (let x = 0; x < width; x++) {
        lowerEnvelope(squares, z * plane + x, width, height, sy, work, places);
      }
    }
  }
  if (depth > 1) {
    for (let i = 0; i < plane; i++) lowerEnvelope(squares, i, plane, depth, sz, work, places);
  }
  return squares;
}

/** Squared distance along x to the nearest end, in two sweeps. */
function alongRow(
  mask: ArrayLike<number>,
  squares: Float64Array,
  row: number,
  width: number,
  spacing: number,
  ofSet: boolean,
  places: Int32Array | undefined,
): void {
  let last = Number.NEGATIVE_INFINITY;
  for (let x = 0; x < width; x++) {
    if (!mask[row + x] === ofSet) last = x;
    const far = (x - last) * spacing;
    squares[row + x] = far * far;
    if (places && last >= 0) places[row + x] = row + last;
  }
  let next = Number.POSITIVE_INFINITY;
  for (let x = width - 1; x >= 0; x--) {
    if (!mask[row + x] === ofSet) next = x;
    const far = (next - x) * spacing;
    if (far * far < squares[row + x]!) {
      squares[row + x] = far * far;
      if (places) places[row + x] = row + next;
    }
  }
}

interface Work {
  readonly values: Float64Array;
  /** Places of the parabolas of the envelope, in order. */
  readonly vertex: Int32Array;
  /** Where each of them begins to be the lowest. */
  readonly edge: Float64Array;
  readonly place: Int32Array | undefined;
}

/** Smallest of value + squared distance over a line, in place. */
function lowerEnvelope(
  squares: Float64Array,
  start: number,
  stride: number,
  count: number,
  spacing: number,
  { values, vertex, edge, place }: Work,
  places: Int32Array | undefined,
): void {
  let top = -1;
  let changes = false;
  for (let q = 0, at = start; q < count; q++, at += stride) {
    const value = squares[at]!;
    values[q] = value;
    if (places && place) place[q] = places[at]!;
    if (value > 0) changes = true;
    if (value === Number.POSITIVE_INFINITY) continue;
    const square = q * spacing;
    let from = Number.NEGATIVE_INFINITY;
    while (top >= 0) {
      const p = vertex[top]!;
      const other = p * spacing;
      from = (value - values[p]! + square * square - other * other) / (2 * (square - other));
      if (from > edge[top]!) break;
      top--;
      from = Number.NEGATIVE_INFINITY;
    }
    top++;
    vertex[top] = q;
    edge[top] = from;
  }
  if (top < 0 || !changes) return;
  edge[top + 1] = Number.POSITIVE_INFINITY;
  for (let q = 0, k = 0, at = start; q < count; q++, at += stride) {
    const square = q * spacing;
    while (edge[k + 1]! < square) k++;
    const p = vertex[k]!;
    const far = (q - p) * spacing;
    squares[at] = far * far + values[p]!;
    if (places && place) places[at] = place[p]!;
  }
}
