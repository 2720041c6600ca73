import { HounsfieldError } from '../../errors.ts';
import type { ManifestProblem, TargetKind } from './dataset.ts';
import type { LoadOptions } from './load-options.ts';
import {
  classAnswers,
  gradeAnswers,
  joinedLabelAnswers,
  labelColumnAnswers,
  valueAnswers,
} from './table-answers.ts';

/** A column that holds what is to be learned. */
export interface AnswerColumn {
  readonly at: number;
  readonly name: string;
  /** Of a number, from 'value:age (years)'; '' if none is named. */
  readonly unit: string;
}

/** What a table's columns offer: one column of labels, a column a label, grades, or numbers. */
export type AnswerForm = 'label' | 'labels' | 'grade' | 'value';

export interface AnswerColumns {
  readonly form: AnswerForm;
  readonly columns: readonly AnswerColumn[];
}

/** A row's cells in the answer columns. */
export interface AnswerCells {
  readonly line: number;
  readonly cells: readonly string[];
}

/** What the rows of a table answer. */
export interface TableAnswers {
  readonly target: TargetKind;
  readonly classes: readonly string[];
  readonly units?: readonly string[];
  /** For each row the class or grade by index, or the row of targets; undefined where there is a problem. */
  readonly answers: readonly (number | readonly number[] | undefined)[];
  readonly problems: readonly ManifestProblem[];
  readonly notes: readonly string[];
}

const preferred: Readonly<Record<TargetKind, readonly AnswerForm[]>> = {
  class: ['label'],
  labels: ['labels', 'label'],
  grade: ['grade', 'label'],
  value: ['value', 'label'],
};

/**
 * The columns to learn from: 'label', one 'label:<name>' a label, 'grade', 'value' or 'value:<name> (<unit>)'. Undefined
 * where there is none.
 *
 * @param header as the table writes it
 * @throws TARGET_AMBIGUOUS, TARGET_MISSING
 */
export function findAnswerColumns(
  file: string,
  header: readonly string[],
  options: LoadOptions,
): AnswerColumns | undefined {
  const found = new Map<AnswerForm, AnswerColumn[]>();
  const put = (form: AnswerForm, column: AnswerColumn) =>
    found.set(form, [...(found.get(form) ?? []), column]);
  const named = (column: 'label' | 'grade' | 'value') =>
    (options.columns?.[column] ?? column).trim().toLowerCase();
  for (const [at, title] of header.entries()) {
    const text = title.trim();
    const key = text.toLowerCase();
    const part = /^(label|value)\s*:\s*(.+)$/i.exec(text);
    if (key === named('label')) put('label', { at, name: text, unit: '' });
    else if (key === named('grade')) put('grade', { at, name: text, unit: '' });
    else if (key === named('value')) put('value', { at, ...nameAndUnit(text) });
    else if (part?.[1]?.toLowerCase() === 'label') put('labels', { at, name: part[2]!, unit: '' });
    else if (part) put('value', { at, ...nameAndUnit(part[2]!) });
    else if (/^value\s*\(.+\)$/i.test(text)) put('value', { at, ...nameAndUnit(text) });
  }
  const target = options.target ?? 'auto';
  if (target === 'auto') {
    if (found.size > 1) {
      const names = [...found.values()].flat().map(({ at }) => `'${header[at]!.trim()}'`);
      throw new HounsfieldError(
        'TARGET_AMBIGUOUS',
        `${file} has several columns that could be learned: ${names.join(', ')}. ` +
          'Say which with --target: class or labels (label), grade or value.',
      );
    }
    const [only] = found;
    return only ? { form: only[0], columns: only[1] } : undefined;
  }
  const form = preferred[target].find((candidate) => found.has(candidate));
  if (form) return { form, columns: found.get(form)! };
  if (found.size === 0) return undefined;
  throw new HounsfieldError(
    'TARGET_MISSING',
    `${file} has no column for --target ${target}. It needs ${needed[target]}.`,
  );
}

const needed: Readonly<Record<TargetKind, string>> = {
  class: "a column 'label'",
  labels: "a column 'label:<name>' for each label with 0 and 1, or a column 'label' with names joined by ;",
  grade: "a column 'grade'",
  value: "a column 'value', or 'value:<name> (<unit>)'",
};

/** 'age (years)' -> age, years. */
export function nameAndUnit(text: string): { name: string; unit: string } {
  const found = /^(.*?)\s*[([]([^()[\]]+)[)\]]\s*$/.exec(text);
  return found?.[1] ? { name: found[1], unit: found[2]!.trim() } : { name: text.trim(), unit: '' };
}

/** What the rows answer, by the kind that the columns and `options.target` say. @throws TARGET_AMBIGUOUS, GRADE_ORDER */
export function readAnswers(
  file: string,
  { form, columns }: AnswerColumns,
  rows: readonly AnswerCells[],
  options: LoadOptions,
): TableAnswers {
  if (form === 'labels') return labelColumnAnswers(columns, rows, options);
  if (form === 'grade') return gradeAnswers(file, rows, options);
  if (form === 'value') return valueAnswers(columns, rows, options);
  const target = options.target ?? 'auto';
  const kind = target === 'auto' ? kindOfLabels(file, rows) : target;
  if (kind === 'labels') {
    const read = joinedLabelAnswers(rows, options);
    const note =
      "Several labels an image, because cells of 'label' join names by ; or |. With --target class each cell is one class.";
    return target === 'auto' ? { ...read, notes: [...read.notes, note] } : read;
  }
  if (kind === 'grade') return gradeAnswers(file, rows, options);
  if (kind === 'value') {
    const read = valueAnswers(columns, rows, options);
    const note =
      "Numbers are learned, because every 'label' is one and many have decimals. With --target class they are classes.";
    return target === 'auto' ? { ...read, notes: [...read.notes, note] } : read;
  }
  return classAnswers(rows, options);
}

/** Different whole numbers that may still be names of classes. */
const MOST_NUMBERED_CLASSES = 20;
/** Different numbers with decimals from which on they are measurements beyond doubt. */
const FEWEST_MEASUREMENTS = 12;

/** What a lone 'label' column holds. @throws TARGET_AMBIGUOUS where numbers may be classes, grades or measurements */
function kindOfLabels(file: string, rows: readonly AnswerCells[]): TargetKind {
  const different = [...new Set(rows.map(({ cells }) => cells[0]!))];
  const numbers = different.map(Number);
  if (different.length === 0 || numbers.some((value) => !Number.isFinite(value))) {
    return different.some((cell) => /[;|]/.test(cell)) ? 'labels' : 'class';
  }
  const whole = numbers.every(Number.isInteger);
  if (whole && different.length <= MOST_NUMBERED_CLASSES) return 'class';
  const decimals = numbers.filter((value) => !Number.isInteger(value)).length;
  if (decimals >= FEWEST_MEASUREMENTS && 2 * decimals >= numbers.length) return 'value';
  throw new HounsfieldError(
    'TARGET_AMBIGUOUS',
    `${file} has ${different.length} different numbers as labels: ` +
      'classes, grades or measurements? Say with --target class, --target grade or --target value.',
  );
}
