import type { RankedTable } from './ranks.ts';
import { keySorter } from './sort-keys.ts';
import type { NodeSums, SortedRows } from './split-scan.ts';

/** What a tree is to tell apart. */
export interface Target {
  /** Class of each row; zeros where values are learned. */
  readonly y: Int32Array;
  /** 1 where values are learned. */
  readonly classes: number;
  /** What is to be predicted, where it is a number and not a class. */
  readonly values?: Float64Array | undefined;
}

/** The rows of one tree and their weights, and how to bring a node's rows into a column's order. */
export interface NodeRows {
  /** Rows that weigh something, ordered node by node as the tree grows. */
  readonly rows: Int32Array;
  readonly sorted: SortedRows;
  readonly target: Target;
  readonly weights: Float64Array; // [rows of the table]
  /** Remembers a node's rows, before `sort` and `sumsOf`. */
  readonly enter: (start: number, end: number) => void;
  /** Sorts the node's rows by a column into `sorted`. Returns the number of rows with a value, -1 where all are alike. */
  readonly sort: (column: number) => number;
  /** What rows[start .. end) weigh together. */
  readonly addTo: (sums: NodeSums, start: number, end: number) => void;
}

/** Distinct pairs of class and weight, so that both travel in the low bits of a sorted key. */
interface Codes {
  readonly ofRow: Uint32Array;
  readonly weights: Float64Array;
  readonly moments: Float64Array;
  readonly classes: Int32Array;
  readonly bits: number;
}

const bitsFor = (count: number): number => Math.max(1, 32 - Math.clz32(count - 1));

function codesOf(target: Target, weights: Float64Array, bits: number): Codes | undefined {
  if (target.values) return undefined;
  const { y, classes } = target;
  const most = 2 ** Math.min(bits, 16);
  const known = new Map<number, number>();
  const ofRow = new Uint32Array(y.length);
  let lastWeight = Number.NaN;
  let index = 0;
  for (let i = 0; i < y.length; i++) {
    const weight = weights[i]!;
    if (weight !== lastWeight) {
      const found = known.get(weight);
      index = found ?? known.size;
      if (found === undefined) {
        known.set(weight, index);
        if (known.size * classes > most) return undefined;
      }
      lastWeight = weight;
    }
    ofRow[i] = index * classes + y[i]!;
  }
  const count = known.size * classes;
  const each = [...known.keys()];
  const weightOf = Float64Array.from({ length: count }, (_, code) => each[Math.floor(code / classes)]!);
  const classOf = Int32Array.from({ length: count }, (_, code) => code % classes);
  const moments = weightOf.map((weight, code) => weight * classOf[code]!);
  return { ofRow, weights: weightOf, moments, classes: classOf, bits: bitsFor(count) };
}

/** Scratch memory for the trees of one table. */
export function nodeRowsOf(table: RankedTable, target: Target): (weights: Float64Array) => NodeRows {
  const { rows: count } = table;
  const sorter = keySorter(count);
  const keys = new Uint32Array(count);
  const nodeCodes = new Uint32Array(count);
  const sorted: SortedRows = {
    ranks: new Uint32Array(count + 1),
    weights: new Float64Array(count),
    moments: new Float64Array(count),
    classes: new Int32Array(count),
  };
  const rankBits = bitsFor(1 + table.distinct.reduce((most, { length }) => Math.max(most, length), 1));
  return (weights) => {
    const codes = codesOf(target, weights, 32 - rankBits);
    const rows = usedRows(weights);
    const shared = { table, target, weights, rows, sorted, sorter, keys };
    return codes ? packedRows(shared, codes, nodeCodes) : wideRows(shared);
  };
}

function usedRows(weights: Float64Array): Int32Array {
  const rows = new Int32Array(weights.length);
  let used = 0;
  for (let i = 0; i < rows.length; i++) if (weights[i]! > 0) rows[used++] = i;
  return rows.slice(0, used);
}

interface Shared {
  readonly table: RankedTable;
  readonly target: Target;
  readonly weights: Float64Array;
  readonly rows: Int32Array;
  readonly sorted: SortedRows;
  readonly sorter: ReturnType<typeof keySorter>;
  readonly keys: Uint32Array;
}

/** Class and weight in the low bits of the key that is sorted: one array moves. */
function packedRows(
  { table, target, weights, rows, sorted, sorter, keys }: Shared,
  codes: Codes,
  nodeCodes: Uint32Array,
): NodeRows {
  let nodeStart = 0;
  let nodeCount = 0;
  return {
    rows,
    sorted,
    target,
    weights,
    enter(start, end) {
      nodeStart = start;
      nodeCount = end - start;
      for (let i = 0; i < nodeCount; i++) nodeCodes[i] = codes.ofRow[rows[start + i]!]!;
    },
    sort(column) {
      const { bits } = codes;
      const offset = column * table.rows;
      const missing = table.distinct[column]!.length;
      const span = gatherKeys(table.ranks, offset, rows, nodeStart, nodeCount, nodeCodes, bits, keys);
      if (span === 0) return -1;
      sorter.keys(keys, nodeCount, bits, bitsFor(missing + 1));
      return unpack(keys, nodeCount, codes, sorted, table.missing[column] === 1 ? missing : -1);
    },
    addTo(sums, start, end) {
      for (let i = start; i < end; i++) {
        const code = codes.ofRow[rows[i]!]!;
        sums.weight += codes.weights[code]!;
        sums.moment += codes.moments[code]!;
        sums.classes[codes.classes[code]!]! += codes.weights[code]!;
      }
    },
  };
}

function gatherKeys(
  ranks: Uint32Array,
  offset: number,
  rows: Int32Array,
  start: number,
  count: number,
  codes: Uint32Array,
  bits: number,
  keys: Uint32Array,
): number {
  const first = ranks[offset + rows[start]!]!;
  let differ = 0;
  for (let i = 0; i < count; i++) {
    const rank = ranks[offset + rows[start + i]!]!;
    differ |= rank ^ first;
    keys[i] = (rank << bits) | codes[i]!;
  }
  return differ;
}

function unpack(keys: Uint32Array, count: number, codes: Codes, sorted: SortedRows, missing: number): number {
  const { bits } = codes;
  const mask = 2 ** bits - 1;
  const { ranks, weights, moments, classes } = sorted;
  const weightOf = codes.weights;
  const momentOf = codes.moments;
  const classOf = codes.classes;
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    const code = key & mask;
    ranks[i] = key >>> bits;
    weights[i] = weightOf[code]!;
    moments[i] = momentOf[code]!;
    classes[i] = classOf[code]!;
  }
  return withValue(ranks, count, missing);
}

function withValue(ranks: Uint32Array, count: number, missing: number): number {
  let end = count;
  while (end > 0 && ranks[end - 1] === missing) end--;
  return end;
}

/** Weights or targets of many values: rows move beside the keys; the root takes the order that the table keeps. */
function wideRows({ table, target, weights, rows, sorted, sorter, keys }: Shared): NodeRows {
  const order = new Int32Array(rows.length);
  const { y, values } = target;
  let nodeStart = 0;
  let nodeCount = 0;
  function takeOrder(offset: number): void {
    let at = 0;
    for (let i = 0; i < table.rows; i++) {
      const row = table.order[offset + i]!;
      if (weights[row]! > 0) order[at++] = row;
    }
  }
  return {
    rows,
    sorted,
    target,
    weights,
    enter(start, end) {
      nodeStart = start;
      nodeCount = end - start;
    },
    sort(column) {
      const offset = column * table.rows;
      const missing = table.distinct[column]!.length;
      if (nodeCount === rows.length) takeOrder(offset);
      else {
        for (let i = 0; i < nodeCount; i++) {
          order[i] = rows[nodeStart + i]!;
          keys[i] = table.ranks[offset + order[i]!]!;
        }
        sorter.pairs(keys, order, nodeCount, bitsFor(missing + 1));
      }
      const { ranks } = table;
      if (ranks[offset + order[0]!] === ranks[offset + order[nodeCount - 1]!]) return -1;
      for (let i = 0; i < nodeCount; i++) {
        const row = order[i]!;
        const weight = weights[row]!;
        sorted.ranks[i] = ranks[offset + row]!;
        sorted.weights[i] = weight;
        sorted.moments[i] = weight * (values ? values[row]! : y[row]!);
        sorted.classes[i] = y[row]!;
      }
      return withValue(sorted.ranks, nodeCount, table.missing[column] === 1 ? missing : -1);
    },
    addTo(sums, start, end) {
      for (let i = start; i < end; i++) {
        const row = rows[i]!;
        const weight = weights[row]!;
        const value = values ? values[row]! : y[row]!;
        sums.weight += weight;
        sums.moment += weight * value;
        sums.square += weight * value * value;
        sums.classes[y[row]!]! += weight;
      }
    },
  };
}
