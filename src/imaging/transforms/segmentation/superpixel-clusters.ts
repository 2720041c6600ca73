import type { Vector3 } from '../../geometry/geometry.ts';
import { type ClusterInput, FIELDS, startFromBefore, windowsOf } from './superpixel-start.ts';

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
  const blocks = blocksOf(input);
  for (let round = 0; round < rounds; round++) {
    const windows = windowsOf(input, centres);
    startFromBefore(input, centres, windows, spread, useColour, nearest, distances);
    blockMaxima(sides, blocks, distances, input.mask);
    for (let k = 0; k < count; k++) {
      const factor = !useColour ? 0 : input.adaptive ? spread[k]! : 1;
      assign(input, centres, k, windows, factor, blocks, nearest, distances);
    }
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
  /** Least and greatest value of each block, of one channel. */
  readonly low?: Float64Array;
  readonly high?: Float64Array;
}

function blocksOf({ sides, reach, channels, colours }: ClusterInput): Blocks {
  const size = sides.map((side, axis) =>
    Math.min(side, Math.max(4, Math.round(reach[axis]! / 4))),
  ) as unknown as Vector3; // three
  const count = sides.map((side, axis) => Math.ceil(side / size[axis]!)) as unknown as Vector3; // three
  const most = new Float64Array(count[0] * count[1] * count[2]);
  return channels === 1
    ? { size, count, most, ...valueRanges(colours, sides, size, count) }
    : { size, count, most };
}

function valueRanges(colours: Float64Array, [width, height, depth]: Vector3, size: Vector3, count: Vector3) {
  const low = new Float64Array(count[0] * count[1] * count[2]).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(low.length).fill(Number.NEGATIVE_INFINITY);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = (Math.floor(z / size[2]) * count[1] + Math.floor(y / size[1])) * count[0];
      for (let x = 0, block = row; x < width; block++) {
        const end = Math.min(width, x + size[0]);
        for (; x < end; x++, i++) {
          low[block] = Math.min(low[block]!, colours[i]!);
          high[block] = Math.max(high[block]!, colours[i]!);
        }
      }
    }
  }
  return { low, high };
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
  windows: Int32Array,
  factor: number,
  { size, count, most, low, high }: Blocks,
  nearest: Int32Array,
  distances: Float64Array,
): void {
  const { channels, spacing, step } = input;
  const at = k * (FIELDS + channels);
  const weight = 1 / Math.fround(step * step);
  const grey = centres[at + FIELDS]!;
  if (Number.isNaN(centres[at]!)) return; // it has lost all its voxels
  const gap = (first: number, last: number, axis: 0 | 1 | 2) => {
    const centre = centres[at + axis]!;
    const near = Math.max(first, Math.min(last, Math.round(centre)));
    const far = spacing[axis] * (centre - near);
    return far * far;
  };
  const w = windows.subarray(6 * k, 6 * k + 6);
  const last = [0, 1, 2].map((axis) => Math.floor((w[2 * axis + 1]! - 1) / size[axis]!));
  for (let bz = Math.floor(w[4]! / size[2]); bz <= last[2]!; bz++) {
    const [z0, z1] = [Math.max(w[4]!, bz * size[2]), Math.min(w[5]!, (bz + 1) * size[2])];
    const nearZ = gap(z0, z1 - 1, 2);
    for (let by = Math.floor(w[2]! / size[1]); by <= last[1]!; by++) {
      const [y0, y1] = [Math.max(w[2]!, by * size[1]), Math.min(w[3]!, (by + 1) * size[1])];
      const nearY = nearZ + gap(y0, y1 - 1, 1);
      const row = (bz * count[1] + by) * count[0];
      let [from, to] = [-1, -1]; // blocks beside each other are gone through together
      for (let bx = Math.floor(w[0]! / size[0]); bx <= last[0]!; bx++) {
        const [x0, x1] = [Math.max(w[0]!, bx * size[0]), Math.min(w[1]!, (bx + 1) * size[0])];
        let near = (nearY + gap(x0, x1 - 1, 0)) * weight;
        if (low !== undefined && high !== undefined && factor !== 0) {
          const beyond = Math.max(0, low[row + bx]! - grey, grey - high[row + bx]!);
          near += (beyond * beyond) / factor;
        }
        if (near > most[row + bx]!) continue;
        if (x0 !== to) {
          if (to > from) assignBox(input, centres, k, factor, nearest, distances, from, to, y0, y1, z0, z1);
          from = x0;
        }
        to = x1;
      }
      if (to > from) assignBox(input, centres, k, factor, nearest, distances, from, to, y0, y1, z0, z1);
    }
  }
}

/** @param factor what colour distances are divided by; 0 leaves colours out */
function assignBox(
  input: ClusterInput,
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
  const { channels, sides, mask, spacing, step } = input;
  const at = k * (FIELDS + channels);
  const weight = 1 / Math.fround(step * step);
  const [cx, cy, cz] = [centres[at]!, centres[at + 1]!, centres[at + 2]!];
  const simple = channels === 1 && factor !== 0 && mask === undefined;
  for (let z = z0; z < z1; z++) {
    const dz = spacing[2] * (cz - z);
    for (let y = y0; y < y1; y++) {
      const dy = spacing[1] * (cy - y);
      const across = dz * dz + dy * dy;
      const start = (z * sides[1] + y) * sides[0];
      if (simple) {
        const grey = centres[at + FIELDS]!;
        assignGreyRow(
          input.colours,
          grey,
          factor,
          cx,
          across,
          weight,
          spacing[0],
          k,
          nearest,
          distances,
          start,
          x0,
          x1,
        );
      } else assignRow(input, centres, k, factor, cx, across, weight, nearest, distances, start, x0, x1);
    }
  }
}

/** A row of one channel and no mask. */
function assignGreyRow(
  colours: Float64Array,
  grey: number,
  factor: number,
  cx: number,
  across: number,
  weight: number,
  spacing: number,
  k: number,
  nearest: Int32Array,
  distances: Float64Array,
  start: number,
  x0: number,
  x1: number,
): void {
  for (let x = x0; x < x1; x++) {
    const i = start + x;
    const dx = spacing * (cx - x);
    const t = colours[i]! - grey;
    const distance = (across + dx * dx) * weight + (factor === 1 ? t * t : (t * t) / factor);
    const best = distances[i]!;
    if (distance <= best && (distance < best || k < nearest[i]!)) {
      distances[i] = distance;
      nearest[i] = k;
    }
  }
}

function assignRow(
  { colours, channels, mask, spacing }: ClusterInput,
  centres: Float64Array,
  k: number,
  factor: number,
  cx: number,
  across: number,
  weight: number,
  nearest: Int32Array,
  distances: Float64Array,
  start: number,
  x0: number,
  x1: number,
): void {
  const at = k * (FIELDS + channels) + FIELDS;
  for (let x = x0, i = start + x0; x < x1; x++, i++) {
    const dx = spacing[0] * (cx - x);
    let distance = (across + dx * dx) * weight;
    const best = distances[i]!;
    if (distance > best || (mask !== undefined && mask[i] === 0)) continue;
    if (factor !== 0) {
      let colour = 0;
      for (let c = 0; c < channels; c++) {
        const t = colours[i * channels + c]! - centres[at + c]!;
        colour += t * t;
      }
      distance += colour / factor;
    }
    if (distance <= best && (distance < best || k < nearest[i]!)) {
      distances[i] = distance;
      nearest[i] = k;
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
