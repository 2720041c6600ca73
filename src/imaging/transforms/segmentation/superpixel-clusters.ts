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

const FIELDS = 3; // x, y, z before the colours

/**
 * The rounds of SLIC: every voxel goes to the nearest of the centres whose window holds it, the first of equals, and each
 * centre to the middle of its voxels. Blocks of voxels that already have a nearer centre than a centre's nearest corner are
 * passed over, which changes nothing.
 *
 * @param centres [n, x y z and the colours], moved in place
 * @param useColour false compares places alone
 * @param guess for each voxel a centre that may be near, -1 for none; makes the first round faster
 * @returns the centre of each voxel, -1 without one
 */
export function cluster(
  input: ClusterInput,
  centres: Float64Array,
  useColour: boolean,
  guess?: Int32Array,
): Int32Array {
  const { sides, channels, rounds } = input;
  const fields = FIELDS + channels;
  const count = centres.length / fields;
  const length = sides[0] * sides[1] * sides[2];
  const nearest = guess?.slice() ?? new Int32Array(length).fill(-1);
  const distances = new Float64Array(length);
  const spread = new Float64Array(count).fill(1);
  const blocks = blocksOf(sides, input.reach);
  for (let round = 0; round < rounds; round++) {
    startFromBefore(input, centres, spread, useColour, nearest, distances);
    blockMaxima(sides, blocks, distances, input.mask);
    for (let k = 0; k < count; k++) assign(input, centres, k, spread, useColour, blocks, nearest, distances);
    const before = centres.slice();
    moveCentres(input, centres, nearest);
    if (input.adaptive) widenSpread(input, centres, nearest, spread);
    else if (centres.every((value, i) => Object.is(value, before[i]))) break; // the next round would be the same
  }
  return nearest;
}

interface Blocks {
  readonly size: Vector3;
  readonly count: Vector3;
  /** Largest distance of a voxel to its centre, for each block. */
  readonly most: Float64Array;
}

function blocksOf(sides: Vector3, reach: Vector3): Blocks {
  const size = sides.map((side, axis) =>
    Math.min(side, Math.max(4, Math.round(reach[axis]! / 3))),
  ) as unknown as Vector3; // three
  const count = sides.map((side, axis) => Math.ceil(side / size[axis]!)) as unknown as Vector3; // three
  return { size, count, most: new Float64Array(count[0] * count[1] * count[2]) };
}

/** The distance to the centre of the round before, where its window still holds the voxel. */
function startFromBefore(
  { colours, channels, sides, mask, spacing, step, reach, adaptive }: ClusterInput,
  centres: Float64Array,
  spread: Float64Array,
  useColour: boolean,
  nearest: Int32Array,
  distances: Float64Array,
): void {
  const [width, height, depth] = sides;
  const fields = FIELDS + channels;
  const weight = 1 / Math.fround(step * step);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        distances[i] = Number.MAX_VALUE;
        const k = nearest[i]!; // stays where no window holds the voxel
        if (k < 0 || (mask && !mask[i])) continue;
        const at = k * fields;
        const [cx, cy, cz] = [centres[at]!, centres[at + 1]!, centres[at + 2]!];
        if (!(inWindow(x, cx, reach[0], width) && inWindow(y, cy, reach[1], height))) continue;
        if (!inWindow(z, cz, reach[2], depth)) continue;
        const dz = spacing[2] * (cz - z);
        const dy = spacing[1] * (cy - y);
        const dx = spacing[0] * (cx - x);
        let distance = (dz * dz + dy * dy + dx * dx) * weight;
        if (useColour) {
          let colour = 0;
          for (let c = 0; c < channels; c++) {
            const t = colours[i * channels + c]! - centres[at + FIELDS + c]!;
            colour += t * t;
          }
          distance += adaptive ? colour / spread[k]! : colour;
        }
        distances[i] = distance;
      }
    }
  }
}

/** Windows are cut off to whole voxels. */
const windowStart = (centre: number, reach: number) => Math.trunc(Math.max(centre - 2 * reach, 0));
const windowEnd = (centre: number, reach: number, side: number) =>
  Math.trunc(Math.min(centre + 2 * reach + 1, side));

function inWindow(at: number, centre: number, reach: number, side: number): boolean {
  return at >= windowStart(centre, reach) && at < windowEnd(centre, reach, side);
}

function blockMaxima(
  [width, height, depth]: Vector3,
  { size, count, most }: Blocks,
  distances: Float64Array,
  mask: Uint8Array | undefined,
): void {
  most.fill(0);
  for (let z = 0, i = 0; z < depth; z++) {
    const plane = Math.floor(z / size[2]) * count[1];
    for (let y = 0; y < height; y++) {
      const row = (plane + Math.floor(y / size[1])) * count[0];
      for (let x = 0, block = row; x < width; block++) {
        const end = Math.min(width, x + size[0]);
        let largest = most[block]!;
        for (; x < end; x++, i++) if (distances[i]! > largest && (!mask || mask[i])) largest = distances[i]!;
        most[block] = largest;
      }
    }
  }
}

/** Compares one centre with the voxels of its window. */
function assign(
  input: ClusterInput,
  centres: Float64Array,
  k: number,
  spread: Float64Array,
  useColour: boolean,
  { size, count, most }: Blocks,
  nearest: Int32Array,
  distances: Float64Array,
): void {
  const { sides, channels, spacing, step, reach } = input;
  const at = k * (FIELDS + channels);
  const weight = 1 / Math.fround(step * step);
  const centre = [centres[at]!, centres[at + 1]!, centres[at + 2]!] as const;
  if (Number.isNaN(centre[0])) return; // it has lost all its voxels
  const from = [0, 1, 2].map((axis) => windowStart(centre[axis]!, reach[axis]!));
  const to = [0, 1, 2].map((axis) => windowEnd(centre[axis]!, reach[axis]!, sides[axis]!));
  const gap = (first: number, last: number, axis: 0 | 1 | 2) => {
    const near = Math.max(first, Math.min(last, Math.round(centre[axis])));
    return (spacing[axis] * (centre[axis] - near)) ** 2;
  };
  const last = [0, 1, 2].map((axis) => Math.floor((to[axis]! - 1) / size[axis]!));
  for (let bz = Math.floor(from[2]! / size[2]); bz <= last[2]!; bz++) {
    const [z0, z1] = [Math.max(from[2]!, bz * size[2]), Math.min(to[2]!, (bz + 1) * size[2])];
    const nearZ = gap(z0, z1 - 1, 2);
    for (let by = Math.floor(from[1]! / size[1]); by <= last[1]!; by++) {
      const [y0, y1] = [Math.max(from[1]!, by * size[1]), Math.min(to[1]!, (by + 1) * size[1])];
      const nearY = gap(y0, y1 - 1, 1);
      for (let bx = Math.floor(from[0]! / size[0]); bx <= last[0]!; bx++) {
        const [x0, x1] = [Math.max(from[0]!, bx * size[0]), Math.min(to[0]!, (bx + 1) * size[0])];
        const near = (nearZ + nearY + gap(x0, x1 - 1, 0)) * weight;
        if (near > most[(bz * count[1] + by) * count[0] + bx]!) continue;
        const factor = !useColour ? 0 : input.adaptive ? spread[k]! : 1;
        assignBlock(input, centres, k, factor, nearest, distances, x0, x1, y0, y1, z0, z1);
      }
    }
  }
}

/** @param factor what colour distances are divided by; 0 leaves colours out */
function assignBlock(
  { colours, channels, sides, mask, spacing, step }: ClusterInput,
  centres: Float64Array,
  k: number,
  factor: number,
  nearest: Int32Array,
  distances: Float64Array,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
  z0: number,
  z1: number,
): void {
  const at = k * (FIELDS + channels);
  const weight = 1 / Math.fround(step * step);
  const [cx, cy, cz] = [centres[at]!, centres[at + 1]!, centres[at + 2]!];
  const sx = spacing[0];
  const first = centres[at + FIELDS]!;
  for (let z = z0; z < z1; z++) {
    const dz = spacing[2] * (cz - z);
    for (let y = y0; y < y1; y++) {
      const dy = spacing[1] * (cy - y);
      const across = dz * dz + dy * dy;
      let i = (z * sides[1] + y) * sides[0] + x0;
      for (let x = x0; x < x1; x++, i++) {
        const dx = sx * (cx - x);
        let distance = (across + dx * dx) * weight;
        const best = distances[i]!;
        if (distance > best || (mask !== undefined && mask[i] === 0)) continue;
        if (factor !== 0) {
          let colour = colours[i * channels]! - first;
          colour *= colour;
          for (let c = 1; c < channels; c++) {
            const t = colours[i * channels + c]! - centres[at + FIELDS + c]!;
            colour += t * t;
          }
          distance += factor === 1 ? colour : colour / factor;
        }
        if (distance < best || (distance === best && k < nearest[i]!)) {
          distances[i] = distance;
          nearest[i] = k;
        }
      }
    }
  }
}

/** A centre without voxels becomes NaN and takes none again. */
function moveCentres(
  { colours, channels, sides }: ClusterInput,
  centres: Float64Array,
  nearest: Int32Array,
): void {
  const [width, height, depth] = sides;
  const fields = FIELDS + channels;
  const counts = new Int32Array(centres.length / fields);
  centres.fill(0);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const k = nearest[i]!;
        if (k < 0) continue;
        const at = k * fields;
        counts[k]!++;
        centres[at]! += x;
        centres[at + 1]! += y;
        centres[at + 2]! += z;
        for (let c = 0; c < channels; c++) centres[at + FIELDS + c]! += colours[i * channels + c]!;
      }
    }
  }
  for (let i = 0; i < centres.length; i++) centres[i]! /= counts[Math.floor(i / fields)]!;
}

/** The largest colour distance that a cluster has had, at least 1. */
function widenSpread(
  { colours, channels }: ClusterInput,
  centres: Float64Array,
  nearest: Int32Array,
  spread: Float64Array,
): void {
  const fields = FIELDS + channels;
  for (let i = 0; i < nearest.length; i++) {
    const k = nearest[i]!;
    if (k < 0) continue;
    let colour = 0;
    for (let c = 0; c < channels; c++) {
      const t = colours[i * channels + c]! - centres[k * fields + FIELDS + c]!;
      colour += t * t;
    }
    if (colour > spread[k]!) spread[k] = colour;
  }
}
