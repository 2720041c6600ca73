import { expand, mul, reshape } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { staticShape, type ValueType } from '../graph/shape.ts';
import { type NumericDType, tensorOf } from '../tensor/tensor.ts';
import {
  type GradientContext,
  intOf,
  intsOf,
  misfit,
  notDifferentiable,
  type OperatorTable,
  required,
  sameAsInput,
} from './operator.ts';
import { INTERNAL_DOMAIN } from './schema.ts';

/*
 * The engine's own operators: what gradient rules say in one node where ONNX needs many, so that a pass can still
 * choose how a device does it. lower/expand.ts writes each in standard operators. Channels are axis 1: [N, C, *].
 */

const internal = { domain: INTERNAL_DOMAIN } as const;

/** The node's attributes but for some, to be given to another node. */
const attributesOf = (node: Node, ...without: string[]) =>
  Object.fromEntries([...node.attributes].filter(([name]) => !without.includes(name)));

const inputGradientShape = (node: Node): readonly ValueType[] => {
  const shape = intsOf(node, 'input_shape') ?? misfit(node, 'the attribute input_shape is missing');
  return [{ dtype: required(node, 0).dtype, shape }];
};

/** dx is linear in dy and in w: its gradients are the convolution itself and the weight's gradient. */
function inputGradientGradient({ graph, node, dy, wants }: GradientContext) {
  const attributes = attributesOf(node, 'input_shape');
  return [
    wants(0) ? graph.op('Conv', [dy[0], node.inputs[1]], attributes) : undefined,
    wants(1) ? graph.op('ConvWeightGradient', [dy[0], node.inputs[0]], attributes, internal) : undefined,
  ];
}

/** dw [O, C/group, k…] of x [N, C, *] and dy [N, O, *]. */
const weightGradientShape = (node: Node): readonly ValueType[] => {
  const x = required(node, 0);
  const dy = required(node, 1);
  const kernel = intsOf(node, 'kernel_shape') ?? misfit(node, 'the attribute kernel_shape is missing');
  const channels = x.shape?.[1];
  const group = intOf(node, 'group', 1);
  const perGroup = typeof channels === 'number' ? channels / group : undefined;
  return [{ dtype: x.dtype, shape: [dy.shape?.[1], perGroup, ...kernel] }];
};

function weightGradientGradient({ graph, node, dy, wants }: GradientContext) {
  const x = required(node, 0);
  const attributes = attributesOf(node);
  return [
    wants(0)
      ? graph.op(
          'ConvInputGradient',
          [node.inputs[1], dy[0]],
          { ...attributes, input_shape: staticShape(x) },
          internal,
        )
      : undefined,
    wants(1) ? graph.op('Conv', [x, dy[0]], attributes) : undefined,
  ];
}

/** [C] of x [N, C, *]. */
const channelShape = (node: Node): readonly ValueType[] => {
  const { dtype, shape } = required(node, 0);
  if (shape && shape.length < 2) misfit(node, 'the input needs a batch and a channel axis');
  return [{ dtype, shape: [shape?.[1]] }];
};

/** A value per channel [C] put along axis 1 of a value of that rank: [1, C, 1, …]. */
export function alongChannels(perChannel: Value, rank: number): Value {
  const [channels] = staticShape(perChannel);
  return reshape(perChannel, [1, channels!, ...Array.from({ length: rank - 2 }, () => 1)]);
}

/** Zeros of a per-channel value's shape [C]. */
function zerosLike(like: Value): Value {
  const dims = staticShape(like);
  // Channel operators take numbers only.
  return like.graph.constant(tensorOf(like.dtype as NumericDType, dims, new Float32Array(dims[0]!)));
}

function affineGradient({ graph, node, dy, wants }: GradientContext) {
  const [x, a] = node.inputs as [Value, Value]; // ChannelAffine has them always
  const channel = (op: string, ...inputs: (Value | undefined)[]) => graph.op(op, inputs, {}, internal);
  const g = intOf(node, 'relu', 0) === 1 ? channel('ReluGradient', dy[0], node.outputs[0]) : dy[0]!;
  return [
    wants(0) ? channel('ChannelAffine', g, a, zerosLike(a)) : undefined,
    wants(1) ? channel('ChannelDot', g, x) : undefined,
    wants(2) ? channel('ChannelSum', g) : undefined,
    wants(3) ? g : undefined,
  ];
}

/** By 'domain:name'. */
export const composites: OperatorTable = Object.fromEntries(
  Object.entries({
    ConvInputGradient: { shape: inputGradientShape, gradient: inputGradientGradient },
    ConvWeightGradient: { shape: weightGradientShape, gradient: weightGradientGradient },
    MaxPoolGradient: {
      shape: (node) => {
        const x = required(node, 1);
        return [{ dtype: x.dtype, shape: x.shape }];
      },
      gradient: notDifferentiable('it is a composite: expand the graph first, then differentiate'),
    },
    ReluGradient: {
      shape: sameAsInput,
      // Only the sign of y counts, so that nothing flows back to it.
      gradient: ({ graph, node, dy }) => [graph.op('ReluGradient', [dy[0], node.inputs[1]], {}, internal)],
    },
    ChannelSum: {
      shape: channelShape,
      gradient: ({ node, dy }) => {
        const dims = staticShape(required(node, 0));
        return [expand(alongChannels(dy[0]!, dims.length), dims)];
      },
    },
    ChannelDot: {
      shape: channelShape,
      gradient: ({ node, dy, wants }) => {
        const [x, y] = node.inputs as [Value, Value]; // ChannelDot has both always
        const g = alongChannels(dy[0]!, staticShape(x).length);
        return [wants(0) ? mul(y, g) : undefined, wants(1) ? mul(x, g) : undefined];
      },
    },
    ChannelAffine: { shape: sameAsInput, gradient: affineGradient },
  } satisfies OperatorTable).map(([name, operator]) => [`${INTERNAL_DOMAIN}:${name}`, operator]),
);
