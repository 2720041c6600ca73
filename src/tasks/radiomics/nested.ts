import type { Runtime } from '../../engine/runtime/session.ts';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import { permutationImportance } from '../../evidence/explanation/permutation-importance.ts';
import { type FittedPipeline, fitPipeline } from '../../learning/classifiers/pipeline/pipeline.ts';
import { createSharedSteps, type SharedSteps } from '../../learning/classifiers/pipeline/shared-steps.ts';
import type { Fold } from '../dataset/folds.ts';
import type { Candidate } from './candidates.ts';
import type { RadiomicsSettings } from './settings.ts';
import { figureOn, keptColumns, type LabelledRows, oriented, rowsAt } from './table-rows.ts';

/** How a candidate did on some folds. */
export interface CandidateScore {
  readonly candidate: Candidate;
  /** Of each fold; null where the figure is undefined. */
  readonly figures: readonly (number | null)[];
  /** null when no fold has a figure, or a fit failed. */
  readonly mean: number | null;
  /** Why a fit failed. */
  readonly failed?: string;
}

/** One outer fold: what was chosen without its test part, and how that did there. */
export interface OuterFold {
  readonly name: string;
  readonly test: readonly number[];
  readonly winner: CandidateScore;
  /** Of every family its best candidate by the inner folds, and its figure on the outer test part. */
  readonly families: readonly {
    readonly family: string;
    readonly score: CandidateScore;
    readonly outer: number | null;
  }[];
  /** The winner's probabilities for the test part; [test, classes]. */
  readonly probabilities: Float64Array;
  /** Columns that reach the winner's classifier. */
  readonly kept: readonly number[];
  /** Fall of the figure when a column is permuted in the test part, mean of the repeats; [columns]. */
  readonly importance: Float64Array;
}

/** What fitting needs from around it. */
export interface FittingPlace {
  readonly settings: RadiomicsSettings;
  readonly runtime: Runtime;
  /** Called after each fit; may throw to stop. */
  readonly step: (text: string) => void | Promise<void>;
}

/** Rows to fit on, with what candidates on them share: steps that they have in common are fitted once. */
export interface FittingRows extends LabelledRows {
  readonly shared: SharedSteps;
}

/** Rows for fitting several candidates. */
export const fittingRows = (rows: LabelledRows): FittingRows => ({ ...rows, shared: createSharedSteps() });

/** Fits a candidate on rows; folds inside of a step keep patients whole. */
export const fitCandidate = (
  { pipeline }: Candidate,
  { x, y, patients, classes, shared }: FittingRows,
  { settings, runtime }: FittingPlace,
): Promise<FittedPipeline> =>
  fitPipeline(pipeline, x, y, classes.length, {
    seed: settings.seed,
    runtime,
    groups: numbered(patients),
    shared,
  });

/** 0, 1, 2 … in place of names. */
function numbered(names: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(names, (name) => {
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  });
}

/**
 * Judges candidates by folds: fitted on each fold's training rows, judged on the others. A candidate that cannot be fitted
 * everywhere has no mean, and says why.
 */
export async function scoreCandidates(
  candidates: readonly Candidate[],
  rows: LabelledRows,
  folds: readonly { readonly train: readonly number[]; readonly validation: readonly number[] }[],
  place: FittingPlace,
): Promise<CandidateScore[]> {
  const { choose, seed } = place.settings;
  const scores: CandidateScore[] = [];
  const parts = folds.map(({ train, validation }) => ({
    fit: fittingRows(rowsAt(rows, train)),
    held: rowsAt(rows, validation),
  }));
  for (const candidate of candidates) {
    const figures: (number | null)[] = [];
    let failed: string | undefined;
    for (const { fit, held } of parts) {
      try {
        const fitted = await fitCandidate(candidate, fit, place);
        figures.push(figureOn(held, fitted.predict(held.x), choose, seed));
      } catch (error) {
        if (!(error instanceof HounsfieldError)) throw error;
        figures.push(null);
        failed ??= error.message;
      }
      await place.step(candidate.title);
    }
    const known = figures.filter((figure) => figure !== null);
    const mean =
      failed === undefined && known.length > 0
        ? known.reduce((sum, one) => sum + one, 0) / known.length
        : null;
    scores.push({ candidate, figures, mean, ...(failed === undefined ? {} : { failed }) });
  }
  return scores;
}

/** Answers of one candidate for every row, each by a fit that has not seen it; [rows, classes]. */
export async function outOfFold(
  candidate: Candidate,
  rows: LabelledRows,
  folds: readonly { readonly train: readonly number[]; readonly validation: readonly number[] }[],
  place: FittingPlace,
): Promise<Float64Array> {
  const width = rows.classes.length;
  const answers = new Float64Array(rows.x.rows * width);
  for (const { train, validation } of folds) {
    const fitted = await fitCandidate(candidate, fittingRows(rowsAt(rows, train)), place);
    const found = fitted.predict(rowsAt(rows, validation).x);
    for (const [i, row] of validation.entries()) {
      answers.set(found.subarray(i * width, (i + 1) * width), row * width);
    }
    await place.step(candidate.title);
  }
  return answers;
}

/** The best of several by its mean, the first of equals. @throws NESTED_NO_CANDIDATE */
export function bestOf(scores: readonly CandidateScore[], { choose }: RadiomicsSettings): CandidateScore {
  const judged = scores.filter(({ mean }) => mean !== null);
  if (judged.length === 0) {
    const reasons = [...new Set(scores.map(({ failed }) => failed ?? `no ${choose}`))]
      .slice(0, 3)
      .join(' | ');
    throw new HounsfieldError(
      'NESTED_NO_CANDIDATE',
      `none of ${scores.length} candidates could be fitted and judged on every fold (${reasons}). ` +
        'Mend the data or the settings: fewer folds, more cases of the rare class, other classifiers.',
    );
  }
  return judged.reduce((best, next) =>
    oriented(next.mean, choose) > oriented(best.mean, choose) + 1e-12 ? next : best,
  );
}

/** The best candidate of each family, families in their order. */
export function bestOfFamilies(
  scores: readonly CandidateScore[],
  settings: RadiomicsSettings,
): readonly CandidateScore[] {
  const families = [...new Set(scores.map(({ candidate }) => candidate.family))];
  return families.flatMap((family) => {
    const own = scores.filter(({ candidate, mean }) => candidate.family === family && mean !== null);
    return own.length === 0 ? [] : [bestOf(own, settings)];
  });
}

/** Permutations of each column of an outer test part. */
const REPEATS = 10;

/**
 * Nested cross-validation (Varma and Simon, "Bias in error estimation when using cross-validation for model selection",
 * BMC Bioinformatics 2006): each outer fold chooses among all candidates by its inner folds alone, and is judged on its
 * test part.
 *
 * @throws NESTED_NO_CANDIDATE
 */
export async function nestedCrossValidation(
  candidates: readonly Candidate[],
  rows: LabelledRows,
  folds: readonly Fold[],
  place: FittingPlace,
): Promise<OuterFold[]> {
  const { choose, seed } = place.settings;
  const done: OuterFold[] = [];
  for (const fold of folds) {
    const inside = { ...place, step: (text: string) => place.step(`${fold.name}: ${text}`) };
    const scores = await scoreCandidates(candidates, rows, fold.inner, inside);
    const winner = bestOf(scores, place.settings);
    const train = fittingRows(
      rowsAt(
        rows,
        [...fold.train, ...fold.validation].sort((a, b) => a - b),
      ),
    );
    const held = rowsAt(rows, fold.test);
    const families: OuterFold['families'][number][] = [];
    let chosen: FittedPipeline | undefined;
    for (const score of bestOfFamilies(scores, place.settings)) {
      const { family } = score.candidate;
      let outer: number | null = null;
      try {
        const fitted = await fitCandidate(score.candidate, train, place);
        outer = figureOn(held, fitted.predict(held.x), choose, seed);
        if (score.candidate === winner.candidate) chosen = fitted;
      } catch (error) {
        // A kind that only fails here has no figure; without the winner there is no fold.
        if (!isHounsfieldError(error) || score.candidate === winner.candidate) throw error;
      }
      families.push({ family, score, outer });
      await inside.step(score.candidate.title);
    }
    const pipeline = chosen!; // the winner is the best of its family
    done.push({
      name: fold.name,
      test: fold.test,
      winner,
      families,
      probabilities: pipeline.predict(held.x),
      kept: keptColumns(pipeline),
      importance: importanceOn(pipeline, held, place.settings),
    });
  }
  return done;
}

/** Mean fall of the figure for each column; 0 for columns that do not reach the classifier. */
function importanceOn(
  fitted: FittedPipeline,
  held: LabelledRows,
  { choose, seed }: RadiomicsSettings,
): Float64Array {
  const { values, columns } = held.x;
  const of = keptColumns(fitted);
  const score = (shuffled: Float64Array) =>
    oriented(figureOn(held, fitted.predict({ ...held.x, values: shuffled }), choose, seed), choose);
  const falls = permutationImportance({ values, columns, of, repeats: REPEATS, seed, score });
  const importance = new Float64Array(columns);
  for (const [k, column] of of.entries()) importance[column] = Number.isFinite(falls[k]!) ? falls[k]! : 0;
  return importance;
}
