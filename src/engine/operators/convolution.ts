import { ints } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { type Dim, staticShape, type ValueType } from '../graph/shape.ts';
import {
  type GradientContext,
  intOf,
  intsOf,
  misfit,
  notDifferentiable,
  type OperatorTable,
  required,
  sameAsInput,
  stringOf,
} from './operator.ts';
import { BLOCKED_DOMAIN, INTERNAL_DOMAIN, RUNTIME_DOMAIN } from './schema.ts';
import {
  axisInts,
  extentOf,
  outputSizes,
  spatialSizes,
  type Window,
  windowAttributes,
  windowOf,
} from './window.ts';

const internal = { domain: INTERNAL_DOMAIN } as const;

/** Kernel sizes from the weight [_, _, k…], else from kernel_shape; undefined where neither says them. */
function kernelSizes(node: Node, weight: Value): readonly number[] | undefined {
  const stated = intsOf(node, 'kernel_shape');
  const fromWeight = weight.shape?.slice(2);
  if (!fromWeight?.every((dim): dim is number => typeof dim === 'number')) return stated;
  if (stated && `${stated}` !== `${fromWeight}`)
    misfit(node, `kernel_shape is [${stated}] and the weight's kernel is [${fromWeight}]`);
  return fromWeight;
}

/** Checks ranks and channels of x [N, C, *] and w, and says what both agree on. */
function checkedShapes(node: Node, channelsOf: (weight: readonly Dim[], group: number) => Dim) {
  const x = required(node, 0);
  const w = required(node, 1);
  const group = intOf(node, 'group', 1);
  if (x.shape && x.shape.length < 3) misfit(node, 'the input needs a batch, a channel and a spatial axis');
  if (x.shape && w.shape && x.shape.length !== w.shape.length)
    misfit(node, `the input has ${x.shape.length} axes and the weight ${w.shape.length}`);
  const filters = w.shape?.[0];
  if (group < 1 || (typeof filters === 'number' && filters % group !== 0))
    misfit(node, `group ${group} does not divide the weight's first axis`);
  const channels = x.shape?.[1];
  const wanted = w.shape ? channelsOf(w.shape, group) : undefined;
  if (typeof channels === 'number' && typeof wanted === 'number' && channels !== wanted)
    misfit(node, `the input has ${channels} channels and the weight with group ${group} takes ${wanted}`);
  return { x, w, group, kernel: kernelSizes(node, w) };
}

const times = (dim: Dim, factor: number): Dim =>
  typeof dim === 'number' ? dim * factor : factor === 1 ? dim : undefined;

/** y [N, O, *] of x [N, C, *] and w [O, C/group, k…]. */
export function convolutionShape(node: Node): readonly ValueType[] {
  const { x, w, kernel } = checkedShapes(node, (weight, group) => times(weight[1], group));
  if (!x.shape) return [{ dtype: x.dtype, shape: undefined }];
  const sizes = x.shape.slice(2);
  const spatial = kernel ? outputSizes(node, sizes, kernel) : sizes.map(() => undefined);
  return [{ dtype: x.dtype, shape: [x.shape[0], w.shape?.[0], ...spatial] }];
}

/** The window of a Conv whose spatial sizes are fixed. */
export function convolutionWindow(node: Node): Window {
  return windowOf(node, spatialSizes(required(node, 0)), spatialSizes(required(node, 1)));
}

function convolutionGradient({ graph, node, dy, wants }: GradientContext) {
  const x = required(node, 0);
  const w = required(node, 1);
  const attributes = { ...windowAttributes(convolutionWindow(node)), group: intOf(node, 'group', 1) };
  return [
    wants(0)
      ? graph.op('ConvInputGradient', [dy[0], w], { ...attributes, input_shape: staticShape(x) }, internal)
      : undefined,
    wants(1) ? graph.op('ConvWeightGradient', [x, dy[0]], attributes, internal) : undefined,
    wants(2) ? graph.op('ChannelSum', [dy[0]], {}, internal) : undefined,
  ];
}

/** Where a ConvTranspose puts its windows: the explicit padding, and how far the output reaches past the last one. */
interface TransposedWindow {
  readonly window: Window;
  readonly outputPadding: readonly number[];
  readonly outputs: readonly number[];
}

/** Resolves auto_pad and output_shape of a ConvTranspose (ONNX, ConvTranspose, "pads"). */
export function transposedWindow(
  node: Node,
  sizes: readonly number[],
  kernel: readonly number[],
): TransposedWindow {
  const count = sizes.length;
  const strides = axisInts(node, 'strides', count, 1, 1);
  const dilations = axisInts(node, 'dilations', count, 1, 1);
  const stated = intsOf(node, 'output_shape')?.slice(-count);
  const automatic = stringOf(node, 'auto_pad', 'NOTSET');
  const same = automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER';
  const pads = automatic === 'NOTSET' ? axisInts(node, 'pads', 2 * count, 0, 0) : [];
  const padding = axisInts(node, 'output_padding', count, 0, 0);
  const axes = sizes.map((size, i) => {
    const full = (size - 1) * strides[i]! + padding[i]! + extentOf(kernel[i]!, dilations[i]!);
    const target = stated?.[i] ?? (same ? size * strides[i]! : undefined);
    if (target === undefined) {
      const begin = pads[i] ?? 0;
      const end = pads[i + count] ?? 0;
      return { begin, end, extra: padding[i]!, output: full - begin - end };
    }
    const total = Math.max(0, full - target);
    const small = Math.floor(total / 2);
    const begin = automatic === 'SAME_UPPER' ? small : total - small;
    const output = stated ? target : full - total;
    return { begin, end: total - begin, extra: padding[i]! + output - (full - total), output };
  });
  if (axes.some(({ output }) => output < 1))
    misfit(node, `the padding leaves an output of size ${axes.map(({ output }) => output).join(' x ')}`);
  return {
    window: {
      kernel,
      strides,
      dilations,
      begin: axes.map(({ begin }) => begin),
      end: axes.map(({ end }) => end),
    },
    outputPadding: axes.map(({ extra }) => extra),
    outputs: axes.map(({ output }) => output),
  };
}

/** y [N, O, *] of x [N, C, *] and w [C, O/group, k…]. */
function transposedShape(node: Node): readonly ValueType[] {
  const { x, w, group, kernel } = checkedShapes(node, (weight) => weight[0]);
  if (!x.shape) return [{ dtype: x.dtype, shape: undefined }];
  const sizes = x.shape.slice(2);
  const stated = intsOf(node, 'output_shape')?.slice(-sizes.length);
  const spatial = sizes.map((size, i): Dim => {
    if (stated) return stated[i];
    if (typeof size !== 'number' || !kernel) return undefined;
    const known = sizes.map((other) => (typeof other === 'number' ? other : size));
    return transposedWindow(node, known, kernel).outputs[i];
  });
  return [{ dtype: x.dtype, shape: [x.shape[0], times(w.shape?.[1], group), ...spatial] }];
}

function transposedGradient({ graph, node, dy, wants }: GradientContext) {
  const x = required(node, 0);
  const w = required(node, 1);
  const sizes = staticShape(x).slice(2);
  const { window } = transposedWindow(node, sizes, staticShape(w).slice(2));
  const attributes = { ...windowAttributes(window), group: intOf(node, 'group', 1) };
  return [
    wants(0) ? crop(graph.op('Conv', [dy[0], w], attributes), sizes) : undefined,
    // The roles of input and gradient are swapped: the weight is that of the convolution from y to x.
    wants(1) ? graph.op('ConvWeightGradient', [dy[0], x], attributes, internal) : undefined,
    wants(2) ? graph.op('ChannelSum', [dy[0]], {}, internal) : undefined,
  ];
}

/** Keeps the first `sizes` elements of the spatial axes: output padding as large as the stride adds windows. */
function crop(value: Value, sizes: readonly number[]): Value {
  const current = staticShape(value).slice(2);
  if (current.every((size, i) => size === sizes[i])) return value;
  const { graph } = value;
  const zeros = sizes.map(() => 0);
  const axes = sizes.map((_, i) => i + 2);
  return graph.op('Slice', [value, ints(graph, zeros), ints(graph, sizes), ints(graph, axes)]);
}

/** Convolutions over one to three spatial axes. */
export const convolution: OperatorTable = {
  Conv: { shape: convolutionShape, gradient: convolutionGradient },
  ConvTranspose: { shape: transposedShape, gradient: transposedGradient },
};

const lowered = notDifferentiable(
  'it is a product of optimisation: differentiate the graph before it is lowered',
);

/** Operators of ONNX Runtime's own domains, by 'domain:name'. Blocked values keep their usual shape. */
export const runtimeConvolution: OperatorTable = {
  [`${RUNTIME_DOMAIN}:FusedConv`]: { shape: convolutionShape, gradient: lowered },
  [`${BLOCKED_DOMAIN}:Conv`]: { shape: convolutionShape, gradient: lowered },
  [`${BLOCKED_DOMAIN}:ReorderInput`]: { shape: sameAsInput, gradient: lowered },
  [`${BLOCKED_DOMAIN}:ReorderOutput`]: { shape: sameAsInput, gradient: lowered },
};
