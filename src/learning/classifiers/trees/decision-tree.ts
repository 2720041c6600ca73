import { RandomStream } from '../../../random.ts';
import type { Classifier, FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import { choice, classWeightRule, readSettings, size, whole } from '../settings.ts';
import { rowWeights } from '../training-data.ts';
import { type FittedTrees, fittedTrees } from './fitted-trees.ts';
import { impurityDecrease, treeGrower } from './grow.ts';
import { featuresOf, type GrowthSettings, limitOf, limitRule, maxFeaturesRule } from './growth-settings.ts';
import { prune } from './pruning.ts';
import { rankTable } from './ranks.ts';
import { categoricalFlags, checkTable } from './training-table.ts';
import { depthOf } from './tree.ts';

export interface DecisionTreeSettings extends GrowthSettings {
  /** Alpha of minimal cost-complexity pruning; 0 keeps the tree as grown. */
  readonly pruning?: number;
}

/**
 * One tree of exact splits. Its leaves' shares of classes are the probabilities.
 *
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export function fitDecisionTree(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<DecisionTreeSettings>,
  options: FitOptions,
): FittedTrees {
  checkTable('decision-tree', x, y, classes, options);
  const { criterion, minSplit, minLeaf, minDecrease } = settings;
  const grow = treeGrower(
    rankTable(x),
    { y, classes },
    {
      criterion,
      splitter: 'best',
      features: featuresOf(settings.maxFeatures, x.columns),
      minLeaf,
      minSplit,
      minDecrease,
      maxDepth: limitOf(settings.maxDepth),
      maxLeaves: limitOf(settings.maxLeaves),
      categorical: categoricalFlags(x.columns, options.categorical),
    },
  );
  const weights = rowWeights(y, classes, settings.classWeight, options.weights);
  const stream = new RandomStream({ seed: options.seed, purpose: 'decision-tree' });
  const grown = prune(grow(weights, stream), settings.pruning);
  const { tree } = grown;
  const leaves = tree.feature.filter((column) => column < 0).length;
  return fittedTrees(
    { columns: x.columns, outputs: classes, trees: [tree], scale: 1, base: new Float64Array(classes) },
    'none',
    classes,
    impurityDecrease(grown, x.columns),
    [`${leaves} leaves, depth ${depthOf(tree)}`],
  );
}

export const decisionTree: Classifier<DecisionTreeSettings> = {
  name: 'decision-tree',
  describe: 'One tree of questions about single columns; easy to read, seldom the most accurate.',
  source: 'Breiman, Friedman, Olshen, Stone: Classification and Regression Trees (1984)',
  scaled: false,
  missing: true,
  candidates: [
    { maxDepth: 4, minLeaf: 3 },
    { maxDepth: 2, minLeaf: 3 },
    { maxDepth: 8, minLeaf: 3 },
    { pruning: 0.01, minLeaf: 3 },
  ],
  check: (given) =>
    readSettings<DecisionTreeSettings>(
      'decision-tree',
      {
        criterion: choice('gini', 'entropy'),
        maxDepth: limitRule(1),
        minSplit: whole(2, 2),
        minLeaf: whole(1, 1),
        maxLeaves: limitRule(2),
        maxFeatures: maxFeaturesRule('all'),
        minDecrease: size(0, 0),
        classWeight: classWeightRule,
        pruning: size(0, 0),
      },
      given,
    ),
  fit: fitDecisionTree,
};
