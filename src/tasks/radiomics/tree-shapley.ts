import { treeShap } from '../../evidence/explanation/tree-shap.ts';
import type { FittedClassifier } from '../../learning/classifiers/classifier.ts';
import { type Matrix, takeRows } from '../../learning/classifiers/matrix.ts';
import type { FittedPipeline } from '../../learning/classifiers/pipeline/pipeline.ts';
import type { FittedTrees } from '../../learning/classifiers/trees/fitted-trees.ts';
import { keptColumns } from './table-rows.ts';

const hasTrees = (fitted: FittedClassifier): fitted is FittedTrees => 'ensemble' in fitted;

/**
 * Exact Shapley values of a pipeline that ends in trees, for one class: one list a row, one share for each column that
 * reaches the trees (keptColumns); undefined for other classifiers and behind projections.
 */
export function exactTreeShapley(
  fitted: FittedPipeline,
  x: Matrix,
  rows: readonly number[],
  label: number,
): readonly (readonly number[])[] | undefined {
  const { classifier, kept } = fitted;
  if (!kept || !hasTrees(classifier)) return undefined;
  const { ensemble } = classifier;
  const prepared = fitted.prepare(takeRows(x, rows));
  const { values } = treeShap(ensemble, prepared.values);
  const output = ensemble.outputs === 1 ? 0 : label;
  // Of two classes one output is the second's.
  const sign = ensemble.outputs === 1 && label === 0 ? -1 : 1;
  const used = keptColumns(fitted);
  return rows.map((_, i) => {
    const shares = new Map<number, number>();
    for (const [to, from] of kept.entries()) {
      const value = values[(i * ensemble.columns + to) * ensemble.outputs + output]!;
      shares.set(from, (shares.get(from) ?? 0) + sign * value);
    }
    return used.map((column) => shares.get(column)!);
  });
}
