import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { requireVolume } from '../morphology/volume-sides.ts';

/**
 * An edge map for contours: 1 / sqrt(1 + alpha * g), where g is the length of the gradient of the image smoothed by a
 * Gaussian that is cut at four standard deviations; beyond the border the nearest voxel counts.
 *
 * @param values [D, H, W]
 * @param sigma voxels. Default 5
 * @throws IMAGE_SHAPE
 */
export function inverseGradient(values: PixelArray, sides: Vector3, alpha = 100, sigma = 5): Float64Array {
  requireVolume(values, sides, 'edge map');
  const axes = ([0, 1, 2] as const).filter((axis) => axis < 2 || sides[2] > 1);
  const { smooth, slope } = kernels(sigma);
  const squares = new Float64Array(values.length);
  for (const derived of axes) {
    let part: Float64Array = Float64Array.from(values);
    for (const axis of axes) part = correlate(part, sides, axis, axis === derived ? slope : smooth);
    for (let i = 0; i < squares.length; i++) squares[i]! += part[i]! ** 2;
  }
  for (let i = 0; i < squares.length; i++) squares[i] = 1 / Math.sqrt(1 + alpha * Math.sqrt(squares[i]!));
  return squares;
}

/** One side of a kernel that is even or odd, from the middle on. */
interface HalfKernel {
  readonly weights: Float64Array;
  /** 1: even, -1: odd. */
  readonly sign: 1 | -1;
}

function kernels(sigma: number): { readonly smooth: HalfKernel; readonly slope: HalfKernel } {
  const radius = Math.floor(4 * sigma + 0.5);
  const bell = Float64Array.from({ length: radius + 1 }, (_, x) =>
    Math.exp((-0.5 * x * x) / (sigma * sigma)),
  );
  const sum = bell.reduce((total, value) => total + 2 * value, -bell[0]!);
  const weights = bell.map((value) => value / sum);
  const slope = weights.map((value, x) => (value * x) / (sigma * sigma));
  return { smooth: { weights, sign: 1 }, slope: { weights: slope, sign: -1 } };
}

function correlate(values: Float64Array, sides: Vector3, axis: 0 | 1 | 2, kernel: HalfKernel): Float64Array {
  const out = new Float64Array(values.length);
  const side = sides[axis];
  if (axis === 0) {
    const radius = kernel.weights.length - 1;
    const line = new Float64Array(side + 2 * radius);
    for (let start = 0; start < values.length; start += side) {
      line.fill(values[start]!, 0, radius);
      line.set(values.subarray(start, start + side), radius);
      line.fill(values[start + side - 1]!, radius + side);
      weigh(line, radius, kernel, out, start, side);
    }
    return out;
  }
  // rows, or whole slices, beside each other
  const stride = axis === 1 ? sides[0] : sides[0] * sides[1];
  for (let plane = 0; plane < values.length; plane += stride * side) {
    for (let at = 0; at < side; at++) {
      acrossRows(values, plane, at, side, stride, kernel, out);
    }
  }
  return out;
}

function weigh(
  line: Float64Array,
  radius: number,
  { weights, sign }: HalfKernel,
  out: Float64Array,
  to: number,
  count: number,
): void {
  const own = weights[0]!;
  for (let i = 0; i < count; i++) {
    const middle = radius + i;
    let sum = own * line[middle]!;
    for (let k = 1; k < weights.length; k++)
      sum += weights[k]! * (line[middle + k]! + sign * line[middle - k]!);
    out[to + i] = sum;
  }
}

function acrossRows(
  values: Float64Array,
  plane: number,
  at: number,
  side: number,
  stride: number,
  { weights, sign }: HalfKernel,
  out: Float64Array,
): void {
  const to = plane + at * stride;
  const own = weights[0]!;
  for (let i = to; i < to + stride; i++) out[i] = own * values[i]!;
  for (let k = 1; k < weights.length; k++) {
    const before = plane + Math.max(0, at - k) * stride;
    const after = plane + Math.min(side - 1, at + k) * stride;
    addRows(values, before, after, weights[k]!, sign, out, to, stride);
  }
}

function addRows(
  values: Float64Array,
  before: number,
  after: number,
  weight: number,
  sign: number,
  out: Float64Array,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) out[to + i]! += weight * (values[after + i]! + sign * values[before + i]!);
}
