import { ints, reshape, transpose } from '../../engine/graph/build.ts';
import type { Graph, Node, Value } from '../../engine/graph/graph.ts';
import { describeShape } from '../../engine/graph/shape.ts';
import { intOf, intsOf } from '../../engine/operators/operator.ts';
import { HounsfieldError } from '../../errors.ts';
import { type BuildContext, parameter } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { knownSize } from '../layers/extent.ts';
import { torchUniform, uniform } from '../layers/initializers.ts';
import { linear } from '../layers/linear.ts';
import { type Head, headBefore } from './head.ts';
import { leavesOf } from './imported-parameters.ts';

type Pooling = 'mean' | 'max' | 'none';

/** Where a file is cut and what is put there. */
export interface ImportedHead {
  /** What the new head is given. */
  readonly input: Value;
  /** 'linear' and 'conv' replace the file's own; 'new' is a linear layer on pooled features. */
  readonly kind: 'linear' | 'conv' | 'new';
  /** Name of the layer: its parameters are `<name>.weight` and `<name>.bias`. */
  readonly name: string;
  /** Values that the head sees of each image. */
  readonly features: number;
  /** Classes of the file's own head. */
  readonly classes?: number;
  /** Kernel of a convolution. */
  readonly kernel?: readonly number[];
  readonly padding?: readonly number[];
  readonly relu: boolean;
  readonly pooling: Pooling;
}

/**
 * The file's classifier: the last Gemm, MatMul or convolution to 1x1 before an output, or the node that `named` names
 * by its own name, its output or its parameters' ('fc'). 'none' takes the output for features; so does the name of
 * any other node.
 *
 * @throws IMPORTED_HEAD_NOT_FOUND listing what could be named
 */
export function importedHead(graph: Graph, named: string | undefined): ImportedHead {
  if (named === 'none') return featureHead(graph, featureOutput(graph));
  if (named === undefined) return foundHead(graph);
  const node = graph.nodes.find((candidate) => isNamed(candidate, named));
  if (!node) return notFound(graph, `no node is named '${named}'`);
  const reached = graph.outputs.flatMap((output) => headAt(output) ?? []).find((head) => head.node === node);
  if (reached) return replaced(graph, reached);
  const direct = weighted.has(node.op) ? headAt(node.outputs[0]!) : undefined;
  return direct ? replaced(graph, direct) : featureHead(graph, node.outputs[0]!);
}

const weighted: ReadonlySet<string> = new Set(['Gemm', 'MatMul', 'Conv']);

function isNamed(node: Node, name: string): boolean {
  if (node.name === name || node.outputs.some((output) => output.name === name)) return true;
  return (
    weighted.has(node.op) &&
    node.inputs.slice(1).some((input) => input && leavesOf(input).some((leaf) => layerOf(leaf.name) === name))
  );
}

function foundHead(graph: Graph): ImportedHead {
  const walks = graph.outputs.map(headBefore);
  const heads = walks.flatMap((walk) => ('node' in walk ? walk : []));
  const nodes = new Set(heads.map(({ node }) => node));
  const [first] = heads;
  if (!first) {
    const reasons = walks.map(
      (walk, i) => `'${graph.outputs[i]!.name}' ${'stopped' in walk ? walk.stopped : ''}`,
    );
    return notFound(graph, `of its outputs ${reasons.join(', ')}`);
  }
  if (nodes.size > 1)
    return notFound(graph, `it has ${nodes.size}: ${[...nodes].map(({ name }) => `'${name}'`).join(', ')}`);
  return replaced(graph, first);
}

/** The last layer with weights before an output; undefined where there is none. */
function headAt(output: Value): Head | undefined {
  const walk = headBefore(output);
  return 'node' in walk ? walk : undefined;
}

function replaced(graph: Graph, head: Head): ImportedHead {
  const { node, input, weight, bias, after } = head;
  const pooling = poolingOf(after);
  const isConv = node.op === 'Conv';
  if (isConv) requireClassifier(graph, head, pooling);
  const outputs = node.outputs[0]!.shape;
  const classes = isConv ? weight.shape?.[0] : (outputs?.at(-1) ?? weight.shape?.at(-1));
  const features = isConv
    ? weight.shape?.[1]
    : weight.shape?.at(node.op === 'Gemm' && intOf(node, 'transB', 0) === 1 ? 1 : -2);
  if (typeof features !== 'number' || intOf(node, 'group', 1) !== 1 || intOf(node, 'transA', 0) === 1) {
    return notFound(graph, `${node.op} '${node.name}' is of a form that cannot be replaced`);
  }
  const names = [weight, bias].flatMap((value) => (value ? leavesOf(value) : [])).map(({ name }) => name);
  const lastPool = after.findLastIndex((item) => poolingNode(item) !== 'none');
  return {
    input,
    kind: isConv ? 'conv' : 'linear',
    name: names.map(layerOf).find((name) => name !== undefined) ?? 'head',
    features,
    ...(typeof classes === 'number' ? { classes } : {}),
    ...(isConv ? convolutionForm(graph, node, weight) : {}),
    relu: after.slice(0, Math.max(lastPool, 0)).some(({ op }) => op === 'Relu'),
    pooling: isConv || (input.shape?.length ?? 2) > 2 ? pooling : 'none',
  };
}

/** A convolution gives classes where one answer is left of space: by a pooling after it, or by its own size. */
function requireClassifier(graph: Graph, { node, after }: Head, pooling: Pooling): void {
  const space = node.outputs[0]!.shape?.slice(2) ?? [undefined];
  const clipped = after[0]?.op === 'Clip';
  if (!clipped && (pooling !== 'none' || space.every((size) => size === 1))) return;
  notFound(
    graph,
    `the last layer, Conv '${node.name}', gives ${describeShape(node.outputs[0]!.shape)}, not one value a class`,
  );
}

function convolutionForm(graph: Graph, node: Node, weight: Value) {
  const kernel = (weight.shape ?? []).slice(2).map(Number);
  const pads = intsOf(node, 'pads') ?? kernel.flatMap(() => [0, 0]);
  const padding = kernel.map((_, i) => pads[i] ?? 0);
  if (padding.some((size, i) => size !== pads[i + kernel.length])) {
    notFound(graph, `Conv '${node.name}' pads one side only`);
  }
  return { kernel, padding };
}

function poolingNode({ op }: Node): Pooling {
  if (op === 'GlobalMaxPool' || op === 'MaxPool' || op === 'ReduceMax') return 'max';
  return op === 'GlobalAveragePool' || op === 'AveragePool' || op === 'ReduceMean' ? 'mean' : 'none';
}

const poolingOf = (after: readonly Node[]): Pooling =>
  after.map(poolingNode).find((pooling) => pooling !== 'none') ?? 'none';

/** 'fc' of 'fc.weight'. */
export const layerOf = (name: string): string | undefined =>
  /^([A-Za-z_][\w.]*)\.(weight|bias)$/.exec(name)?.[1];

/** The only output, or the one of highest rank that is float. */
function featureOutput(graph: Graph): Value {
  const [first, ...others] = graph.outputs;
  if (first && others.length === 0) return first;
  return notFound(graph, `it has ${graph.outputs.length} outputs, and one has to be named`);
}

function featureHead(graph: Graph, output: Value): ImportedHead {
  const { producer, shape } = output;
  const perm = producer?.op === 'Transpose' ? intsOf(producer, 'perm') : undefined;
  // Channels that an exporter has moved to the end: what they were before is pooled.
  const moved = perm && perm.length > 2 && perm[0] === 0 && perm.at(-1) === 1;
  const input = (moved && producer?.inputs[0]) || output;
  const rank = input.shape?.length;
  const tokens = rank === 3 && graph.inputs.every((item) => item.shape?.length !== 3);
  const features = tokens ? input.shape?.[2] : input.shape?.[1];
  if (!rank || rank < 2 || typeof features !== 'number') {
    return notFound(graph, `'${output.name}' ${describeShape(shape)} has no known number of features`);
  }
  return { input, kind: 'new', name: 'head', features, relu: false, pooling: rank > 2 ? 'mean' : 'none' };
}

function notFound(graph: Graph, problem: string): never {
  const last = graph.nodes.filter(({ op }) => weighted.has(op)).slice(-5);
  const candidates = last.map(({ op, name }) => `'${name}' (${op})`).join(', ') || 'none';
  throw new HounsfieldError(
    'IMPORTED_HEAD_NOT_FOUND',
    `the classifier of the file was not found: ${problem}. Name the layer to replace with --head-node ` +
      `(the last ones with weights: ${candidates}), another node whose output is to be taken for features, ` +
      "or 'none' where the file's output is the features.",
  );
}

/** Adds the new head: x as the file's layer was given it -> logits [N, outputs]. */
export function addImportedHead(context: BuildContext, x: Value, head: ImportedHead, outputs: number): Value {
  const rank = x.shape?.length ?? 0;
  if (head.kind === 'new') {
    const tokens = rank === 3 && x.shape?.[2] === head.features && x.shape[1] !== head.features;
    return linear(context, head.name, rank > 2 ? pooled(x, tokens ? 2 : 1, 'mean') : x, { outputs });
  }
  if (head.kind === 'linear') {
    if (rank === 2) return linear(context, head.name, x, { outputs });
    const y = tokenLinear(context, head.name, x, outputs);
    return pooled(y, rank - 1, head.pooling);
  }
  const { kernel = [1, 1], padding = [0, 0] } = head;
  const map = conv(context, head.name, x, { channels: outputs, kernel, padding });
  return pooled(head.relu ? x.graph.op('Relu', [map]) : map, 1, head.pooling);
}

/** A linear layer over the last axis: [N, tokens, features] -> [N, tokens, outputs]. */
function tokenLinear(context: BuildContext, name: string, x: Value, outputs: number): Value {
  const { graph } = context;
  const size = knownSize(x, -1, `linear '${name}'`);
  return graph.scope(name, () => {
    const weight = parameter(context, 'weight', [outputs, size], torchUniform);
    const bias = parameter(context, 'bias', [outputs], uniform(1 / Math.sqrt(size)));
    return graph.op('Add', [graph.op('MatMul', [x, transpose(weight, [1, 0])]), bias]);
  });
}

/** One value for each entry of `axis`: [N, ..., K, ...] -> [N, K]. */
function pooled(x: Value, axis: number, pooling: Pooling): Value {
  const rank = x.shape?.length ?? 0;
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== 0 && i !== axis);
  const sizes = others.map((i) => x.shape?.[i]);
  if (sizes.every((size) => size === 1)) return reshape(x, [-1, knownSize(x, axis, 'head')]);
  const axes = ints(x.graph, others);
  return x.graph.op(pooling === 'max' ? 'ReduceMax' : 'ReduceMean', [x, axes], { keepdims: 0 });
}
