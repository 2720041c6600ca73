import type { GrownTree } from './grow.ts';
import { addLeaf, finishTree, SET_WORDS, treeDraft } from './tree.ts';

/**
 * The smallest of the subtrees that minimise cost + alpha x leaves, cost being the leaves' weighted impurity as a part
 * of all weight (minimal cost-complexity pruning: Breiman et al., 1984, section 3.3).
 */
export function prune(grown: GrownTree, alpha: number): GrownTree {
  if (alpha <= 0) return grown;
  const { tree, impurity } = grown;
  const { feature, left, right, cover } = tree;
  const leaves = new Float64Array(feature.length).fill(1);
  const cost = new Float64Array(feature.length);
  const isLeaf = new Uint8Array(feature.length);
  // Children have greater numbers than their parent.
  for (let node = feature.length - 1; node >= 0; node--) {
    const own = (cover[node]! * impurity[node]!) / cover[0]!;
    cost[node] = own;
    isLeaf[node] = 1;
    if (feature[node]! < 0) continue;
    const below = leaves[left[node]!]! + leaves[right[node]!]!;
    const branch = cost[left[node]!]! + cost[right[node]!]!;
    if (own <= branch + alpha * (below - 1)) continue;
    isLeaf[node] = 0;
    cost[node] = branch;
    leaves[node] = below;
  }
  return keep(grown, isLeaf);
}

/** The tree cut at the nodes that are leaves now. */
function keep({ tree, impurity }: GrownTree, isLeaf: Uint8Array): GrownTree {
  const draft = treeDraft(tree.outputs);
  const kept: number[] = [];
  const stack = [{ node: 0, parent: -1, isLeft: false }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, parent, isLeft } = next;
    const index = addLeaf(draft, tree.cover[node]!);
    draft.values.push(...tree.values.subarray(node * tree.outputs, (node + 1) * tree.outputs));
    kept.push(impurity[node]!);
    if (parent >= 0) (isLeft ? draft.left : draft.right)[parent] = index;
    if (isLeaf[node] === 1) continue;
    draft.feature[index] = tree.feature[node]!;
    draft.threshold[index] = tree.threshold[node]!;
    draft.missingLeft[index] = tree.missingLeft[node]!;
    const set = tree.set[node]!;
    if (set >= 0) {
      draft.set[index] = draft.sets.length;
      draft.sets.push(...tree.sets.subarray(set, set + SET_WORDS));
    }
    stack.push({ node: tree.right[node]!, parent: index, isLeft: false });
    stack.push({ node: tree.left[node]!, parent: index, isLeft: true });
  }
  return { tree: finishTree(draft), impurity: Float64Array.from(kept) };
}
