import { HounsfieldError } from '../../errors.ts';
import { type Matrix, matrix } from '../../learning/classifiers/matrix.ts';

/** What is told of a row besides its features. */
export interface FeatureRow {
  /** Path of the image relative to the data. */
  readonly id: string;
  readonly maskId?: string;
  readonly maskValue?: number | string;
  readonly patient: string;
  readonly site?: string;
  readonly split?: string;
  /** Class by name; '' where none is known. */
  readonly label: string;
  /** Of a repeat what differs; the case that it repeats is the row of the same `case`. */
  readonly repeat?: string;
  readonly case: string;
  /** Why features have no value: 'ngt_coarseness: constant region; …'; '' where all have one. */
  readonly remarks: string;
  readonly imageSha256: string;
  readonly maskSha256?: string;
}

/** What a row is called among answers: its case, of a repeat with what differs. */
export const nameOf = ({ case: name, repeat }: FeatureRow): string =>
  repeat === undefined ? name : `${name} (${repeat})`;

/** Features of many regions: a row a region, a column a feature. */
export interface FeatureTable {
  readonly names: readonly string[];
  readonly rows: readonly FeatureRow[];
  readonly matrix: Matrix;
  /** How the features were made: JSON. */
  readonly settings: string;
  readonly settingsSha256: string;
  /** 'hounsfield 0.5.0'. */
  readonly maker: string;
}

/** A column of a table file. */
export interface TableColumn {
  readonly name: string;
  readonly kind: 'text' | 'number';
  readonly cell: (row: number) => string | number | undefined;
}

const LEADING = ['image', 'mask', 'mask_value', 'case', 'repeat', 'patient', 'site', 'split', 'label'];
const TRAILING = ['remarks', 'image_sha256', 'mask_sha256', 'settings_sha256', 'maker', 'settings'];

/** The columns of a table's file: what names the row, the features, and how they were made. */
export function tableColumns(table: FeatureTable): readonly TableColumn[] {
  const { rows, names, matrix: values } = table;
  const text = (name: string, of: (row: FeatureRow) => string | number | undefined): TableColumn => ({
    name,
    kind: 'text',
    cell: (row) => of(rows[row]!),
  });
  return [
    text('image', ({ id }) => id),
    text('mask', ({ maskId }) => maskId),
    text('mask_value', ({ maskValue }) => (maskValue === undefined ? undefined : String(maskValue))),
    text('case', (row) => row.case),
    text('repeat', ({ repeat }) => repeat),
    text('patient', ({ patient }) => patient),
    text('site', ({ site }) => site),
    text('split', ({ split }) => split),
    text('label', ({ label }) => label),
    ...names.map(
      (name, column): TableColumn => ({
        name,
        kind: 'number',
        cell: (row) => values.values[row * values.columns + column],
      }),
    ),
    text('remarks', ({ remarks }) => remarks),
    text('image_sha256', ({ imageSha256 }) => imageSha256),
    text('mask_sha256', ({ maskSha256 }) => maskSha256),
    text('settings_sha256', () => table.settingsSha256),
    text('maker', () => table.maker),
    text('settings', () => table.settings),
  ];
}

/** Cells of a table file by their column's title; '' is a missing value. */
export interface TableCells {
  readonly header: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** Whether a table's titles are those of a table of features. */
export const isFeatureTable = (header: readonly string[]): boolean =>
  header.includes('settings_sha256') && header.includes('image');

/**
 * A table of features from a file's cells. All columns between the row's names and its origins are features, NaN where a
 * cell is empty; 'inf' and '-inf' are infinite.
 *
 * @throws FEATURE_TABLE when columns are missing, a cell is no number, or rows were made by different settings
 */
export function readTable(file: string, { header, lines }: TableCells): FeatureTable {
  const at = (name: string) => header.indexOf(name);
  const special = new Set([...LEADING, ...TRAILING]);
  const features = header.flatMap((name, place) => (special.has(name) ? [] : [{ name, place }]));
  const faults: string[] = [];
  for (const name of ['image', 'settings', 'settings_sha256']) {
    if (at(name) < 0) faults.push(`there is no column '${name}'`);
  }
  if (features.length === 0) faults.push('there is no column of a feature');
  const values = new Float64Array(lines.length * features.length);
  /** Rows of each column that hold no number; what they hold may be a person's and is not repeated. */
  const texts = new Map<string, number[]>();
  const cell = (line: readonly string[], name: string): string | undefined => line[at(name)] || undefined;
  const rows = lines.map((line, i): FeatureRow => {
    if (line.length !== header.length) faults.push(`row ${i + 2}: ${line.length} fields of ${header.length}`);
    for (const [j, { name, place }] of features.entries()) {
      const value = numberOf(line[place] ?? '');
      if (value === undefined) texts.set(name, [...(texts.get(name) ?? []), i + 2]);
      values[i * features.length + j] = value ?? Number.NaN;
    }
    const id = cell(line, 'image') ?? '';
    const [maskId, maskValue, site, split, repeat, maskSha256] = [
      'mask',
      'mask_value',
      'site',
      'split',
      'repeat',
      'mask_sha256',
    ].map((name) => cell(line, name));
    return {
      id,
      ...(maskId === undefined ? {} : { maskId }),
      ...(maskValue === undefined ? {} : { maskValue: maskValueOf(maskValue) }),
      patient: cell(line, 'patient') ?? id,
      ...(site === undefined ? {} : { site }),
      ...(split === undefined ? {} : { split }),
      label: cell(line, 'label') ?? '',
      ...(repeat === undefined ? {} : { repeat }),
      case: cell(line, 'case') ?? id,
      remarks: cell(line, 'remarks') ?? '',
      imageSha256: cell(line, 'image_sha256') ?? '',
      ...(maskSha256 === undefined ? {} : { maskSha256 }),
    };
  });
  const hashes = new Set(lines.map((line) => cell(line, 'settings_sha256') ?? ''));
  if (hashes.size > 1) faults.push(`rows were made by ${hashes.size} different settings`);
  for (const [name, rows] of texts) {
    const more = rows.length > 1 ? ` and ${rows.length - 1} more` : '';
    faults.push(`row ${rows[0]}${more}, ${name}: no number (take out columns that are no features)`);
  }
  if (faults.length > 0) {
    const shown = faults.slice(0, 20).join('; ');
    throw new HounsfieldError(
      'FEATURE_TABLE',
      `${file}: ${shown}${faults.length > 20 ? `; and ${faults.length - 20} more` : ''}. Make the table anew with 'hounsfield features'.`,
    );
  }
  const first = lines[0] ?? [];
  return {
    names: features.map(({ name }) => name),
    rows,
    matrix: matrix(values, lines.length, features.length),
    settings: cell(first, 'settings') ?? '{}',
    settingsSha256: cell(first, 'settings_sha256') ?? '',
    maker: cell(first, 'maker') ?? '',
  };
}

/** A whole number as one, anything else as a name. */
export const maskValueOf = (cell: string): number | string => (/^[+-]?\d+$/.test(cell) ? Number(cell) : cell);

function numberOf(cell: string): number | undefined {
  const text = cell.trim();
  if (text === '' || /^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/i.test(text)) {
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}
