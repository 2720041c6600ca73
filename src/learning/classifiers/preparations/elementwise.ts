import type { Value } from '../../../engine/graph/graph.ts';
import { tensor } from '../../../engine/tensor/tensor.ts';
import type { Matrix } from '../matrix.ts';
import type { FittedPreparation } from '../preparation.ts';
import { everyColumn, inDoubles } from './graph-doubles.ts';

/** What goes through as it is, and what is said. */
export interface ElementwiseOptions {
  /** Columns of categories. */
  readonly untouched?: readonly number[] | undefined;
  readonly notes?: readonly string[];
}

/**
 * A step that works on each value by itself.
 *
 * @param one the value in double precision from a value and its column
 * @param nodes the same on float64 [N, columns]
 */
export function elementwise(
  columns: number,
  one: (value: number, column: number) => number,
  nodes: (x: Value) => Value,
  { untouched = [], notes = [] }: ElementwiseOptions = {},
): FittedPreparation {
  const same = new Uint8Array(columns);
  for (const j of untouched) same[j] = 1;
  return {
    columns: [columns, columns],
    kept: everyColumn(columns),
    transform: ({ values, rows }: Matrix) => {
      const out = new Float64Array(values.length);
      for (let i = 0, at = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++, at++) {
          out[at] = same[j] === 1 ? values[at]! : Math.fround(one(values[at]!, j));
        }
      }
      return { values: out, rows, columns };
    },
    addTo(graph, x) {
      const made = inDoubles(x, nodes);
      if (untouched.length === 0) return made;
      return graph.op('Where', [graph.constant(tensor('bool', [1, columns], same)), x, made]);
    },
    notes,
  };
}

/** (x - offset) / divisor of each column. */
export const shiftAndDivide = (
  offset: Float64Array,
  divisor: Float64Array,
  constants: (values: Float64Array, like: Value) => Value,
  options?: ElementwiseOptions,
): FittedPreparation =>
  elementwise(
    offset.length,
    (value, j) => (value - offset[j]!) / divisor[j]!,
    (x) => {
      const centred = x.graph.op('Sub', [x, constants(offset, x)]);
      return x.graph.op('Div', [centred, constants(divisor, x)]);
    },
    options,
  );
