import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { loadCheckpoint } from '../../learning/training/checkpoint.node.ts';
import { type Progress, startProgress, type TrainingOutcome } from '../../learning/training/loop.ts';
import { readSafetensors, writeSafetensors } from '../../learning/weights/safetensors.ts';
import { version } from '../../version.node.ts';
import type { TaskSurroundings, TrainRequest, TrainResult } from '../task.ts';
import { trackersFrom } from '../tracking/trackers.node.ts';
import { finishRun } from './finish-run.node.ts';
import { describePhase, type Phase, planPhases, totalEpochs } from './phases.ts';
import { type PreparedData, prepareData } from './prepare.node.ts';
import { runFiles } from './run-files.ts';
import { type ClassificationSettings, completeSettings } from './settings.ts';
import { networkParts, openWeights, startingPoint } from './starting-point.node.ts';
import { type PhaseStart, type Run, trainPhase } from './train-phase.node.ts';
import { unfoldedWeights } from './unfold.node.ts';

/**
 * Trains a classifier from a folder of labelled images to a model file, its figures and a report.
 * See Task.train; throws what prepareData throws, RUN_EXISTS, and what a training run can end in.
 */
export async function trainClassifier(
  request: TrainRequest,
  surroundings: TaskSurroundings,
): Promise<TrainResult> {
  const around = stoppable(surroundings);
  const file: Run['file'] = (name) => path.join(request.out, runFiles[name]);
  const settings = await settingsOf(request, file('config'));
  await requireFreshFolder(request, file('checkpoint'), file('model'));
  const tracker = trackersFrom(settings.track, { note: (text) => around.report({ kind: 'note', text }) });
  try {
    return await trackedRun(request, settings, { file, around, tracker });
  } catch (error) {
    tracker.finish('failed', {}, {});
    throw error;
  } finally {
    await tracker.close();
  }
}

type Place = Pick<Run, 'file' | 'around' | 'tracker'>;

async function trackedRun(
  request: TrainRequest,
  settings: ClassificationSettings,
  place: Place,
): Promise<TrainResult> {
  const { file, around, tracker } = place;
  around.report({ kind: 'stage', text: 'checking the data' });
  const loaded = await openWeights(settings);
  const data = await prepareData(request.data, settings, around.report, loaded?.input);
  const parts = networkParts(data);
  const { head, heads = head, blocks } = data.network;
  const phases = planPhases(settings, parts.parameters, heads, blocks);
  const run: Run = {
    ...place,
    data,
    settings,
    parts,
    hash: runHash(settings, data),
    epochs: totalEpochs(phases),
  };
  const { imported } = data.network;
  if (imported)
    for (const text of [imported.describe, ...imported.notes]) around.report({ kind: 'note', text });
  let weights = request.resume ? new Map<string, Tensor>() : await unfoldedWeights(data, settings, around);
  if (loaded) {
    const start = startingPoint(loaded, parts, data.network);
    weights = start.tensors;
    for (const text of start.text.split('\n')) around.report({ kind: 'note', text });
  }
  if (settings.phases.length > 0) {
    for (const phase of phases) around.report({ kind: 'note', text: describePhase(phase) });
  }
  await makeFolder(request.out);
  if (around.imageCache) {
    const text = `decoded images are kept in ${around.imageCache.folder} for the next run (HOUNSFIELD_CACHE=off keeps none, 'hounsfield cache --clear' removes them)`;
    around.report({ kind: 'note', text });
  }
  const resumed = request.resume ? await loadCheckpoint(file('checkpoint'), run.hash) : undefined;
  const progress = { ...startProgress(), ...resumed?.progress };
  if (resumed) {
    const text = `resumed at epoch ${progress.epoch + 1}, step ${progress.step + 1}`;
    around.report({ kind: 'note', text });
  }
  // Only now: what is refused on resuming leaves the old settings as they were.
  const stored = { data: request.data, ...settings };
  await writeFileAtomically(file('config'), `${JSON.stringify(stored, null, 2)}\n`);
  tracker.start(describeRun(request.out, run, progress));
  const outcome = await trainPhases(run, phases, { weights, restored: resumed?.tensors }, progress);
  if (outcome === 'interrupted') {
    tracker.finish(outcome, {}, {});
    return { outcome, files: { checkpoint: file('checkpoint') }, test: {} };
  }
  const best = readSafetensors(await readFile(file('best')));
  const test = await finishRun({ data, settings, weights: best.tensors, progress, outcome, file, around });
  const names = Object.keys(runFiles) as (keyof typeof runFiles)[]; // exactly the table's keys
  const written: Record<string, string> = {};
  for (const name of names) if (await exists(file(name))) written[name] = file(name);
  tracker.finish(outcome, test, written);
  return { outcome, files: written, test };
}

/** One phase after the other; each begins with the best weights so far. */
async function trainPhases(
  run: Run,
  phases: readonly Phase[],
  first: PhaseStart,
  progress: Progress,
): Promise<TrainingOutcome> {
  const { file } = run;
  let outcome: TrainingOutcome = 'finished';
  let start = first;
  // What a phase began with is needed to go on with it: frozen weights are in no checkpoint.
  if (first.restored && (await exists(file('start')))) {
    start = { ...first, weights: readSafetensors(await readFile(file('start'))).tensors };
  }
  for (const [i, phase] of phases.entries()) {
    if (i < progress.phase) continue;
    if (i > progress.phase) {
      const { tensors } = readSafetensors(await readFile(file('best')));
      start = { weights: tensors };
      Object.assign(progress, { phase: i, phaseStart: progress.epoch, rate: undefined });
      if (progress.stopping) progress.stopping = { ...progress.stopping, waited: 0 };
    }
    if (!start.restored && start.weights.size > 0) {
      await writeFileAtomically(file('start'), writeSafetensors(start.weights));
    }
    outcome = await trainPhase(run, phase, start, progress);
    if (outcome === 'interrupted') return outcome;
  }
  return outcome;
}

function describeRun(folder: string, { data, settings }: Run, progress: Progress) {
  const { splits, fingerprint } = data;
  const { train, validation, test } = splits;
  const stepsPerEpoch = Math.ceil(train.length / settings.batch);
  return {
    folder,
    task: 'classification',
    network: data.network.name,
    settings: { ...settings },
    data: {
      fingerprint: data.contentHash,
      counts: {
        train: train.length,
        validation: validation.length,
        test: test.length,
        images: fingerprint.images,
      },
    },
    stepsPerEpoch,
    versions: { hounsfield: version, node: process.versions.node },
    ...(progress.epoch + progress.step > 0
      ? { resumedAtStep: progress.epoch * stepsPerEpoch + progress.step }
      : {}),
  };
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
    if (await exists(name)) {
      throw new HounsfieldError(
        'RUN_EXISTS',
        `${out} already holds a run (${path.basename(name)}). Go on with --resume, or choose another folder for --out.`,
      );
    }
  }
}

const exists = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => undefined)) !== undefined;

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw writeError(cause, folder);
  }
}

/** Identifies what a checkpoint belongs to; what does not change the weights is left out. */
function runHash(settings: ClassificationSettings, data: PreparedData): string {
  const { intendedUse: _use, language: _language, track: _track, judge: _judge, ...relevant } = settings;
  const sorted = Object.entries(relevant).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = JSON.stringify([sorted, data.contentHash, data.splitHashes, data.dataset.classes]);
  return createHash('sha256').update(content).digest('hex');
}
