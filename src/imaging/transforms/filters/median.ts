import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { type Border, borderIndices } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { borderOf, FILTER_EXTENTS, filterVolumes, readBorder, windowWithin } from './filter-volumes.ts';
import { readWindow, type WindowParameters } from './mean-smoothing.ts';
import { medianOfNine, medianOfTwentySeven } from './median-networks.ts';
import { sortedOrder } from './sorted-order.ts';

/** Median over a window around each voxel. Throws INTENSITY_NOT_FINITE, FILTER_WINDOW. */
export const medianSmoothing: IntensityTransform<WindowParameters> = {
  name: 'median-filter',
  kind: 'intensity',
  example: { window: [3, 3, 5] },
  check(parameters) {
    const read = readParameters('median-filter', parameters);
    const checked = {
      window: readWindow(read),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    read.end();
    return checked;
  },
  change(image, { window, by, ...rest }) {
    return filterVolumes(image, by, (values, size) => {
      const fitting = windowWithin(window as Vector3, size, 'median-filter'); // check makes three of one
      return medianFilter(values, size, fitting, borderOf(rest));
    });
  },
  inverse: { none: 'what lay away from the median is gone' },
};

/**
 * Median over a window of odd sides, exact for any values: small windows by comparisons without branches, others by a
 * histogram of the values' ranks in three tiers that moves along each row (after T. Huang, "A fast two-dimensional median
 * filtering algorithm", 1979).
 */
export function medianFilter(values: FloatArray, size: Vector3, window: Vector3, border: Border): FloatArray {
  const small = window[0] === 3 && window[1] === 3 && (window[2] === 1 || window[2] === 3);
  if (small && values instanceof Float32Array) return smallMedian(values, size, window, border);
  const { ranks, table } = ranksOf(values, border);
  const out = another(values);
  slide(pad(ranks, size, window, border), size, window, table, out);
  return out;
}

/** Of the bits of float32 values, turned to whole numbers that rise with them. */
function smallMedian(values: Float32Array, size: Vector3, window: Vector3, border: Border): Float32Array {
  const all = new Float32Array(values.length + 1);
  all.set(values);
  all[values.length] = border.constant;
  const keys = new Int32Array(all.buffer);
  turnNegative(keys);
  const padded = pad(keys, size, window, border);
  const out = new Float32Array(values.length);
  const found = new Int32Array(out.buffer);
  if (window[2] === 1) medianOfNine(padded, size, found);
  else medianOfTwentySeven(padded, size, found);
  turnNegative(found);
  return out;
}

/** The bits of negative float32 values rise where the values fall. Its own inverse. */
function turnNegative(bits: Int32Array): void {
  for (let i = 0; i < bits.length; i++) {
    const own = bits[i]!;
    bits[i] = own ^ ((own >> 31) & 0x7fffffff);
  }
}

interface Ranks {
  /** Of each value, and at the end of the border's constant. */
  readonly ranks: Int32Array;
  /** The value of each rank. */
  readonly table: Float64Array;
}

function ranksOf(values: FloatArray, { constant }: Border): Ranks {
  const all = another(values, values.length + 1);
  all.set(values);
  all[values.length] = constant;
  const { order, keys } = sortedOrder(all);
  const ranks = new Int32Array(all.length);
  const table = new Float64Array(all.length);
  let rank = 0;
  for (let i = 0; i < order.length; i++) {
    if (i > 0 && keys[i] !== keys[i - 1]) rank++;
    table[rank] = all[order[i]!]!;
    ranks[order[i]!] = rank;
  }
  return { ranks, table: table.subarray(0, rank + 1) };
}

/** A volume with its border, [D + 2c, H + 2b, W + 2a] for a window of 2a + 1 by 2b + 1 by 2c + 1. */
function pad(ranks: Int32Array, size: Vector3, window: Vector3, { mode }: Border): Int32Array {
  const reach = window.map((side) => side >> 1);
  const [xs, ys, zs] = size.map((side, axis) => borderIndices(side, reach[axis]!, reach[axis]!, mode));
  const outside = ranks[ranks.length - 1]!;
  const padded = new Int32Array(xs!.length * ys!.length * zs!.length);
  const [width, height] = size;
  const before = reach[0]!;
  for (let k = 0, to = 0; k < zs!.length; k++) {
    for (let j = 0; j < ys!.length; j++, to += xs!.length) {
      if (zs![k]! < 0 || ys![j]! < 0) {
        padded.fill(outside, to, to + xs!.length);
        continue;
      }
      const row = (zs![k]! * height + ys![j]!) * width;
      for (let i = 0; i < width; i++) padded[to + before + i] = ranks[row + i]!;
      for (let i = 0; i < before; i++) {
        const after = before + width + i;
        padded[to + i] = xs![i]! < 0 ? outside : ranks[row + xs![i]!]!;
        padded[to + after] = xs![after]! < 0 ? outside : ranks[row + xs![after]!]!;
      }
    }
  }
  return padded;
}

function slide(
  padded: Int32Array,
  [width, height, depth]: Vector3,
  window: Vector3,
  table: Float64Array,
  out: FloatArray,
): void {
  const bits = 32 - Math.clz32(table.length);
  const fine = Math.max(3, Math.ceil(bits / 3));
  const coarse = Math.max(6, fine + Math.ceil((bits - fine) / 2));
  const counts = new Uint16Array(table.length);
  const middles = new Uint16Array((table.length >> fine) + 1);
  const tops = new Int32Array((table.length >> coarse) + 1);
  const side = width + window[0] - 1;
  const slice = side * (height + window[1] - 1);
  const column = window[1] * window[2];
  const offsets = Int32Array.from(
    { length: column },
    (_, i) => Math.floor(i / window[1]) * slice + (i % window[1]) * side,
  );
  const half = (window[0] * column) >> 1;
  const perTop = 1 << (coarse - fine);
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = z * slice + y * side;
      for (let x = 0; x < window[0]; x++) {
        for (let i = 0; i < column; i++) {
          const rank = padded[row + x + offsets[i]!]!;
          counts[rank]!++;
          middles[rank >> fine]!++;
          tops[rank >> coarse]!++;
        }
      }
      let top = 0;
      let below = 0; // values in the tops before
      for (let x = 0; ; x++) {
        while (below > half) below -= tops[--top]!;
        for (let count = tops[top]!; below + count <= half; count = tops[top]!) {
          below += count;
          top++;
        }
        let under = below;
        let middle = top * perTop;
        for (let count = middles[middle]!; under + count <= half; count = middles[++middle]!) under += count;
        let rank = middle << fine;
        for (let count = counts[rank]!; under + count <= half; count = counts[++rank]!) under += count;
        out[to++] = table[rank]!;
        const leaves = row + x;
        if (x === width - 1) break;
        const comes = leaves + window[0];
        const first = top << coarse;
        for (let i = 0; i < column; i++) {
          const old = padded[leaves + offsets[i]!]!;
          counts[old]!--;
          middles[old >> fine]!--;
          tops[old >> coarse]!--;
          const next = padded[comes + offsets[i]!]!;
          counts[next]!++;
          middles[next >> fine]!++;
          tops[next >> coarse]!++;
          below += ((next - first) >>> 31) - ((old - first) >>> 31);
        }
      }
      for (let x = width - 1; x < side; x++) {
        for (let i = 0; i < column; i++) {
          const rank = padded[row + x + offsets[i]!]!;
          counts[rank]!--;
          middles[rank >> fine]!--;
          tops[rank >> coarse]!--;
        }
      }
    }
  }
}
