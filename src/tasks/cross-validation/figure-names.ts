import type { TargetKind } from '../dataset/dataset.ts';
import type { FigureFormat } from '../report/figures.ts';
import type { TextKey, Texts } from '../report/texts.ts';
import type { CrossValidationMetrics } from './plan.ts';

type Named = Pick<CrossValidationMetrics, 'target' | 'classes' | 'figures'>;

const main: Readonly<Record<TargetKind, readonly string[]>> = {
  class: ['auc', 'balancedAccuracy', 'accuracy', 'sensitivity', 'specificity'],
  labels: ['auc', 'averagePrecision', 'f1Macro'],
  grade: ['kappaQuadratic', 'accuracy', 'mae'],
  value: ['mae', 'rmse', 'ccc'],
};

/** The few figures that are shown large, as far as they are there. */
export function mainFigures({ target, classes, figures }: Named): string[] {
  const names =
    target === 'value' && classes.length > 1
      ? classes.slice(0, 4).map((name) => `mae.${name}`)
      : main[target];
  return names.filter((name) => Object.hasOwn(figures, name));
}

const special: Readonly<Record<TargetKind, Readonly<Record<string, TextKey>>>> = {
  class: {},
  labels: { auc: 'aucLabels', averagePrecision: 'mapLabels' },
  grade: { auc: 'aucCuts', mae: 'maeGrades' },
  value: {},
};
const several: Readonly<Record<string, TextKey>> = {
  auc: 'aucMean',
  averagePrecision: 'averagePrecisionMean',
};

/** A figure's name in words; of several numbers with the number's name. */
export function figureName(
  name: string,
  { target, classes }: Pick<Named, 'target' | 'classes'>,
  texts: Texts,
): string {
  const dot = target === 'value' ? name.indexOf('.') : -1;
  const plain = dot < 0 ? name : name.slice(0, dot);
  const key =
    special[target][plain] ??
    (target === 'class' && classes.length > 2 ? several[plain] : undefined) ??
    plain;
  const words = Object.hasOwn(texts, key) ? texts[key as TextKey] : plain; // one of the texts' own keys
  return dot < 0 ? words : `${words}, ${name.slice(dot + 1)}`;
}

const shares: ReadonlySet<string> = new Set([
  ...[
    'accuracy',
    'balancedAccuracy',
    'precisionMacro',
    'recallMacro',
    'specificityMacro',
    'sensitivityMacro',
  ],
  ...['sensitivity', 'specificity', 'positivePredictiveValue', 'negativePredictiveValue'],
  ...['subsetAccuracy', 'withinOne'],
]);
const plain: ReadonlySet<string> = new Set(['r2', 'pearson', 'spearman', 'icc', 'ccc', 'calibrationSlope']);

export function figureFormat(name: string, target: TargetKind): FigureFormat {
  if (shares.has(name)) return 'percent';
  if (target !== 'value') return 'figure';
  return plain.has(name.split('.')[0]!) ? 'figure' : 'measured';
}

const belowZero: ReadonlySet<string> = new Set([
  'matthews',
  'kappa',
  'kappaLinear',
  'kappaQuadratic',
  'pearson',
  'spearman',
  'icc',
  'ccc',
]);
const unbounded: ReadonlySet<string> = new Set([
  'bias',
  'limitLow',
  'limitHigh',
  'calibrationSlope',
  'calibrationIntercept',
]);
const aboveOne: ReadonlySet<string> = new Set(['logLoss', 'mae', 'rmse']);

/** Lowest and highest value that a figure can have: an interval reaches no further. */
export function figureRange(name: string, target: TargetKind): readonly [number, number] {
  const own = target === 'value' ? name.split('.')[0]! : name;
  if (unbounded.has(own)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (own === 'r2') return [Number.NEGATIVE_INFINITY, 1];
  if (aboveOne.has(own)) return [0, Number.POSITIVE_INFINITY];
  if (own === 'brier') return [0, target === 'class' ? 2 : 1];
  return [belowZero.has(own) ? -1 : 0, 1];
}

/** Figures of a test part by the names that the watched ones go by. */
const testNames: Readonly<Record<TargetKind, Readonly<Record<string, string>>>> = {
  class: { loss: 'logLoss', f1: 'f1Macro' },
  labels: { loss: 'logLoss', f1: 'f1Macro' },
  grade: { loss: 'logLoss', kappa: 'kappaQuadratic' },
  value: {},
};

/** Name in the figures of the test part of what is watched. */
export const testFigureName = (metric: string, target: TargetKind): string =>
  testNames[target][metric] ?? metric;

/** The watched figure in words. */
export const watchName = (
  metrics: Pick<CrossValidationMetrics, 'target' | 'classes' | 'watch'>,
  texts: Texts,
): string => figureName(testFigureName(metrics.watch, metrics.target), metrics, texts).replace(' ↓', '');
