import { HounsfieldError } from '../../errors.ts';
import type { FitOptions } from './classifier.ts';
import type { Matrix } from './matrix.ts';
import type { ClassWeight } from './settings.ts';

const refuse = (message: string): never => {
  throw new HounsfieldError('CLASSIFIER_DATA', message);
};

/** What is wrong with classes that rows are said to have; classes without a row are not looked for. */
export function labelsWrong(rows: number, y: Int32Array, classes: number): string | undefined {
  if (y.length !== rows) return `${y.length} classes are given for ${rows} rows`;
  if (!(Number.isInteger(classes) && classes >= 1 && classes <= rows)) {
    return `${classes} classes cannot all be among ${rows} rows`;
  }
  const outside = y.find((label) => label < 0 || label >= classes);
  return outside === undefined ? undefined : `a row is of class ${outside}, expected 0 .. ${classes - 1}`;
}

/** What a fit of finite numbers needs of its rows, said all at once. @throws CLASSIFIER_DATA */
export function checkRows(
  name: string,
  x: Matrix,
  y: Int32Array,
  classes: number,
  options: FitOptions,
): void {
  const wrong: string[] = [];
  if (x.rows === 0 || x.columns === 0) wrong.push(`the table has ${x.rows} rows and ${x.columns} columns`);
  if (y.length !== x.rows) wrong.push(`${y.length} classes are given for ${x.rows} rows`);
  if (!(Number.isInteger(classes) && classes >= 2)) {
    wrong.push(`${classes} class(es) to tell apart, at least 2 are needed: add rows of another class`);
  }
  const { weights } = options;
  if (weights && weights.length !== x.rows)
    wrong.push(`${weights.length} weights are given for ${x.rows} rows`);
  if (weights?.some((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY))) {
    wrong.push('a weight is negative or not finite');
  }
  // Each class needs a row: more of them are not counted one by one.
  if (Number.isInteger(classes) && classes > x.rows && x.rows > 0) {
    wrong.push(`${classes} classes cannot all be among ${x.rows} rows`);
  }
  const counted = new Float64Array(Number.isInteger(classes) ? Math.min(Math.max(0, classes), x.rows) : 0);
  for (const [i, label] of y.entries()) {
    if (label >= counted.length && label < classes) continue;
    if (label < 0 || label >= counted.length) {
      wrong.push(`row ${i} is of class ${label}, expected 0 .. ${classes - 1}`);
      break;
    }
    counted[label] = counted[label]! + (weights?.[i] ?? 1);
  }
  const empty = [...counted.keys()].filter((k) => !(counted[k]! > 0));
  if (y.length > 0 && empty.length > 0) {
    wrong.push(
      `no row of weight above 0 is of class ${empty.slice(0, 8).join(', ')}: number the classes that are there, or take folds by class`,
    );
  }
  wrong.push(...valuesWrong(x));
  if (wrong.length > 0) refuse(`${name}: ${wrong.join('; ')}.`);
}

/** Says which columns hold what cannot be computed with. */
export function valuesWrong(x: Matrix): readonly string[] {
  const short = lengthWrong(x);
  if (short) return [short];
  const missing = new Set<number>();
  const endless = new Set<number>();
  for (let i = 0, at = 0; i < x.rows; i++) {
    for (let j = 0; j < x.columns; j++, at++) {
      const value = Math.fround(x.values[at]!);
      if (value - value === 0) continue;
      (Number.isNaN(value) ? missing : endless).add(j);
    }
  }
  const list = (columns: Set<number>) =>
    [...columns]
      .sort((a, b) => a - b)
      .slice(0, 8)
      .join(', ');
  return [
    ...(missing.size > 0
      ? [`NaN in column(s) ${list(missing)}: put the preparation 'impute' before it`]
      : []),
    ...(endless.size > 0
      ? [
          `infinite values in column(s) ${list(endless)} (beyond 3.4e38, single precision, counts as that): remove or replace them`,
        ]
      : []),
  ];
}

/** Says where a table was not made by `matrix` and is not filled. */
export const lengthWrong = ({ values, rows, columns }: Matrix): string | undefined =>
  values.length === rows * columns
    ? undefined
    : `${values.length} values do not fill ${rows} rows of ${columns} columns: make the table by 'matrix'`;

/** @throws CLASSIFIER_DATA where a table to predict has other columns, or holds NaN */
export function checkColumns(x: Matrix, columns: number): void {
  if (x.columns !== columns) {
    refuse(
      `the table has ${x.columns} columns, the classifier learned ${columns}. Pass the same columns in their order.`,
    );
  }
  const wrong = valuesWrong(x);
  if (wrong.length > 0) refuse(`${wrong.join('; ')}.`);
}

/**
 * Weight of each row: its own times its class's; 'balanced' is total / (classes x weight of the class).
 *
 * @throws CLASSIFIER_SETTINGS where a list of class weights has another length
 */
export function rowWeights(
  y: Int32Array,
  classes: number,
  classWeight: ClassWeight,
  weights?: Float64Array,
): Float64Array {
  const ofClass = classWeights(y, classes, classWeight, weights);
  return Float64Array.from(y, (label, i) => ofClass[label]! * (weights?.[i] ?? 1));
}

/** Weight of each class. @throws CLASSIFIER_SETTINGS */
export function classWeights(
  y: Int32Array,
  classes: number,
  classWeight: ClassWeight,
  weights?: Float64Array,
): Float64Array {
  const ofClass = new Float64Array(classes).fill(1);
  if (classWeight === 'balanced') {
    const sums = new Float64Array(classes);
    let total = 0;
    for (const [i, label] of y.entries()) {
      const weight = weights?.[i] ?? 1;
      sums[label] = sums[label]! + weight;
      total += weight;
    }
    for (let k = 0; k < classes; k++) ofClass[k] = total / (classes * sums[k]!);
  } else if (classWeight !== 'none') {
    if (classWeight.length !== classes || !classWeight.some((weight) => weight > 0)) {
      throw new HounsfieldError(
        'CLASSIFIER_SETTINGS',
        `classWeight has ${classWeight.length} weights for ${classes} classes. Give each class one, not all 0.`,
      );
    }
    ofClass.set(classWeight);
  }
  return ofClass;
}
