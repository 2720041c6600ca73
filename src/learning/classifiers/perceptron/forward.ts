import { add, apply, cast, matMul } from '../../../engine/graph/build.ts';
import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { tensor } from '../../../engine/tensor/tensor.ts';
import { toDouble, toSingle } from '../double-precision.ts';
import { softmaxRows } from '../linear/linear-scores.ts';
import { multiplyTransposed } from '../linear-algebra/products.ts';
import type { Matrix } from '../matrix.ts';

export type Activation = 'relu' | 'tanh' | 'logistic';

export const activationOperator: Readonly<Record<Activation, string>> = {
  relu: 'Relu',
  tanh: 'Tanh',
  logistic: 'Sigmoid',
};

/** One layer of a fitted perceptron. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float32Array<ArrayBuffer>; // [outputs, inputs]
  readonly bias: Float32Array<ArrayBuffer>; // [outputs]
}

const functions: Readonly<Record<Activation, (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  logistic: (x) => 1 / (1 + Math.exp(-x)),
};

/** Probabilities [rows, classes]. */
export function forward(layers: readonly Layer[], activation: Activation, x: Matrix): Float64Array {
  let values = x.values;
  for (const [l, { inputs, outputs, weight, bias }] of layers.entries()) {
    const next = multiplyTransposed(values, Float64Array.from(weight), x.rows, inputs, outputs);
    for (let at = 0; at < next.length; at++) next[at] = next[at]! + bias[at % outputs]!;
    if (l < layers.length - 1) {
      const bend = functions[activation];
      for (let at = 0; at < next.length; at++) next[at] = bend(next[at]!);
    }
    values = next;
  }
  softmaxRows(values, x.rows, layers.at(-1)!.outputs); // a perceptron has an output layer
  return values;
}

/** The same in a graph; weights are kept in single precision and computed with in double. */
export function forwardNodes(
  layers: readonly Layer[],
  activation: Activation,
  graph: Graph,
  x: Value,
): Value {
  let value = toDouble(x);
  for (const [l, { inputs, outputs, weight, bias }] of layers.entries()) {
    const turned = new Float32Array(weight.length);
    for (let at = 0; at < weight.length; at++)
      turned[(at % inputs) * outputs + Math.floor(at / inputs)] = weight[at]!;
    const factor = cast(graph.constant(tensor('float32', [inputs, outputs], turned)), 'float64');
    const shift = cast(graph.constant(tensor('float32', [1, outputs], bias)), 'float64');
    value = add(matMul(value, factor), shift);
    if (l < layers.length - 1) value = apply(activationOperator[activation], value);
  }
  return toSingle(graph.op('Softmax', [value], { axis: 1 }));
}
