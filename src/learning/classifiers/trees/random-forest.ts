import { RandomStream } from '../../../random.ts';
import type { Classifier, FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import { choice, classWeightRule, flag, readSettings, type SettingRules, size, whole } from '../settings.ts';
import { rowWeights } from '../training-data.ts';
import { type FittedTrees, fittedTrees } from './fitted-trees.ts';
import { impurityDecrease, shares, treeGrower } from './grow.ts';
import { featuresOf, type GrowthSettings, limitOf, limitRule, maxFeaturesRule } from './growth-settings.ts';
import type { Target } from './node-rows.ts';
import { rankTable } from './ranks.ts';
import type { Criterion } from './split-scan.ts';
import { categoricalFlags, checkTable } from './training-table.ts';
import { asFloat32, leafOf, type Tree } from './tree.ts';

export interface ForestSettings extends GrowthSettings {
  readonly trees?: number;
  /** Whether each tree sees rows drawn with replacement, or all of them. */
  readonly bootstrap?: boolean;
  /** How many rows are drawn, as a part of all. */
  readonly rowFraction?: number;
}

export interface FittedForest extends FittedTrees {
  /** Mean of the trees that did not see a row; NaN where all did; [rows, classes]. Only with bootstrap. */
  readonly outOfBag?: Float64Array;
  /** Part of the rows (those that some tree did not see) that the out-of-bag probabilities get right. */
  readonly outOfBagScore?: number;
}

/** Trees grown on a table, with their importances, and what rows say that a tree did not see. */
export interface GrownForest {
  readonly trees: readonly Tree[];
  readonly importance: Float64Array;
  /** Sum over the trees that did not see a row, and their number. */
  readonly outOfBag?: { readonly sums: Float64Array; readonly counts: Int32Array } | undefined;
}

type Splitter = 'best' | 'random';
type Grow = Omit<Required<ForestSettings>, 'criterion' | 'classWeight'> & { readonly criterion: Criterion };

/** Grows the trees of a forest, of classes or of values; each with random numbers of its own. */
export function growForest(
  x: Matrix,
  target: Target,
  weights: Float64Array,
  settings: Grow,
  splitter: Splitter,
  options: FitOptions,
): GrownForest {
  const { columns, rows } = x;
  const grow = treeGrower(rankTable(x), target, {
    criterion: settings.criterion,
    splitter,
    features: featuresOf(settings.maxFeatures, columns),
    minLeaf: settings.minLeaf,
    minSplit: settings.minSplit,
    minDecrease: settings.minDecrease,
    maxDepth: limitOf(settings.maxDepth),
    maxLeaves: limitOf(settings.maxLeaves),
    categorical: categoricalFlags(columns, options.categorical),
  });
  const outputs = target.values ? 1 : target.classes;
  const outOfBag = settings.bootstrap
    ? { sums: new Float64Array(rows * outputs), counts: new Int32Array(rows), x: asFloat32(x) }
    : undefined;
  const trees: Tree[] = [];
  const importance = new Float64Array(columns);
  for (let t = 0; t < settings.trees; t++) {
    const stream = new RandomStream({ seed: options.seed, purpose: `${splitter}-forest`, epoch: t });
    const own = settings.bootstrap ? drawRows(weights, settings.rowFraction, stream) : weights;
    const grown = grow(own, stream);
    trees.push(grown.tree);
    for (const [i, share] of impurityDecrease(grown, columns).entries()) importance[i]! += share;
    if (outOfBag) addUnseen(outOfBag, grown.tree, own, columns);
  }
  return { trees, importance: shares(importance), outOfBag };
}

/** How often each row was drawn; rows that weigh more are drawn more often, so that a weight of 2 counts as two rows. */
function drawRows(weights: Float64Array, fraction: number, stream: RandomStream): Float64Array {
  const rows = weights.length;
  const times = new Float64Array(rows);
  const draws = Math.max(1, Math.round(rows * fraction));
  if (weights.every((weight) => weight === weights[0])) {
    for (let i = 0; i < draws; i++) times[stream.integer(rows)]!++;
    return times;
  }
  const upTo = new Float64Array(rows);
  let total = 0;
  for (let i = 0; i < rows; i++) upTo[i] = total += weights[i]!;
  for (let i = 0; i < draws; i++) times[rowAt(upTo, stream.uniform() * total)]!++;
  return times;
}

/** The first row up to which the weights are more than a share of their sum. */
function rowAt(upTo: Float64Array, share: number): number {
  let low = 0;
  let high = upTo.indexOf(upTo.at(-1)!); // the last row that weighs something
  while (low < high) {
    const middle = (low + high) >> 1;
    if (upTo[middle]! > share) high = middle;
    else low = middle + 1;
  }
  return low;
}

function addUnseen(
  { sums, counts, x }: { sums: Float64Array; counts: Int32Array; x: Float32Array },
  tree: Tree,
  weights: Float64Array,
  columns: number,
): void {
  const { outputs, values } = tree;
  for (let row = 0; row < counts.length; row++) {
    if (weights[row]! > 0) continue;
    const leaf = leafOf(tree, x, row * columns);
    counts[row]!++;
    for (let k = 0; k < outputs; k++) sums[row * outputs + k]! += values[leaf * outputs + k]!;
  }
}

function fitForest(
  name: string,
  splitter: Splitter,
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<ForestSettings>,
  options: FitOptions,
): FittedForest {
  checkTable(name, x, y, classes, options);
  const weights = rowWeights(y, classes, settings.classWeight, options.weights);
  const { trees, importance, outOfBag } = growForest(x, { y, classes }, weights, settings, splitter, options);
  const nodes = trees.reduce((sum, { feature }) => sum + feature.length, 0);
  const notes = [`${trees.length} trees, ${nodes} nodes`];
  const ensemble = {
    columns: x.columns,
    outputs: classes,
    trees,
    scale: 1 / trees.length,
    base: new Float64Array(classes),
  };
  const fitted = fittedTrees(ensemble, 'none', classes, importance, notes);
  if (!outOfBag) return fitted;
  const { sums, counts } = outOfBag;
  const unseen = sums.map((sum, i) => sum / counts[Math.floor(i / classes)]!);
  const score = shareRight(unseen, y, classes);
  notes.push(`out-of-bag accuracy ${score.toFixed(4)}`);
  return { ...fitted, outOfBag: unseen, outOfBagScore: score };
}

function shareRight(probabilities: Float64Array, y: Int32Array, classes: number): number {
  let right = 0;
  let counted = 0;
  for (let row = 0; row < y.length; row++) {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    if (Number.isNaN(own[0]!)) continue;
    counted++;
    if (own.indexOf(Math.max(...own)) === y[row]) right++;
  }
  return right / counted;
}

/**
 * The mean of trees that each see rows drawn with replacement and, at each node, a few columns drawn at random.
 *
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export const fitRandomForest = (
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<ForestSettings>,
  options: FitOptions,
): FittedForest => fitForest('random-forest', 'best', x, y, classes, settings, options);

/**
 * The mean of trees that cut each tried column at a place drawn at random and take the best of these cuts.
 *
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export const fitExtraTrees = (
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<ForestSettings>,
  options: FitOptions,
): FittedForest => fitForest('extra-trees', 'random', x, y, classes, settings, options);

const rules = (bootstrap: boolean): SettingRules<ForestSettings> => ({
  trees: whole(100, 1, 100_000),
  bootstrap: flag(bootstrap),
  rowFraction: size(1, 0, 1, 'open'),
  criterion: choice('gini', 'entropy'),
  maxDepth: limitRule(1),
  minSplit: whole(2, 2),
  minLeaf: whole(1, 1),
  maxLeaves: limitRule(2),
  maxFeatures: maxFeaturesRule('sqrt'),
  minDecrease: size(0, 0),
  classWeight: classWeightRule,
});

const candidates: readonly ForestSettings[] = [
  { trees: 200 },
  { trees: 200, maxFeatures: 0.3 },
  { trees: 200, minLeaf: 3 },
  { trees: 200, minLeaf: 5, maxFeatures: 0.3 },
];

export const randomForest: Classifier<ForestSettings> = {
  name: 'random-forest',
  describe: 'The mean of many trees on rows and columns drawn at random; good without much choosing.',
  source: 'Breiman: Random forests. Machine Learning 45 (2001)',
  scaled: false,
  missing: true,
  candidates,
  check: (given) => readSettings('random-forest', rules(true), given),
  fit: fitRandomForest,
};

export const extraTrees: Classifier<ForestSettings> = {
  name: 'extra-trees',
  describe: 'Like a random forest, cut at places drawn at random; smoother, and faster to learn.',
  source: 'Geurts, Ernst, Wehenkel: Extremely randomized trees. Machine Learning 63 (2006)',
  scaled: false,
  missing: true,
  candidates,
  check: (given) => readSettings('extra-trees', rules(false), given),
  fit: fitExtraTrees,
};
