import type { PixelArray } from '../../image/medical-image.ts';

/** Values in rising order. */
export interface SortedOrder {
  /** The place of each. */
  readonly order: Uint32Array;
  /** Keys that are equal where the values are, and rise with them. */
  readonly keys: Uint32Array | Float64Array;
}

const BITS = 11;
const BUCKETS = 1 << BITS;

/** A stable sort in linear time; float64 values by comparison. Finite values. */
export function sortedOrder(values: PixelArray): SortedOrder {
  if (values instanceof Float64Array) return byComparison(values);
  let keys = sortableKeys(values);
  const length = keys.length;
  let order = new Uint32Array(length);
  let keysTo = new Uint32Array(length);
  let orderTo = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  for (const [pass, counts] of digitCounts(keys).entries()) {
    if (counts.includes(length)) continue; // all alike
    scatter(keys, order, keysTo, orderTo, counts, pass * BITS);
    [keys, keysTo, order, orderTo] = [keysTo, keys, orderTo, order];
  }
  return { order, keys };
}

function digitCounts(keys: Uint32Array): readonly Uint32Array[] {
  const [low, middle, high] = [new Uint32Array(BUCKETS), new Uint32Array(BUCKETS), new Uint32Array(BUCKETS)];
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    low[key & (BUCKETS - 1)]!++;
    middle[(key >>> BITS) & (BUCKETS - 1)]!++;
    high[key >>> (2 * BITS)]!++;
  }
  return [low, middle, high];
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
export function sortableKeys(values: Exclude<PixelArray, Float64Array>): Uint32Array<ArrayBuffer> {
  const keys = new Uint32Array(values.length);
  if (values instanceof Float32Array) {
    const zeroed = new Float32Array(values.length);
    for (let i = 0; i < zeroed.length; i++) zeroed[i] = values[i]! + 0; // -0 is 0
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
  const order = new Uint32Array(values.length)
    .map((_, i) => i)
    .sort((a, b) => values[a]! - values[b]! || a - b);
  const keys = new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) keys[i] = values[order[i]!]! + 0;
  return { order, keys };
}
