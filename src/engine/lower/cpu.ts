import { reshape, transpose, unsqueeze } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { copyGraph } from '../graph/rewrite.ts';
import { staticShape } from '../graph/shape.ts';
import { intOf } from '../operators/operator.ts';
import { INTERNAL_DOMAIN } from '../operators/schema.ts';
import { windowOf } from '../operators/window.ts';
import { elementCount, tensor } from '../tensor/tensor.ts';

/**
 * Forms of the engine's composites that ONNX Runtime's CPU kernels run faster than the general ones of expand.ts,
 * chosen by shape (docs/decisions/0003-composites-and-lowering.md). What has no quicker form is left to expand.ts.
 */
export function lowerCompositesForCpu(graph: Graph): Graph {
  return copyGraph(graph, {
    mapNode: (node, inputs, target) => {
      const rule = node.domain === INTERNAL_DOMAIN ? rules[node.op] : undefined;
      // Composites leave no required input out; the optional one is the last.
      return rule && target.scope(node.name, () => rule(node, inputs as readonly Value[]));
    },
  });
}

const rules: Readonly<
  Record<string, (node: Node, inputs: readonly Value[]) => readonly Value[] | undefined>
> = {
  ConvWeightGradient: (node, [x, dy]) => weightGradient(node, x!, dy!),
  ConvInputGradient: (node, [dy, w]) => inputGradient(node, dy!, w!),
  ChannelAffine: (node, [x, a, b, z]) => channelAffine(node, x!, a!, b!, z),
};

/** Positions of dy from which one product per kernel tap is faster than a convolution over whole images. */
const MANY_POSITIONS = 400;

/**
 * dw as one convolution of a dimension more: the batch takes the place of the input channels, which are summed over;
 * the channels become the first spatial axis, over which a kernel of depth 1 slides; dy is the kernel, as large as an
 * image, and what it slides over in the other axes are the taps. Strides and dilations change places.
 *
 *   x [N, C, H, W] -> [1, N, C, H, W],  dy [N, O, h, w] -> kernel [O, N, 1, h, w],  result [1, O, C, kh, kw]
 */
function weightGradient(node: Node, x: Value, dy: Value): readonly Value[] | undefined {
  const [batch, channels, ...sizes] = staticShape(x) as [number, number, ...number[]]; // [N, C, *]
  const [, filters, ...counts] = staticShape(dy) as [number, number, ...number[]]; // [N, O, *]
  const output = staticShape(node.outputs[0]!);
  const kernel = output.slice(2);
  // The runtime's quick convolution kernels know up to three spatial axes, one of which the channels take.
  if (sizes.length > 2 || intOf(node, 'group', 1) !== 1) return undefined;
  const fewChannels = channels < 16;
  if (!fewChannels && elementCount(counts) >= MANY_POSITIONS) return undefined;
  if (elementCount(kernel) === 1 && elementCount(counts) >= 64) return undefined;
  const window = windowOf(node, sizes, kernel);
  // Trailing rows that no window reached would give taps too many: the padding at the end is cut to what is used.
  const used = sizes.map(
    (_, i) => (counts[i]! - 1) * window.strides[i]! + 1 + (kernel[i]! - 1) * window.dilations[i]!,
  );
  const end = used.map((extent, i) => extent - sizes[i]! - window.begin[i]!);
  if (end.some((pad) => pad < 0)) return undefined;
  const images = reshape(x, [1, batch, channels, ...sizes]);
  const filter = unsqueeze(transpose(dy, [1, 0, ...counts.map((_, i) => i + 2)]), [2]);
  const dw = x.graph.op('Conv', [images, filter], {
    kernel_shape: [1, ...counts],
    pads: [0, ...window.begin, 0, ...end],
    dilations: [1, ...window.strides],
    strides: [1, ...window.dilations],
  });
  return [reshape(dw, [filters, channels, ...kernel])];
}

/** Where the filter is larger than the images, turning it round costs more than ConvTranspose loses. */
function inputGradient(node: Node, dy: Value, w: Value): readonly Value[] | undefined {
  const shape = staticShape(node.outputs[0]!);
  const kernel = staticShape(w).slice(2);
  const window = windowOf(node, shape.slice(2), kernel);
  if (window.strides.some((stride) => stride !== 1)) return undefined;
  if (elementCount(kernel) === 1 || elementCount(staticShape(w)) < elementCount(shape)) return undefined;
  return [
    dy.graph.op('ConvTranspose', [dy, w], {
      kernel_shape: kernel,
      dilations: window.dilations,
      pads: [...window.begin, ...window.end],
      group: intOf(node, 'group', 1),
    }),
  ];
}

/** One pass over memory by BatchNormalization's inference kernel with mean 0 and variance 1, instead of two. */
function channelAffine(
  node: Node,
  x: Value,
  a: Value,
  b: Value,
  z: Value | undefined,
): readonly Value[] | undefined {
  if (z || x.dtype !== 'float32' || (x.shape?.length ?? 0) < 3) return undefined;
  const { graph } = x;
  const channels = staticShape(x)[1]!;
  const mean = graph.constant(tensor('float32', [channels], new Float32Array(channels)));
  const variance = graph.constant(tensor('float32', [channels], new Float32Array(channels).fill(1)));
  const y = graph.op('BatchNormalization', [x, a, b, mean, variance], { epsilon: 0 });
  return [intOf(node, 'relu', 0) === 1 ? graph.op('Relu', [y]) : y];
}
