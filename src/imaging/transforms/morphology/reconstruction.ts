import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import type { Connectivity } from '../connected-components.ts';
import { dequeue, enqueue, indexQueue } from './index-queue.ts';
import { framed, framedSteps, intoFrame, neighbourOffsets, outOfFrame } from './neighbours.ts';
import { orderedValues } from './ordered-values.ts';
import { requireFinite, requireVolume } from './volume-sides.ts';

/**
 * Morphological reconstruction of one volume: the seed is dilated (or eroded) under (over) the mask until nothing changes.
 * Two passes over the image, then what is still open in a queue (Vincent, "Morphological grayscale reconstruction in image
 * analysis", IEEE TIP 1993, the hybrid algorithm).
 *
 * @param seed [D, H, W], nowhere above the mask (by erosion: below it)
 * @returns an array of the mask's type
 * @throws RECONSTRUCTION_SEED, IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function reconstruct(
  seed: PixelArray,
  mask: PixelArray,
  sides: Vector3,
  by: 'dilation' | 'erosion' = 'dilation',
  connectivity: Connectivity = 26,
): PixelArray {
  requireVolume(seed, sides, 'reconstruction, seed');
  requireVolume(mask, sides, 'reconstruction, mask');
  requireFinite(mask, 'reconstruction, mask');
  requireFinite(seed, 'reconstruction, seed');
  const ordered = orderedValues(mask, seed);
  const start = new Int32Array(seed.length);
  if (seed.constructor === mask.constructor && seed.BYTES_PER_ELEMENT < 4) start.set(seed);
  else for (let i = 0; i < start.length; i++) start[i] = ordered.order(seed[i]!);
  const limit = new Int32Array(ordered.values);
  const flip = by === 'erosion' ? -1 : 0; // the complement turns the order round
  let beyond = 0;
  for (let i = 0; i < limit.length; i++) {
    limit[i]! ^= flip;
    start[i]! ^= flip;
    if (start[i]! > limit[i]!) beyond++;
  }
  if (beyond > 0) throw seedBeyondMask(beyond, by);
  grow(start, limit, sides, connectivity);
  for (let i = 0; flip && i < start.length; i++) start[i]! ^= flip;
  return ordered.restore(start);
}

function seedBeyondMask(count: number, by: 'dilation' | 'erosion'): HounsfieldError {
  return new HounsfieldError(
    'RECONSTRUCTION_SEED',
    `${count} values of the seed lie ${by === 'dilation' ? 'above' : 'below'} the mask, and reconstruction by ${by} ` +
      `needs a seed that is nowhere ${by === 'dilation' ? 'above' : 'below'} it. Take the ` +
      `${by === 'dilation' ? 'smaller' : 'larger'} of both first, or reconstruct by the other operation.`,
  );
}

/** Raises `values` as far as `limit` allows from neighbour to neighbour, in place. */
function grow(values: Int32Array, limit: Int32Array, sides: Vector3, connectivity: Connectivity): void {
  const frame = framed(sides);
  const [width, height, depth] = sides;
  const least = -2147483648;
  const v = new Int32Array(frame.length).fill(least);
  const m = new Int32Array(frame.length).fill(least);
  intoFrame(values, v, frame, sides);
  intoFrame(limit, m, frame, sides);
  const steps = framedSteps(neighbourOffsets(connectivity, depth), frame);
  const before = steps.filter((step) => step < 0);
  const after = steps.filter((step) => step > 0);
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = frame.start + z * frame.plane + y * frame.width;
      for (let i = row; i < row + width; i++) raise(v, m, i, before);
    }
  }
  const queue = indexQueue(4096);
  for (let z = depth - 1; z >= 0; z--) {
    for (let y = height - 1; y >= 0; y--) {
      const row = frame.start + z * frame.plane + y * frame.width;
      for (let i = row + width - 1; i >= row; i--) {
        const own = raise(v, m, i, after);
        for (let k = 0; k < after.length; k++) {
          const other = v[i + after[k]!]!;
          if (other < own && other < m[i + after[k]!]!) {
            enqueue(queue, i);
            break;
          }
        }
      }
    }
  }
  while (queue.count > 0) {
    const i = dequeue(queue);
    const own = v[i]!;
    for (let k = 0; k < steps.length; k++) {
      const j = i + steps[k]!;
      const other = v[j]!;
      const most = m[j]!;
      if (other < own && other < most) {
        v[j] = Math.min(own, most);
        enqueue(queue, j);
      }
    }
  }
  outOfFrame(v, values, frame, sides);
}

/** The greatest of a value and its neighbours on one side, up to the limit. */
function raise(v: Int32Array, m: Int32Array, i: number, steps: Int32Array): number {
  let most = v[i]!;
  const limit = m[i]!;
  if (most === limit) return most;
  for (let k = 0; k < steps.length; k++) {
    const other = v[i + steps[k]!]!;
    if (other > most) most = other;
  }
  if (most > limit) most = limit;
  v[i] = most;
  return most;
}

/**
 * Fills the holes of a mask: what is not set and does not hang together with the border of the volume.
 *
 * @param connectivity of what is not set. Default 6
 * @returns 0 and 1
 */
export function fillMaskHoles(
  mask: ArrayLike<number>, // [D, H, W]
  sides: Vector3,
  connectivity: Connectivity = 6,
): Uint8Array {
  requireVolume(mask, sides, 'fill holes');
  const frame = framed(sides);
  const [width, height, depth] = sides;
  const open = new Uint8Array(frame.length); // 1: not set, not reached
  const steps = framedSteps(neighbourOffsets(connectivity, depth), frame);
  const stack = indexQueue(4096);
  const bordered = [width > 1, height > 1, depth > 1] as const; // a picture has no border before and behind it
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = frame.start + z * frame.plane + y * frame.width;
      const edge =
        (bordered[2] && (z === 0 || z === depth - 1)) || (bordered[1] && (y === 0 || y === height - 1));
      for (let x = 0; x < width; x++, i++) {
        if (mask[i]) continue;
        if (edge || (bordered[0] && (x === 0 || x === width - 1))) enqueue(stack, row + x);
        else open[row + x] = 1;
      }
    }
  }
  while (stack.count > 0) {
    const i = dequeue(stack);
    for (let k = 0; k < steps.length; k++) {
      const j = i + steps[k]!;
      if (open[j] === 0) continue;
      open[j] = 0;
      enqueue(stack, j);
    }
  }
  const filled = new Uint8Array(mask.length);
  outOfFrame(open, filled, frame, sides);
  for (let i = 0; i < filled.length; i++) if (mask[i]) filled[i] = 1;
  return filled;
}
