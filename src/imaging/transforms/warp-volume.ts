import { type Affine, applyAffine, invertAffine, type Vector3 } from '../geometry/geometry.ts';
import { isLabelMap, type MedicalImage, type PixelArray } from '../image/medical-image.ts';
import { emptyLike } from './pixel-rows.ts';
import { type SplineGrid, splineAt, splineRows } from './spline-grid.ts';
import { linearRow, nearestRow, type RowCoordinates, type VolumeBorder } from './warp-rows.ts';

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
  const result = labels ? emptyLike(source, volumes * perVolume) : new Float32Array(volumes * perVolume);
  for (let k = 0, at = 0; k < slices; k++) {
    for (let j = 0; j < down; j++, at += across) {
      const row = rows(j, k);
      for (let v = 0; v < volumes; v++) {
        const [from, to] = [v * plane.volume, v * perVolume + at];
        if (labels) nearestRow(source, from, plane, row, border, result, to);
        else linearRow(source, from, plane, row, border, result as Float32Array, to); // made above
      }
    }
  }
  return result;
}

function coordinateRows(
  { affine, displacement }: VolumeMap,
  size: Vector3,
  { first, size: sides }: VoxelWindow,
): (j: number, k: number) => RowCoordinates {
  const length = sides[0];
  const shifts = displacement ? splineRows(displacement, size, first[0], length) : undefined;
  const [a, b, c, tx, d, e, f, ty, g, h, i, tz] = affine;
  const x = new Float64Array(length);
  const y = new Float64Array(length);
  const z = new Float64Array(length);
  const steps = { first: first[0], stepX: a, stepY: d, stepZ: g };
  const row: RowCoordinates = { x, y, z, start: 0, end: 0, ...steps, fromX: 0, fromY: 0, fromZ: 0 };
  return (j, k) => {
    const [py, pz] = [first[1] + j, first[2] + k];
    const fromX = b * py + c * pz + tx;
    const fromY = e * py + f * pz + ty;
    const fromZ = h * py + i * pz + tz;
    if (shifts) {
      const [u, v, w] = shifts(py, pz);
      for (let n = 0, px = first[0]; n < length; n++, px++) {
        x[n] = a * px + fromX + u[n]!;
        y[n] = d * px + fromY + v[n]!;
        z[n] = g * px + fromZ + w[n]!;
      }
      return row;
    }
    row.fromX = fromX;
    row.fromY = fromY;
    row.fromZ = fromZ;
    findInterior(row, length, size);
    fillCoordinates(row, 0, row.start);
    fillCoordinates(row, row.end, length);
    return row;
  };
}

function fillCoordinates(row: RowCoordinates, start: number, end: number): void {
  const { x, y, z, first, stepX, stepY, stepZ, fromX, fromY, fromZ } = row;
  for (let n = start, px = first + start; n < end; n++, px++) {
    x[n] = stepX * px + fromX;
    y[n] = stepY * px + fromY;
    z[n] = stepZ * px + fromZ;
  }
}

/** The part of a straight row whose eight neighbours all lie in the image is one run. */
function findInterior(row: RowCoordinates, length: number, [width, height, depth]: Vector3): void {
  const { first, stepX, stepY, stepZ, fromX, fromY, fromZ } = row;
  let [low, high] = [first, first + length - 1];
  for (const [step, from, last] of [
    [stepX, fromX, width - 1],
    [stepY, fromY, height - 1],
    [stepZ, fromZ, depth - 1],
  ] as const) {
    if (step === 0) {
      if (!(from >= 0 && from < last)) high = -1;
      continue;
    }
    const [one, other] = [-from / step, (last - from) / step];
    low = Math.max(low, Math.ceil(Math.min(one, other)));
    high = Math.min(high, Math.floor(Math.max(one, other)));
  }
  const inside = (n: number) => {
    const [x, y, z] = [stepX * n + fromX, stepY * n + fromY, stepZ * n + fromZ];
    return x >= 0 && y >= 0 && z >= 0 && x < width - 1 && y < height - 1 && z < depth - 1;
  };
  while (low <= high && !inside(low)) low++; // rounding may be off by one
  while (high >= low && !inside(high)) high--;
  row.start = low <= high ? low - first : 0;
  row.end = low <= high ? high + 1 - first : 0;
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
  const straight = coordinateRows({ affine: back }, size, window);
  if (!displacement) return straight;
  const solve = solver(displacement, back, size, 1e-5);
  const at = new Float64Array(3);
  return (j, k) => {
    const row = straight(j, k);
    fillCoordinates(row, row.start, row.end);
    row.start = 0;
    row.end = 0;
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
