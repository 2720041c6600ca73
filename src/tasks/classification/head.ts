import type { Value } from '../../engine/graph/graph.ts';
import type { TargetRows } from '../dataset/batches.node.ts';
import type { Dataset, TargetKind } from '../dataset/dataset.ts';
import { classHead } from './heads/class-head.ts';
import { gradeHead } from './heads/grade-head.ts';
import { labelsHead } from './heads/labels-head.ts';
import { valueHead } from './heads/value-head.ts';
import { requireSettingsOf } from './kind-settings.ts';
import type { ClassificationSettings } from './settings.ts';

/**
 * The end of a network and what it is compared with: how many values it gives, what each sample's target looks like,
 * the loss between the two, and the answer that a user gets.
 */
export interface Head {
  readonly kind: TargetKind;
  /** Values that the network gives. */
  readonly outputs: number;
  /** What is to be learned of each sample. */
  readonly targets: TargetRows;
  /**
   * @param logits [B, outputs]
   * @param targets [B, targets.width]
   * @param weights [B], 0 for padding
   * @returns one element
   */
  readonly loss: (logits: Value, targets: Value, weights: Value) => Value;
  /** Adds what the model answers to a graph for use: 'probabilities' or 'values', [N, K]. */
  readonly answer: (logits: Value) => Value;
}

/** What a head is made for. */
export interface HeadContext {
  readonly dataset: Dataset;
  /** Training samples, by index. */
  readonly train: readonly number[];
  readonly settings: ClassificationSettings;
}

const heads: Readonly<Record<TargetKind, (context: HeadContext) => Head>> = {
  class: classHead,
  labels: labelsHead,
  grade: gradeHead,
  value: valueHead,
};

/** The head for what a data set asks to be learned. @throws SETTINGS_INVALID for settings that do not go with it */
export function headFor(context: HeadContext): Head {
  const kind = context.dataset.target ?? 'class';
  requireSettingsOf(kind, context.settings);
  return heads[kind](context);
}
