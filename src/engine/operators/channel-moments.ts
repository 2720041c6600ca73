import { mul, neg, scalarLike } from '../graph/build.ts';
import { staticShape, type Value } from '../graph/graph.ts';
import { elementCount, type NumericDType, tensorOf } from '../tensor/tensor.ts';
import { INTERNAL_DOMAIN } from './schema.ts';

/** Mean and population variance of every channel, each [C]. */
export interface ChannelMoments {
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * Adds the nodes that take mean and variance over all axes but the channel's, in two passes: the mean first, then the
 * squares of what lies around it, so that a large mean costs no accuracy. Called twice on the same value, it adds
 * equal nodes, which mergeEqualNodes makes one.
 *
 * @param x [N, C, *], of fixed shape
 * @throws SHAPE_NOT_STATIC
 */
export function channelMoments(x: Value): ChannelMoments {
  const { graph } = x;
  const dims = staticShape(x);
  const channels = dims[1]!;
  const share = scalarLike(x, channels / elementCount(dims));
  const internal = { domain: INTERNAL_DOMAIN };
  // Channel operators take numbers only.
  const ones = graph.constant(
    tensorOf(x.dtype as NumericDType, [channels], new Float32Array(channels).fill(1)),
  );
  const mean = mul(graph.op('ChannelSum', [x], {}, internal), share);
  const centred = graph.op('ChannelAffine', [x, ones, neg(mean)], {}, internal);
  const variance = mul(graph.op('ChannelDot', [centred, centred], {}, internal), share);
  return { mean, variance };
}
