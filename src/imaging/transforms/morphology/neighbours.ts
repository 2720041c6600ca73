import type { Vector3 } from '../../geometry/geometry.ts';
import type { Connectivity } from '../connected-components.ts';

/** The voxels beside one, nearest first (by the sum of the steps), then z, y, x rising; in one slice none before or behind. */
export function neighbourOffsets(connectivity: Connectivity, depth: number): readonly Vector3[] {
  const most = connectivity === 6 ? 1 : connectivity === 18 ? 2 : 3;
  const found: Vector3[] = [];
  for (let steps = 1; steps <= most; steps++) {
    for (let z = -1; z <= 1; z++) {
      for (let y = -1; y <= 1; y++) {
        for (let x = -1; x <= 1; x++) {
          if (Math.abs(x) + Math.abs(y) + Math.abs(z) === steps && (z === 0 || depth > 1))
            found.push([x, y, z]);
        }
      }
    }
  }
  return found;
}

/** A volume with one voxel around it on every side (in one slice none before and behind), so that none lacks neighbours. */
export interface Framed {
  readonly width: number;
  readonly plane: number;
  readonly length: number;
  /** Where a volume's first voxel lies. */
  readonly start: number;
}

export function framed([width, height, depth]: Vector3): Framed {
  const plane = (width + 2) * (height + 2);
  const flat = depth === 1;
  return {
    width: width + 2,
    plane,
    length: plane * (flat ? 1 : depth + 2),
    start: (flat ? 0 : plane) + width + 3,
  };
}

/** Steps in a framed volume. */
export const framedSteps = (offsets: readonly Vector3[], { width, plane }: Framed): Int32Array =>
  Int32Array.from(offsets, ([x, y, z]) => z * plane + y * width + x);

type Writable = Int32Array | Uint8Array | Float64Array | Float32Array;

/** Copies a volume [D, H, W] into a frame. */
export function intoFrame(
  from: ArrayLike<number>,
  into: Writable,
  { width, plane, start }: Framed,
  sides: Vector3,
) {
  const [w, h, d] = sides;
  for (let z = 0, i = 0; z < d; z++) {
    for (let y = 0; y < h; y++) {
      const row = start + z * plane + y * width;
      for (let x = 0; x < w; x++, i++) into[row + x] = from[i]!;
    }
  }
}

/** Copies a volume [D, H, W] out of a frame. */
export function outOfFrame(
  from: ArrayLike<number>,
  into: Writable,
  { width, plane, start }: Framed,
  sides: Vector3,
) {
  const [w, h, d] = sides;
  for (let z = 0, i = 0; z < d; z++) {
    for (let y = 0; y < h; y++) {
      const row = start + z * plane + y * width;
      for (let x = 0; x < w; x++, i++) into[i] = from[row + x]!;
    }
  }
}
