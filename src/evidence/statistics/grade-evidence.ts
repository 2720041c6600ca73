import { meanAbsoluteError } from '../metrics/agreement.ts';
import {
  accuracy,
  balancedAccuracy,
  type ConfusionMatrix,
  cohenKappa,
  confusionMatrix,
  oneAgainstRest,
  precision,
  recall,
  rowSum,
} from '../metrics/confusion.ts';
import { gradeOf, probabilityAbove, withinGrades } from '../metrics/grades.ts';
import { logLosses, weightedMean } from '../metrics/probability.ts';
import { areaUnderRoc, averagePrecision, type Ranking, rankScores } from '../metrics/ranking.ts';
import {
  type BootstrapNote,
  bootstrapFigures,
  type FigureRow,
  pickFigures,
  requireSizes,
} from './bootstrap-figures.ts';
import type { Figure } from './classification-evidence.ts';
import { type ClassCurves, columnBands } from './curve-bands.ts';
import type { UndefinedReason } from './figures.ts';

/** Figures of all grades, and why each may be undefined. The grade predicted is the median of the probabilities. */
const allRules = {
  kappaQuadratic: 'one-class-only',
  kappaLinear: 'one-class-only',
  mae: 'too-few',
  accuracy: 'too-few',
  withinOne: 'too-few',
  balancedAccuracy: 'class-absent',
  auc: 'one-class-only',
  logLoss: 'too-few',
} as const satisfies Record<string, UndefinedReason>;

export type GradeFigureName = keyof typeof allRules;
export const gradeFigureNames = Object.keys(allRules) as readonly GradeFigureName[]; // the table's own keys

/** Figures of one cut: the grades above it against the rest. */
const cutRules = {
  auc: 'one-class-only',
  averagePrecision: 'class-absent',
  sensitivity: 'class-absent',
  specificity: 'one-class-only',
} as const satisfies Record<string, UndefinedReason>;

export type CutFigureName = keyof typeof cutRules;
export const cutFigureNames = Object.keys(cutRules) as readonly CutFigureName[]; // the table's own keys

const gradeRules = { recall: 'class-absent', precision: 'class-never-predicted' } as const satisfies Record<
  string,
  UndefinedReason
>;
export type OneGradeFigureName = keyof typeof gradeRules;
const oneGradeNames = Object.keys(gradeRules) as readonly OneGradeFigureName[]; // the table's own keys

/** What to judge: rows of `probabilities` [N, K] sum to 1; `labels` [N] hold grades 0..K-1. */
export interface GradeResult {
  readonly probabilities: Float32Array | Float64Array;
  readonly labels: ArrayLike<number>;
  readonly patients: readonly string[];
  /** From low to high. */
  readonly grades: readonly string[];
  readonly seed: number;
  readonly replicates?: number;
}

/** All that is known about how a model grades: plain, finite, JSON-able. */
export interface GradeEvidence {
  readonly kind: 'grade';
  /** From low to high. */
  readonly classes: readonly string[];
  readonly samples: number;
  readonly patients: number;
  readonly bootstrap: BootstrapNote;
  readonly figures: Readonly<Record<GradeFigureName, Figure>>;
  readonly perGrade: readonly {
    readonly name: string;
    readonly samples: number;
    readonly predicted: number;
    readonly figures: Readonly<Record<OneGradeFigureName, Figure>>;
  }[];
  /** K - 1 cuts: the grades from `from` up against those below. */
  readonly cuts: readonly {
    readonly from: string;
    readonly positives: number;
    readonly figures: Readonly<Record<CutFigureName, Figure>>;
  }[];
  /** [K][K] samples, rows are the truth. */
  readonly confusion: readonly (readonly number[])[];
  /** One per cut. */
  readonly curves: readonly ClassCurves[];
}

interface Cut {
  readonly scores: Float64Array;
  readonly truth: Uint8Array;
  readonly called: Uint8Array;
  readonly ranking: Ranking;
}

/**
 * Agreement with true grades (weighted kappas, mean error in grades, within one), every cut of the scale, and the
 * confusion matrix, with percentile-bootstrap 95 % intervals drawn by patient.
 *
 * @throws EVIDENCE_EMPTY, EVIDENCE_SIZE_MISMATCH, EVIDENCE_OPTION_INVALID
 */
export function gradeEvidence(result: GradeResult): GradeEvidence {
  const { probabilities, labels, patients, grades, seed, replicates } = result;
  const count = grades.length;
  requireSizes(probabilities, labels.length, patients.length, count);
  const predicted = Int32Array.from({ length: labels.length }, (_, i) =>
    gradeOf(probabilities.subarray(i * count, (i + 1) * count)),
  );
  const cuts = Array.from({ length: count - 1 }, (_, k): Cut => {
    const scores = probabilityAbove(probabilities, count, k);
    const truth = Uint8Array.from(labels, (label) => (label > k ? 1 : 0));
    const called = Uint8Array.from(predicted, (grade) => (grade > k ? 1 : 0));
    return { scores, truth, called, ranking: rankScores(scores, truth) };
  });
  const losses = logLosses(probabilities, labels, count);
  const measure = (weights: Float64Array | undefined, out: Float64Array): ConfusionMatrix => {
    const matrix = confusionMatrix(labels, predicted, count, weights);
    const each = cuts.map((cut) => cutFigures(cut, weights));
    const aucs = each.map(({ auc }) => auc).filter((auc) => !Number.isNaN(auc));
    const all: Record<GradeFigureName, number> = {
      kappaQuadratic: cohenKappa(matrix, 'quadratic'),
      kappaLinear: cohenKappa(matrix, 'linear'),
      mae: meanAbsoluteError(labels, predicted, weights),
      accuracy: accuracy(matrix),
      withinOne: withinGrades(labels, predicted, 1, weights),
      balancedAccuracy: balancedAccuracy(matrix, 'skip'),
      auc: aucs.reduce((sum, auc) => sum + auc, 0) / aucs.length,
      logLoss: weightedMean(losses, weights),
    };
    let at = 0;
    for (const name of gradeFigureNames) out[at++] = all[name];
    for (const own of each) for (const name of cutFigureNames) out[at++] = own[name];
    for (let k = 0; k < count; k++) {
      const counts = oneAgainstRest(matrix, k);
      out[at++] = recall(counts);
      out[at++] = precision(counts);
    }
    return matrix;
  };
  const rows: FigureRow[] = [
    ...gradeFigureNames.map((name) => ({ name: `all.${name}`, whenUndefined: allRules[name] })),
    ...cuts.flatMap((_, k) =>
      cutFigureNames.map((name) => ({ name: `cut ${k}.${name}`, whenUndefined: cutRules[name] })),
    ),
    ...grades.flatMap((_, k) =>
      oneGradeNames.map((name) => ({ name: `grade ${k}.${name}`, whenUndefined: gradeRules[name] })),
    ),
  ];
  const drawers = cuts.map((cut, k) => columnBands(k, cut.ranking, cut));
  const drawn = bootstrapFigures({ patients, seed, replicates, rows, drawers, measure });
  const matrix = measure(undefined, new Float64Array(rows.length));
  return {
    kind: 'grade',
    classes: [...grades],
    samples: labels.length,
    patients: drawn.patients,
    bootstrap: drawn.bootstrap,
    figures: pickFigures(drawn.figures, 'all', gradeFigureNames),
    perGrade: grades.map((name, k) => ({
      name,
      samples: rowSum(matrix, k),
      predicted: predicted.filter((grade) => grade === k).length,
      figures: pickFigures(drawn.figures, `grade ${k}`, oneGradeNames),
    })),
    cuts: cuts.map((cut, k) => ({
      from: grades[k + 1]!,
      positives: cut.truth.filter((value) => value === 1).length,
      figures: pickFigures(drawn.figures, `cut ${k}`, cutFigureNames),
    })),
    confusion: grades.map((_, k) => [...matrix.counts.subarray(k * count, (k + 1) * count)]),
    curves: drawn.curves,
  };
}

function cutFigures({ truth, called, ranking }: Cut, weights?: Float64Array): Record<CutFigureName, number> {
  let [found, positives, spared, negatives] = [0, 0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    const weight = weights ? weights[i]! : 1;
    if (truth[i] === 1) {
      positives += weight;
      if (called[i] === 1) found += weight;
    } else {
      negatives += weight;
      if (called[i] === 0) spared += weight;
    }
  }
  return {
    auc: areaUnderRoc(ranking, weights),
    averagePrecision: averagePrecision(ranking, weights),
    sensitivity: positives > 0 ? found / positives : Number.NaN,
    specificity: negatives > 0 ? spared / negatives : Number.NaN,
  };
}
