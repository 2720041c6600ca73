import {
  type AppliedOperatingPoint,
  classificationEvidence,
  type Figure,
} from '../../evidence/statistics/classification-evidence.ts';
import type { Evidence, SiteEvidence } from '../../evidence/statistics/evidence.ts';
import { gradeEvidence } from '../../evidence/statistics/grade-evidence.ts';
import { labelsEvidence } from '../../evidence/statistics/labels-evidence.ts';
import { chooseOperatingPoint } from '../../evidence/statistics/operating-point.ts';
import { valueEvidence } from '../../evidence/statistics/value-evidence.ts';
import { compareNaturally, type Dataset, type TargetKind } from '../dataset/dataset.ts';

/** Samples and what a model said of them. */
export interface PredictedSamples {
  readonly dataset: Dataset;
  readonly indices: readonly number[];
  /** Probabilities, or of numbers the values. */
  readonly probabilities: Float32Array; // [N, K]
  readonly seed: number;
}

/** Thresholds chosen elsewhere: of two classes one on the second, of labels one each (null: none could be chosen). */
export interface OperatingPoints {
  readonly operatingPoint?: AppliedOperatingPoint;
  readonly operatingPoints?: readonly (AppliedOperatingPoint | null)[];
}

/** Figures with intervals by patient, of the whole and of each site where sites are known. */
export function evidenceOf(
  predicted: PredictedSamples,
  classes: readonly string[],
  points: OperatingPoints = {},
): Evidence {
  const judge = judges[predicted.dataset.target ?? 'class'];
  const evidence = judge(predicted, classes, points, undefined);
  const sites = siteEvidence(predicted, classes, points);
  return sites.length > 0 ? { ...evidence, sites } : evidence;
}

type Judge = (
  predicted: PredictedSamples,
  classes: readonly string[],
  points: OperatingPoints,
  replicates: number | undefined,
) => Evidence;

const common = ({ dataset, indices, seed }: PredictedSamples, replicates: number | undefined) => ({
  patients: indices.map((index) => dataset.samples[index]!.patient),
  seed,
  ...(replicates === undefined ? {} : { replicates }),
});

const labelsOf = ({ dataset, indices }: PredictedSamples) =>
  indices.map((index) => dataset.samples[index]!.label);

const targetsOf = ({ dataset, indices }: PredictedSamples) =>
  indices.map((index) => dataset.samples[index]!.targets!); // labels and numbers have them

const judges: Readonly<Record<TargetKind, Judge>> = {
  class: (predicted, classes, { operatingPoint }, replicates) =>
    classificationEvidence({
      ...common(predicted, replicates),
      probabilities: predicted.probabilities,
      labels: labelsOf(predicted),
      classes,
      ...(operatingPoint ? { operatingPoint } : {}),
    }),
  labels: (predicted, labels, { operatingPoints }, replicates) =>
    labelsEvidence({
      ...common(predicted, replicates),
      probabilities: predicted.probabilities,
      targets: targetsOf(predicted),
      labels,
      ...(operatingPoints ? { operatingPoints } : {}),
    }),
  grade: (predicted, grades, _, replicates) =>
    gradeEvidence({
      ...common(predicted, replicates),
      probabilities: predicted.probabilities,
      labels: labelsOf(predicted),
      grades,
    }),
  value: (predicted, names, _, replicates) =>
    valueEvidence({
      ...common(predicted, replicates),
      values: predicted.probabilities,
      targets: targetsOf(predicted),
      names,
      ...(predicted.dataset.units ? { units: predicted.dataset.units } : {}),
    }),
};

/** Each site's figures by themselves; none where fewer than two sites are known. */
function siteEvidence(
  predicted: PredictedSamples,
  classes: readonly string[],
  points: OperatingPoints,
): readonly SiteEvidence[] {
  const { dataset, indices, probabilities } = predicted;
  const rows = new Map<string, number[]>();
  for (const [row, index] of indices.entries()) {
    const { site } = dataset.samples[index]!;
    if (site !== undefined) rows.set(site, [...(rows.get(site) ?? []), row]);
  }
  if (rows.size < 2) return [];
  const kind = dataset.target ?? 'class';
  const width = probabilities.length / indices.length;
  return [...rows]
    .sort(([a], [b]) => compareNaturally(a, b))
    .map(([site, own]) => {
      const part = {
        ...predicted,
        indices: own.map((row) => indices[row]!),
        probabilities: Float32Array.from(
          own.flatMap((row) => Array.from(probabilities.subarray(row * width, (row + 1) * width))),
        ),
      };
      const evidence = judges[kind](part, classes, points, undefined);
      const { samples, patients, figures } = evidence;
      return { site, samples, patients, figures, perClass: recallsOf(evidence) };
    });
}

/** Of each class, label or grade the share that is found. */
function recallsOf(evidence: Evidence): SiteEvidence['perClass'] {
  if (evidence.kind === 'value') return [];
  if (evidence.kind === 'labels') {
    return evidence.perLabel.map(({ name, positives, figures }) => ({
      name,
      samples: positives,
      recall: figures.sensitivity,
    }));
  }
  const each = evidence.kind === 'grade' ? evidence.perGrade : evidence.perClass;
  return each.map(({ name, samples, figures }) => ({ name, samples, recall: figures.recall }));
}

/** Youden's thresholds, chosen on these samples: of two classes on the second, of labels on each; none elsewhere. */
export function operatingPointsOf(predicted: PredictedSamples): OperatingPoints {
  const { dataset, indices, probabilities } = predicted;
  const kind = dataset.target ?? 'class';
  if (kind === 'class') {
    if (dataset.classes.length !== 2) return {};
    const truth = labelsOf(predicted);
    const scores = indices.map((_, row) => probabilities[2 * row + 1]!);
    const operatingPoint = pointOf(scores, truth);
    return operatingPoint ? { operatingPoint } : {};
  }
  if (kind !== 'labels') return {};
  const targets = targetsOf(predicted);
  const count = dataset.classes.length;
  return {
    operatingPoints: dataset.classes.map((_, k) => {
      const known = targets.flatMap((row, i) => (Number.isNaN(row[k]!) ? [] : [i]));
      const scores = known.map((row) => probabilities[row * count + k]!);
      return (
        pointOf(
          scores,
          known.map((row) => targets[row]![k]!),
        ) ?? null
      );
    }),
  };
}

/** Youden's threshold; undefined where only one answer occurs. */
function pointOf(scores: readonly number[], truth: readonly number[]): AppliedOperatingPoint | undefined {
  if (new Set(truth).size !== 2) return undefined;
  const { threshold, rule } = chooseOperatingPoint(
    scores,
    truth.map((value) => value === 1),
  );
  return { threshold, rule, chosenOn: 'validation' };
}

/** The values alone, for metrics.json: `{ auc: 0.98, … }`. */
export function plainFigures({ figures }: Pick<Evidence, 'figures'>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]: [string, Figure]) => [name, figure.value]),
  );
}

/** Value and interval of every figure. */
export function figuresWithIntervals({ figures }: { readonly figures: Readonly<Record<string, Figure>> }) {
  return Object.fromEntries(
    Object.entries(figures).map(([name, { value, low, high }]: [string, Figure]) => [
      name,
      { value, low, high },
    ]),
  );
}
