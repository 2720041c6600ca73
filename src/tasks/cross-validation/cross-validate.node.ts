import { mkdir, readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { parseSpace } from '../../learning/selection/search/space.ts';
import { type ClassificationSettings, completeSettings } from '../classification/settings.ts';
import type { Folds } from '../dataset/folds.ts';
import { makeFolds } from '../dataset/folds.ts';
import { type FoldsFile, foldsText, foldsToFile, readFolds } from '../dataset/folds-file.node.ts';
import { settingFaults, withValues } from '../search/trial-settings.ts';
import type { TaskSurroundings } from '../task.ts';
import { lockFolder } from '../training-process/left-behind.node.ts';
import { type StartTraining, startTrainingProcess } from '../training-process/start-training.node.ts';
import { ownSettings, parseCandidates } from './candidates.ts';
import { gather } from './gather.node.ts';
import { chooseForFold } from './nested.node.ts';
import type { Choice, CrossValidationPlan, CrossValidationRequest, CrossValidationResult } from './plan.ts';
import { type CheckedData, checkData, requireTrainable, watchedBy } from './prepare-folds.node.ts';
import { isDone, type Job, runJobs } from './run-jobs.node.ts';
import { startHere } from './start-here.node.ts';

const PLAN = 'cross-validation.json';
const FOLDS = 'folds.json';

/**
 * Trains and tests a model in each fold, by patient or by site, and puts the out-of-fold answers together. With inner
 * folds, settings are chosen in each fold by its training part alone. The folder holds folds.json, a run in fold-01 and
 * so on, predictions.csv and .json, metrics.json and report.html; with `resume` what is there goes on.
 *
 * @throws CROSS_VALIDATION_OPTIONS, CROSS_VALIDATION_EXISTS, CROSS_VALIDATION_MISSING, CROSS_VALIDATION_RUNNING,
 *   CANDIDATES_INVALID, SEARCH_SPACE, FOLD_FAILED, FOLD_DAMAGED, NESTED_NO_CANDIDATE; what makeFolds and readFolds throw;
 *   SETTINGS_INVALID and what checking the data throws
 */
export async function crossValidate(
  request: CrossValidationRequest,
  around: TaskSurroundings,
  start?: StartTraining,
): Promise<CrossValidationResult> {
  const { out } = request;
  const stored = request.resume ? await readPlan(out) : undefined;
  if (!stored) await requireFresh(request);
  const settings = completeSettings(stored?.settings ?? request.settings);
  const checked = await checkData(stored?.data ?? request.data, settings, around);
  const whole = stored
    ? { ...stored, parallel: request.parallel ?? stored.parallel }
    : freshPlan(request, settings, checked);
  const folds = await foldsOf(request, whole, settings, checked);
  for (const text of folds.warnings) around.report({ kind: 'note', text });
  requireTrainable(checked, folds, settings);
  const plan: CrossValidationPlan = {
    ...whole,
    scheme: folds.scheme,
    k: folds.k,
    repeats: folds.repeats,
    inner: folds.inner,
    stratify: folds.stratify,
  };
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, out);
  });
  const unlock = await lockFolder(
    path.join(out, 'cross-validation.lock'),
    (owner) =>
      new HounsfieldError(
        'CROSS_VALIDATION_RUNNING',
        `process ${owner} works in ${out}. Wait for it, or choose another folder for --out.`,
      ),
  );
  try {
    const file = foldsToFile(checked.joined, folds);
    await writeFileAtomically(path.join(out, FOLDS), foldsText(file));
    await writeFileAtomically(path.join(out, PLAN), `${JSON.stringify(plan, null, 2)}\n`);
    const starter = start ?? (plan.parallel > 1 ? startTrainingProcess : startHere(around));
    return await runFolds({ out, plan, settings, checked, folds, file, around, start: starter });
  } finally {
    await unlock();
  }
}

interface Work {
  readonly out: string;
  readonly plan: CrossValidationPlan;
  readonly settings: ClassificationSettings;
  readonly checked: CheckedData;
  readonly folds: Folds;
  readonly file: FoldsFile;
  readonly around: TaskSurroundings;
  readonly start: StartTraining;
}

async function runFolds(work: Work): Promise<CrossValidationResult> {
  const { out, plan, file, around, start } = work;
  const place = { task: plan.task, data: plan.data, parallel: plan.parallel, start, around };
  const nested = plan.candidates !== undefined || plan.space !== undefined;
  const choices: Choice[] = [];
  for (const fold of nested ? file.folds : []) {
    around.report({
      kind: 'stage',
      text: `${fold.name}: choosing settings by its ${plan.inner} inner folds`,
    });
    const choice = await chooseForFold(fold, { ...place, out, plan });
    if (!choice) return interrupted(work, 0);
    const figure = choice.inner === null ? '' : `, ${plan.watch.metric} ${choice.inner.toFixed(4)}`;
    around.report({ kind: 'stage', text: `${fold.name}: ${choice.winner.name} chosen${figure}` });
    choices.push(choice);
  }
  const jobs = file.folds.map(({ name, train, validation, test }, i): Job => {
    const chosen = choices[i];
    const settings = chosen
      ? { ...withValues(plan.settings, chosen.winner.settings), watch: plan.watch.metric }
      : plan.settings;
    return {
      name,
      folder: path.join(out, name),
      settings: { ...settings, judge: 'test' },
      // What makes a part unusable was found when folds were made.
      parts: { train, validation, test, allowOneClass: true },
    };
  });
  let done = 0;
  const ends = await runJobs(jobs, place, 'stop', ({ job }) => {
    done++;
    around.report({ kind: 'stage', text: `${job.name} done` });
    around.report({ kind: 'count', text: 'folds', done, of: jobs.length });
  });
  if (!ends) return interrupted(work, (await Promise.all(jobs.map(isDone))).filter(Boolean).length);
  around.report({ kind: 'stage', text: 'out-of-fold figures with intervals' });
  const { metrics, files } = await gather({ ...work, dataset: work.checked.joined, choices });
  return { outcome: 'finished', plan, done: jobs.length, of: jobs.length, metrics, files };
}

const interrupted = ({ plan, file }: Work, done: number): CrossValidationResult => ({
  outcome: 'interrupted',
  plan,
  done,
  of: file.folds.length,
  files: {},
});

async function requireFresh({ out }: CrossValidationRequest): Promise<void> {
  if (!(await stat(path.join(out, PLAN)).catch(() => undefined))) return;
  throw new HounsfieldError(
    'CROSS_VALIDATION_EXISTS',
    `${out} already holds a cross-validation. Go on with --resume, or choose another folder for --out.`,
  );
}

async function readPlan(out: string): Promise<CrossValidationPlan> {
  try {
    const plan = JSON.parse(await readFile(path.join(out, PLAN), 'utf8')) as CrossValidationPlan; // written by crossValidate
    await stat(path.join(out, FOLDS));
    if (typeof plan.data !== 'string' || typeof plan.watch?.metric !== 'string')
      throw new Error('fields are missing');
    return plan;
  } catch (cause) {
    throw new HounsfieldError(
      'CROSS_VALIDATION_MISSING',
      `${out} holds no cross-validation to resume (${PLAN} or ${FOLDS} is missing or damaged). Start without --resume.`,
      { cause },
    );
  }
}

function freshPlan(
  request: CrossValidationRequest,
  settings: ClassificationSettings,
  { dataset }: CheckedData,
): CrossValidationPlan {
  const { task, data, candidates, space, trials, parallel = 1, inner = 0 } = request;
  const nested = candidates !== undefined || space !== undefined;
  const faults = optionFaults(request);
  if (faults.length > 0)
    throw new HounsfieldError('CROSS_VALIDATION_OPTIONS', `${faults.join('; ')}. Correct these options.`);
  const threads =
    settings.threads ??
    (parallel > 1 ? Math.max(1, Math.floor(os.availableParallelism() / parallel)) : undefined);
  const own = { ...request.settings, ...(threads === undefined ? {} : { threads }) };
  return {
    task,
    data: path.resolve(data),
    settings: own,
    scheme: request.scheme ?? 'k-fold',
    k: request.folds ?? 5,
    repeats: request.repeats ?? 1,
    inner: nested ? inner || 3 : 0,
    stratify: request.stratify ?? true,
    seed: settings.seed,
    parallel,
    watch: watchedBy(dataset, settings),
    ...(candidates === undefined ? {} : { candidates: parseCandidates(candidates, own) }),
    ...(space === undefined ? {} : { space: parseSpace(space, settingFaults(space, own, completeSettings)) }),
    ...(trials === undefined ? {} : { trials }),
  };
}

function optionFaults(request: CrossValidationRequest): string[] {
  const { settings, candidates, space, trials, parallel = 1, inner, foldsFile } = request;
  const nested = candidates !== undefined || space !== undefined;
  const forbidden = ownSettings.filter(
    (name) => ['parts', 'judge', 'refit'].includes(name) && name in settings,
  );
  return [
    forbidden.length > 0 && `${forbidden.join(', ')}: cross-validation sets these itself`,
    candidates !== undefined && space !== undefined && 'candidates and a space: give one of them',
    inner !== undefined && !nested && 'inner folds, but neither candidates nor a space to choose from',
    trials !== undefined && space === undefined && 'a number of trials, but no space to try points of',
    trials !== undefined &&
      !(Number.isInteger(trials) && trials >= 1 && trials <= 1000) &&
      `${trials} trials`,
    !(Number.isInteger(parallel) && parallel >= 1 && parallel <= 256) && `${parallel} trainings at a time`,
    foldsFile !== undefined &&
      (request.folds ?? request.repeats ?? request.scheme ?? inner) !== undefined &&
      'a file of folds says how many there are; leave --folds, --repeats, --inner, --by-site and --leave-site-out out',
  ].filter((fault) => fault !== false);
}

async function foldsOf(
  { out, foldsFile, resume }: CrossValidationRequest,
  plan: CrossValidationPlan,
  settings: ClassificationSettings,
  { dataset, joined }: CheckedData,
): Promise<Folds> {
  // Copies that are put up with may lie on two sides of folds that somebody else drew.
  const checked = settings.allowDuplicates === 'none' ? joined : dataset;
  if (resume) return readFolds(path.join(out, FOLDS), checked);
  const nested = plan.candidates !== undefined || plan.space !== undefined;
  if (foldsFile !== undefined) {
    const folds = await readFolds(foldsFile, checked);
    if (!nested || folds.folds.every(({ inner }) => inner.length >= 2)) return folds;
    throw new HounsfieldError(
      'CROSS_VALIDATION_OPTIONS',
      `${foldsFile} has folds without inner folds, by which settings could be chosen. Draw folds with --inner, or choose nothing.`,
    );
  }
  const { train, validation } = settings.split;
  return makeFolds(joined, { ...plan, validation: validation / (train + validation) });
}
