import { HounsfieldError } from '../../errors.ts';
import type { ExplainedTree, ExplainedTrees, TreeShap } from './explained-trees.ts';
import { againstBackground } from './tree-shap-background.ts';
import { alongPaths } from './tree-shap-paths.ts';

export interface TreeShapOptions {
  /**
   * Rows that stand for "not known": interventional values (Lundberg et al., 2020, algorithm 3). Left out, what is not
   * known follows the training rows down the tree: path-dependent values (algorithm 2).
   */
  readonly background?: Float64Array | undefined; // [any, columns]
}

/** Deeper trees are not made by anyone who wants them explained. */
const DEEPEST = 1000;

/**
 * Exact SHAP values of trees, in the unit of their sums: probabilities for a forest, log-odds for boosting (Lundberg
 * et al., "From local explanations to global understanding with explainable AI for trees", 2020).
 *
 * @param rows values to explain, row by row; NaN is missing; [rows, columns]
 * @throws TREE_SHAP_TREES when the trees are no trees, too deep, or their covers do not add up; TREE_SHAP_ROWS when rows
 *   or background do not fill whole rows
 */
export function treeShap(
  trees: ExplainedTrees,
  rows: Float64Array,
  { background }: TreeShapOptions = {},
): TreeShap {
  checkRows(trees, rows, 'the rows to explain');
  for (const [t, tree] of trees.trees.entries()) checkTree(trees, tree, t, background === undefined);
  const single = Float64Array.from(rows, Math.fround);
  const raw = background ? interventional(trees, single, background) : alongPaths(trees, single);
  const expected = raw.expected.map((value, k) => trees.base[k]! + trees.scale * value);
  return { values: raw.values.map((value) => trees.scale * value), expected };
}

function interventional(trees: ExplainedTrees, rows: Float64Array, background: Float64Array): TreeShap {
  checkRows(trees, background, 'the background');
  return againstBackground(trees, rows, Float64Array.from(background, Math.fround));
}

/** Mean absolute value of each column over the rows, outputs added up; not divided by their sum. [columns] */
export function meanAbsolute({ values }: TreeShap, columns: number, outputs: number): Float64Array {
  const total = new Float64Array(columns);
  const rows = values.length / (columns * outputs);
  for (let i = 0; i < values.length; i++) {
    total[Math.floor(i / outputs) % columns]! += Math.abs(values[i]!) / rows;
  }
  return total;
}

function checkRows({ columns }: ExplainedTrees, rows: Float64Array, what: string): void {
  if (rows.length > 0 && rows.length % columns === 0) return;
  throw new HounsfieldError(
    'TREE_SHAP_ROWS',
    `${what}: ${rows.length} values do not fill rows of ${columns} columns. Pass whole rows, at least one.`,
  );
}

function checkTree(trees: ExplainedTrees, tree: ExplainedTree, index: number, covers: boolean): void {
  const { feature, left, right, cover } = tree;
  const count = feature.length;
  const refuse = (why: string): never => {
    throw new HounsfieldError('TREE_SHAP_TREES', `tree ${index}: ${why}`);
  };
  const fits = tree.outputs === trees.outputs || (tree.outputs === 1 && trees.target !== undefined);
  if (count === 0 || !fits || tree.values.length !== count * tree.outputs) {
    refuse(
      `${count} nodes with ${tree.values.length} values of ${tree.outputs} output(s) do not fit together.`,
    );
  }
  const depth = new Int32Array(count).fill(-1);
  depth[0] = 0;
  const stack = [0];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (feature[node]! < 0) continue;
    if (!(feature[node]! < trees.columns)) refuse(`node ${node} asks for column ${feature[node]}.`);
    for (const child of [left[node]!, right[node]!]) {
      if (!(child > 0 && child < count) || depth[child] !== -1)
        refuse(`node ${node} has no two children of its own.`);
      depth[child] = depth[node]! + 1;
      if (depth[child]! > DEEPEST) refuse(`it is deeper than ${DEEPEST}. Grow it with a maxDepth.`);
      stack.push(child);
    }
    if (!covers) continue;
    const sum = cover[left[node]!]! + cover[right[node]!]!;
    if (cover[node]! > 0 && Math.abs(sum - cover[node]!) <= 1e-4 * cover[node]!) continue;
    refuse(`the covers of node ${node} and its children do not add up. Pass a background instead.`);
  }
}
