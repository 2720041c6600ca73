import { cast, dtypeOfOnnx } from '../graph/build.ts';
import type { Node } from '../graph/graph.ts';
import type { Dim, ValueType } from '../graph/shape.ts';
import { type DType, isFloat, type Tensor, tensor, tensorOf } from '../tensor/tensor.ts';
import {
  intOf,
  intsOf,
  knownInts,
  misfit,
  normalizeAxis,
  notDifferentiable,
  type Operator,
  type OperatorTable,
  required,
  sameAsInput,
  tensorOfNode,
  zeroGradient,
} from './operator.ts';

/** The element type that an int attribute names. @throws GRAPH_SHAPE for types that the engine does not hold */
function dtypeNamed(node: Node, attribute: string, fallback: DType): DType {
  const code = intOf(node, attribute, -1);
  if (code === -1) return fallback;
  return dtypeOfOnnx(code) ?? misfit(node, `element type ${code} is not supported`);
}

const vector = (length: Dim): readonly Dim[] => [length];

/** The tensor of a Constant node, whichever attribute holds it. @throws GRAPH_SHAPE where none does */
export function constantTensor(node: Node): Tensor {
  const value = tensorOfNode(node, 'value');
  if (value) return value;
  for (const attribute of node.attributes.values()) {
    switch (attribute.kind) {
      case 'float':
        return tensorOf('float32', [], [attribute.value]);
      case 'floats':
        return tensorOf('float32', [attribute.value.length], attribute.value);
      case 'int':
        return tensorOf('int64', [], [attribute.value]);
      case 'ints':
        return tensorOf('int64', [attribute.value.length], attribute.value);
      case 'string':
        return tensor('string', [], [attribute.value]);
      case 'strings':
        return tensor('string', [attribute.value.length], attribute.value);
      default:
        return misfit(node, `a value of kind ${attribute.kind} is not supported`);
    }
  }
  return misfit(node, 'it has no value');
}

const castTo = (target: (node: Node) => DType): Operator => ({
  shape: (node) => [{ dtype: target(node), shape: required(node, 0).shape }],
  // A gradient comes here only between float types.
  gradient: ({ node, dy }) => [
    isFloat(node.inputs[0]!.dtype) ? cast(dy[0]!, node.inputs[0]!.dtype) : undefined,
  ],
});

const made = (
  shape: (node: Node) => readonly ValueType[],
  gradient = zeroGradient('its output does not depend on the values of its inputs'),
): Operator => ({ shape, gradient });

const random = (like: boolean): Operator =>
  made((node) => {
    if (!like) return [{ dtype: dtypeNamed(node, 'dtype', 'float32'), shape: intsOf(node, 'shape') }];
    const { dtype, shape } = required(node, 0);
    return [{ dtype: dtypeNamed(node, 'dtype', dtype), shape }];
  }, zeroGradient('random numbers do not depend on the values of its inputs'));

/** Operators that change the element type, ask for a shape, or make values of their own. */
export const castConstant: OperatorTable = {
  Identity: { shape: sameAsInput, gradient: ({ dy }) => [dy[0]] },
  Cast: castTo((node) => dtypeNamed(node, 'to', required(node, 0).dtype)),
  CastLike: castTo((node) => required(node, 1).dtype),
  Shape: made((node) => {
    const { shape } = required(node, 0);
    if (!shape) return [{ dtype: 'int64', shape: vector(undefined) }];
    const rank = shape.length;
    const clamp = (axis: number): number => Math.min(Math.max(axis < 0 ? axis + rank : axis, 0), rank);
    const length = clamp(intOf(node, 'end', rank)) - clamp(intOf(node, 'start', 0));
    return [{ dtype: 'int64', shape: vector(Math.max(length, 0)) }];
  }),
  Size: made(() => [{ dtype: 'int64', shape: [] }]),
  Constant: made((node) => {
    const { dtype, dims } = constantTensor(node);
    return [{ dtype, shape: dims }];
  }),
  ConstantOfShape: made((node) => {
    const dims = required(node, 0);
    const rank = dims.shape?.[0];
    const unknown = typeof rank === 'number' ? Array.from({ length: rank }, () => undefined) : undefined;
    return [{ dtype: tensorOfNode(node, 'value')?.dtype ?? 'float32', shape: dims.elements ?? unknown }];
  }),
  Range: made((node) => {
    const [start, limit, delta] = [0, 1, 2].map((i) => knownInts(required(node, i))?.[0]);
    const known = start !== undefined && limit !== undefined && delta !== undefined && delta !== 0;
    const length = known ? Math.max(Math.ceil((limit - start) / delta), 0) : undefined;
    return [{ dtype: required(node, 0).dtype, shape: vector(length) }];
  }, notDifferentiable('its length depends on its inputs')),
  EyeLike: made((node) => {
    const { dtype, shape } = required(node, 0);
    return [{ dtype: dtypeNamed(node, 'dtype', dtype), shape }];
  }),
  OneHot: made((node) => {
    const { shape } = required(node, 0);
    const depth = knownInts(required(node, 1))?.[0];
    const { dtype } = required(node, 2);
    if (!shape) return [{ dtype, shape: undefined }];
    const axis = normalizeAxis(node, intOf(node, 'axis', -1), shape.length + 1);
    return [{ dtype, shape: shape.toSpliced(axis, 0, depth) }];
  }, notDifferentiable('the gradient with respect to its two values is not provided')),
  NonZero: made(
    (node) => [{ dtype: 'int64', shape: [required(node, 0).shape?.length, undefined] }],
    zeroGradient('its output are indices'),
  ),
  RandomUniform: random(false),
  RandomNormal: random(false),
  RandomUniformLike: random(true),
  RandomNormalLike: random(true),
};
