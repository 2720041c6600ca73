import { meanAbsoluteError, rootMeanSquaredError, rSquared } from '../../evidence/metrics/agreement.ts';
import {
  accuracy,
  balancedAccuracy,
  cohenKappa,
  confusionMatrix,
  f1,
  macroAverage,
  mostProbable,
} from '../../evidence/metrics/confusion.ts';
import { gradeOf } from '../../evidence/metrics/grades.ts';
import { binaryLogLoss, labelColumn } from '../../evidence/metrics/labels.ts';
import { logLoss } from '../../evidence/metrics/probability.ts';
import {
  areaUnderRoc,
  averagePrecision,
  rankScores,
  rocAuc,
  rocAucMacro,
} from '../../evidence/metrics/ranking.ts';
import type { Dataset, TargetKind } from '../dataset/dataset.ts';
import type { PreparedData } from './prepare.node.ts';

type Figures = Record<string, number>;

/**
 * What is told of the validation set after each epoch, without intervals. Of classes and grades loss, AUC, accuracy,
 * balanced accuracy and macro F1 or kappa; of labels the means over those that can be judged; of numbers the errors, the
 * mean over several after division by each one's deviation.
 *
 * @param answers of the validation samples in their order, [N, K] as the head gives them
 */
export function validationFigures(
  { dataset, splits, head }: Pick<PreparedData, 'dataset' | 'splits' | 'head'>,
  answers: Float32Array,
): Figures {
  return rules[head.kind](dataset, splits.validation, answers);
}

const rules: Readonly<
  Record<TargetKind, (dataset: Dataset, indices: readonly number[], answers: Float32Array) => Figures>
> = { class: ofClasses, labels: ofLabels, grade: ofGrades, value: ofValues };

const labelsOf = (dataset: Dataset, indices: readonly number[]) =>
  indices.map((index) => dataset.samples[index]!.label);

function ofClasses(dataset: Dataset, indices: readonly number[], answers: Float32Array): Figures {
  const classes = dataset.classes.length;
  const labels = labelsOf(dataset, indices);
  const matrix = confusionMatrix(labels, mostProbable(answers, classes), classes);
  const positive = labels.map((_, row) => answers[row * classes + 1]!);
  return {
    loss: logLoss(answers, labels, classes),
    auc:
      classes === 2
        ? rocAuc(
            positive,
            labels.map((label) => label === 1),
          )
        : rocAucMacro(answers, labels, classes),
    accuracy: accuracy(matrix),
    balancedAccuracy: balancedAccuracy(matrix, 'skip'),
    f1: macroAverage(matrix, f1, 'skip'),
  };
}

function ofGrades(dataset: Dataset, indices: readonly number[], answers: Float32Array): Figures {
  const grades = dataset.classes.length;
  const labels = labelsOf(dataset, indices);
  const predicted = labels.map((_, row) => gradeOf(answers.subarray(row * grades, (row + 1) * grades)));
  const matrix = confusionMatrix(labels, predicted, grades);
  const cuts = Array.from({ length: grades - 1 }, (_, k) =>
    areaUnderRoc(
      rankScores(
        labels.map((_, row) =>
          answers.subarray(row * grades + k + 1, (row + 1) * grades).reduce((a, b) => a + b, 0),
        ),
        labels.map((label) => label > k),
      ),
    ),
  );
  return {
    loss: logLoss(answers, labels, grades),
    kappa: cohenKappa(matrix, 'quadratic'),
    auc: meanOfDefined(cuts),
    mae: meanAbsoluteError(labels, predicted),
    accuracy: accuracy(matrix),
    balancedAccuracy: balancedAccuracy(matrix, 'skip'),
  };
}

function ofLabels(dataset: Dataset, indices: readonly number[], answers: Float32Array): Figures {
  const count = dataset.classes.length;
  const targets = indices.map((index) => dataset.samples[index]!.targets!);
  const columns = dataset.classes.map((_, k) => labelColumn(answers, targets, count, k));
  const rankings = columns.map(({ scores, truth }) => rankScores(scores, truth));
  const f1s = columns.map(({ scores, truth }) => {
    const matrix = confusionMatrix(
      truth,
      scores.map((score) => (score >= 0.5 ? 1 : 0)),
      2,
    );
    const found = matrix.counts[3]!;
    return (2 * found) / (2 * found + matrix.counts[1]! + matrix.counts[2]!);
  });
  return {
    loss: binaryLogLoss(answers, targets.flat()),
    auc: meanOfDefined(rankings.map((ranking) => areaUnderRoc(ranking))),
    averagePrecision: meanOfDefined(rankings.map((ranking) => averagePrecision(ranking))),
    f1: meanOfDefined(f1s),
  };
}

function ofValues(dataset: Dataset, indices: readonly number[], answers: Float32Array): Figures {
  const count = dataset.classes.length;
  const each = dataset.classes.map((_, k) => {
    const rows = indices.flatMap((index, row) =>
      Number.isNaN(dataset.samples[index]!.targets![k]!) ? [] : [row],
    );
    const truth = rows.map((row) => dataset.samples[indices[row]!]!.targets![k]!);
    const predicted = rows.map((row) => answers[row * count + k]!);
    const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
    const deviation = Math.sqrt(truth.reduce((sum, value) => sum + (value - mean) ** 2, 0) / truth.length);
    const scale = count === 1 ? 1 : deviation;
    const rmse = rootMeanSquaredError(truth, predicted);
    return {
      loss: (rmse / deviation) ** 2,
      mae: meanAbsoluteError(truth, predicted) / scale,
      rmse: rmse / scale,
      r2: rSquared(truth, predicted),
    };
  });
  const mean = (name: 'loss' | 'mae' | 'rmse' | 'r2') => meanOfDefined(each.map((figures) => figures[name]));
  return { loss: mean('loss'), mae: mean('mae'), rmse: mean('rmse'), r2: mean('r2') };
}

/** Mean over what has a value; NaN where nothing has. */
function meanOfDefined(values: readonly number[]): number {
  const defined = values.filter(Number.isFinite);
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
