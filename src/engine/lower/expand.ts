import { expand, reshape, scalarLike } from '../graph/build.ts';
import { type Graph, type Node, staticShape, type Value } from '../graph/graph.ts';
import { copyGraph, mergeEqualNodes } from '../graph/rewrite.ts';
import { convolutionWindow } from '../operators/convolution.ts';
import { intOf, required, stringOf } from '../operators/operator.ts';
import { poolWindow } from '../operators/pooling.ts';
import { INTERNAL_DOMAIN } from '../operators/schema.ts';
import { type Window, windowAttributes } from '../operators/window.ts';
import { elementCount } from '../tensor/tensor.ts';
import {
  composeBatchNormalization,
  expandChannelAffine,
  expandChannelDot,
  expandChannelSum,
  expandReluGradient,
} from './expand-channels.ts';
import { expandInputGradient, expandWeightGradient } from './expand-convolution.ts';

export interface ExpandOptions {
  /** Standard ONNX alone, for files that other programs read; else ONNX Runtime's FusedMatMul is used as well. */
  readonly portable?: boolean;
}

/** What a composite's expansion needs beyond its node and inputs. */
interface Expansion {
  readonly portable: boolean;
  /** Indices of the MaxPools already in the copy, by poolKey. */
  readonly indices: ReadonlyMap<string, Value>;
}

type Expand = (node: Node, inputs: readonly Value[], expansion: Expansion) => Value;

const expansions: Readonly<Record<string, Expand>> = {
  ConvInputGradient: (node, [dy, w]) => expandInputGradient(node, dy!, w!),
  ConvWeightGradient: (node, [x, dy], { portable }) => expandWeightGradient(node, x!, dy!, portable),
  MaxPoolGradient: expandMaxPoolGradient,
  ReluGradient: (_, [dy, y]) => expandReluGradient(dy!, y!),
  ChannelSum: (_, [x]) => expandChannelSum(x!),
  ChannelDot: (_, [x, y]) => expandChannelDot(x!, y!),
  ChannelAffine: (node, [x, a, b, z]) => expandChannelAffine(node, x!, a!, b!, z),
};

/**
 * A copy of the graph in which BatchNormalization of training is written in the engine's composites, and windows that
 * ONNX Runtime does not resolve as the standard says have explicit pads. Passes that lower composites start from it.
 */
export function composeOperators(graph: Graph): Graph {
  const composed = copyGraph(graph, {
    mapNode: (node, inputs, target) =>
      node.domain === '' ? target.scope(node.name, () => compose(node, inputs, target)) : undefined,
  });
  return mergeEqualNodes(composed);
}

function compose(node: Node, inputs: readonly (Value | undefined)[], target: Graph) {
  if (node.op === 'BatchNormalization' && intOf(node, 'training_mode', 0) === 1) {
    return composeBatchNormalization(node, inputs);
  }
  const windowed = windows[node.op];
  if (!windowed || !stringOf(node, 'auto_pad', 'NOTSET').startsWith('SAME')) return undefined;
  const window = windowed(node);
  // The runtime leaves the dilation out of pooling's padding, and refuses it for convolutions.
  if (window.dilations.every((dilation) => dilation === 1)) return undefined;
  const attributes = {
    ...Object.fromEntries(node.attributes),
    ...windowAttributes(window),
    auto_pad: 'NOTSET',
  };
  return target.add(node.op, inputs, attributes, { outputs: node.outputs.length });
}

const windows: Readonly<Record<string, (node: Node) => Window>> = {
  Conv: convolutionWindow,
  MaxPool: poolWindow,
  AveragePool: poolWindow,
  LpPool: poolWindow,
};

/**
 * A copy of the graph with the engine's composite operators and BatchNormalization of training written in standard
 * operators. Values keep their names, so that `copy.find(value.name)` is a value's copy as long as its node is standard.
 *
 * @throws SHAPE_NOT_STATIC where an expansion needs a size that is not fixed
 */
export function expandComposites(graph: Graph, { portable = false }: ExpandOptions = {}): Graph {
  const composed = composeOperators(graph);
  const pools = poolsWithGradient(composed);
  const indices = new Map<string, Value>();
  const expanded = copyGraph(composed, {
    mapNode: (node, inputs, target) => {
      if (node.domain === INTERNAL_DOMAIN) {
        // Composites leave no required input out; the optional one is the last.
        const values = inputs as readonly Value[];
        return target.scope(node.name, () => [expansions[node.op]!(node, values, { portable, indices })]);
      }
      const key = pools.get(node);
      return key === undefined
        ? undefined
        : poolWithIndices(node, inputs, target, (value) => indices.set(key, value));
    },
  });
  return mergeEqualNodes(expanded);
}

/** What tells two poolings of the same value apart. */
const poolKey = (node: Node, x: Value, { kernel, strides, dilations, begin, end }: Window): string =>
  JSON.stringify([x.name, kernel, strides, dilations, begin, end, intOf(node, 'ceil_mode', 0)]);

/** The MaxPools whose gradient is asked for: their own Indices serve it, so that no pooling runs twice. */
function poolsWithGradient(graph: Graph): Map<Node, string> {
  const wanted = new Set(
    graph.nodes.flatMap((node) => (node.op === 'MaxPoolGradient' ? [gradientKey(node)] : [])),
  );
  const pools = new Map<Node, string>();
  if (wanted.size === 0) return pools;
  const taken = new Set<string>();
  for (const node of graph.nodes) {
    if (node.op !== 'MaxPool' || node.domain !== '') continue;
    // Indices that the graph itself reads in column order cannot serve.
    if (intOf(node, 'storage_order', 0) === 1 && node.outputs.length > 1) continue;
    const x = required(node, 0);
    if (!x.shape?.every((dim) => typeof dim === 'number')) continue;
    const key = poolKey(node, x, poolWindow(node));
    if (wanted.has(key) && !taken.has(key)) {
      taken.add(key);
      pools.set(node, key);
    }
  }
  return pools;
}

const gradientKey = (node: Node): string => poolKey(node, required(node, 1), gradientWindow(node));

/** The window that a MaxPoolGradient(dy, x) states, which is that of a MaxPool of x. */
const gradientWindow = (node: Node): Window => poolWindow({ ...node, inputs: [node.inputs[1]] });

function poolWithIndices(
  node: Node,
  inputs: readonly (Value | undefined)[],
  target: Graph,
  keep: (indices: Value) => void,
): readonly Value[] {
  const attributes = { ...Object.fromEntries(node.attributes), storage_order: 0 };
  const [y, indices] = target.add(node.op, inputs, attributes, {
    name: node.name,
    outputNames: [node.outputs[0]!.name, node.outputs[1]?.name || target.uniqueName(`${node.name}.indices`)],
  });
  keep(indices!);
  return [y!, indices!];
}

/** The gradient goes to where MaxPool took each of its values from. */
function expandMaxPoolGradient(node: Node, [dy, x]: readonly Value[], { indices }: Expansion): Value {
  const graph = dy!.graph;
  const dims = staticShape(required(node, 1));
  const flat = [elementCount(dims)];
  const { kernel, strides, dilations, begin, end } = gradientWindow(node);
  const known = indices.get(gradientKey(node));
  const places =
    known ??
    graph.add(
      'MaxPool',
      [x],
      {
        ...windowAttributes({ kernel, strides, dilations, begin, end }),
        ceil_mode: intOf(node, 'ceil_mode', 0),
      },
      { outputs: 2 },
    )[1]!;
  const zeros = expand(scalarLike(dy!, 0), flat);
  const dx = graph.op('ScatterElements', [zeros, reshape(places, [-1]), reshape(dy!, [-1])], {
    axis: 0,
    reduction: 'add',
  });
  return reshape(dx, dims);
}
