import { HounsfieldError } from '../../../errors.ts';
import type { FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import type { FittedPreparation, Preparation } from '../preparation.ts';
import type { CheckedPart } from './needed-steps.ts';

/** What a step made of a table. */
export interface StepResult {
  readonly fitted: FittedPreparation;
  /** The table behind it. */
  readonly table: Matrix;
}

/**
 * Steps that were fitted on some rows before, for other pipelines on the same rows: candidates that differ in their
 * classifier alone select their columns once.
 */
export interface SharedSteps {
  /**
   * What the last of the steps made of these rows; made by `make` when it is not known.
   *
   * @throws PIPELINE_DATA when the rows are not those of the first call
   */
  get(rows: SharedRows, steps: readonly CheckedPart<Preparation>[], make: () => StepResult): StepResult;
}

/** What the result of a step depends on besides the steps. */
export interface SharedRows {
  readonly x: Matrix;
  readonly y: Int32Array;
  readonly options: FitOptions;
}

/** An empty one: make one for each fold, and pass it to every pipeline that is fitted on that fold's training rows. */
export function createSharedSteps(): SharedSteps {
  const known = new Map<string, StepResult>();
  let first: SharedRows | undefined;
  let checked: Matrix | undefined;
  return {
    get(rows, steps, make) {
      first ??= rows;
      if (checked !== rows.x && !same(first, rows)) {
        throw new HounsfieldError(
          'PIPELINE_DATA',
          'steps shared between pipelines were fitted on other rows. Make shared steps anew for each fold.',
        );
      }
      checked = rows.x;
      const key = JSON.stringify(steps.map(({ part, settings }) => [part.name, settings]));
      const found = known.get(key) ?? make();
      known.set(key, found);
      return found;
    },
  };
}

function same(a: SharedRows, b: SharedRows): boolean {
  return (
    a.options.seed === b.options.seed &&
    a.x.columns === b.x.columns &&
    alike(a.x.values, b.x.values) &&
    alike(a.y, b.y) &&
    alike(a.options.weights, b.options.weights) &&
    alike(a.options.groups, b.options.groups) &&
    alike(a.options.categorical, b.options.categorical)
  );
}

function alike(a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): boolean {
  if (a === b) return true;
  if (a?.length !== b?.length || !a || !b) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
