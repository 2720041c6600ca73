import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { tensor, tensorOf } from '../../../engine/tensor/tensor.ts';
import { transpose } from '../linear-algebra/products.ts';
import { type Matrix, takeColumns } from '../matrix.ts';
import type { Preparation } from '../preparation.ts';
import { presentValues } from './columns.ts';
import { doubles } from './graph-doubles.ts';
import { emptyNote, imputing, missingColumns, mostFrequent } from './impute.ts';
import { checkSettings, choiceSetting, dataError, flagSetting, integerSetting } from './settings.ts';

/** Whose values stand in, and how they are averaged. */
export interface NeighbourImputeSettings {
  /** 5 by default. */
  readonly neighbours?: number;
  /** 'uniform', or each by the inverse of its distance. */
  readonly weights?: 'uniform' | 'distance';
  readonly indicators?: boolean;
}

/** Rows that values are taken from. */
interface Donors {
  readonly x: Matrix;
  /** Mean of each column: what stands in where no donor can be compared. */
  readonly means: Float64Array;
  readonly neighbours: number;
  readonly weights: 'uniform' | 'distance';
  /** Columns that take their mean, or for categories the most frequent value, and have no part in distances. */
  readonly plain: readonly number[];
  /** Columns that are there in the same donors, together. */
  readonly groups: readonly { readonly donors: Int32Array; readonly columns: readonly number[] }[];
}

/** Squared distances below this part of the squared sizes are rounding, and taken as 0. */
const NOTHING = 1e-12;

/**
 * Distance of two rows over the columns that both have, in proportion to all columns (Dixon, Pattern recognition with
 * partly missing data, 1979); rounded to single precision, so that equal distances stay equal whatever the order of
 * the sum. Rows that differ by less than `NOTHING` of their size are the same.
 */
function distances(row: Float64Array, { values, rows, columns }: Matrix, out: Float64Array): void {
  for (let i = 0, at = 0; i < rows; i++) {
    let sum = 0;
    let size = 0;
    let shared = 0;
    for (let j = 0; j < columns; j++, at++) {
      const d = row[j]! - values[at]!;
      if (Number.isNaN(d)) continue;
      sum += d * d;
      size += row[j]! * row[j]! + values[at]! * values[at]!;
      shared++;
    }
    const apart = sum <= NOTHING * size ? 0 : sum;
    out[i] = shared === 0 ? Infinity : Math.fround((apart * columns) / shared);
  }
}

function filled({ x, means, neighbours, weights, plain, groups }: Donors, table: Matrix): Matrix {
  const values = table.values.slice();
  const { columns } = table;
  const squares = new Float64Array(x.rows);
  for (let i = 0; i < table.rows; i++) {
    const row = table.values.subarray(i * columns, (i + 1) * columns);
    if (!row.some(Number.isNaN)) continue;
    for (const j of plain) if (Number.isNaN(row[j]!)) values[i * columns + j] = Math.fround(means[j]!);
    distances(row, x, squares);
    for (const group of groups) {
      const holes = group.columns.filter((j) => Number.isNaN(row[j]!));
      if (holes.length === 0) continue;
      const order = Array.from(group.donors)
        .sort((a, b) => squares[a]! - squares[b]! || a - b)
        .slice(0, neighbours)
        .filter((donor) => squares[donor]! < Infinity);
      for (const j of holes) values[i * columns + j] = average(order, squares, x, j, means[j]!, weights);
    }
  }
  return { values, rows: table.rows, columns };
}

function average(
  order: readonly number[],
  squares: Float64Array,
  x: Matrix,
  column: number,
  otherwise: number,
  weights: 'uniform' | 'distance',
): number {
  if (order.length === 0) return Math.fround(otherwise);
  const same = weights === 'distance' && squares[order[0]!] === 0;
  let sum = 0;
  let total = 0;
  for (const donor of order) {
    const square = squares[donor]!;
    const weight = weights === 'uniform' ? 1 : same ? Number(square === 0) : 1 / Math.sqrt(square);
    sum += weight * x.values[donor * x.columns + column]!;
    total += weight;
  }
  return Math.fround(sum / total);
}

/** The same in a graph: float32 [N, columns] without the holes. */
function filledNodes(graph: Graph, at: Value, donors: Donors): Value {
  const { x, groups, means, plain } = donors;
  const missing = graph.op('IsNaN', [at]);
  const squares = squaresNodes(graph, at, missing, x);
  let out = at;
  if (plain.length > 0) {
    const fixed = graph.constant(tensor('float32', [1, x.columns], Float32Array.from(means)));
    out = graph.op('Where', [mask(graph, missing, plain, x.columns), fixed, out]);
  }
  for (const { donors: rows, columns } of groups) {
    const some =
      rows.length === x.rows ? squares : graph.op('Gather', [squares, indices(graph, rows)], { axis: 1 });
    const k = Math.min(donors.neighbours, rows.length);
    // TopK puts the first of equals first, as the sort above does.
    const [near, order] = graph.add(
      'TopK',
      [some, indices(graph, [k])],
      { axis: 1, largest: 0 },
      { outputs: 2 },
    );
    const weights = weightNodes(graph, near!, donors.weights); // [N, k]
    const total = graph.op('ReduceSum', [weights, indices(graph, [1])], { keepdims: 1 }); // [N, 1]
    const given = doubles(graph, donorValues(x, rows, columns), [rows.length, columns.length]);
    const values = graph.op('Gather', [given, order!], { axis: 0 }); // [N, k, columns]
    const weighed = graph.op('Mul', [values, graph.op('Unsqueeze', [weights, indices(graph, [2])])]);
    const sum = graph.op('ReduceSum', [weighed, indices(graph, [1])], { keepdims: 0 }); // [N, columns]
    const none = graph.op('Equal', [total, doubles(graph, Float64Array.of(0))]);
    const safe = graph.op('Where', [none, doubles(graph, Float64Array.of(1)), total]);
    const mean = doubles(
      graph,
      Float64Array.from(columns, (j) => means[j]!),
    );
    const made = graph.op('Where', [none, mean, graph.op('Div', [sum, safe])]);
    const single = graph.op('Cast', [made], { to: 1 });
    out = graph.op('Where', [
      mask(graph, missing, columns, x.columns),
      spread(graph, single, columns, x.columns),
      out,
    ]);
  }
  return out;
}

const indices = (graph: Graph, values: ArrayLike<number>): Value =>
  graph.constant(tensorOf('int64', [values.length], values));

function donorValues(x: Matrix, rows: Int32Array, columns: readonly number[]): Float64Array {
  const values = new Float64Array(rows.length * columns.length);
  for (const [i, row] of rows.entries()) {
    for (const [k, j] of columns.entries()) values[i * columns.length + k] = x.values[row * x.columns + j]!;
  }
  return values;
}

/** Where a column of the group is missing. */
function mask(graph: Graph, missing: Value, columns: readonly number[], all: number): Value {
  if (columns.length === all) return missing;
  const flags = new Uint8Array(all);
  for (const j of columns) flags[j] = 1;
  return graph.op('And', [missing, graph.constant(tensor('bool', [1, all], flags))]);
}

/** Columns of the group at their places among all. */
function spread(graph: Graph, made: Value, columns: readonly number[], all: number): Value {
  if (columns.length === all) return made;
  const place = new Int32Array(all);
  for (const [k, j] of columns.entries()) place[j] = k;
  return graph.op('Gather', [made, indices(graph, place)], { axis: 1 });
}

/** [N, donors] float32, Infinity where no column is shared. */
function squaresNodes(graph: Graph, at: Value, missing: Value, x: Matrix): Value {
  const wide = graph.op('Cast', [at], { to: 11 });
  const zero = doubles(graph, Float64Array.of(0));
  const there = graph.op('Cast', [graph.op('Not', [missing])], { to: 11 });
  const values = graph.op('Where', [missing, zero, wide]);
  const given = x.values.map((value) => (Number.isNaN(value) ? 0 : value));
  const present = x.values.map((value) => (Number.isNaN(value) ? 0 : 1));
  const turned = (numbers: Float64Array) =>
    doubles(graph, transpose(numbers, x.rows, x.columns), [x.columns, x.rows]);
  const squared = (value: number) => value * value;
  // By products of matrices, so that no more than [N, donors] is ever in memory.
  const shared = graph.op('MatMul', [there, turned(present)]);
  const ofRows = graph.op('MatMul', [graph.op('Mul', [values, values]), turned(present)]);
  const ofDonors = graph.op('MatMul', [there, turned(given.map(squared))]);
  const size = graph.op('Add', [ofRows, ofDonors]);
  const crossed = graph.op('MatMul', [values, turned(given.map((value) => 2 * value))]);
  const raw = graph.op('Sub', [size, crossed]);
  const nothing = graph.op('LessOrEqual', [
    raw,
    graph.op('Mul', [size, doubles(graph, Float64Array.of(NOTHING))]),
  ]);
  const sum = graph.op('Where', [nothing, zero, raw]);
  const whole = graph.op('Mul', [sum, doubles(graph, Float64Array.of(x.columns))]);
  const none = graph.op('Equal', [shared, zero]);
  const safe = graph.op('Where', [none, doubles(graph, Float64Array.of(1)), shared]);
  const infinite = doubles(graph, Float64Array.of(Infinity));
  return graph.op('Cast', [graph.op('Where', [none, infinite, graph.op('Div', [whole, safe])])], { to: 1 });
}

/** Weights of the nearest [N, k] in double precision; 0 for what cannot be compared. */
function weightNodes(graph: Graph, near: Value, weights: 'uniform' | 'distance'): Value {
  const wide = graph.op('Cast', [near], { to: 11 });
  const zero = doubles(graph, Float64Array.of(0));
  const comparable = graph.op('Less', [wide, doubles(graph, Float64Array.of(Infinity))]);
  const counted = graph.op('Cast', [comparable], { to: 11 });
  if (weights === 'uniform') return counted;
  const one = doubles(graph, Float64Array.of(1));
  const same = graph.op('Equal', [wide, zero]);
  const safe = graph.op('Where', [same, one, wide]);
  const inverse = graph.op('Div', [counted, graph.op('Sqrt', [safe])]); // 0 / Infinity is 0
  const twins = graph.op('Cast', [same], { to: 11 });
  const least = graph.op('ReduceMin', [wide, indices(graph, [1])], { keepdims: 1 });
  return graph.op('Where', [graph.op('Equal', [least, zero]), twins, inverse]);
}

/** Puts columns that the same donors have together. */
function grouped(x: Matrix, plain: readonly number[]): Donors['groups'] {
  const groups = new Map<string, { donors: Int32Array; columns: number[] }>();
  for (let j = 0; j < x.columns; j++) {
    if (plain.includes(j)) continue;
    const donors: number[] = [];
    for (let i = 0; i < x.rows; i++) if (!Number.isNaN(x.values[i * x.columns + j]!)) donors.push(i);
    const key = donors.length === x.rows ? 'all' : donors.join();
    const known = groups.get(key);
    if (known) known.columns.push(j);
    else groups.set(key, { donors: Int32Array.from(donors), columns: [j] });
  }
  return [...groups.values()];
}

/** The mean of the nearest rows that have the value. */
export const imputeNeighbours: Preparation<NeighbourImputeSettings> = {
  name: 'impute-neighbours',
  describe: 'The mean of the rows most alike, for each missing value; put it behind a scaling.',
  source: 'Troyanskaya et al., Missing value estimation methods for DNA microarrays, 2001',
  missing: true,
  scaled: true,
  check: (settings) =>
    checkSettings<NeighbourImputeSettings>('impute-neighbours', settings, {
      neighbours: integerSetting(5, { least: 1, most: 1000 }),
      weights: choiceSetting('uniform', ['uniform', 'distance']),
      indicators: flagSetting(false),
    }),
  fit(x, _y, _classes, { neighbours, weights, indicators }, { categorical }) {
    const { seen, empty, holed } = missingColumns(x);
    if (seen.length === 0) {
      throw dataError('impute-neighbours', 'no column has a value. Check how the table was made.');
    }
    const table = takeColumns(x, seen);
    const plain = seen.flatMap((from, to) => (categorical?.includes(from) ? [to] : []));
    for (const j of plain) for (let i = 0; i < x.rows; i++) table.values[i * seen.length + j] = Number.NaN;
    const means = Float64Array.from(seen, (j, to) => {
      const present = presentValues(x, j);
      if (plain.includes(to)) return mostFrequent(present);
      return present.reduce((sum, value) => sum + value, 0) / present.length;
    });
    const donors = { x: table, means, neighbours, weights, plain, groups: grouped(table, plain) };
    return imputing(
      { columns: x.columns, categorical },
      seen,
      indicators ? holed : [],
      {
        transform: (rows) => filled(donors, seen.length === x.columns ? rows : takeColumns(rows, seen)),
        nodes: (graph, at) => filledNodes(graph, at, donors),
      },
      emptyNote(empty),
    );
  },
};
