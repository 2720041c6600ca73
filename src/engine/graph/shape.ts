import type { DType } from '../tensor/tensor.ts';

/** One extent of a shape: a number, a name that stands for an unknown number ('N'), or nothing known. */
export type Dim = number | string | undefined;
/** A shape; undefined where not even the rank is known. */
export type Shape = readonly Dim[] | undefined;

/** What ONNX says of an input or output: element type and shape. */
export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** '[8, 3, ?, N]' for messages. */
export function describeShape(shape: Shape): string {
  return shape ? `[${shape.map((dim) => dim ?? '?').join(', ')}]` : '[unknown rank]';
}
