import {
  accuracy,
  balancedAccuracy,
  confusionMatrix,
  mostProbable,
} from '../../evidence/metrics/confusion.ts';
import { logLoss } from '../../evidence/metrics/probability.ts';
import { rocAuc, rocAucMacro } from '../../evidence/metrics/ranking.ts';
import type { PreparedData } from './prepare.node.ts';

/**
 * What is told of the validation set after each epoch, without intervals: loss, AUC, accuracy and balanced accuracy.
 *
 * @param answers of the validation samples in their order, [N, K] as the head gives them
 */
export function validationFigures(
  { dataset, splits }: Pick<PreparedData, 'dataset' | 'splits' | 'head'>,
  answers: Float32Array,
): Record<string, number> {
  const classes = dataset.classes.length;
  const labels = splits.validation.map((index) => dataset.samples[index]!.label);
  return quickFigures(answers, labels, classes);
}

function quickFigures(
  probabilities: Float32Array,
  labels: readonly number[],
  classes: number,
): Record<string, number> {
  const matrix = confusionMatrix(labels, mostProbable(probabilities, classes), classes);
  const positive = labels.map((_, row) => probabilities[row * classes + 1]!);
  return {
    loss: logLoss(probabilities, labels, classes),
    auc:
      classes === 2
        ? rocAuc(
            positive,
            labels.map((label) => label === 1),
          )
        : rocAucMacro(probabilities, labels, classes),
    accuracy: accuracy(matrix),
    balancedAccuracy: balancedAccuracy(matrix, 'skip'),
  };
}
