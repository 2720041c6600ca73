import { expand, matMul, reshape, scalar } from '../graph/build.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { staticShape } from '../graph/shape.ts';
import { type DType, type NumericDType, tensorOf } from '../tensor/tensor.ts';

/** A matrix with few entries in each row: row i is the sum of `weight` times column `column`. */
export type SparseRows = readonly (readonly { readonly column: number; readonly weight: number }[])[];

/** Zeros of a type and shape, made when the graph runs. */
export const zeros = (graph: Graph, dtype: DType, dims: readonly number[]): Value =>
  expand(scalar(graph, 0, dtype), dims);

/** Product of sizes, 1 for none. */
export const product = (dims: readonly number[]): number => dims.reduce((total, dim) => total * dim, 1);

/** y = A^T x along one axis of x, for A [m, n] given by its rows; x has m there and y has n. */
export function transposedAlongAxis(x: Value, rows: SparseRows, columns: number, axis: number): Value {
  const dims = staticShape(x);
  const before = product(dims.slice(0, axis));
  const after = product(dims.slice(axis + 1));
  const last = after === 1;
  const entries = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => {
    for (const { column, weight } of row) {
      entries[last ? i * columns + column : column * rows.length + i]! += weight;
    }
  });
  const shape = last ? [rows.length, columns] : [columns, rows.length];
  // Only floating-point values have a gradient.
  const matrix = x.graph.constant(tensorOf(x.dtype as NumericDType, shape, entries));
  const y = last
    ? matMul(reshape(x, [before, rows.length]), matrix) // [before, n]
    : matMul(matrix, reshape(x, [before, rows.length, after])); // [before, n, after]
  return reshape(
    y,
    dims.map((dim, i) => (i === axis ? columns : dim)),
  );
}
