import { type Matrix, takeColumns } from '../matrix.ts';
import type { FittedPreparation } from '../preparation.ts';
import { gatherColumns } from '../preparations/graph-doubles.ts';
import { dataError } from '../preparations/settings.ts';

/**
 * A step that keeps some columns.
 *
 * @throws PREPARATION_DATA when it keeps none
 */
export function selecting(
  step: string,
  columns: number,
  kept: readonly number[],
  notes: readonly string[] = [],
): FittedPreparation {
  if (kept.length === 0) {
    throw dataError(step, `keeps none of ${columns} columns. Ask for less, or leave the step out.`);
  }
  const all = kept.length === columns;
  return {
    columns: [columns, kept.length],
    kept,
    transform: (x: Matrix) => (all ? x : takeColumns(x, kept)),
    addTo: (graph, x) => (all ? x : gatherColumns(graph, x, kept)),
    notes: [`keeps ${kept.length} of ${columns} columns`, ...notes],
  };
}

/** The `count` columns of the largest values, in the order of the columns; of equals the first. */
export function largest(values: Float64Array, count: number): readonly number[] {
  return byValue(values)
    .slice(0, count)
    .sort((a, b) => a - b);
}

/** Columns from the largest value to the smallest; of equals the first, and NaN last. */
export function byValue(values: Float64Array): number[] {
  const value = (j: number) => (Number.isNaN(values[j]!) ? -Infinity : values[j]!);
  return Array.from(values.keys()).sort((a, b) => {
    const [u, v] = [value(a), value(b)];
    return u === v ? a - b : v > u ? 1 : -1;
  });
}
