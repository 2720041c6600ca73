import { squaredDistance } from '../clustering/distances.ts';
import type { Matrix } from '../matrix.ts';
import { nearestOf } from './nearest-of.ts';

/** How much rows belong together; row i's others are others[starts[i]] .. others[starts[i + 1] - 1], shares sum to 1. */
export interface Affinities {
  readonly starts: Int32Array; // [rows + 1]
  readonly others: Int32Array;
  readonly shares: Float64Array;
}

const STEPS = 100;

/**
 * Gaussian neighbourhoods of the same perplexity around every row, over its 3 x perplexity nearest, made symmetric
 * (van der Maaten, 2014, equations 4 to 6).
 */
export function affinitiesOf(x: Matrix, perplexity: number): Affinities {
  const { rows, columns, values } = x;
  const count = Math.min(rows - 1, Math.floor(3 * perplexity + 1));
  const near = new Int32Array(rows * count);
  const chances = new Float64Array(rows * count);
  const squares = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++)
      squares[j] = squaredDistance(values, i * columns, values, j * columns, columns);
    const order = nearestOf(squares, i, count);
    near.set(order, i * count);
    fillChances(
      Float64Array.from(order, (j) => squares[j]!),
      perplexity,
      chances.subarray(i * count, (i + 1) * count),
    );
  }
  return symmetric(near, chances, rows, count);
}

/** Chances of others whose entropy is the logarithm of the perplexity, by bisection of the width. */
function fillChances(squares: Float64Array, perplexity: number, out: Float64Array): void {
  const wanted = Math.log(perplexity);
  const least = squares[0]!;
  let beta = 1;
  let [low, high] = [0, Infinity];
  for (let step = 0; step < STEPS; step++) {
    let sum = 0;
    let weighed = 0;
    for (let k = 0; k < squares.length; k++) {
      const d = squares[k]! - least;
      const chance = Math.exp(-d * beta);
      out[k] = chance;
      sum += chance;
      weighed += d * chance;
    }
    const entropy = Math.log(sum) + (beta * weighed) / sum;
    for (let k = 0; k < squares.length; k++) out[k] = out[k]! / sum;
    if (Math.abs(entropy - wanted) < 1e-5) return;
    if (entropy > wanted) {
      low = beta;
      beta = high === Infinity ? beta * 2 : (beta + high) / 2;
    } else {
      high = beta;
      beta = (beta + low) / 2;
    }
  }
}

function symmetric(near: Int32Array, chances: Float64Array, rows: number, count: number): Affinities {
  const both: Map<number, number>[] = Array.from({ length: rows }, () => new Map<number, number>());
  for (let i = 0; i < rows; i++) {
    for (let k = i * count; k < (i + 1) * count; k++) {
      const [j, chance] = [near[k]!, chances[k]! / (2 * rows)];
      both[i]!.set(j, (both[i]!.get(j) ?? 0) + chance);
      both[j]!.set(i, (both[j]!.get(i) ?? 0) + chance);
    }
  }
  const starts = new Int32Array(rows + 1);
  for (let i = 0; i < rows; i++) starts[i + 1] = starts[i]! + both[i]!.size;
  const others = new Int32Array(starts[rows]!);
  const shares = new Float64Array(starts[rows]!);
  for (let i = 0; i < rows; i++) {
    let k = starts[i]!;
    for (const [j, share] of both[i]!) {
      others[k] = j;
      shares[k++] = share;
    }
  }
  return { starts, others, shares };
}
