import { add, mul, scalarLike } from '../../../engine/graph/build.ts';
import type { Value } from '../../../engine/graph/graph.ts';
import {
  binaryCrossEntropyWithLogits,
  binaryFocalWithLogits,
} from '../../../learning/losses/cross-entropy.ts';
import { knownTargets } from '../../../learning/losses/known.ts';
import type { Head } from '../head.ts';
import type { ClassificationSettings } from '../settings.ts';

/**
 * The loss of answers that are each yes or no, NaN where the truth is not known: binary cross-entropy, or focal loss.
 * With imbalance 'weights' a yes counts as often as there are more noes than yeses in training.
 *
 * @param rows targets of the training samples, each of the same width
 */
export function binaryLoss(
  rows: readonly ArrayLike<number>[],
  width: number,
  { loss, imbalance, labelSmoothing }: ClassificationSettings,
): Head['loss'] {
  const positives = Array.from({ length: width }, (_, k) => rows.filter((row) => row[k] === 1).length);
  const negatives = Array.from({ length: width }, (_, k) => rows.filter((row) => row[k] === 0).length);
  const weighted = imbalance === 'weights';
  const both = (k: number) => positives[k]! > 0 && negatives[k]! > 0;
  const positiveWeights = weighted
    ? positives.map((count, k) => (both(k) ? negatives[k]! / count : 1))
    : undefined;
  const alpha = weighted
    ? positives.map((count, k) => (both(k) ? negatives[k]! / (count + negatives[k]!) : 0.5))
    : undefined;
  return (logits: Value, targets: Value, weights: Value) => {
    const { target, known } = knownTargets(targets); // [B, T]
    if (loss === 'focal') return binaryFocalWithLogits(logits, target, { weights, known, alpha });
    const smooth =
      labelSmoothing > 0
        ? add(mul(target, scalarLike(target, 1 - labelSmoothing)), scalarLike(target, labelSmoothing / 2))
        : target;
    return binaryCrossEntropyWithLogits(logits, smooth, { weights, known, positiveWeights });
  };
}
