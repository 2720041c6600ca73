import { meanAbsoluteError } from '../../evidence/metrics/agreement.ts';
import { balancedAccuracy, cohenKappa, confusionMatrix } from '../../evidence/metrics/confusion.ts';
import { gradeOf } from '../../evidence/metrics/grades.ts';
import { bootstrapFigures } from '../../evidence/statistics/bootstrap-figures.ts';
import type { Figure } from '../../evidence/statistics/classification-evidence.ts';
import type { TargetKind } from '../dataset/dataset.ts';

/** One image's truth and the mean of its out-of-fold answers. */
export interface ImageAnswer {
  readonly patient: number;
  /** [1] index of the class or grade; [K] numbers; null: not known. */
  readonly truth: readonly (number | null)[];
  /** [K] probabilities, or of numbers the values. */
  readonly answers: readonly number[];
}

/** A figure of all answers of two cross-validations together, and the difference with its interval by patient. */
export interface PooledDifference {
  readonly name: string;
  readonly first: number | null;
  readonly second: number | null;
  /** First minus second; percentile bootstrap, both measured on the same patients drawn. */
  readonly difference: Figure;
}

type Measure = (rows: readonly ImageAnswer[], weights: Float64Array | undefined) => number;

/** What is compared of each kind besides areas; of labels these are all. */
function measuresOf(target: TargetKind, classes: readonly string[]): readonly (readonly [string, Measure])[] {
  const matrix =
    (said: (answers: readonly number[]) => number) =>
    (rows: readonly ImageAnswer[], weights?: Float64Array) =>
      confusionMatrix(
        rows.map(({ truth }) => truth[0]!),
        rows.map(({ answers }) => said(answers)),
        classes.length,
        weights,
      );
  const probable = matrix((answers) => answers.indexOf(Math.max(...answers)));
  const graded = matrix(gradeOf);
  if (target === 'class')
    return [['balancedAccuracy', (rows, weights) => balancedAccuracy(probable(rows, weights), 'skip')]];
  if (target === 'grade')
    return [['kappaQuadratic', (rows, weights) => cohenKappa(graded(rows, weights), 'quadratic')]];
  if (target === 'labels') return [];
  return classes.map((name, k) => [
    classes.length === 1 ? 'mae' : `mae.${name}`,
    (rows, weights) => {
      const known = [...rows.keys()].filter((i) => rows[i]!.truth[k] !== null);
      return meanAbsoluteError(
        known.map((i) => rows[i]!.truth[k]!),
        known.map((i) => rows[i]!.answers[k]!),
        weights && Float64Array.from(known, (i) => weights[i]!),
      );
    },
  ]);
}

/** @param pairs [N] the first's and the second's answer of each image */
export function pooledDifferences(
  target: TargetKind,
  classes: readonly string[],
  pairs: readonly (readonly [ImageAnswer, ImageAnswer])[],
  seed = 1,
): PooledDifference[] {
  const measures = measuresOf(target, classes);
  if (measures.length === 0) return [];
  const [one, other] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
  const { figures } = bootstrapFigures({
    patients: one.map(({ patient }) => String(patient)),
    seed,
    rows: measures.map(([name]) => ({ name, whenUndefined: 'too-few' as const })),
    measure: (weights, out) => {
      for (const [i, [, measure]] of measures.entries())
        out[i] = measure(one, weights) - measure(other, weights);
    },
  });
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return measures.map(([name, measure]) => ({
    name,
    first: finite(measure(one, undefined)),
    second: finite(measure(other, undefined)),
    difference: figures.get(name)!,
  }));
}
