import { HounsfieldError } from '../../../errors.ts';
import { squaredDistance } from '../clustering/distances.ts';
import type { Matrix } from '../matrix.ts';

/**
 * How far neighbours in a picture are neighbours in the table, 0 .. 1 (Venna and Kaski, Neighborhood preservation in
 * nonlinear projection methods, 2001).
 *
 * @param neighbours below half of the rows
 * @throws PROJECTION_SETTINGS
 */
export function trustworthiness(x: Matrix, places: Matrix, neighbours: number): number {
  const { rows } = x;
  if (places.rows !== rows || !(neighbours >= 1 && neighbours < rows / 2)) {
    throw new HounsfieldError(
      'PROJECTION_SETTINGS',
      `trustworthiness: ${neighbours} neighbours of ${places.rows} places for ${rows} rows. Give a place for each row, and fewer neighbours than half of them.`,
    );
  }
  let penalty = 0;
  const rank = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    for (const [at, j] of byDistance(x, i).entries()) rank[j] = at + 1;
    const near = byDistance(places, i).subarray(0, neighbours);
    for (const j of near) penalty += Math.max(0, rank[j]! - neighbours);
  }
  return 1 - (penalty * 2) / (rows * neighbours * (2 * rows - 3 * neighbours - 1));
}

function byDistance({ values, rows, columns }: Matrix, own: number): Int32Array {
  const squares = Float64Array.from({ length: rows }, (_, j) =>
    squaredDistance(values, own * columns, values, j * columns, columns),
  );
  squares[own] = -1;
  const order = Int32Array.from({ length: rows }, (_, j) => j);
  return order.sort((a, b) => squares[a]! - squares[b]! || a - b).subarray(1);
}
