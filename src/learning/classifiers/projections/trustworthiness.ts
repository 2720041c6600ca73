import { HounsfieldError } from '../../../errors.ts';
import { squaredDistance } from '../clustering/distances.ts';
import type { Matrix } from '../matrix.ts';
import { nearestOf } from './nearest-of.ts';

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
  for (let i = 0; i < rows; i++) {
    const squares = squaresFrom(x, i);
    for (const j of nearestOf(squaresFrom(places, i), i, neighbours)) {
      let rank = 1;
      for (let k = 0; k < rows; k++) {
        if (k !== i && (squares[k]! < squares[j]! || (squares[k] === squares[j] && k < j))) rank++;
      }
      penalty += Math.max(0, rank - neighbours);
    }
  }
  return 1 - (penalty * 2) / (rows * neighbours * (2 * rows - 3 * neighbours - 1));
}

const squaresFrom = ({ values, rows, columns }: Matrix, own: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, j) =>
    squaredDistance(values, own * columns, values, j * columns, columns),
  );
