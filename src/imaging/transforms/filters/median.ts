import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { type Border, borderIndices } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { borderOf, FILTER_EXTENTS, filterVolumes, readBorder, windowWithin } from './filter-volumes.ts';
import { readWindow, type WindowParameters } from './mean-smoothing.ts';
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
 * Median over a window of odd sides, exact for any values: they are replaced by their ranks, and a histogram of ranks in
 * three tiers moves along each row (after T. Huang, "A fast two-dimensional median filtering algorithm", 1979).
 */
export function medianFilter(values: FloatArray, size: Vector3, window: Vector3, border: Border): FloatArray {
  const { ranks, table } = ranksOf(values, border);
  const padded = pad(ranks, size, window, border);
  const out = another(values);
  if (window[0] === 3 && window[1] === 3 && window[2] === 1) medianOfNine(padded, size, table, out);
  else slide(padded, size, window, table, out);
  return out;
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

/** Windows of 3 x 3 without branches: each column is sorted once, then three of its neighbours are compared. */
function medianOfNine(
  padded: Int32Array,
  [width, height, depth]: Vector3,
  table: Float64Array,
  out: FloatArray,
): void {
  const side = width + 2;
  const [low, middle, high] = [new Int32Array(side), new Int32Array(side), new Int32Array(side)];
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = (z * (height + 2) + y) * side;
      for (let x = 0; x < side; x++) {
        let [a, b, c] = [padded[row + x]!, padded[row + side + x]!, padded[row + 2 * side + x]!];
        let d = (a - b) & ((a - b) >> 31); // least less the second
        [a, b] = [b + d, a - d];
        d = (b - c) & ((b - c) >> 31);
        [b, c] = [c + d, b - d];
        d = (a - b) & ((a - b) >> 31);
        low[x] = b + d;
        middle[x] = a - d;
        high[x] = c;
      }
      for (let x = 0; x < width; x++, to++) {
        // greatest of the least
        let [a, b, c] = [low[x]!, low[x + 1]!, low[x + 2]!];
        a = a - ((a - b) & ((a - b) >> 31));
        const least = a - ((a - c) & ((a - c) >> 31));
        // least of the greatest
        [a, b, c] = [high[x]!, high[x + 1]!, high[x + 2]!];
        a = b + ((a - b) & ((a - b) >> 31));
        const most = c + ((a - c) & ((a - c) >> 31));
        // middle of the middle
        [a, b, c] = [middle[x]!, middle[x + 1]!, middle[x + 2]!];
        let d = (a - b) & ((a - b) >> 31);
        [a, b] = [b + d, a - d];
        b = c + ((b - c) & ((b - c) >> 31));
        const centre = a - ((a - b) & ((a - b) >> 31));
        // middle of the three
        d = (least - centre) & ((least - centre) >> 31);
        [a, b] = [centre + d, least - d];
        b = most + ((b - most) & ((b - most) >> 31));
        out[to] = table[a - ((a - b) & ((a - b) >> 31))]!;
      }
    }
  }
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
