import type { Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { type EarlyStopping, type EarlyStoppingState, observe } from './early-stopping.ts';
import type { TrainingStep } from './step.ts';

/** Where a run stands: enough, with the state's tensors, to go on as if it had never stopped. */
export interface Progress {
  /** Place of the phase under way among the run's phases, and the epochs done when it began. */
  phase: number;
  phaseStart: number;
  /** Learning rate that was found for it, where one was looked for. */
  rate?: number | undefined;
  /** Epochs done. */
  epoch: number;
  /** Steps done within the epoch under way. */
  step: number;
  /** Sum of losses of the epoch under way, weighted by samples, and the samples so far. */
  lossSum: number;
  sampleCount: number;
  history: EpochRecord[];
  stopping: EarlyStoppingState | undefined;
}

/** One row of history. */
export interface EpochRecord {
  readonly epoch: number;
  /** Name of the phase that it is part of, where a run has phases. */
  readonly phase?: string;
  readonly trainLoss: number;
  readonly learningRate: number;
  readonly validation: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Seconds of these in which the step waited for the next batch. */
  readonly waitedSeconds: number;
}

export interface TrainingBatch {
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Samples that count (without padding). */
  readonly count: number;
}

export interface TrainingPlan {
  readonly step: TrainingStep;
  readonly phase?: string;
  /** The run ends when so many are done, those before it among them. */
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Batches of an epoch, from a step on; the same batches each time it is asked. */
  readonly batches: (epoch: number, fromStep: number) => AsyncIterable<TrainingBatch>;
  /** Learning rate of the n-th step of the whole run; the history is for schedules that react to it. */
  readonly rate: (step: number, history: readonly EpochRecord[]) => number;
  /** Figures on the validation set with the state as it is. */
  readonly validate: () => Promise<Readonly<Record<string, number>>>;
  readonly stopping?: EarlyStopping;
  /** Called after each step; returning 'stop' ends the run there, to be resumed later. */
  readonly onStep?: (event: StepEvent, progress: Progress) => Promise<'stop' | undefined>;
  /** Called after each epoch with its record. `improved`: the watched figure is the best so far. */
  readonly onEpoch?: (record: EpochRecord, improved: boolean, progress: Progress) => Promise<void>;
}

export interface StepEvent {
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly rate: number;
  readonly count: number;
}

export type TrainingOutcome = 'finished' | 'stopped-early' | 'interrupted';

export const startProgress = (): Progress => ({
  phase: 0,
  phaseStart: 0,
  epoch: 0,
  step: 0,
  lossSum: 0,
  sampleCount: 0,
  history: [],
  stopping: undefined,
});

/**
 * The training loop: batches in, steps run, validation after every epoch, until the epochs are done, the watched
 * figure stops improving, or somebody asks to stop. `progress` is brought up to date as it goes.
 *
 * @throws LOSS_NOT_FINITE naming epoch and step, when the loss is NaN or infinite
 */
export async function trainEpochs(plan: TrainingPlan, progress: Progress): Promise<TrainingOutcome> {
  if (plan.stopping && progress.stopping && progress.stopping.waited >= plan.stopping.patience)
    return 'stopped-early';
  while (progress.epoch < plan.epochs) {
    const { epoch } = progress;
    const begun = performance.now();
    let waitedSince = begun;
    let waited = 0;
    let rate = plan.rate(epoch * plan.stepsPerEpoch, progress.history);

    for await (const batch of plan.batches(epoch, progress.step)) {
      const { step } = progress;
      waited += performance.now() - waitedSince;
      rate = plan.rate(epoch * plan.stepsPerEpoch + step, progress.history);
      const loss = await plan.step.run(batch.feeds, rate, {
        epoch,
        step,
        last: step === plan.stepsPerEpoch - 1,
      });
      if (!Number.isFinite(loss)) throw lossNotFinite(loss, epoch, step, rate);
      progress.step++;
      progress.lossSum += loss * batch.count;
      progress.sampleCount += batch.count;
      const answer = await plan.onStep?.({ epoch, step, loss, rate, count: batch.count }, progress);
      if (answer === 'stop' && progress.step < plan.stepsPerEpoch) return 'interrupted';
      waitedSince = performance.now();
    }

    const validation = await plan.validate();
    const validationLoss = validation['loss'] ?? 0;
    if (!Number.isFinite(validationLoss)) throw lossNotFinite(validationLoss, epoch, progress.step, rate);
    const record: EpochRecord = {
      epoch,
      ...(plan.phase ? { phase: plan.phase } : {}),
      trainLoss: progress.lossSum / progress.sampleCount,
      learningRate: rate,
      validation,
      seconds: (performance.now() - begun) / 1000,
      waitedSeconds: waited / 1000,
    };
    progress.history.push(record);
    Object.assign(progress, { epoch: epoch + 1, step: 0, lossSum: 0, sampleCount: 0 });
    const judged = plan.stopping ? observe(plan.stopping, progress.stopping, record) : undefined;
    progress.stopping = judged?.state;
    await plan.onEpoch?.(record, judged?.improved ?? true, progress);
    if (judged?.stop) return 'stopped-early';
  }
  return 'finished';
}

function lossNotFinite(loss: number, epoch: number, step: number, rate: number): HounsfieldError {
  return new HounsfieldError(
    'LOSS_NOT_FINITE',
    `the loss is ${loss} at epoch ${epoch + 1}, step ${step + 1}, learning rate ${rate}. ` +
      'The last checkpoint is kept. Lower the learning rate (--lr), clip gradients (--clip), or look for images with extreme values (inspect).',
  );
}
