import { gradeOf } from '../../evidence/metrics/grades.ts';
import type { Dataset, TargetKind } from '../dataset/dataset.ts';
import { formatCsvRow } from '../dataset/delimited-text.ts';
import type { OutOfFold } from './pooled.ts';
import type { FoldRow } from './summary.ts';

/** One out-of-fold answer. */
export interface PredictionRow {
  readonly id: string;
  readonly fold: string;
  readonly repeat: number;
  readonly site?: string;
  /** Patients by number: answers of one number are of one patient. */
  readonly patient: number;
  /** [1] index of the class or grade; [K] labels as 0 or 1, or numbers; null: not known. */
  readonly truth: readonly (number | null)[];
  /** [K] probabilities, or of numbers the values. */
  readonly answers: readonly number[];
  /** As chosen on the fold's validation part. */
  readonly thresholds: readonly (number | null)[];
}

/** What predictions.json of a cross-validation holds. */
export interface PredictionsFile {
  readonly target: TargetKind;
  readonly classes: readonly string[];
  readonly foldsHash: string;
  readonly predictions: readonly PredictionRow[];
}

export function predictionRows(
  { dataset, indices, folds, answers, thresholds }: OutOfFold,
  names: readonly Pick<FoldRow, 'name' | 'repeat'>[],
): PredictionRow[] {
  const width = dataset.classes.length;
  const patients = new Map<string, number>();
  const numberOf = (patient: string): number => {
    const known = patients.get(patient) ?? patients.size + 1;
    patients.set(patient, known);
    return known;
  };
  return indices.map((index, row): PredictionRow => {
    const { id, site, label, targets, patient } = dataset.samples[index]!;
    const { name, repeat } = names[folds[row]!]!;
    return {
      id,
      fold: name,
      repeat,
      ...(site === undefined ? {} : { site }),
      patient: numberOf(patient),
      truth: targets ? targets.map((value) => (Number.isNaN(value) ? null : value)) : [label],
      answers: [...answers.subarray(row * width, (row + 1) * width)],
      thresholds: thresholds[folds[row]!] ?? [],
    };
  });
}

/** A table for spreadsheets: a row for each answer. */
export function predictionsCsv(dataset: Dataset, rows: readonly PredictionRow[]): string {
  const { classes, target = 'class' } = dataset;
  const withSite = rows.some(({ site }) => site !== undefined);
  const text = (value: number | null | undefined) =>
    value === null || value === undefined ? '' : String(value);
  const { head, cells } = columns[target](classes, text);
  const first = ['id', 'fold', 'repeat', ...(withSite ? ['site'] : [])];
  const lines = rows.map((row) =>
    formatCsvRow([
      ...[row.id, row.fold, String(row.repeat), ...(withSite ? [row.site ?? ''] : [])],
      ...cells(row),
    ]),
  );
  return `${[formatCsvRow([...first, ...head]), ...lines].join('\n')}\n`;
}

interface Columns {
  readonly head: readonly string[];
  readonly cells: (row: PredictionRow) => readonly string[];
}
type ColumnsOf = (classes: readonly string[], text: (value: number | null | undefined) => string) => Columns;

const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values));

const exclusive =
  (predicted: (answers: readonly number[]) => number): ColumnsOf =>
  (classes, text) => ({
    head: [
      ...['truth', 'predicted', ...classes.map((name) => `probability:${name}`)],
      ...(predicted === largest && classes.length === 2 ? ['threshold'] : []),
    ],
    cells: ({ truth, answers, thresholds }) => [
      classes[truth[0]!]!,
      classes[predicted(answers)]!,
      ...answers.map(text),
      ...(predicted === largest && classes.length === 2 ? [text(thresholds[0])] : []),
    ],
  });

const columns: Readonly<Record<TargetKind, ColumnsOf>> = {
  class: exclusive(largest),
  grade: exclusive(gradeOf),
  labels: (classes, text) => ({
    head: classes.flatMap((name) => [`truth:${name}`, `probability:${name}`, `threshold:${name}`]),
    cells: ({ truth, answers, thresholds }) =>
      classes.flatMap((_, k) => [text(truth[k]), text(answers[k]), text(thresholds[k])]),
  }),
  value: (classes, text) => ({
    head: classes.flatMap((name) => [`truth:${name}`, `predicted:${name}`]),
    cells: ({ truth, answers }) => classes.flatMap((_, k) => [text(truth[k]), text(answers[k])]),
  }),
};
