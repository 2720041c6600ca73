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

function listNodes(nodes: NodeList, tree: Tree, index: number): void {
  let spare = tree.feature.length;
  for (let node = 0; node < tree.feature.length; node++) {
    const isLeaf = tree.feature[node]! < 0;
    const { left, right, missingLeft, cover } = tree;
    const push = (id: number, mode: string, value: number, no: number): void => {
      nodes.tree.push(index);
      nodes.node.push(id);
      nodes.feature.push(isLeaf ? 0 : tree.feature[node]!);
      nodes.mode.push(mode);
      nodes.value.push(value);
      nodes.yes.push(isLeaf ? 0 : left[node]!);
      nodes.no.push(no);
      nodes.missing.push(isLeaf ? 0 : missingLeft[node]!);
      nodes.cover.push(cover[node]!);
    };
    if (isLeaf) push(node, 'LEAF', 0, 0);
    else if (tree.set[node]! < 0) push(node, 'BRANCH_LEQ', tree.threshold[node]!, right[node]!);
    else {
      const members = categoriesOf(tree, node);
      if (members.length === 0) members.push(NO_CATEGORY);
      for (const [i, category] of members.entries()) {
        const isLast = i === members.length - 1;
        push(i === 0 ? node : spare + i - 1, 'BRANCH_EQ', category, isLast ? right[node]! : spare + i);
      }
      spare += members.length - 1;
    }
  }
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
