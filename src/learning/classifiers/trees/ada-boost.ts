import { HounsfieldError } from '../../../errors.ts';
import { RandomStream } from '../../../random.ts';
import type { Classifier, FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import { type ClassWeight, classWeightRule, readSettings, size, whole } from '../settings.ts';
import { rowWeights } from '../training-data.ts';
import { type FittedTrees, fittedTrees } from './fitted-trees.ts';
import { impurityDecrease, shares, treeGrower } from './grow.ts';
import { rankTable } from './ranks.ts';
import { categoricalFlags, checkTable } from './training-table.ts';
import { asFloat32, leafOf, type Tree } from './tree.ts';

export interface AdaBoostSettings {
  readonly rounds?: number;
  readonly learningRate?: number;
  /** Depth of each tree; 1 asks one question. */
  readonly maxDepth?: number;
  readonly minLeaf?: number;
  readonly classWeight?: ClassWeight;
}

interface Rounds {
  readonly trees: Tree[];
  readonly says: number[];
  readonly importance: Float64Array;
  stopped: string | undefined;
}

/**
 * Small trees, each on rows weighted by what those before it got wrong; each votes with its weight (SAMME). The
 * probabilities are softmax of the votes' mean over (classes - 1).
 *
 * @throws CLASSIFIER_DATA when no tree is better than guessing, CLASSIFIER_SETTINGS
 */
export function fitAdaBoost(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<AdaBoostSettings>,
  options: FitOptions,
): FittedTrees {
  checkTable('ada-boost', x, y, classes, options);
  const { trees, says, importance, stopped } = boost(x, y, classes, settings, options);
  if (trees.length === 0) {
    throw new HounsfieldError(
      'CLASSIFIER_DATA',
      'ada-boost: the first tree is not better than guessing. Give a greater maxDepth, or other columns.',
    );
  }
  const total = says.reduce((sum, say) => sum + say, 0);
  const voting = trees.map((tree, t) => votes(tree, says[t]! / total, classes));
  const notes = [`${trees.length} trees${stopped ? `, ${stopped}` : ''}`];
  return fittedTrees(
    { columns: x.columns, outputs: classes, trees: voting, scale: 1, base: new Float64Array(classes) },
    'softmax',
    classes,
    shares(importance),
    notes,
  );
}

function boost(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<AdaBoostSettings>,
  options: FitOptions,
): Rounds {
  const weights = rowWeights(y, classes, settings.classWeight, options.weights);
  const counted = weights.map((weight) => (weight > 0 ? 1 : 0));
  const grow = treeGrower(
    rankTable(x),
    { y, classes },
    {
      criterion: 'gini',
      splitter: 'best',
      features: x.columns,
      minLeaf: settings.minLeaf,
      minSplit: 2,
      minDecrease: 0,
      maxDepth: settings.maxDepth,
      maxLeaves: Number.POSITIVE_INFINITY,
      categorical: categoricalFlags(x.columns, options.categorical),
    },
  );
  const table = asFloat32(x);
  const result: Rounds = { trees: [], says: [], importance: new Float64Array(x.columns), stopped: undefined };
  scaleToOne(weights);
  for (let round = 0; round < settings.rounds && !result.stopped; round++) {
    for (let i = 0; i < weights.length; i++)
      weights[i] = counted[i] === 1 ? Math.max(weights[i]!, 2 ** -52) : 0;
    const stream = new RandomStream({ seed: options.seed, purpose: 'ada-boost', epoch: round });
    const grown = grow(weights, stream);
    const wrong = wrongRows(grown.tree, table, x.columns, y);
    const { error, say } = sayOf(wrong, weights, classes, settings.learningRate);
    if (say === undefined) {
      result.stopped = `stopped where a tree was not better than guessing`;
      break;
    }
    result.trees.push(grown.tree);
    result.says.push(say);
    for (const [i, share] of impurityDecrease(grown, x.columns).entries())
      result.importance[i]! += say * share;
    if (error <= 0) result.stopped = 'stopped where a tree got every row right';
    else {
      for (let i = 0; i < weights.length; i++) if (wrong[i] === 1) weights[i]! *= Math.exp(say);
      if (!scaleToOne(weights))
        result.stopped = 'stopped where weights of rows grew endless: lower learningRate';
    }
  }
  return result;
}

/** A tree's weight in the vote (Zhu et al., 2009, algorithm 2); 1 for one without error, none for a useless one. */
function sayOf(wrong: Uint8Array, weights: Float64Array, classes: number, learningRate: number) {
  let bad = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    total += weights[i]!;
    if (wrong[i] === 1) bad += weights[i]!;
  }
  const error = bad / total;
  if (error <= 0) return { error, say: 1 };
  if (error >= 1 - 1 / classes) return { error, say: undefined };
  return { error, say: learningRate * (Math.log((1 - error) / error) + Math.log(classes - 1)) };
}

/** False, and nothing done, where their sum is not finite. */
function scaleToOne(weights: Float64Array): boolean {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!Number.isFinite(total)) return false;
  for (let i = 0; i < weights.length; i++) weights[i]! /= total;
  return true;
}

function wrongRows(tree: Tree, x: Float32Array, columns: number, y: Int32Array): Uint8Array {
  const best = Int32Array.from(tree.feature, (_, node) => likeliest(tree, node));
  return Uint8Array.from(y, (label, row) => (best[leafOf(tree, x, row * columns)] === label ? 0 : 1));
}

function likeliest({ values, outputs }: Tree, node: number): number {
  let best = 0;
  for (let k = 1; k < outputs; k++)
    if (values[node * outputs + k]! > values[node * outputs + best]!) best = k;
  return best;
}

/** The tree with votes for leaves: its weight for the likeliest class, taken from the others in equal parts. */
function votes(tree: Tree, say: number, classes: number): Tree {
  const best = Int32Array.from(tree.feature, (_, node) => likeliest(tree, node));
  const others = classes - 1;
  const values = tree.values.map((_, i) => {
    const isBest = best[Math.floor(i / classes)] === i % classes;
    return (isBest ? say : -say / others) / others;
  });
  return { ...tree, values };
}

export const adaBoost: Classifier<AdaBoostSettings> = {
  name: 'ada-boost',
  describe: 'Small trees, each learning from the errors of those before it; harmed by wrong labels.',
  source: 'Zhu, Zou, Rosset, Hastie: Multi-class AdaBoost. Statistics and Its Interface 2 (2009)',
  scaled: false,
  missing: true,
  candidates: [
    { rounds: 100 },
    { rounds: 200, learningRate: 0.5 },
    { rounds: 100, maxDepth: 2, learningRate: 0.5 },
    { rounds: 100, maxDepth: 3, learningRate: 0.1 },
  ],
  check: (given) =>
    readSettings<AdaBoostSettings>(
      'ada-boost',
      {
        rounds: whole(50, 1, 100_000),
        learningRate: size(1, 0, 1e6, 'open'),
        maxDepth: whole(1, 1),
        minLeaf: whole(1, 1),
        classWeight: classWeightRule,
      },
      given,
    ),
  fit: fitAdaBoost,
};
