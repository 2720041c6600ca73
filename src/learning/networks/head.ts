import type { Node, Value } from '../../engine/graph/graph.ts';
import { describeShape } from '../../engine/graph/shape.ts';
import { HounsfieldError } from '../../errors.ts';
import type { BuildContext, GivenWeights, Network } from '../layers/build-context.ts';
import { flatten, globalAveragePool } from '../layers/pooling.ts';

/** The last layer with weights of a classifier: what it is given are the network's features. */
export interface Head {
  /** The Gemm, MatMul or Conv. */
  readonly node: Node;
  /** The features that the node is given: [N, features], or [N, features, ...space] for a convolution. */
  readonly input: Value;
  /** The node's weight as it stands: an initializer, or what a file computes of one (Transpose, Identity). */
  readonly weight: Value;
  /** The Gemm's or Conv's bias, or what an Add puts to the MatMul. */
  readonly bias?: Value;
  /** Nodes between the head and the logits, in the order in which they run. */
  readonly after: readonly Node[];
}

/** What may stand between the last layer with weights and the network's answer. */
const passed: ReadonlySet<string> = new Set([
  'ArgMax',
  'AveragePool',
  'Cast',
  'Clip',
  'Dropout',
  'Flatten',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Identity',
  'LogSoftmax',
  'ReduceMean',
  'Relu',
  'Reshape',
  'Sigmoid',
  'Softmax',
  'Squeeze',
  'TopK',
  'Unsqueeze',
]);

const layers: ReadonlySet<string> = new Set(['Gemm', 'MatMul', 'Conv']);

/** Whether the value follows from the graph's inputs, and not from initializers alone. */
function varies(value: Value): boolean {
  const pending = [value];
  const seen = new Set<Value>();
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (!next.producer && !next.constant) return true;
    for (const input of next.producer?.inputs ?? []) if (input) pending.push(input);
  }
  return false;
}

/**
 * The last layer with weights before `logits`, found by walking back over pooling, reshaping and activation: the
 * linear layer of most classifiers, SqueezeNet's last convolution. It works on networks built here and on files.
 *
 * @param logits what a network returned, or a file's output
 * @throws HEAD_NOT_FOUND naming the node at which the walk ended
 */
export function headOf(logits: Value): Head {
  const found = headBefore(logits);
  return 'node' in found ? found : notFound(logits, `it ${found.stopped}`);
}

/** The last layer with weights as headOf finds it, or where the way back ends. */
export function headBefore(logits: Value): Head | { readonly stopped: string } {
  const after: Node[] = [];
  let bias: Value | undefined;
  for (let value = logits; ; ) {
    const node = value.producer;
    if (!node) return { stopped: `ends at '${value.name}'` };
    if (layers.has(node.op) && node.domain === '') {
      const [input, weight, ownBias] = node.inputs;
      if (!input || !weight || varies(weight)) {
        return { stopped: `ends at ${node.op} '${node.name}' of two computed values` };
      }
      const found = ownBias ?? bias;
      return { node, input, weight, ...(found ? { bias: found } : {}), after: after.reverse() };
    }
    after.push(node);
    const [first, second] = node.inputs;
    if (node.op === 'Add' && first && second) {
      const [kept, added] = varies(first) ? [first, second] : [second, first];
      if (varies(added)) return { stopped: `ends where Add '${node.name}' joins two branches` };
      bias ??= added;
      value = kept;
    } else if (passed.has(node.op) && first) value = first;
    else return { stopped: `ends at ${node.op} '${node.name}'` };
  }
}

function notFound(logits: Value, where: string): never {
  throw new HounsfieldError(
    'HEAD_NOT_FOUND',
    `no last layer was found on the way back from '${logits.name}' ${describeShape(logits.shape)}: ${where}. ` +
      'Expected a Gemm, MatMul or Conv followed by pooling, reshaping or an activation at most. Name the head, or take another network.',
  );
}

/** A network and the name of its last layer, as the registry has them. */
export interface Backbone {
  readonly network: Network;
  readonly head: string;
}

/**
 * The network without its head: builds it, takes the head's nodes and parameters out of the graph and the context
 * again, and returns what the head would have been given, the mean over space where that is an image. Logits of side
 * branches are left out of the loss.
 *
 * @param x [N, C, ...space]
 * @returns [N, features]
 * @throws HEAD_NOT_FOUND, WEIGHTS_MISSING, WEIGHTS_MISFIT, LAYER_SHAPE
 */
export function features(context: BuildContext, { network, head }: Backbone, x: Value): Value {
  const { graph, weights } = context;
  const made = { parameters: context.parameters.length, buffers: context.buffers.length };
  const name = `${graph.scopedName(head)}.`;
  const open: BuildContext = { ...context, auxiliary: [], weights: weights && withoutLayer(weights, name) };
  const found = headOf(network(open, x, { outputs: 1 }));
  const gone = new Set<Node>([found.node, ...found.after]);
  const left = graph.nodes.filter((node) => !gone.has(node));
  graph.nodes.splice(0, graph.nodes.length, ...left);
  const unused = [found.weight, found.bias].filter((value) => value !== undefined);
  for (const value of unused) {
    graph.initializers.delete(value.name);
    const index = context.parameters.indexOf(value);
    if (index >= 0) context.parameters.splice(index, 1);
  }
  if (weights?.missing === 'error') {
    const since = [...context.parameters.slice(made.parameters), ...context.buffers.slice(made.buffers)];
    requireGiven(weights, since);
  }
  const { input } = found;
  return (input.shape?.length ?? 0) > 2 ? flatten(globalAveragePool(input)) : input; // [N, features]
}

/** The head is not kept, so that it need not be among the weights, and may be there with other outputs. */
const withoutLayer = ({ tensors }: GivenWeights, prefix: string): GivenWeights => ({
  tensors: new Map([...tensors].filter(([name]) => !name.startsWith(prefix))),
  missing: 'initialize',
});

function requireGiven({ tensors }: GivenWeights, values: readonly Value[]): void {
  const lacking = values.filter(({ name }) => !tensors.has(name));
  if (lacking.length === 0) return;
  throw new HounsfieldError(
    'WEIGHTS_MISSING',
    `the weights hold no '${lacking[0]!.name}' ${describeShape(lacking[0]!.shape)} and ${lacking.length - 1} others, which the network has. ` +
      "Use the weights of this network, or pass missing: 'initialize' to draw what they lack.",
  );
}
