import { add, mul, scalarLike, sub } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { checkOption, type LossOptions, weightedMean } from './reduction.ts';

/** Mean squared error. @param prediction [N, ...] @param target of the same shape */
export function meanSquaredError(prediction: Value, target: Value, options: LossOptions = {}): Value {
  const difference = sub(prediction, target);
  return weightedMean(mul(difference, difference), options);
}

/** Mean absolute error. @param prediction [N, ...] @param target of the same shape */
export function meanAbsoluteError(prediction: Value, target: Value, options: LossOptions = {}): Value {
  return weightedMean(prediction.graph.op('Abs', [sub(prediction, target)]), options);
}

export interface HuberOptions extends LossOptions {
  /** Where the square ends and the straight line begins, above 0. */
  readonly delta?: number;
}

/** Huber's loss (1964): d^2/2 up to |d| = delta, then delta (|d| - delta/2). @throws LOSS_OPTION */
export function huber(prediction: Value, target: Value, options: HuberOptions = {}): Value {
  const { delta = 1 } = options;
  checkOption(delta > 0, `delta is ${delta}, expected above 0.`);
  return weightedMean(huberElements(prediction, target, delta), options);
}

/** Huber's loss divided by delta, so that far from the target its slope is 1 (Girshick, ICCV 2015, eq. 3). @throws LOSS_OPTION */
export function smoothL1(prediction: Value, target: Value, options: HuberOptions = {}): Value {
  const { delta = 1 } = options;
  return mul(huber(prediction, target, options), scalarLike(prediction, 1 / delta));
}

/** q^2/2 + delta (|d| - q) with q = min(|d|, delta). */
function huberElements(prediction: Value, target: Value, delta: number): Value {
  const limit = scalarLike(prediction, delta);
  const distance = prediction.graph.op('Abs', [sub(prediction, target)]);
  const near = prediction.graph.op('Min', [distance, limit]);
  const square = mul(mul(near, near), scalarLike(prediction, 0.5));
  return add(square, mul(sub(distance, near), limit));
}
