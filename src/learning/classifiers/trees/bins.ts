import type { Matrix } from '../matrix.ts';
import { columnSorter } from './ranks.ts';
import { thresholdBetween } from './tree.ts';

/** A table in bins: each value as the number of the bin that it lies in, four columns to a word. */
export interface BinnedTable {
  readonly rows: number;
  readonly columns: number;
  /** Words of a row. */
  readonly stride: number;
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
  const stride = Math.ceil(columns / 4);
  const words = new Uint32Array(rows * stride);
  const used = new Int32Array(columns);
  const missing = new Uint8Array(columns);
  const thresholds: Float32Array[] = [];
  const values = new Float32Array(rows);
  const order = new Int32Array(rows);
  const ofRow = new Uint8Array(rows);
  const sort = columnSorter(rows);
  const even = weights.every((weight) => weight === weights[0]);
  for (let column = 0; column < columns; column++) {
    for (let i = 0, at = column; i < rows; i++, at += columns) values[i] = x.values[at]! + 0;
    let own = new Float32Array(0);
    if (categorical[column] === 1) {
      used[column] = binCategories(values, ofRow);
    } else {
      sort(values, order);
      own = cutsOf(values, order, weights, most, even);
      used[column] = own.length + 1;
      binSorted(values, order, own, ofRow);
    }
    if (values.some(Number.isNaN)) missing[column] = 1;
    thresholds.push(own);
    const shift = 8 * (column & 3);
    for (let i = 0, at = column >>> 2; i < rows; i++, at += stride) words[at]! |= ofRow[i]! << shift;
  }
  const bins = 1 + used.reduce((greatest, count) => Math.max(greatest, count), 1);
  moveMissing(words, stride, missing, bins - 1);
  return { rows, columns, stride, words, bins, used, missing, categorical, thresholds };
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

function binSorted(values: Float32Array, order: Int32Array, cuts: Float32Array, ofRow: Uint8Array): void {
  let bin = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const value = values[row]!;
    while (bin < cuts.length && value > cuts[bin]!) bin++;
    ofRow[row] = Number.isNaN(value) ? MISSING : bin;
  }
}

function cutsOf(
  values: Float32Array,
  order: Int32Array,
  weights: Float64Array,
  most: number,
  even: boolean,
): Float32Array<ArrayBuffer> {
  const sorted = new Float32Array(order.length);
  const upTo = new Float64Array(order.length);
  let count = 0;
  let distinct = 0;
  let sum = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const value = values[row]!;
    const weight = even ? 1 : weights[row]!;
    if (Number.isNaN(value)) break;
    if (!(weight > 0)) continue;
    if (count === 0 || value !== sorted[count - 1]) distinct++;
    sum += weight;
    sorted[count] = value;
    upTo[count++] = sum;
  }
  const cuts = distinct <= most ? betweenAll(sorted, count) : quantiles(sorted, upTo, count, most);
  return Float32Array.from(cuts);
}

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
function moveMissing(words: Uint32Array, stride: number, missing: Uint8Array, bin: number): void {
  for (const [column, has] of missing.entries()) {
    if (has === 0 || bin === MISSING) continue;
    const shift = 8 * (column & 3);
    for (let at = column >>> 2; at < words.length; at += stride) {
      const word = words[at]!;
      if (((word >>> shift) & 255) === MISSING) words[at] = (word & ~(MISSING << shift)) | (bin << shift);
    }
  }
}
