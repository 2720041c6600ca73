import { HounsfieldError } from '../../errors.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import type { ClassificationSettings } from './settings.ts';

/** The figure of the validation set that chooses the epoch, and which way is better. */
export interface Watch {
  readonly metric: string;
  readonly mode: 'min' | 'max';
}

/** What may be watched of each kind; the first is usual. */
export const watchable: Readonly<Record<TargetKind, readonly string[]>> = {
  class: ['auc', 'accuracy', 'balancedAccuracy', 'f1', 'loss'],
  labels: ['auc', 'averagePrecision', 'f1', 'loss'],
  grade: ['kappa', 'auc', 'mae', 'accuracy', 'balancedAccuracy', 'loss'],
  value: ['mae', 'rmse', 'r2', 'loss'],
};

const smallerIsBetter: ReadonlySet<string> = new Set(['loss', 'mae', 'rmse']);

/** What is watched: as the settings say, or as is usual for the kind. */
export function watchOf({ watch }: Pick<ClassificationSettings, 'watch'>, kind: TargetKind): Watch {
  const metric = watch === 'auto' ? watchable[kind][0]! : watch;
  return { metric, mode: smallerIsBetter.has(metric) ? 'min' : 'max' };
}

const losses: Readonly<Record<TargetKind, readonly ClassificationSettings['loss'][]>> = {
  class: ['auto', 'cross-entropy', 'focal', 'logit-adjusted'],
  labels: ['auto', 'cross-entropy', 'focal'],
  grade: ['auto', 'cross-entropy', 'focal'],
  value: ['auto', 'squared-error', 'huber'],
};

const words: Readonly<Record<TargetKind, string>> = {
  class: 'classes',
  labels: 'several labels',
  grade: 'grades',
  value: 'numbers',
};

/** Settings that make no sense for what is learned. @throws SETTINGS_INVALID listing them all */
export function requireSettingsOf(kind: TargetKind, settings: ClassificationSettings): void {
  const { watch, loss, imbalance, labelSmoothing, augment } = settings;
  const problems: string[] = [];
  if (watch !== 'auto' && !watchable[kind].includes(watch)) {
    problems.push(`watch is ${watch}, of ${words[kind]} there are ${watchable[kind].join(', ')}`);
  }
  if (!losses[kind].includes(loss)) {
    problems.push(`loss is ${loss}, for ${words[kind]} there are ${losses[kind].join(', ')}`);
  }
  if (kind === 'value' && imbalance !== 'none') {
    problems.push(`imbalance is ${imbalance}, but numbers have no classes to balance; leave it 'none'`);
  }
  if ((kind === 'value' || kind === 'grade') && labelSmoothing > 0) {
    problems.push(`labelSmoothing is ${labelSmoothing}, which ${words[kind]} do not have`);
  }
  if (kind === 'grade' && (augment.mixup ?? 0) > 0) {
    problems.push('mixup mixes pictures of two grades, which is no grade; leave it out');
  }
  if (loss === 'logit-adjusted' && imbalance !== 'none') {
    problems.push(
      `imbalance is ${imbalance} and loss is logit-adjusted, which correct the same thing twice; choose one`,
    );
  }
  if (problems.length === 0) return;
  throw new HounsfieldError(
    'SETTINGS_INVALID',
    `the data ask for ${words[kind]}: ${problems.join('; ')}. Correct these options.`,
  );
}
