import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import type { SamplerName } from '../src/learning/selection/search/samplers.ts';
import type { SearchSpace } from '../src/learning/selection/search/space.ts';
import { writePhantomDataset } from '../src/tasks/dataset/phantom-files.node.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import { readJournal, trialsOf } from '../src/tasks/search/journal.node.ts';
import { bestTrial, type PrunerName, type SearchPlan } from '../src/tasks/search/plan.ts';
import { journalFile, runTrials } from '../src/tasks/search/run-trials.node.ts';
import type { StartTraining, TrainingEnd } from '../src/tasks/training-process/start-training.node.ts';

export const trainingSpace: SearchSpace = {
  lr: { type: 'float', low: 1e-5, high: 1, scale: 'log' },
  optimizer: { choices: ['sgd', 'adam', 'adamw', 'rmsprop'] },
  momentum: { type: 'float', low: 0, high: 0.98, when: { optimizer: 'sgd' } },
  weightDecay: { type: 'float', low: 1e-5, high: 1, scale: 'log', when: { optimizer: 'adamw' } },
  batch: { type: 'int', low: 8, high: 64, step: 8 },
  labelSmoothing: { type: 'float', low: 0, high: 0.3 },
};

export const trainingEpochs = 9;

const settings = {
  network: 'small-cnn',
  size: 16,
  epochs: trainingEpochs,
  threads: 1,
  augment: {},
  allowDuplicates: 'near',
  watch: 'loss',
  split: { train: 0.5, validation: 0.3, test: 0.2 },
} as const;

/** Phantom chest CT of sixty patients, three slices each, 32 pixels; goes away with the folder. */
export async function trainingData(): Promise<{ data: string; folder: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-bench-search-'));
  const options = { seed: 3, patients: 60, slicesPerPatient: 3, size: 32 };
  return { folder, data: await writePhantomDataset(path.join(folder, 'phantom'), options) };
}

/** The least validation loss of a finished trial once so many epochs were trained, one trial at a time. */
export async function trainedLoss(
  place: { data: string; folder: string },
  sampler: SamplerName,
  pruner: PrunerName,
  seed: number,
  epochs: number,
): Promise<number> {
  const out = await mkdtemp(path.join(place.folder, 'search-'));
  const plan: SearchPlan = {
    task: 'classification',
    data: place.data,
    space: trainingSpace,
    settings,
    sampler,
    pruner,
    seed,
    trials: 10_000,
    parallel: 1,
    epochs: trainingEpochs,
    watch: { name: 'loss', mode: 'min' },
    retrain: false,
  };
  const spent = new AbortController();
  let left = epochs;
  const start: StartTraining = (task, request, onEpoch) =>
    inThisProcess(task, request, (event) => {
      onEpoch(event);
      if (--left <= 0) spent.abort();
    });
  const quiet = { report: () => {}, onTrial: async () => {}, secondsBefore: 0 };
  await runTrials(plan, { ...quiet, out, start, signal: spent.signal });
  const best = bestTrial(trialsOf(await readJournal(journalFile(out)), plan.watch));
  await rm(out, { recursive: true });
  return best?.loss ?? Number.POSITIVE_INFINITY;
}

/** A trial without a process of its own: quicker for trainings of a second. */
const inThisProcess: StartTraining = (task, request, onEpoch) => {
  const stop = new AbortController();
  const report = (event: { kind: string }) => {
    const { kind, ...epoch } = event as { kind: string } & Parameters<typeof onEpoch>[0]; // an epoch's fields, checked next
    if (kind === 'epoch') onEpoch({ ...epoch, kind: 'epoch' });
  };
  const ended = taskNamed(task)
    .train(request, { runtime: nodeRuntime, report, signal: stop.signal })
    .then(
      ({ outcome, test, files }): TrainingEnd => ({ kind: 'done', outcome, test, files }),
      (error: unknown): TrainingEnd => {
        const message = error instanceof Error ? error.message : String(error);
        const code = message.split(':')[0]!;
        return code === 'INTERRUPTED'
          ? { kind: 'done', outcome: 'interrupted', test: {}, files: {} }
          : { kind: 'failed', code, message };
      },
    );
  return { ended, stop: () => stop.abort(), kill: () => stop.abort() };
};
