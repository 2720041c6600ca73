import { type Affine, invertAffine, type Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { arrayLike, type Volume } from './volume.ts';

/**
 * Values at the voxels of another grid by lines (order 1) or cubic splines (order 3), 0 outside. Sums are taken in ITK's
 * order, since whole numbers lose their fraction: a voxel that is hit exactly keeps its value or becomes one less by the
 * last bit of a sum, and pyradiomics' features with it.
 */
export function sampled(image: Volume, size: Vector3, affine: Affine, order: 1 | 3): Volume {
  const [width, height, depth] = image.size;
  const values = Float64Array.from(image.pixels);
  if (order === 3) splineCoefficients(values, image.size);
  const out = arrayLike(image.pixels, size[0] * size[1] * size[2]);
  const limits = limitsOf(out);
  const place = placer(image.affine, affine);
  const evaluate = order === 1 ? linear : spline;
  const [start, end] = [new Float64Array(3), new Float64Array(3)];
  for (let z = 0, to = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++) {
      place(0, y, z, start);
      place(size[0], y, z, end);
      for (let x = 0; x < size[0]; x++, to++) {
        const along = x / size[0];
        const u = start[0]! + along * (end[0]! - start[0]!);
        const v = start[1]! + along * (end[1]! - start[1]!);
        const w = start[2]! + along * (end[2]! - start[2]!);
        if (!(isInside(u, width) && isInside(v, height) && isInside(w, depth))) continue;
        out[to] = stored(evaluate(values, image.size, u, v, w), limits);
      }
    }
  }
  return { pixels: out, size, affine };
}

const isInside = (place: number, side: number): boolean => place >= -0.5 && place < side - 0.5;

/** Voxel of the new grid to a place in the old, by way of the world. */
function placer(from: Affine, to: Affine) {
  const straight = [1, 2, 4, 6, 8, 9].every((n) => from[n] === 0);
  const inverse = straight
    ? [1 / from[0], 0, 0, 0, 0, 1 / from[5], 0, 0, 0, 0, 1 / from[10], 0]
    : invertAffine(from);
  return (x: number, y: number, z: number, out: Float64Array): void => {
    const p = to[3] + to[0] * x + to[1] * y + to[2] * z - from[3];
    const q = to[7] + to[4] * x + to[5] * y + to[6] * z - from[7];
    const r = to[11] + to[8] * x + to[9] * y + to[10] * z - from[11];
    for (let row = 0; row < 3; row++) {
      out[row] = inverse[4 * row]! * p + inverse[4 * row + 1]! * q + inverse[4 * row + 2]! * r;
    }
  };
}

/** Root of the cubic spline's filter (Unser, IEEE SPM 1999), and how many of its powers ITK takes into account. */
const POLE = Math.sqrt(3) - 2;
const HORIZON = Math.ceil(Math.log(1e-10) / Math.log(Math.abs(POLE)));

/** Coefficients of the spline through all values, in place; mirrored about the ends. */
export function splineCoefficients(values: Float64Array, size: Vector3): void {
  const strides = [1, size[0], size[0] * size[1]] as const;
  for (const axis of [0, 1, 2] as const) {
    const [count, stride] = [size[axis], strides[axis]];
    if (count === 1) continue;
    for (let block = 0; block < values.length; block += count * stride) {
      for (let start = block; start < block + stride; start++) filterLine(values, start, count, stride);
    }
  }
}

function filterLine(c: Float64Array, start: number, count: number, stride: number): void {
  const gain = (1 - POLE) * (1 - 1 / POLE);
  const end = start + (count - 1) * stride;
  for (let at = start; at <= end; at += stride) c[at] = c[at]! * gain;
  c[start] = firstCausal(c, start, count, stride);
  for (let at = start + stride; at <= end; at += stride) c[at] = c[at]! + POLE * c[at - stride]!;
  c[end] = (POLE / (POLE * POLE - 1)) * (POLE * c[end - stride]! + c[end]!);
  for (let at = end - stride; at >= start; at -= stride) c[at] = POLE * (c[at + stride]! - c[at]!);
}

function firstCausal(c: Float64Array, start: number, count: number, stride: number): number {
  let power = POLE;
  if (HORIZON < count) {
    let sum = c[start]!;
    for (let n = 1; n < HORIZON; n++, power *= POLE) sum += power * c[start + n * stride]!;
    return sum;
  }
  const inverse = 1 / POLE;
  let back = POLE ** (count - 1);
  let sum = c[start]! + back * c[start + (count - 1) * stride]!;
  back = back * (back * inverse);
  for (let n = 1; n <= count - 2; n++, power *= POLE, back *= inverse)
    sum += (power + back) * c[start + n * stride]!;
  return sum / (1 - power * power);
}

type Evaluate = (values: Float64Array, size: Vector3, u: number, v: number, w: number) => number;

const axes = [0, 1, 2].map(() => ({ index: new Int32Array(4), weight: new Float64Array(4) }));

/** Sum over the 64 voxels around, x fastest, each with the product of its three weights. */
export const spline: Evaluate = (values, size, u, v, w) => {
  const [x, y, z] = axes as unknown as readonly [(typeof axes)[0], (typeof axes)[0], (typeof axes)[0]]; // three
  setWeights(x, u, size[0]);
  setWeights(y, v, size[1]);
  setWeights(z, w, size[2]);
  let sum = 0;
  for (let k = 0; k < 4; k++) {
    for (let j = 0; j < 4; j++) {
      const row = (z.index[k]! * size[1] + y.index[j]!) * size[0];
      for (let i = 0; i < 4; i++) {
        sum += x.weight[i]! * y.weight[j]! * z.weight[k]! * values[row + x.index[i]!]!;
      }
    }
  }
  return sum;
};

function setWeights({ index, weight }: (typeof axes)[0], place: number, side: number): void {
  const first = Math.floor(Math.fround(place)) - 1; // ITK rounds to float32 here: a place just below a voxel is the voxel's
  const t = place - (first + 1);
  weight[3] = (1 / 6) * t * t * t;
  weight[0] = 1 / 6 + 0.5 * t * (t - 1) - weight[3]!;
  weight[2] = t + weight[0]! - 2 * weight[3]!;
  weight[1] = 1 - weight[0]! - weight[2]! - weight[3]!;
  const period = Math.max(1, 2 * (side - 1));
  for (let k = 0; k < 4; k++) {
    const at = Math.abs(first + k) % period;
    index[k] = side === 1 ? 0 : at < side ? at : period - at;
  }
}

/** Along x, then y, then z; along an axis on which the place is a voxel's, or beyond the ends, nothing is added. */
const linear: Evaluate = (values, [width, height, depth], u, v, w) => {
  const [i, j, k] = [base(u), base(v), base(w)];
  const [du, dv, dw] = [u - i, v - j, w - k];
  const strideX = du > 0 && i + 1 < width ? 1 : 0;
  const strideY = dv > 0 && j + 1 < height ? width : 0;
  const strideZ = dw > 0 && k + 1 < depth ? width * height : 0;
  const at = (k * height + j) * width + i;
  const line = (from: number) =>
    strideX === 0 ? values[from]! : values[from]! + (values[from + 1]! - values[from]!) * du;
  const plane = (from: number) => {
    const low = line(from);
    return strideY === 0 ? low : low + (line(from + strideY) - low) * dv;
  };
  const low = plane(at);
  return strideZ === 0 ? low : low + (plane(at + strideZ) - low) * dw;
};

const base = (place: number): number => Math.max(0, Math.floor(place));

/** The least and greatest whole number that an array holds; undefined for arrays of fractions. */
export function limitsOf(pixels: PixelArray): readonly [low: number, high: number] | undefined {
  if (pixels instanceof Float32Array || pixels instanceof Float64Array) return undefined;
  const bits = 8 * pixels.BYTES_PER_ELEMENT;
  const signed = pixels instanceof Int8Array || pixels instanceof Int16Array || pixels instanceof Int32Array;
  return signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** A whole number loses its fraction towards 0. */
function stored(value: number, limits: readonly [low: number, high: number] | undefined): number {
  return limits ? Math.trunc(Math.min(limits[1], Math.max(limits[0], value))) : value;
}
