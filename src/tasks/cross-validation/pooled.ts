import { bootstrapFigures, pickFigures } from '../../evidence/statistics/bootstrap-figures.ts';
import type { Figure } from '../../evidence/statistics/classification-evidence.ts';
import type { Evidence } from '../../evidence/statistics/evidence.ts';
import type { LabelsEvidence } from '../../evidence/statistics/labels-evidence.ts';
import { evidenceOf } from '../classification/evidence.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { binaryCounts } from './threshold-counts.ts';

/** What the model of each fold said of the samples that it was tested on. */
export interface OutOfFold {
  readonly dataset: Dataset;
  /** [N] sample of each answer; with repeats a sample comes several times. */
  readonly indices: readonly number[];
  /** [N] which fold, by its place in the list of folds. */
  readonly folds: readonly number[];
  /** [N, K] probabilities, or of numbers the values. */
  readonly answers: Float32Array;
  /** [folds][thresholds] chosen on each fold's own validation part: of two classes one, of labels one each, else none. */
  readonly thresholds: readonly (readonly (number | null)[])[];
}

export const thresholdFigureNames = [
  'sensitivity',
  'specificity',
  'positivePredictiveValue',
  'negativePredictiveValue',
] as const;
export type ThresholdFigureName = (typeof thresholdFigureNames)[number];

/** Yes or no, each answer by the threshold of its own fold. */
export interface ThresholdEvidence {
  /** The positive class, or the label. */
  readonly name: string;
  readonly counts: {
    readonly truePositives: number;
    readonly falsePositives: number;
    readonly trueNegatives: number;
    readonly falseNegatives: number;
  };
  readonly figures: Readonly<Record<ThresholdFigureName, Figure>>;
}

/** All out-of-fold answers together. */
export interface PooledEvidence {
  /** Answers: images times repeats. */
  readonly answers: number;
  readonly evidence: Evidence;
  readonly atThresholds: readonly ThresholdEvidence[];
}

/** Figures of all out-of-fold answers, with intervals drawn by patient, over all repeats together. */
export function pooledEvidence(outOfFold: OutOfFold, seed: number): PooledEvidence {
  const { dataset, indices, answers } = outOfFold;
  const judge = (probabilities: Float32Array) =>
    evidenceOf({ dataset, indices, probabilities, seed }, dataset.classes);
  const evidence = judge(answers);
  return {
    answers: indices.length,
    evidence:
      evidence.kind === 'labels' ? atOwnThresholds(evidence, judge(callsOf(outOfFold)), outOfFold) : evidence,
    atThresholds: thresholdEvidence(outOfFold, seed),
  };
}

/** [N, K] 1 where the fold's own threshold (one half where it has none) is reached, else 0. */
function callsOf({ dataset, folds, answers, thresholds }: OutOfFold): Float32Array {
  const width = dataset.classes.length;
  return answers.map((answer, i) => {
    const threshold = thresholds[folds[Math.floor(i / width)]!]![i % width] ?? 0.5;
    return answer >= threshold ? 1 : 0;
  });
}

/** Figures of labels that depend on thresholds. */
const thresholded = {
  all: ['sensitivityMacro', 'specificityMacro', 'f1Macro', 'f1Micro', 'subsetAccuracy', 'hammingLoss'],
  each: [
    'sensitivity',
    'specificity',
    'positivePredictiveValue',
    'negativePredictiveValue',
    'f1',
    'accuracy',
  ],
} as const;

/** Evidence of several labels with what depends on thresholds taken from yes and no by each fold's own. */
function atOwnThresholds(
  evidence: LabelsEvidence & Pick<Evidence, 'sites'>,
  called: Evidence,
  { thresholds }: OutOfFold,
): Evidence {
  if (called.kind !== 'labels') return evidence;
  const taken = <F extends Readonly<Record<string, Figure>>>(
    from: F,
    to: F,
    names: readonly string[],
  ): F => ({
    ...to,
    ...Object.fromEntries(names.map((name) => [name, from[name]!])),
  });
  const meanThreshold = (k: number) => {
    const known = thresholds.map((own) => own[k] ?? 0.5);
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return {
    ...evidence,
    figures: taken(called.figures, evidence.figures, thresholded.all),
    perLabel: evidence.perLabel.map((label, k) => ({
      ...label,
      threshold: meanThreshold(k),
      chosenOn: 'validation',
      counts: called.perLabel[k]!.counts,
      figures: taken(called.perLabel[k]!.figures, label.figures, thresholded.each),
    })),
    ...(evidence.sites && called.sites
      ? {
          sites: evidence.sites.map((site, i) => ({
            ...site,
            figures: taken(called.sites![i]!.figures, site.figures, thresholded.all),
            perClass: called.sites![i]!.perClass,
          })),
        }
      : {}),
  };
}

function thresholdEvidence(outOfFold: OutOfFold, seed: number): ThresholdEvidence[] {
  const { dataset, indices, folds, answers, thresholds } = outOfFold;
  const count = thresholds[0]?.length ?? 0;
  const width = dataset.classes.length;
  const questions = Array.from({ length: count }, (_, k) => k);
  return questions.flatMap((question) => {
    const column = dataset.target === 'labels' ? question : 1;
    const rows = indices.flatMap((index, row) => {
      const { label, targets } = dataset.samples[index]!;
      const truth = targets ? targets[column]! : label === column ? 1 : 0;
      const threshold = thresholds[folds[row]!]![question] ?? null;
      if (Number.isNaN(truth) || threshold === null) return [];
      return [{ index, truth: truth === 1, called: answers[row * width + column]! >= threshold }];
    });
    if (rows.length === 0) return [];
    const rules = thresholdFigureNames.map((name) => ({
      name: `all.${name}`,
      whenUndefined: name.endsWith('Value') ? ('class-never-predicted' as const) : ('class-absent' as const),
    }));
    const { figures } = bootstrapFigures({
      patients: rows.map(({ index }) => dataset.samples[index]!.patient),
      seed,
      rows: rules,
      measure: (weights, out) => {
        const { figures: found } = binaryCounts(rows, weights);
        for (const [f, name] of thresholdFigureNames.entries()) out[f] = found[name];
      },
    });
    return [
      {
        name: dataset.classes[column]!,
        counts: binaryCounts(rows).counts,
        figures: pickFigures(figures, 'all', thresholdFigureNames),
      },
    ];
  });
}
