import { HounsfieldError } from '../../../errors.ts';
import type { Classifier, FitOptions } from '../classifier.ts';
import type { Matrix } from '../matrix.ts';
import {
  type ClassWeight,
  classWeightRule,
  readSettings,
  type SettingRule,
  size,
  whole,
} from '../settings.ts';
import { rowWeights } from '../training-data.ts';
import { type BoostPlan, boostTrees } from './boosting.ts';
import { logisticLoss, softmaxLoss } from './boosting-loss.ts';
import { type FittedTrees, fittedTrees } from './fitted-trees.ts';
import { type Limit, limitOf, limitRule } from './growth-settings.ts';
import { categoricalFlags, checkTable } from './training-table.ts';

/** Names as XGBoost and LightGBM have them, where they have one. */
export interface BoostingSettings {
  readonly rounds?: number;
  readonly learningRate?: number;
  readonly maxLeaves?: Limit;
  readonly maxDepth?: Limit;
  /** Fewest rows of a leaf. */
  readonly minLeaf?: number;
  /** Least sum of hessians of a leaf. */
  readonly minChildWeight?: number;
  /** L2 regularisation of the leaves' values. */
  readonly lambda?: number;
  /** What a split must gain, as XGBoost counts it: twice the decrease of the second-order loss. */
  readonly gamma?: number;
  /** Bins of values a column. */
  readonly bins?: number;
  readonly rowFraction?: number;
  readonly columnFraction?: number;
  /** Part of the rows (whole patients, where groups are given) held back to stop early; 0 does all rounds. */
  readonly validationFraction?: number;
  readonly patience?: number;
  /** For each column 1, -1 or 0: the score grows with it, shrinks with it, or may do either; only two classes. */
  readonly monotonic?: 'none' | readonly number[];
  readonly classWeight?: ClassWeight;
}

/** What boosting of classes and of values have in common. */
export function planOf(
  settings: Required<BoostingSettings>,
  columns: number,
  options: FitOptions,
  strata?: Int32Array,
): BoostPlan {
  const { maxLeaves, maxDepth, monotonic } = settings;
  if (monotonic !== 'none' && monotonic.length !== columns) {
    throw new HounsfieldError(
      'CLASSIFIER_SETTINGS',
      `monotonic has ${monotonic.length} entries for ${columns} columns. Give each column 1, -1 or 0.`,
    );
  }
  if (monotonic !== 'none' && options.categorical?.some((column) => monotonic[column] !== 0)) {
    throw new HounsfieldError(
      'CLASSIFIER_SETTINGS',
      'monotonic names a column of categories, which have no order. Give it 0.',
    );
  }
  return {
    ...settings,
    maxLeaves: limitOf(maxLeaves),
    maxDepth: limitOf(maxDepth),
    monotonic: monotonic === 'none' ? undefined : Int8Array.from(monotonic),
    categorical: categoricalFlags(columns, options.categorical),
    seed: options.seed,
    groups: options.groups,
    strata,
  };
}

/**
 * Trees grown on histograms, leaf by leaf, each from first and second derivatives of the log loss.
 *
 * @throws CLASSIFIER_DATA, CLASSIFIER_SETTINGS
 */
export function fitGradientBoosting(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<BoostingSettings>,
  options: FitOptions,
): FittedTrees {
  checkTable('gradient-boosting', x, y, classes, options);
  if (classes > 2 && settings.monotonic !== 'none') {
    throw new HounsfieldError(
      'CLASSIFIER_SETTINGS',
      `monotonic is for two classes, and there are ${classes}. Leave it out, or put classes together.`,
    );
  }
  const weights = rowWeights(y, classes, settings.classWeight, options.weights);
  const loss = classes === 2 ? logisticLoss(y) : softmaxLoss(y, classes);
  const plan = planOf(settings, x.columns, options, y);
  const { ensemble, importance, notes } = boostTrees(x, weights, loss, plan);
  return fittedTrees(ensemble, classes === 2 ? 'logistic' : 'softmax', classes, importance, notes);
}

const monotonicRule: SettingRule<'none' | readonly number[]> = {
  otherwise: 'none',
  expected: "'none' or a list of 1, -1 and 0",
  holds: (value) =>
    value === 'none' ||
    (Array.isArray(value) && value.every((item) => item === 1 || item === -1 || item === 0)),
};

/** Checks plain JSON. @throws CLASSIFIER_SETTINGS */
export const checkBoosting = (given: Readonly<Record<string, unknown>>): Required<BoostingSettings> =>
  readSettings<BoostingSettings>(
    'gradient-boosting',
    {
      rounds: whole(100, 1, 100_000),
      learningRate: size(0.1, 0, Number.POSITIVE_INFINITY, 'open'),
      maxLeaves: limitRule(2, 31),
      maxDepth: limitRule(1),
      minLeaf: whole(20, 1),
      minChildWeight: size(1e-3, 0),
      lambda: size(0, 0),
      gamma: size(0, 0),
      bins: whole(255, 2, 255),
      rowFraction: size(1, 0, 1, 'open'),
      columnFraction: size(1, 0, 1, 'open'),
      validationFraction: size(0, 0, 0.9),
      patience: whole(10, 1),
      monotonic: monotonicRule,
      classWeight: classWeightRule,
    },
    given,
  );

export const gradientBoosting: Classifier<BoostingSettings> = {
  name: 'gradient-boosting',
  describe: 'Trees that mend what those before them got wrong; often the most accurate on tables.',
  source: 'Chen, Guestrin: XGBoost (KDD 2016); Ke et al.: LightGBM (NeurIPS 2017)',
  scaled: false,
  missing: true,
  candidates: [
    { rounds: 100, learningRate: 0.1, maxLeaves: 31 },
    { rounds: 100, learningRate: 0.1, maxLeaves: 8, minLeaf: 5, lambda: 1 },
    { rounds: 200, learningRate: 0.05, maxLeaves: 4, minLeaf: 5, lambda: 1 },
    {
      rounds: 200,
      learningRate: 0.05,
      maxLeaves: 8,
      minLeaf: 5,
      lambda: 1,
      rowFraction: 0.7,
      columnFraction: 0.5,
    },
  ],
  check: checkBoosting,
  fit: fitGradientBoosting,
};
