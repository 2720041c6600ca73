import { describe, expect, test } from 'vitest';
import {
  compressedFixture,
  foldedTables,
  otherRows,
  type TableName,
} from '../../../../test/peers/folded-tables.ts';
import { takeColumns, takeRows } from '../matrix.ts';
import { classifiers } from '../registry.ts';
import { adaBoost, fitAdaBoost } from './ada-boost.ts';
import { decisionTree, fitDecisionTree } from './decision-tree.ts';
import { fitGradientBoosting, gradientBoosting } from './gradient-boosting.ts';
import { fitRandomForest, randomForest } from './random-forest.ts';
import type { Tree } from './tree.ts';
import { fitBoostingRegression, fitForestRegression } from './tree-regression.ts';

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
  readonly xgboost: readonly (ProbabilityCase & {
    readonly columns: readonly number[];
    readonly step: number;
    readonly below: number;
  })[];
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

describe("gradient boosting says what XGBoost's histogram method says", () => {
  test.each(labelled(fixture.xgboost))(
    '%s',
    (_, { table, columns, step, below, settings, weighted, probabilities }) => {
      const all = takeColumns(tables[table].x, columns);
      // float32 first, as the peer has it
      const x = { ...all, values: all.values.map((value) => Math.floor(Math.fround(value) * step) / step) };
      const y = tables[table].y.map((label) => (label < below ? 1 : 0));
      const weights = weightsFor(x.rows, weighted);
      const fitted = fitGradientBoosting(x, y, 2, gradientBoosting.check(settings), { seed: 1, weights });
      const second = fitted.predict(x).filter((_p, i) => i % 2 === 1);
      // The peer adds its scores up in float32.
      expect(apart(second, probabilities)).toBeLessThan(1e-5);
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

describe('trees of values', () => {
  const table = tables.made;
  const x = takeColumns(table.x, [0, 1, 2, 3, 4, 5, 6, 7]);
  const targets = Float64Array.from(fixture.regression.values);

  test("one tree is scikit-learn's, node by node", () => {
    const settings = randomForest.check({
      trees: 1,
      bootstrap: false,
      maxFeatures: 'all',
      maxDepth: 4,
      minLeaf: 8,
    });
    const { ensemble } = fitForestRegression(x, targets, settings, { seed: 1 });
    expectTree(ensemble.trees[0]!, fixture.regression.tree);
  });

  test("boosting says what scikit-learn's says", () => {
    const { rounds, predicted } = fixture.boosted.values;
    const fitted = fitBoostingRegression(x, targets, gradientBoosting.check({ rounds }), { seed: 1 });
    expect(apart(fitted.predict(x), predicted)).toBeLessThan(2e-5);
  });

  test('a target that is not finite is refused', () => {
    const broken = targets.with(3, Number.NaN);
    const fit = () => fitBoostingRegression(x, broken, gradientBoosting.check({}), { seed: 1 });
    expect(fit).toThrow(expect.objectContaining({ code: 'CLASSIFIER_DATA' }));
  });
});

describe('gradient boosting', () => {
  const { x, y, classes } = tables['breast-cancer'];

  test('keeps to the direction that a column is given', () => {
    const monotonic = Array.from({ length: x.columns }, (_, i) => (i < 10 ? -1 : i < 20 ? 0 : 1));
    const fitted = fitGradientBoosting(x, y, classes, gradientBoosting.check({ monotonic, minLeaf: 5 }), {
      seed: 1,
    });
    for (const column of [0, 7, 20, 27]) {
      const direction = monotonic[column]!;
      for (let row = 0; row < 40; row++) {
        const rows = new Int32Array(25).fill(row * 14);
        const varied = takeRows(x, rows);
        for (let i = 0; i < 25; i++)
          varied.values[i * x.columns + column] = x.values[i * 20 * x.columns + column]!;
        const order = Array.from(rows, (_, i) => i).sort(
          (a, b) => varied.values[a * x.columns + column]! - varied.values[b * x.columns + column]!,
        );
        const said = fitted.predict(varied);
        const steps = order.slice(1).map((at, i) => said[2 * at + 1]! - said[2 * order[i]! + 1]!);
        expect(Math.min(...steps.map((step) => step * direction))).toBeGreaterThanOrEqual(-1e-12);
      }
    }
  });

  test('stops when the validation part gets no better, and keeps the best rounds', () => {
    const settings = gradientBoosting.check({
      rounds: 400,
      validationFraction: 0.2,
      patience: 5,
      learningRate: 0.3,
    });
    const fitted = fitGradientBoosting(x, y, classes, settings, { seed: 1 });
    expect(fitted.notes!.join()).toMatch(/^\d+ rounds,stopped after 5 rounds/);
    expect(fitted.ensemble.trees.length).toBeLessThan(200);
  });

  test('rows of one patient stay together in the validation split', () => {
    // Patients of ten rows that are alike: a split by rows would know them all.
    const rows = Int32Array.from({ length: 500 }, (_, i) => Math.floor(i / 10));
    const [own, labels] = [takeRows(x, rows), Int32Array.from(rows, (row) => y[row]!)];
    const settings = gradientBoosting.check({
      rounds: 30,
      validationFraction: 0.2,
      patience: 30,
      minLeaf: 10,
    });
    const by = (groups?: Int32Array) =>
      fitGradientBoosting(own, labels, classes, settings, { seed: 3, groups }).ensemble.trees[0]!.cover[0];
    expect(by(rows)! % 10).toBe(0);
    expect(by() as number).toBe(400);
  });

  test('rows and columns are drawn, by the seed', () => {
    const settings = gradientBoosting.check({ rounds: 15, rowFraction: 0.5, columnFraction: 0.3 });
    const by = (seed: number) => fitGradientBoosting(x, y, classes, settings, { seed });
    expect(apart(by(1).predict(x), by(1).predict(x))).toBe(0);
    expect(apart(by(1).predict(x), by(2).predict(x))).toBeGreaterThan(0.01);
    const used = new Set(by(1).ensemble.trees[0]!.feature.filter((column) => column >= 0));
    expect(used.size).toBeLessThanOrEqual(9);
    expect(by(1).ensemble.trees[0]!.cover[0]).toBe(Math.ceil(x.rows / 2));
  });

  test.each([
    [{ monotonic: [1] }, {}, 'CLASSIFIER_SETTINGS'],
    [{ monotonic: Array<number>(30).fill(1) }, { categorical: [2] }, 'CLASSIFIER_DATA'],
    [{}, { categorical: [30] }, 'CLASSIFIER_DATA'],
  ])('refuses %j with %j', (settings, options, code) => {
    const fit = () =>
      fitGradientBoosting(x, y, classes, gradientBoosting.check(settings), { seed: 1, ...options });
    expect(fit).toThrow(expect.objectContaining({ code }));
  });
});

test('out-of-bag probabilities are of the trees that did not see a row', () => {
  const { x, y, classes } = tables.wine;
  const fitted = fitRandomForest(x, y, classes, randomForest.check({ trees: 60 }), { seed: 2 });
  expect(fitted.outOfBag!.length).toBe(x.rows * classes);
  const sums = Array.from({ length: x.rows }, (_, i) => fitted.outOfBag!.subarray(3 * i, 3 * i + 3)).map(
    (own) => own.reduce((sum, p) => sum + p, 0),
  );
  expect(
    apart(
      sums,
      sums.map(() => 1),
    ),
  ).toBeLessThan(1e-9);
  // scikit-learn's forests are right on .98 of the folds.
  expect(fitted.outOfBagScore).toBeGreaterThan(0.95);
  const few = fitRandomForest(x, y, classes, randomForest.check({ trees: 1, rowFraction: 0.5 }), { seed: 2 });
  const unseen = Array.from(
    { length: x.rows },
    (_, i) => fitted.outOfBag && !Number.isNaN(few.outOfBag![3 * i]!),
  );
  expect(unseen.filter(Boolean).length).toBeGreaterThan(0.5 * x.rows); // (1 - 1/n)^(n/2) is .61
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
