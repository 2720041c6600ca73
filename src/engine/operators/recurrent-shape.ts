import type { Node } from '../graph/graph.ts';
import type { Dim, Shape, ValueType } from '../graph/shape.ts';
import { intOf, misfit, required, stringOf } from './operator.ts';

export type RecurrentKind = 'LSTM' | 'GRU' | 'RNN';

/** Gates that share the rows of W and R, states given back, and the activations of one direction. */
export const recurrentKinds: Readonly<
  Record<
    RecurrentKind,
    { readonly gates: number; readonly states: number; readonly activations: readonly string[] }
  >
> = {
  LSTM: { gates: 4, states: 2, activations: ['Sigmoid', 'Tanh', 'Tanh'] },
  GRU: { gates: 3, states: 1, activations: ['Sigmoid', 'Tanh'] },
  RNN: { gates: 1, states: 1, activations: ['Tanh'] },
};

/** The directions in which a recurrent node goes over its sequence. @throws GRAPH_SHAPE */
export function directionsOf(node: Node): readonly ('forward' | 'reverse')[] {
  const direction = stringOf(node, 'direction', 'forward');
  if (direction === 'bidirectional') return ['forward', 'reverse'];
  if (direction === 'forward' || direction === 'reverse') return [direction];
  return misfit(node, `direction '${direction}' is none of forward, reverse, bidirectional`);
}

/** Y [T, D, N, H] and the states [D, N, H]; with layout 1 [N, T, D, H] and [N, D, H]. */
export function recurrentShape(node: Node, wanted: number): readonly ValueType[] {
  const kind = node.op as RecurrentKind; // the table has these three
  const { gates, states } = recurrentKinds[kind];
  const directions = directionsOf(node).length;
  const layout = intOf(node, 'layout', 0);
  if (layout !== 0 && layout !== 1) misfit(node, `layout ${layout} is neither 0 nor 1`);
  const { dtype, shape } = required(node, 0);
  if (shape && shape.length !== 3) misfit(node, `X has rank ${shape.length}, and 3 is expected`);
  const hidden = hiddenSize(node);
  const [length, batch] = (layout === 1 ? [shape?.[1], shape?.[0]] : [shape?.[0], shape?.[1]]) as [Dim, Dim]; // two axes
  const rows = typeof hidden === 'number' ? gates * hidden : undefined;
  const expected: readonly (readonly [name: string, Shape])[] = [
    ['X', undefined],
    ['W', [directions, rows, shape?.[2]]],
    ['R', [directions, rows, hidden]],
    ['B', [directions, rows && 2 * rows]],
    ['sequence_lens', [batch]],
    ['initial_h', layout === 1 ? [batch, directions, hidden] : [directions, batch, hidden]],
    ['initial_c', layout === 1 ? [batch, directions, hidden] : [directions, batch, hidden]],
    ['P', [directions, rows && (3 * rows) / 4]],
  ];
  expected.forEach(([name, wants], i) => {
    const found = node.inputs[i]?.shape;
    if (!found || !wants) return;
    const fits = found.length === wants.length && found.every((dim, axis) => agree(dim, wants[axis]));
    if (!fits) misfit(node, `${name} is expected to be [${wants.map((dim) => dim ?? '?').join(', ')}]`);
  });
  const y: ValueType = {
    dtype,
    shape: layout === 1 ? [batch, length, directions, hidden] : [length, directions, batch, hidden],
  };
  const state: ValueType = {
    dtype,
    shape: layout === 1 ? [batch, directions, hidden] : [directions, batch, hidden],
  };
  return [y, state, state].slice(0, Math.min(wanted, 1 + states));
}

const agree = (a: Dim, b: Dim): boolean => typeof a !== 'number' || typeof b !== 'number' || a === b;

function hiddenSize(node: Node): Dim {
  const ofWeights = required(node, 2).shape?.[2];
  if (!node.attributes.has('hidden_size')) return ofWeights;
  const stated = intOf(node, 'hidden_size', 0);
  if (typeof ofWeights === 'number' && ofWeights !== stated) {
    misfit(node, `hidden_size is ${stated}, and R is made for ${ofWeights}`);
  }
  return stated;
}
