import {
  type AppliedOperatingPoint,
  type ClassificationEvidence,
  classificationEvidence,
  type Figure,
} from '../../evidence/statistics/classification-evidence.ts';
import { chooseOperatingPoint } from '../../evidence/statistics/operating-point.ts';
import type { Dataset } from '../dataset/dataset.ts';

/** Samples and what a model said of them. */
export interface PredictedSamples {
  readonly dataset: Dataset;
  readonly indices: readonly number[];
  readonly probabilities: Float32Array; // [N, K]
  readonly seed: number;
}

/** Figures with intervals by patient. */
export function evidenceOf(
  { dataset, indices, probabilities, seed }: PredictedSamples,
  classes: readonly string[],
  operatingPoint?: AppliedOperatingPoint,
): ClassificationEvidence {
  return classificationEvidence({
    probabilities,
    labels: indices.map((index) => dataset.samples[index]!.label),
    patients: indices.map((index) => dataset.samples[index]!.patient),
    classes,
    seed,
    ...(operatingPoint ? { operatingPoint } : {}),
  });
}

/** Youden's threshold on the second of two classes, chosen on these samples; undefined for more or only one present. */
export function operatingPointOf({
  dataset,
  indices,
  probabilities,
}: PredictedSamples): AppliedOperatingPoint | undefined {
  const labels = indices.map((index) => dataset.samples[index]!.label);
  if (dataset.classes.length !== 2 || new Set(labels).size !== 2) return undefined;
  const scores = labels.map((_, row) => probabilities[2 * row + 1]!);
  const point = chooseOperatingPoint(
    scores,
    labels.map((label) => label === 1),
  );
  return { threshold: point.threshold, rule: point.rule, chosenOn: 'validation' };
}

/** The values alone, for metrics.json: `{ auc: 0.98, … }`. */
export function plainFigures({ figures }: ClassificationEvidence): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]: [string, Figure]) => [name, figure.value]),
  );
}

/** Value and interval of every figure. */
export function figuresWithIntervals({ figures }: ClassificationEvidence) {
  return Object.fromEntries(
    Object.entries(figures).map(([name, { value, low, high }]: [string, Figure]) => [
      name,
      { value, low, high },
    ]),
  );
}
