import type { Matrix } from '../matrix.ts';
import { columnOf, meanAndSpread } from '../preparations/columns.ts';

/** How far rows are apart: Euclidean over numbers, and `apart` squared for each category that differs. */
export interface RowDistance {
  readonly x: Matrix;
  readonly numbers: readonly number[];
  readonly categories: readonly number[];
  /** Squared. */
  readonly apart: number;
}

/**
 * Distances with categories: one that differs counts as the median deviation of the numbers in the given rows (Chawla
 * et al., SMOTE, 2002, section 6.1).
 */
export function rowDistance(x: Matrix, categories: readonly number[], rows: Int32Array): RowDistance {
  const numbers = Array.from({ length: x.columns }, (_, j) => j).filter((j) => !categories.includes(j));
  if (categories.length === 0) return { x, numbers, categories, apart: 0 };
  const deviations = numbers
    .map((j) => {
      const column = columnOf(x, j);
      const values = Float64Array.from(rows, (row) => column[row]!);
      return Math.sqrt(Math.max(0, meanAndSpread(values).squares) / Math.max(1, values.length));
    })
    .sort((a, b) => a - b);
  const middle = deviations.length >> 1;
  const median =
    deviations.length % 2 === 1 ? deviations[middle]! : mean(deviations[middle - 1], deviations[middle]);
  return { x, numbers, categories, apart: median * median };
}

const mean = (a = 1, b = 1): number => (a + b) / 2;

/** Squared distance of two rows. */
export function squaredRowDistance(
  { x, numbers, categories, apart }: RowDistance,
  a: number,
  b: number,
): number {
  const { values, columns } = x;
  const [ra, rb] = [a * columns, b * columns];
  let sum = 0;
  for (let k = 0; k < numbers.length; k++) {
    const j = numbers[k]!;
    const d = values[ra + j]! - values[rb + j]!;
    sum += d * d;
  }
  for (const j of categories) if (values[ra + j] !== values[rb + j]) sum += apart;
  return sum;
}

/**
 * The `count` rows of `among` nearest to a row, itself left out, from the nearest on; of equals the first.
 */
export function nearestRows(
  distance: RowDistance,
  row: number,
  among: Int32Array,
  count: number,
): Int32Array {
  const near = new Int32Array(count);
  const squares = new Float64Array(count);
  let found = 0;
  for (const other of among) {
    if (other === row) continue;
    const square = squaredRowDistance(distance, row, other);
    if (found === count && square >= squares[count - 1]!) continue;
    let at = found < count ? found++ : count - 1;
    while (at > 0 && squares[at - 1]! > square) {
      squares[at] = squares[at - 1]!;
      near[at] = near[at - 1]!;
      at--;
    }
    squares[at] = square;
    near[at] = other;
  }
  return near.subarray(0, found);
}

/** Rows of each class. */
export function rowsByClass(y: Int32Array, classes: number): readonly Int32Array[] {
  const rows: number[][] = Array.from({ length: classes }, () => []);
  for (const [i, one] of y.entries()) rows[one]!.push(i);
  return rows.map((one) => Int32Array.from(one));
}

/** 0, 1 … rows - 1. */
export const everyRow = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, i) => i);
