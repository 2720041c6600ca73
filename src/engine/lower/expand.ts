import { expand, reshape, scalarLike } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { copyGraph, mergeEqualNodes } from '../graph/rewrite.ts';
import { staticShape } from '../graph/shape.ts';
import { convolutionWindow } from '../operators/convolution.ts';
import { intOf, required, stringOf } from '../operators/operator.ts';
import { poolWindow } from '../operators/pooling.ts';
import { INTERNAL_DOMAIN } from '../operators/schema.ts';
import {
  extentOf,
  knownSizes,
  spatialSizes,
  type Window,
  windowAttributes,
  windowCounts,
} from '../operators/window.ts';
import { elementCount } from '../tensor/tensor.ts';
import {
  composeBatchNormalization,
  expandChannelAffine,
  expandChannelDot,
  expandChannelSum,
  expandReluGradient,
} from './expand-channels.ts';
import { expandInputGradient, expandWeightGradient } from './expand-convolution.ts';
import { timeFirst } from './recurrent-layout.ts';

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
  const recurrent = timeFirst(node, inputs, target);
  if (recurrent) return recurrent;
  const window = windows[node.op] && knownSizes(required(node, 0)) && windowForRuntime(node);
  if (!window) return undefined;
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

/** The window as it must be written for ONNX Runtime to do what the standard says; undefined where it already does. */
function windowForRuntime(node: Node): Window | undefined {
  const window = windows[node.op]!(node);
  const sizes = spatialSizes(required(node, 0));
  if (node.op !== 'Conv' && intOf(node, 'ceil_mode', 0) === 1) return withoutSurplus(node, window, sizes);
  const same = stringOf(node, 'auto_pad', 'NOTSET').startsWith('SAME');
  // The runtime leaves the dilation out of pooling's padding, and refuses it for convolutions.
  return same && window.dilations.some((dilation) => dilation !== 1) ? window : undefined;
}

/**
 * With ceil_mode a last window that would start behind the input is left out, which the runtime's kernels know and its
 * shape inference does not: end padding cut back to the last window that counts makes both agree.
 */
function withoutSurplus(node: Node, window: Window, sizes: readonly number[]): Window | undefined {
  const counts = windowCounts(node, window, sizes, true);
  const covered = counts.map(
    (count, i) => window.strides[i]! * (count - 1) + extentOf(window.kernel[i]!, window.dilations[i]!),
  );
  const rooms = sizes.map((size, i) => size + window.begin[i]! + window.end[i]!);
  if (covered.every((extent, i) => extent >= rooms[i]!)) return undefined;
  return {
    ...window,
    end: window.end.map((end, i) =>
      covered[i]! < rooms[i]! ? Math.max(0, covered[i]! - sizes[i]! - window.begin[i]!) : end,
    ),
  };
}

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

/** What tells two poolings of the same value apart, however their padding at the end is written. */
function poolKey(node: Node, x: Value, window: Window): string {
  const { kernel, strides, dilations, begin } = window;
  const counts = windowCounts(node, window, spatialSizes(x), intOf(node, 'ceil_mode', 0) === 1);
  return JSON.stringify([x.name, kernel, strides, dilations, begin, counts]);
}

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
  const places = indices.get(gradientKey(node)) ?? indicesAlone(node, x!);
  const zeros = expand(scalarLike(dy!, 0), flat);
  const dx = graph.op('ScatterElements', [zeros, reshape(places, [-1]), reshape(dy!, [-1])], {
    axis: 0,
    reduction: 'add',
  });
  return reshape(dx, dims);
}

/** The Indices of a pooling that the graph does not hold in the form that serves. */
function indicesAlone(node: Node, x: Value): Value {
  const stated = gradientWindow(node);
  const ceil = intOf(node, 'ceil_mode', 0);
  const window = ceil === 1 ? withoutSurplus(node, stated, spatialSizes(required(node, 1))) : undefined;
  const attributes = { ...windowAttributes(window ?? stated), ceil_mode: ceil };
  return x.graph.add('MaxPool', [x], attributes, { outputs: 2 })[1]!;
}
