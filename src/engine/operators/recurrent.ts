import { staticShape } from '../graph/shape.ts';
import type { GradientContext, Operator, OperatorTable } from './operator.ts';
import { required } from './operator.ts';
import { closedGradients, hasClosedForm } from './recurrent-closed.ts';
import { directionsOf, recurrentShape } from './recurrent-shape.ts';
import { stateWeightGradient, unrolled } from './recurrent-unrolled.ts';

/**
 * Backpropagation through time (Werbos, Proc. IEEE 1990). The usual LSTM and GRU have a closed form; any other node is
 * written out step by step, which is then differentiated. The recurrent weight takes part in every step: its gradient is one product over all of them.
 */
function throughTime(context: GradientContext) {
  const { graph, node, wants, backThrough } = context;
  if (hasClosedForm(node)) return closedGradients(context);
  const expansion = unrolled(node);
  const wanted = node.inputs.flatMap((input, i) => (input && i !== 2 && wants(i) ? [i] : []));
  const products = expansion.products.map(({ product }) => product);
  const found = backThrough(expansion.outputs, [...wanted.map((i) => required(node, i)), ...products]);
  const result = node.inputs.map((_, i) => {
    const index = wanted.indexOf(i);
    return index < 0 ? undefined : found[index];
  });
  if (wants(2)) {
    const ofProducts = found.slice(wanted.length);
    const shape = staticShape(required(node, 2));
    const directions = directionsOf(node).length;
    result[2] = stateWeightGradient(graph, directions, expansion.products, ofProducts, shape);
  }
  return result;
}

const recurrent: Operator = { shape: recurrentShape, gradient: throughTime };

/** Operators over sequences, with all their attributes; the length must be fixed to differentiate. */
export const recurrentOperators: OperatorTable = { LSTM: recurrent, GRU: recurrent, RNN: recurrent };
