import { HounsfieldError } from '../../../errors.ts';
import type { Matrix } from '../matrix.ts';
import type { FittedPreparation, Preparation } from '../preparation.ts';
import { meanAndSpread, presentValues, sortedMedian, sortedQuantile } from './columns.ts';
import { elementwise, shiftAndDivide } from './elementwise.ts';
import { doubles } from './graph-doubles.ts';
import { checkSettings, flagSetting, numberSetting, numbersSetting } from './settings.ts';

/** Offsets and scales of columns, and which columns are constant. */
export interface ColumnScales {
  readonly offset: Float64Array;
  readonly scale: Float64Array;
  readonly constant: readonly number[];
}

const EPSILON = 2.220446049250313e-16;

const constantNote = (constant: readonly number[]): readonly string[] =>
  constant.length === 0 ? [] : [`${constant.length} constant columns were centred and not scaled`];

/**
 * Mean and standard deviation (of the population) of each column, NaN left out; a constant column has scale 1.
 *
 * Constant is what varies by no more than rounding, by scikit-learn's bound: variance at most
 * n eps var + (n mean eps)^2.
 */
export function meanScales(x: Matrix): ColumnScales {
  const offset = new Float64Array(x.columns);
  const scale = new Float64Array(x.columns).fill(1);
  const constant: number[] = [];
  for (let j = 0; j < x.columns; j++) {
    const values = presentValues(x, j);
    const n = values.length;
    if (n === 0) {
      constant.push(j);
      continue;
    }
    const { mean, squares } = meanAndSpread(values);
    const variance = Math.max(0, squares / n);
    offset[j] = mean;
    if (variance <= n * EPSILON * variance + (n * mean * EPSILON) ** 2) constant.push(j);
    else scale[j] = Math.sqrt(variance);
  }
  return { offset, scale, constant };
}

/** What each column is centred and scaled by. */
export interface StandardizeSettings {
  /** Subtract the mean; on by default. */
  readonly center?: boolean;
  /** Divide by the standard deviation; on by default. */
  readonly scale?: boolean;
}

const scaled = (
  { offset, scale, constant }: ColumnScales,
  untouched: readonly number[] | undefined,
): FittedPreparation =>
  shiftAndDivide(offset, scale, (values, x) => doubles(x.graph, values), {
    untouched,
    notes: constantNote(constant),
  });

/** (x - mean) / standard deviation. */
export const standardize: Preparation<StandardizeSettings> = {
  name: 'standardize',
  describe: 'Mean 0 and standard deviation 1 in every column.',
  source: 'Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., 2009, section 3.4',
  missing: true,
  scales: true,
  check: (settings) =>
    checkSettings<StandardizeSettings>('standardize', settings, {
      center: flagSetting(true),
      scale: flagSetting(true),
    }),
  fit(x, _y, _classes, settings, { categorical }) {
    const { offset, scale, constant } = meanScales(x);
    if (!settings.center) offset.fill(0);
    if (!settings.scale) scale.fill(1);
    return scaled({ offset, scale, constant }, categorical);
  },
};

/** How wide the middle is that a robust scaling looks at. */
export interface RobustScaleSettings {
  /** Two quantiles, 0 .. 1; .25 and .75 by default. */
  readonly quantiles?: readonly number[];
}

/** Median and distance of two quantiles of each column, NaN left out. */
export function quantileScales(x: Matrix, low: number, high: number): ColumnScales {
  const offset = new Float64Array(x.columns);
  const scale = new Float64Array(x.columns).fill(1);
  const constant: number[] = [];
  for (let j = 0; j < x.columns; j++) {
    const values = presentValues(x, j).sort();
    if (values.length > 0) offset[j] = sortedMedian(values);
    const width = values.length > 0 ? sortedQuantile(values, high) - sortedQuantile(values, low) : 0;
    if (width < 10 * EPSILON) constant.push(j);
    else scale[j] = width;
  }
  return { offset, scale, constant };
}

/** (x - median) / interquartile range. */
export const robustScale: Preparation<RobustScaleSettings> = {
  name: 'robust-scale',
  describe: 'Median 0 and interquartile range 1 in every column; a few wild values do not matter.',
  source: 'Huber and Ronchetti, Robust Statistics, 2nd ed., 2009',
  missing: true,
  scales: true,
  check(settings) {
    const checked = checkSettings<RobustScaleSettings>('robust-scale', settings, {
      quantiles: numbersSetting([0.25, 0.75]),
    });
    const [low, high] = checked.quantiles;
    if (checked.quantiles.length !== 2 || !(low! >= 0 && low! < high! && high! <= 1)) {
      throw new HounsfieldError(
        'PREPARATION_SETTINGS',
        "robust-scale: 'quantiles' must be two rising numbers from 0 to 1. Correct the settings.",
      );
    }
    return checked;
  },
  fit(x, _y, _classes, { quantiles }, { categorical }) {
    return scaled(quantileScales(x, quantiles[0]!, quantiles[1]!), categorical);
  },
};

/** The interval that a min-max scaling fills. */
export interface MinMaxSettings {
  readonly least?: number;
  readonly most?: number;
  /** Values outside of what the fit saw end at the interval's ends; off by default. */
  readonly clip?: boolean;
}

/** Smallest to least, largest to most. */
export const minMaxScale: Preparation<MinMaxSettings> = {
  name: 'min-max-scale',
  describe: 'Every column from 0 to 1 (or another interval) over the rows of the fit.',
  source: 'Han, Kamber and Pei, Data Mining, 3rd ed., 2011, section 3.5.2',
  missing: true,
  scales: true,
  check(settings) {
    const checked = checkSettings<MinMaxSettings>('min-max-scale', settings, {
      least: numberSetting(0),
      most: numberSetting(1),
      clip: flagSetting(false),
    });
    if (checked.least >= checked.most) {
      throw new HounsfieldError(
        'PREPARATION_SETTINGS',
        "min-max-scale: 'least' must be below 'most'. Correct the settings.",
      );
    }
    return checked;
  },
  fit(x, _y, _classes, { least, most, clip }, { categorical }) {
    const factor = new Float64Array(x.columns);
    const offset = new Float64Array(x.columns);
    const constant: number[] = [];
    for (let j = 0; j < x.columns; j++) {
      let low = Infinity;
      let high = -Infinity;
      for (const value of presentValues(x, j)) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
      const range = high > low ? high - low : 0;
      if (range < 10 * EPSILON) constant.push(j);
      factor[j] = (most - least) / (range < 10 * EPSILON ? 1 : range);
      offset[j] = low < Infinity ? least - low * factor[j]! : 0;
    }
    const raw = (value: number, j: number) => value * factor[j]! + offset[j]!;
    return elementwise(
      x.columns,
      clip ? (value, j) => clipped(raw(value, j), least, most) : raw,
      (value) => {
        const { graph } = value;
        const stretched = graph.op('Mul', [value, doubles(graph, factor)]);
        const moved = graph.op('Add', [stretched, doubles(graph, offset)]);
        if (!clip) return moved;
        // By Where, since Clip says nothing of NaN.
        const low = doubles(graph, Float64Array.of(least));
        const high = doubles(graph, Float64Array.of(most));
        const floored = graph.op('Where', [graph.op('Less', [moved, low]), low, moved]);
        return graph.op('Where', [graph.op('Greater', [floored, high]), high, floored]);
      },
      { untouched: categorical, notes: constantNote(constant) },
    );
  },
};

const clipped = (value: number, least: number, most: number): number =>
  Math.min(Math.max(value, least), most);
