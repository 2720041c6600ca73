import { ints, mul, reduceSum, reshape, transpose } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { copyGraph, pruneGraph } from '../graph/rewrite.ts';
import { staticShape } from '../graph/shape.ts';
import { convolutionWindow } from '../operators/convolution.ts';
import { intOf } from '../operators/operator.ts';
import { BLOCKED_DOMAIN } from '../operators/schema.ts';
import { type Window, windowAttributes, windowOf } from '../operators/window.ts';
import { elementCount } from '../tensor/tensor.ts';
import { expandReluGradient } from './expand-channels.ts';

/**
 * Runs two-dimensional convolutions, and what lies between them, in ONNX Runtime's blocked layout on the CPU: channels
 * in blocks of as many as a vector register holds, [N, C/block, H, W, block] in memory. The graph optimizer of the
 * runtime does this for constant weights only; in a training step the weights are inputs, so their reordering is a
 * part of the graph here.
 *
 * A value that exists in blocked form keeps a twin in the usual layout, made by a ReorderOutput that pruning removes
 * where nobody reads it.
 */
export function lowerToBlockedLayout(graph: Graph, block: number): Graph {
  const layout: Layout = { block, twins: new Map() };
  const lowered = copyGraph(graph, {
    mapNode: (node, inputs, target) => {
      const rule = rules[`${node.domain}:${node.op}`];
      // Rules exist for operators without optional inputs before the last one.
      return rule && target.scope(node.name, () => rule(node, inputs as readonly Value[], layout));
    },
  });
  return pruneGraph(lowered);
}

interface Layout {
  readonly block: number;
  /** Blocked form of values of the copy. */
  readonly twins: Map<Value, Value>;
}

type Rule = (node: Node, inputs: readonly Value[], layout: Layout) => readonly Value[] | undefined;

const rules: Readonly<Record<string, Rule>> = {
  ':Conv': convolution,
  ':Relu': (node, [x], layout) => elementwise(node, [x!], layout, ([a]) => a!.graph.op('Relu', [a])),
  ':Add': (node, [a, b], layout) =>
    elementwise(node, [a!, b!], layout, ([p, q]) => p!.graph.op('Add', [p, q])),
  'hounsfield:ReluGradient': (node, [dy, y], layout) =>
    elementwise(node, [dy!, y!], layout, ([p, q]) => expandReluGradient(p!, q!)),
  'hounsfield:ConvInputGradient': inputGradient,
  'hounsfield:ChannelAffine': channelAffine,
  'hounsfield:ChannelSum': (_, [x], layout) => channelSum(layout.twins.get(x!), layout),
  'hounsfield:ChannelDot': (_, [x, y], layout) => {
    const [p, q] = [layout.twins.get(x!), layout.twins.get(y!)];
    return p && q ? channelSum(mul(p, q), layout) : undefined;
  },
};

/** A blocked operator; its values keep their usual shape, only the order in memory differs. */
function blocked(
  graph: Graph,
  op: string,
  inputs: readonly (Value | undefined)[],
  attributes: Record<string, number | string | readonly number[]>,
): Value {
  return graph.op(op, inputs, attributes, { domain: BLOCKED_DOMAIN });
}

/** The blocked form of a value, made if there is none yet. */
function blockedOf(value: Value, { twins }: Layout): Value {
  const known = twins.get(value);
  if (known) return known;
  const twin = blocked(value.graph, 'ReorderInput', [value], {});
  twins.set(value, twin);
  return twin;
}

/** The usual form of a blocked value, which remembers its twin. */
function result(twin: Value, { twins }: Layout): readonly Value[] {
  const value = blocked(twin.graph, 'ReorderOutput', [twin], { channels: staticShape(twin)[1]! });
  twins.set(value, twin);
  return [value];
}

function elementwise(
  node: Node,
  inputs: readonly Value[],
  layout: Layout,
  build: (inputs: readonly Value[]) => Value,
): readonly Value[] | undefined {
  const twins = inputs.map((input) => layout.twins.get(input));
  const shape = `${node.outputs[0]!.shape}`;
  if (!twins.every((twin) => twin !== undefined && `${twin.shape}` === shape)) return undefined;
  return result(build(twins as readonly Value[]), layout); // every one was checked
}

/**
 * Whether the blocked kernel is worth the reordering of its filter in every step. Measured with AVX-512: with up to three
 * weights for each value of the output it wins (256 channels at 14 x 14 and batch 8 by a third), with six it loses.
 */
function pays(filter: readonly number[], output: readonly number[]): boolean {
  return elementCount(filter) <= 3 * elementCount(output);
}

const isPlain = (value: Value, rank: number): boolean =>
  value.dtype === 'float32' && value.shape?.length === rank;

function convolution(
  node: Node,
  [x, w, bias]: readonly Value[],
  layout: Layout,
): readonly Value[] | undefined {
  if (!isPlain(x!, 4) || intOf(node, 'group', 1) !== 1) return undefined;
  const output = node.outputs[0]!.shape;
  if (!output?.every((dim): dim is number => typeof dim === 'number')) return undefined;
  const [filters, channels] = staticShape(w!) as [number, number]; // [O, C, kh, kw]
  const { block } = layout;
  const fewChannels = channels < block;
  if (filters % block !== 0 || (channels % block !== 0 && !fewChannels)) return undefined;
  if (!pays(staticShape(w!), output)) return undefined;
  const window = convolutionWindow(node);
  const filter = fewChannels ? filterOfFewChannels(w!, block) : filterOf(w!, block, 'forward');
  const input = fewChannels ? x! : blockedOf(x!, layout);
  return result(
    blocked(x!.graph, 'Conv', [input, filter, bias], { ...windowAttributes(window), group: 1 }),
    layout,
  );
}

/** Stride 1: a convolution of dy with the kernel turned round, as expand-convolution.ts writes it for any layout. */
function inputGradient(node: Node, [dy, w]: readonly Value[], layout: Layout): readonly Value[] | undefined {
  if (!isPlain(dy!, 4) || intOf(node, 'group', 1) !== 1) return undefined;
  const shape = staticShape(node.outputs[0]!);
  const [filters, channels, ...kernel] = staticShape(w!) as [number, number, ...number[]]; // [O, C, kh, kw]
  const { block } = layout;
  if (filters % block !== 0 || channels % block !== 0 || !pays(staticShape(w!), shape)) return undefined;
  const window = windowOf(node, shape.slice(2), kernel);
  if ([...window.strides, ...window.dilations].some((step) => step !== 1)) return undefined;
  const turned: Window = {
    ...window,
    begin: window.begin.map((pad, i) => kernel[i]! - 1 - pad),
    end: window.end.map((pad, i) => kernel[i]! - 1 - pad),
  };
  if ([...turned.begin, ...turned.end].some((pad) => pad < 0)) return undefined;
  const input = blockedOf(dy!, layout);
  const filter = filterOf(w!, block, 'turned');
  return result(
    blocked(dy!.graph, 'Conv', [input, filter], { ...windowAttributes(turned), group: 1 }),
    layout,
  );
}

/**
 * [O, C, kh, kw] in the order of the blocked kernel, [out/block, in/block, kh, kw, block in, block out]. 'turned' swaps
 * the roles of O and C and reverses the taps. ReorderInput moves the inner block, several times faster than Transpose,
 * which is left with whole blocks to move.
 */
function filterOf(w: Value, block: number, direction: 'forward' | 'turned'): Value {
  const [filters, channels, kh, kw] = staticShape(w) as [number, number, number, number]; // a 2-D filter
  const taps = kh * kw;
  if (direction === 'forward') {
    const inner = blocked(
      w.graph,
      'ReorderInput',
      [reshape(w, [filters / block, block, channels * taps, 1])],
      {},
    );
    const split = reshape(inner, [(filters * channels) / block ** 2, block, taps, block]);
    return reshape(transpose(split, [0, 2, 1, 3]), [filters, channels, kh, kw]);
  }
  const inner = blocked(w.graph, 'ReorderInput', [reshape(w, [filters, channels, taps, 1])], {});
  const split = reshape(inner, [filters / block, block, channels / block, taps, block]);
  const swapped = transpose(split, [2, 0, 3, 1, 4]);
  const reversed =
    taps === 1
      ? swapped
      : w.graph.op('Slice', [
          swapped,
          ...[[-1], [-taps - 1], [2], [-1]].map((values) => ints(w.graph, values)),
        ]);
  return reshape(reversed, [channels, filters, kh, kw]);
}

/** Images of few channels go in as they are; the filter's order is then [O/block, C, kh, kw, block]. */
function filterOfFewChannels(w: Value, block: number): Value {
  const [filters, channels, kh, kw] = staticShape(w) as [number, number, number, number]; // a 2-D filter
  const split = reshape(w, [filters / block, block, channels * kh * kw]);
  return reshape(transpose(split, [0, 2, 1]), [filters, channels, kh, kw]);
}

/** a x + b (+ z) in one pass: a convolution of each channel with one weight, which adds and cuts off by itself. */
function channelAffine(
  node: Node,
  [x, a, b, z]: readonly Value[],
  layout: Layout,
): readonly Value[] | undefined {
  const twin = layout.twins.get(x!);
  const sum = z && layout.twins.get(z);
  if (!twin || (z && !sum)) return undefined;
  const channels = staticShape(twin)[1]!;
  return result(
    blocked(twin.graph, 'Conv', [twin, reshape(a!, [channels, 1, 1, 1]), b, sum], {
      kernel_shape: [1, 1],
      group: channels,
      ...(intOf(node, 'relu', 0) === 1 ? { activation: 'Relu' } : {}),
    }),
    layout,
  );
}

/** [C] of a blocked value: sums over columns first, which the runtime does fastest. */
function channelSum(twin: Value | undefined, { block }: Layout): readonly Value[] | undefined {
  if (!twin) return undefined;
  const [batch, channels, height, width] = staticShape(twin) as [number, number, number, number]; // blocked values are 4-D
  const columns = reduceSum(reshape(twin, [(batch * channels) / block, height * width, block]), [1]);
  return [reduceSum(reshape(columns, [batch, channels]), [0])];
}
