import { add, div, mul, neg, scalarLike, sub, unbroadcast } from '../graph/build.ts';
import type { Node } from '../graph/graph.ts';
import {
  broadcastShapes,
  type GradientContext,
  type GradientRule,
  type Operator,
  type OperatorTable,
  required,
} from './operator.ts';

const broadcastShape = (node: Node) => [
  {
    dtype: required(node, 0).dtype,
    shape: broadcastShapes(
      node,
      node.inputs.map((input) => input?.shape),
    ),
  },
];

const binary = (gradient: GradientRule): Operator => ({ shape: broadcastShape, gradient });

/** Inputs a, b, output y and its gradient of a node with two inputs. */
function operands({ node, dy }: GradientContext) {
  return { a: node.inputs[0]!, b: node.inputs[1]!, y: node.outputs[0]!, dy: dy[0]! };
}

/** Arithmetic with numpy broadcasting. */
export const elementwise: OperatorTable = {
  Add: binary((context) => {
    const { a, b, dy } = operands(context);
    return [
      context.wants(0) ? unbroadcast(dy, a) : undefined,
      context.wants(1) ? unbroadcast(dy, b) : undefined,
    ];
  }),
  Sub: binary((context) => {
    const { a, b, dy } = operands(context);
    return [
      context.wants(0) ? unbroadcast(dy, a) : undefined,
      context.wants(1) ? neg(unbroadcast(dy, b)) : undefined,
    ];
  }),
  Mul: binary((context) => {
    const { a, b, dy } = operands(context);
    return [
      context.wants(0) ? unbroadcast(mul(dy, b), a) : undefined,
      context.wants(1) ? unbroadcast(mul(dy, a), b) : undefined,
    ];
  }),
  Div: binary((context) => {
    const { a, b, y, dy } = operands(context);
    return [
      context.wants(0) ? unbroadcast(div(dy, b), a) : undefined,
      context.wants(1) ? unbroadcast(neg(mul(dy, div(y, b))), b) : undefined,
    ];
  }),
};

void [add, scalarLike, sub];
