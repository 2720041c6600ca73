import { HounsfieldError } from '../../errors.ts';
import { type NpyArray, npyNumbers } from '../../imaging/formats/npy.ts';
import type { TargetKind } from './dataset.ts';
import type { LoadOptions } from './load-options.ts';
import { labelStrata, valueStrata } from './strata.ts';

/** What an .npz answers, part by part. */
export interface NpzAnswers {
  readonly target: TargetKind;
  readonly classes: readonly string[];
  readonly parts: readonly (readonly { readonly label: number; readonly targets?: readonly number[] }[])[];
  readonly notes: readonly string[];
}

interface Part {
  readonly part: string;
  readonly rows: readonly (readonly number[])[];
}

/** Labels [N], [N, 1] or [N, K] as rows; none where the array is empty. */
export function labelMatrix(array: NpyArray): number[][] {
  const [count = 0, ...rest] = array.shape;
  const width = Math.max(
    1,
    rest.reduce((product, size) => product * size, 1),
  );
  const values = npyNumbers(array);
  if (values.length !== count * width) return [];
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: width }, (_, k) => Number(values[i * width + k])),
  );
}

/** Which kind the labels are of, and what each image's is. @throws MANIFEST_INVALID, LABEL_UNKNOWN, TARGET_AMBIGUOUS, TARGET_MISSING */
export function npzAnswers(
  file: string,
  parts: readonly Part[],
  options: LoadOptions,
  invalid: (what: string) => HounsfieldError,
): NpzAnswers {
  const rows = parts.flatMap((part) => part.rows);
  const width = rows[0]?.length ?? 1;
  if (rows.some((row) => row.length !== width)) throw invalid('its parts have different numbers of labels');
  const notes: string[] = [];
  const target = kindOf(file, rows, width, options, notes);
  if (target === 'labels' || target === 'value')
    return several(target, parts, width, options, notes, invalid);
  if (width > 1 && !rows.every(isOneHot)) {
    throw new HounsfieldError(
      'TARGET_MISSING',
      `${file} has ${width} labels for each image, which --target ${target} cannot mean. Leave --target out.`,
    );
  }
  const single = (row: readonly number[]) => (width > 1 ? row.indexOf(1) : row[0]!);
  for (const { part, rows: own } of parts) {
    const bad = own.findIndex(
      (row) => !Number.isInteger(single(row)) || single(row) < 0 || single(row) > 9999,
    );
    if (bad >= 0) throw invalid(`label ${bad} of '${part}_labels' is ${single(own[bad]!)}, not 0, 1, 2, …`);
  }
  const highest = rows.reduce((top, row) => Math.max(top, single(row)), width - 1);
  const classes = options.classes ?? Array.from({ length: highest + 1 }, (_, i) => String(i));
  requireNames(file, highest, classes);
  return {
    target,
    classes,
    notes,
    parts: parts.map((part) => part.rows.map((row) => ({ label: single(row) }))),
  };
}

function requireNames(file: string, highest: number, classes: readonly string[]): void {
  if (highest < classes.length) return;
  throw new HounsfieldError(
    'LABEL_UNKNOWN',
    `${file} holds labels up to ${highest}, but ${classes.length} classes are named (${classes.join(', ')}). Name them all.`,
  );
}

function several(
  target: 'labels' | 'value',
  parts: readonly Part[],
  width: number,
  options: LoadOptions,
  notes: readonly string[],
  invalid: (what: string) => HounsfieldError,
): NpzAnswers {
  const named =
    target === 'value' && width === 1 ? ['value'] : Array.from({ length: width }, (_, k) => String(k));
  const classes = options.classes ?? named;
  if (classes.length !== width) {
    throw new HounsfieldError(
      'LABEL_UNKNOWN',
      `there are ${width} ${target === 'labels' ? 'labels' : 'numbers'} for each image, but ${classes.length} are named ` +
        `(${classes.join(', ')}). Name them all.`,
    );
  }
  for (const { part, rows } of parts) {
    const fits = (value: number) =>
      Number.isNaN(value) ||
      (target === 'labels' ? value === 0 || value === 1 || value === -1 : Number.isFinite(value));
    const bad = rows.findIndex((row) => !row.every(fits) || (target === 'value' && row.every(Number.isNaN)));
    if (bad >= 0) {
      throw invalid(
        `label ${bad} of '${part}_labels' is ${rows[bad]!.join(', ')}, not ${target === 'labels' ? '0 or 1' : 'a number'}`,
      );
    }
  }
  const clean = parts.map(({ rows }) =>
    rows.map((row) => row.map((value) => (target === 'labels' && value === -1 ? Number.NaN : value))),
  );
  const flat = clean.flat();
  const strata =
    target === 'labels'
      ? labelStrata(flat, width)
      : valueStrata(
          flat.map((row) => row[0]!),
          flat.map((_, i) => String(i)),
        );
  let at = 0;
  return {
    target,
    classes,
    notes,
    parts: clean.map((rows) => rows.map((targets) => ({ label: strata[at++]!, targets }))),
  };
}

const isOneHot = (row: readonly number[]): boolean =>
  row.every((value) => value === 0 || value === 1) && row.filter((value) => value === 1).length === 1;

/** As asked for, or as the numbers say. @throws TARGET_AMBIGUOUS */
function kindOf(
  file: string,
  rows: readonly (readonly number[])[],
  width: number,
  { target = 'auto' }: LoadOptions,
  notes: string[],
): TargetKind {
  if (target !== 'auto') return target;
  const ambiguous = (what: string) => new HounsfieldError('TARGET_AMBIGUOUS', `${file} ${what}`);
  if (width > 1) {
    if (rows.every(isOneHot)) {
      throw ambiguous(
        `has a 1 in exactly one of ${width} places for each image: exclusive classes, or labels? Say with --target class or --target labels.`,
      );
    }
    if (rows.every((row) => row.every((value) => value === 0 || value === 1 || value === -1)))
      return 'labels';
    throw ambiguous(
      `has ${width} numbers for each image that are not 0 and 1. If they are measured, say --target value.`,
    );
  }
  if (rows.some(([value]) => !Number.isInteger(value))) {
    throw ambiguous('has labels that are not whole numbers. If they are measured, say --target value.');
  }
  // The one ordinal set of MedMNIST (Yang et al., Scientific Data 2023, table 1: "ordinal regression").
  if (/(?:^|[\\/])retinamnist[^\\/]*\.npz$/i.test(file)) {
    notes.push(
      'The labels are grades, as MedMNIST describes RetinaMNIST. With --target class they are classes.',
    );
    return 'grade';
  }
  return 'class';
}
