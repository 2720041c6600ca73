import { HounsfieldError } from '../../errors.ts';

/** A table of numbers: one row a case, one column a feature. NaN is a missing value. */
export interface Matrix {
  readonly values: Float64Array; // [rows, columns]
  readonly rows: number;
  readonly columns: number;
}

/** Makes a Matrix and checks its length. Throws MATRIX_SHAPE. */
export function matrix(values: Float64Array, rows: number, columns: number): Matrix {
  const whole = Number.isInteger(rows) && Number.isInteger(columns) && rows >= 0 && columns >= 0;
  if (!whole || values.length !== rows * columns) {
    throw new HounsfieldError(
      'MATRIX_SHAPE',
      `${values.length} values do not fill ${rows} rows of ${columns} columns. Pass them row by row, all of them.`,
    );
  }
  return { values, rows, columns };
}

/** A Matrix of rows that have one length. Throws MATRIX_SHAPE. */
export function matrixOf(rows: readonly ArrayLike<number>[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * columns);
  for (const [i, row] of rows.entries()) {
    if (row.length !== columns) {
      throw new HounsfieldError(
        'MATRIX_SHAPE',
        `row ${i} has ${row.length} values and the first has ${columns}. Give every row the same columns.`,
      );
    }
    values.set(row, i * columns);
  }
  return matrix(values, rows.length, columns);
}

/** Row `i`, sharing memory. */
export function rowOf({ values, columns }: Matrix, i: number): Float64Array {
  return values.subarray(i * columns, (i + 1) * columns);
}

/** The named rows, in their order; a row may come more than once. */
export function takeRows(from: Matrix, rows: ArrayLike<number>): Matrix {
  const values = new Float64Array(rows.length * from.columns);
  for (let i = 0; i < rows.length; i++) values.set(rowOf(from, rows[i]!), i * from.columns);
  return { values, rows: rows.length, columns: from.columns };
}

/** The named columns, in their order. */
export function takeColumns(from: Matrix, columns: ArrayLike<number>): Matrix {
  const { length } = columns;
  const values = new Float64Array(from.rows * length);
  for (let i = 0; i < from.rows; i++) {
    for (let j = 0; j < length; j++) values[i * length + j] = from.values[i * from.columns + columns[j]!]!;
  }
  return { values, rows: from.rows, columns: length };
}
