import type { Value } from '../../../engine/graph/graph.ts';
import type { Matrix } from '../matrix.ts';
import type { FittedPreparation } from '../preparation.ts';
import { everyColumn, inDoubles } from './graph-doubles.ts';

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
  notes: readonly string[] = [],
): FittedPreparation {
  return {
    columns: [columns, columns],
    kept: everyColumn(columns),
    transform: ({ values, rows }: Matrix) => {
      const out = new Float64Array(values.length);
      for (let i = 0, at = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++, at++) out[at] = Math.fround(one(values[at]!, j));
      }
      return { values: out, rows, columns };
    },
    addTo: (_, x) => inDoubles(x, nodes),
    notes,
  };
}

/** (x - offset) / divisor of each column. */
export const shiftAndDivide = (
  offset: Float64Array,
  divisor: Float64Array,
  constants: (values: Float64Array, like: Value) => Value,
  notes?: readonly string[],
): FittedPreparation =>
  elementwise(
    offset.length,
    (value, j) => (value - offset[j]!) / divisor[j]!,
    (x) => {
      const centred = x.graph.op('Sub', [x, constants(offset, x)]);
      return x.graph.op('Div', [centred, constants(divisor, x)]);
    },
    notes,
  );
