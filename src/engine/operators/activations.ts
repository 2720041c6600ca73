import { mul, scalarLike, sub } from '../graph/build.ts';
import { type Operator, type OperatorTable, sameAsInput } from './operator.ts';
import { INTERNAL_DOMAIN } from './schema.ts';

/** An activation whose gradient is dy times a derivative written in terms of input x and output y. */
const activation = (gradient: Operator['gradient']): Operator => ({ shape: sameAsInput, gradient });

export const activations: OperatorTable = {
  Relu: activation(({ graph, node, dy }) => [
    graph.op('ReluGradient', [dy[0], node.outputs[0]], {}, { domain: INTERNAL_DOMAIN }),
  ]),
  // y' = y (1 - y)
  Sigmoid: activation(({ node, dy }) => {
    const y = node.outputs[0]!;
    return [mul(dy[0]!, mul(y, sub(scalarLike(y, 1), y)))];
  }),
};
