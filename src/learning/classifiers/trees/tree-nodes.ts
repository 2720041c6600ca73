import type { PlainAttributes } from '../../../engine/graph/attributes.ts';
import type { Graph, Value } from '../../../engine/graph/graph.ts';
import type { TreeEnsemble } from './ensemble.ts';
import { categoriesOf, type Tree } from './tree.ts';

/** A value that no category has: the set of a node through which only missing values go left. */
const NO_CATEGORY = -(2 ** 100);

/** The nodes of trees as ai.onnx.ml lists them. */
interface NodeList {
  readonly tree: number[];
  readonly node: number[];
  readonly feature: number[];
  readonly mode: string[];
  readonly value: number[];
  readonly yes: number[];
  readonly no: number[];
  readonly missing: number[];
  readonly cover: number[];
}

interface LeafList {
  readonly tree: number[];
  readonly node: number[];
  readonly target: number[];
  readonly weight: number[];
}

/**
 * Adds the trees as one TreeEnsembleRegressor (ai.onnx.ml 3): base + scale x sum of leaves. A set of categories
 * becomes a chain of nodes that ask for one category each and share the branch. Covers are kept as hit rates.
 *
 * @param x float32 [N, columns]
 * @returns float32 [N, outputs]
 */
export function addTrees(graph: Graph, x: Value, ensemble: TreeEnsemble): Value {
  const nodes: NodeList = {
    tree: [],
    node: [],
    feature: [],
    mode: [],
    value: [],
    yes: [],
    no: [],
    missing: [],
    cover: [],
  };
  const leaves: LeafList = { tree: [], node: [], target: [], weight: [] };
  for (const [t, tree] of ensemble.trees.entries()) {
    listNodes(nodes, tree, t);
    listLeaves(leaves, tree, t, ensemble);
  }
  const mean = ensemble.scale !== 1 && ensemble.scale === 1 / ensemble.trees.length;
  const attributes: PlainAttributes = {
    n_targets: ensemble.outputs,
    aggregate_function: mean ? 'AVERAGE' : 'SUM',
    post_transform: 'NONE',
    base_values: ensemble.base.some((value) => value !== 0) ? [...ensemble.base] : undefined,
    nodes_treeids: nodes.tree,
    nodes_nodeids: nodes.node,
    nodes_featureids: nodes.feature,
    nodes_modes: nodes.mode,
    nodes_values: nodes.value,
    nodes_truenodeids: nodes.yes,
    nodes_falsenodeids: nodes.no,
    nodes_missing_value_tracks_true: nodes.missing,
    nodes_hitrates: nodes.cover,
    target_treeids: leaves.tree,
    target_nodeids: leaves.node,
    target_ids: leaves.target,
    target_weights: leaves.weight,
  };
  return graph.op('TreeEnsembleRegressor', [x], attributes, {
    domain: 'ai.onnx.ml',
    outputTypes: [{ dtype: 'float32', shape: [x.shape?.[0], ensemble.outputs] }],
  });
}

/** One line of the lists. */
interface Line {
  readonly id: number;
  readonly feature: number;
  readonly mode: string;
  readonly value: number;
  readonly yes: number;
  readonly no: number;
  readonly missing: number;
  readonly cover: number;
}

function pushLine(nodes: NodeList, tree: number, line: Line): void {
  nodes.tree.push(tree);
  nodes.node.push(line.id);
  nodes.feature.push(line.feature);
  nodes.mode.push(line.mode);
  nodes.value.push(line.value);
  nodes.yes.push(line.yes);
  nodes.no.push(line.no);
  nodes.missing.push(line.missing);
  nodes.cover.push(line.cover);
}

function listNodes(nodes: NodeList, tree: Tree, index: number): void {
  const spare = { next: tree.feature.length };
  for (let node = 0; node < tree.feature.length; node++) {
    const feature = tree.feature[node]!;
    const isLeaf = feature < 0;
    if (!isLeaf && tree.set[node]! >= 0) {
      listSet(nodes, tree, index, node, spare);
      continue;
    }
    pushLine(nodes, index, {
      id: node,
      feature: isLeaf ? 0 : feature,
      mode: isLeaf ? 'LEAF' : 'BRANCH_LEQ',
      value: isLeaf ? 0 : tree.threshold[node]!,
      yes: isLeaf ? 0 : tree.left[node]!,
      no: isLeaf ? 0 : tree.right[node]!,
      missing: isLeaf ? 0 : tree.missingLeft[node]!,
      cover: tree.cover[node]!,
    });
  }
}

/** One node for each category of the set, all with one true branch. */
function listSet(nodes: NodeList, tree: Tree, index: number, node: number, spare: { next: number }): void {
  const members = categoriesOf(tree, node);
  if (members.length === 0) members.push(NO_CATEGORY);
  const right = tree.right[node]!;
  const feature = tree.feature[node]!;
  const cover = tree.cover[node]!;
  // ONNX Runtime 1.30 takes two chains of one column for a single one where both lead to leaves: a node between them
  // that all rows pass, with a leaf that none reaches.
  const parts = tree.feature[right] === feature && tree.set[right]! >= 0;
  const end = parts ? spare.next : right;
  if (parts) spare.next += 2;
  const chained = spare.next;
  spare.next += members.length - 1;
  for (const [i, category] of members.entries()) {
    pushLine(nodes, index, {
      id: i === 0 ? node : chained + i - 1,
      feature,
      mode: 'BRANCH_EQ',
      value: category,
      yes: tree.left[node]!,
      no: i === members.length - 1 ? end : chained + i,
      missing: tree.missingLeft[node]!,
      cover,
    });
  }
  if (!parts) return;
  // After the chain: the first node that is listed is the root.
  const passed = { feature, value: Number.POSITIVE_INFINITY, missing: 1, cover: tree.cover[right]! };
  pushLine(nodes, index, { id: end, mode: 'BRANCH_LEQ', yes: right, no: end + 1, ...passed });
  const nothing = { feature: 0, value: 0, yes: 0, no: 0, missing: 0, cover: 0 };
  pushLine(nodes, index, { id: end + 1, mode: 'LEAF', ...nothing });
}

function listLeaves(leaves: LeafList, tree: Tree, index: number, ensemble: TreeEnsemble): void {
  const { target, outputs, scale, trees } = ensemble;
  const factor = scale === 1 / trees.length ? 1 : scale;
  for (let node = 0; node < tree.feature.length; node++) {
    if (tree.feature[node]! >= 0) continue;
    for (let k = 0; k < tree.outputs; k++) {
      leaves.tree.push(index);
      leaves.node.push(node);
      leaves.target.push(tree.outputs === outputs ? k : target![index]!);
      leaves.weight.push(factor * tree.values[node * tree.outputs + k]!);
    }
  }
}
