import { HounsfieldError } from '../../../errors.ts';
import type { Matrix } from '../matrix.ts';

/** @throws CLUSTERING_DATA when there are no rows or columns, or a value is missing or infinite */
export function checkClusterable(what: string, { values, rows, columns }: Matrix): void {
  if (rows > 0 && columns > 0 && values.every(Number.isFinite)) return;
  throw new HounsfieldError(
    'CLUSTERING_DATA',
    `${what}: ${rows} rows of ${columns} columns were given, and every value must be there and finite. Impute missing values first.`,
  );
}

/** @throws CLUSTERING_SETTINGS */
export function settingsError(what: string, text: string): HounsfieldError {
  return new HounsfieldError('CLUSTERING_SETTINGS', `${what}: ${text} Correct the settings.`);
}

/** Squared Euclidean distance of two rows, each given by its table and where it starts. */
export function squaredDistance(
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  columns: number,
): number {
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    const d = a[atA + j]! - b[atB + j]!;
    sum += d * d;
  }
  return sum;
}

/** Place of the pair i < j among the distances of n rows, row by row above the diagonal. */
export const pairPlace = (n: number, i: number, j: number): number =>
  i < j ? i * n - ((i * (i + 3)) >> 1) + j - 1 : j * n - ((j * (j + 3)) >> 1) + i - 1;

/** Euclidean distance of every pair of rows, row by row above the diagonal: [rows (rows - 1) / 2]. */
export function pairDistances({ values, rows, columns }: Matrix): Float64Array {
  const out = new Float64Array((rows * (rows - 1)) / 2);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++, at++) {
      out[at] = Math.sqrt(squaredDistance(values, i * columns, values, j * columns, columns));
    }
  }
  return out;
}
