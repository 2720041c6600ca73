import { transpose } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { intOf } from '../operators/operator.ts';

const recurrent: ReadonlySet<string> = new Set(['LSTM', 'GRU', 'RNN']);

/** A recurrent node of layout 1 (batch first), which ONNX Runtime has no kernel for, with layout 0 and transposes. */
export function timeFirst(
  node: Node,
  inputs: readonly (Value | undefined)[],
  target: Graph,
): readonly Value[] | undefined {
  if (!recurrent.has(node.op) || intOf(node, 'layout', 0) === 0) return undefined;
  const turned = inputs.map((input, i) =>
    input && (i === 0 || i === 5 || i === 6) ? transpose(input, [1, 0, 2]) : input,
  );
  const attributes = { ...Object.fromEntries(node.attributes), layout: 0 };
  const outputs = target.add(node.op, turned, attributes, { outputs: node.outputs.length });
  return outputs.map((output, i) => transpose(output, i === 0 ? [2, 0, 1, 3] : [1, 0, 2]));
}
