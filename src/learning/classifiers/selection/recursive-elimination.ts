import type { FitOptions, FittedClassifier } from '../classifier.ts';
import { fitLogisticRegression, logisticRegression } from '../linear/logistic.ts';
import { type Matrix, takeColumns, takeRows } from '../matrix.ts';
import type { Preparation } from '../preparation.ts';
import { everyColumn } from '../preparations/graph-doubles.ts';
import { checkSettings, choiceSetting, integerSetting, numberSetting } from '../preparations/settings.ts';
import { fitRandomForest, randomForest } from '../trees/random-forest.ts';
import { chosenByLoss, innerFolds, logLoss } from './inner-folds.ts';
import { byValue, selecting } from './selecting.ts';

/** What says which column counts least, and where it ends. */
export interface EliminationSettings {
  /** The squares of a linear model's coefficients, or a forest's importances. */
  readonly by?: 'linear' | 'forest';
  /** How many stay; 0, the default, finds the number by inner cross-validation. */
  readonly count?: number;
  /** Share of the columns left that goes in each round, at least one; .1 by default. */
  readonly step?: number;
  /** At most so many are considered when the number is found; 50 by default. */
  readonly most?: number;
  /** 5 by default. */
  readonly folds?: number;
  /** The least loss, or the fewest columns within one standard error of it. */
  readonly rule?: 'best' | 'one-error';
}

type Settings = Required<EliminationSettings>;

interface Weighed {
  readonly model: FittedClassifier;
  readonly weights: Float64Array;
}

const linearSettings = logisticRegression.check({ tolerance: 1e-8 });

/** While more columns than this are left, half of them go at once. */
const HALVED = 200;
const forestSettings = randomForest.check({ trees: 100 });

function weigh(
  x: Matrix,
  y: Int32Array,
  classes: number,
  by: 'linear' | 'forest',
  options: FitOptions,
): Weighed {
  if (by === 'forest') {
    const model = fitRandomForest(x, y, classes, forestSettings, options);
    return { model, weights: model.importance ?? new Float64Array(x.columns) };
  }
  const model = fitLogisticRegression(x, y, classes, linearSettings, options);
  const weights = new Float64Array(x.columns);
  for (const [at, value] of model.coefficients.entries()) weights[at % x.columns]! += value * value;
  return { model, weights };
}

/** What is left after a round. */
interface Round {
  readonly kept: readonly number[];
  readonly model: FittedClassifier;
}

/**
 * Rounds of elimination from all columns down to `least` (Guyon et al., Gene selection for cancer classification using
 * support vector machines, 2002): halves while there are more than 200, then the share `step`. Of columns that count
 * alike the later one goes.
 */
export function eliminationRounds(
  x: Matrix,
  y: Int32Array,
  classes: number,
  { by, step, least }: { readonly by: 'linear' | 'forest'; readonly step: number; readonly least: number },
  options: FitOptions,
): readonly Round[] {
  const rounds: Round[] = [];
  const own = { ...options, categorical: [] };
  let kept = everyColumn(x.columns);
  for (;;) {
    const { model, weights } = weigh(takeColumns(x, kept), y, classes, by, own);
    rounds.push({ kept, model });
    if (kept.length <= least) return rounds;
    const share = kept.length > HALVED ? 0.5 : step;
    const left = Math.max(least, kept.length - Math.max(1, Math.floor(share * kept.length)));
    const before = kept;
    kept = byValue(weights)
      .slice(0, left)
      .sort((a, b) => a - b)
      .map((at) => before[at]!);
  }
}

/** How many columns lose least on rows that a fit did not see. */
function countByFolds(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Settings,
  options: FitOptions,
): number {
  const { by, step, most, folds, rule } = settings;
  const losses: Float64Array[] = [];
  let sizes: readonly number[] = [];
  for (const { training, testing } of innerFolds('recursive-elimination', y, classes, folds, options)) {
    const classOf = (rows: Int32Array) => Int32Array.from(rows, (row) => y[row]!);
    const rounds = eliminationRounds(
      takeRows(x, training),
      classOf(training),
      classes,
      { by, step, least: 1 },
      {
        ...options,
        weights: options.weights && Float64Array.from(training, (row) => options.weights![row]!),
      },
    )
      .filter(({ kept }) => kept.length <= most)
      .reverse(); // from the fewest on
    sizes = rounds.map(({ kept }) => kept.length);
    const tested = takeRows(x, testing);
    losses.push(
      Float64Array.from(rounds, ({ kept, model }) =>
        logLoss(model.predict(takeColumns(tested, kept)), classOf(testing), classes),
      ),
    );
  }
  return sizes[chosenByLoss(losses, rule)]!;
}

/** Takes out what counts least in a model, fits again, and so on. */
export const recursiveElimination: Preparation<EliminationSettings> = {
  name: 'recursive-elimination',
  describe: 'Fits a model, takes out the columns that count least in it, and begins again, down to a number.',
  source: 'Guyon et al., Gene selection for cancer classification using support vector machines, 2002',
  scaled: true,
  check: (settings) =>
    checkSettings<EliminationSettings>('recursive-elimination', settings, {
      by: choiceSetting('linear', ['linear', 'forest']),
      count: integerSetting(0, { least: 0 }),
      step: numberSetting(0.1, { least: 0, most: 0.9 }),
      most: integerSetting(50, { least: 1 }),
      folds: integerSetting(5, { least: 2, most: 50 }),
      rule: choiceSetting('best', ['best', 'one-error']),
    }),
  fit(x, y, classes, settings, options) {
    const { by, step, count } = settings;
    if (x.columns <= Math.max(1, count))
      return selecting('recursive-elimination', x.columns, everyColumn(x.columns));
    const least = count > 0 ? count : countByFolds(x, y, classes, settings, options);
    const { kept } = eliminationRounds(x, y, classes, { by, step, least }, options).at(-1)!; // at least one round
    const notes = count > 0 ? [] : [`${least} columns lost least in inner cross-validation`];
    return selecting('recursive-elimination', x.columns, kept, notes);
  },
};
