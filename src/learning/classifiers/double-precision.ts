import { cast } from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { tensor } from '../../engine/tensor/tensor.ts';

/**
 * Fitted classifiers compute in float64 inside their graphs: their inputs and outputs are float32, but differences of
 * large numbers (distances, quadratic forms, scores of unscaled columns) would lose more than 1e-5 on the way.
 */
export const toDouble = (x: Value): Value => cast(x, 'float64');

export const toSingle = (x: Value): Value => cast(x, 'float32');

export const doubles = (graph: Graph, dims: readonly number[], values: Float64Array): Value =>
  graph.constant(tensor('float64', dims, Float64Array.from(values)));

export const number = (graph: Graph, value: number): Value => doubles(graph, [], Float64Array.of(value));
