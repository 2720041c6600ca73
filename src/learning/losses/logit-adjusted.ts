import { add } from '../../engine/graph/build.ts';
import type { Value } from '../../engine/graph/graph.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { type CrossEntropyOptions, crossEntropy } from './cross-entropy.ts';
import { checkOption, perClass, rankOf } from './reduction.ts';

export interface LogitAdjustedOptions extends CrossEntropyOptions {
  /** Share of each class in the training data, above 0. */
  readonly priors: readonly number[];
  /** Strength; 1 is consistent for the balanced error. */
  readonly tau?: number;
}

/**
 * Logit-adjusted softmax cross-entropy (Menon et al., ICLR 2021, eq. 10): cross-entropy of x_k + tau log prior_k while
 * training; in use the logits are taken as they are, which favours rare classes as balanced accuracy does.
 *
 * @param logits [N, K, ...]
 * @param target probabilities [N, K, ...], one-hot or soft
 * @throws LOSS_OPTION, LOSS_SHAPE
 */
export function logitAdjusted(logits: Value, target: Value, options: LogitAdjustedOptions): Value {
  const { priors, tau = 1, ...rest } = options;
  const classes = logits.shape?.[1];
  checkOption(
    priors.every((prior) => prior > 0) && (classes === undefined || classes === priors.length),
    `priors are ${priors.join(', ')}, expected one above 0 for each of ${classes} classes.`,
  );
  const shift = logits.graph.constant(
    tensorOf(
      'float32',
      [priors.length],
      priors.map((prior) => tau * Math.log(prior)),
    ),
  );
  return crossEntropy(add(logits, perClass(shift, rankOf(logits))), target, rest);
}
