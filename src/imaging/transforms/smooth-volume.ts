import type { Vector3 } from '../geometry/geometry.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { floatArrayFor, rowLoader, rowStorer } from './pixel-rows.ts';
import { reflect } from './warp-affine.ts';

/**
 * Gaussian smoothing of every volume of an image with a standard deviation for each axis, in voxels, 0 for none. The
 * kernel is cut at four standard deviations and the border mirrored with the edge voxel repeated. Gives float32, or
 * float64 for types that float32 would round.
 */
export function gaussianSmoothed(image: MedicalImage, sigma: Vector3): Float32Array | Float64Array {
  const { width, height, depth } = image;
  const plane = width * height;
  const volumes = image.pixels.length / (plane * depth);
  const out = floatArrayFor(image.pixels);
  const [load, store, reload] = [rowLoader(image.pixels), rowStorer(out), rowLoader(out)];
  const [kx, ky, kz] = sigma.map(halfKernel) as [Float64Array, Float64Array, Float64Array]; // three axes
  const slice = new Float64Array(plane);
  const slab = new Float64Array(plane);
  for (let z = 0; z < depth * volumes; z++) {
    load(slice, 0, image.pixels, z * plane, plane);
    smoothAcross(slice, width, height, kx);
    smoothDown(slice, slab, width, height, ky);
    store(out, z * plane, slice, plane);
  }
  if (kz.length === 1) return out;
  const wall = new Float64Array(depth * width);
  const row = new Float64Array(width);
  const spare = new Float64Array(depth * width);
  for (let volume = 0; volume < volumes; volume++) {
    for (let y = 0; y < height; y++) {
      const start = volume * depth * plane + y * width;
      for (let z = 0; z < depth; z++) reload(wall, z * width, out, start + z * plane, width);
      smoothDown(wall, spare, width, depth, kz);
      for (let z = 0; z < depth; z++) {
        row.set(wall.subarray(z * width, (z + 1) * width));
        store(out, start + z * plane, row, width);
      }
    }
  }
  return out;
}

/** Weights from the middle outwards; the whole kernel sums to 1. */
function halfKernel(sigma: number): Float64Array {
  if (!(sigma > 0)) return Float64Array.of(1);
  const radius = Math.trunc(4 * sigma + 0.5);
  const half = new Float64Array(radius + 1).map((_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const sum = half.reduce((total, weight, i) => total + (i === 0 ? weight : 2 * weight), 0);
  return half.map((weight) => weight / sum);
}

/** Along each row, in place. */
function smoothAcross(values: Float64Array, width: number, height: number, half: Float64Array): void {
  const radius = half.length - 1;
  if (radius === 0) return;
  const border = Int32Array.from({ length: width + 2 * radius }, (_, i) => reflect(i - radius, width));
  const line = new Float64Array(border.length);
  for (let row = 0; row < height * width; row += width) {
    for (let i = 0; i < line.length; i++) line[i] = values[row + border[i]!]!;
    for (let x = 0; x < width; x++) {
      const at = x + radius;
      let sum = half[0]! * line[at]!;
      for (let k = 1; k <= radius; k++) sum += half[k]! * (line[at - k]! + line[at + k]!);
      values[row + x] = sum;
    }
  }
}

/** Along each column of rows of `width` values, in place. */
function smoothDown(
  values: Float64Array,
  spare: Float64Array,
  width: number,
  count: number,
  half: Float64Array,
): void {
  const radius = half.length - 1;
  if (radius === 0) return;
  for (let y = 0; y < count; y++) {
    const to = y * width;
    const middle = half[0]!;
    for (let x = 0; x < width; x++) spare[to + x] = middle * values[to + x]!;
    for (let k = 1; k <= radius; k++) {
      const weight = half[k]!;
      const above = reflect(y - k, count) * width;
      const below = reflect(y + k, count) * width;
      for (let x = 0; x < width; x++) spare[to + x]! += weight * (values[above + x]! + values[below + x]!);
    }
  }
  values.set(spare.subarray(0, count * width));
}
