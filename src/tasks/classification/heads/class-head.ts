import { crossEntropy, focal } from '../../../learning/losses/cross-entropy.ts';
import { classCounts } from '../../dataset/dataset.ts';
import { balancedClassWeights } from '../../dataset/imbalance.ts';
import type { Head, HeadContext } from '../head.ts';

/** The answer of exclusive classes: 'probabilities' [N, K] by softmax. */
export const classAnswer = (classes: number): Pick<Head, 'outputs' | 'answer'> => ({
  outputs: classes,
  answer: (logits) => logits.graph.op('Softmax', [logits], { axis: 1 }, { outputNames: ['probabilities'] }),
});

/** One of exclusive classes: softmax and cross-entropy, or focal loss. */
export function classHead({ dataset, train, settings }: HeadContext): Head {
  const { classes, samples } = dataset;
  const rows = classes.map((_, k) => classes.map((_, other) => (other === k ? 1 : 0)));
  const counts = classCounts(dataset, train);
  const classWeights =
    settings.imbalance === 'weights' ? { classWeights: [...balancedClassWeights(counts)] } : {};
  return {
    ...classAnswer(classes.length),
    kind: 'class',
    targets: { width: classes.length, row: (index) => rows[samples[index]!.label]! },
    loss(logits, targets, weights) {
      if (settings.loss === 'focal') return focal(logits, targets, { weights, ...classWeights });
      const { labelSmoothing } = settings;
      return crossEntropy(logits, targets, { weights, labelSmoothing, ...classWeights });
    },
  };
}
