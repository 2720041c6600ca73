import { HounsfieldError } from '../../../errors.ts';
import type { Preparation } from '../preparation.ts';
import { meanAndSpread, presentValues } from '../preparations/columns.ts';
import { everyColumn } from '../preparations/graph-doubles.ts';
import { checkSettings, choiceSetting, integerSetting, numberSetting } from '../preparations/settings.ts';
import { type CorrelationKind, innerProduct, unitColumns } from './correlation.ts';
import { byValue, largest, selecting } from './selecting.ts';
import {
  anovaF,
  falseDiscoveryRate,
  kruskalWallis,
  mannWhitney,
  UNIVARIATE_TESTS,
  type UnivariateTestName,
  univariateTest,
} from './univariate-tests.ts';

/** Which columns vary too little. */
export interface VarianceFilterSettings {
  /** Columns of a variance of at most this go; 0, constant ones, by default. In units of the column squared. */
  readonly threshold?: number;
}

/** Takes out columns that do not vary. */
export const varianceFilter: Preparation<VarianceFilterSettings> = {
  name: 'variance-filter',
  describe: 'Leaves out columns that are constant, or vary by less than a threshold.',
  source: 'Guyon and Elisseeff, An introduction to variable and feature selection, 2003',
  missing: true,
  check: (settings) =>
    checkSettings<VarianceFilterSettings>('variance-filter', settings, {
      threshold: numberSetting(0, { least: 0 }),
    }),
  fit(x, _y, _classes, { threshold }) {
    const kept = everyColumn(x.columns).filter((j) => {
      const values = presentValues(x, j);
      if (values.length === 0) return false;
      if (!values.some((value) => value !== values[0])) return false;
      return meanAndSpread(values).squares / values.length > threshold;
    });
    return selecting('variance-filter', x.columns, kept);
  },
};

/** Which columns say nearly the same. */
export interface CorrelationFilterSettings {
  /** Of the size of the correlation, above 0 .. 1; .9 by default. */
  readonly threshold?: number;
  readonly kind?: CorrelationKind;
}

/** Of columns that go together keeps the one that says most of the class. */
export const correlationFilter: Preparation<CorrelationFilterSettings> = {
  name: 'correlation-filter',
  describe: 'Of columns that say nearly the same, keeps the one that alone tells the classes apart best.',
  source: 'Hall, Correlation-based feature selection for machine learning, 1999',
  check: (settings) =>
    checkSettings<CorrelationFilterSettings>('correlation-filter', settings, {
      threshold: numberSetting(0.9, { above: 0, most: 1 }),
      kind: choiceSetting('spearman', ['spearman', 'pearson']),
    }),
  fit(x, y, classes, { threshold, kind }) {
    const value = kind === 'pearson' ? anovaF(x, y, classes) : rankTest(classes)(x, y, classes);
    const unit = unitColumns(x, kind);
    const kept: number[] = [];
    for (const j of byValue(value.statistic)) {
      if (!kept.some((k) => Math.abs(innerProduct(unit, x.rows, j, k)) > threshold)) kept.push(j);
    }
    return selecting(
      'correlation-filter',
      x.columns,
      kept.sort((a, b) => a - b),
    );
  },
};

const rankTest = (classes: number) => (classes === 2 ? mannWhitney : kruskalWallis);

/** By what, and how many columns stay. */
export interface UnivariateFilterSettings {
  readonly by?: UnivariateTestName;
  /** At most so many stay; 10 by default, 0 for all that `level` lets pass. */
  readonly count?: number;
  /** Only those below this p stay, 0 .. 1; 1, all, by default. Mutual information has no p. */
  readonly level?: number;
  /** 'false-discovery-rate' corrects `level` for the number of columns. */
  readonly correction?: 'none' | 'false-discovery-rate';
}

/** The columns that alone say most of the class. */
export const univariateFilter: Preparation<UnivariateFilterSettings> = {
  name: 'univariate-filter',
  describe: 'Keeps the columns that alone tell the classes apart best, by a test of each.',
  source: 'Guyon and Elisseeff, An introduction to variable and feature selection, 2003',
  check(settings) {
    const checked = checkSettings<UnivariateFilterSettings>('univariate-filter', settings, {
      by: choiceSetting('anova-f', UNIVARIATE_TESTS),
      count: integerSetting(10, { least: 0 }),
      level: numberSetting(1, { above: 0, most: 1 }),
      correction: choiceSetting('none', ['none', 'false-discovery-rate']),
    });
    if (checked.by === 'mutual-information' && checked.level < 1) {
      throw new HounsfieldError(
        'PREPARATION_SETTINGS',
        "univariate-filter: mutual information has no p, and 'level' was given. Choose a number with 'count'.",
      );
    }
    return checked;
  },
  fit(x, y, classes, { by, count, level, correction }, { seed }) {
    const { statistic, p } = univariateTest(by, x, y, classes, seed);
    const passing = !p || level === 1 ? everyColumn(x.columns) : belowLevel(p, level, correction);
    const ranked = Float64Array.from(statistic, (value, j) => (passing.includes(j) ? value : -Infinity));
    const kept = count === 0 ? passing : largest(ranked, Math.min(count, passing.length));
    return selecting('univariate-filter', x.columns, kept);
  },
};

const belowLevel = (p: Float64Array, level: number, correction: 'none' | 'false-discovery-rate') =>
  correction === 'none' ? Array.from(p.keys()).filter((j) => p[j]! < level) : falseDiscoveryRate(p, level);
