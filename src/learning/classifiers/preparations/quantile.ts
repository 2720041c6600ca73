import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { tensorOf } from '../../../engine/tensor/tensor.ts';
import type { Preparation } from '../preparation.ts';
import { presentValues, sortedQuantile } from './columns.ts';
import { elementwise } from './elementwise.ts';
import { doubles } from './graph-doubles.ts';
import { CENTRAL, MIDDLE, normalQuantile } from './normal-quantile.ts';
import { checkSettings, choiceSetting, integerSetting } from './settings.ts';

/** How finely, and onto which distribution. */
export interface QuantileSettings {
  /** Points of each column's distribution that are kept, 2 .. 1000; 100 by default, never more than rows. */
  readonly quantiles?: number;
  readonly output?: 'uniform' | 'normal';
}

/** Normal values end here, as far as quantiles 1e-7 and 1 - 1e-7 go. */
const EDGE = 1e-7;

/**
 * The place of a value among its column's quantiles, 0 .. 1, with linear interpolation; among equal quantiles the
 * middle of their places.
 */
function placeOf(value: number, quantiles: Float64Array): number {
  const last = quantiles.length - 1;
  if (Number.isNaN(value)) return value;
  if (last < 1) return value <= quantiles[0]! ? 0 : 1;
  if (value <= quantiles[0]!) return 0;
  if (value >= quantiles[last]!) return 1;
  const below = countBelow(quantiles, value, false);
  const upTo = countBelow(quantiles, value, true);
  // quantiles[below - 1] < value <= quantiles[below], quantiles[upTo - 1] <= value < quantiles[upTo].
  const [a, b] = [quantiles[below - 1]!, quantiles[below]!];
  const [c, d] = [quantiles[upTo - 1]!, quantiles[upTo]!];
  const first = below - 1 + (value - a) / (b - a);
  const second = upTo - 1 + (value - c) / (d - c);
  return ((first + second) * 0.5) / last;
}

/** How many of sorted quantiles are below a value, or also equal to it. */
function countBelow(quantiles: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, quantiles.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = quantiles[middle]!;
    if (one < value || (orEqual && one === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const toNormal = (place: number): number =>
  Number.isNaN(place) ? place : normalQuantile(Math.min(1 - EDGE, Math.max(EDGE, place)));

/** How many of each column's quantiles are below x (op 'Less') or also equal ('LessOrEqual'): int64, by halving. */
function countNodes(graph: Graph, x: Value, table: Float64Array, columns: number, op: string): Value {
  const count = table.length / columns;
  const width = 2 ** Math.ceil(Math.log2(count + 1));
  const padded = new Float64Array(columns * width).fill(Infinity);
  for (let j = 0; j < columns; j++) padded.set(table.subarray(j * count, (j + 1) * count), j * width);
  const flat = doubles(graph, padded, [padded.length]);
  const starts = Array.from({ length: columns }, (_, j) => j * width - 1);
  const whole = (values: readonly number[]) => graph.constant(tensorOf('int64', [1, values.length], values));
  let found: Value | undefined;
  for (let step = width / 2; step >= 1; step /= 2) {
    const next = found ? graph.op('Add', [found, whole([step])]) : whole([step]);
    const at = graph.op('Add', [next, whole(starts)]); // of the last quantile counted by `next`
    const holds = graph.op(op, [graph.op('Gather', [flat, at], { axis: 0 }), x]);
    found = graph.op('Where', [holds, next, found ?? whole([0])]);
  }
  return found ?? whole([0]);
}

/** The same as nodes; `table` is [columns, quantiles]. */
function placeNodes(graph: Graph, x: Value, table: Float64Array, columns: number): Value {
  const count = table.length / columns;
  const constant = (value: number) => doubles(graph, Float64Array.of(value));
  const one = graph.constant(tensorOf('int64', [1, 1], [1]));
  const least = graph.constant(tensorOf('int64', [1, 1], [1]));
  const most = graph.constant(tensorOf('int64', [1, 1], [count - 1]));
  const rowStart = graph.constant(
    tensorOf(
      'int64',
      [1, columns],
      Array.from({ length: columns }, (_, j) => j * count),
    ),
  );
  const flat = doubles(graph, table, [table.length]);
  const between = (upper: Value): Value => {
    const inside = graph.op('Min', [graph.op('Max', [upper, least]), most]);
    const high = graph.op('Add', [inside, rowStart]);
    const low = graph.op('Sub', [high, one]);
    const a = graph.op('Gather', [flat, low], { axis: 0 });
    const b = graph.op('Gather', [flat, high], { axis: 0 });
    const width = graph.op('Sub', [b, a]);
    const flatHere = graph.op('Equal', [width, constant(0)]);
    const share = graph.op('Div', [
      graph.op('Sub', [x, a]),
      graph.op('Where', [flatHere, constant(1), width]),
    ]);
    return graph.op('Add', [graph.op('Cast', [graph.op('Sub', [inside, one])], { to: 11 }), share]);
  };
  const sum = graph.op('Add', [
    between(countNodes(graph, x, table, columns, 'Less')),
    between(countNodes(graph, x, table, columns, 'LessOrEqual')),
  ]);
  const place = graph.op('Div', [graph.op('Mul', [sum, constant(0.5)]), constant(count - 1)]);
  const ends = (k: number) =>
    doubles(
      graph,
      Float64Array.from({ length: columns }, (_, j) => table[j * count + k]!),
    );
  const floored = graph.op('Where', [graph.op('GreaterOrEqual', [x, ends(count - 1)]), constant(1), place]);
  return graph.op('Where', [graph.op('LessOrEqual', [x, ends(0)]), constant(0), floored]);
}

function normalNodes(graph: Graph, place: Value): Value {
  const constant = (value: number) => doubles(graph, Float64Array.of(value));
  const low = graph.op('Where', [graph.op('Less', [place, constant(EDGE)]), constant(EDGE), place]);
  const p = graph.op('Where', [graph.op('Greater', [low, constant(1 - EDGE)]), constant(1 - EDGE), low]);
  const q = graph.op('Sub', [p, constant(0.5)]);
  const negative = graph.op('Less', [q, constant(0)]);
  const ratio = (
    r: Value,
    { above, below }: { readonly above: readonly number[]; readonly below: readonly number[] },
  ) => {
    const polynomial = (factors: readonly number[]) =>
      factors.reduceRight(
        (sum: Value, factor) => graph.op('Add', [graph.op('Mul', [sum, r]), constant(factor)]),
        constant(0),
      );
    return graph.op('Div', [polynomial(above), polynomial(below)]);
  };
  const centre = graph.op('Sub', [constant(0.180625), graph.op('Mul', [q, q])]);
  const near = graph.op('Mul', [q, ratio(centre, CENTRAL)]);
  const tail = graph.op('Where', [negative, p, graph.op('Sub', [constant(1), p])]);
  const root = graph.op('Sqrt', [graph.op('Neg', [graph.op('Log', [tail])])]);
  const far = ratio(graph.op('Sub', [root, constant(1.6)]), MIDDLE);
  const signed = graph.op('Where', [negative, graph.op('Neg', [far]), far]);
  const isNear = graph.op('LessOrEqual', [graph.op('Abs', [q]), constant(0.425)]);
  return graph.op('Where', [isNear, near, signed]);
}

/** Each value's place in its column's distribution. */
export const quantile: Preparation<QuantileSettings> = {
  name: 'quantile',
  describe: "Each value's place in the distribution of its column, evenly from 0 to 1 or as a normal value.",
  source:
    'Conover and Iman, Rank transformations as a bridge between parametric and nonparametric statistics, 1981',
  missing: true,
  scales: true,
  check: (settings) =>
    checkSettings<QuantileSettings>('quantile', settings, {
      quantiles: integerSetting(100, { least: 2, most: 1000 }),
      output: choiceSetting('uniform', ['uniform', 'normal']),
    }),
  fit(x, _y, _classes, { quantiles, output }, { categorical }) {
    const { columns } = x;
    const count = Math.max(2, Math.min(quantiles, x.rows));
    const table = new Float64Array(columns * count);
    for (let j = 0; j < columns; j++) {
      const sorted = presentValues(x, j).sort();
      let least = -Infinity;
      for (let k = 0; k < count; k++) {
        const value = sorted.length > 0 ? sortedQuantile(sorted, k / (count - 1)) : 0;
        least = Math.max(least, value); // rounding of the interpolation
        table[j * count + k] = least;
      }
    }
    const ofColumn = Array.from({ length: columns }, (_, j) => table.subarray(j * count, (j + 1) * count));
    const normal = output === 'normal';
    return elementwise(
      columns,
      (value, j) => {
        const place = placeOf(value, ofColumn[j]!);
        return normal ? toNormal(place) : place;
      },
      (value) => {
        const place = placeNodes(value.graph, value, table, columns);
        return normal ? normalNodes(value.graph, place) : place;
      },
      { untouched: categorical },
    );
  },
};
