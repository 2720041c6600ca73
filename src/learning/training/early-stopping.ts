import { HounsfieldError } from '../../errors.ts';

/**
 * When to stop: the watched figure has not improved for `patience` epochs (Prechelt, "Early stopping – but when?", 1998).
 * Of epochs with the same figure the one with the lower validation loss is the better: an AUC stays at 1 from the first
 * epoch that orders a small validation set, long before its probabilities are any good.
 */
export interface EarlyStopping {
  /** Name of the validation figure that is watched. */
  readonly metric: string;
  readonly mode: 'min' | 'max';
  /** Epochs without improvement that are waited for; Infinity never stops, and the best epoch is still kept. */
  readonly patience: number;
  /** A change counts as an improvement when it is larger than this, in the figure's unit; 0 when left out. */
  readonly minimumDelta?: number;
}

/** What has been seen so far; plain JSON. */
export interface EarlyStoppingState {
  /** null while no figure was a number. */
  readonly best: number | null;
  readonly bestEpoch: number;
  /** Validation loss of the best epoch; absent where validation gives none. */
  readonly bestLoss?: number;
  /** Epochs since the best. */
  readonly waited: number;
}

export interface Judgement {
  readonly state: EarlyStoppingState;
  readonly improved: boolean;
  readonly stop: boolean;
}

/**
 * Takes in the figures of one more epoch. A figure that is not a number (an AUC of one class) is no improvement.
 *
 * @param state what the epoch before gave; undefined in the first
 * @throws STOPPING_METRIC when validation does not give the watched figure
 */
export function observe(
  stopping: EarlyStopping,
  state: EarlyStoppingState | undefined,
  { epoch, validation }: { readonly epoch: number; readonly validation: Readonly<Record<string, number>> },
): Judgement {
  const { metric, mode, patience, minimumDelta = 0 } = stopping;
  const figure = validation[metric];
  if (figure === undefined) {
    throw new HounsfieldError(
      'STOPPING_METRIC',
      `early stopping watches '${metric}', and validation gives: ${Object.keys(validation).join(', ') || 'nothing'}. Watch one of these.`,
    );
  }
  const before: EarlyStoppingState = state ?? { best: null, bestEpoch: epoch, waited: 0 };
  const gain = before.best === null ? Number.POSITIVE_INFINITY : figure - before.best;
  const loss = validation['loss'];
  const tieWon = gain === 0 && loss !== undefined && loss < (before.bestLoss ?? Number.POSITIVE_INFINITY);
  const improved =
    !Number.isNaN(figure) &&
    ((mode === 'max' || before.best === null ? gain : -gain) > minimumDelta || tieWon);
  const next = improved
    ? { best: figure, bestEpoch: epoch, ...(loss === undefined ? {} : { bestLoss: loss }), waited: 0 }
    : { ...before, waited: before.waited + 1 };
  return { state: next, improved, stop: next.waited >= patience };
}
