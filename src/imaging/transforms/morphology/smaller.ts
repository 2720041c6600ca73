/**
 * Smallest of what stands in `into` and of values at one to four other places, over `count` places. Narrow values, whose
 * differences fit into 32 bits, are compared without a branch, which noise would make slow.
 */
export type Smaller = (
  from: Int32Array,
  at: Int32Array, // offsets of the other places
  first: number, // of these offsets
  start: number, // what is added to each
  into: Int32Array,
  to: number,
  count: number,
) => void;

/** By how many places: index 0 is one. */
export type SmallerOf = readonly [Smaller, Smaller, Smaller, Smaller];

const narrow: SmallerOf = [
  (from, at, first, start, into, to, count) => {
    const a = start + at[first]!;
    for (let i = 0; i < count; i++) {
      const own = into[to + i]!;
      const d = (from[a + i]! - own) | 0;
      into[to + i] = own + (d & (d >> 31));
    }
  },
  (from, at, first, start, into, to, count) => {
    const [a, b] = [start + at[first]!, start + at[first + 1]!];
    for (let i = 0; i < count; i++) {
      let least = into[to + i]!;
      let d = (from[a + i]! - least) | 0;
      least = (least + (d & (d >> 31))) | 0;
      d = (from[b + i]! - least) | 0;
      into[to + i] = least + (d & (d >> 31));
    }
  },
  (from, at, first, start, into, to, count) => {
    const [a, b, c] = [start + at[first]!, start + at[first + 1]!, start + at[first + 2]!];
    for (let i = 0; i < count; i++) {
      let least = into[to + i]!;
      let d = (from[a + i]! - least) | 0;
      least = (least + (d & (d >> 31))) | 0;
      d = (from[b + i]! - least) | 0;
      least = (least + (d & (d >> 31))) | 0;
      d = (from[c + i]! - least) | 0;
      into[to + i] = least + (d & (d >> 31));
    }
  },
  (from, at, first, start, into, to, count) => {
    const [a, b] = [start + at[first]!, start + at[first + 1]!];
    const [c, e] = [start + at[first + 2]!, start + at[first + 3]!];
    for (let i = 0; i < count; i++) {
      let least = into[to + i]!;
      let d = (from[a + i]! - least) | 0;
      least = (least + (d & (d >> 31))) | 0;
      d = (from[b + i]! - least) | 0;
      least = (least + (d & (d >> 31))) | 0;
      d = (from[c + i]! - least) | 0;
      least = (least + (d & (d >> 31))) | 0;
      d = (from[e + i]! - least) | 0;
      into[to + i] = least + (d & (d >> 31));
    }
  },
];

const wide: SmallerOf = [
  (from, at, first, start, into, to, count) => {
    const a = start + at[first]!;
    for (let i = 0; i < count; i++) into[to + i] = Math.min(into[to + i]!, from[a + i]!);
  },
  (from, at, first, start, into, to, count) => {
    const [a, b] = [start + at[first]!, start + at[first + 1]!];
    for (let i = 0; i < count; i++) into[to + i] = Math.min(into[to + i]!, from[a + i]!, from[b + i]!);
  },
  (from, at, first, start, into, to, count) => {
    const [a, b, c] = [start + at[first]!, start + at[first + 1]!, start + at[first + 2]!];
    for (let i = 0; i < count; i++) {
      into[to + i] = Math.min(into[to + i]!, from[a + i]!, from[b + i]!, from[c + i]!);
    }
  },
  (from, at, first, start, into, to, count) => {
    const [a, b] = [start + at[first]!, start + at[first + 1]!];
    const [c, d] = [start + at[first + 2]!, start + at[first + 3]!];
    for (let i = 0; i < count; i++) {
      into[to + i] = Math.min(into[to + i]!, from[a + i]!, from[b + i]!, from[c + i]!, from[d + i]!);
    }
  },
];

/** @param isNarrow whether the difference of any two values fits into 32 bits */
export const smallerOf = (isNarrow: boolean): SmallerOf => (isNarrow ? narrow : wide);

/** The smallest of what stands in `into` and of the values at all of the offsets. */
export function smallest(
  by: SmallerOf,
  from: Int32Array,
  offsets: Int32Array,
  start: number,
  into: Int32Array,
  to: number,
  count: number,
): void {
  let first = 0;
  for (; first + 4 <= offsets.length; first += 4) by[3](from, offsets, first, start, into, to, count);
  const left = offsets.length - first;
  if (left > 0) by[(left - 1) as 0 | 1 | 2](from, offsets, first, start, into, to, count); // one to three are left
}
