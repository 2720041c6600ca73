import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Matrix, matrix } from '../../src/learning/classifiers/matrix.ts';

/** A table that classifiers are held to scikit-learn on: scripts/peers/classifier_tables.py. */
export interface ClassifierTable {
  readonly x: Matrix; // NaN is missing
  readonly y: Int32Array;
  readonly classes: number;
  /** Rows of the test part of each of five stratified folds. */
  readonly folds: readonly Int32Array[];
  readonly names: readonly string[];
  readonly categorical: readonly number[];
}

interface StoredTable {
  readonly rows: number;
  readonly columns: number;
  readonly classes: number;
  readonly values: readonly (number | null)[];
  readonly y: readonly number[];
  readonly folds: readonly (readonly number[])[];
  readonly names: readonly string[];
  readonly categorical: readonly number[];
}

export type TableName = 'breast-cancer' | 'digits' | 'wine' | 'made';

/** The stored tables, by name. @param root the repository's folder */
export function classifierTables(root: URL): Readonly<Record<TableName, ClassifierTable>> {
  const bytes = readFileSync(new URL('fixtures/classifiers/tables.json.gz', root));
  const stored = JSON.parse(gunzipSync(bytes).toString('utf8')) as { cases: Record<TableName, StoredTable> }; // the script's own file
  const tables = Object.entries(stored.cases).map(([name, table]) => [
    name,
    {
      x: matrix(
        Float64Array.from(table.values, (value) => value ?? Number.NaN),
        table.rows,
        table.columns,
      ),
      y: Int32Array.from(table.y),
      classes: table.classes,
      folds: table.folds.map((rows) => Int32Array.from(rows)),
      names: table.names,
      categorical: table.categorical,
    } satisfies ClassifierTable,
  ]);
  return Object.fromEntries(tables) as Record<TableName, ClassifierTable>; // the script writes these four
}

/** Rows of the training part: all that are not in the test part, in order. */
export function otherRows(rows: number, test: Int32Array): Int32Array {
  const held = new Set(test);
  return Int32Array.from(Array.from({ length: rows }, (_, i) => i).filter((i) => !held.has(i)));
}
