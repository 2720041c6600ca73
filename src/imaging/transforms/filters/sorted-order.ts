import type { PixelArray } from '../../image/medical-image.ts';

/** Values in rising order, and the place that each of them came from. */
export interface SortedOrder {
  readonly order: Uint32Array;
  readonly sorted: PixelArray;
}

const BITS = 11;
const BUCKETS = 1 << BITS;

/** A stable sort in linear time; float64 values by comparison. Finite values. */
export function sortedOrder(values: PixelArray): SortedOrder {
  if (values instanceof Float64Array) return byComparison(values);
  const keys = sortableKeys(values);
  const length = keys.length;
  let order = new Uint32Array(length);
  let spare = new Uint32Array(length);
  let [from, to] = [keys, new Uint32Array(length)];
  for (let i = 0; i < length; i++) order[i] = i;
  const counts = new Uint32Array(3 * BUCKETS);
  for (let i = 0; i < length; i++) {
    const key = from[i]!;
    counts[key & (BUCKETS - 1)]!++;
    counts[BUCKETS + ((key >>> BITS) & (BUCKETS - 1))]!++;
    counts[2 * BUCKETS + (key >>> (2 * BITS))]!++;
  }
  for (let pass = 0; pass < 3; pass++) {
    const own = counts.subarray(pass * BUCKETS, (pass + 1) * BUCKETS);
    if (own.includes(length)) continue; // all alike
    scatter(from, order, to, spare, own, pass * BITS);
    [from, to] = [to, from];
    [order, spare] = [spare, order];
  }
  const sorted = values.slice();
  for (let i = 0; i < length; i++) sorted[i] = values[order[i]!]!;
  return { order, sorted };
}

function scatter(
  keys: Uint32Array,
  order: Uint32Array,
  keysTo: Uint32Array,
  orderTo: Uint32Array,
  counts: Uint32Array,
  shift: number,
): void {
  for (let bucket = 0, start = 0; bucket < BUCKETS; bucket++) {
    const own = counts[bucket]!;
    counts[bucket] = start;
    start += own;
  }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const bucket = (key >>> shift) & (BUCKETS - 1);
    const at = counts[bucket]!;
    counts[bucket] = at + 1;
    keysTo[at] = key;
    orderTo[at] = order[i]!;
  }
}

/** Whole numbers without sign in the order of the values. */
function sortableKeys(values: PixelArray): Uint32Array<ArrayBuffer> {
  const keys = new Uint32Array(values.length);
  if (values instanceof Float32Array) {
    const zeroed = Float32Array.from(values, (value) => value + 0); // -0 is 0
    const bits = new Int32Array(zeroed.buffer);
    for (let i = 0; i < bits.length; i++) {
      const own = bits[i]!;
      keys[i] = own ^ ((own >> 31) | 0x80000000);
    }
  } else if (values instanceof Uint32Array) keys.set(values);
  else for (let i = 0; i < values.length; i++) keys[i] = values[i]! ^ 0x80000000;
  return keys;
}

function byComparison(values: Float64Array): SortedOrder {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
  return { order, sorted: Float64Array.from(order, (at) => values[at]!) };
}
