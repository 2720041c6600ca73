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

function kernels(sigma: number): { readonly smooth: Float64Array; readonly slope: Float64Array } {
  const radius = Math.floor(4 * sigma + 0.5);
  const at = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => i - radius);
  const bell = at.map((x) => Math.exp((-0.5 * x * x) / (sigma * sigma)));
  const sum = bell.reduce((total, value) => total + value, 0);
  const smooth = bell.map((value) => value / sum);
  return { smooth, slope: smooth.map((value, i) => (value * at[i]!) / (sigma * sigma)) };
}

function correlate(
  values: Float64Array,
  sides: Vector3,
  axis: 0 | 1 | 2,
  kernel: Float64Array,
): Float64Array {
  const stride = [1, sides[0], sides[0] * sides[1]][axis]!;
  const side = sides[axis];
  const radius = (kernel.length - 1) / 2;
  const out = new Float64Array(values.length);
  const line = new Float64Array(side + 2 * radius);
  for (let start = 0; start < values.length; start++) {
    if (Math.floor(start / stride) % side !== 0) continue;
    for (let i = 0; i < line.length; i++) {
      line[i] = values[start + stride * Math.max(0, Math.min(side - 1, i - radius))]!;
    }
    for (let i = 0; i < side; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * line[i + k]!;
      out[start + stride * i] = sum;
    }
  }
  return out;
}
