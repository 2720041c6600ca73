import { squaredDistance } from '../clustering/distances.ts';
import type { Matrix } from '../matrix.ts';
import { nearestOf } from './nearest-of.ts';

/** Pairs that belong together, both ways, each with a weight of (0, 1]. */
export interface FuzzyNeighbours {
  readonly heads: Int32Array;
  readonly tails: Int32Array;
  readonly weights: Float64Array;
}

const STEPS = 64;
const TOLERANCE = 1e-5;
/** The least width, of the mean distance. */
const LEAST_WIDTH = 1e-3;

/**
 * A fuzzy neighbourhood around each row, and the union of both of a pair (McInnes et al., 2018, algorithms 2 and 3).
 *
 * @param count rows around each, itself included
 */
export function fuzzyNeighbours(x: Matrix, count: number): FuzzyNeighbours {
  const { rows, columns, values } = x;
  const squares = new Float64Array(rows);
  const near = new Int32Array(rows * (count - 1));
  const distances = new Float64Array(rows * (count - 1));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++)
      squares[j] = squaredDistance(values, i * columns, values, j * columns, columns);
    for (const [k, j] of nearestOf(squares, i, count - 1).entries()) {
      near[i * (count - 1) + k] = j;
      distances[i * (count - 1) + k] = Math.sqrt(squares[j]!);
    }
  }
  const mean = distances.reduce((sum, d) => sum + d, 0) / (rows * count);
  const one = Array.from({ length: rows }, () => new Map<number, number>());
  for (let i = 0; i < rows; i++) {
    const own = distances.subarray(i * (count - 1), (i + 1) * (count - 1));
    const first = own.find((d) => d > 0) ?? 0;
    const width = widthOf(own, first, Math.log2(count), mean);
    for (const [k, d] of own.entries()) {
      const strength = d <= first || width === 0 ? 1 : Math.exp(-(d - first) / width);
      one[i]!.set(near[i * (count - 1) + k]!, strength);
    }
  }
  return united(one);
}

/** The width with which the strengths sum to `wanted`, by bisection. */
function widthOf(distances: Float64Array, first: number, wanted: number, mean: number): number {
  let [low, high, width] = [0, Infinity, 1];
  for (let step = 0; step < STEPS; step++) {
    let sum = 0;
    for (const d of distances) sum += d > first ? Math.exp(-(d - first) / width) : 1;
    if (Math.abs(sum - wanted) < TOLERANCE) break;
    if (sum > wanted) {
      high = width;
      width = (low + high) / 2;
    } else {
      low = width;
      width = high === Infinity ? width * 2 : (low + high) / 2;
    }
  }
  const own = first > 0 ? distances.reduce((sum, d) => sum + d, 0) / (distances.length + 1) : mean;
  return Math.max(width, LEAST_WIDTH * own);
}

function united(one: readonly ReadonlyMap<number, number>[]): FuzzyNeighbours {
  const heads: number[] = [];
  const tails: number[] = [];
  const weights: number[] = [];
  for (const [i, own] of one.entries()) {
    for (const [j, strength] of own) {
      const back = one[j]!.get(i);
      if (back !== undefined && j < i) continue; // told from the other side
      const weight = strength + (back ?? 0) - strength * (back ?? 0);
      heads.push(i, j);
      tails.push(j, i);
      weights.push(weight, weight);
    }
  }
  return {
    heads: Int32Array.from(heads),
    tails: Int32Array.from(tails),
    weights: Float64Array.from(weights),
  };
}
