import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { goesOn, halvingRungs, leastSoFar } from '../../learning/selection/search/halving.ts';
import { proposeNew, samplerNamed } from '../../learning/selection/search/samplers.ts';
import type { Values } from '../../learning/selection/search/space.ts';
import { RandomStream } from '../../random.ts';
import type { TaskEvent } from '../task.ts';
import { forgetProcess, waitForLeftBehind, writeProcess } from '../training-process/left-behind.node.ts';
import type { RunningTraining, StartTraining, TrainingEnd } from '../training-process/start-training.node.ts';
import { appendEntry, type JournalEntry, readJournal, type TrialRecord, trialsOf } from './journal.node.ts';
import type { SearchPlan } from './plan.ts';
import { withValues } from './trial-settings.ts';

/** What trials are run with. */
export interface TrialsPlace {
  readonly out: string;
  readonly start: StartTraining;
  readonly report: (event: TaskEvent) => void;
  readonly signal?: AbortSignal;
  /** Seconds of earlier runs of this search. */
  readonly secondsBefore: number;
  /** Called after every trial that ended, with all of them. */
  readonly onTrial: (trials: readonly TrialRecord[]) => Promise<void>;
}

export const journalFile = (out: string): string => path.join(out, 'trials.jsonl');
export const trialFolder = (out: string, number: number): string =>
  path.join(out, 'trials', String(number).padStart(4, '0'));

type StopReason = 'halving' | 'time' | 'interrupt';

/** Trials that fail alike before any gave a figure, after which a search gives up. */
const HOPELESS = 5;

/**
 * Runs trials side by side until there are enough, time is over, or the signal says stop.
 *
 * @throws SEARCH_HOPELESS; DISK_FULL, FILE_NOT_WRITABLE
 */
export async function runTrials(plan: SearchPlan, place: TrialsPlace): Promise<'finished' | 'interrupted'> {
  const search = await openSearch(plan, place);
  const { running, signal } = search;
  const stopAll = (reason: StopReason) => {
    search.closing ??= reason;
    for (const [number, trial] of running) {
      if (!search.reasons.has(number)) search.reasons.set(number, reason);
      trial.handle?.stop();
    }
  };
  const onAbort = () => stopAll('interrupt');
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  const left = plan.minutes === undefined ? undefined : plan.minutes * 60 - place.secondsBefore;
  if (left !== undefined && left <= 0) search.closing ??= 'time';
  const timer =
    left === undefined ? undefined : setTimeout(() => stopAll('time'), Math.min(left * 1000, 2 ** 31 - 1));
  try {
    for (;;) {
      while (!search.closing && running.size < plan.parallel && startNext(search)) {}
      if (running.size === 0) break;
      await Promise.race([...running.values()].map(({ over }) => over));
      if (search.fault !== undefined) throw search.fault;
    }
    return search.closing === 'interrupt' ? 'interrupted' : 'finished';
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    stopAll('interrupt');
    await Promise.allSettled([...running.values()].map(({ over }) => over));
    await search.writing;
  }
}

interface OpenTrial {
  handle?: RunningTraining;
  readonly over: Promise<void>;
}

interface OpenSearch extends TrialsPlace {
  readonly plan: SearchPlan;
  readonly entries: JournalEntry[];
  readonly running: Map<number, OpenTrial>;
  readonly reasons: Map<number, StopReason>;
  /** Trials of an earlier run that had not ended. */
  readonly unfinished: TrialRecord[];
  closing?: StopReason;
  fault?: unknown;
  writing: Promise<void>;
}

async function openSearch(plan: SearchPlan, place: TrialsPlace): Promise<OpenSearch> {
  const entries = await readJournal(journalFile(place.out));
  const unfinished = trialsOf(entries, plan.watch).filter(({ state }) => state === 'running');
  return {
    ...place,
    plan,
    entries,
    unfinished,
    running: new Map(),
    reasons: new Map(),
    writing: Promise.resolve(),
  };
}

const recordsOf = ({ entries, plan }: OpenSearch): TrialRecord[] => trialsOf(entries, plan.watch);

/** Keeps the order of lines; what goes wrong ends the search. */
function write(search: OpenSearch, entry: JournalEntry): Promise<void> {
  search.entries.push(entry);
  search.writing = search.writing
    .then(() => appendEntry(journalFile(search.out), entry))
    .catch((error: unknown) => {
      search.fault ??= error;
    });
  return search.writing;
}

/** Starts what was left unfinished, then new trials. False when there is none to start. */
function startNext(search: OpenSearch): boolean {
  const { plan, unfinished, entries } = search;
  const old = unfinished.shift();
  if (old) {
    launch(search, old.number, old.values);
    return true;
  }
  const records = recordsOf(search);
  if (records.length >= (plan.trials ?? Number.POSITIVE_INFINITY)) return false;
  const number = 1 + entries.reduce((most, { trial }) => Math.max(most, trial), 0);
  const stream = new RandomStream({ seed: plan.seed, purpose: 'search', step: number });
  const values = proposeNew(samplerNamed(plan.sampler), plan.space, records, stream);
  if (!values) {
    if (search.running.size === 0)
      search.report({ kind: 'note', text: 'every configuration of the space has been tried' });
    return false;
  }
  void write(search, { event: 'began', trial: number, values, at: new Date().toISOString() });
  launch(search, number, values);
  return true;
}

function launch(search: OpenSearch, number: number, values: Values): void {
  const work = async () => {
    try {
      await search.writing; // a trial is known before it runs
      const end = await runOne(search, number, values);
      await conclude(search, number, end);
    } catch (error) {
      search.fault ??= error;
    }
  };
  // The map holds the trial before its work begins.
  const trial: OpenTrial = {
    over: Promise.resolve()
      .then(work)
      .finally(() => search.running.delete(number)),
  };
  search.running.set(number, trial);
}

async function runOne(search: OpenSearch, number: number, values: Values): Promise<TrainingEnd> {
  const { plan, out } = search;
  const folder = trialFolder(out, number);
  await waitForLeftBehind(folder);
  const resume = await exists(path.join(folder, 'checkpoint.safetensors'));
  if (!resume) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, folder);
  });
  const whole = {
    ...withValues(plan.settings, values),
    watch: plan.watch.name,
    judge: 'validation',
    refit: false,
  };
  // A run that goes on has its settings with it.
  const request = { data: plan.data, out: folder, settings: resume ? {} : whole, resume };
  if (search.closing) return { kind: 'done', outcome: 'interrupted', test: {}, files: {} };
  const handle = search.start(plan.task, request, (event) => onEpoch(search, number, event));
  const trial = search.running.get(number);
  if (trial) trial.handle = handle;
  if (search.reasons.has(number)) handle.stop();
  if (handle.pid !== undefined) await writeProcess(folder, handle.pid);
  const end = await handle.ended;
  if (resume && end.kind === 'failed' && /^(CHECKPOINT|RUN)_/.test(end.code)) {
    await rm(folder, { recursive: true, force: true });
    return runOne(search, number, values);
  }
  return end;
}

function onEpoch(
  search: OpenSearch,
  number: number,
  {
    epoch,
    validation,
    seconds,
  }: { epoch: number; validation: Readonly<Record<string, number>>; seconds: number },
): void {
  const { plan } = search;
  void write(search, { event: 'epoch', trial: number, epoch, validation, seconds });
  const halving = halvingRungs(plan.epochs);
  const rung = epoch + 1;
  if (plan.pruner !== 'asha' || !halving.rungs.includes(rung)) return;
  const sign = plan.watch.mode === 'min' ? 1 : -1;
  const lossAt = ({ curve }: TrialRecord) => leastSoFar(curve.map((value) => sign * value))[rung - 1];
  const records = recordsOf(search);
  const own = records.find((record) => record.number === number);
  const others = records.filter((record) => record.number !== number && record.curve.length >= rung);
  const losses = others.map(lossAt).filter((loss) => loss !== undefined && !Number.isNaN(loss));
  if (!own || goesOn(halving, lossAt(own) ?? Number.NaN, losses as number[])) return; // undefined was left out
  if (!search.reasons.has(number)) search.reasons.set(number, 'halving');
  search.running.get(number)?.handle?.stop();
}

async function conclude(search: OpenSearch, number: number, end: TrainingEnd): Promise<void> {
  const reason = search.reasons.get(number);
  const record = recordsOf(search).find((one) => one.number === number);
  const interrupted = end.kind === 'done' && end.outcome === 'interrupted';
  // What was interrupted goes on when the search is resumed.
  if (reason === 'interrupt' && (interrupted || (end.kind === 'failed' && end.code === 'TRIAL_CRASHED')))
    return;
  const at = new Date().toISOString();
  const entry = { event: 'ended', trial: number, at } as const;
  if (end.kind === 'failed')
    await write(search, { ...entry, state: 'failed', code: end.code, message: end.message });
  else if (record?.loss === undefined) {
    const message = `TRIAL_NO_FIGURE: no epoch gave a figure '${search.plan.watch.name}' that is a number.`;
    await write(search, { ...entry, state: 'failed', code: 'TRIAL_NO_FIGURE', message });
  } else await write(search, { ...entry, state: interrupted ? 'stopped' : 'finished' });
  // Weights and the optimizer's state are of no use any more; the winner is trained anew.
  for (const name of ['checkpoint.safetensors', 'best.safetensors']) {
    await rm(path.join(trialFolder(search.out, number), name), { force: true });
  }
  await forgetProcess(trialFolder(search.out, number));
  await tell(search, number);
}

async function tell(search: OpenSearch, number: number): Promise<void> {
  const records = recordsOf(search);
  const { plan, report } = search;
  const { state, best, epochs, code } = records.find((one) => one.number === number)!;
  const figure = best === undefined ? code : `${plan.watch.name} ${best.toFixed(4)}`;
  report({ kind: 'stage', text: `trial ${number}: ${figure}, ${epochs} epochs, ${state}` });
  const ended = records.filter((one) => one.state !== 'running');
  if (plan.trials !== undefined)
    report({ kind: 'count', text: 'trials', done: ended.length, of: plan.trials });
  await search.onTrial(records);
  const codes = new Set(ended.map((one) => one.code));
  if (ended.length < HOPELESS || codes.size > 1 || codes.has(undefined)) return;
  const last = ended.at(-1)!;
  search.fault ??= new HounsfieldError(
    'SEARCH_HOPELESS',
    `the first ${ended.length} trials all failed alike: ${last.message} Mend this, then search into a new folder.`,
  );
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
