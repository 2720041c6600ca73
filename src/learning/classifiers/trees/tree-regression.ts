import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { HounsfieldError } from '../../../errors.ts';
import type { FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import { boostTrees } from './boosting.ts';
import { squaredLoss } from './boosting-loss.ts';
import { sumTrees, type TreeEnsemble } from './ensemble.ts';
import { type BoostingSettings, planOf } from './gradient-boosting.ts';
import { type ForestSettings, growForest } from './random-forest.ts';
import { checkTable, tableFor } from './training-table.ts';
import { addTrees } from './tree-nodes.ts';

/** Trees that say a number for each row. */
export interface FittedTreeRegression {
  readonly columns: number;
  readonly ensemble: TreeEnsemble;
  readonly importance: Float64Array;
  readonly notes: readonly string[];
  /** [rows] */
  predict(x: Matrix): Float64Array;
  /** float32 [N, columns] -> float32 [N, 1] */
  addTo(graph: Graph, x: Value): Value;
}

const fitted = (
  ensemble: TreeEnsemble,
  importance: Float64Array,
  notes: readonly string[],
): FittedTreeRegression => ({
  columns: ensemble.columns,
  ensemble,
  importance,
  notes,
  predict: (x) => sumTrees(ensemble, tableFor(x, ensemble.columns)),
  addTo: (graph, x) => addTrees(graph, x, ensemble),
});

/** The table as for classes, and finite targets. @throws CLASSIFIER_DATA */
function checkTargets(name: string, x: Matrix, targets: Float64Array, options: FitOptions): Float64Array {
  // Two classes that are there: what is checked besides is the table and its weights.
  const weights = options.weights ?? new Float64Array(x.rows).fill(1);
  const loaded = weights.findIndex((weight) => weight > 0);
  checkTable(
    name,
    x,
    Int32Array.from(targets, (_, i) => (i === loaded ? 1 : 0)),
    2,
    options,
  );
  if (targets.every(Number.isFinite)) return weights;
  throw new HounsfieldError(
    'CLASSIFIER_DATA',
    `${name}: a target is not finite. Leave rows without a value out.`,
  );
}

/**
 * The mean of trees that part rows by the variance of their targets (a random forest of values).
 *
 * @param settings as the random forest's; criterion and classWeight say nothing here
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export function fitForestRegression(
  x: Matrix,
  targets: Float64Array,
  settings: Required<ForestSettings>,
  options: FitOptions,
): FittedTreeRegression {
  const weights = checkTargets('forest-regression', x, targets, options);
  const target = { y: new Int32Array(x.rows), classes: 1, values: targets };
  const { trees, importance } = growForest(
    x,
    target,
    weights,
    { ...settings, criterion: 'squared-error' },
    'best',
    options,
  );
  const ensemble = {
    columns: x.columns,
    outputs: 1,
    trees,
    scale: 1 / trees.length,
    base: new Float64Array(1),
  };
  return fitted(ensemble, importance, [`${trees.length} trees`]);
}

/**
 * Gradient boosting of the squared error.
 *
 * @param settings as for classes; classWeight says nothing here
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export function fitBoostingRegression(
  x: Matrix,
  targets: Float64Array,
  settings: Required<BoostingSettings>,
  options: FitOptions,
): FittedTreeRegression {
  const weights = checkTargets('boosting-regression', x, targets, options);
  const plan = planOf(settings, x.columns, options);
  const { ensemble, importance, notes } = boostTrees(x, weights, squaredLoss(targets), plan);
  return fitted(ensemble, importance, notes);
}
