import { HounsfieldError } from '../../../errors.ts';
import type { Matrix } from '../matrix.ts';

/**
 * The table in single precision, as a model file takes it. NaN stays what it is: missing.
 *
 * @throws PIPELINE_DATA for infinite values, PIPELINE_RANGE for finite ones that single precision cannot hold
 */
export function toSinglePrecision({ values, rows, columns }: Matrix): Matrix {
  const rounded = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    const single = Math.fround(value);
    if (single === Infinity || single === -Infinity) throw tooLarge(value, at % columns);
    rounded[at] = single;
  }
  return { values: rounded, rows, columns };
}

function tooLarge(value: number, column: number): HounsfieldError {
  if (!Number.isFinite(value)) {
    return new HounsfieldError(
      'PIPELINE_DATA',
      `column ${column} holds an infinite value. Write NaN where a feature has no value, or leave the column out.`,
    );
  }
  return new HounsfieldError(
    'PIPELINE_RANGE',
    `column ${column} holds a value beyond single precision (3.4e38), which a model file cannot take. Give the feature in a larger unit, or leave the column out.`,
  );
}

/**
 * Checks what a step gave.
 *
 * @throws PIPELINE_RANGE when a value is infinite
 */
export function checkRange(step: string, { values, columns }: Matrix): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value === Infinity || value === -Infinity) {
      throw new HounsfieldError(
        'PIPELINE_RANGE',
        `'${step}' gives a value beyond single precision (3.4e38) in its column ${at % columns}: a value there is very far from those of the fit. Look for a wrong unit in that row, or leave the column out.`,
      );
    }
  }
}
