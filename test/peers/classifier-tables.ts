import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Matrix, matrix, takeRows } from '../../src/learning/classifiers/matrix.ts';
import { toSinglePrecision } from '../../src/learning/classifiers/pipeline/single-precision.ts';
import { fixturePath } from './peer-fixture.ts';

interface StoredTable {
  readonly rows: number;
  readonly columns: number;
  readonly classes: number;
  readonly values: readonly (number | null)[];
  readonly y: readonly number[];
  readonly folds: readonly (readonly number[])[];
  readonly categorical: readonly number[];
}

/** A table of fixtures/classifiers/tables.json.gz in single precision: rows outside of fold 0, and fold 0. */
export interface SplitTable {
  readonly train: Matrix;
  readonly trainY: Int32Array;
  readonly test: Matrix;
  readonly testY: Int32Array;
  readonly classes: number;
  readonly categorical: readonly number[];
}

let stored: Readonly<Record<string, StoredTable>> | undefined;

/** @param path where the tables are, when that is not beside the tests */
export function splitTable(name: string, path = fixturePath('classifiers/tables.json.gz')): SplitTable {
  stored ??= (
    JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as {
      cases: Readonly<Record<string, StoredTable>>; // written by scripts/peers/classifier_tables.py
    }
  ).cases;
  const table = stored[name]!;
  const values = Float64Array.from(table.values, (value) => value ?? Number.NaN);
  const x = toSinglePrecision(matrix(values, table.rows, table.columns));
  const tested = table.folds[0]!;
  const outside = Array.from({ length: table.rows }, (_, i) => i).filter((i) => !tested.includes(i));
  const classOf = (rows: readonly number[]) => Int32Array.from(rows, (row) => table.y[row]!);
  return {
    train: takeRows(x, outside),
    trainY: classOf(outside),
    test: takeRows(x, tested),
    testY: classOf(tested),
    classes: table.classes,
    categorical: table.categorical,
  };
}
