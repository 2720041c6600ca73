import { describe, expect, test } from 'vitest';
import { compressedFixture, foldedTables, type TableName } from '../../../../test/peers/folded-tables.ts';
import { adaBoost, fitAdaBoost } from './ada-boost.ts';
import { decisionTree, fitDecisionTree } from './decision-tree.ts';
import { fitGradientBoosting, gradientBoosting } from './gradient-boosting.ts';
import type { Tree } from './tree.ts';

interface StoredTree {
  readonly feature: readonly number[];
  readonly threshold: readonly (number | null)[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly missingLeft: readonly number[];
  readonly cover: readonly number[];
  readonly values: readonly number[];
}

interface ProbabilityCase {
  readonly table: TableName;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly weighted: boolean;
  readonly categorical?: readonly number[];
  readonly probabilities: readonly number[];
}

interface Fixture {
  readonly trees: readonly {
    readonly table: TableName;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly weighted: boolean;
    readonly tree: StoredTree;
    readonly importance: readonly number[];
  }[];
  readonly boosted: {
    readonly classes: readonly ProbabilityCase[];
    readonly values: { readonly rounds: number; readonly predicted: readonly number[] };
  };
  readonly votes: readonly ProbabilityCase[];
  readonly regression: { readonly values: readonly number[]; readonly tree: StoredTree };
}

const tables = foldedTables();
const fixture = compressedFixture<Fixture>('classifiers/trees.json.gz');
const weightsFor = (rows: number, weighted: boolean) =>
  weighted ? Float64Array.from({ length: rows }, (_, i) => 1 + ((i * 0.6180339887498949) % 1)) : undefined;
const labelled = <T extends { table: string; settings: object; weighted: boolean }>(cases: readonly T[]) =>
  cases.map(
    (one) => [`${one.table} ${JSON.stringify(one.settings)}${one.weighted ? ' weighted' : ''}`, one] as const,
  );

/** The largest difference of a pair. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i]!)),
    a.length === b.length ? 0 : Infinity,
  );

function expectTree(tree: Tree, stored: StoredTree): void {
  expect([...tree.feature]).toEqual(stored.feature);
  expect([...tree.left]).toEqual(stored.left);
  expect([...tree.right]).toEqual(stored.right);
  expect([...tree.missingLeft].filter((_, i) => tree.feature[i]! >= 0)).toEqual(
    stored.missingLeft.filter((_, i) => tree.feature[i]! >= 0),
  );
  for (const [i, threshold] of stored.threshold.entries()) {
    const theirs = threshold ?? Number.POSITIVE_INFINITY;
    if (Number.isFinite(theirs)) {
      // The greatest float32 that is not above the middle of two values.
      expect(tree.threshold[i]! <= theirs && tree.threshold[i]! >= theirs - 2e-7 * Math.abs(theirs)).toBe(
        true,
      );
    } else expect(tree.threshold[i]).toBe(theirs);
  }
  expect(apart(tree.cover, stored.cover)).toBeLessThan(1e-6);
  expect(apart(tree.values, stored.values)).toBeLessThan(1e-9);
}

describe('a decision tree is that of scikit-learn, node by node', () => {
  test.each(labelled(fixture.trees))('%s', (_, { table, settings, weighted, tree, importance }) => {
    const { x, y, classes } = tables[table];
    const fitted = fitDecisionTree(x, y, classes, decisionTree.check(settings), {
      seed: 1,
      weights: weightsFor(x.rows, weighted),
    });
    expectTree(fitted.ensemble.trees[0]!, tree);
    expect(apart(fitted.importance!, importance)).toBeLessThan(1e-8);
  });
});

describe("gradient boosting says what scikit-learn's histogram version says", () => {
  test.each(labelled(fixture.boosted.classes))(
    '%s',
    (_, { table, settings, weighted, categorical, probabilities }) => {
      const { x, y, classes } = tables[table];
      const fitted = fitGradientBoosting(x, y, classes, gradientBoosting.check(settings), {
        seed: 1,
        weights: weightsFor(x.rows, weighted),
        categorical,
      });
      // The peer keeps gradients in float32, and leaves here are float32.
      expect(apart(fitted.predict(x), probabilities)).toBeLessThan(1e-5);
    },
  );
});

describe("AdaBoost's votes are those of scikit-learn", () => {
  test.each(labelled(fixture.votes))('%s', (_, { table, settings, weighted, probabilities }) => {
    const { x, y, classes } = tables[table];
    const fitted = fitAdaBoost(x, y, classes, adaBoost.check(settings), {
      seed: 1,
      weights: weightsFor(x.rows, weighted),
    });
    expect(apart(fitted.predict(x), probabilities)).toBeLessThan(1e-7);
  });
});
