import { describe, expect, test } from 'vitest';
import { compressedFixture } from '../../../test/peers/folded-tables.ts';
import { RandomStream } from '../../random.ts';
import type { ExplainedTree, ExplainedTrees } from './explained-trees.ts';
import { goesLeft } from './explained-trees.ts';
import { meanAbsolute, treeShap } from './tree-shap.ts';

interface StoredCase {
  readonly name: string;
  readonly columns: number;
  readonly outputs: number;
  readonly scale: number;
  readonly base: readonly number[];
  readonly trees: readonly (Omit<ExplainedTree, 'threshold'> & {
    readonly threshold: readonly (number | null)[];
  })[];
  readonly rows: readonly (number | null)[];
  readonly path: readonly number[];
  readonly expected: readonly number[];
  readonly sound: readonly number[];
  readonly background: readonly number[];
  readonly against: readonly number[];
  readonly againstExpected: readonly number[];
}

const { shap } = compressedFixture<{ shap: readonly StoredCase[] }>('classifiers/trees.json.gz');

const treesOf = ({ columns, outputs, scale, base, trees }: StoredCase): ExplainedTrees => ({
  columns,
  outputs,
  scale,
  base,
  trees: trees.map((tree) => ({
    ...tree,
    threshold: tree.threshold.map((value) => value ?? Number.POSITIVE_INFINITY),
  })),
  ...(trees[0]!.outputs === outputs ? {} : { target: trees.map(() => 0) }),
});

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i]!)),
    a.length === b.length ? 0 : Infinity,
  );

describe('SHAP values of trees are those of the shap package', () => {
  test.each(shap.map((one) => [one.name, one] as const))('%s, along the paths', (_, stored) => {
    const rows = Float64Array.from(stored.rows, (value) => value ?? Number.NaN);
    const { values, expected } = treeShap(treesOf(stored), rows);
    expect(largest(values, stored.path)).toBeLessThan(1e-6);
    expect(largest(expected, stored.expected)).toBeLessThan(1e-6);
  });

  test.each(shap.map((one) => [one.name, one] as const))('%s, against a background', (_, stored) => {
    const background = Float64Array.from(stored.background);
    const { values, expected } = treeShap(treesOf(stored), Float64Array.from(stored.sound), { background });
    expect(largest(values, stored.against)).toBeLessThan(1e-6);
    expect(largest(expected, stored.againstExpected)).toBeLessThan(1e-6);
  });
});

/** What the trees say of a row. */
function said({ trees, scale, base }: ExplainedTrees, row: Float64Array): number {
  let sum = 0;
  for (const tree of trees) {
    let node = 0;
    while (tree.feature[node]! >= 0) {
      node = goesLeft(tree, node, row[tree.feature[node]!]!) ? tree.left[node]! : tree.right[node]!;
    }
    sum += tree.values[node]!;
  }
  return base[0]! + scale * sum;
}

/** A tree of random questions about four columns, one of them of categories. */
function randomTree(stream: RandomStream, depth: number): ExplainedTree {
  const nodes: {
    feature: number;
    threshold: number;
    left: number;
    right: number;
    missing: number;
    set: number;
    cover: number;
    value: number;
  }[] = [];
  const sets: number[] = [];
  const add = (left: number, cover: number): number => {
    const isLeaf = left === 0 || (left < depth && stream.chance(0.2));
    const feature = isLeaf ? -1 : stream.integer(4);
    const node = {
      feature,
      threshold: stream.normal(),
      left: -1,
      right: -1,
      missing: stream.integer(2),
      set: -1,
      cover,
      value: stream.normal(),
    };
    const index = nodes.push(node) - 1;
    if (isLeaf) return index;
    if (feature === 3) {
      node.set = sets.length;
      sets.push(stream.integer(256), 0, 0, 0, 0, 0, 0, 0);
    }
    const share = stream.uniform(0.1, 0.9);
    node.left = add(left - 1, cover * share);
    node.right = add(left - 1, cover * (1 - share));
    return index;
  };
  add(depth, 100);
  return {
    feature: nodes.map((node) => node.feature),
    threshold: nodes.map((node) => Math.fround(node.threshold)),
    left: nodes.map((node) => node.left),
    right: nodes.map((node) => node.right),
    missingLeft: nodes.map((node) => node.missing),
    set: nodes.map((node) => node.set),
    sets,
    cover: nodes.map((node) => node.cover),
    values: nodes.map((node) => node.value),
    outputs: 1,
  };
}

/** Mean of the tree over a background where only the columns of `known` are the row's: the definition's game. */
function game(trees: ExplainedTrees, row: Float64Array, background: Float64Array, known: number): number {
  const others = background.length / 4;
  let sum = 0;
  for (let j = 0; j < others; j++) {
    const mixed = Float64Array.from(row, (value, column) =>
      (known >> column) & 1 ? value : background[j * 4 + column]!,
    );
    sum += said(trees, mixed);
  }
  return sum / others;
}

/** The tree's mean where an unknown column's rows flow as the training rows did. */
function flow(tree: ExplainedTree, row: Float64Array, known: number, node = 0): number {
  const column = tree.feature[node]!;
  if (column < 0) return tree.values[node]!;
  const [left, right] = [tree.left[node]!, tree.right[node]!];
  if ((known >> column) & 1) return flow(tree, row, known, goesLeft(tree, node, row[column]!) ? left : right);
  const [a, b] = [tree.cover[left]!, tree.cover[right]!];
  return (a * flow(tree, row, known, left) + b * flow(tree, row, known, right)) / (a + b);
}

function shapley(value: (known: number) => number): number[] {
  const weight = [1 / 4, 1 / 12, 1 / 12, 1 / 4]; // |S|! (3 - |S|)! / 4!
  return [0, 1, 2, 3].map((column) => {
    let sum = 0;
    for (let known = 0; known < 16; known++) {
      if ((known >> column) & 1) continue;
      const size = [0, 1, 2, 3].filter((other) => (known >> other) & 1).length;
      sum += weight[size]! * (value(known | (1 << column)) - value(known));
    }
    return sum;
  });
}

test.each([1, 2, 3, 4, 5, 6])(
  'both ways equal the definition on random trees with sets and missing values, seed %i',
  (seed) => {
    const stream = new RandomStream({ seed, purpose: 'tree-shap-test' });
    const trees: ExplainedTrees = {
      columns: 4,
      outputs: 1,
      trees: [randomTree(stream, 6), randomTree(stream, 4)],
      target: [0, 0],
      scale: 0.5,
      base: [1],
    };
    const draw = () => (stream.chance(0.15) ? Number.NaN : Math.fround(stream.normal()));
    const row = Float64Array.of(draw(), draw(), draw(), stream.integer(9));
    const background = Float64Array.from({ length: 20 }, (_, i) =>
      i % 4 === 3 ? stream.integer(9) : draw(),
    );
    const path = treeShap(trees, row);
    const along = shapley(
      (known) => 0.5 * trees.trees.reduce((sum, tree) => sum + flow(tree, row, known), 0),
    );
    expect(largest(path.values, along)).toBeLessThan(1e-12);
    const total = path.values.reduce((sum, value) => sum + value, path.expected[0]!);
    expect(total).toBeCloseTo(said(trees, row), 12);
    const against = treeShap(trees, row, { background });
    expect(
      largest(
        against.values,
        shapley((known) => game(trees, row, background, known)),
      ),
    ).toBeLessThan(1e-12);
  },
);

test('the mean of absolute values is over rows, and adds outputs up', () => {
  const values = Float64Array.of(1, -2, 3, 0, -1, 1, 1, 1);
  expect([...meanAbsolute({ values, expected: new Float64Array(2) }, 2, 2)]).toEqual([2.5, 2.5]);
});

const stump: ExplainedTree = {
  feature: [0, -1, -1],
  threshold: [0, 0, 0],
  left: [1, -1, -1],
  right: [2, -1, -1],
  missingLeft: [0, 0, 0],
  cover: [2, 1, 1],
  values: [0, 1, 2],
  outputs: 1,
};

test.each([
  ['covers that do not add up', { ...stump, cover: [2, 0.5, 1] }, /TREE_SHAP_TREES|covers/],
  ['a node that is its own child', { ...stump, left: [0, -1, -1] }, /no two children/],
  ['a column that is not there', { ...stump, feature: [4, -1, -1] }, /column 4/],
  ['values that do not fit', { ...stump, values: [0] }, /do not fit/],
])('refuses %s', (_, tree, message) => {
  const trees = { columns: 1, outputs: 1, trees: [tree], scale: 1, base: [0] };
  expect(() => treeShap(trees, Float64Array.of(1))).toThrow(message);
});

test('rows that are not whole are refused', () => {
  const trees = { columns: 2, outputs: 1, trees: [stump], scale: 1, base: [0] };
  expect(() => treeShap(trees, Float64Array.of(1))).toThrow(
    expect.objectContaining({ code: 'TREE_SHAP_ROWS' }),
  );
});
