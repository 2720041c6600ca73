import {
  type BinaryCounts,
  binaryAccuracy,
  f1,
  negativePredictiveValue,
  precision,
  recall,
  specificity,
} from '../metrics/confusion.ts';
import { binaryLogLoss, type LabelColumn, labelColumn, rankColumn } from '../metrics/labels.ts';
import { areaUnderRoc, averagePrecision, type Ranking, rankScores } from '../metrics/ranking.ts';
import {
  type BootstrapNote,
  bootstrapFigures,
  type FigureRow,
  pickFigures,
  requireSizes,
} from './bootstrap-figures.ts';
import type { AppliedOperatingPoint, Figure } from './classification-evidence.ts';
import { type ClassCurves, columnBands } from './curve-bands.ts';
import type { UndefinedReason } from './figures.ts';

/** Figures of one label, and why each may be undefined. */
const labelRules = {
  auc: 'one-class-only',
  averagePrecision: 'class-absent',
  sensitivity: 'class-absent',
  specificity: 'one-class-only',
  positivePredictiveValue: 'class-never-predicted',
  negativePredictiveValue: 'class-never-predicted',
  f1: 'class-absent',
  accuracy: 'too-few',
} as const satisfies Record<string, UndefinedReason>;

/** Name of a figure of one label. */
export type LabelFigureName = keyof typeof labelRules;
export const labelFigureNames = Object.keys(labelRules) as readonly LabelFigureName[]; // the table's own keys

/**
 * Figures of all labels: means over the labels of which they are defined (macro), or of all answers together (micro).
 * Losses are better when smaller.
 */
const allRules = {
  auc: 'one-class-only',
  averagePrecision: 'class-absent',
  aucMicro: 'one-class-only',
  averagePrecisionMicro: 'class-absent',
  sensitivityMacro: 'class-absent',
  specificityMacro: 'one-class-only',
  f1Macro: 'class-absent',
  f1Micro: 'class-absent',
  subsetAccuracy: 'too-few',
  hammingLoss: 'too-few',
  logLoss: 'too-few',
  brier: 'too-few',
} as const satisfies Record<string, UndefinedReason>;

export type LabelsFigureName = keyof typeof allRules;
export const labelsFigureNames = Object.keys(allRules) as readonly LabelsFigureName[]; // the table's own keys

/** What to judge: `probabilities` [N, K] against `targets`, N rows of K of 0, 1, or NaN where the truth is not known. */
export interface LabelsResult {
  readonly probabilities: Float32Array | Float64Array;
  readonly targets: readonly ArrayLike<number>[];
  readonly patients: readonly string[];
  readonly labels: readonly string[];
  /** [K] chosen elsewhere; null, or left out: one half. */
  readonly operatingPoints?: readonly (AppliedOperatingPoint | null)[];
  readonly seed: number;
  readonly replicates?: number;
}

/** One label at its threshold. */
export interface LabelEvidence {
  readonly name: string;
  /** Samples of which it is known whether they have the label, and those that have it. */
  readonly samples: number;
  readonly positives: number;
  readonly threshold: number;
  /** The split that the threshold was chosen on; absent where it is one half. */
  readonly chosenOn?: string;
  readonly counts: BinaryCounts;
  readonly figures: Readonly<Record<LabelFigureName, Figure>>;
}

/** All that is known about a model of several labels: plain, finite, JSON-able. */
export interface LabelsEvidence {
  readonly kind: 'labels';
  readonly classes: readonly string[];
  readonly samples: number;
  readonly patients: number;
  readonly bootstrap: BootstrapNote;
  readonly figures: Readonly<Record<LabelsFigureName, Figure>>;
  readonly perLabel: readonly LabelEvidence[];
  readonly curves: readonly ClassCurves[];
}

interface Prepared {
  readonly column: LabelColumn;
  readonly ranking: Ranking;
  readonly threshold: number;
}

/**
 * Figures of labels that may hold together, with percentile-bootstrap 95 % intervals drawn by patient. What is not known
 * counts nowhere; subset accuracy is of the samples of which every label is known.
 *
 * @throws EVIDENCE_EMPTY, EVIDENCE_SIZE_MISMATCH, EVIDENCE_OPTION_INVALID
 */
export function labelsEvidence(result: LabelsResult): LabelsEvidence {
  const { probabilities, targets, patients, labels, operatingPoints, seed, replicates } = result;
  requireSizes(probabilities, targets.length, patients.length, labels.length);
  const prepared = labels.map((_, k): Prepared => {
    const column = labelColumn(probabilities, targets, labels.length, k);
    return { column, ranking: rankColumn(column), threshold: operatingPoints?.[k]?.threshold ?? 0.5 };
  });
  const measure = measureAll(result, prepared);
  const rows: FigureRow[] = [
    ...labelsFigureNames.map((name) => ({ name: `all.${name}`, whenUndefined: allRules[name] })),
    ...prepared.flatMap(({ column }, k) =>
      labelFigureNames.map((name) => ({ name: `${k}.${name}`, whenUndefined: reasonOf(name, column) })),
    ),
  ];
  const drawers = prepared.map(({ column, ranking }, k) => columnBands(k, ranking, column));
  const drawn = bootstrapFigures({ patients, seed, replicates, rows, drawers, measure });
  return {
    kind: 'labels',
    classes: [...labels],
    samples: targets.length,
    patients: drawn.patients,
    bootstrap: drawn.bootstrap,
    figures: pickFigures(drawn.figures, 'all', labelsFigureNames),
    perLabel: prepared.map((own, k) => {
      const point = operatingPoints?.[k];
      return {
        name: labels[k]!,
        samples: own.column.truth.length,
        positives: own.column.truth.filter((value) => value === 1).length,
        threshold: own.threshold,
        ...(point ? { chosenOn: point.chosenOn } : {}),
        counts: countsAt(own),
        figures: pickFigures(drawn.figures, String(k), labelFigureNames),
      };
    }),
    curves: drawn.curves,
  };
}

function reasonOf(name: LabelFigureName, { truth }: LabelColumn): UndefinedReason {
  if (truth.length === 0) return 'too-few';
  return name === 'auc' && !truth.includes(1) ? 'class-absent' : labelRules[name];
}

function countsAt({ column, threshold }: Prepared, weights?: Float64Array): BinaryCounts {
  let [truePositives, falsePositives, trueNegatives, falseNegatives] = [0, 0, 0, 0];
  for (let j = 0; j < column.truth.length; j++) {
    const weight = weights ? weights[column.samples[j]!]! : 1;
    const called = column.scores[j]! >= threshold;
    if (column.truth[j] === 1) {
      if (called) truePositives += weight;
      else falseNegatives += weight;
    } else if (called) falsePositives += weight;
    else trueNegatives += weight;
  }
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

const labelFigures = (
  { ranking }: Prepared,
  counts: BinaryCounts,
  weights?: Float64Array,
): Record<LabelFigureName, number> => ({
  auc: areaUnderRoc(ranking, weights),
  averagePrecision: averagePrecision(ranking, weights),
  sensitivity: recall(counts),
  specificity: specificity(counts),
  positivePredictiveValue: precision(counts),
  negativePredictiveValue: negativePredictiveValue(counts),
  f1: f1(counts),
  accuracy: binaryAccuracy(counts),
});

/** Measures every figure; means are over the labels that have the figure in the whole set. */
function measureAll(result: LabelsResult, prepared: readonly Prepared[]) {
  const { probabilities, targets, labels } = result;
  const width = labels.length;
  const flat = Float64Array.from(targets.flatMap((row) => Array.from(row)));
  const known = [...flat.keys()].filter((i) => !Number.isNaN(flat[i]!));
  const pooled = rankScores(
    known.map((i) => probabilities[i]!),
    known.map((i) => flat[i]!),
  );
  // Places by sample, so that weights by sample fit.
  const micro = { ...pooled, order: pooled.order.map((i) => Math.floor(known[i]! / width)) };
  const exact = subsetHits(result, prepared);
  const losses = rowLosses(result);
  const whole = prepared.map((own) => labelFigures(own, countsAt(own)));
  const defined = (name: LabelFigureName) => whole.flatMap((own, k) => (Number.isNaN(own[name]) ? [] : [k]));
  const over = Object.fromEntries(labelFigureNames.map((name) => [name, defined(name)])) as Record<
    LabelFigureName,
    number[]
  >; // of the table's own keys
  return (weights: Float64Array | undefined, out: Float64Array) => {
    const counts = prepared.map((own) => countsAt(own, weights));
    const each = prepared.map((own, k) => labelFigures(own, counts[k]!, weights));
    const macro = (name: LabelFigureName) => {
      const members = over[name];
      return members.reduce((sum, k) => sum + each[k]![name], 0) / members.length;
    };
    const sums = counts.reduce((a, b) => ({
      truePositives: a.truePositives + b.truePositives,
      falsePositives: a.falsePositives + b.falsePositives,
      trueNegatives: a.trueNegatives + b.trueNegatives,
      falseNegatives: a.falseNegatives + b.falseNegatives,
    }));
    const all: Record<LabelsFigureName, number> = {
      auc: macro('auc'),
      averagePrecision: macro('averagePrecision'),
      aucMicro: areaUnderRoc(micro, weights),
      averagePrecisionMicro: averagePrecision(micro, weights),
      sensitivityMacro: macro('sensitivity'),
      specificityMacro: macro('specificity'),
      f1Macro: macro('f1'),
      f1Micro: f1(sums),
      subsetAccuracy: share(exact, weights),
      hammingLoss: 1 - binaryAccuracy(sums),
      logLoss: weightedRatio(losses.log, losses.known, weights),
      brier: weightedRatio(losses.brier, losses.known, weights),
    };
    for (const [f, name] of labelsFigureNames.entries()) out[f] = all[name];
    for (const [k, own] of each.entries()) {
      const at = labelsFigureNames.length + k * labelFigureNames.length;
      for (const [f, name] of labelFigureNames.entries()) out[at + f] = own[name];
    }
  };
}

/** [N] 1 where every label is right, 0 where one is wrong, NaN where one is not known. */
function subsetHits(
  { probabilities, targets, labels }: LabelsResult,
  prepared: readonly Prepared[],
): number[] {
  return targets.map((row, i) => {
    let right = 1;
    for (let k = 0; k < labels.length; k++) {
      if (Number.isNaN(row[k]!)) return Number.NaN;
      const called = probabilities[i * labels.length + k]! >= prepared[k]!.threshold;
      if (called !== (row[k] === 1)) right = 0;
    }
    return right;
  });
}

function share(hits: readonly number[], weights?: Float64Array): number {
  let [sum, all] = [0, 0];
  for (const [i, hit] of hits.entries()) {
    if (Number.isNaN(hit)) continue;
    const weight = weights ? weights[i]! : 1;
    sum += weight * hit;
    all += weight;
  }
  return all > 0 ? sum / all : Number.NaN;
}

/** Sums of each sample's losses over its known labels, and how many those are, each [N]. */
function rowLosses({ probabilities, targets, labels }: LabelsResult) {
  const width = labels.length;
  const log = new Float64Array(targets.length);
  const brier = new Float64Array(targets.length);
  const known = new Float64Array(targets.length);
  for (const [i, row] of targets.entries()) {
    for (let k = 0; k < width; k++) {
      if (Number.isNaN(row[k]!)) continue;
      const at = i * width + k;
      log[i]! += binaryLogLoss(probabilities.subarray(at, at + 1), [row[k]!]);
      brier[i]! += (probabilities[at]! - row[k]!) ** 2;
      known[i]!++;
    }
  }
  return { log, brier, known };
}

function weightedRatio(sums: Float64Array, counts: Float64Array, weights?: Float64Array): number {
  let [sum, all] = [0, 0];
  for (let i = 0; i < sums.length; i++) {
    const weight = weights ? weights[i]! : 1;
    sum += weight * sums[i]!;
    all += weight * counts[i]!;
  }
  return all > 0 ? sum / all : Number.NaN;
}
