import { HounsfieldError } from '../../../errors.ts';
import { type ClassWeight, type SettingRule, whole, wordOr } from '../settings.ts';

export type Limit = 'unlimited' | number;

/** Columns tried at each node: a number of at least 1, or a part of all below 1. */
export type MaxFeatures = 'all' | 'sqrt' | 'log2' | number;

/** Settings that decision trees and forests share. */
export interface GrowthSettings {
  readonly criterion?: 'gini' | 'entropy';
  readonly maxDepth?: Limit;
  readonly minSplit?: number;
  readonly minLeaf?: number;
  readonly maxLeaves?: Limit;
  readonly maxFeatures?: MaxFeatures;
  readonly minDecrease?: number;
  readonly classWeight?: ClassWeight;
}

export const limitRule = (least: number, otherwise: Limit = 'unlimited'): SettingRule<Limit> => ({
  ...wordOr(['unlimited'], whole(least, least)),
  otherwise,
});

export const maxFeaturesRule = (otherwise: MaxFeatures): SettingRule<MaxFeatures> => ({
  otherwise,
  expected: "'all', 'sqrt', 'log2', a whole number of columns, or a part of them above 0 and below 1",
  holds: (value) =>
    value === 'all' ||
    value === 'sqrt' ||
    value === 'log2' ||
    (typeof value === 'number' && value > 0 && (value < 1 || Number.isInteger(value))),
});

export const limitOf = (limit: Limit): number => (limit === 'unlimited' ? Number.POSITIVE_INFINITY : limit);

/** @throws CLASSIFIER_SETTINGS where there are fewer columns */
export function featuresOf(maxFeatures: MaxFeatures, columns: number): number {
  if (maxFeatures === 'all') return columns;
  if (maxFeatures === 'sqrt') return Math.max(1, Math.floor(Math.sqrt(columns)));
  if (maxFeatures === 'log2') return Math.max(1, Math.floor(Math.log2(columns)));
  if (maxFeatures < 1) return Math.max(1, Math.floor(maxFeatures * columns));
  if (maxFeatures > columns) {
    throw new HounsfieldError(
      'CLASSIFIER_SETTINGS',
      `maxFeatures is ${maxFeatures} and the table has ${columns} columns. Give at most as many, or a part such as 0.3.`,
    );
  }
  return maxFeatures;
}
