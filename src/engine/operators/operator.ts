import { HounsfieldError } from '../../errors.ts';
import type { Attribute, AttributeKind } from '../graph/attributes.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { type Dim, describeShape, type Shape, type ValueType } from '../graph/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * What the engine knows of an operator: how the types of its outputs follow from its inputs, and how a gradient
 * goes back through it. One entry in the family's table; the contract tests run over the table.
 */
export interface Operator {
  /** Types of the first `wanted` outputs. Reports misfits through `misfit`. */
  readonly shape: (node: Node, wanted: number) => readonly ValueType[];
  readonly gradient: GradientRule | NoGradient;
}

/** Adds the nodes of the gradient with respect to each input; undefined where it is zero or not wanted. */
export type GradientRule = (context: GradientContext) => readonly (Value | undefined)[];

/** Why there is no gradient. 'zero' means that it is zero almost everywhere, so that the walk just stops there. */
export interface NoGradient {
  readonly kind: 'zero' | 'not-differentiable';
  readonly reason: string;
}

export interface GradientContext {
  readonly graph: Graph;
  readonly node: Node;
  /** Gradient of the loss with respect to each output; undefined where that output does not reach the loss. */
  readonly dy: readonly (Value | undefined)[];
  /** Whether the gradient with respect to input i is needed. */
  readonly wants: (index: number) => boolean;
  /**
   * For a rule that writes the node out in others and differentiates those: gradients with respect to `values`, which
   * the nodes added since the rule began use or make, when `outputs` of them stand for the node's own.
   */
  readonly backThrough: (
    outputs: readonly Value[],
    values: readonly Value[],
  ) => readonly (Value | undefined)[];
}

export type OperatorTable = Readonly<Record<string, Operator>>;

export const zeroGradient = (reason: string): NoGradient => ({ kind: 'zero', reason });
export const notDifferentiable = (reason: string): NoGradient => ({ kind: 'not-differentiable', reason });

/** The i-th input, which the operator cannot do without. @throws GRAPH_SHAPE */
export function required(node: Node, index: number): Value {
  return node.inputs[index] ?? misfit(node, `input ${index} is missing`);
}

/** Reports that a node's inputs do not fit. */
export function misfit(node: Node, problem: string): never {
  const shapes = node.inputs.map((input) => (input ? `${input.dtype}${describeShape(input.shape)}` : '–'));
  throw new HounsfieldError(
    'GRAPH_SHAPE',
    `${node.op} '${node.name}' (${shapes.join(', ')}): ${problem}. Check the sizes and attributes of this node.`,
  );
}

/** The attribute, checked to be of the kind; undefined when the node does not have it. */
function attributeOfKind<K extends AttributeKind>(node: Node, name: string, kind: K) {
  const attribute = node.attributes.get(name);
  if (!attribute) return undefined;
  if (attribute.kind !== kind) {
    throw new HounsfieldError(
      'OPERATOR_ATTRIBUTE',
      `${node.op} '${node.name}': attribute '${name}' is of kind ${attribute.kind}, expected ${kind}.`,
    );
  }
  // The kind was checked above; TypeScript cannot narrow a generic union.
  return attribute as Extract<Attribute, { kind: K }>;
}

export const intOf = (node: Node, name: string, fallback: number): number =>
  attributeOfKind(node, name, 'int')?.value ?? fallback;
export const floatOf = (node: Node, name: string, fallback: number): number =>
  attributeOfKind(node, name, 'float')?.value ?? fallback;
export const stringOf = (node: Node, name: string, fallback: string): string =>
  attributeOfKind(node, name, 'string')?.value ?? fallback;
export const intsOf = (node: Node, name: string): readonly number[] | undefined =>
  attributeOfKind(node, name, 'ints')?.value;
export const floatsOf = (node: Node, name: string): readonly number[] | undefined =>
  attributeOfKind(node, name, 'floats')?.value;
export const stringsOf = (node: Node, name: string): readonly string[] | undefined =>
  attributeOfKind(node, name, 'strings')?.value;
export const tensorOfNode = (node: Node, name: string): Tensor | undefined =>
  attributeOfKind(node, name, 'tensor')?.value;

/** An axis counted from the end made one counted from the start. @throws GRAPH_SHAPE out of range */
export function normalizeAxis(node: Node, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (normalized < 0 || normalized >= rank) misfit(node, `axis ${axis} is outside of rank ${rank}`);
  return normalized;
}

/** Integers of an input that must be known before running, such as axes; undefined when they are not. */
export function knownInts(value: Value | undefined): readonly number[] | undefined {
  const elements = value?.elements;
  return elements?.every((dim): dim is number => typeof dim === 'number') ? elements : undefined;
}

/** Numpy broadcasting of two dims; undefined where it cannot be said. */
function broadcastDim(node: Node, a: Dim, b: Dim): Dim {
  if (a === b) return a;
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') misfit(node, `${a} and ${b} do not broadcast`);
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return undefined;
}

/** Numpy broadcasting of shapes (ONNX, "Multidirectional Broadcasting"). */
export function broadcastShapes(node: Node, shapes: readonly Shape[]): Shape {
  let result: Dim[] = [];
  for (const shape of shapes) {
    if (!shape) return undefined;
    const rank = Math.max(result.length, shape.length);
    const left: readonly Dim[] = result;
    result = Array.from({ length: rank }, (_, i) => {
      const fromLeft = i - (rank - left.length);
      const fromShape = i - (rank - shape.length);
      if (fromLeft < 0) return shape[fromShape];
      if (fromShape < 0) return left[fromLeft];
      return broadcastDim(node, left[fromLeft], shape[fromShape]);
    });
  }
  return result;
}

/** Shape rule of an operator whose output is like its first input. */
export const sameAsInput = (node: Node): readonly ValueType[] => {
  const { dtype, shape } = required(node, 0);
  return [{ dtype, shape }];
};
