import { HounsfieldError } from '../../errors.ts';
import { requireSettingsOf, watchOf } from '../classification/kind-settings.ts';
import { openData, requireWatchable } from '../classification/prepare.node.ts';
import type { ClassificationSettings } from '../classification/settings.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { type DuplicatePair, joinDuplicates, requireNoLeak } from '../dataset/duplicates.ts';
import type { Fold, Folds } from '../dataset/folds.ts';
import type { Splits } from '../dataset/split.ts';
import type { TaskSurroundings } from '../task.ts';

/** A data set whose images were all opened once, and what was found. */
export interface CheckedData {
  /** As the manifest has it, but that no part is prescribed. */
  readonly dataset: Dataset;
  /** The same, copies made one patient where no patients are known. */
  readonly joined: Dataset;
  readonly pairs: readonly DuplicatePair[];
}

/** Opens every image once. @throws what openData throws, SETTINGS_INVALID, INTERRUPTED */
export async function checkData(
  path: string,
  settings: ClassificationSettings,
  { report, signal }: Pick<TaskSurroundings, 'report' | 'signal'>,
): Promise<CheckedData> {
  report({ kind: 'stage', text: 'checking the data' });
  const { found, pairs } = await openData(path, settings, (event) => {
    report(event);
    if (signal?.aborted)
      throw new HounsfieldError('INTERRUPTED', 'stopped before the first fold. Give the command again.');
  });
  const notes: string[] = [];
  if (found.samples.some(({ split }) => split !== undefined))
    notes.push('The data prescribe parts; cross-validation takes all of them together.');
  if (found.grouping === 'image')
    notes.push(
      'No patients are known: each image counts as a patient of its own (--patient-pattern names them).',
    );
  for (const text of notes) report({ kind: 'note', text });
  const samples = found.samples.map(({ split: _split, ...sample }) => sample);
  const dataset = { ...found, samples };
  requireSettingsOf(dataset.target ?? 'class', settings);
  return { dataset, joined: joinDuplicates(dataset, pairs), pairs };
}

/**
 * What would stop a fold's training is told before the first begins.
 *
 * @throws SPLIT_LEAK naming copies on two sides, WATCH_UNDEFINED
 */
export function requireTrainable(
  { dataset, pairs }: CheckedData,
  { folds }: Folds,
  settings: ClassificationSettings,
): void {
  for (const fold of folds) {
    for (const splits of splitsOf(fold)) {
      // A copy that is in neither part does no harm.
      const here = new Set([...splits.train, ...splits.validation, ...splits.test]);
      const own = pairs.filter(({ first, second }) => here.has(first) && here.has(second));
      requireNoLeak(dataset, own, splits, settings.allowDuplicates);
      naming(fold, () => requireWatchable(dataset, splits, settings));
    }
  }
}

const splitsOf = ({ train, validation, test, inner }: Fold): Splits[] => [
  { train, validation, test, origin: 'named' },
  ...inner.map(
    (one): Splits => ({ train: one.train, validation: one.validation, test: [], origin: 'named' }),
  ),
];

function naming({ name }: Fold, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof HounsfieldError)) throw error;
    const text = error.message.replace(`${error.code}: `, '');
    throw new HounsfieldError(
      error.code,
      `${name}: ${text} Or ask for fewer folds, or give validation a larger share (--split).`,
    );
  }
}

/** The figure that chooses, and which way. */
export const watchedBy = (dataset: Dataset, settings: ClassificationSettings) =>
  watchOf(settings, dataset.target ?? 'class');
