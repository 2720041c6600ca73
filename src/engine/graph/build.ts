import { type DType, type NumericDType, tensorOf } from '../tensor/tensor.ts';
import type { Graph, Value } from './graph.ts';
import { staticShape } from './shape.ts';

/** Short names for the nodes that gradient rules and passes write most. Each adds to the graph of its first value. */

/** A node of one output and no attributes. */
export const apply = (op: string, first: Value, ...rest: readonly Value[]): Value =>
  first.graph.op(op, [first, ...rest]);

export const add = (a: Value, b: Value): Value => a.graph.op('Add', [a, b]);
export const sub = (a: Value, b: Value): Value => a.graph.op('Sub', [a, b]);
export const mul = (a: Value, b: Value): Value => a.graph.op('Mul', [a, b]);
export const div = (a: Value, b: Value): Value => a.graph.op('Div', [a, b]);
export const neg = (a: Value): Value => a.graph.op('Neg', [a]);
export const sqrt = (a: Value): Value => a.graph.op('Sqrt', [a]);
export const matMul = (a: Value, b: Value): Value => a.graph.op('MatMul', [a, b]);

/** An int64 vector constant. */
export const ints = (graph: Graph, values: readonly number[]): Value =>
  graph.constant(tensorOf('int64', [values.length], values));

/** A scalar constant of the element type. */
export const scalar = (graph: Graph, value: number, dtype: DType = 'float32'): Value =>
  // Strings never meet arithmetic: every caller passes a number's type.
  graph.constant(tensorOf(dtype as NumericDType, [], [value]));

/** A scalar of the same element type as `like`. */
export const scalarLike = (like: Value, value: number): Value => scalar(like.graph, value, like.dtype);

export const reshape = (a: Value, dims: readonly number[]): Value =>
  a.graph.op('Reshape', [a, ints(a.graph, dims)]);
export const transpose = (a: Value, perm: readonly number[]): Value => a.graph.op('Transpose', [a], { perm });
export const reduceSum = (a: Value, axes: readonly number[], keepdims = false): Value =>
  a.graph.op('ReduceSum', [a, ints(a.graph, axes)], { keepdims: keepdims ? 1 : 0 });
export const unsqueeze = (a: Value, axes: readonly number[]): Value =>
  a.graph.op('Unsqueeze', [a, ints(a.graph, axes)]);
export const squeeze = (a: Value, axes: readonly number[]): Value =>
  a.graph.op('Squeeze', [a, ints(a.graph, axes)]);
export const expand = (a: Value, dims: readonly number[]): Value =>
  a.graph.op('Expand', [a, ints(a.graph, dims)]);
export const cast = (a: Value, dtype: DType): Value =>
  a.dtype === dtype ? a : a.graph.op('Cast', [a], { to: onnxDataType[dtype] });
export const where = (condition: Value, a: Value, b: Value): Value => a.graph.op('Where', [condition, a, b]);

/** Sums a gradient over the axes along which its value had been broadcast, so that it fits the value again. */
export function unbroadcast(gradient: Value, target: Value): Value {
  const from = staticShape(gradient);
  const to = staticShape(target);
  const lead = from.length - to.length;
  const axes = from.flatMap((dim, i) => (i < lead || (to[i - lead] === 1 && dim !== 1) ? [i] : []));
  const summed = axes.length > 0 ? reduceSum(gradient, axes, true) : gradient;
  return lead > 0 ? reshape(summed, to) : summed;
}

/** TensorProto.DataType numbers of the ONNX standard. */
export const onnxDataType: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

/** The element type of a TensorProto.DataType number; undefined for those the engine has no array for. */
export function dtypeOfOnnx(code: number): DType | undefined {
  // Object.keys gives back exactly the table's keys.
  return (Object.keys(onnxDataType) as DType[]).find((dtype) => onnxDataType[dtype] === code);
}
