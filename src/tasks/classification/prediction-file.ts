import type { TargetKind } from '../dataset/dataset.ts';
import type { OperatingPoints, PredictedSamples } from './evidence.ts';

/** predictions.json of a run: what the model said of each sample of the test part. */
export interface StoredPredictions {
  readonly target: TargetKind;
  /** Classes, labels, grades or numbers, in the order of the answers. */
  readonly classes: readonly string[];
  /** Chosen on validation: of two classes one, of labels one each (null: none could be chosen), else none. */
  readonly thresholds: readonly (number | null)[];
  /** [N] the samples' ids. */
  readonly ids: readonly string[];
  /** [N][K] probabilities, or of numbers the values. */
  readonly answers: readonly (readonly number[])[];
}

/** The text of predictions.json. */
export function writePredictions(predicted: PredictedSamples, points: OperatingPoints): string {
  const { dataset, indices, probabilities } = predicted;
  const width = dataset.classes.length;
  const { operatingPoint, operatingPoints = operatingPoint ? [operatingPoint] : [] } = points;
  const stored: StoredPredictions = {
    target: dataset.target ?? 'class',
    classes: dataset.classes,
    thresholds: operatingPoints.map((point) => point?.threshold ?? null),
    ids: indices.map((index) => dataset.samples[index]!.id),
    answers: indices.map((_, row) => [...probabilities.subarray(row * width, (row + 1) * width)]),
  };
  return `${JSON.stringify(stored)}\n`;
}
