import type { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import { squaredDistance } from './distances.ts';

/**
 * Rows to start from: each next one with a chance in proportion to its squared distance from those taken, the best of
 * 2 + ln k draws (Arthur and Vassilvitskii, 2007, with the greedy choice of their section 5).
 */
export function plusPlusCentres(x: Matrix, clusters: number, random: RandomStream): Float64Array {
  const { rows, columns, values } = x;
  const centres = new Float64Array(clusters * columns);
  const take = (row: number, c: number) =>
    centres.set(values.subarray(row * columns, (row + 1) * columns), c * columns);
  const first = random.integer(rows);
  take(first, 0);
  let nearest = distancesTo(x, first, undefined);
  const tries = 2 + Math.floor(Math.log(clusters));
  for (let c = 1; c < clusters; c++) {
    let best: { readonly row: number; readonly nearest: Float64Array; readonly sum: number } | undefined;
    const total = nearest.reduce((sum, one) => sum + one, 0);
    for (let k = 0; k < tries; k++) {
      const row = drawn(nearest, random.uniform() * total);
      const with_ = distancesTo(x, row, nearest);
      const sum = with_.reduce((all, one) => all + one, 0);
      if (!best || sum < best.sum) best = { row, nearest: with_, sum };
    }
    take(best!.row, c); // at least two tries
    nearest = best!.nearest;
  }
  return centres;
}

function distancesTo(x: Matrix, row: number, least: Float64Array | undefined): Float64Array {
  const { rows, columns, values } = x;
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const distance = squaredDistance(values, i * columns, values, row * columns, columns);
    out[i] = least ? Math.min(least[i]!, distance) : distance;
  }
  return out;
}

function drawn(shares: Float64Array, target: number): number {
  let sum = 0;
  let last = 0;
  for (let i = 0; i < shares.length; i++) {
    if (shares[i] === 0) continue;
    sum += shares[i]!;
    last = i;
    if (sum > target) return i;
  }
  return last;
}
