import type { Head, HeadContext } from '../head.ts';
import { binaryLoss } from './binary-loss.ts';

/** The answer of labels that may hold together: 'probabilities' [N, K], each by its own sigmoid. */
export const labelsAnswer = (labels: number): Pick<Head, 'outputs' | 'answer'> => ({
  outputs: labels,
  answer: (logits) => logits.graph.op('Sigmoid', [logits], {}, { outputNames: ['probabilities'] }),
});

/** Any of several labels: a sigmoid each and binary cross-entropy, or focal loss; labels that are not known do not count. */
export function labelsHead({ dataset, train, settings }: HeadContext): Head {
  const { classes, samples } = dataset;
  const row = (index: number) => samples[index]!.targets!;
  return {
    ...labelsAnswer(classes.length),
    kind: 'labels',
    targets: { width: classes.length, row },
    loss: binaryLoss(train.map(row), classes.length, settings),
  };
}
