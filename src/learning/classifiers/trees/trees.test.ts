import { describe, expect, test } from 'vitest';
import {
  compressedFixture,
  foldedTables,
  otherRows,
  type TableName,
} from '../../../../test/peers/folded-tables.ts';
import { takeRows } from '../matrix.ts';
import { classifiers } from '../registry.ts';
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

interface Figures {
  readonly accuracy: number;
  readonly auc: number;
}

interface Fixture {
  readonly folds: Readonly<Record<'breast-cancer' | 'digits' | 'wine', Readonly<Record<string, Figures>>>>;
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

/** Means over the five folds and the seeds; columns are used as they are. */
async function figuresOf(name: string, table: TableName, settings: object, seeds: number): Promise<Figures> {
  const { x, y, classes, folds } = tables[table];
  const one = classifiers.get(name)!;
  let [accuracy, auc] = [0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    for (const held of folds) {
      const train = otherRows(x.rows, held);
      const classOf = (rows: Int32Array) => Int32Array.from(rows, (row) => y[row]!);
      const fitted = await one.fit(takeRows(x, train), classOf(train), classes, one.check({ ...settings }), {
        seed,
      });
      const said = fitted.predict(takeRows(x, held));
      accuracy += accuracyOf(said, classOf(held), classes) / (folds.length * seeds);
      auc += areaOf(said, classOf(held), classes) / (folds.length * seeds);
    }
  }
  return { accuracy, auc };
}

function accuracyOf(said: Float64Array, y: Int32Array, classes: number): number {
  const right = y.filter((label, row) => {
    const own = said.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(Math.max(...own)) === label;
  });
  return right.length / y.length;
}

/** Of two classes, or the mean of each class against the rest; equal scores count half. */
function areaOf(said: Float64Array, y: Int32Array, classes: number): number {
  let sum = 0;
  const kinds = classes === 2 ? [1] : Array.from({ length: classes }, (_, k) => k);
  for (const k of kinds) {
    let [pairs, won] = [0, 0];
    for (let i = 0; i < y.length; i++) {
      for (let j = 0; j < y.length; j++) {
        if (y[i] !== k || y[j] === k) continue;
        const [a, b] = [said[i * classes + k]!, said[j * classes + k]!];
        pairs++;
        won += a > b ? 1 : a === b ? 0.5 : 0;
      }
    }
    sum += won / pairs / kinds.length;
  }
  return sum;
}

describe('right as often as scikit-learn on the same folds', () => {
  const all = { 'breast-cancer': 3, wine: 3, digits: 1 } as const;
  const settings: Readonly<Record<string, object>> = { 'decision-tree': { maxDepth: 6, minLeaf: 3 } };
  const names = ['decision-tree', 'random-forest', 'extra-trees', 'ada-boost', 'gradient-boosting'];
  const cases = Object.entries(all).flatMap(([table, seeds]) =>
    names.map(
      (name) => [name, table as keyof typeof all, name === 'decision-tree' ? 10 * seeds : seeds] as const,
    ),
  );
  // A thousand trees a fold: `npm run bench -- classifiers` has it.
  const quick = cases.filter(([name, table]) => !(name === 'gradient-boosting' && table === 'digits'));
  test.each(quick)('%s on %s', async (name, table, seeds) => {
    const once = name === 'ada-boost' || name === 'gradient-boosting';
    const ours = await figuresOf(name, table, settings[name] ?? {}, once ? 1 : seeds);
    const theirs = fixture.folds[table][name]!;
    expect(ours.accuracy).toBeGreaterThan(theirs.accuracy - 0.01);
    expect(ours.auc).toBeGreaterThan(theirs.auc - (name === 'gradient-boosting' ? 0.005 : 0.01));
  });
});
