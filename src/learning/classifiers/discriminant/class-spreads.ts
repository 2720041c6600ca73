import { HounsfieldError } from '../../../errors.ts';
import { ledoitWolf, type Spread, shrunkCovariance, spreadOf } from '../linear-algebra/covariance.ts';
import type { Matrix } from '../matrix.ts';
import { numbers, type SettingRule, size, wordOr } from '../settings.ts';

export type Shrinkage = 'none' | 'auto' | number;
export type Priors = 'train' | readonly number[];

export const shrinkageRule: SettingRule<Shrinkage> = wordOr(['none', 'auto'], size(0, 0, 1));
export const priorsRule: SettingRule<Priors> = wordOr(['train'], numbers(0, 1e300));

/** Mean and covariance of each class; rows of weight 0 are left out and weights have mean 1. */
export function classSpreads(
  x: Matrix,
  y: Int32Array,
  classes: number,
  weights: Float64Array | undefined,
): readonly Spread[] {
  let sum = 0;
  let count = 0;
  for (const weight of weights ?? []) {
    sum += weight;
    if (weight > 0) count++;
  }
  const even = weights?.map((weight) => (weight * count) / sum);
  return Array.from({ length: classes }, (_, k) => {
    const rows = [...y.keys()].filter((i) => y[i] === k && (!even || even[i]! > 0));
    return spreadOf(x, rows, even);
  });
}

/** Shares of the classes, or those given, brought to sum 1. @throws CLASSIFIER_SETTINGS */
export function priorsOf(name: string, spreads: readonly Spread[], priors: Priors): Float64Array {
  if (priors !== 'train' && (priors.length !== spreads.length || !priors.some((prior) => prior > 0))) {
    throw new HounsfieldError(
      'CLASSIFIER_SETTINGS',
      `${name}: ${priors.length} priors are given for ${spreads.length} classes. Give each class one, not all 0.`,
    );
  }
  const sizes = priors === 'train' ? spreads.map(({ total }) => total) : priors;
  const sum = sizes.reduce((a, b) => a + b, 0);
  return Float64Array.from(sizes, (value) => value / sum);
}

/** The covariance of a class with the shrinkage asked for. */
export function covarianceOf(spread: Spread, shrinkage: Shrinkage): Float64Array {
  if (shrinkage === 'none') return spread.covariance;
  if (shrinkage === 'auto') return ledoitWolf(spread);
  return shrunkCovariance(spread.covariance, spread.mean.length, shrinkage);
}
