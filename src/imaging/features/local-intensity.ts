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
  const rows = sphereRows(around);
  const sums = runningSums(values, size[0]);
  let [highest, local, global] = [Number.NEGATIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY];
  const [width, height, depth] = size;
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (!inside[at]) continue;
        const mean = meanAt(rows, sums, x, y, z, size);
        if (mean > global) global = mean;
        const value = values[at]!;
        if (value > highest || (value === highest && mean > local)) {
          highest = value;
          local = mean;
        }
      }
    }
  }
  return Number.isNaN(local) ? undefined : { local, global };
}

/** A sphere's rows along x: their place beside the centre, and how far they go to each side. */
interface SphereRows {
  readonly y: Int32Array;
  readonly z: Int32Array;
  readonly reach: Int32Array;
}

function sphereRows({ size, spacingMm: [sx, sy, sz] }: Region): SphereRows {
  const rows: (readonly [number, number, number])[] = [];
  const radius = PEAK_RADIUS_MM + RADIUS_TOLERANCE;
  const [toY, toZ] = [Math.min(size[1], Math.floor(radius / sy)), Math.min(size[2], Math.floor(radius / sz))];
  for (let z = -toZ; z <= toZ; z++) {
    for (let y = -toY; y <= toY; y++) {
      const left = radius * radius - (z * sz) ** 2 - (y * sy) ** 2;
      if (left >= 0) rows.push([y, z, Math.min(size[0], Math.floor(Math.sqrt(left) / sx))]);
    }
  }
  return {
    y: Int32Array.from(rows, ([y]) => y),
    z: Int32Array.from(rows, ([, z]) => z),
    reach: Int32Array.from(rows, ([, , reach]) => reach),
  };
}

interface RunningSums {
  readonly sums: Float64Array; // [D * H, W + 1]
  /** How many values are finite, where not all are. */
  readonly counts: Int32Array | undefined; // [D * H, W + 1]
}

function runningSums(values: Float64Array, width: number): RunningSums {
  const rows = values.length / width;
  const sums = new Float64Array(rows * (width + 1));
  const allFinite = values.every(Number.isFinite);
  const counts = allFinite ? undefined : new Int32Array(sums.length);
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

function meanAt(
  { y: ys, z: zs, reach }: SphereRows,
  { sums, counts }: RunningSums,
  x: number,
  y: number,
  z: number,
  [width, height, depth]: Region['size'],
): number {
  let sum = 0;
  let count = 0;
  for (let r = 0; r < reach.length; r++) {
    const row = y + ys[r]!;
    const slice = z + zs[r]!;
    if (row < 0 || row >= height || slice < 0 || slice >= depth) continue;
    const from = Math.max(0, x - reach[r]!);
    const to = Math.min(width, x + reach[r]! + 1);
    const base = (slice * height + row) * (width + 1);
    sum += sums[base + to]! - sums[base + from]!;
    count += counts ? counts[base + to]! - counts[base + from]! : to - from;
  }
  return sum / count;
}
