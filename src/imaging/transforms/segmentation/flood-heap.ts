/**
 * A binary heap of entries by value and, among equals, by age: an entry's number, and 0 for the first `seeds` of them, which
 * are all as old. What is equal in both is kept as a plain heap with a left child first leaves it, so that what floods is
 * the same in every program that uses one.
 */
export interface FloodHeap {
  values: Float64Array;
  entries: Int32Array;
  count: number;
  readonly seeds: number;
}

export const floodHeap = (seeds: number): FloodHeap => ({
  values: new Float64Array(4096),
  entries: new Int32Array(4096),
  count: 0,
  seeds,
});

/** Entries are pushed in the order of their numbers: a new one is never older than an equal one. */
export function pushFlood(heap: FloodHeap, value: number, entry: number): void {
  if (heap.count === heap.values.length) growFlood(heap);
  const { values, entries } = heap;
  let child = heap.count++;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    const other = values[parent]!;
    if (value >= other) break;
    values[child] = other;
    entries[child] = entries[parent]!;
    child = parent;
  }
  values[child] = value;
  entries[child] = entry;
}

function growFlood(heap: FloodHeap): void {
  const values = new Float64Array(2 * heap.count);
  const entries = new Int32Array(2 * heap.count);
  values.set(heap.values);
  entries.set(heap.entries);
  heap.values = values;
  heap.entries = entries;
}

/** Takes the first entry away; it is read from index 0 before. */
export function popFlood(heap: FloodHeap): void {
  const { values, entries, seeds } = heap;
  const count = --heap.count;
  if (count === 0) return;
  const value = values[count]!;
  const entry = entries[count]!;
  let at = 0;
  for (let left = 1; left < count; left = 2 * at + 1) {
    let least = values[left]!;
    let next = left;
    if (left + 1 < count) {
      const right = values[left + 1]!;
      if (right < least || (right === least && isOlder(entries[left + 1]!, entries[left]!, seeds))) {
        least = right;
        next = left + 1;
      }
    }
    if (least > value || (least === value && !isOlder(entries[next]!, entry, seeds))) break;
    values[at] = least;
    entries[at] = entries[next]!;
    at = next;
  }
  values[at] = value;
  entries[at] = entry;
}

const isOlder = (a: number, b: number, seeds: number): boolean => b >= seeds && a < b;

/** The same heap where value and age fit into one number that a double holds exactly: value * 2^31 + age. */
export interface KeyedHeap {
  keys: Float64Array;
  items: Int32Array;
  count: number;
}

export const AGES = 2147483648;

export const keyedHeap = (): KeyedHeap => ({
  keys: new Float64Array(4096),
  items: new Int32Array(4096),
  count: 0,
});

export function pushKey(heap: KeyedHeap, key: number, item: number): void {
  if (heap.count === heap.keys.length) growKeyed(heap);
  const { keys, items } = heap;
  let child = heap.count++;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    const other = keys[parent]!;
    if (key >= other) break;
    keys[child] = other;
    items[child] = items[parent]!;
    child = parent;
  }
  keys[child] = key;
  items[child] = item;
}

function growKeyed(heap: KeyedHeap): void {
  const keys = new Float64Array(2 * heap.count);
  const items = new Int32Array(2 * heap.count);
  keys.set(heap.keys);
  items.set(heap.items);
  heap.keys = keys;
  heap.items = items;
}

/** Takes the first item away; it is read from index 0 before. */
export function popKey(heap: KeyedHeap): void {
  const { keys, items } = heap;
  const count = --heap.count;
  if (count === 0) return;
  const key = keys[count]!;
  let at = 0;
  for (let left = 1; left < count; left = 2 * at + 1) {
    let least = keys[left]!;
    let next = left;
    if (left + 1 < count) {
      const right = keys[left + 1]!;
      if (right < least) {
        least = right;
        next = left + 1;
      }
    }
    if (least >= key) break;
    keys[at] = least;
    items[at] = items[next]!;
    at = next;
  }
  keys[at] = key;
  items[at] = items[count]!;
}
