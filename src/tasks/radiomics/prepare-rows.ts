import { HounsfieldError } from '../../errors.ts';
import { matrix } from '../../learning/classifiers/matrix.ts';
import {
  classCounts,
  compareNaturally,
  type Dataset,
  requireTwoClasses,
  type Sample,
  splitOfWord,
} from '../dataset/dataset.ts';
import { type DuplicatePair, joinDuplicates } from '../dataset/duplicates.ts';
import { type Splits, splitDataset } from '../dataset/split.ts';
import type { FeatureTable } from './feature-table.ts';
import type { RadiomicsSettings } from './settings.ts';
import type { LabelledRows } from './table-rows.ts';

/** A table that is ready for classifiers: cases divided, columns without a value left out. */
export interface PreparedRows {
  readonly dataset: Dataset;
  readonly splits: Splits;
  /** Cases that are not for the test, ascending: what is cross-validated and fitted. */
  readonly development: readonly number[];
  /** Of every case in the order of dataset.samples. */
  readonly rows: LabelledRows;
  /** Columns that classifiers see. */
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

/** The cases of a table as a data set; repeats are left out. @throws LABEL_UNKNOWN, ONE_CLASS, FEATURE_TABLE */
export function datasetOf(name: string, table: FeatureTable, classes?: readonly string[]): Dataset {
  const first = table.rows.filter(({ repeat }) => repeat === undefined);
  const found = [...new Set(first.map(({ label }) => label))];
  if (found.includes('')) {
    throw new HounsfieldError(
      'FEATURE_TABLE',
      `${name}: ${first.filter(({ label }) => label === '').length} of ${first.length} rows have no label. Fill the column 'label'.`,
    );
  }
  const known = classes ?? [...found].sort(compareNaturally);
  const strange = found.filter((label) => !known.includes(label));
  if (strange.length > 0) {
    throw new HounsfieldError(
      'LABEL_UNKNOWN',
      `${name} has the labels ${strange.map((label) => `'${label}'`).join(', ')}, which are not among ${known.join(', ')}. Correct them, or name every class by --classes.`,
    );
  }
  const samples = first.map((row): Sample => {
    const split = row.split === undefined ? undefined : splitOfWord(row.split);
    return {
      id: row.case,
      source: { kind: 'file', path: row.id },
      label: known.indexOf(row.label),
      patient: row.patient,
      ...(row.site === undefined ? {} : { site: row.site }),
      ...(split ? { split } : {}),
    };
  });
  requireTwoClasses(known, samples, name);
  const grouping = first.some(({ patient, id }) => patient !== id) ? 'patient' : 'image';
  return { name, classes: known, samples, stacks: new Map(), grouping, notes: [] };
}

/** Rows of cases (not of repeats) by place in the table. */
export const caseRows = (table: FeatureTable): readonly number[] =>
  table.rows.flatMap(({ repeat }, i) => (repeat === undefined ? [i] : []));

/**
 * Divides the cases by patient, images that are copies of each other on one side, and leaves out columns that have no value in
 * any case for training. Infinite values count as missing.
 *
 * @throws what splitDataset throws; SPLIT_LEAK, CLASS_EMPTY, FEATURES_EMPTY
 */
export function prepareRows(
  given: Dataset,
  table: FeatureTable,
  settings: Pick<RadiomicsSettings, 'seed' | 'split'>,
): PreparedRows {
  const at = caseRows(table);
  const copies = copiesOf(given, table, at);
  if (given.grouping === 'patient') requireOnePatient(given, copies);
  const dataset = joinDuplicates(given, copies);
  const splits = splitDataset(dataset, settings.seed, settings.split);
  const development = [...splits.train, ...splits.validation].sort((a, b) => a - b);
  requireClasses(dataset, development);
  const infinite = at.reduce(
    (sum, row) =>
      sum +
      table.names.filter((_, j) => {
        const value = table.matrix.values[row * table.matrix.columns + j]!;
        return !Number.isFinite(value) && !Number.isNaN(value);
      }).length,
    0,
  );
  const value = (index: number, column: number): number => {
    const found = table.matrix.values[at[index]! * table.matrix.columns + column]!;
    return Number.isFinite(found) ? found : Number.NaN;
  };
  const columns = table.names.flatMap((_, j) =>
    development.some((index) => !Number.isNaN(value(index, j))) ? [j] : [],
  );
  if (columns.length === 0) {
    throw new HounsfieldError(
      'FEATURES_EMPTY',
      `${dataset.name}: no feature has a value in any case for training. Look at the column 'remarks' of the table.`,
    );
  }
  const values = new Float64Array(at.length * columns.length);
  for (let i = 0; i < at.length; i++) {
    for (const [k, j] of columns.entries()) values[i * columns.length + k] = value(i, j);
  }
  const dropped = table.names.length - columns.length;
  return {
    dataset,
    splits,
    development,
    rows: {
      x: matrix(values, at.length, columns.length),
      y: Int32Array.from(dataset.samples, ({ label }) => label),
      patients: dataset.samples.map(({ patient }) => patient),
      classes: dataset.classes,
    },
    names: columns.map((j) => table.names[j]!),
    notes: [
      ...(dropped > 0
        ? [`${dropped} features have no value in any case for training and are left out.`]
        : []),
      ...(copies.length > 0
        ? [`Copies of other images: ${copies.length}; they stay on one side of every division.`]
        : []),
      ...(infinite > 0 ? [`${infinite} infinite values count as missing.`] : []),
    ],
  };
}

/** Pairs of cases of different patients that show the same image. */
function copiesOf(dataset: Dataset, table: FeatureTable, at: readonly number[]): readonly DuplicatePair[] {
  const owners = new Map<string, number>();
  return at.flatMap((row, second): DuplicatePair[] => {
    const { imageSha256 } = table.rows[row]!;
    const first = owners.get(imageSha256);
    if (first === undefined) {
      if (imageSha256 !== '') owners.set(imageSha256, second);
      return [];
    }
    if (dataset.samples[first]!.patient === dataset.samples[second]!.patient) return [];
    return [{ first, second, kind: 'exact', correlation: 1 }];
  });
}

function requireOnePatient({ samples }: Dataset, copies: readonly DuplicatePair[]): void {
  if (copies.length === 0) return;
  const shown = copies
    .slice(0, 10)
    .map(({ first, second }) => `${samples[first]!.id} and ${samples[second]!.id}`)
    .join('; ');
  throw new HounsfieldError(
    'SPLIT_LEAK',
    `${copies.length} images are the same under different patients: ${shown}${copies.length > 10 ? '; …' : ''}. They would be learned from and judged on. ` +
      'Give both the same patient, or take one out.',
  );
}

function requireClasses(dataset: Dataset, development: readonly number[]): void {
  const counts = classCounts(dataset, development);
  const empty = dataset.classes.filter((_, k) => counts[k] === 0);
  if (empty.length === 0) return;
  throw new HounsfieldError(
    'CLASS_EMPTY',
    `no case for training is of class ${empty.map((name) => `'${name}'`).join(', ')}. Add cases, or give the test fewer patients (--split).`,
  );
}
