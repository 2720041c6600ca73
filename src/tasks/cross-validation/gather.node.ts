import path from 'node:path';
import { writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import type { Evidence } from '../../evidence/statistics/evidence.ts';
import type { StoredPredictions } from '../classification/prediction-file.ts';
import type { ClassificationSettings } from '../classification/settings.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { Folds } from '../dataset/folds.ts';
import type { FoldsFile } from '../dataset/folds-file.node.ts';
import { testPartsHash } from './folds-hash.node.ts';
import { withOuter } from './nested.node.ts';
import type { Choice, CrossValidationMetrics, CrossValidationPlan } from './plan.ts';
import { type OutOfFold, pooledEvidence, thresholdFigureNames } from './pooled.ts';
import { type PredictionsFile, predictionRows, predictionsCsv } from './prediction-files.ts';
import { renderCrossValidation } from './report-page.ts';
import { readJobFile } from './run-jobs.node.ts';
import { type FoldFigure, type FoldRow, summarise } from './summary.ts';

export interface Gathering {
  readonly out: string;
  readonly plan: CrossValidationPlan;
  readonly settings: ClassificationSettings;
  readonly dataset: Dataset;
  readonly folds: Folds;
  readonly file: FoldsFile;
  readonly choices: readonly Choice[];
}

/** Puts the finished folds together and writes figures, predictions and report. @throws FOLD_DAMAGED */
export async function gather(work: Gathering): Promise<{
  readonly metrics: CrossValidationMetrics;
  readonly files: Readonly<Record<string, string>>;
}> {
  const { out, plan, dataset, folds, file, choices, settings } = work;
  const rows: FoldRow[] = [];
  const stored: StoredPredictions[] = [];
  for (const fold of file.folds) {
    const folder = path.join(out, fold.name);
    const predictions = await readJobFile(folder, 'predictions.json', isPredictions(dataset.classes.length));
    requireAllTested(fold, predictions, folder);
    stored.push(predictions);
    rows.push(rowOf(fold, await readJobFile(folder, 'metrics.json', isMetrics), dataset));
  }
  const outOfFold = together(dataset, stored);
  const pooled = pooledEvidence(outOfFold, plan.seed);
  const target = dataset.target ?? 'class';
  const foldsHash = testPartsHash(file);
  const metrics: CrossValidationMetrics = {
    target,
    classes: dataset.classes,
    data: {
      name: dataset.name,
      images: dataset.samples.length,
      patients: new Set(dataset.samples.map(({ patient }) => patient)).size,
      grouping: dataset.grouping,
    },
    scheme: plan.scheme,
    k: plan.k,
    repeats: plan.repeats,
    seed: plan.seed,
    watch: plan.watch.metric,
    foldsHash,
    figures: summarise(rows, pooled, target),
    folds: rows,
    pooled,
    ...(choices.length > 0 ? { choices: withOuter(choices, rows, plan.watch, target) } : {}),
    warnings: folds.warnings,
  };
  const files = Object.fromEntries(
    ['metrics.json', 'predictions.csv', 'predictions.json', 'report.html', 'folds.json'].map((name) => [
      name,
      path.join(out, name),
    ]),
  );
  const predictions = predictionRows(outOfFold, rows);
  const whole: PredictionsFile = { target, classes: dataset.classes, foldsHash, predictions };
  await writeFileAtomically(path.join(out, 'predictions.json'), `${JSON.stringify(whole)}\n`);
  await writeFileAtomically(path.join(out, 'predictions.csv'), predictionsCsv(dataset, predictions));
  await writeFileAtomically(path.join(out, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  const page = await renderCrossValidation(metrics, { plan, settings, units: dataset.units ?? [] });
  await writeFileAtomically(path.join(out, 'report.html'), page);
  return { metrics, files };
}

/** What is read of a run's metrics.json. */
interface FoldMetrics {
  readonly intervals: { readonly test: Readonly<Record<string, FoldFigure>> };
  readonly evidence: { readonly test: Evidence };
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isMetrics = (value: unknown): value is FoldMetrics =>
  isFields(value) &&
  isFields(value['intervals']) &&
  isFields(value['intervals']['test']) &&
  isFields(value['evidence']) &&
  isFields(value['evidence']['test']);

const isPredictions =
  (width: number) =>
  (value: unknown): value is StoredPredictions =>
    isFields(value) &&
    [value['ids'], value['answers'], value['thresholds']].every(Array.isArray) &&
    (value['answers'] as unknown[]).every((row) => Array.isArray(row) && row.length === width); // a list, as was tested

function rowOf(
  fold: FoldsFile['folds'][number],
  { intervals, evidence }: FoldMetrics,
  dataset: Dataset,
): FoldRow {
  const { test } = evidence;
  const point =
    'operatingPoint' in test && test.operatingPoint
      ? thresholdFigureNames.map((name) => {
          const { value, low, high } = test.operatingPoint!.figures[name];
          return [name, { value, low, high }] as const;
        })
      : [];
  const tested = new Set(fold.test);
  const patients = dataset.samples.flatMap(({ id, patient }) => (tested.has(id) ? [patient] : []));
  return {
    name: fold.name,
    repeat: fold.repeat,
    ...(fold.site === undefined ? {} : { site: fold.site }),
    train: fold.train.length + fold.validation.length,
    test: fold.test.length,
    patients: new Set(patients).size,
    figures: { ...intervals.test, ...Object.fromEntries(point) },
  };
}

function together(dataset: Dataset, stored: readonly StoredPredictions[]): OutOfFold {
  const indexOf = new Map(dataset.samples.map(({ id }, index) => [id, index]));
  const count = stored.reduce((sum, { ids }) => sum + ids.length, 0);
  const width = dataset.classes.length;
  const answers = new Float32Array(count * width);
  const indices: number[] = [];
  const folds: number[] = [];
  for (const [f, { ids, answers: rows }] of stored.entries()) {
    for (const [i, id] of ids.entries()) {
      answers.set(rows[i]!, indices.length * width);
      indices.push(indexOf.get(id)!);
      folds.push(f);
    }
  }
  return { dataset, indices, folds, answers, thresholds: stored.map(({ thresholds }) => thresholds) };
}

function requireAllTested(
  { name, test }: FoldsFile['folds'][number],
  { ids, answers }: StoredPredictions,
  folder: string,
): void {
  const tested = new Set(ids);
  if (answers?.length === ids.length && tested.size === test.length && test.every((id) => tested.has(id)))
    return;
  throw new HounsfieldError(
    'FOLD_DAMAGED',
    `${name} holds predictions of ${ids.length} images, its test part has ${test.length} others. Remove ${folder} and give the ` +
      'command with --resume.',
  );
}
