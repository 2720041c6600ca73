import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import type { Evidence } from '../../evidence/statistics/evidence.ts';
import type { FittedPipeline } from '../../learning/classifiers/pipeline/pipeline.ts';
import { pipelineGraph } from '../../learning/classifiers/pipeline/pipeline-graph.ts';
import { version } from '../../version.node.ts';
import { type FeatureModelCard, writeCard } from '../bundle/model-card.ts';
import {
  evidenceOf,
  figuresWithIntervals,
  type OperatingPoints,
  operatingPointsOf,
  type PredictedSamples,
  plainFigures,
} from '../classification/evidence.ts';
import { writePredictions } from '../classification/prediction-file.ts';
import { classCounts, type Dataset } from '../dataset/dataset.ts';
import { makeFolds } from '../dataset/folds.ts';
import { splitHashes } from '../dataset/split-hash.node.ts';
import { renderReport } from '../report/render-report.ts';
import type { TaskSurroundings, TrainRequest, TrainResult } from '../task.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import type { RegionCase } from './cases.ts';
import { forgetJournal } from './extract.node.ts';
import { featureInputOf } from './feature-card.ts';
import type { FeatureTable } from './feature-table.ts';
import { featuresFingerprint } from './features-fingerprint.node.ts';
import { type MeasureSettings, measureSettingsOf } from './measure-files.node.ts';
import {
  bestOf,
  type CandidateScore,
  type FittingPlace,
  fitCandidate,
  fittingRows,
  nestedCrossValidation,
  type OuterFold,
  outOfFold,
  scoreCandidates,
} from './nested.ts';
import { openRowPredictor } from './predict-rows.ts';
import { type PreparedRows, prepareRows } from './prepare-rows.ts';
import { reportContent } from './report-content.node.ts';
import { type RadiomicsFile, radiomicsFiles } from './run-files.ts';
import { tableOfData } from './run-table.node.ts';
import { completeRadiomics, type RadiomicsSettings } from './settings.ts';
import { writeTable } from './table-file.node.ts';
import { keptColumns, type LabelledRows, rowsAt } from './table-rows.ts';
import { textsOf } from './texts.ts';

/** All that a radiomics run found, for its report. */
export interface RadiomicsRun {
  readonly settings: RadiomicsSettings;
  readonly table: FeatureTable;
  /** In the order of the data set's cases; absent where the table was made before. */
  readonly sources: readonly RegionCase[] | undefined;
  readonly prepared: PreparedRows;
  readonly candidates: readonly Candidate[];
  /** Nested cross-validation on the cases for training. */
  readonly folds: readonly OuterFold[];
  /** How the candidates did on the outer folds, by which the one model is chosen. */
  readonly scores: readonly CandidateScore[];
  readonly winner: CandidateScore;
  readonly fitted: FittedPipeline;
  /** Rows that the model was fitted on. */
  readonly development: LabelledRows;
  readonly card: FeatureModelCard;
  /** Answers of nested cross-validation, and of the one test. */
  readonly nested: Evidence;
  readonly test: Evidence;
  /** [test, classes] */
  readonly testProbabilities: Float64Array;
  readonly seconds: number;
}

/**
 * Images with masks to a chosen, judged and explained classifier: features, nested cross-validation over patients, one
 * model fitted on every case that is not for the test, and one test.
 *
 * @throws RUN_EXISTS, SETTINGS_INVALID, what tableOfData, prepareRows, candidatesOf, makeFolds and nestedCrossValidation throw
 */
export async function trainRadiomics(request: TrainRequest, around: TaskSurroundings): Promise<TrainResult> {
  try {
    return await trainWhole(request, around);
  } catch (error) {
    if (!isHounsfieldError(error) || error.code !== 'INTERRUPTED') throw error;
    around.report({ kind: 'note', text: 'stopped; the regions that were measured are kept' });
    return {
      outcome: 'interrupted',
      files: { checkpoint: path.join(request.out, radiomicsFiles.journal) },
      test: {},
    };
  }
}

async function trainWhole(request: TrainRequest, around: TaskSurroundings): Promise<TrainResult> {
  const begun = performance.now();
  const file = (name: RadiomicsFile) => path.join(request.out, radiomicsFiles[name]);
  const settings = await settingsOf(request, file('config'));
  // What a failed attempt leaves is no run: it may be tried again.
  await requireFreshFolder(request, file('model'), file('metrics'));
  const candidates = candidatesOf(settings);
  const measure = (region: MeasureSettings['region']) => measureSettingsOf(settings, region);
  measure('mask'); // what is wrong with the settings is told before the long run
  await mkdir(request.out, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, request.out);
  });
  around.report({ kind: 'stage', text: 'looking for cases' });
  await writeFileAtomically(
    file('config'),
    `${JSON.stringify({ task: 'radiomics', data: request.data, ...settings }, null, 2)}\n`,
  );
  const place = { ...settings, labels: 'needed' as const, journal: file('journal') };
  const { table, dataset, sources } = await tableOfData(request.data, measure, place, around);
  await writeTable(file('features'), table);
  const prepared = prepareRows(dataset, table, settings);
  for (const text of prepared.notes) around.report({ kind: 'note', text });

  const found = await chooseAndFit(prepared, candidates, settings, around);
  const judged = await judge(prepared, table, found, settings, around);
  const run: RadiomicsRun = {
    settings,
    table,
    sources,
    prepared,
    candidates,
    ...found,
    ...judged.evidence,
    card: judged.card,
    seconds: (performance.now() - begun) / 1000,
  };
  await writeFileAtomically(file('predictions'), judged.predictions);
  await writeFileAtomically(file('model'), judged.model);
  await writeFileAtomically(file('metrics'), `${JSON.stringify(metricsOf(run), null, 2)}\n`);
  around.report({ kind: 'stage', text: 'explaining and reporting' });
  await writeFileAtomically(file('report'), await renderReport(await reportContent(run)));
  await forgetJournal(file('journal')); // last: --resume measures nothing twice
  const files = Object.fromEntries(
    (['config', 'features', 'metrics', 'predictions', 'model', 'report'] as const).map((name) => [
      name,
      file(name),
    ]),
  );
  return { outcome: 'finished', files, test: plainFigures(judged.evidence.test) };
}

interface Found extends Pick<RadiomicsRun, 'folds' | 'scores' | 'winner' | 'fitted' | 'development'> {
  /** The chosen candidate's answers for the cases for training, by the folds' fits; [development, classes]. */
  readonly unseen: Float64Array;
}

/** Nested cross-validation to judge the procedure, plain cross-validation to choose, and the one fit. */
async function chooseAndFit(
  prepared: PreparedRows,
  candidates: readonly Candidate[],
  settings: RadiomicsSettings,
  around: TaskSurroundings,
): Promise<Found> {
  const { dataset, development: indices } = prepared;
  const development = rowsAt(prepared.rows, indices);
  const inside: Dataset = {
    ...dataset,
    samples: indices.map((index) => {
      const { split: _, ...sample } = dataset.samples[index]!;
      return sample;
    }),
  };
  const { folds, warnings } = makeFolds(inside, {
    scheme: 'k-fold',
    k: settings.folds,
    repeats: 1,
    inner: settings.inner,
    seed: settings.seed,
    stratify: true,
    validation: VALIDATION_SHARE,
  });
  for (const text of warnings) around.report({ kind: 'note', text });
  const families = new Set(candidates.map(({ family }) => family)).size;
  const fits = settings.folds * (settings.inner * candidates.length + families + candidates.length + 1);
  let done = 0;
  const place: FittingPlace = {
    settings,
    runtime: around.runtime,
    async step() {
      // Progress is drawn and Ctrl-C heard between fits.
      await new Promise((resolve) => setImmediate(resolve));
      if (around.signal?.aborted) {
        throw new HounsfieldError(
          'INTERRUPTED',
          'stopped while comparing classifiers. The features are kept in features.csv: give that file in place of the images, or the command again with --resume.',
        );
      }
      around.report({ kind: 'count', text: 'comparing classifiers', done: ++done, of: fits });
    },
  };
  const outer = await nestedCrossValidation(candidates, development, folds, place);
  const plain = folds.map(({ train, validation, test }) => ({
    train: merged(train, validation),
    validation: test,
  }));
  const scores = await scoreCandidates(candidates, development, plain, place);
  const winner = bestOf(scores, settings);
  const unseen = await outOfFold(winner.candidate, development, plain, place);
  const fitted = await fitCandidate(winner.candidate, fittingRows(development), place);
  around.report({ kind: 'note', text: `chosen: ${winner.candidate.title}` });
  for (const text of fitted.classifier.notes ?? []) around.report({ kind: 'note', text });
  const kept = keptColumns(fitted).map((column) => prepared.names[column]!);
  around.report({ kind: 'note', text: `${kept.length} features reach it: ${kept.join(', ')}` });
  return { folds: outer, scores, winner, unseen, fitted, development };
}

/** Folds keep a share for early stopping, which is not needed here and joined to the rest. */
const VALIDATION_SHARE = 0.1;

const merged = (a: readonly number[], b: readonly number[]): readonly number[] =>
  [...a, ...b].sort((x, y) => x - y);

interface JudgedRun {
  readonly evidence: Pick<RadiomicsRun, 'nested' | 'test' | 'testProbabilities'>;
  readonly card: FeatureModelCard;
  readonly model: Uint8Array;
  readonly predictions: string;
}

/** The saved model judged once on the test part, by the file as it will be used. */
async function judge(
  prepared: PreparedRows,
  table: FeatureTable,
  { folds, winner, unseen, fitted, development }: Found,
  settings: RadiomicsSettings,
  around: TaskSurroundings,
): Promise<JudgedRun> {
  const { dataset, rows, names, splits } = prepared;
  const graph = pipelineGraph(fitted, { columns: names, classes: dataset.classes });
  const features = featureInputOf(table, names, keptColumns(fitted), development);
  const base = { dataset, seed: settings.seed };
  const order = folds.flatMap(({ test }) => test.map((row) => prepared.development[row]!));
  const nestedAnswers = {
    ...base,
    indices: order,
    probabilities: Float32Array.from(folds.flatMap(({ probabilities }) => [...probabilities])),
  };
  const nested = evidenceOf(nestedAnswers, dataset.classes, operatingPointsOf(nestedAnswers));
  // Folds may have chosen other classifiers, whose probabilities mean something else: the threshold is of the one that was chosen.
  const points = pointsOf(
    { ...base, indices: prepared.development, probabilities: Float32Array.from(unseen) },
    settings,
  );
  const draft = cardOf(prepared, winner, features, points, settings, around);
  const predictor = await openRowPredictor({ graph, card: draft }, around.runtime, settings.threads);
  let testProbabilities: Float64Array;
  try {
    testProbabilities = await predictor.predict(rowsAt(rows, splits.test).x);
  } finally {
    await predictor.close();
  }
  const tested = { ...base, indices: splits.test, probabilities: Float32Array.from(testProbabilities) };
  const test = evidenceOf(tested, dataset.classes, points);
  const card = { ...draft, metrics: figuresWithIntervals(test) };
  writeCard(graph, card);
  return {
    evidence: { nested, test, testProbabilities },
    card,
    model: writeOnnx(graph),
    predictions: writePredictions(tested, points),
  };
}

/** Thresholds chosen on answers by cross-validation. */
function pointsOf(predicted: PredictedSamples, { language }: RadiomicsSettings): OperatingPoints {
  const { operatingPoint } = operatingPointsOf(predicted);
  return operatingPoint
    ? { operatingPoint: { ...operatingPoint, chosenOn: textsOf(language).crossValidated } }
    : {};
}

function cardOf(
  { dataset, splits, rows }: PreparedRows,
  { candidate }: CandidateScore,
  features: FeatureModelCard['features'],
  { operatingPoint }: OperatingPoints,
  { intendedUse, seed }: RadiomicsSettings,
  { runtime }: TaskSurroundings,
): FeatureModelCard {
  return {
    task: 'radiomics',
    target: 'class',
    labels: dataset.classes,
    features,
    network: candidate.title,
    intendedUse,
    data: {
      name: dataset.name,
      fingerprint: featuresFingerprint(features, rows.x, rows.y),
      splitHashes: splitHashes(dataset, splits),
      counts: {
        train: classCounts(dataset, splits.train),
        validation: classCounts(dataset, splits.validation),
        test: classCounts(dataset, splits.test),
      },
    },
    metrics: {},
    ...(operatingPoint
      ? { operatingPoint: { ...operatingPoint, chosenOn: 'cross-validated training' } }
      : {}),
    seed,
    versions: { hounsfield: version, [runtime.name]: runtime.version, node: process.versions.node },
    createdAt: new Date().toISOString(),
  };
}

/** metrics.json. */
function metricsOf({ test, nested, scores, folds, winner, settings, prepared }: RadiomicsRun): object {
  const width = prepared.dataset.classes.length;
  const scoreOf = ({ candidate, figures, mean, failed }: CandidateScore) => ({
    candidate: candidate.title,
    figures,
    mean,
    ...(failed === undefined ? {} : { failed }),
  });
  return {
    test: plainFigures(test),
    nested: plainFigures(nested),
    intervals: {
      level: test.bootstrap.level,
      test: figuresWithIntervals(test),
      nested: figuresWithIntervals(nested),
    },
    choice: { by: settings.choose, winner: winner.candidate.title, scores: scores.map(scoreOf) },
    folds: folds.map(({ name, winner: own, families, test: rows, probabilities }) => ({
      name,
      ids: rows.map((row) => prepared.dataset.samples[prepared.development[row]!]!.id),
      answers: rows.map((_, i) => [...probabilities.subarray(i * width, (i + 1) * width)]),
      winner: scoreOf(own),
      families: families.map(({ family, score, outer }) => ({ family, ...scoreOf(score), outer })),
    })),
    evidence: { test, nested },
  };
}

async function settingsOf(request: TrainRequest, config: string): Promise<RadiomicsSettings> {
  if (!request.resume) return completeRadiomics(withoutFacts(request.settings));
  let stored: Record<string, unknown>;
  try {
    stored = JSON.parse(await readFile(config, 'utf8')) as Record<string, unknown>; // checked by completeRadiomics
  } catch (cause) {
    throw new HounsfieldError(
      'CHECKPOINT_MISSING',
      `${request.out} holds no run to resume (config.json is missing or damaged). Start without --resume.`,
      { cause },
    );
  }
  return completeRadiomics(withoutFacts({ ...stored, ...request.settings }));
}

/** What config.json says besides settings. */
const withoutFacts = ({ task: _task, data: _data, ...settings }: Readonly<Record<string, unknown>>) =>
  settings;

async function requireFreshFolder({ out, resume }: TrainRequest, ...files: readonly string[]): Promise<void> {
  if (resume) return;
  for (const name of files) {
    if (await stat(name).catch(() => undefined)) {
      throw new HounsfieldError(
        'RUN_EXISTS',
        `${out} already holds a run (${path.basename(name)}). Go on with --resume, or choose another folder for --out.`,
      );
    }
  }
}
