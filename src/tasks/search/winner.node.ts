import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeError, writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import type { TaskSurroundings } from '../task.ts';
import type { StartTraining } from '../training-process/start-training.node.ts';
import type { TrialRecord } from './journal.node.ts';
import type { SearchPlan, Winner } from './plan.ts';
import { withValues } from './trial-settings.ts';

/**
 * Trains the winner on training and validation part, without early stopping, and judges it on the test set. Undefined
 * when it was interrupted; the next call goes on.
 *
 * @throws SEARCH_WINNER
 */
export async function trainWinner(
  plan: SearchPlan,
  trial: TrialRecord,
  before: Winner | undefined,
  { out, start, around }: { out: string; start: StartTraining; around: TaskSurroundings },
): Promise<Winner | undefined> {
  if (before?.trial === trial.number) return before;
  const folder = path.join(out, 'winner');
  // What the training of another trial left is not this one's.
  const mark = path.join(folder, 'trial.json');
  const left = await readFile(mark, 'utf8').catch(() => '');
  const wanted = `${JSON.stringify({ trial: trial.number, values: trial.values })}\n`;
  if (left !== wanted) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, folder);
  });
  await writeFileAtomically(mark, wanted);
  const epochs = epochsOf(plan, trial);
  const chosen = withValues(plan.settings, trial.values);
  const settings = { ...chosen, epochs, patience: 0, watch: plan.watch.name, judge: 'test', refit: true };
  const resume = Boolean(await stat(path.join(folder, 'checkpoint.safetensors')).catch(() => undefined));
  const request = { data: plan.data, out: folder, settings: resume ? {} : settings, resume };
  const handle = start(plan.task, request, ({ epoch }) => {
    around.report({ kind: 'count', text: 'epochs of the winner', done: epoch + 1, of: epochs });
  });
  const stop = () => handle.stop();
  around.signal?.addEventListener('abort', stop);
  if (around.signal?.aborted) stop();
  const end = await handle.ended;
  around.signal?.removeEventListener('abort', stop);
  if (end.kind === 'failed') {
    if (around.signal?.aborted) return undefined;
    throw new HounsfieldError(
      'SEARCH_WINNER',
      `trial ${trial.number} won, and training it anew failed: ${end.message} What was searched is kept; go on with --resume.`,
    );
  }
  if (end.outcome === 'interrupted') return undefined;
  return { trial: trial.number, values: trial.values, epochs, test: end.test, files: end.files };
}

/**
 * Epochs of the last training: the trial's own where the rate falls to the end of them, since a schedule that is cut
 * short ends too high; up to the best epoch where it does not.
 */
export function epochsOf(plan: SearchPlan, { values, bestEpoch, epochs }: TrialRecord): number {
  const { schedule = 'one-cycle', epochs: own = plan.epochs } = withValues(plan.settings, values);
  const falls = schedule === 'one-cycle' || schedule === 'cosine';
  return falls ? Number(own) : (bestEpoch ?? epochs - 1) + 1;
}
