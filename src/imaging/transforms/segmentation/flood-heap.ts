/**
 * A binary heap of voxels by value and, among equals, by age. Ties of both are kept as a plain heap with a left child first
 * leaves them, so that what floods is the same in every program that uses one.
 */
export interface FloodHeap {
  values: Int32Array | Float64Array;
  ages: Int32Array;
  voxels: Int32Array;
  count: number;
}

export function floodHeap(values: Int32Array | Float64Array): FloodHeap {
  return { values, ages: new Int32Array(values.length), voxels: new Int32Array(values.length), count: 0 };
}

function grow(heap: FloodHeap): void {
  const room = 2 * heap.values.length;
  const longer = <T extends Int32Array | Float64Array>(list: T, next: T): T => {
    next.set(list);
    return next;
  };
  heap.values =
    heap.values instanceof Int32Array
      ? longer(heap.values, new Int32Array(room))
      : longer(heap.values, new Float64Array(room));
  heap.ages = longer(heap.ages, new Int32Array(room));
  heap.voxels = longer(heap.voxels, new Int32Array(room));
}

export function pushFlood(heap: FloodHeap, value: number, age: number, voxel: number): void {
  if (heap.count === heap.values.length) grow(heap);
  const { values, ages, voxels } = heap;
  let child = heap.count++;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    const other = values[parent]!;
    if (!(value < other || (value === other && age < ages[parent]!))) break;
    values[child] = other;
    ages[child] = ages[parent]!;
    voxels[child] = voxels[parent]!;
    child = parent;
  }
  values[child] = value;
  ages[child] = age;
  voxels[child] = voxel;
}

/** Takes the first voxel away; it is read from index 0 before. */
export function popFlood(heap: FloodHeap): void {
  const { values, ages, voxels } = heap;
  const count = --heap.count;
  if (count === 0) return;
  const value = values[count]!;
  const age = ages[count]!;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= count) break;
    let least = at;
    let leastValue = value;
    let leastAge = age;
    const leftValue = values[left]!;
    if (leftValue < value || (leftValue === value && ages[left]! < age)) {
      least = left;
      leastValue = leftValue;
      leastAge = ages[left]!;
    }
    const right = left + 1;
    if (right < count) {
      const rightValue = values[right]!;
      if (rightValue < leastValue || (rightValue === leastValue && ages[right]! < leastAge)) {
        least = right;
        leastValue = rightValue;
        leastAge = ages[right]!;
      }
    }
    if (least === at) break;
    values[at] = leastValue;
    ages[at] = leastAge;
    voxels[at] = voxels[least]!;
    at = least;
  }
  values[at] = value;
  ages[at] = age;
  voxels[at] = voxels[count]!;
}

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
