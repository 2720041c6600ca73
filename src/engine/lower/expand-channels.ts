import { add, cast, mul, reduceSum, scalarLike, unsqueeze } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { channelMoments, inverseDeviation } from '../operators/batch-normalization.ts';
import { floatOf, intOf } from '../operators/operator.ts';
import { INTERNAL_DOMAIN } from '../operators/schema.ts';
import { toNumbers } from '../tensor/tensor.ts';

const rankOf = (value: Value): number => value.shape!.length;
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** [C] of x [N, C, *]: the runtime sums trailing axes and then a leading one fastest. */
export function expandChannelSum(x: Value): Value {
  const rank = rankOf(x);
  return reduceSum(rank > 2 ? reduceSum(x, range(2, rank)) : x, [0]);
}

export const expandChannelDot = (x: Value, y: Value): Value => expandChannelSum(mul(x, y));

/** a x + b (+ z), then the larger of that and zero if the node says relu. */
export function expandChannelAffine(node: Node, x: Value, a: Value, b: Value, z: Value | undefined): Value {
  const axes = range(1, rankOf(x) - 1);
  const along = (perChannel: Value) => (axes.length > 0 ? unsqueeze(perChannel, axes) : perChannel);
  let y = holds(node.inputs[1], 1) ? x : mul(x, along(a));
  if (!holds(node.inputs[2], 0)) y = add(y, along(b));
  if (z) y = add(y, z);
  return intOf(node, 'relu', 0) === 1 ? y.graph.op('Relu', [y]) : y;
}

/**
 * Whether every element is known to be this number. Only what Graph.constant made is known: an initializer with a name
 * of its own may be a parameter, which is ones or zeros at first and fed or updated later.
 */
function holds(value: Value | undefined, number: number): boolean {
  return (
    value?.constant !== undefined &&
    /^constant(_\d+)?$/.test(value.name) &&
    !value.graph.updates.has(value) &&
    toNumbers(value.constant).every((element) => element === number)
  );
}

/** dy where y is positive: a comparison, a cast and a product are quicker here than Where or Sign. */
export function expandReluGradient(dy: Value, y: Value): Value {
  const { graph } = dy;
  return mul(dy, cast(graph.op('Greater', [y, scalarLike(y, 0)]), dy.dtype));
}

/**
 * BatchNormalization with training_mode=1 in composite operators (ONNX, BatchNormalization): normalised by the batch's
 * own moments; running statistics are momentum * old + (1 - momentum) * batch, with the population variance.
 */
export function composeBatchNormalization(
  node: Node,
  inputs: readonly (Value | undefined)[],
): readonly (Value | undefined)[] {
  const [x, scale, bias, runningMean, runningVariance] = inputs as readonly Value[]; // all five are required
  const { graph } = x!;
  const { mean, centred, variance } = channelMoments(x!);
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  const momentum = floatOf(node, 'momentum', 0.9);
  // Written as the gradient rule writes it, so that both share these nodes once equal nodes are merged.
  const factor = mul(scale!, inverseDeviation(variance, epsilon));
  const y = graph.op('ChannelAffine', [centred, factor, bias], {}, { domain: INTERNAL_DOMAIN });
  const moved = (old: Value, batch: Value): Value =>
    add(mul(old, scalarLike(old, momentum)), mul(batch, scalarLike(batch, 1 - momentum)));
  return [
    y,
    node.outputs[1] && moved(runningMean!, mean),
    node.outputs[2] && moved(runningVariance!, variance),
  ];
}
