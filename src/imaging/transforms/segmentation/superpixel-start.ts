import type { Vector3 } from '../../geometry/geometry.ts';

/** What is clustered: colours scaled by the compactness, [D, H, W, C]. */
export interface ClusterInput {
  readonly colours: Float64Array;
  readonly channels: number;
  readonly sides: Vector3;
  /** 0 leaves a voxel out. */
  readonly mask: Uint8Array | undefined;
  readonly spacing: Vector3;
  /** Distance of two seeds, voxels. */
  readonly step: number;
  /** A centre is compared with what lies within twice this, along each axis. */
  readonly reach: Vector3;
  readonly rounds: number;
  /** Whether each cluster's colours are weighed by their own spread (SLIC-zero). */
  readonly adaptive: boolean;
}

export const FIELDS = 3; // x, y, z before the colours

/** First and last + 1 of each centre's window along x, y and z, cut off to whole voxels; empty for a lost centre. */
export function windowsOf({ sides, reach, channels }: ClusterInput, centres: Float64Array): Int32Array {
  const fields = FIELDS + channels;
  const windows = new Int32Array((6 * centres.length) / fields);
  for (let k = 0, at = 0; at < centres.length; k += 6, at += fields) {
    for (let axis = 0; axis < 3; axis++) {
      const centre = centres[at + axis]!;
      if (Number.isNaN(centre)) continue;
      windows[k + 2 * axis] = Math.trunc(Math.max(centre - 2 * reach[axis]!, 0));
      windows[k + 2 * axis + 1] = Math.trunc(Math.min(centre + 2 * reach[axis]! + 1, sides[axis]!));
    }
  }
  return windows;
}

/** The distance to the centre of the round before, where its window still holds the voxel. */
export function startFromBefore(
  input: ClusterInput,
  centres: Float64Array,
  windows: Int32Array,
  spread: Float64Array,
  useColour: boolean,
  nearest: Int32Array,
  distances: Float64Array,
): void {
  const [width, height, depth] = input.sides;
  distances.fill(Number.MAX_VALUE);
  for (let z = 0, start = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, start += width) {
      startRow(input, centres, windows, spread, useColour, nearest, distances, start, y, z);
    }
  }
}

function startRow(
  { colours, channels, sides, mask, spacing, step, adaptive }: ClusterInput,
  centres: Float64Array,
  windows: Int32Array,
  spread: Float64Array,
  useColour: boolean,
  nearest: Int32Array,
  distances: Float64Array,
  start: number,
  y: number,
  z: number,
): void {
  const fields = FIELDS + channels;
  const weight = 1 / Math.fround(step * step);
  const [sx, sy, sz] = spacing;
  let [last, first, end, across, cx, at, factor] = [-1, 0, 0, 0, 0, 0, 1];
  for (let x = 0, i = start; x < sides[0]; x++, i++) {
    const k = nearest[i]!; // stays where no window holds the voxel
    if (k < 0 || (mask !== undefined && mask[i] === 0)) continue;
    if (k !== last) {
      // neighbours mostly have one centre
      last = k;
      const w = 6 * k;
      const holds =
        y >= windows[w + 2]! && y < windows[w + 3]! && z >= windows[w + 4]! && z < windows[w + 5]!;
      first = holds ? windows[w]! : 0;
      end = holds ? windows[w + 1]! : 0;
      at = k * fields;
      cx = centres[at]!;
      const dz = sz * (centres[at + 2]! - z);
      const dy = sy * (centres[at + 1]! - y);
      across = dz * dz + dy * dy;
      factor = adaptive ? spread[k]! : 1;
      at += FIELDS;
    }
    if (x < first || x >= end) continue;
    const dx = sx * (cx - x);
    let distance = (across + dx * dx) * weight;
    if (useColour) {
      let colour = 0;
      for (let c = 0; c < channels; c++) {
        const t = colours[i * channels + c]! - centres[at + c]!;
        colour += t * t;
      }
      distance += colour / factor;
    }
    distances[i] = distance;
  }
}
