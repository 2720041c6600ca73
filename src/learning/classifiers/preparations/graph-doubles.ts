import { cast } from '../../../engine/graph/build.ts';
import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { tensor, tensorOf } from '../../../engine/tensor/tensor.ts';

/**
 * Steps are computed in double precision and rounded to single once, at their end, here as in the graph: both then
 * give the same float32 to the next step, and a tree behind them takes the same branch.
 */
export const inDoubles = (x: Value, build: (x: Value) => Value): Value =>
  cast(build(cast(x, 'float64')), 'float32');

/** Constants of a step, [1, n] or a matrix. */
export const doubles = (
  graph: Graph,
  values: Float64Array,
  dims: readonly number[] = [1, values.length],
): Value => graph.constant(tensor('float64', dims, values));

/** The named columns of [N, columns], in their order. */
export function gatherColumns(graph: Graph, x: Value, columns: readonly number[]): Value {
  const indices = graph.constant(tensorOf('int64', [columns.length], columns));
  return graph.op(
    'ArrayFeatureExtractor',
    [x, indices],
    {},
    {
      domain: 'ai.onnx.ml',
      outputTypes: [{ dtype: x.dtype, shape: ['N', columns.length] }],
    },
  );
}

/** Rounds to single precision in place. */
export function roundToSingle(values: Float64Array): Float64Array {
  for (let i = 0; i < values.length; i++) values[i] = Math.fround(values[i]!);
  return values;
}

/** 0, 1 … count - 1. */
export const everyColumn = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
