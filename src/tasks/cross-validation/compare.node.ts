import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { gradeOf } from '../../evidence/metrics/grades.ts';
import { compareFolds, type FoldsComparison } from '../../evidence/statistics/corrected-resampled.ts';
import { type AreaComparison, compareAreas } from '../../evidence/statistics/delong.ts';
import { type McNemar, mcNemar } from '../../evidence/statistics/mcnemar.ts';
import { mainFigures } from './figure-names.ts';
import type { CrossValidationMetrics } from './plan.ts';
import { type ImageAnswer, type PooledDifference, pooledDifferences } from './pooled-differences.ts';
import type { PredictionsFile } from './prediction-files.ts';

/** A figure of two cross-validations, fold by fold. */
export interface FigureComparison extends FoldsComparison {
  readonly name: string;
  /** Means over the folds. */
  readonly first: number | null;
  readonly second: number | null;
}

/** Two cross-validations on the same folds; every difference is first minus second. */
export interface FoldComparison {
  readonly metrics: Pick<CrossValidationMetrics, 'target' | 'classes'>;
  readonly folds: number;
  readonly images: number;
  readonly patients: number;
  /** Corrected resampled t-tests; the main figures first. */
  readonly rows: readonly FigureComparison[];
  /** Areas of the pooled answers (the mean over repeats of each image's), by class or label. */
  readonly areas: readonly (AreaComparison & { readonly name: string })[];
  /** Of classes, grades and numbers: one figure of all answers together, with an interval by patient. */
  readonly pooled: readonly PooledDifference[];
  /** Of classes and grades: right answers, each image once. */
  readonly answers: McNemar | null;
}

/**
 * Whether one way of training does better than another on the same folds.
 *
 * @param first folder of a finished cross-validation, as is `second`
 * @throws CROSS_VALIDATION_UNFINISHED, FOLDS_DIFFER
 */
export async function compareCrossValidations(first: string, second: string): Promise<FoldComparison> {
  const [a, b] = [await readFinished(first), await readFinished(second)];
  requireSameFolds(first, second, a.metrics, b.metrics);
  const { target, classes } = a.metrics;
  const [one, other] = [perImage(a.predictions), perImage(b.predictions)];
  const images = [...one.keys()];
  const names = Object.keys(a.metrics.figures).filter((name) => Object.hasOwn(b.metrics.figures, name));
  const main = mainFigures(a.metrics).filter((name) => names.includes(name));
  const rows = [...main, ...names.filter((name) => !main.includes(name))].map((name) =>
    compareFigure(name, a.metrics, b.metrics),
  );
  if (images.length === 0 || images.length !== other.size || images.some((id) => !other.has(id)))
    throw unfinished(second, 'predictions.json');
  const pairs = images.map((id) => [one.get(id)!, other.get(id)!] as const);
  return {
    metrics: { target, classes },
    folds: a.metrics.folds.length,
    images: images.length,
    patients: new Set(pairs.map(([row]) => row.patient)).size,
    rows,
    areas: areasOf(target, classes, pairs),
    pooled: pooledDifferences(target, classes, pairs),
    answers: rightAnswers(target, pairs),
  };
}

interface Finished {
  readonly metrics: CrossValidationMetrics;
  readonly predictions: PredictionsFile;
}

async function readFinished(folder: string): Promise<Finished> {
  const read = async (name: string): Promise<unknown> => {
    try {
      return JSON.parse(await readFile(path.join(folder, name), 'utf8')) as unknown;
    } catch (cause) {
      throw unfinished(folder, name, cause);
    }
  };
  const metrics = await read('metrics.json');
  if (!isMetrics(metrics)) throw unfinished(folder, 'metrics.json');
  const predictions = await read('predictions.json');
  if (!isPredictions(predictions, metrics)) throw unfinished(folder, 'predictions.json');
  return { metrics, predictions };
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumberOrNull = (value: unknown): boolean => value === null || Number.isFinite(value);
const isList = (value: unknown, test: (item: unknown) => boolean): value is readonly unknown[] =>
  Array.isArray(value) && value.every(test);

/** Whether what is compared is there; the rest of the file is not looked at. */
function isMetrics(value: unknown): value is CrossValidationMetrics {
  if (!isFields(value) || !isFields(value['figures']) || typeof value['foldsHash'] !== 'string') return false;
  const { target, classes, folds, figures } = value;
  return (
    ['class', 'labels', 'grade', 'value'].includes(String(target)) &&
    isList(classes, (name) => typeof name === 'string') &&
    Object.values(figures as object).every((figure) => isFields(figure) && isNumberOrNull(figure['mean'])) && // an object, as was tested
    isList(
      folds,
      (fold) =>
        isFields(fold) &&
        typeof fold['name'] === 'string' &&
        Number.isFinite(fold['test']) &&
        Number.isFinite(fold['train']) &&
        isFields(fold['figures']) &&
        Object.values(fold['figures']).every((figure) => isFields(figure) && isNumberOrNull(figure['value'])),
    )
  );
}

function isPredictions(
  value: unknown,
  { foldsHash, classes, target }: CrossValidationMetrics,
): value is PredictionsFile {
  if (!isFields(value) || value['foldsHash'] !== foldsHash) return false;
  const several = target === 'labels' || target === 'value';
  return isList(
    value['predictions'],
    (row) =>
      isFields(row) &&
      typeof row['id'] === 'string' &&
      Number.isSafeInteger(row['patient']) &&
      isList(row['truth'], isNumberOrNull) &&
      row['truth'].length === (several ? classes.length : 1) &&
      isList(row['answers'], Number.isFinite) &&
      row['answers'].length === classes.length,
  );
}

const unfinished = (folder: string, name: string, cause?: unknown): HounsfieldError =>
  new HounsfieldError(
    'CROSS_VALIDATION_UNFINISHED',
    `${folder} holds no finished cross-validation (${name} is missing, or of something else). Name a folder that 'hounsfield ` +
      "cross-validate' has finished.",
    { cause },
  );

function requireSameFolds(
  first: string,
  second: string,
  a: CrossValidationMetrics,
  b: CrossValidationMetrics,
): void {
  const same = a.foldsHash === b.foldsHash;
  if (same && a.target === b.target && a.classes.join('\n') === b.classes.join('\n')) return;
  throw new HounsfieldError(
    'FOLDS_DIFFER',
    `${first} and ${second} ${same ? 'learn different things' : 'test different images in their folds'}, so that they cannot be ` +
      `compared fold by fold. Give both the same folds: --folds-file ${path.join(first, 'folds.json')}.`,
  );
}

/** Folds of one name test the same images: their names are part of what is compared. */
function compareFigure(name: string, a: CrossValidationMetrics, b: CrossValidationMetrics): FigureComparison {
  const others = new Map(b.folds.map((fold) => [fold.name, fold]));
  const differences = a.folds.map(({ name: fold, figures }) => {
    const [one, other] = [figures[name]?.value ?? null, others.get(fold)?.figures[name]?.value ?? null];
    return one === null || other === null ? null : one - other;
  });
  const sizes = { test: a.folds.map(({ test }) => test), train: a.folds.map(({ train }) => train) };
  return {
    name,
    first: a.figures[name]!.mean,
    second: b.figures[name]!.mean,
    ...compareFolds(differences, sizes),
  };
}

/** The mean answer of each image over the repeats. */
function perImage({ predictions }: PredictionsFile): Map<string, ImageAnswer> {
  const sums = new Map<string, ImageAnswer & { readonly answers: number[]; count: number }>();
  for (const { id, patient, truth, answers } of predictions) {
    const own = sums.get(id);
    if (!own) sums.set(id, { patient, truth, answers: [...answers], count: 1 });
    else {
      own.count++;
      for (const [k, answer] of answers.entries()) own.answers[k]! += answer;
    }
  }
  return new Map(
    [...sums].map(([id, { patient, truth, answers, count }]) => [
      id,
      { patient, truth, answers: answers.map((answer) => answer / count) },
    ]),
  );
}

type Pair = readonly [ImageAnswer, ImageAnswer];

/** Of two classes the second's area, of more each against the rest, of labels each; none where one kind is missing. */
function areasOf(
  target: CrossValidationMetrics['target'],
  classes: readonly string[],
  pairs: readonly Pair[],
): FoldComparison['areas'] {
  if (target !== 'class' && target !== 'labels') return [];
  const asked = target === 'class' && classes.length === 2 ? [1] : classes.map((_, k) => k);
  return asked.flatMap((k) => {
    const known = pairs.filter(([{ truth }]) => target === 'class' || truth[k] !== null);
    const isPositive = known.map(([{ truth }]) => (target === 'class' ? truth[0] === k : truth[k] === 1));
    const patients = known.map(([{ patient }]) => String(patient));
    const kinds = [true, false].map(
      (kind) => new Set(patients.filter((_, i) => isPositive[i] === kind)).size,
    );
    if (Math.min(...kinds) < 2) return [];
    const [first, second] = [0, 1].map((which) => known.map((pair) => pair[which as 0 | 1].answers[k]!)); // 0 and 1 are
    return [{ name: classes[k]!, ...compareAreas({ first: first!, second: second!, isPositive, patients }) }];
  });
}

function rightAnswers(target: CrossValidationMetrics['target'], pairs: readonly Pair[]): McNemar | null {
  if (target !== 'class' && target !== 'grade') return null;
  const said = (answers: readonly number[]) =>
    target === 'grade' ? gradeOf(answers) : answers.indexOf(Math.max(...answers));
  const right = (which: 0 | 1) => pairs.map((pair) => said(pair[which].answers) === pair[which].truth[0]);
  return mcNemar(
    right(0),
    right(1),
    pairs.map(([{ patient }]) => String(patient)),
  );
}
