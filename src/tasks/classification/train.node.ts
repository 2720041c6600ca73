import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import type { Device } from '../../engine/runtime/session.ts';
import { tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import {
  isFiniteState,
  loadCheckpoint,
  restoreState,
  saveCheckpoint,
} from '../../learning/training/checkpoint.node.ts';
import {
  type EpochRecord,
  type Progress,
  startProgress,
  type TrainingOutcome,
  trainEpochs,
} from '../../learning/training/loop.ts';
import { plateauRate, scheduleNamed, warmUp } from '../../learning/training/schedules.ts';
import { compileTrainingStep, type TrainingStep } from '../../learning/training/step.ts';
import { readSafetensors, writeSafetensors } from '../../learning/weights/safetensors.ts';
import { type BatchLoader, createBatchLoader } from '../dataset/batches.node.ts';
import type { TaskSurroundings, TrainRequest, TrainResult } from '../task.ts';
import { finishRun } from './finish-run.node.ts';
import type { Head } from './head.ts';
import { classifierLearning } from './learning.ts';
import { type PreparedData, prepareData } from './prepare.node.ts';
import { type ClassificationSettings, completeSettings } from './settings.ts';
import { validate } from './validate.node.ts';

/** Names of the files in a run's folder. */
export const runFiles = {
  config: 'config.json',
  checkpoint: 'checkpoint.safetensors',
  best: 'best.safetensors',
  history: 'history.jsonl',
  metrics: 'metrics.json',
  model: 'model.onnx',
  report: 'report.html',
} as const;

/** Seconds between checkpoints within an epoch. */
const CHECKPOINT_SECONDS = 60;

/**
 * Trains a classifier from a folder of labelled images to a model file, its figures and a report.
 * See Task.train; throws what prepareData throws, RUN_EXISTS, and what a training run can end in.
 */
export async function trainClassifier(
  request: TrainRequest,
  surroundings: TaskSurroundings,
): Promise<TrainResult> {
  const around = stoppable(surroundings);
  const file = (name: keyof typeof runFiles) => path.join(request.out, runFiles[name]);
  const settings = await settingsOf(request, file('config'));
  await requireFreshFolder(request, file('checkpoint'), file('model'));
  around.report({ kind: 'stage', text: 'checking the data' });
  const data = await prepareData(request.data, settings, around.report);
  await makeFolder(request.out);
  const run = runHash(settings, data);
  const step = await compileTrainingStep(classifierLearning(data, settings), {
    runtime: around.runtime,
    device: settings.device as Device, // open() refuses what the machine does not have
    ...(settings.threads ? { threads: settings.threads } : {}),
  });
  let outcome: TrainingOutcome;
  let progress = startProgress();
  try {
    if (request.resume) {
      const checkpoint = await loadCheckpoint(file('checkpoint'), run);
      restoreState(step.state, checkpoint.tensors);
      progress = checkpoint.progress;
      around.report({
        kind: 'note',
        text: `resumed at epoch ${progress.epoch + 1}, step ${progress.step + 1}`,
      });
    }
    // Only now: what is refused on resuming leaves the old settings as they were.
    const stored = { data: request.data, ...settings };
    await writeFileAtomically(file('config'), `${JSON.stringify(stored, null, 2)}\n`);
    outcome = await trainOn(data, settings, step, progress, { run, file, around });
  } finally {
    await step.close();
  }
  if (outcome === 'interrupted') {
    return { outcome, files: { checkpoint: file('checkpoint') }, test: {} };
  }
  const best = readSafetensors(await readFile(file('best')));
  const test = await finishRun({ data, settings, weights: best.tensors, progress, outcome, file, around });
  const names = Object.keys(runFiles) as (keyof typeof runFiles)[]; // exactly the table's keys
  return { outcome, files: Object.fromEntries(names.map((name) => [name, file(name)])), test };
}

/** Ends what goes on before and after training when asked to stop; steps end themselves, with a checkpoint. */
function stoppable(around: TaskSurroundings): TaskSurroundings {
  return {
    ...around,
    report(event) {
      around.report(event);
      if (around.signal?.aborted && event.kind === 'count') {
        throw new HounsfieldError(
          'INTERRUPTED',
          `stopped while ${event.text}. Whatever was trained so far is kept: give the command again, with --resume if ` +
            'training had begun.',
        );
      }
    },
  };
}

async function settingsOf(request: TrainRequest, configPath: string): Promise<ClassificationSettings> {
  if (!request.resume) return completeSettings(request.settings);
  let stored: Record<string, unknown>;
  try {
    stored = JSON.parse(await readFile(configPath, 'utf8')) as Record<string, unknown>; // checked by completeSettings
  } catch (cause) {
    throw new HounsfieldError(
      'CHECKPOINT_MISSING',
      `${request.out} holds no run to resume (config.json is missing or damaged). Start without --resume.`,
      { cause },
    );
  }
  const { data: _data, ...settings } = stored;
  return completeSettings({ ...settings, ...request.settings });
}

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

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw writeError(cause, folder);
  }
}

/** Identifies what a checkpoint belongs to; what does not change the weights is left out. */
function runHash(settings: ClassificationSettings, data: PreparedData): string {
  const { intendedUse: _use, language: _language, ...relevant } = settings;
  const sorted = Object.entries(relevant).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = JSON.stringify([sorted, data.contentHash, data.splitHashes, data.dataset.classes]);
  return createHash('sha256').update(content).digest('hex');
}

interface RunPlace {
  readonly run: string;
  readonly file: (name: keyof typeof runFiles) => string;
  readonly around: TaskSurroundings;
}

async function trainOn(
  data: PreparedData,
  settings: ClassificationSettings,
  step: TrainingStep,
  progress: Progress,
  { run, file, around }: RunPlace,
): Promise<TrainingOutcome> {
  const balance =
    settings.imbalance === 'oversample' || settings.imbalance === 'undersample' ? settings.imbalance : 'none';
  const shape = { channels: data.input.channels, height: data.input.height, width: data.input.width };
  const common = { dataset: data.dataset, batchSize: settings.batch, seed: settings.seed, ...shape };
  const training = await createBatchLoader({
    ...common,
    samples: data.splits.train,
    recipe: settings.augment,
    balance,
    targets: data.head.targets,
  });
  const validation = await createBatchLoader({ ...common, samples: data.splits.validation, shuffle: false });
  const meter = speedMeter(
    settings.epochs * training.stepsPerEpoch,
    progress.epoch * training.stepsPerEpoch + progress.step,
  );
  let savedAt = performance.now();
  const save = async () => {
    // Weights that a step has just ruined are not saved over good ones; the next step's loss tells of them.
    if (!isFiniteState(step.state)) return;
    await saveCheckpoint(file('checkpoint'), step.state, progress, run);
    savedAt = performance.now();
  };
  try {
    if (progress.epoch === 0 && progress.step === 0) await save();
    around.report({ kind: 'stage', text: 'training' });
    return await trainEpochs(
      {
        step,
        epochs: settings.epochs,
        stepsPerEpoch: training.stepsPerEpoch,
        batches: (epoch, from) => feeds(training, shape, data.head, epoch, from),
        rate: rateOf(settings, training.stepsPerEpoch),
        validate: () => validate(data, step.weights(), validation, around, settings),
        stopping: {
          metric: settings.watch,
          mode: settings.watch === 'loss' ? 'min' : 'max',
          patience: settings.patience > 0 ? settings.patience : Number.POSITIVE_INFINITY,
        },
        async onStep(event) {
          const speed = meter(event.count);
          around.report({
            kind: 'step',
            epoch: event.epoch,
            epochs: settings.epochs,
            step: event.step,
            steps: training.stepsPerEpoch,
            loss: event.loss,
            ...speed,
            metricName: settings.watch,
            metric: progress.history.at(-1)?.validation[settings.watch],
          });
          if (around.signal?.aborted) {
            await save();
            return 'stop';
          }
          if (performance.now() - savedAt > CHECKPOINT_SECONDS * 1000) await save();
          return undefined;
        },
        async onEpoch(record, improved) {
          // A figure that is not a number improves on nothing; the first epoch is kept all the same.
          if (improved || record.epoch === 0)
            await writeFileAtomically(file('best'), writeSafetensors(step.weights()));
          await writeHistory(file('history'), progress.history);
          await save();
          const { epoch, trainLoss, seconds } = record;
          around.report({
            kind: 'epoch',
            epoch,
            epochs: settings.epochs,
            trainLoss,
            validation: record.validation,
            improved,
            seconds,
          });
        },
      },
      progress,
    );
  } finally {
    await training.close();
    await validation.close();
  }
}

async function* feeds(
  loader: BatchLoader,
  { channels, height, width }: { channels: number; height: number; width: number },
  head: Head,
  epoch: number,
  from: number,
) {
  for await (const { images, targets, weights, count } of loader.epoch(epoch, from)) {
    const batch = weights.length;
    yield {
      count,
      feeds: {
        images: tensor('float32', [batch, channels, height, width], images),
        targets: tensor('float32', [batch, head.targets.width], targets),
        weights: tensor('float32', [batch], weights),
      },
    };
  }
}

function rateOf(settings: ClassificationSettings, stepsPerEpoch: number) {
  const total = settings.epochs * stepsPerEpoch;
  if (settings.schedule === 'plateau') {
    const mode = settings.watch === 'loss' ? ('min' as const) : ('max' as const);
    const options = { rate: settings.lr, mode, patience: 3 };
    return (_step: number, history: readonly EpochRecord[]) =>
      plateauRate(
        options,
        history.map(({ validation }) => validation[settings.watch] ?? Number.NaN),
      );
  }
  const named = scheduleNamed(settings.schedule, settings.lr);
  const warmSteps = Math.round(settings.warmup * stepsPerEpoch);
  const schedule = warmSteps > 0 ? warmUp(named, { steps: warmSteps }) : named;
  return (step: number) => schedule(step, total);
}

async function writeHistory(file: string, history: readonly EpochRecord[]): Promise<void> {
  await writeFileAtomically(file, history.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Images a second over the last steps, and the seconds that the rest will take at the pace so far. */
function speedMeter(totalSteps: number, doneBefore: number) {
  const begun = performance.now();
  const recent: { at: number; images: number }[] = [];
  let images = 0;
  let steps = 0;
  return (count: number) => {
    const now = performance.now();
    images += count;
    steps++;
    recent.push({ at: now, images });
    if (recent.length > 20) recent.shift();
    const first = recent[0]!;
    const window = now - first.at;
    const left = totalSteps - doneBefore - steps;
    return {
      imagesPerSecond: window > 0 ? ((images - first.images) * 1000) / window : 0,
      secondsLeft: ((now - begun) / 1000 / steps) * Math.max(0, left),
    };
  };
}
