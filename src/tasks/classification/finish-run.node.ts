import path from 'node:path';
import { writeFileAtomically } from '../../atomic-file.node.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import type { Device } from '../../engine/runtime/session.ts';
import { elementCount, type Tensor } from '../../engine/tensor/tensor.ts';
import type { Evidence } from '../../evidence/statistics/evidence.ts';
import type { Progress } from '../../learning/training/loop.ts';
import { version } from '../../version.node.ts';
import { type InputDescription, type ModelCard, writeCard } from '../bundle/model-card.ts';
import { describeClinicalInput } from '../dataset/clinical-table.ts';
import type { ReportContent } from '../report/content.ts';
import { renderReport } from '../report/render-report.ts';
import type { TaskSurroundings } from '../task.ts';
import { titleOf } from './answers.ts';
import { reportCases } from './cases.node.ts';
import { openClassifier, predictSamples } from './classifier.node.ts';
import { sampleGraph } from './classifier-graph.ts';
import {
  evidenceOf,
  figuresWithIntervals,
  type OperatingPoints,
  operatingPointsOf,
  plainFigures,
} from './evidence.ts';
import { openExplainer } from './explain.node.ts';
import { watchOf } from './kind-settings.ts';
import { writePredictions } from './prediction-file.ts';
import type { PreparedData } from './prepare.node.ts';
import type { ClassificationSettings } from './settings.ts';
import { validationFigures } from './validation-figures.ts';

/** A run whose training is over. */
export interface TrainedRun {
  readonly data: PreparedData;
  readonly settings: ClassificationSettings;
  /** Of the best epoch. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly progress: Progress;
  readonly outcome: 'finished' | 'stopped-early';
  readonly file: (name: 'metrics' | 'predictions' | 'model' | 'report') => string;
  readonly around: TaskSurroundings;
}

/**
 * Judges the best weights on validation and test, and writes model, figures and report. Returns the test's figures.
 * Where the settings have validation alone judged, the test set is not looked at: no report, and no figures returned.
 */
export async function finishRun(run: TrainedRun): Promise<Record<string, number | null>> {
  const { data, settings, weights, around } = run;
  const { dataset, splits } = data;
  const { graph } = sampleGraph(data, data.head, weights);
  const threads = settings.threads ? { threads: settings.threads } : {};
  const classifier = await openClassifier(graph, around.runtime, {
    device: settings.device as Device,
    ...threads,
  }); // as in training
  const shape = { labels: dataset.classes, ...inputsOf(data) };
  const predict = async (name: 'validation' | 'test') => {
    const indices = splits[name];
    const probabilities = await predictSamples(classifier, shape, dataset, indices, (done, of) =>
      around.report({ kind: 'count', text: `judging on ${name}`, done, of }),
    );
    return { dataset, indices, probabilities, seed: settings.seed };
  };
  let validated: Awaited<ReturnType<typeof predict>>;
  let tested: Awaited<ReturnType<typeof predict>> | undefined;
  try {
    validated = await predict('validation');
    if (settings.judge === 'test') tested = await predict('test');
  } finally {
    await classifier.close();
  }
  // Images that were trained on say nothing of where to put the threshold.
  const points = settings.refit ? {} : operatingPointsOf(validated);
  if (!tested) {
    // One trial among many: its figures are compared, and intervals are for what is chosen in the end.
    const judged = { validation: validationFigures(data, validated.probabilities) };
    await writeFileAtomically(run.file('metrics'), `${JSON.stringify(judged, null, 2)}\n`);
    writeCard(graph, cardOf(run, undefined, points));
    await writeFileAtomically(run.file('model'), writeOnnx(graph));
    return {};
  }
  around.report({ kind: 'stage', text: 'figures with intervals' });
  const validation = evidenceOf(validated, dataset.classes, points);
  const test = evidenceOf(tested, dataset.classes, points);
  const figures = {
    test: plainFigures(test),
    validation: plainFigures(validation),
    intervals: {
      level: test.bootstrap.level,
      test: figuresWithIntervals(test),
      validation: figuresWithIntervals(validation),
    },
    evidence: { test, validation },
  };
  await writeFileAtomically(run.file('metrics'), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFileAtomically(run.file('predictions'), writePredictions(tested, points));

  const card = cardOf(run, test, points);
  writeCard(graph, card);
  await writeFileAtomically(run.file('model'), writeOnnx(graph));

  around.report({ kind: 'stage', text: 'explaining and reporting' });
  const explainer = openExplainer(graph, around.runtime, { ...threads, slices: data.input.depth });
  try {
    const cases = await reportCases({ ...tested, card }, explainer.heatMaps);
    await writeFileAtomically(
      run.file('report'),
      await renderReport(reportOf(run, card, { test, validation, cases })),
    );
  } finally {
    await explainer.close();
  }
  return figures.test;
}

/** What the card says of a model's inputs. */
function inputsOf({ input, inputs, clinical }: PreparedData): Pick<ModelCard, 'input' | 'inputs' | 'table'> {
  return {
    input,
    ...(input.name === undefined ? {} : { inputs }),
    ...(clinical ? { table: clinical } : {}),
  };
}

function cardOf(
  { data, settings, around }: TrainedRun,
  test: Evidence | undefined,
  { operatingPoint, operatingPoints }: OperatingPoints,
): ModelCard {
  const { dataset, splits, fingerprint } = data;
  return {
    task: 'classification',
    target: data.head.kind,
    labels: dataset.classes,
    ...(dataset.units ? { units: dataset.units } : {}),
    ...inputsOf(data),
    network: data.network.name,
    intendedUse: settings.intendedUse,
    data: {
      name: dataset.name,
      fingerprint: data.contentHash,
      splitHashes: data.splitHashes,
      counts: fingerprint.splits ?? { train: [splits.train.length] },
    },
    metrics: test ? figuresWithIntervals(test) : {},
    ...(operatingPoint ? { operatingPoint } : {}),
    ...(operatingPoints ? { operatingPoints } : {}),
    augmentation: settings.augment,
    seed: settings.seed,
    versions: {
      hounsfield: version,
      [around.runtime.name]: around.runtime.version,
      node: process.versions.node,
    },
    createdAt: new Date().toISOString(),
  };
}

function reportOf(
  { data, settings, weights, progress, outcome }: TrainedRun,
  card: ModelCard,
  { test, validation, cases }: { test: Evidence; validation: Evidence; cases: ReportContent['cases'] },
): ReportContent {
  const { dataset, splits, fingerprint, input } = data;
  const watch = watchOf(settings, data.head.kind);
  const part = (name: 'train' | 'validation' | 'test') => ({
    name: name === 'train' ? ('training' as const) : name,
    images: splits[name].length,
    patients:
      dataset.grouping === 'patient'
        ? new Set(splits[name].map((index) => dataset.samples[index]!.patient)).size
        : null,
    imagesPerClass: fingerprint.splits?.[name] ?? [],
    hash: data.splitHashes[name],
  });
  const trained = [...weights].filter(([name]) => !/running_|num_batches/.test(name));
  const seconds = progress.history.reduce((sum, row) => sum + row.seconds, 0);
  return {
    language: settings.language,
    title: `${titleOf(card)}: ${dataset.name}`,
    createdAt: card.createdAt,
    purpose: {
      summary: `${data.network.describe} ${purposeOf(data)}`,
      intendedUse: settings.intendedUse,
    },
    model: {
      network: data.network.name,
      parameters: trained.reduce((sum, [, { dims }]) => sum + elementCount(dims), 0),
      input: `${input.depth === undefined ? '' : `${input.depth} × `}${input.height} × ${input.width}, ${input.channels} channel${input.channels > 1 ? 's' : ''}, ${input.bitDepth} bit`,
      file: 'model.onnx',
    },
    classes: dataset.classes,
    data: {
      name: dataset.name,
      fingerprint: data.contentHash,
      splits: [part('train'), part('validation'), part('test')],
      splitMethod: splitMethod(data, settings),
      facts: dataFacts(data),
    },
    training: {
      history: progress.history.map((row) => ({
        epoch: row.epoch + 1,
        trainLoss: row.trainLoss,
        validationLoss: finite(row.validation['loss']),
        validationMetric: finite(row.validation[watch.metric]),
        learningRate: row.learningRate,
      })),
      metricName: metricNames[watch.metric] ?? watch.metric,
      bestEpoch: (progress.stopping?.bestEpoch ?? 0) + 1,
      seconds,
      stoppedEarly: outcome === 'stopped-early',
    },
    validation,
    test,
    cases,
    heatMapMethod: 'Grad-CAM',
    settings: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [
        name,
        typeof value === 'object' ? inWords(value) : named.has(name) ? path.basename(String(value)) : value,
      ]),
    ),
    provenance: [
      { name: 'seed', value: String(settings.seed) },
      ...Object.entries(card.versions).map(([name, value]) => ({ name, value })),
      {
        name: 'device',
        value: `${settings.device}${settings.threads ? `, ${settings.threads} threads` : ''}`,
      },
    ],
  };
}

/** Names of figures that are not words. */
const metricNames: Readonly<Record<string, string>> = {
  auc: 'AUC',
  f1: 'F1',
  kappa: 'kappa (quadratic)',
  mae: 'MAE',
  rmse: 'RMSE',
  r2: 'R²',
};

/** What the model was trained for, one sentence. */
function purposeOf({
  dataset: { target = 'class', classes, units, inputs },
  clinical,
}: PreparedData): string {
  const where = `${inputs ? `images (${inputs.join(', ')})` : 'single images'}${clinical ? ' with clinical values' : ''}`;
  const names = classes.map((name, k) => (units?.[k] ? `${name} (${units[k]})` : name));
  const sentences = {
    class: `Trained to tell ${classes.join(' from ')} in ${where}.`,
    labels: `Trained to find any of ${classes.join(', ')} in ${where}.`,
    grade: `Trained to grade ${where} from ${classes[0]} to ${classes.at(-1)}.`,
    value: `Trained to measure ${names.join(', ')} in ${where}.`,
  };
  return sentences[target];
}

/** Settings that may be paths: of those a report shows the last part. */
const named: ReadonlySet<string> = new Set(['network', 'weights', 'parts']);

/** { rotateDegrees: 10, shift: 0.1 } as 'rotateDegrees 10, shift 0.1'; the parts of a list between semicolons. */
const inWords = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(inWords).join('; ') || 'none';
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Object.entries(value).map(([name, part]) => `${name} ${inWords(part)}`);
  return parts.join(', ') || 'none';
};

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

const strataWords = {
  class: 'class',
  labels: 'label (iteratively)',
  grade: 'grade',
  value: 'quantile',
} as const;

function splitMethod({ dataset, splits }: PreparedData, { seed }: ClassificationSettings): string {
  if (splits.origin === 'given') return 'as the data prescribe';
  if (splits.origin === 'named') return 'as a file of parts names them';
  const unit = dataset.grouping === 'patient' ? 'by patient' : 'by image (no patients known)';
  return `${unit}, stratified by ${strataWords[dataset.target ?? 'class']}, seed ${seed}${splits.origin === 'completed' ? ', completing what the data prescribe' : ''}`;
}

function dataFacts({ fingerprint: found, inputs, clinical = [] }: PreparedData) {
  const range = ({ smallest, median, largest }: { smallest: number; median: number; largest: number }) =>
    smallest === largest ? `${smallest}` : `${smallest} to ${largest}, median ${median}`;
  return [
    { name: 'height (pixels)', value: range(found.height) },
    { name: 'width (pixels)', value: range(found.width) },
    { name: 'bits a value', value: Object.keys(found.bitDepths).join(', ') },
    { name: 'intensity', value: `${found.intensity.low} to ${found.intensity.high}` },
    ...inputs.flatMap((input) =>
      input.name === undefined ? [] : [{ name: `image ${input.name}`, value: inputInWords(input) }],
    ),
    ...clinical.map((column) => ({ name: `clinical: ${column.name}`, value: describeClinicalInput(column) })),
  ];
}

/** Scale and normalisation of one of several images. */
function inputInWords({ mean, standardDeviation, unit, bitDepth }: InputDescription): string {
  const show = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(4))).join(', ');
  const scale = unit === undefined || unit === 'arbitrary' ? `${bitDepth} bits a value` : unit;
  return `${scale}, normalised by ${show(mean)} ± ${show(standardDeviation)}`;
}
