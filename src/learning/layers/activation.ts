import { scalarLike } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';

export const relu = (x: Value): Value => x.graph.op('Relu', [x]);
/** Relu cut off at 6. */
export const relu6 = (x: Value): Value => x.graph.op('Clip', [x, scalarLike(x, 0), scalarLike(x, 6)]);
export const leakyRelu = (x: Value, slope = 0.01): Value => x.graph.op('LeakyRelu', [x], { alpha: slope });
export const gelu = (x: Value): Value => x.graph.op('Gelu', [x]);
export const sigmoid = (x: Value): Value => x.graph.op('Sigmoid', [x]);
export const tanh = (x: Value): Value => x.graph.op('Tanh', [x]);
/** x sigmoid(x), also called swish. */
export const silu = (x: Value): Value => x.graph.op('Mul', [x, sigmoid(x)]);
/** Probabilities over the classes, axis 1. */
export const softmax = (x: Value): Value => x.graph.op('Softmax', [x], { axis: 1 });
