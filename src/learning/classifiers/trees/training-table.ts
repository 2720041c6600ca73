import { HounsfieldError } from '../../../errors.ts';
import type { FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import { checkRows, lengthWrong } from '../training-data.ts';
import { MOST_CATEGORIES } from './tree.ts';

/** What trees need of their rows: NaN is a value of its own, the rest as for every classifier. @throws CLASSIFIER_DATA */
export function checkTable(
  name: string,
  x: Matrix,
  y: Int32Array,
  classes: number,
  options: FitOptions,
): void {
  checkRows(name, isPlain(x) ? x : withoutNaN(x), y, classes, options);
  checkCategories(name, x, options.categorical ?? []);
}

/** Whether every value is a number that float32 holds. */
function isPlain({ values }: Matrix): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround(values[i]!);
    if (value - value !== 0) return false;
  }
  return true;
}

/** As float32, beyond whose largest number ONNX Runtime sees infinity. */
function withoutNaN(x: Matrix): Matrix {
  const values = new Float64Array(x.values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround(x.values[i]!);
    values[i] = Number.isNaN(value) ? 0 : value;
  }
  return { ...x, values };
}

/** @throws CLASSIFIER_DATA where a column of categories is none */
export function checkCategories(name: string, x: Matrix, categorical: readonly number[]): void {
  const wrong: string[] = [];
  for (const column of categorical) {
    if (!Number.isInteger(column) || column < 0 || column >= x.columns) {
      wrong.push(`column ${column} of categories is not one of 0 .. ${x.columns - 1}`);
      continue;
    }
    for (let at = column; at < x.values.length; at += x.columns) {
      const value = x.values[at]!;
      if (Number.isNaN(value) || (Number.isInteger(value) && value >= 0 && value < MOST_CATEGORIES)) continue;
      wrong.push(
        `column ${column} holds something else than categories 0 .. ${MOST_CATEGORIES - 1}: number them, put rare ones together, or leave the column out of 'categorical'`,
      );
      break;
    }
  }
  if (wrong.length > 0) throw new HounsfieldError('CLASSIFIER_DATA', `${name}: ${wrong.join('; ')}.`);
}

/** @throws CLASSIFIER_DATA where a table to predict has other columns, or is not filled */
export function tableFor(x: Matrix, columns: number): Float32Array {
  if (x.columns !== columns) {
    throw new HounsfieldError(
      'CLASSIFIER_DATA',
      `the table has ${x.columns} columns, the trees learned ${columns}. Pass the same columns in their order.`,
    );
  }
  const short = lengthWrong(x);
  if (short) throw new HounsfieldError('CLASSIFIER_DATA', `${short}.`);
  return Float32Array.from(x.values);
}

/** 1 for each column of categories. */
export function categoricalFlags(columns: number, categorical: readonly number[] = []): Uint8Array {
  const flags = new Uint8Array(columns);
  for (const column of categorical) flags[column] = 1;
  return flags;
}
