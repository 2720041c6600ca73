import type { Matrix } from '../matrix.ts';
import { sortKeys, tableColumns } from './table-columns.ts';

/** A table by columns, each value's place among its column's distinct values; what exact splits are looked for in. */
export interface RankedTable {
  readonly rows: number;
  readonly columns: number;
  /** Values as float32. */
  readonly values: Float32Array; // [columns, rows]
  /** 0 for a column's least value; a missing value has the number of distinct ones. */
  readonly ranks: Uint32Array; // [columns, rows]
  /** Rows of each column from its least value to its greatest, missing ones last. */
  readonly order: Int32Array; // [columns, rows]
  /** Each column's distinct values, ascending, without NaN. */
  readonly distinct: readonly Float32Array[];
  /** Whether a column lacks values. */
  readonly missing: Uint8Array; // [columns]
}

/** Sorts each column once. */
export function rankTable(x: Matrix): RankedTable {
  const { rows, columns } = x;
  const values = tableColumns(x);
  const ranks = new Uint32Array(rows * columns);
  const order = new Int32Array(rows * columns);
  const missing = new Uint8Array(columns);
  const distinct: Float32Array[] = [];
  const sorter = columnSorter(rows);
  for (let column = 0; column < columns; column++) {
    const start = column * rows;
    const own = values.subarray(start, start + rows);
    const sorted = order.subarray(start, start + rows);
    sorter(own, sorted);
    const { found, absent } = rankSorted(own, sorted, ranks.subarray(start, start + rows));
    distinct.push(found);
    missing[column] = absent > 0 ? 1 : 0;
  }
  return { rows, columns, values, ranks, order, distinct, missing };
}

function rankSorted(values: Float32Array, sorted: Int32Array, ranks: Uint32Array) {
  const found = new Float32Array(values.length);
  let count = 0;
  let i = 0;
  for (; i < sorted.length; i++) {
    const row = sorted[i]!;
    const value = values[row]!;
    if (Number.isNaN(value)) break;
    if (count === 0 || value !== found[count - 1]) found[count++] = value;
    ranks[row] = count - 1;
  }
  const absent = sorted.length - i;
  for (; i < sorted.length; i++) ranks[sorted[i]!] = count;
  return { found: found.slice(0, count), absent };
}

/** Sorts rows by a column's values, NaN last, equal ones in order: least significant digit first, 11 bits a turn. */
export function columnSorter(rows: number): (values: Float32Array, into: Int32Array) => void {
  const keys = new Uint32Array(rows);
  const other = new Int32Array(rows);
  const counts = new Int32Array(3 * 2048);
  return (values, into) => {
    sortKeys(values, keys);
    counts.fill(0);
    for (let i = 0; i < rows; i++) {
      const key = keys[i]!;
      counts[key & 2047]!++;
      counts[2048 + ((key >>> 11) & 2047)]!++;
      counts[4096 + (key >>> 22)]!++;
    }
    for (let turn = 0; turn < 3; turn++) {
      let sum = 0;
      for (let i = turn * 2048; i < (turn + 1) * 2048; i++) {
        const count = counts[i]!;
        counts[i] = sum;
        sum += count;
      }
    }
    for (let i = 0; i < rows; i++) into[counts[keys[i]! & 2047]!++] = i;
    for (let i = 0; i < rows; i++) {
      const row = into[i]!;
      other[counts[2048 + ((keys[row]! >>> 11) & 2047)]!++] = row;
    }
    for (let i = 0; i < rows; i++) {
      const row = other[i]!;
      into[counts[4096 + (keys[row]! >>> 22)]!++] = row;
    }
  };
}
