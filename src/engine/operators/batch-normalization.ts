import { HounsfieldError } from '../../errors.ts';
import { add, apply, div, mul, neg, scalarLike, sub } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { staticShape } from '../graph/shape.ts';
import { type NumericDType, tensorOf } from '../tensor/tensor.ts';
import { floatOf, type GradientContext, intOf, type Operator, required } from './operator.ts';
import { INTERNAL_DOMAIN } from './schema.ts';

/** Ioffe and Szegedy, 2015: y = scale (x - mean) / sqrt(variance + epsilon) + B, per channel. */
export const batchNormalization: Operator = {
  shape: (node) => {
    const { dtype, shape } = required(node, 0);
    const statistic = { dtype: required(node, 3).dtype, shape: required(node, 3).shape };
    return [{ dtype, shape }, statistic, statistic];
  },
  gradient: (context) =>
    intOf(context.node, 'training_mode', 0) === 1 ? trainingGradient(context) : inferenceGradient(context),
};

const internal = (graph: Graph, op: string, inputs: readonly Value[]): Value =>
  graph.op(op, inputs, {}, { domain: INTERNAL_DOMAIN });

/** Sum over batch and space: [N, C, ...] -> [C]. */
const channelSum = (x: Value): Value => internal(x.graph, 'ChannelSum', [x]);
/** Sum over batch and space of the product: [N, C, ...] -> [C]. */
const channelDot = (x: Value, y: Value): Value => internal(x.graph, 'ChannelDot', [x, y]);
/** a x + b + z per channel: [N, C, ...]. */
const channelAffine = (x: Value, a: Value, b: Value, ...z: readonly Value[]): Value =>
  internal(x.graph, 'ChannelAffine', [x, a, b, ...z]);

const filled = (like: Value, number: number): Value => {
  const channels = staticShape(like)[0]!;
  const values = new Float64Array(channels).fill(number);
  // Arithmetic is on numbers.
  return like.graph.constant(tensorOf(like.dtype as NumericDType, [channels], values));
};

const zeros = (like: Value): Value => filled(like, 0);

/**
 * Mean of each channel over batch and space, what is left without it, and the population variance: [C], [N, C, ...], [C].
 *
 * The variance is the mean of the centred squares, a pass over x more than mean(x²) - mean², which in float32 loses its
 * digits where the mean is large beside the deviation. What expands the forward node must call this too: equal nodes
 * then become one.
 */
export function channelMoments(x: Value): {
  readonly mean: Value;
  readonly centred: Value;
  readonly variance: Value;
} {
  const dims = staticShape(x);
  const count = scalarLike(x, dims.reduce((product, dim) => product * dim, 1) / dims[1]!);
  const mean = div(channelSum(x), count);
  const centred = channelAffine(x, filled(mean, 1), neg(mean));
  return { mean, centred, variance: div(channelDot(centred, centred), count) };
}

/** 1 / sqrt(variance + epsilon), [C]; shared with the forward expansion like channelMoments. */
export const inverseDeviation = (variance: Value, epsilon: number): Value =>
  apply('Reciprocal', apply('Sqrt', add(variance, scalarLike(variance, epsilon))));

const epsilonOf = (node: Node): number => floatOf(node, 'epsilon', 1e-5);

/**
 * With n = (x - mean) inverse over m elements per channel: dB = sum(dy), dscale = sum(dy n), and
 * dx = scale inverse (dy - dB / m - n dscale / m), written as an affine function of dy and x - mean per channel.
 */
function trainingGradient({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  if (dy[1] || dy[2]) {
    throw new HounsfieldError(
      'OPERATOR_NOT_DIFFERENTIABLE',
      `BatchNormalization '${node.name}': the loss depends on its running statistics, through which no gradient goes. ` +
        'Let the loss depend on the first output alone.',
    );
  }
  const [x, scale] = [node.inputs[0]!, node.inputs[1]!];
  const dims = staticShape(x);
  const count = scalarLike(x, dims.reduce((product, dim) => product * dim, 1) / dims[1]!);
  const { centred, variance } = channelMoments(x);
  const inverse = inverseDeviation(variance, epsilonOf(node));
  const dyY = dy[0]!;
  const toBias = channelSum(dyY);
  const toScale = mul(inverse, channelDot(dyY, centred));
  const toX = (): Value => {
    const a = mul(scale, inverse);
    const perCount = div(a, count);
    const b = neg(mul(mul(perCount, inverse), toScale));
    const c = neg(mul(perCount, toBias));
    return channelAffine(dyY, a, c, channelAffine(centred, b, zeros(b)));
  };
  return [wants(0) ? toX() : undefined, wants(1) ? toScale : undefined, wants(2) ? toBias : undefined];
}

/** With fixed statistics y is affine in x. */
function inferenceGradient({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const [x, scale, , mean, variance] = node.inputs as [Value, Value, Value, Value, Value]; // the schema has five
  const inverse = inverseDeviation(variance, epsilonOf(node));
  const dyY = dy[0]!;
  const slope = mul(scale, inverse);
  const toBias = wants(1) || wants(2) || wants(3) || wants(4) ? channelSum(dyY) : undefined;
  const toScale =
    wants(1) || wants(4) ? mul(inverse, sub(channelDot(dyY, x), mul(mean, toBias!))) : undefined;
  return [
    wants(0) ? channelAffine(dyY, slope, zeros(slope)) : undefined,
    wants(1) ? toScale : undefined,
    wants(2) ? toBias : undefined,
    wants(3) ? neg(mul(slope, toBias!)) : undefined,
    // dy/dvariance = -scale (x - mean) inverse³ / 2
    wants(4) ? mul(mul(toScale!, mul(slope, inverse)), scalarLike(slope, -0.5)) : undefined,
  ];
}
