import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Matrix, matrix } from '../../src/learning/classifiers/matrix.ts';
import { fixturePath, sha256 } from './peer-fixture.ts';

/** A table that classifiers are held to scikit-learn on: scripts/peers/classifier_tables.py. */
export interface FoldedTable {
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

/** The cases of a compressed fixture, its checksum verified. @param file its path, where that is not beside the tests */
export function compressedFixture<T>(relative: string, file = fixturePath(relative)): T {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  const fixture = JSON.parse(text) as { sha256: string; cases: T }; // written by the peer script for this test
  const payload = text.slice(text.indexOf('"cases":') + 8, text.lastIndexOf('}'));
  if (sha256(Buffer.from(payload)) !== fixture.sha256) {
    throw new Error(`${file} does not have the checksum that it states: make it again with scripts/peers.`);
  }
  return fixture.cases;
}

/** The stored tables, by name. @param file their path, where that is not beside the tests */
export function foldedTables(file?: string): Readonly<Record<TableName, FoldedTable>> {
  const cases = compressedFixture<Record<TableName, StoredTable>>('classifiers/tables.json.gz', file);
  const folded = Object.entries(cases).map(([name, table]) => [
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
    } satisfies FoldedTable,
  ]);
  return Object.fromEntries(folded) as Record<TableName, FoldedTable>; // the script writes these four
}

/** Rows of the training part: all that are not in the test part, in order. */
export function otherRows(rows: number, test: Int32Array): Int32Array {
  const held = new Set(test);
  return Int32Array.from(Array.from({ length: rows }, (_, i) => i).filter((i) => !held.has(i)));
}
