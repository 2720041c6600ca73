import { classificationEvidence } from '../../evidence/statistics/classification-evidence.ts';
import { type Matrix, takeRows } from '../../learning/classifiers/matrix.ts';
import type { FittedPipeline } from '../../learning/classifiers/pipeline/pipeline.ts';
import { CHOOSING_FIGURES, type ChoosingFigure } from './settings.ts';

/** Features with the truth beside them: what classifiers are fitted and judged on. */
export interface LabelledRows {
  readonly x: Matrix;
  readonly y: Int32Array;
  readonly patients: readonly string[];
  readonly classes: readonly string[];
}

/** Some of the rows, in the order given. */
export function rowsAt(all: LabelledRows, rows: readonly number[]): LabelledRows {
  return {
    x: takeRows(all.x, rows),
    y: Int32Array.from(rows, (row) => all.y[row]!),
    patients: rows.map((row) => all.patients[row]!),
    classes: all.classes,
  };
}

/** One figure of probabilities [rows, classes] on rows; null where it is undefined, for instance when a class is absent. */
export function figureOn(
  { y, patients, classes }: Omit<LabelledRows, 'x'>,
  probabilities: Float64Array,
  choose: ChoosingFigure,
  seed: number,
): number | null {
  const evidence = classificationEvidence({
    probabilities,
    labels: y,
    patients,
    classes,
    seed,
    replicates: 0,
  });
  return evidence.figures[CHOOSING_FIGURES[choose].figure].value;
}

/** A figure as one where more is better. */
export const oriented = (value: number | null, choose: ChoosingFigure): number =>
  value === null ? Number.NEGATIVE_INFINITY : CHOOSING_FIGURES[choose].better === 'larger' ? value : -value;

/** Original columns that reach a pipeline's classifier; all where a projection mixes them. */
export const keptColumns = ({
  kept,
  columns,
}: Pick<FittedPipeline, 'kept' | 'columns'>): readonly number[] =>
  kept ? [...new Set(kept)] : Array.from({ length: columns }, (_, i) => i);
