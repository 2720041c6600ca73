import { crossEntropy, focal } from '../../../learning/losses/cross-entropy.ts';
import { logitAdjusted } from '../../../learning/losses/logit-adjusted.ts';
import { classCounts } from '../../dataset/dataset.ts';
import { balancedClassWeights } from '../../dataset/imbalance.ts';
import type { Head, HeadContext } from '../head.ts';

/** The answer of exclusive classes: 'probabilities' [N, K] by softmax. */
export const classAnswer = (classes: number): Pick<Head, 'outputs' | 'answer'> => ({
  outputs: classes,
  answer: (logits) => logits.graph.op('Softmax', [logits], { axis: 1 }, { outputNames: ['probabilities'] }),
});

/** One of exclusive classes: softmax and cross-entropy, focal or logit-adjusted loss. */
export function classHead({ dataset, train, settings }: HeadContext): Head {
  const { classes, samples } = dataset;
  const rows = classes.map((_, k) => classes.map((_, other) => (other === k ? 1 : 0)));
  const counts = classCounts(dataset, train);
  const balanced = settings.imbalance === 'weights' ? [...balancedClassWeights(counts)] : undefined;
  const classWeights = { classWeights: balanced };
  const all = counts.reduce((sum, count) => sum + count, 0);
  // A class without a training image counts as half of one, so that its prior has a logarithm.
  const priors = counts.map((count) => Math.max(count, 0.5) / all);
  return {
    ...classAnswer(classes.length),
    kind: 'class',
    targets: { width: classes.length, row: (index) => rows[samples[index]!.label]! },
    loss(logits, targets, weights) {
      if (settings.loss === 'focal') return focal(logits, targets, { weights, alpha: balanced });
      const { labelSmoothing } = settings;
      const options = { weights, labelSmoothing, ...classWeights };
      if (settings.loss === 'logit-adjusted') return logitAdjusted(logits, targets, { ...options, priors });
      return crossEntropy(logits, targets, options);
    },
  };
}
