import { readFile } from 'node:fs/promises';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { findDelimiter, formatCsvRow, parseDelimited } from '../dataset/delimited-text.ts';
import { decodeText } from '../dataset/table-manifest.node.ts';
import {
  type FeatureTable,
  isFeatureTable,
  readTable,
  type TableCells,
  type TableColumn,
  tableColumns,
} from './feature-table.ts';

/** Formats of a table's file. */
export const TABLE_FORMATS = ['csv', 'parquet'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** The format that a file's name asks for. @throws TABLE_FORMAT */
export function tableFormatOf(file: string): TableFormat {
  const format = TABLE_FORMATS.find((name) => file.toLowerCase().endsWith(`.${name}`));
  if (format) return format;
  throw new HounsfieldError('TABLE_FORMAT', `${file} ends in neither .csv nor .parquet. Name it so.`);
}

/** A table of any columns, and how its features were made. */
export interface WrittenTable {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
  /** JSON. */
  readonly settings: string;
  readonly settingsSha256: string;
  readonly maker: string;
}

/** Writes a table of features whole or not at all, CSV or Parquet by the file's name. @throws TABLE_FORMAT, FILE_NOT_WRITABLE, DISK_FULL */
export function writeTable(file: string, table: FeatureTable): Promise<void> {
  return writeColumns(file, { ...table, rows: table.rows.length, columns: tableColumns(table) });
}

/** Writes columns whole or not at all, CSV or Parquet by the file's name. @throws TABLE_FORMAT, FILE_NOT_WRITABLE, DISK_FULL */
export async function writeColumns(file: string, table: WrittenTable): Promise<void> {
  const write = { csv: csvOf, parquet: parquetOf }[tableFormatOf(file)];
  await writeFileAtomically(file, write(table));
}

/** Numbers are written so that they are read back to the last bit; a missing value is an empty cell. */
function csvOf({ rows, columns }: WrittenTable): string {
  const lines = Array.from({ length: rows }, (_, row) =>
    formatCsvRow(
      columns.map(({ cell }) => {
        const value = cell(row);
        if (typeof value !== 'number') return value ?? '';
        if (Number.isNaN(value)) return '';
        return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf';
      }),
    ),
  );
  return `${[formatCsvRow(columns.map(({ name }) => name)), ...lines].join('\n')}\n`;
}

/** Text columns as UTF-8, features as DOUBLE; a missing value is null. */
function parquetOf({ rows, columns, settings, settingsSha256, maker }: WrittenTable): Uint8Array {
  const columnData = columns.map(({ name, kind, cell }) => ({
    name,
    type: kind === 'number' ? ('DOUBLE' as const) : ('STRING' as const),
    data: Array.from({ length: rows }, (_, row) => {
      const value = cell(row);
      return value === undefined || Number.isNaN(value) ? null : value;
    }),
  }));
  const kvMetadata = [
    { key: 'hounsfield.settings', value: settings },
    { key: 'hounsfield.settings_sha256', value: settingsSha256 },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, kvMetadata, createdBy: maker }));
}

/** Reads a table written by writeTable; undefined where a CSV or Parquet file is another table. @throws FEATURE_TABLE, FILE_UNREADABLE */
export async function openTable(file: string): Promise<FeatureTable | undefined> {
  const format = TABLE_FORMATS.find((name) => file.toLowerCase().endsWith(`.${name}`));
  if (!format) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new HounsfieldError('FILE_UNREADABLE', `${file} cannot be read. Check the path.`, { cause });
  }
  const cells = format === 'csv' ? csvCells(bytes) : await parquetCells(file, bytes);
  return isFeatureTable(cells.header) ? readTable(file, cells) : undefined;
}

function csvCells(bytes: Uint8Array): TableCells {
  const text = decodeText(bytes);
  const [header = [], ...lines] = parseDelimited(text, findDelimiter(text.replace(/^\ufeff/, '')));
  return { header: header.map((name) => name.trim()), lines };
}

async function parquetCells(file: string, bytes: Uint8Array): Promise<TableCells> {
  let rows: Record<string, unknown>[];
  try {
    const buffer = new Uint8Array(bytes).buffer;
    rows = await parquetReadObjects({ file: buffer });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HounsfieldError(
      'FEATURE_TABLE',
      `${file} cannot be read as Parquet (${reason}). Make the table anew with 'hounsfield features'.`,
      { cause },
    );
  }
  const header = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => header.map((name) => textOf(row[name])));
  return { header, lines };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' && !Number.isFinite(value))
    return value > 0 ? 'inf' : value < 0 ? '-inf' : '';
  return String(value);
}
