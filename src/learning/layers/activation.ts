import type { Value } from '../../engine/graph/graph.ts';

export const relu = (x: Value): Value => x.graph.op('Relu', [x]);
export const leakyRelu = (x: Value, slope = 0.01): Value => x.graph.op('LeakyRelu', [x], { alpha: slope });
export const gelu = (x: Value): Value => x.graph.op('Gelu', [x]);
export const sigmoid = (x: Value): Value => x.graph.op('Sigmoid', [x]);
export const tanh = (x: Value): Value => x.graph.op('Tanh', [x]);
/** x sigmoid(x), also called swish. */
export const silu = (x: Value): Value => x.graph.op('Mul', [x, sigmoid(x)]);
/** Probabilities over the classes, axis 1. */
export const softmax = (x: Value): Value => x.graph.op('Softmax', [x], { axis: 1 });
