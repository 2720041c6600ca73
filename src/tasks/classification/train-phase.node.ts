import { writeFileAtomically } from '../../atomic-file.node.ts';
import type { Device } from '../../engine/runtime/session.ts';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { isFiniteState, restoreState, saveCheckpoint } from '../../learning/training/checkpoint.node.ts';
import {
  type EpochRecord,
  type Progress,
  type TrainingBatch,
  type TrainingOutcome,
  trainEpochs,
} from '../../learning/training/loop.ts';
import { plateauRate, scheduleNamed, warmUp } from '../../learning/training/schedules.ts';
import { compileStatistics, type StatisticsMeasurer } from '../../learning/training/statistics.ts';
import { compileTrainingStep, type Learning, type TrainingStep } from '../../learning/training/step.ts';
import { writeSafetensors } from '../../learning/weights/safetensors.ts';
import type { BatchLoader } from '../dataset/batches.node.ts';
import { createSampleLoader } from '../dataset/sample-batches.node.ts';
import type { TaskSurroundings } from '../task.ts';
import type { Tracker } from '../tracking/tracker.ts';
import { findPhaseRate } from './find-rate.node.ts';
import { watchOf } from './kind-settings.ts';
import { classifierLearning } from './learning.ts';
import type { Phase } from './phases.ts';
import type { PreparedData } from './prepare.node.ts';
import type { RunFile } from './run-files.ts';
import { sampleFeeds, sampleNames } from './sample-values.ts';
import type { ClassificationSettings } from './settings.ts';
import { speedMeter } from './speed-meter.ts';
import type { NetworkParts } from './starting-point.node.ts';
import { areBySample, featureBatches, featureBytes, featureSteps, storeFeatures } from './stored-features.ts';
import { featureValidator, imageValidator, type Validator } from './validate.node.ts';

/** Seconds between checkpoints within an epoch. */
const CHECKPOINT_SECONDS = 60;
/** Most memory for what frozen layers make of all images. */
const MOST_FEATURE_BYTES = 2 ** 30;
/** Steps after which running statistics have forgotten what they began with. */
const YOUNG_STEPS = 200;
/** Batches by which statistics are measured, and the number from which their epochs count, far above the training's. */
const MEASURED_BATCHES = 20;
const MEASURED_EPOCHS = 2_000_000;

/** A run in progress: what all of its phases share. */
export interface Run {
  readonly data: PreparedData;
  readonly settings: ClassificationSettings;
  readonly parts: NetworkParts;
  /** Identifies data and settings, so that a checkpoint of another run is refused. */
  readonly hash: string;
  readonly file: (name: RunFile) => string;
  readonly around: TaskSurroundings;
  readonly tracker: Tracker;
  /** Of all phases. */
  readonly epochs: number;
}

/** Where a phase begins. */
export interface PhaseStart {
  readonly weights: ReadonlyMap<string, Tensor>;
  /** A checkpoint's state to go on from. */
  readonly restored?: ReadonlyMap<string, Tensor> | undefined;
}

/** Trains one phase, from its first epoch or from where a checkpoint left it. */
export async function trainPhase(
  run: Run,
  phase: Phase,
  start: PhaseStart,
  progress: Progress,
): Promise<TrainingOutcome> {
  const { data, settings, around } = run;
  const opened = await openPhase(run, phase, start);
  const { step, source, validator } = opened;
  const epochs = progress.phaseStart + phase.epochs;
  const watch = watchOf(settings, data.head.kind);
  try {
    if (start.restored) restoreState(step.state, start.restored);
    if (phase.lr === 'find' && progress.rate === undefined) {
      around.report({ kind: 'stage', text: 'looking for a learning rate' });
      progress.rate = await findPhaseRate(run, phase, step, source.batches);
    }
    const rate = phase.lr === 'find' ? progress.rate! : phase.lr; // found just above, or in the run that is resumed
    const done = progress.epoch * source.stepsPerEpoch + progress.step;
    const meter = speedMeter(run.epochs * source.stepsPerEpoch, done);
    const save = checkpointing(run, step, progress);
    if (!start.restored) await save.now();
    around.report({ kind: 'stage', text: `training${phaseLabel(settings, phase)}` });
    const rateAt = scheduled(run, rate, phase.epochs * source.stepsPerEpoch, source.stepsPerEpoch);
    return await trainEpochs(
      {
        step,
        ...(settings.phases.length > 0 ? { phase: phase.name } : {}),
        epochs,
        stepsPerEpoch: source.stepsPerEpoch,
        batches: source.batches,
        rate: (at, history) =>
          rateAt(at - progress.phaseStart * source.stepsPerEpoch, history.slice(progress.phaseStart)),
        async validate() {
          await opened.measure?.(progress);
          return validator.figures(step.weights());
        },
        stopping: {
          ...watch,
          patience: phase.patience > 0 && !settings.refit ? phase.patience : Number.POSITIVE_INFINITY,
        },
        async onStep(event) {
          run.tracker.step({
            step: event.epoch * source.stepsPerEpoch + event.step,
            loss: event.loss,
            rate: event.rate,
          });
          around.report({
            kind: 'step',
            epoch: event.epoch,
            epochs: run.epochs,
            step: event.step,
            steps: source.stepsPerEpoch,
            loss: event.loss,
            ...meter(event.count),
            metricName: watch.metric,
            metric: progress.history.at(-1)?.validation[watch.metric],
          });
          if (around.signal?.aborted) {
            await save.now();
            return 'stop';
          }
          await save.sometimes();
          return undefined;
        },
        async onEpoch(record, improved) {
          // A figure that is not a number improves on nothing; the first epoch is kept all the same.
          if (improved || record.epoch === 0 || settings.refit)
            await writeFileAtomically(run.file('best'), writeSafetensors(step.weights()));
          await writeHistory(run.file('history'), progress.history);
          await save.now();
          run.tracker.epoch(record);
          const { epoch, trainLoss, validation, seconds } = record;
          around.report({
            kind: 'epoch',
            epoch,
            epochs: run.epochs,
            trainLoss,
            validation,
            improved,
            seconds,
          });
        },
      },
      progress,
    );
  } finally {
    await opened.close();
  }
}

function learningOf(
  { data, settings }: Pick<Run, 'data' | 'settings'>,
  phase: Phase,
  weights: PhaseStart['weights'],
): Learning {
  return {
    ...classifierLearning(data, settings),
    ...(weights.size > 0 ? { weights: { tensors: weights, missing: 'initialize' } } : {}),
    frozen: phase.frozen,
    keepsStatistics: phase.keepsStatistics,
    rateFactor: phase.rateFactor,
    ...(phase.augment ? {} : { unchangingSamples: sampleNames(data) }),
  };
}

const placeOf = ({ settings, around }: Pick<Run, 'settings' | 'around'>) => ({
  runtime: around.runtime,
  device: settings.device as Device, // open() refuses what the machine does not have
  ...(settings.threads ? { threads: settings.threads } : {}),
});

const augmentationOf = ({ augment, augmentVolumes }: ClassificationSettings) => ({
  recipe: augment,
  ...(augmentVolumes ? { volumeRecipe: augmentVolumes } : {}),
});

/** Where a phase's batches come from: images, or what frozen layers made of them. */
interface BatchSource {
  readonly stepsPerEpoch: number;
  readonly batches: (epoch: number, fromStep: number) => AsyncIterable<TrainingBatch>;
}

async function openPhase(run: Run, phase: Phase, { weights }: PhaseStart) {
  const { data, settings, around } = run;
  const common = {
    dataset: data.dataset,
    batchSize: settings.batch,
    seed: settings.seed,
    inputs: data.inputs,
    clinical: data.clinical,
    ...(around.imageCache ? { diskCache: around.imageCache } : {}),
  };
  const balance =
    settings.imbalance === 'oversample' || settings.imbalance === 'undersample' ? settings.imbalance : 'none';
  const training = await createSampleLoader({
    ...common,
    samples: data.splits.train,
    ...(phase.augment ? augmentationOf(settings) : {}),
    balance,
    targets: data.head.targets,
  });
  const checking = await createSampleLoader({ ...common, samples: data.splits.validation, shuffle: false });
  const step = await compileTrainingStep(learningOf(run, phase, weights), placeOf(run));
  const close = async () => {
    await step.close();
    await training.close();
    await checking.close();
  };
  const place = { data, loader: checking, around, settings };
  let source: BatchSource = {
    stepsPerEpoch: training.stepsPerEpoch,
    batches: (epoch, from) => imageBatches(data, training, epoch, from),
  };
  let validator: Validator = imageValidator(place);
  try {
    const { features } = step;
    if (features) {
      const bytes = featureBytes(features.features, settings.batch, data.splits.train.length);
      if (!areBySample(features.features, settings.batch) || bytes > MOST_FEATURE_BYTES) {
        // They are made anew in every step: the same numbers, more slowly.
        around.report({
          kind: 'note',
          text: `what the frozen layers give takes ${Math.round(bytes / 2 ** 20)} MB and is not kept`,
        });
        source = { ...source, batches: (epoch, from) => computedFeatures(data, training, step, epoch, from) };
      } else {
        around.report({ kind: 'stage', text: 'computing what the frozen layers give, once' });
        const plain = await createSampleLoader({ ...common, samples: data.splits.train, shuffle: false });
        const stored = await storeFeatures(plain, data.splits.train.length, features.features, (batch) =>
          features.run(sampleFeeds(data, batch)),
        ).finally(() => plain.close());
        const options = {
          dataset: data.dataset,
          samples: data.splits.train,
          seed: settings.seed,
          balance,
          batchSize: settings.batch,
          targets: data.head.targets,
        } as const;
        source = {
          stepsPerEpoch: featureSteps(options),
          batches: (epoch, from) => featureBatches(stored, options, epoch, from),
        };
        validator =
          (await featureValidator(place, step.weights(), changing(run, phase), MOST_FEATURE_BYTES)) ??
          validator;
      }
    }
    const measurer = await openStatistics(run, phase, step, weights);
    const measure =
      measurer &&
      ((progress: Progress) => {
        const young = progress.epoch * source.stepsPerEpoch < YOUNG_STEPS;
        if (settings.statistics === 'auto' && !young) return Promise.resolve();
        const epoch = MEASURED_EPOCHS + progress.epoch;
        return measurer.measure(first(imageBatches(data, training, epoch, 0), MEASURED_BATCHES));
      });
    const closeAll = async () => {
      await measurer?.close();
      await close();
    };
    return { step, source, validator, measure, close: closeAll };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openStatistics(
  { data, settings, around }: Run,
  phase: Phase,
  step: TrainingStep,
  weights: PhaseStart['weights'],
): Promise<StatisticsMeasurer | undefined> {
  // A moving average has statistics of its own.
  if (settings.statistics === 'running' || settings.ema > 0) return undefined;
  return compileStatistics(
    learningOf({ data, settings }, phase, weights),
    step.state,
    placeOf({ settings, around }),
  );
}

async function* first<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let taken = 0;
  for await (const item of items) {
    yield item;
    if (++taken === count) return;
  }
}

/** Names of all that training changes: parameters and running statistics. */
function changing({ parts }: Run, phase: Phase): ReadonlySet<string> {
  const layer = (name: string) => name.slice(0, name.lastIndexOf('.'));
  return new Set([
    ...parts.parameters.map(({ name }) => name).filter((name) => !phase.frozen(name)),
    ...parts.buffers.map(({ name }) => name).filter((name) => !phase.keepsStatistics(layer(name))),
  ]);
}

async function* imageBatches(
  data: PreparedData,
  loader: BatchLoader,
  epoch: number,
  from: number,
): AsyncGenerator<TrainingBatch> {
  for await (const batch of loader.epoch(epoch, from)) {
    const { targets, weights, count } = batch;
    yield {
      count,
      feeds: {
        ...sampleFeeds(data, batch),
        targets: tensor('float32', [weights.length, data.head.targets.width], targets),
        weights: tensor('float32', [weights.length], weights),
      },
    };
  }
}

async function* computedFeatures(
  data: PreparedData,
  loader: BatchLoader,
  step: TrainingStep,
  epoch: number,
  from: number,
): AsyncGenerator<TrainingBatch> {
  for await (const { count, feeds } of imageBatches(data, loader, epoch, from)) {
    const names = new Set(sampleNames(data));
    const part = (ofSamples: boolean) =>
      Object.fromEntries(Object.entries(feeds).filter(([name]) => names.has(name) === ofSamples));
    yield { count, feeds: { ...part(false), ...(await step.features!.run(part(true))) } };
  }
}

function scheduled({ data, settings }: Run, lr: number, total: number, stepsPerEpoch: number) {
  if (settings.schedule === 'plateau') {
    const { metric, mode } = watchOf(settings, data.head.kind);
    const options = { rate: lr, mode, patience: 3 };
    return (_step: number, history: readonly EpochRecord[]) =>
      plateauRate(
        options,
        history.map(({ validation }) => validation[metric] ?? Number.NaN),
      );
  }
  const named = scheduleNamed(settings.schedule, lr);
  const warmSteps = Math.round(settings.warmup * stepsPerEpoch);
  const schedule = warmSteps > 0 ? warmUp(named, { steps: warmSteps }) : named;
  return (step: number) => schedule(step, total);
}

function checkpointing({ file, hash }: Run, step: TrainingStep, progress: Progress) {
  let savedAt = performance.now();
  const now = async () => {
    // Weights that a step has just ruined are not saved over good ones; the next step's loss tells of them.
    if (!isFiniteState(step.state)) return;
    await saveCheckpoint(file('checkpoint'), step.state, progress, hash);
    savedAt = performance.now();
  };
  const sometimes = async () => {
    if (performance.now() - savedAt > CHECKPOINT_SECONDS * 1000) await now();
  };
  return { now, sometimes };
}

const phaseLabel = ({ phases }: ClassificationSettings, { name }: Phase): string =>
  phases.length > 0 ? `: ${name}` : '';

async function writeHistory(file: string, history: readonly EpochRecord[]): Promise<void> {
  await writeFileAtomically(file, history.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
