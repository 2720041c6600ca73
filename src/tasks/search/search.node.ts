import { mkdir, readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { parameterImportance } from '../../learning/selection/search/importance.ts';
import { parseSpace } from '../../learning/selection/search/space.ts';
import { RandomStream } from '../../random.ts';
import { watchOf } from '../classification/kind-settings.ts';
import { prepareData } from '../classification/prepare.node.ts';
import { type ClassificationSettings, completeSettings } from '../classification/settings.ts';
import type { TaskSurroundings } from '../task.ts';
import { lockFolder } from '../training-process/left-behind.node.ts';
import { type StartTraining, startTrainingProcess } from '../training-process/start-training.node.ts';
import { readJournal, type TrialRecord, trialsOf } from './journal.node.ts';
import { bestTrial, type SearchPlan, type SearchRequest, type SearchResult, type Winner } from './plan.ts';
import { journalFile, runTrials } from './run-trials.node.ts';
import { searchPage } from './search-page.ts';
import { settingFaults } from './trial-settings.ts';
import { trainWinner } from './winner.node.ts';

/** Trials of a search that names neither their number nor a time. */
const USUAL_TRIALS = 30;

/**
 * Searches settings for a task: trials side by side in processes, each judged on the validation set alone; then the
 * best is trained anew on training and validation part and tested once. The folder holds search.json, search.html,
 * trials.jsonl, a folder for each trial and one for the winner; with `resume` what is there goes on.
 *
 * @throws SEARCH_SPACE, SEARCH_EXISTS, SEARCH_MISSING, SEARCH_RUNNING, SEARCH_OPTIONS, SEARCH_HOPELESS,
 *   SEARCH_NO_TRIAL; SETTINGS_INVALID and what prepareData throws
 */
export async function searchSettings(
  request: SearchRequest,
  around: TaskSurroundings,
  start: StartTraining = startTrainingProcess,
): Promise<SearchResult> {
  const { out } = request;
  const begun = performance.now();
  const stored = request.resume ? await readStored(out) : undefined;
  const plan = stored ? extended(stored.plan, request) : await freshPlan(request, around);
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, out);
  });
  const unlock = await lockFolder(
    path.join(out, 'search.lock'),
    (owner) =>
      new HounsfieldError(
        'SEARCH_RUNNING',
        `process ${owner} searches in ${out}. Wait for it, or choose another folder for --out.`,
      ),
  );
  const secondsBefore = stored?.seconds ?? 0;
  const seconds = () => secondsBefore + (performance.now() - begun) / 1000;
  const write = async (outcome: SearchResult['outcome'], trials: readonly TrialRecord[], winner?: Winner) => {
    const result = resultOf(out, plan, outcome, seconds(), trials, winner);
    await writeFileAtomically(path.join(out, 'search.json'), `${JSON.stringify(result, null, 2)}\n`);
    await writeFileAtomically(path.join(out, 'search.html'), searchPage(result));
    return result;
  };
  const read = async () => trialsOf(await readJournal(journalFile(out)), plan.watch);
  try {
    await write('running', await read(), stored?.winner);
    around.report({ kind: 'stage', text: `searching, ${plan.parallel} at a time` });
    const onTrial = async (trials: readonly TrialRecord[]) =>
      void (await write('running', trials, stored?.winner));
    const outcome = await runTrials(plan, { ...around, out, start, secondsBefore, onTrial });
    const trials = await read();
    if (outcome === 'interrupted') return await write(outcome, trials, stored?.winner);
    const best = bestTrial(trials);
    if (!best) throw noTrial(trials);
    if (!plan.retrain) return await write('finished', trials);
    around.report({
      kind: 'stage',
      text: `training the winner, trial ${best.number}, on training and validation part`,
    });
    const winner = await trainWinner(plan, best, stored?.winner, { out, start, around });
    return await write(winner ? 'finished' : 'interrupted', trials, winner);
  } finally {
    await unlock();
  }
}

function resultOf(
  out: string,
  plan: SearchPlan,
  outcome: SearchResult['outcome'],
  seconds: number,
  trials: readonly TrialRecord[],
  winner: Winner | undefined,
): SearchResult {
  const best = bestTrial(trials);
  const judged = trials.flatMap(({ values, loss, state }) =>
    loss === undefined || state === 'running' ? [] : [{ values, loss }],
  );
  const stream = new RandomStream({ seed: plan.seed, purpose: 'importance' });
  return {
    outcome,
    plan,
    seconds,
    trials,
    ...(best?.best === undefined
      ? {}
      : { best: { trial: best.number, value: best.best, values: best.values } }),
    importance: parameterImportance(plan.space, judged, stream),
    ...(winner ? { winner } : {}),
    files: {
      page: path.join(out, 'search.html'),
      result: path.join(out, 'search.json'),
      trials: journalFile(out),
      ...(winner?.files['model'] ? { model: winner.files['model'] } : {}),
      ...(winner?.files['report'] ? { report: winner.files['report'] } : {}),
    },
  };
}

async function freshPlan(request: SearchRequest, around: TaskSurroundings): Promise<SearchPlan> {
  const { out, task, data, minutes, settings, seed = 1, retrain = true } = request;
  if (await stat(path.join(out, 'search.json')).catch(() => undefined)) {
    throw new HounsfieldError(
      'SEARCH_EXISTS',
      `${out} already holds a search. Go on with --resume, or choose another folder for --out.`,
    );
  }
  requireCounts(request);
  const whole = completeSettings(settings);
  const faults = settingFaults(request.space, settings, completeSettings);
  const space = parseSpace(request.space, faults);
  const watch = await checkData(data, whole, around);
  const parallel = request.parallel ?? usualParallel(whole);
  const threads = whole.threads ?? Math.max(1, Math.floor(os.availableParallelism() / parallel));
  const trials = request.trials ?? (minutes === undefined ? USUAL_TRIALS : undefined);
  return {
    task,
    data: path.resolve(data),
    space,
    settings: { ...settings, threads },
    sampler: request.sampler ?? 'tpe',
    pruner: request.pruner ?? 'asha',
    seed,
    ...(trials === undefined ? {} : { trials }),
    ...(minutes === undefined ? {} : { minutes }),
    parallel,
    epochs: epochsOf(whole, space),
    watch: { name: watch.metric, mode: watch.mode },
    retrain,
  };
}

/** How many trials fill the cores, four at most: each holds a network and the images of its batches. */
function usualParallel({ threads }: ClassificationSettings): number {
  const cores = os.availableParallelism();
  return threads ? Math.max(1, Math.floor(cores / threads)) : Math.min(4, cores);
}

function epochsOf({ phases, epochs }: ClassificationSettings, space: SearchPlan['space']): number {
  if (phases.length > 0) return phases.reduce((sum, phase) => sum + phase.epochs, 0);
  const searched = space['epochs'];
  if (!searched) return epochs;
  return 'choices' in searched ? Math.max(...searched.choices.map(Number)) : searched.high;
}

/** A stored plan with more trials or time, if the request names them. */
function extended(plan: SearchPlan, request: SearchRequest): SearchPlan {
  requireCounts(request);
  const {
    trials = plan.trials,
    minutes = plan.minutes,
    parallel = plan.parallel,
    retrain = plan.retrain,
  } = request;
  return {
    ...plan,
    parallel,
    retrain,
    ...(trials === undefined ? {} : { trials }),
    ...(minutes === undefined ? {} : { minutes }),
  };
}

function requireCounts({ trials, minutes, parallel, seed }: SearchRequest): void {
  const problems: string[] = [];
  for (const [name, value, most] of [
    ['trials', trials, 10_000],
    ['parallel', parallel, 256],
  ] as const) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= most)) {
      problems.push(`${name} is ${value}, expected a whole number from 1 to ${most}`);
    }
  }
  if (minutes !== undefined && !(minutes > 0))
    problems.push(`minutes is ${minutes}, expected a number above 0`);
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff)) {
    problems.push(`seed is ${seed}, expected a whole number from 0 to 4294967295`);
  }
  if (problems.length > 0)
    throw new HounsfieldError('SEARCH_OPTIONS', `${problems.join('; ')}. Correct these options.`);
}

/** The data are checked once, before the long run; what is watched depends on what they teach. */
async function checkData(data: string, settings: ClassificationSettings, around: TaskSurroundings) {
  around.report({ kind: 'stage', text: 'checking the data' });
  const { head } = await prepareData(data, settings, (event) => {
    around.report(event);
    if (around.signal?.aborted) {
      throw new HounsfieldError('INTERRUPTED', 'stopped before the first trial. Give the command again.');
    }
  });
  return watchOf(settings, head.kind);
}

async function readStored(out: string): Promise<SearchResult> {
  const file = path.join(out, 'search.json');
  try {
    const stored = JSON.parse(await readFile(file, 'utf8')) as SearchResult; // written by searchSettings
    parseSpace(stored.plan.space);
    return stored;
  } catch (cause) {
    throw new HounsfieldError(
      'SEARCH_MISSING',
      `${out} holds no search to resume (search.json is missing or damaged). Start without --resume.`,
      { cause },
    );
  }
}

function noTrial(trials: readonly TrialRecord[]): HounsfieldError {
  const codes = [...new Set(trials.map(({ code }) => code ?? 'stopped'))].join(', ');
  return new HounsfieldError(
    'SEARCH_NO_TRIAL',
    trials.length === 0
      ? 'no trial could begin in the time given. Give more --minutes.'
      : `none of ${trials.length} trials gave a figure (${codes}). trials.jsonl tells of each; narrow the space or give more time.`,
  );
}
