import type { PixelArray } from '../image/medical-image.ts';
import { floatArrayFor, rowLoader, rowStorer } from './pixel-rows.ts';

/** Root of the cubic B-spline's recursive filter (Unser, IEEE SPM 1999, box 2). */
const POLE = Math.sqrt(3) - 2;

/** Powers of the pole below this no longer matter to a float64. */
const HORIZON = Math.ceil(Math.log(1e-16) / Math.log(-POLE));

/**
 * Coefficients whose cubic B-spline passes through the values, mirrored about the edge voxels' centres; one volume.
 *
 * @param start first value of the volume in `pixels`
 */
export function bsplineCoefficients(
  pixels: PixelArray,
  start: number,
  width: number,
  height: number,
  depth: number,
): Float32Array | Float64Array {
  const plane = width * height;
  const out = floatArrayFor(pixels, plane * depth);
  const load = rowLoader(pixels);
  const [read, write] = [rowLoader(out), rowStorer(out)];
  const slice = new Float64Array(plane);
  for (let z = 0; z < depth; z++) {
    load(slice, 0, pixels, start + z * plane, plane);
    if (width > 1) for (let y = 0; y < height; y++) filterRows(slice, y * width, width, 1, 1);
    if (height > 1) filterRows(slice, 0, height, width, width);
    write(out, z * plane, slice, plane);
  }
  if (depth === 1) return out;
  const wall = new Float64Array(depth * width);
  const row = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    for (let z = 0; z < depth; z++) read(wall, z * width, out, z * plane + y * width, width);
    filterRows(wall, 0, depth, width, width);
    for (let z = 0; z < depth; z++) {
      row.set(wall.subarray(z * width, (z + 1) * width));
      write(out, z * plane + y * width, row, width);
    }
  }
  return out;
}

/** The filter along `count` rows of `across` values, `stride` apart, in place. */
function filterRows(
  values: Float64Array,
  start: number,
  count: number,
  stride: number,
  across: number,
): void {
  const gain = (1 - POLE) * (1 - 1 / POLE);
  const end = start + (count - 1) * stride;
  for (let i = 0; i < across; i++) {
    values[start + i] = gain * firstCausal(values, start + i, count, stride);
  }
  for (let at = start + stride; at <= end; at += stride) {
    for (let i = 0; i < across; i++) {
      values[at + i] = gain * values[at + i]! + POLE * values[at - stride + i]!;
    }
  }
  const last = POLE / (POLE * POLE - 1);
  for (let i = 0; i < across; i++) {
    values[end + i] = last * (values[end + i]! + POLE * values[end - stride + i]!);
  }
  for (let at = end - stride; at >= start; at -= stride) {
    for (let i = 0; i < across; i++) values[at + i] = POLE * (values[at + stride + i]! - values[at + i]!);
  }
}

/** The causal filter's first value under mirroring: the whole mirrored line where it is short, its beginning else. */
function firstCausal(values: Float64Array, at: number, count: number, stride: number): number {
  if (HORIZON < count) {
    let [sum, power] = [values[at]!, POLE];
    for (let k = 1; k < HORIZON; k++, power *= POLE) sum += power * values[at + k * stride]!;
    return sum;
  }
  const inverse = 1 / POLE;
  let power = POLE;
  let back = POLE ** (count - 1);
  let sum = values[at]! + back * values[at + (count - 1) * stride]!;
  back = back * back * inverse;
  for (let k = 1; k < count - 1; k++, power *= POLE, back *= inverse) {
    sum += (power + back) * values[at + k * stride]!;
  }
  return sum / (1 - power * power);
}
