import type { FitOptions } from '../classifier.ts';
import { logisticPath, logisticRegression } from '../linear/logistic.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import type { Preparation } from '../preparation.ts';
import { columnOf } from '../preparations/columns.ts';
import { checkSettings, choiceSetting, integerSetting, numberSetting } from '../preparations/settings.ts';
import { chosenByLoss, innerFolds, logLoss } from './inner-folds.ts';
import { selecting } from './selecting.ts';

/** How strongly coefficients are pressed to 0. */
export interface LassoSettings {
  /** Inverse of the strength; 0, the default, finds it by inner cross-validation. */
  readonly C?: number;
  /** Strengths that are tried, from none kept on; 20 by default. */
  readonly strengths?: number;
  /** 5 by default. */
  readonly folds?: number;
  /** The least loss, or the strongest within one standard error of it. */
  readonly rule?: 'best' | 'one-error';
}

const settingsOf = (C: number) => logisticRegression.check({ penalty: 'l1', C, tolerance: 1e-6 });

/** The largest C at which every coefficient is 0, for rows of weight 1. */
export function emptyStrength(x: Matrix, y: Int32Array, classes: number): number {
  const shares = new Float64Array(classes);
  for (const one of y) shares[one]! += 1 / y.length;
  let most = 0;
  for (let j = 0; j < x.columns; j++) {
    const values = columnOf(x, j);
    for (let c = 0; c < classes; c++) {
      let slope = 0;
      for (let i = 0; i < y.length; i++) slope += values[i]! * ((y[i] === c ? 1 : 0) - shares[c]!);
      most = Math.max(most, Math.abs(slope));
    }
  }
  return most > 0 ? 1 / most : 1;
}

/**
 * From just above the strength that keeps nothing to a thousandth of it, or to a hundredth where there are more columns
 * than rows (Friedman, Hastie and Tibshirani, 2010, section 2.5); C rises.
 */
function strengthsFrom(least: number, count: number, { rows, columns }: Matrix): readonly number[] {
  const decades = columns > rows ? 2 : 3;
  return Array.from({ length: count }, (_, k) => least * 1.05 * 10 ** ((decades * k) / (count - 1)));
}

function strengthByFolds(
  x: Matrix,
  y: Int32Array,
  classes: number,
  { strengths, folds, rule }: Required<LassoSettings>,
  options: FitOptions,
): number {
  const tried = strengthsFrom(emptyStrength(x, y, classes), strengths, x);
  const losses = innerFolds('lasso', y, classes, folds, options).map(({ training, testing }) => {
    const classOf = (rows: Int32Array) => Int32Array.from(rows, (row) => y[row]!);
    const weights = options.weights && Float64Array.from(training, (row) => options.weights![row]!);
    const models = logisticPath(takeRows(x, training), classOf(training), classes, tried, settingsOf(1), {
      ...options,
      weights,
    });
    const tested = takeRows(x, testing);
    return Float64Array.from(models, (model) => logLoss(model.predict(tested), classOf(testing), classes));
  });
  return tried[chosenByLoss(losses, rule)]!;
}

/** Columns that a logistic regression with the lasso's penalty keeps. */
export const lasso: Preparation<LassoSettings> = {
  name: 'lasso',
  describe: 'Keeps the columns to which a logistic regression that presses coefficients to 0 gives one.',
  source: 'Tibshirani, Regression shrinkage and selection via the lasso, 1996',
  scaled: true,
  check: (settings) =>
    checkSettings<LassoSettings>('lasso', settings, {
      C: numberSetting(0, { least: 0 }),
      strengths: integerSetting(20, { least: 2, most: 200 }),
      folds: integerSetting(5, { least: 2, most: 50 }),
      rule: choiceSetting('best', ['best', 'one-error']),
    }),
  fit(x, y, classes, settings, options) {
    const own = { ...options, categorical: [] };
    const C = settings.C > 0 ? settings.C : strengthByFolds(x, y, classes, settings, own);
    const weaker = [C, C * 2, C * 4, C * 8];
    const models = logisticPath(x, y, classes, weaker, settingsOf(1), own);
    for (const [at, { coefficients }] of models.entries()) {
      const kept = Array.from({ length: x.columns }, (_, j) => j).filter((j) =>
        coefficients.some((value, k) => k % x.columns === j && value !== 0),
      );
      const note = `C ${weaker[at]!.toPrecision(3)}${at > 0 ? ', since a stronger penalty kept nothing' : ''}`;
      if (kept.length > 0) return selecting('lasso', x.columns, kept, [note]);
    }
    return selecting('lasso', x.columns, []);
  },
};
