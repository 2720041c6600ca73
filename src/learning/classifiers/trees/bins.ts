import type { Matrix } from '../matrix.ts';
import { columnSorter } from './ranks.ts';
import { keySorter } from './sort-keys.ts';
import { sortKeys, tableColumns, valueOfKey } from './table-columns.ts';
import { thresholdBetween } from './tree.ts';

/** A table in bins: each value as the number of the bin that it lies in, four columns to a word. */
export interface BinnedTable {
  readonly rows: number;
  readonly columns: number;
  /** Words of a row. */
  readonly stride: number;
  /** The same by columns. */
  readonly binned: Uint8Array; // [columns, rows]
  /** Column 4 q + k in bits 8 k .. 8 k + 7 of word q. */
  readonly words: Uint32Array; // [rows, stride]
  /** Bins that any column may have, the last of them for missing values. */
  readonly bins: number;
  /** Bins of values that each column has. */
  readonly used: Int32Array; // [columns]
  readonly missing: Uint8Array; // [columns]
  readonly categorical: Uint8Array; // [columns]
  /** What parts each column's bins: bin i is of values up to threshold i; none for categories. */
  readonly thresholds: readonly Float32Array[];
}

/**
 * Puts values into at most `most` bins a column: one for each distinct value where these are few, else between
 * quantiles of the weighted rows. A category is its own bin.
 *
 * @param most 2 .. 255
 * @param weights rows of weight 0 do not count for the quantiles
 */
export function binTable(
  x: Matrix,
  most: number,
  categorical: Uint8Array,
  weights: Float64Array,
): BinnedTable {
  const { rows, columns } = x;
  const values = tableColumns(x);
  const used = new Int32Array(columns);
  const missing = new Uint8Array(columns);
  const thresholds: Float32Array[] = [];
  const binned = new Uint8Array(rows * columns);
  const cutter = weights.every((weight) => weight === weights[0])
    ? evenCutter(rows, most)
    : weightedCutter(rows, most, weights);
  for (let column = 0; column < columns; column++) {
    const own = values.subarray(column * rows, (column + 1) * rows);
    const ofRow = binned.subarray(column * rows, (column + 1) * rows);
    const cuts = categorical[column] === 1 ? new Float32Array(0) : cutter(own);
    used[column] = categorical[column] === 1 ? binCategories(own, ofRow) : cuts.length + 1;
    if (categorical[column] === 0) binValues(own, cuts, ofRow);
    missing[column] = ofRow.includes(MISSING) ? 1 : 0;
    thresholds.push(cuts);
  }
  const bins = 1 + used.reduce((greatest, count) => Math.max(greatest, count), 1);
  moveMissing(binned, rows, missing, bins - 1);
  const stride = Math.ceil(columns / 4);
  const words = wordsOf(binned, rows, columns, stride);
  return { rows, columns, stride, words, binned, bins, used, missing, categorical, thresholds };
}

function wordsOf(binned: Uint8Array, rows: number, columns: number, stride: number): Uint32Array {
  const words = new Uint32Array(rows * stride);
  for (let q = 0; q < stride; q++) {
    for (let k = 0; k < 4 && 4 * q + k < columns; k++) {
      const from = (4 * q + k) * rows;
      const shift = 8 * k;
      for (let i = 0, at = q; i < rows; i++, at += stride) words[at]! |= binned[from + i]! << shift;
    }
  }
  return words;
}

/** The bin of missing values before it is known how many bins there are. */
const MISSING = 255;

function binCategories(values: Float32Array, ofRow: Uint8Array): number {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    ofRow[i] = Number.isNaN(value) ? MISSING : value;
    if (value > greatest) greatest = value;
  }
  return greatest + 1;
}

/** Steps of a table that leads close to a value's bin: by the upper bits of its key. */
const STEPS = 1 << 16;

function binValues(values: Float32Array, cuts: Float32Array, ofRow: Uint8Array): void {
  const keys = new Uint32Array(values.length);
  sortKeys(values, keys);
  const cutKeys = new Uint32Array(cuts.length);
  sortKeys(cuts, cutKeys);
  // The first bin that a key of these upper bits may lie in: as many cuts as are below all of them.
  const first = new Uint8Array(STEPS);
  let bin = 0;
  for (let step = 0; step < STEPS; step++) {
    while (bin < cutKeys.length && cutKeys[bin]! < step * 65536) bin++;
    first[step] = bin;
  }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (key === 0xffffffff) {
      ofRow[i] = MISSING;
      continue;
    }
    let own = first[key >>> 16]!;
    while (own < cutKeys.length && key > cutKeys[own]!) own++;
    ofRow[i] = own;
  }
}

type Cutter = (values: Float32Array) => Float32Array<ArrayBuffer>;

/** Cuts of rows that weigh the same: their sorted values are enough. */
function evenCutter(rows: number, most: number): Cutter {
  const keys = new Uint32Array(rows);
  const sorted = new Float32Array(rows);
  const upTo = new Float64Array(rows);
  const sorter = keySorter(rows);
  for (let i = 0; i < rows; i++) upTo[i] = i + 1;
  return (values) => {
    sortKeys(values, keys);
    sorter.keys(keys, rows, 0, 32);
    let count = rows;
    while (count > 0 && keys[count - 1] === 0xffffffff) count--;
    let distinct = count > 0 ? 1 : 0;
    for (let i = 0; i < count; i++) {
      sorted[i] = valueOfKey(keys[i]!);
      if (i > 0 && keys[i] !== keys[i - 1]) distinct++;
    }
    return cutsBetween(sorted, upTo, count, distinct, most);
  };
}

/** Cuts of rows by their weights; those of weight 0 do not count. */
function weightedCutter(rows: number, most: number, weights: Float64Array): Cutter {
  const order = new Int32Array(rows);
  const sort = columnSorter(rows);
  const sorted = new Float32Array(rows);
  const upTo = new Float64Array(rows);
  return (values) => {
    sort(values, order);
    let count = 0;
    let distinct = 0;
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      const row = order[i]!;
      const value = values[row]!;
      if (Number.isNaN(value)) break;
      if (!(weights[row]! > 0)) continue;
      if (count === 0 || value !== sorted[count - 1]) distinct++;
      sum += weights[row]!;
      sorted[count] = value;
      upTo[count++] = sum;
    }
    return cutsBetween(sorted, upTo, count, distinct, most);
  };
}

const cutsBetween = (
  sorted: Float32Array,
  upTo: Float64Array,
  count: number,
  distinct: number,
  most: number,
): Float32Array<ArrayBuffer> =>
  Float32Array.from(distinct <= most ? betweenAll(sorted, count) : quantiles(sorted, upTo, count, most));

function betweenAll(sorted: Float32Array, count: number): number[] {
  const cuts: number[] = [];
  for (let i = 1; i < count; i++) {
    if (sorted[i] !== sorted[i - 1]) cuts.push(thresholdBetween(sorted[i - 1]!, sorted[i]!));
  }
  return cuts;
}

/** The inverse of the cumulative weight, at a step's edge the middle of both values; each once. */
function quantiles(sorted: Float32Array, upTo: Float64Array, count: number, most: number): number[] {
  const cuts: number[] = [];
  const total = upTo[count - 1]!;
  let at = 0;
  for (let k = 1; k < most; k++) {
    const wanted = (total * k) / most;
    const slack = 1e-12 * total;
    while (at < count - 1 && upTo[at]! < wanted - slack) at++;
    const value = sorted[at]!;
    const next = sorted[Math.min(at + 1, count - 1)]!;
    const isEdge = Math.abs(upTo[at]! - wanted) <= slack && next > value;
    const cut = isEdge ? thresholdBetween(value, next) : value;
    // A cut at the greatest value would leave nothing above it.
    if ((cuts.length === 0 || cut > cuts.at(-1)!) && cut < sorted[count - 1]!) cuts.push(cut);
  }
  return cuts;
}

/** Missing values go to the last bin that there is, so that histograms are no longer than needed. */
function moveMissing(binned: Uint8Array, rows: number, missing: Uint8Array, bin: number): void {
  for (const [column, has] of missing.entries()) {
    if (has === 0 || bin === MISSING) continue;
    for (let at = column * rows; at < (column + 1) * rows; at++) if (binned[at] === MISSING) binned[at] = bin;
  }
}
