import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';

/** A symmetric system on a grid of [D, H, W]: diagonal x - sum of weights x of the six neighbours. */
export interface GridSystem {
  readonly diagonal: Float64Array;
  /** Of the edge from each voxel to the next along x, y and z; 0 where there is none. */
  readonly weights: readonly [Float64Array, Float64Array, Float64Array];
  readonly sides: Vector3;
}

/** Part of what an incomplete factorization leaves out that its diagonal takes up. */
const MODIFIED = 0.97;
const MOST_ROUNDS = 10_000;

/**
 * Solves a grid's system by conjugate gradients, preconditioned with a modified incomplete Cholesky factorization without
 * fill (Gustafsson, "A class of first order factorization methods", BIT 1978), until the residual is `tolerance` times the
 * right side.
 *
 * @throws WALKER_NOT_SOLVED
 */
export function solveGrid(system: GridSystem, right: Float64Array, tolerance: number): Float64Array {
  const length = right.length;
  const [width, height, depth] = system.sides;
  const margin = width * height; // nothing lies before and behind
  const padded = () => new Float64Array(length + 2 * margin);
  const pivots = factorize(system);
  const found = new Float64Array(length);
  const residual = right.slice();
  const z = padded();
  const direction = padded();
  const image = new Float64Array(length);
  const goal = tolerance * Math.sqrt(dot(right, right));
  precondition(system, pivots, residual, z, depth > 1, height > 1);
  direction.set(z);
  let rho = dotPadded(residual, z, margin);
  for (let round = 0; round < MOST_ROUNDS && Math.sqrt(dot(residual, residual)) > goal; round++) {
    const curvature = multiply(system, direction, image);
    if (!(curvature > 0)) break; // all is solved to rounding
    const step = rho / curvature;
    for (let i = 0; i < length; i++) {
      found[i]! += step * direction[margin + i]!;
      residual[i]! -= step * image[i]!;
    }
    precondition(system, pivots, residual, z, depth > 1, height > 1);
    const next = dotPadded(residual, z, margin);
    const part = next / rho;
    rho = next;
    for (let i = margin; i < margin + length; i++) direction[i] = z[i]! + part * direction[i]!;
  }
  const left = Math.sqrt(dot(residual, residual));
  if (left <= Math.max(10 * goal, (1e-10 * goal) / tolerance)) return found;
  throw new HounsfieldError(
    'WALKER_NOT_SOLVED',
    `after ${MOST_ROUNDS} rounds the residual is ${(left / (goal / tolerance)).toExponential(1)} of the right side, and ` +
      `${tolerance} is asked for. Lower beta, or ask for less.`,
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function dotPadded(a: Float64Array, b: Float64Array, margin: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[margin + i]!;
  return sum;
}

/** image = system * direction; returns direction . image. */
function multiply(
  { diagonal, weights: [wx, wy, wz], sides }: GridSystem,
  direction: Float64Array,
  image: Float64Array,
): number {
  const [width, height, depth] = sides;
  const plane = width * height;
  let sum = 0;
  const deep = depth > 1;
  for (let i = 0, p = plane; i < image.length; i++, p++) {
    const own = direction[p]!;
    let value = diagonal[i]! * own - wx[i]! * direction[p + 1]! - wy[i]! * direction[p + width]!;
    if (i > 0) value -= wx[i - 1]! * direction[p - 1]!;
    if (i >= width) value -= wy[i - width]! * direction[p - width]!;
    if (deep) {
      value -= wz[i]! * direction[p + plane]!;
      if (i >= plane) value -= wz[i - plane]! * direction[p - plane]!;
    }
    image[i] = value;
    sum += own * value;
  }
  return sum;
}

/** One over the pivots. */
function factorize({ diagonal, weights: [wx, wy, wz], sides }: GridSystem): Float64Array {
  const [width, height] = sides;
  const plane = width * height;
  const pivots = new Float64Array(diagonal.length);
  for (let i = 0; i < pivots.length; i++) {
    let value = diagonal[i]!;
    if (i > 0) {
      const j = i - 1;
      value -= wx[j]! * pivots[j]! * (wx[j]! + MODIFIED * (wy[j]! + wz[j]!));
    }
    if (i >= width) {
      const j = i - width;
      value -= wy[j]! * pivots[j]! * (wy[j]! + MODIFIED * (wx[j]! + wz[j]!));
    }
    if (i >= plane) {
      const j = i - plane;
      value -= wz[j]! * pivots[j]! * (wz[j]! + MODIFIED * (wx[j]! + wy[j]!));
    }
    // a pivot that cancellation has made too small would spoil all after it
    pivots[i] = 1 / (value > 1e-3 * diagonal[i]! ? value : diagonal[i]!);
  }
  return pivots;
}

/** z = the factorization's answer to the residual: forward, then backward. */
function precondition(
  { weights: [wx, wy, wz], sides }: GridSystem,
  pivots: Float64Array,
  residual: Float64Array,
  z: Float64Array,
  deep: boolean,
  high: boolean,
): void {
  const [width, height] = sides;
  const plane = width * height;
  const length = residual.length;
  for (let i = 0, p = plane; i < length; i++, p++) {
    let value = residual[i]!;
    if (i > 0) value += wx[i - 1]! * z[p - 1]!;
    if (high && i >= width) value += wy[i - width]! * z[p - width]!;
    if (deep && i >= plane) value += wz[i - plane]! * z[p - plane]!;
    z[p] = value * pivots[i]!;
  }
  for (let i = length - 1, p = plane + length - 1; i >= 0; i--, p--) {
    let value = wx[i]! * z[p + 1]!;
    if (high) value += wy[i]! * z[p + width]!;
    if (deep) value += wz[i]! * z[p + plane]!;
    z[p]! += value * pivots[i]!;
  }
}
