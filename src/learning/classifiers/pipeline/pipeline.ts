import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { HounsfieldError } from '../../../errors.ts';
import type { FitOptions, FittedClassifier } from '../classifier.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import type { FittedPreparation } from '../preparation.ts';
import { lengthWrong, rowWeights } from '../training-data.ts';
import { type CheckedPipeline, checkPipeline, type PipelineSettings } from './needed-steps.ts';
import type { SharedSteps, StepResult } from './shared-steps.ts';
import { checkRange, toSinglePrecision } from './single-precision.ts';

/** A step of a pipeline that has learned. */
export interface PipelineStep {
  readonly name: string;
  readonly settings: object;
  readonly fitted: FittedPreparation;
}

/** Preparations and a classifier that have learned together. It is used wherever a classifier is. */
export interface FittedPipeline extends FittedClassifier {
  /** Of the original columns, where each of the classifier's is made of one alone. */
  readonly importance?: Float64Array;
  readonly preparations: readonly PipelineStep[];
  readonly classifierName: string;
  readonly classifierSettings: object;
  readonly classifier: FittedClassifier;
  /** The original column that each column of the classifier is made of alone; undefined behind a projection. */
  readonly kept: readonly number[] | undefined;
  readonly notes: readonly string[];
  /** What the classifier sees of the rows, float32 values; [rows, classifier.columns]. */
  prepare(x: Matrix): Matrix;
  /** Names of the classifier's columns from those of the original ones. */
  names(columns: readonly string[]): readonly string[];
}

/** What a pipeline is given besides its settings. */
export interface FitPipelineOptions extends FitOptions {
  /** Steps fitted before on the same rows with the same seed: see `createSharedSteps`. */
  readonly shared?: SharedSteps | undefined;
}

/**
 * Fits preparations and a classifier on rows for training: each step on what the step before gives of these rows.
 *
 * What is missing is imputed and what needs one scale is standardised even where no step says so: see
 * `checkPipeline`. The table is rounded to single precision at the entry and behind each step, as ONNX Runtime does
 * with the saved model, so that both give the same probabilities.
 *
 * @param y class of each row, 0 .. classes - 1, every class present
 * @throws PIPELINE_STEP, PIPELINE_DATA, PIPELINE_RANGE, PREPARATION_SETTINGS, PREPARATION_DATA, CLASSIFIER_SETTINGS,
 *   CLASSIFIER_DATA
 */
export async function fitPipeline(
  pipeline: PipelineSettings,
  x: Matrix,
  y: Int32Array,
  classes: number,
  { shared, ...options }: FitPipelineOptions,
): Promise<FittedPipeline> {
  checkRows(x, y, classes, options);
  const checked = checkPipeline(pipeline, (options.categorical?.length ?? 0) > 0);
  const prepared = fitSteps(checked, toSinglePrecision(x), y, classes, options, shared);
  const { classWeights } = pipeline;
  const resampled = resample(checked, prepared, y, classes, options);
  const { part, settings } = checked.classifier;
  const classifier = await part.fit(resampled.x, resampled.y, classes, settings, {
    ...options,
    // Balanced is what the classes are behind the resampling.
    weights: classWeights
      ? rowWeights(resampled.y, classes, classWeights, resampled.weights)
      : resampled.weights,
    categorical: prepared.categorical,
  });
  const parts = { preparations: prepared.steps, classifierName: part.name, classifierSettings: settings };
  return { ...fittedPipeline(x.columns, prepared.steps, classifier, prepared.notes), ...parts };
}

interface Prepared {
  readonly x: Matrix;
  readonly steps: readonly PipelineStep[];
  readonly categorical: readonly number[];
  readonly notes: readonly string[];
}

function fitSteps(
  { steps }: CheckedPipeline,
  x: Matrix,
  y: Int32Array,
  classes: number,
  options: FitOptions,
  shared: SharedSteps | undefined,
): Prepared {
  const rows = { x, y, options };
  let table = x;
  let categorical = options.categorical ?? [];
  const done: PipelineStep[] = [];
  const notes: string[] = [];
  for (const [at, { part, settings, because }] of steps.entries()) {
    const before = { table, categorical };
    const make = (): StepResult => {
      const fitted = part.fit(before.table, y, classes, settings, {
        ...options,
        categorical: before.categorical,
      });
      const made = fitted.transform(before.table);
      checkRange(part.name, made);
      return { fitted, table: made };
    };
    const { fitted, table: made } = shared ? shared.get(rows, steps.slice(0, at + 1), make) : make();
    table = made;
    categorical = categoriesBehind(fitted, categorical);
    if (because) notes.push(`${part.name}: put in, since ${because}`);
    notes.push(...(fitted.notes ?? []).map((note) => `${part.name}: ${note}`));
    done.push({ name: part.name, settings, fitted });
  }
  return { x: table, steps: done, categorical, notes };
}

/** Columns that are still categories; a step that says so has made numbers of them. */
function categoriesBehind(
  { kept, categorical }: FittedPreparation,
  before: readonly number[],
): readonly number[] {
  return categorical ?? kept?.flatMap((from, to) => (before.includes(from) ? [to] : [])) ?? [];
}

function resample(
  { resampling }: CheckedPipeline,
  { x, categorical }: Prepared,
  y: Int32Array,
  classes: number,
  options: FitOptions,
): { readonly x: Matrix; readonly y: Int32Array; readonly weights: Float64Array | undefined } {
  const { weights } = options;
  if (!resampling) return { x, y, weights };
  const made = resampling.part.resample(x, y, classes, resampling.settings, { ...options, categorical });
  return {
    x: toSinglePrecision(made.x),
    y: made.y,
    weights: weights && Float64Array.from(made.rows, (row) => weights[row]!),
  };
}

/** @throws PIPELINE_DATA */
function checkRows(x: Matrix, y: Int32Array, classes: number, { weights, categorical }: FitOptions): void {
  const present = new Set(y);
  const short = lengthWrong(x);
  const outside = y.some((one) => one < 0 || one >= classes);
  const problems = [
    x.rows === 0 && 'the table has no rows',
    x.columns === 0 && 'the table has no columns',
    short,
    y.length !== x.rows && `${y.length} classes were given for ${x.rows} rows`,
    (classes < 2 || !Number.isInteger(classes)) && `${classes} classes were stated, at least 2 are needed`,
    outside && `a class lies outside of 0 .. ${classes - 1}`,
    !outside && present.size < classes && `${classes - present.size} of ${classes} classes have no row`,
    weights && weights.length !== x.rows && `${weights.length} weights were given for ${x.rows} rows`,
    weights?.some((weight) => !(weight >= 0) || weight === Infinity) &&
      'a weight is negative or not a number',
    categorical?.some((j) => !(Number.isInteger(j) && j >= 0 && j < x.columns)) &&
      `a categorical column lies outside of 0 .. ${x.columns - 1}`,
  ].filter((problem) => typeof problem === 'string');
  if (problems.length === 0) return;
  throw new HounsfieldError('PIPELINE_DATA', `${problems.join('; ')}. Correct the table or the labels.`);
}

function fittedPipeline(
  columns: number,
  steps: readonly PipelineStep[],
  classifier: FittedClassifier,
  notes: readonly string[],
): Omit<FittedPipeline, 'preparations' | 'classifierName' | 'classifierSettings'> {
  const prepare = (x: Matrix): Matrix => {
    if (x.columns !== columns) {
      throw new HounsfieldError(
        'PIPELINE_DATA',
        `the table has ${x.columns} columns and the model was fitted on ${columns}. Give it the same features in the same order.`,
      );
    }
    const short = lengthWrong(x);
    if (short) throw new HounsfieldError('PIPELINE_DATA', `${short}.`);
    return steps.reduce((table, { name, fitted }) => {
      const out = fitted.transform(table);
      checkRange(name, out);
      return out;
    }, toSinglePrecision(x));
  };
  const kept = keptThrough(columns, steps);
  const importance =
    kept && classifier.importance && originalImportance(classifier.importance, kept, columns);
  return {
    classes: classifier.classes,
    columns,
    classifier,
    kept,
    notes: [...notes, ...(classifier.notes ?? [])],
    prepare,
    predict: (x) => classifier.predict(prepare(x)),
    addTo: (graph: Graph, x: Value) =>
      classifier.addTo(
        graph,
        steps.reduce((value, { name, fitted }) => graph.scope(name, () => fitted.addTo(graph, value)), x),
      ),
    names: (names) => steps.reduce((before, { fitted }) => namesBehind(fitted, before), names),
    ...(importance ? { importance } : {}),
  };
}

function keptThrough(columns: number, steps: readonly PipelineStep[]): readonly number[] | undefined {
  let kept: readonly number[] | undefined = Array.from({ length: columns }, (_, i) => i);
  for (const { fitted } of steps) {
    const before: readonly number[] | undefined = kept;
    kept = before && fitted.kept?.map((from) => before[from]!);
  }
  return kept;
}

function originalImportance(
  importance: Float64Array,
  kept: readonly number[],
  columns: number,
): Float64Array {
  const original = new Float64Array(columns);
  for (const [to, from] of kept.entries()) original[from]! += importance[to]!;
  return original;
}

function namesBehind(
  { names, kept, columns }: FittedPreparation,
  before: readonly string[],
): readonly string[] {
  if (names) return names(before);
  return (
    kept?.map((from) => before[from]!) ?? Array.from({ length: columns[1] }, (_, i) => `column ${i + 1}`)
  );
}

/** The class of each row with the largest probability, the first of several. */
export function likeliest(probabilities: Float64Array, classes: number): Int32Array {
  const found = new Int32Array(probabilities.length / classes);
  for (let i = 0; i < found.length; i++) {
    for (let c = 1; c < classes; c++) {
      if (probabilities[i * classes + c]! > probabilities[i * classes + found[i]!]!) found[i] = c;
    }
  }
  return found;
}

/** Rows `rows` of labels or weights beside `takeRows` of the table. */
export const takeLabelled = (
  x: Matrix,
  y: Int32Array,
  rows: ArrayLike<number>,
): { readonly x: Matrix; readonly y: Int32Array } => ({
  x: takeRows(x, rows),
  y: Int32Array.from(rows, (row) => y[row]!),
});
