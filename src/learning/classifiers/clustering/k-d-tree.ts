import type { Matrix } from '../matrix.ts';
import { squaredDistance } from './distances.ts';

/** Rows in a tree of halves, for finding those near a place. */
export interface KdTree {
  /** Rows within `radius` of a place, itself included, in rising order. */
  within(place: Float64Array, radius: number): Int32Array;
}

const LEAF = 16;

interface Branch {
  readonly start: number;
  readonly end: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly children?: readonly [Branch, Branch];
}

/** A k-d tree (Bentley, Multidimensional binary search trees used for associative searching, 1975). */
export function kdTree(x: Matrix): KdTree {
  const { values, rows, columns } = x;
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const grown = (start: number, end: number): Branch => {
    const low = new Float64Array(columns).fill(Infinity);
    const high = new Float64Array(columns).fill(-Infinity);
    for (let k = start; k < end; k++) {
      for (let j = 0, at = order[k]! * columns; j < columns; j++, at++) {
        low[j] = Math.min(low[j]!, values[at]!);
        high[j] = Math.max(high[j]!, values[at]!);
      }
    }
    let widest = 0;
    for (let j = 1; j < columns; j++) if (high[j]! - low[j]! > high[widest]! - low[widest]!) widest = j;
    if (end - start <= LEAF || !(high[widest]! > low[widest]!)) return { start, end, low, high };
    order
      .subarray(start, end)
      .sort((a, b) => values[a * columns + widest]! - values[b * columns + widest]! || a - b);
    const middle = (start + end) >> 1;
    return { start, end, low, high, children: [grown(start, middle), grown(middle, end)] };
  };
  const root = grown(0, rows);
  return {
    within(place, radius) {
      const found: number[] = [];
      const most = radius * radius;
      const open = [root];
      for (let at = open.pop(); at; at = open.pop()) {
        if (boxDistance(at, place) > most * (1 + 1e-12)) continue;
        if (at.children) open.push(...at.children);
        else {
          for (let k = at.start; k < at.end; k++) {
            const row = order[k]!;
            if (squaredDistance(values, row * columns, place, 0, columns) <= most) found.push(row);
          }
        }
      }
      return Int32Array.from(found).sort();
    },
  };
}

/** Squared distance of a place from a box. */
function boxDistance({ low, high }: Branch, place: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < place.length; j++) {
    const d = Math.max(0, low[j]! - place[j]!, place[j]! - high[j]!);
    sum += d * d;
  }
  return sum;
}
