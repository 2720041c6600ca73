import { HounsfieldError } from '../../errors.ts';
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

/** The shape as numbers. @throws SHAPE_NOT_STATIC naming the value, when a dim is not known. */
export function staticShape(value: { readonly name: string; readonly shape: Shape }): readonly number[] {
  const { shape } = value;
  if (shape?.every((dim): dim is number => typeof dim === 'number')) return shape;
  throw new HounsfieldError(
    'SHAPE_NOT_STATIC',
    `'${value.name}' has shape ${describeShape(shape)}, and a fixed one is needed here. ` +
      'Fix the sizes of the graph inputs first: withInputShapes(graph, { input: [8, 3, 224, 224] }).',
  );
}
