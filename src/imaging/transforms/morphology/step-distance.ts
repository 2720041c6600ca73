import type { Vector3 } from '../../geometry/geometry.ts';
import { requireVolume } from './volume-sides.ts';

/**
 * Distance in steps of each set voxel to the nearest unset one: 'taxicab' steps over faces, 'chessboard' over corners too.
 * One sweep forward and one back (Rosenfeld and Pfaltz, "Distance functions on digital pictures", Pattern Recognition
 * 1968). -1 everywhere when nothing is unset.
 *
 * @throws IMAGE_SHAPE
 */
export function stepDistanceTransform(
  mask: ArrayLike<number>, // [D, H, W]
  sides: Vector3,
  metric: 'taxicab' | 'chessboard' = 'chessboard',
): Int32Array {
  requireVolume(mask, sides, 'distance transform in steps');
  const [width, height, depth] = sides;
  const out = new Int32Array(mask.length);
  if (setFar(mask, out, width + height + depth)) return out.fill(-1);
  const best = new Int32Array(width + 2).fill(FAR); // smallest of the rows before, one voxel of margin
  const rows = height * depth;
  for (const back of [false, true]) {
    const sign = back ? 1 : -1;
    for (let r = 0; r < rows; r++) {
      const row = back ? rows - 1 - r : r;
      const y = row % height;
      const z = (row - y) / height;
      const before = y + sign >= 0 && y + sign < height ? row + sign : -1;
      const inPlane = z + sign >= 0 && z + sign < depth ? row + sign * height : -1;
      if (metric === 'taxicab') taxicabRow(out, row * width, width, before * width, inPlane * width, back);
      else {
        const beside = inPlane < 0 || before < 0 ? -1 : inPlane + sign;
        const other = inPlane < 0 || y - sign < 0 || y - sign >= height ? -1 : inPlane - sign;
        smallestOfRows(out, before * width, inPlane * width, beside * width, other * width, best, width);
        chessboardRow(out, row * width, width, best, back);
      }
    }
  }
  return out;
}

const FAR = 1 << 29;

/** Sets what is set far away; true when all is. */
function setFar(mask: ArrayLike<number>, out: Int32Array, far: number): boolean {
  let all = true;
  for (let i = 0; i < out.length; i++) {
    if (mask[i]) out[i] = far;
    else all = false;
  }
  return all;
}

/** Rows that are not there start below 0. */
function taxicabRow(
  out: Int32Array,
  start: number,
  width: number,
  before: number,
  inPlane: number,
  back: boolean,
): void {
  const step = back ? -1 : 1;
  const first = back ? width - 1 : 0;
  const a = before < 0 ? start : before;
  const b = inPlane < 0 ? start : inPlane;
  let beside = FAR;
  for (let n = 0, x = first; n < width; n++, x += step) {
    // the smallest without a branch, which noise would make slow
    let near = out[a + x]!;
    let less = (out[b + x]! - near) | 0;
    near = (near + (less & (less >> 31))) | 0;
    less = (beside - near) | 0;
    near = (near + (less & (less >> 31)) + 1) | 0;
    const own = out[start + x]!;
    less = (near - own) | 0;
    beside = (own + (less & (less >> 31))) | 0;
    out[start + x] = beside;
  }
}

/** Rows that are not there start below 0. */
function smallestOfRows(
  out: Int32Array,
  a: number,
  b: number,
  c: number,
  d: number,
  best: Int32Array,
  width: number,
): void {
  const some = Math.max(a, b, c, d);
  if (some < 0) {
    best.fill(FAR);
    return;
  }
  const [p, q] = [a < 0 ? some : a, b < 0 ? some : b];
  if (c < 0 && d < 0) {
    for (let x = 0; x < width; x++) {
      const near = out[p + x]!;
      const less = (out[q + x]! - near) | 0;
      best[x + 1] = near + (less & (less >> 31));
    }
    return;
  }
  const [r, s] = [c < 0 ? some : c, d < 0 ? some : d];
  for (let x = 0; x < width; x++) {
    let near = out[p + x]!;
    let less = (out[q + x]! - near) | 0;
    near = (near + (less & (less >> 31))) | 0;
    less = (out[r + x]! - near) | 0;
    near = (near + (less & (less >> 31))) | 0;
    less = (out[s + x]! - near) | 0;
    best[x + 1] = near + (less & (less >> 31));
  }
}

function chessboardRow(out: Int32Array, start: number, width: number, best: Int32Array, back: boolean): void {
  const step = back ? -1 : 1;
  const first = back ? width - 1 : 0;
  let beside = FAR;
  let behind = FAR;
  let middle = best[first + 1]!;
  for (let n = 0, x = first; n < width; n++, x += step) {
    const next = best[x + 1 + step]!;
    // the smallest without a branch, which noise would make slow
    let less = (middle - behind) | 0;
    let near = (behind + (less & (less >> 31))) | 0;
    less = (next - near) | 0;
    near = (near + (less & (less >> 31))) | 0;
    less = (beside - near) | 0;
    near = (near + (less & (less >> 31)) + 1) | 0;
    const own = out[start + x]!;
    less = (near - own) | 0;
    beside = (own + (less & (less >> 31))) | 0;
    out[start + x] = beside;
    behind = middle;
    middle = next;
  }
}
