import type { Matrix } from '../../learning/classifiers/matrix.ts';
import type { FittedPipeline } from '../../learning/classifiers/pipeline/pipeline.ts';

/**
 * Exact Shapley values of a pipeline that ends in trees, for one class: one list a row, one share for each column that
 * reaches the trees; undefined for other classifiers and behind projections.
 */
export function exactTreeShapley(
  _fitted: FittedPipeline,
  _x: Matrix,
  _rows: readonly number[],
  _label: number,
): readonly (readonly number[])[] | undefined {
  return undefined;
}
