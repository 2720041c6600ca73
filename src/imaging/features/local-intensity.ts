/** Local intensity features (IBSI reference manual, section 3.2, 9ST6): means in a sphere of 1 cm3. */
import { type Computed, defineFeatures, featureValues, noValues } from './definition-list.ts';
import type { FeatureValue, Region } from './feature.ts';
import { EMPTY_REGION } from './statistics.ts';

const INF = Number.POSITIVE_INFINITY;

export const LOCAL_INTENSITY = defineFeatures('loc', [
  ['peak_local', 'VJGA', 'Local intensity peak', 'u', -INF, INF],
  ['peak_global', '0F91', 'Global intensity peak', 'u', -INF, INF],
]);

/** Radius of a sphere of 1 cm3, mm. */
export const PEAK_RADIUS_MM = 10 * (3 / (4 * Math.PI)) ** (1 / 3);

/** Voxels at just the radius belong to the sphere, whatever the last digit says. */
const RADIUS_TOLERANCE = 1e-9;

/**
 * Local and global intensity peak. Spheres are of the voxels that the image has: what lies beyond its edge, and values
 * that are no finite number, are left out of the mean.
 *
 * @param around the image with a margin of at least PEAK_RADIUS_MM about the region, where the image goes so far
 */
export function localIntensity(around: Region): readonly FeatureValue[] {
  const peaks = sphereMeans(around);
  if (!peaks) return noValues(LOCAL_INTENSITY, EMPTY_REGION);
  const { local, global } = peaks;
  return featureValues(LOCAL_INTENSITY, { peak_local: local, peak_global: global });
}

function sphereMeans(around: Region): { local: Computed; global: Computed } | undefined {
  const { values, inside, size } = around;
  const [width, height, depth] = size;
  const disks = sphereDisks(around);
  const sums = runningSums(values, width);
  const means = new Float64Array(width);
  let highest = Number.NEGATIVE_INFINITY;
  let local = Number.NaN;
  let global = Number.NEGATIVE_INFINITY;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = (z * height + y) * width;
      const first = inside.subarray(row, row + width).indexOf(1);
      if (first < 0) continue;
      const last = inside.subarray(row, row + width).lastIndexOf(1);
      rowMeans(means, first, last, disks, sums, y, z, size);
      for (let x = first; x <= last; x++) {
        if (!inside[row + x]) continue;
        const mean = means[x]!;
        const value = values[row + x]!;
        if (mean > global) global = mean;
        if (value > highest || (value === highest && mean > local)) {
          highest = value;
          local = mean;
        }
      }
    }
  }
  return Number.isNaN(local) ? undefined : { local, global };
}

/** A sphere's rows along x that go equally far to each side, by their places beside the centre. */
interface SphereDisk {
  readonly reach: number;
  readonly y: readonly number[];
  readonly z: readonly number[];
}

function sphereDisks({ size, spacingMm: [sx, sy, sz] }: Region): readonly SphereDisk[] {
  const disks = new Map<number, { reach: number; y: number[]; z: number[] }>();
  const radius = PEAK_RADIUS_MM + RADIUS_TOLERANCE;
  const toY = Math.min(size[1], Math.floor(radius / sy));
  const toZ = Math.min(size[2], Math.floor(radius / sz));
  for (let z = -toZ; z <= toZ; z++) {
    for (let y = -toY; y <= toY; y++) {
      const left = radius * radius - (z * sz) ** 2 - (y * sy) ** 2;
      if (left < 0) continue;
      const reach = Math.min(size[0], Math.floor(Math.sqrt(left) / sx));
      const disk = disks.get(reach) ?? { reach, y: [], z: [] };
      disk.y.push(y);
      disk.z.push(z);
      disks.set(reach, disk);
    }
  }
  return [...disks.values()];
}

interface RunningSums {
  readonly sums: Float64Array; // [D * H, W + 1]
  /** How many values are finite, where not all are. */
  readonly counts: Float64Array | undefined; // [D * H, W + 1]
}

function runningSums(values: Float64Array, width: number): RunningSums {
  const rows = values.length / width;
  const sums = new Float64Array(rows * (width + 1));
  const allFinite = values.every(Number.isFinite);
  const counts = allFinite ? undefined : new Float64Array(sums.length);
  for (let row = 0, from = 0, to = 0; row < rows; row++, to++) {
    for (let x = 0; x < width; x++, from++, to++) {
      const value = values[from]!;
      const counted = allFinite || Number.isFinite(value);
      sums[to + 1] = sums[to]! + (counted ? value : 0);
      if (counts) counts[to + 1] = counts[to]! + (counted ? 1 : 0);
    }
  }
  return { sums, counts };
}

/** Means of the spheres about the voxels first .. last of a row. */
function rowMeans(
  means: Float64Array,
  first: number,
  last: number,
  disks: readonly SphereDisk[],
  { sums, counts }: RunningSums,
  y: number,
  z: number,
  size: Region['size'],
): void {
  const width = size[0];
  const totals = new Float64Array(width);
  const voxels = new Float64Array(width);
  const rows = new Float64Array(width + 1);
  for (const disk of disks) {
    const count = addRows(rows, sums, disk, y, z, size);
    if (count === 0) continue;
    addSpans(totals, rows, disk.reach, first, last, width);
    if (counts) {
      addRows(rows, counts, disk, y, z, size);
      addSpans(voxels, rows, disk.reach, first, last, width);
      continue;
    }
    for (let x = first; x <= last; x++) {
      voxels[x]! += count * (Math.min(width, x + disk.reach + 1) - Math.max(0, x - disk.reach));
    }
  }
  for (let x = first; x <= last; x++) means[x] = totals[x]! / voxels[x]!;
}

/** Sums of those rows of a disk that the image has; how many they are. */
function addRows(
  out: Float64Array,
  sums: Float64Array,
  { y: ys, z: zs }: SphereDisk,
  y: number,
  z: number,
  [width, height, depth]: Region['size'],
): number {
  out.fill(0);
  let count = 0;
  for (let r = 0; r < ys.length; r++) {
    const row = y + ys[r]!;
    const slice = z + zs[r]!;
    if (row < 0 || row >= height || slice < 0 || slice >= depth) continue;
    const base = (slice * height + row) * (width + 1);
    for (let x = 0; x <= width; x++) out[x]! += sums[base + x]!;
    count++;
  }
  return count;
}

function addSpans(
  out: Float64Array,
  rows: Float64Array,
  reach: number,
  first: number,
  last: number,
  width: number,
): void {
  for (let x = first; x <= last; x++) {
    const to = Math.min(width, x + reach + 1);
    const from = x > reach ? x - reach : 0;
    out[x]! += rows[to]! - rows[from]!;
  }
}
