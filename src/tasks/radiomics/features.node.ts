import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeError } from '../../atomic-file.node.ts';
import type { TaskSurroundings } from '../task.ts';
import { forgetJournal } from './extract.node.ts';
import { measureSettingsOf } from './measure-files.node.ts';
import { caseRows } from './prepare-rows.ts';
import { tableOfData } from './run-table.node.ts';
import { completeRadiomics } from './settings.ts';
import { tableFormatOf, writeTable } from './table-file.node.ts';

/** What 'hounsfield features' is asked for. */
export interface FeaturesRequest {
  readonly data: string;
  /** A .csv or .parquet file. */
  readonly out: string;
  /** Of radiomics: region, features, picture, classes, patientPattern. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly workers?: number;
}

/** What was written. */
export interface FeaturesResult {
  readonly file: string;
  readonly cases: number;
  readonly repeats: number;
  readonly features: number;
  /** Values that are missing, and rows that have one. */
  readonly missing: { readonly values: number; readonly rows: number };
  readonly settingsSha256: string;
}

/**
 * Measures images with masks and writes a table. Rows that were measured before a stop are not measured again.
 *
 * @throws SETTINGS_INVALID, TABLE_FORMAT, what readCases and extractFeatures throw
 */
export async function writeFeatures(
  request: FeaturesRequest,
  around: TaskSurroundings,
): Promise<FeaturesResult> {
  const { data, out, workers } = request;
  tableFormatOf(out);
  const settings = completeRadiomics(request.settings);
  measureSettingsOf(settings, 'mask'); // what is wrong is told first
  around.report({ kind: 'stage', text: 'looking for cases' });
  await mkdir(path.dirname(path.resolve(out)), { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, out);
  });
  const journal = `${out}.journal.jsonl`;
  const { table } = await tableOfData(
    data,
    (region) => measureSettingsOf(settings, region),
    { ...settings, labels: 'optional', journal, ...(workers === undefined ? {} : { workers }) },
    around,
  );
  await writeTable(out, table);
  await forgetJournal(journal);
  const { values, columns } = table.matrix;
  const gaps = table.rows.map((_, i) =>
    values
      .subarray(i * columns, (i + 1) * columns)
      .reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0),
  );
  return {
    file: out,
    cases: caseRows(table).length,
    repeats: table.rows.length - caseRows(table).length,
    features: columns,
    missing: { values: gaps.reduce((a, b) => a + b, 0), rows: gaps.filter((count) => count > 0).length },
    settingsSha256: table.settingsSha256,
  };
}
