import { HounsfieldError } from '../../errors.ts';
import { compareNaturally, type ManifestProblem } from './dataset.ts';
import { orderGrades } from './grade-order.ts';
import type { LoadOptions } from './load-options.ts';
import type { AnswerCells, AnswerColumn, TableAnswers } from './table-targets.ts';

/** One of exclusive classes a row. */
export function classAnswers(rows: readonly AnswerCells[], options: LoadOptions): TableAnswers {
  const found = rows.map(({ cells }) => cells[0]!);
  const classes = options.classes ?? [...new Set(found)].filter((cell) => cell !== '').sort(compareNaturally);
  return { target: 'class', ...byName(rows, found, classes, 'label'), notes: [] };
}

/** A grade on an ordered scale a row. @throws GRADE_ORDER */
export function gradeAnswers(file: string, rows: readonly AnswerCells[], options: LoadOptions): TableAnswers {
  const found = rows.map(({ cells }) => cells[0]!.replace(/^([+-]?\d+)\.0+$/, '$1'));
  const present = [...new Set(found)].filter((cell) => cell !== '');
  const ordered = options.classes ? { grades: options.classes, notes: [] } : orderGrades(file, present);
  return {
    target: 'grade',
    ...byName(rows, found, ordered.grades, 'grade'),
    notes: ordered.notes,
  };
}

function byName(
  rows: readonly AnswerCells[],
  found: readonly string[],
  classes: readonly string[],
  what: string,
): Pick<TableAnswers, 'classes' | 'answers' | 'problems'> {
  const index = new Map(classes.map((name, k) => [name, k]));
  const problems: ManifestProblem[] = [];
  const answers = rows.map(({ line }, i) => {
    const cell = found[i]!;
    const k = index.get(cell);
    if (cell === '') problems.push({ code: 'MANIFEST_INVALID', text: `row ${line}: ${what} empty` });
    else if (k === undefined) {
      const text = `row ${line}: ${what} '${cell}' is not among ${classes.join(', ')}`;
      problems.push({ code: 'LABEL_UNKNOWN', text });
    }
    return k;
  });
  return { classes, answers, problems };
}

/** Words for 'none of the labels'. */
const NO_LABEL = /^(?:none|normal|no finding)$/i;

/** Names joined by ; or | in one cell; 'none', 'normal' or 'no finding' alone say that there is no label. */
export function joinedLabelAnswers(rows: readonly AnswerCells[], options: LoadOptions): TableAnswers {
  const given = new Set(options.classes);
  const problems: ManifestProblem[] = [];
  const sets = rows.map(({ line, cells }) => {
    const names = cells[0]!
      .split(/[;|]/)
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const labels = names.filter((name) => given.has(name) || !NO_LABEL.test(name));
    if (names.length === 0) {
      const text = `row ${line}: label empty; write 'none' for an image without any of the labels`;
      problems.push({ code: 'MANIFEST_INVALID', text });
    } else if (labels.length > 0 && labels.length < names.length) {
      const text = `row ${line}: label '${cells[0]}' says that there is none, and names some`;
      problems.push({ code: 'MANIFEST_INVALID', text });
    }
    return new Set(labels);
  });
  const classes = options.classes ?? [...new Set(sets.flatMap((set) => [...set]))].sort(compareNaturally);
  const known = new Set(classes);
  for (const [i, set] of sets.entries()) {
    for (const name of set) {
      if (known.has(name)) continue;
      const text = `row ${rows[i]!.line}: label '${name}' is not among ${classes.join(', ')}`;
      problems.push({ code: 'LABEL_UNKNOWN', text });
    }
  }
  const answers = sets.map((set) => classes.map((name) => (set.has(name) ? 1 : 0)));
  return { target: 'labels', classes, answers, problems, notes: [] };
}

/** A column a label: 0 or 1; empty and -1 mean that it is not known. */
export function labelColumnAnswers(
  columns: readonly AnswerColumn[],
  rows: readonly AnswerCells[],
  options: LoadOptions,
): TableAnswers {
  const classes = options.classes ?? columns.map(({ name }) => name);
  const place = classes.map((name) => columns.findIndex((column) => column.name === name));
  const problems: ManifestProblem[] = [];
  let unknown = 0;
  const answers = rows.map(({ line, cells }) =>
    place.map((at, k) => {
      const cell = at < 0 ? '' : cells[at]!.trim().toLowerCase();
      const value = labelCell(cell);
      if (value === undefined) {
        const text = `row ${line}: label '${classes[k]}' is '${cell}', not 0, 1, or empty or -1 where it is not known`;
        problems.push({ code: 'MANIFEST_INVALID', text });
      }
      if (value !== undefined && Number.isNaN(value)) unknown++;
      return value ?? Number.NaN;
    }),
  );
  const notes = unknown > 0 ? [`${unknown} labels are not known (empty or -1); they count nowhere.`] : [];
  const absent = classes.filter((_, k) => place[k]! < 0);
  if (absent.length > 0)
    notes.push(`No column for ${absent.map((name) => `'${name}'`).join(', ')}: not known.`);
  const extra = columns.filter(({ name }) => !classes.includes(name));
  if (extra.length > 0) notes.push(`Passed over: ${extra.map(({ name }) => `'label:${name}'`).join(', ')}.`);
  return { target: 'labels', classes, answers, problems, notes };
}

function labelCell(cell: string): number | undefined {
  if (/^(?:1(?:\.0*)?|true|yes)$/.test(cell)) return 1;
  if (/^(?:0(?:\.0*)?|false|no)$/.test(cell)) return 0;
  return isUnknown(cell) || /^-1(?:\.0*)?$/.test(cell) ? Number.NaN : undefined;
}

const isUnknown = (cell: string): boolean => /^(?:|nan|na|n\/a|unknown|\?)$/i.test(cell);

/** One or more numbers a row; an empty cell is not known, and a row of nothing else is a problem. */
export function valueAnswers(
  columns: readonly AnswerColumn[],
  rows: readonly AnswerCells[],
  options: LoadOptions,
): TableAnswers {
  const classes = options.classes ?? columns.map(({ name }) => name);
  // A model's single number is what the data's single number is compared with, whatever their names.
  const single = classes.length === 1 && columns.length === 1;
  const place = classes.map((name) => (single ? 0 : columns.findIndex((column) => column.name === name)));
  const absent = classes.filter((_, k) => place[k]! < 0);
  if (absent.length > 0) {
    throw new HounsfieldError(
      'TARGET_MISSING',
      `there is no column for ${absent.map((name) => `'${name}'`).join(', ')}. Add 'value:${absent[0]}'.`,
    );
  }
  const problems: ManifestProblem[] = [];
  const answers = rows.map(({ line, cells }) => {
    const row = place.map((at, k) => {
      const cell = cells[at]!.trim();
      const value = isUnknown(cell) ? Number.NaN : Number(cell);
      if (isUnknown(cell) || Number.isFinite(value)) return value;
      const comma = /^[+-]?\d+,\d+$/.test(cell) ? '; write a decimal point' : '';
      const text = `row ${line}: ${classes[k]} is not a number${comma}`;
      problems.push({ code: 'MANIFEST_INVALID', text });
      return 0;
    });
    if (row.every(Number.isNaN)) {
      const text = `row ${line}: ${classes.join(', ')} empty; leave the image out`;
      problems.push({ code: 'MANIFEST_INVALID', text });
    }
    return row;
  });
  const units = place.map((at) => columns[at]!.unit);
  return { target: 'value', classes, units, answers, problems, notes: [] };
}
