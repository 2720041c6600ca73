import { cast, mul, reduceSum, scalarLike, squeeze, unsqueeze, where } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { sigmoid, tanh } from './activation.ts';
import type { BuildContext } from './build-context.ts';
import { linear } from './linear.ts';

export interface AttentionPoolOptions {
  /** Width of the attention's hidden layer, L in the paper. */
  readonly hidden?: number;
  /** With the gate of eq. 9; without it eq. 8. */
  readonly gated?: boolean;
  /** 1 for the instances that count and 0 for padding, [N, S]; all count when left out. */
  readonly mask?: Value | undefined;
}

export interface AttentionPool {
  /** The weighted mean of the instances, [N, F]. */
  readonly pooled: Value;
  /** Each instance's weight, [N, S]: they add up to one, and padding has none. */
  readonly weights: Value;
}

/**
 * Pools a bag of instances by attention: Ilse, Tomczak, Welling, "Attention-based deep multiple instance learning",
 * ICML 2018, eq. 7 with eq. 8, or 9 (gated). Parameters `attention_V`, `attention_U` and `attention_w`, each with weight
 * and bias.
 *
 * @param x [N, S, F]
 * @throws LAYER_SHAPE
 */
export function attentionPool(
  context: BuildContext,
  name: string,
  x: Value,
  { hidden = 128, gated = true, mask }: AttentionPoolOptions = {},
): AttentionPool {
  const kept = mask ? withoutPadding(x, mask) : x;
  return context.graph.scope(name, () => {
    const content = tanh(linear(context, 'attention_V', kept, { outputs: hidden })); // [N, S, L]
    const seen = gated
      ? mul(content, sigmoid(linear(context, 'attention_U', kept, { outputs: hidden })))
      : content;
    const scores = squeeze(linear(context, 'attention_w', seen, { outputs: 1 }), [2]); // [N, S]
    const weights = masked(scores, mask);
    return { pooled: reduceSum(mul(kept, unsqueeze(weights, [2])), [1]), weights };
  });
}

/** Softmax over the instances; padding gets nothing. A bag of padding alone gets zeros. */
function masked(scores: Value, mask: Value | undefined): Value {
  const { graph } = scores;
  if (!mask) return graph.op('Softmax', [scores], { axis: 1 });
  const counts = counting(mask);
  const low = where(counts, scores, scalarLike(scores, -1e30));
  const weights = graph.op('Softmax', [low], { axis: 1 });
  return where(counts, weights, scalarLike(weights, 0));
}

/** The features with zeros for padding, whatever stands there. @param x [N, S, F] @param mask [N, S] */
export const withoutPadding = (x: Value, mask: Value): Value =>
  where(unsqueeze(counting(mask), [2]), x, scalarLike(x, 0));

/** Where a mask of zeros and ones is not zero. */
export const counting = (mask: Value): Value => cast(mask, 'bool');

/** Mean over the instances that count, [N, F]. @param x [N, S, F] @param mask [N, S] */
export function meanPool(x: Value, mask: Value | undefined): Value {
  const { graph } = x;
  const axis = graph.constant(tensorOf('int64', [1], [1]));
  if (!mask) return graph.op('ReduceMean', [x, axis], { keepdims: 0 });
  const number = reduceSum(cast(counting(mask), x.dtype), [1], true); // [N, 1]
  const divisor = graph.op('Max', [number, scalarLike(number, 1)]);
  return graph.op('Div', [reduceSum(withoutPadding(x, mask), [1]), divisor]);
}

/** Largest over the instances that count, [N, F]; zeros where none does. @param x [N, S, F] @param mask [N, S] */
export function largestPool(x: Value, mask: Value | undefined): Value {
  const { graph } = x;
  const axis = graph.constant(tensorOf('int64', [1], [1]));
  if (!mask) return graph.op('ReduceMax', [x, axis], { keepdims: 0 });
  const counts = unsqueeze(counting(mask), [2]); // [N, S, 1]
  const low = where(counts, x, scalarLike(x, -1e30));
  const largest = graph.op('ReduceMax', [low, axis], { keepdims: 0 });
  const some = graph.op('Greater', [largest, scalarLike(largest, -1e30)]);
  return where(some, largest, scalarLike(largest, 0));
}
