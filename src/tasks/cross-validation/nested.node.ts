import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { type PastTrial, proposeNew, samplerNamed } from '../../learning/selection/search/samplers.ts';
import type { Values } from '../../learning/selection/search/space.ts';
import { RandomStream } from '../../random.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import type { FoldsFile } from '../dataset/folds-file.node.ts';
import { withValues } from '../search/trial-settings.ts';
import { testFigureName } from './figure-names.ts';
import type { Candidate, CandidateScore, Choice, ChosenFold, CrossValidationPlan } from './plan.ts';
import { type Job, type JobsPlace, runJobs } from './run-jobs.node.ts';
import type { FoldRow } from './summary.ts';

/** Points of a space that are tried in each fold where no number is given. */
export const USUAL_TRIALS = 10;

export interface NestedPlace extends JobsPlace {
  readonly out: string;
  readonly plan: CrossValidationPlan;
}

type StoredFold = FoldsFile['folds'][number];

/**
 * Chooses settings for an outer fold by its inner folds alone: each candidate is trained on all inner folds but one and
 * judged on that one, by the mean of the watched figure. The outer test part is not looked at.
 *
 * @returns undefined when interrupted
 * @throws NESTED_NO_CANDIDATE when none could be trained on every inner fold
 */
export async function chooseForFold(fold: StoredFold, place: NestedPlace): Promise<Choice | undefined> {
  const { plan } = place;
  const scores: CandidateScore[] = [];
  if (plan.candidates) {
    const found = await scoreCandidates(plan.candidates, fold, place);
    if (!found) return undefined;
    scores.push(...found);
  } else {
    for (let trial = 1; trial <= (plan.trials ?? USUAL_TRIALS); trial++) {
      const values = propose(plan, fold, scores, trial);
      if (!values) break; // every point has been tried
      const found = await scoreCandidates([{ name: `trial-${trial}`, settings: values }], fold, place);
      if (!found) return undefined;
      scores.push(...found);
    }
  }
  const sign = plan.watch.mode === 'min' ? 1 : -1;
  const judged = scores.filter(({ mean }) => mean !== null);
  if (judged.length === 0) {
    const reasons = [...new Set(scores.map(({ failed }) => failed ?? 'no figure'))].slice(0, 3).join(' | ');
    throw new HounsfieldError(
      'NESTED_NO_CANDIDATE',
      `${fold.name}: none of ${scores.length} candidates could be trained and judged on every inner fold (${reasons}). ` +
        'Mend the candidates, and begin in a new folder.',
    );
  }
  const winner = judged.reduce((best, next) => (sign * next.mean! < sign * best.mean! ? next : best));
  const { name, settings, mean } = winner;
  return { fold: fold.name, winner: { name, settings }, inner: mean, scores };
}

/** The next point of the space, by the tree-structured Parzen estimator on the scores before. */
function propose(
  { space, seed, watch }: CrossValidationPlan,
  fold: StoredFold,
  scores: readonly CandidateScore[],
  trial: number,
): Values | undefined {
  const sign = watch.mode === 'min' ? 1 : -1;
  const past = scores.map(
    ({ settings, mean }): PastTrial => ({
      values: settings,
      epochs: 1,
      ...(mean === null ? { state: 'failed' as const } : { state: 'finished' as const, loss: sign * mean }),
    }),
  );
  const stream = new RandomStream({ seed, purpose: `nested ${fold.name}`, step: trial });
  return proposeNew(samplerNamed('tpe'), space!, past, stream); // a plan has candidates or a space
}

async function scoreCandidates(
  candidates: readonly Candidate[],
  fold: StoredFold,
  place: NestedPlace,
): Promise<CandidateScore[] | undefined> {
  const { plan, out } = place;
  const inner = fold.inner ?? [];
  const jobs = candidates.flatMap((candidate, c) =>
    inner.map((one): Job & { readonly candidate: number } => ({
      candidate: c,
      name: `${fold.name}, ${one.name}, ${candidate.name}`,
      folder: path.join(out, 'inner', fold.name, folderName(candidate, plan), one.name),
      settings: {
        ...withValues(plan.settings, candidate.settings),
        watch: plan.watch.metric,
        judge: 'validation',
        track: [],
      },
      parts: { train: one.train, validation: one.validation, allowOneClass: true },
    })),
  );
  const ends = await runJobs(jobs, place, 'go-on', ({ job, failed }) => {
    place.around.report({ kind: 'stage', text: `${job.name}: ${failed ? failed.code : 'done'}` });
  });
  if (!ends) return undefined;
  const scores: CandidateScore[] = [];
  for (const [c, candidate] of candidates.entries()) {
    const own = jobs.flatMap((job, i) => (job.candidate === c ? [{ job, end: ends[i]! }] : []));
    const failed = own.find(({ end }) => end.failed)?.end.failed?.message;
    const figures: (number | null)[] = [];
    for (const { job, end } of own) {
      figures.push(end.failed ? null : await bestFigure(job.folder, plan.watch));
      // Of inner models only what they reached is of use.
      for (const name of ['model.onnx', 'predictions.json'])
        await rm(path.join(job.folder, name), { force: true });
    }
    const known = figures.filter((figure) => figure !== null);
    const mean =
      known.length === figures.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
    scores.push({ ...candidate, figures, mean, ...(failed === undefined ? {} : { failed }) });
  }
  return scores;
}

/** candidate-2, whatever it is called by people. */
function folderName(candidate: Candidate, { candidates }: CrossValidationPlan): string {
  const place = candidates?.findIndex(({ name }) => name === candidate.name) ?? -1;
  return place < 0 ? candidate.name : `candidate-${place + 1}`;
}

/** The watched figure of the epoch that was kept; null where no epoch has it. */
async function bestFigure(
  folder: string,
  { metric, mode }: CrossValidationPlan['watch'],
): Promise<number | null> {
  const text = await readFile(path.join(folder, 'history.jsonl'), 'utf8').catch(() => '');
  const values = text.split('\n').flatMap((line) => {
    try {
      const row = JSON.parse(line) as { validation?: Record<string, unknown> }; // a line of the training's own
      const value = row.validation?.[metric];
      return typeof value === 'number' ? [value] : [];
    } catch {
      return [];
    }
  });
  if (values.length === 0) return null;
  return values.reduce((a, b) => (mode === 'min' ? Math.min(a, b) : Math.max(a, b)));
}

/** Choices beside the outer test parts. */
export function withOuter(
  choices: readonly Choice[],
  folds: readonly FoldRow[],
  { metric, mode }: CrossValidationPlan['watch'],
  target: TargetKind,
): ChosenFold[] {
  return choices.map((choice) => {
    const row = folds.find(({ name }) => name === choice.fold);
    const outer = row?.figures[testFigureName(metric, target)]?.value ?? null;
    const sign = mode === 'max' ? 1 : -1;
    const optimism = choice.inner === null || outer === null ? null : sign * (choice.inner - outer);
    return { ...choice, outer, optimism };
  });
}
