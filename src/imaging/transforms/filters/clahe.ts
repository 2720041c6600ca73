import type { Vector3 } from '../../geometry/geometry.ts';
import { extremes } from '../intensity-statistics.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { borderIndices } from './border.ts';
import { windowWithin } from './filter-volumes.ts';
import { mapChannels } from './histogram-equalization.ts';

/** Grey levels that values are counted in. */
const GREYS = 1 << 14;

export interface ClaheParameters {
  /** Sides of the regions along x, y, z in voxels; an eighth of the image's where absent. */
  readonly tile?: Vector3 | number | null;
  /** Part of a region's voxels that one bin may hold at most, 0..1; 0 for no limit. Default 0.01. */
  readonly limit?: number;
  /** Default 256. */
  readonly bins?: number;
}

/**
 * Contrast limited adaptive histogram equalisation (K. Zuiderveld, Graphics Gems IV, 1994) of each volume: every region's
 * own equalisation, linear between the regions' centres, as scikit-image's equalize_adapthist. The result is 0..1; of an
 * image of one value, 0. Throws INTENSITY_NOT_FINITE, FILTER_WINDOW.
 */
export const clahe: IntensityTransform<ClaheParameters> = {
  name: 'clahe',
  kind: 'intensity',
  example: { tile: [6, 5, 7], limit: 0.05, bins: 64 },
  check(parameters) {
    const read = readParameters('clahe', parameters);
    const checked = {
      tile: read.optional('tile', (name) => read.vector(name, { min: 1, max: 100000, whole: true })),
      limit: read.number('limit', { min: 0, max: 1, fallback: 0.01 }),
      bins: read.number('bins', { min: 2, max: 4096, whole: true, fallback: 256 }),
    };
    read.end();
    return checked;
  },
  change(image, { tile, limit, bins }) {
    const size: Vector3 = [image.width, image.height, image.depth];
    const eighths = size.map((side) => Math.max(1, Math.floor(side / 8))) as unknown as Vector3; // three
    const sides = windowWithin((tile as Vector3 | null) ?? eighths, size, 'clahe'); // check makes three of one
    return mapChannels(image, (values, _, out) => {
      const [low, high] = extremes(values);
      if (low === high) return;
      equalizeRegions(values, { low, high }, out, size, sides, { limit, bins });
    });
  },
  inverse: { none: 'values that a region makes equal cannot be told apart' },
};

function equalizeRegions(
  values: ArrayLike<number>,
  { low, high }: { readonly low: number; readonly high: number },
  out: Float32Array,
  size: Vector3,
  tile: Vector3,
  { limit, bins }: { readonly limit: number; readonly bins: number },
): void {
  const step = 1 + Math.floor(GREYS / bins);
  const binned = new Uint16Array(values.length);
  const scale = high - low;
  for (let i = 0; i < binned.length; i++) {
    // rounded first, as the grey levels are whole
    binned[i] = (roundHalfEven(((values[i]! - low) / scale) * (GREYS - 1)) / step) | 0;
  }
  const regions = size.map((side, axis) => Math.ceil(side / tile[axis]!)) as unknown as Vector3; // three
  const maps = regionMaps(binned, size, tile, regions, limit, bins);
  interpolate(binned, out, size, tile, regions, maps, bins);
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < out.length; i++) {
    if (out[i]! < least) least = out[i]!;
    if (out[i]! > most) most = out[i]!;
  }
  const range = most > least ? most - least : 1;
  for (let i = 0; i < out.length; i++) out[i] = (out[i]! - least) / range;
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return part < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** For each region, the grey level of each bin: [regions along z, y, x, bins]. */
function regionMaps(
  binned: Uint16Array,
  size: Vector3,
  tile: Vector3,
  regions: Vector3,
  limit: number,
  bins: number,
): Int32Array {
  const places = size.map((side, axis) =>
    borderIndices(side, 0, regions[axis]! * tile[axis]! - side, 'mirror'),
  );
  const voxels = tile[0] * tile[1] * tile[2];
  const most = limit > 0 ? Math.max(1, Math.trunc(limit * voxels)) : voxels;
  const maps = new Int32Array(regions[0] * regions[1] * regions[2] * bins);
  const counts = new Int32Array(bins);
  for (let rz = 0, region = 0; rz < regions[2]; rz++) {
    for (let ry = 0; ry < regions[1]; ry++) {
      for (let rx = 0; rx < regions[0]; rx++, region++) {
        counts.fill(0);
        for (let z = rz * tile[2]; z < (rz + 1) * tile[2]; z++) {
          for (let y = ry * tile[1]; y < (ry + 1) * tile[1]; y++) {
            const row = (places[2]![z]! * size[1] + places[1]![y]!) * size[0];
            for (let x = rx * tile[0]; x < (rx + 1) * tile[0]; x++) counts[binned[row + places[0]![x]!]!]!++;
          }
        }
        clipCounts(counts, most);
        const factor = (GREYS - 1) / voxels;
        for (let bin = 0, below = 0; bin < bins; bin++) {
          below += counts[bin]!;
          maps[region * bins + bin] = Math.min(GREYS - 1, below * factor);
        }
      }
    }
  }
  return maps;
}

/** Cuts counts at `most` and spreads what is cut off over the bins that have room, in turns. */
function clipCounts(counts: Int32Array, most: number): void {
  const bins = counts.length;
  let excess = 0;
  for (let i = 0; i < bins; i++) {
    if (counts[i]! <= most) continue;
    excess += counts[i]! - most;
    counts[i] = most;
  }
  const share = Math.floor(excess / bins);
  const upper = most - share;
  let room = 0; // bins that are not full
  for (let i = 0; i < bins; i++) {
    if (counts[i]! < upper) {
      excess -= share;
      counts[i]! += share;
    }
    // one that the share has brought so far is filled up too
    if (counts[i]! >= upper && counts[i]! < most) {
      excess -= most - counts[i]!;
      counts[i] = most;
    }
    if (counts[i]! < most) room++;
  }
  while (excess > 0) {
    const before = excess;
    for (let start = 0; start < bins && excess > 0; start++) {
      const step = Math.max(1, Math.floor(room / excess));
      for (let i = start; i < bins; i += step) {
        if (counts[i]! >= most) continue;
        counts[i]!++;
        if (counts[i]! === most) room--;
        excess--;
      }
    }
    if (excess === before) return;
  }
}

/** Along one axis: the regions before and after each voxel, and how far it is from the centre of the first. */
function weights(side: number, tile: number, regions: number) {
  const [below, above] = [new Int32Array(side), new Int32Array(side)];
  const part = new Float64Array(side);
  for (let i = 0; i < side; i++) {
    const at = i + (tile >> 1);
    const region = Math.floor(at / tile);
    below[i] = Math.max(0, region - 1);
    above[i] = Math.min(regions - 1, region);
    part[i] = (at % tile) / tile;
  }
  return { below, above, part };
}

function interpolate(
  binned: Uint16Array,
  out: Float32Array,
  [width, height, depth]: Vector3,
  tile: Vector3,
  regions: Vector3,
  maps: Int32Array,
  bins: number,
): void {
  const x = weights(width, tile[0], regions[0]);
  const y = weights(height, tile[1], regions[1]);
  const z = weights(depth, tile[2], regions[2]);
  const [left, right] = [x.below.map((r) => r * bins), x.above.map((r) => r * bins)];
  const rowLength = regions[0] * bins;
  const flat = regions[2] === 1 && tile[2] === 1;
  const fround = Math.fround;
  for (let k = 0, i = 0; k < depth; k++) {
    const zBelow = z.below[k]! * regions[1];
    const zAbove = z.above[k]! * regions[1];
    for (let j = 0; j < height; j++) {
      const yBelow = y.below[j]!;
      const yAbove = y.above[j]!;
      const a = (zBelow + yBelow) * rowLength;
      const b = (zBelow + yAbove) * rowLength;
      const c = (zAbove + yBelow) * rowLength;
      const d = (zAbove + yAbove) * rowLength;
      const wy = y.part[j]!;
      const wz = z.part[k]!;
      const vy = 1 - wy;
      const vz = 1 - wz;
      for (let n = 0; n < width; n++, i++) {
        const bin = binned[i]!;
        const wx = x.part[n]!;
        const p = left[n]! + bin;
        const q = right[n]! + bin;
        const vx = 1 - wx;
        // sums in float32, cut to whole grey levels, as scikit-image's
        let sum = 0;
        if (flat) {
          sum = fround(maps[a + p]! * (vx * vy));
          sum = fround(sum + fround(maps[a + q]! * (wx * vy)));
          sum = fround(sum + fround(maps[b + p]! * (vx * wy)));
          sum = fround(sum + fround(maps[b + q]! * (wx * wy)));
        } else {
          sum = fround(maps[a + p]! * (vx * vy * vz));
          sum = fround(sum + fround(maps[a + q]! * (wx * vy * vz)));
          sum = fround(sum + fround(maps[b + p]! * (vx * wy * vz)));
          sum = fround(sum + fround(maps[b + q]! * (wx * wy * vz)));
          sum = fround(sum + fround(maps[c + p]! * (vx * vy * wz)));
          sum = fround(sum + fround(maps[c + q]! * (wx * vy * wz)));
          sum = fround(sum + fround(maps[d + p]! * (vx * wy * wz)));
          sum = fround(sum + fround(maps[d + q]! * (wx * wy * wz)));
        }
        out[i] = Math.trunc(sum);
      }
    }
  }
}
