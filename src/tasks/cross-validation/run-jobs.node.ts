import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import type { NamedParts } from '../dataset/parts.ts';
import type { TaskSurroundings } from '../task.ts';
import { forgetProcess, waitForLeftBehind, writeProcess } from '../training-process/left-behind.node.ts';
import type { RunningTraining, StartTraining, TrainingEnd } from '../training-process/start-training.node.ts';

/** One training run of a cross-validation. */
export interface Job {
  /** For people: 'fold-01', 'fold-01, inner-2, gentle'. */
  readonly name: string;
  readonly folder: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly parts: NamedParts;
}

/** What jobs are run with. */
export interface JobsPlace {
  readonly task: string;
  readonly data: string;
  readonly parallel: number;
  readonly start: StartTraining;
  readonly around: Pick<TaskSurroundings, 'report' | 'signal'>;
}

/** How a job ended: finished now or before, or failed. */
export interface JobEnd {
  readonly job: Job;
  readonly failed?: { readonly code: string; readonly message: string };
}

const DONE = 'fold.json';
const PARTS = 'parts.json';

/** Whether a job has ended before. */
export async function isDone({ folder }: Job): Promise<boolean> {
  return exists(path.join(folder, DONE));
}

/**
 * Runs jobs, some at a time. What has ended before is left as it is; what was interrupted goes on from its checkpoint.
 *
 * @param onFailure 'stop' ends all at the first that fails; 'go-on' tells of it at the end
 * @returns undefined when interrupted
 * @throws FOLD_FAILED; DISK_FULL, FILE_NOT_WRITABLE
 */
export async function runJobs(
  jobs: readonly Job[],
  place: JobsPlace,
  onFailure: 'stop' | 'go-on',
  onDone: (end: JobEnd) => void = () => {},
): Promise<JobEnd[] | undefined> {
  const { signal } = place.around;
  const running = new Set<RunningTraining>();
  const ends: JobEnd[] = [];
  let next = 0;
  let fault: unknown;
  let stopped = signal?.aborted ?? false;
  const stopAll = () => {
    stopped = true;
    for (const training of running) training.stop();
  };
  signal?.addEventListener('abort', stopAll);
  const work = async () => {
    while (!stopped && next < jobs.length) {
      const index = next++;
      const job = jobs[index]!;
      try {
        const end = await runJob(job, place, running, () => stopped);
        if (!end) continue;
        if (end.failed && onFailure === 'stop') throw failed(job, end.failed.message);
        ends[index] = end;
        onDone(end);
      } catch (error) {
        fault ??= error;
        stopAll();
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(place.parallel, jobs.length) }, work));
  } finally {
    signal?.removeEventListener('abort', stopAll);
  }
  if (fault !== undefined) throw fault;
  return stopped ? undefined : ends;
}

const failed = ({ name, folder }: Job, message: string): HounsfieldError =>
  new HounsfieldError(
    'FOLD_FAILED',
    `${name} (${folder}) failed: ${message} Folds that were finished are kept: mend this and go on with --resume.`,
  );

/** Undefined when it was interrupted. */
async function runJob(
  job: Job,
  place: JobsPlace,
  running: Set<RunningTraining>,
  isStopped: () => boolean,
): Promise<JobEnd | undefined> {
  if (await isDone(job)) return { job };
  const { folder } = job;
  await waitForLeftBehind(folder);
  const resume = await exists(path.join(folder, 'checkpoint.safetensors'));
  if (!resume) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, folder);
  });
  const parts = path.join(folder, PARTS);
  await writeFileAtomically(parts, `${JSON.stringify(job.parts, null, 1)}\n`);
  const settings = { ...job.settings, parts };
  if (isStopped()) return undefined;
  const training = place.start(place.task, { data: place.data, out: folder, settings, resume }, () => {});
  running.add(training);
  if (isStopped()) training.stop();
  if (training.pid !== undefined) await writeProcess(folder, training.pid);
  const end = await training.ended;
  running.delete(training);
  if (end.kind === 'failed') {
    if (isStopped()) return undefined;
    // A checkpoint of other settings or of another version: this fold begins anew.
    if (resume && /^(CHECKPOINT|RUN)_/.test(end.code)) {
      await rm(folder, { recursive: true, force: true });
      return runJob(job, place, running, isStopped);
    }
    return { job, failed: { code: end.code, message: end.message } };
  }
  if (end.outcome === 'interrupted') return undefined;
  await conclude(job, end);
  return { job };
}

/** What is needed to go on is of no use any more. */
async function conclude({ folder }: Job, end: Extract<TrainingEnd, { kind: 'done' }>): Promise<void> {
  await writeFileAtomically(path.join(folder, DONE), `${JSON.stringify({ outcome: end.outcome })}\n`);
  for (const name of ['checkpoint.safetensors', 'best.safetensors', 'phase-start.safetensors'])
    await rm(path.join(folder, name), { force: true });
  await forgetProcess(folder);
}

/** A JSON file that a finished job wrote, of the form that `is` tells. @throws FOLD_DAMAGED */
export async function readJobFile<T>(
  folder: string,
  name: string,
  is: (value: unknown) => value is T,
): Promise<T> {
  const file = path.join(folder, name);
  const text = await readFile(file, 'utf8').catch(() => '');
  const value = parsed(text);
  if (is(value)) return value;
  throw new HounsfieldError(
    'FOLD_DAMAGED',
    `${file} is missing or damaged, though the fold was finished. Remove ${folder} and give the command with --resume.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
