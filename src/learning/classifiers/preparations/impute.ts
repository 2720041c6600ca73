import type { Graph, Value } from '../../../engine/graph/graph.ts';
import type { Matrix } from '../matrix.ts';
import type { FittedPreparation, Preparation } from '../preparation.ts';
import { presentValues, sortedMedian } from './columns.ts';
import { gatherColumns } from './graph-doubles.ts';
import { checkSettings, choiceSetting, dataError, flagSetting, numberSetting } from './settings.ts';

const STRATEGIES = ['median', 'mean', 'most-frequent', 'constant'] as const;

/** What stands in for a missing value. */
export interface ImputeSettings {
  /** 'median' by default; categories always take their most frequent value. */
  readonly by?: (typeof STRATEGIES)[number];
  /** The value of 'constant'; 0 by default. */
  readonly value?: number;
  /** A column of 0 and 1 more for each column that had missing values in the fit; off by default. */
  readonly indicators?: boolean;
}

/** The most frequent value, the smallest of several. */
export function mostFrequent(values: Float64Array): number {
  const sorted = values.slice().sort();
  let best = Number.NaN;
  let most = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    if (end - start > most) {
      most = end - start;
      best = sorted[start]!;
    }
    start = end;
  }
  return best;
}

function standIn(values: Float64Array, by: Required<ImputeSettings>['by'], value: number): number {
  if (by === 'constant') return value;
  if (by === 'most-frequent') return mostFrequent(values);
  if (by === 'median') return sortedMedian(values.slice().sort());
  let sum = 0;
  for (const one of values) sum += one;
  return sum / values.length;
}

/** Columns with and without a value, and those with some missing. */
export function missingColumns(x: Matrix): {
  readonly seen: number[];
  readonly empty: number;
  readonly holed: number[];
} {
  const seen: number[] = [];
  const holed: number[] = [];
  for (let j = 0; j < x.columns; j++) {
    const present = presentValues(x, j).length;
    if (present > 0) seen.push(j);
    if (present > 0 && present < x.rows) holed.push(j);
  }
  return { seen, empty: x.columns - seen.length, holed };
}

/** Fills the holes of the columns that were seen, and puts the indicators behind them. */
export function imputing(
  {
    columns: input,
    categorical = [],
  }: { readonly columns: number; readonly categorical?: readonly number[] | undefined },
  seen: readonly number[],
  indicated: readonly number[],
  fill: { readonly transform: (x: Matrix) => Matrix; readonly nodes: (graph: Graph, x: Value) => Value },
  notes: readonly string[],
): FittedPreparation {
  const output = seen.length + indicated.length;
  const whole = seen.length === input;
  return {
    columns: [input, output],
    kept: [...seen, ...indicated],
    categorical: seen.flatMap((from, to) => (categorical.includes(from) ? [to] : [])),
    names: (names) => [...seen.map((j) => names[j]!), ...indicated.map((j) => `${names[j]!} missing`)],
    transform(x) {
      const filled = fill.transform(x); // [rows, seen]
      if (indicated.length === 0) return filled;
      const values = new Float64Array(x.rows * output);
      for (let i = 0; i < x.rows; i++) {
        values.set(filled.values.subarray(i * seen.length, (i + 1) * seen.length), i * output);
        for (let k = 0; k < indicated.length; k++) {
          const missing = Number.isNaN(x.values[i * input + indicated[k]!]!);
          values[i * output + seen.length + k] = missing ? 1 : 0;
        }
      }
      return { values, rows: x.rows, columns: output };
    },
    addTo(graph, x) {
      const filled = fill.nodes(graph, whole ? x : gatherColumns(graph, x, seen));
      if (indicated.length === 0) return filled;
      const missing = graph.op('IsNaN', [gatherColumns(graph, x, indicated)]);
      return graph.op('Concat', [filled, graph.op('Cast', [missing], { to: 1 })], { axis: 1 });
    },
    notes,
  };
}

/** Notes of columns without a value. */
export const emptyNote = (empty: number): readonly string[] =>
  empty === 0 ? [] : [`${empty} columns had no value at all in the fit and were left out`];

/** One value of each column for all that is missing in it. */
export const impute: Preparation<ImputeSettings> = {
  name: 'impute',
  describe: "A column's median, mean or most frequent value, or a constant, for each missing value.",
  source: 'Little and Rubin, Statistical Analysis with Missing Data, 3rd ed., 2019, section 4.2',
  missing: true,
  check: (settings) =>
    checkSettings<ImputeSettings>('impute', settings, {
      by: choiceSetting('median', STRATEGIES),
      value: numberSetting(0),
      indicators: flagSetting(false),
    }),
  fit(x, _y, _classes, { by, value, indicators }, { categorical = [] }) {
    const { seen, empty, holed } = missingColumns(x);
    if (seen.length === 0) throw dataError('impute', 'no column has a value. Check how the table was made.');
    const standIns = Float64Array.from(seen, (j) =>
      Math.fround(standIn(presentValues(x, j), categorical.includes(j) ? 'most-frequent' : by, value)),
    );
    const columns = seen.length;
    return imputing(
      { columns: x.columns, categorical },
      seen,
      indicators ? holed : [],
      {
        transform({ values, rows, columns: input }) {
          const out = new Float64Array(rows * columns);
          for (let i = 0, at = 0; i < rows; i++) {
            for (let k = 0; k < columns; k++, at++) {
              const one = values[i * input + seen[k]!]!;
              out[at] = Number.isNaN(one) ? standIns[k]! : one;
            }
          }
          return { values: out, rows, columns };
        },
        nodes: (graph, at) =>
          graph.op(
            'Imputer',
            [at],
            { imputed_value_floats: Array.from(standIns), replaced_value_float: Number.NaN },
            { domain: 'ai.onnx.ml', outputTypes: [{ dtype: 'float32', shape: ['N', columns] }] },
          ),
      },
      emptyNote(empty),
    );
  },
};
