import type { RandomStream } from '../../../random.ts';
import { type Split, type SplitSearch, splitFinder } from './find-split.ts';
import { type NodeRows, nodeRowsOf, type Target } from './node-rows.ts';
import type { RankedTable } from './ranks.ts';
import { impurityOf, type NodeSums, nodeSums } from './split-scan.ts';
import { addLeaf, finishTree, setOf, type Tree, type TreeDraft, treeDraft } from './tree.ts';

/** How far a tree grows. */
export interface Growth extends SplitSearch {
  readonly maxDepth: number;
  readonly minSplit: number;
  /** Infinity grows depth first; fewer leaves are grown best first. */
  readonly maxLeaves: number;
  /** Least decrease of impurity, as a part of all rows' weight. */
  readonly minDecrease: number;
}

/** A grown tree, and the impurity of its nodes. */
export interface GrownTree {
  readonly tree: Tree;
  readonly impurity: Float64Array; // [nodes]
}

/** A stretch of the rows that is, or will be, a node. */
interface Pending {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly sums: NodeSums;
  readonly impurity: number;
  /** Where its number is to be written: the parent, and whether it is the left child. */
  readonly parent: number;
  readonly isLeft: boolean;
}

/** A node whose rows are parted already. */
interface Parted {
  readonly split: Split;
  readonly middle: number;
  /** Whether more rows go left than right. */
  readonly mostLeft: boolean;
  readonly left: NodeSums;
  readonly right: NodeSums;
  readonly improvement: number;
}

const EPSILON = 2 ** -52;

/**
 * Makes trees of one table (Breiman et al., "Classification and Regression Trees", 1984), split by split, exact:
 * every cut between two values of a column is looked at.
 *
 * @returns grows a tree for weights of the rows; those of weight 0 are left out
 */
export function treeGrower(table: RankedTable, target: Target, growth: Growth) {
  const rowsFor = nodeRowsOf(table, target);
  const find = splitFinder(table, growth, target.classes);
  const spare = new Int32Array(table.rows);
  return (weights: Float64Array, stream: RandomStream): GrownTree => {
    const node = rowsFor(weights);
    const sums = nodeSums(target.classes);
    node.addTo(sums, 0, node.rows.length);
    const root: Pending = {
      start: 0,
      end: node.rows.length,
      depth: 0,
      sums,
      impurity: impurityOf(growth.criterion, sums),
      parent: -1,
      isLeft: false,
    };
    const work: Work = { table, target, growth, node, spare, find, stream, total: sums.weight };
    return Number.isFinite(growth.maxLeaves) ? bestFirst(work, root) : depthFirst(work, root);
  };
}

interface Work {
  readonly table: RankedTable;
  readonly target: Target;
  readonly growth: Growth;
  readonly node: NodeRows;
  readonly spare: Int32Array;
  readonly find: ReturnType<typeof splitFinder>;
  readonly stream: RandomStream;
  readonly total: number;
}

/** Nodes are numbered as they are visited: parent, left branch, right branch. */
function depthFirst(work: Work, root: Pending): GrownTree {
  const draft = treeDraft(work.target.values ? 1 : work.target.classes);
  const impurity: number[] = [];
  const stack = [root];
  for (let pending = stack.pop(); pending; pending = stack.pop()) {
    const parted = part(work, pending);
    const index = addNode(draft, work, pending, impurity);
    if (!parted) continue;
    writeSplit(draft, index, parted, work.table);
    const [left, right] = childrenOf(work, pending, parted, index);
    stack.push(right, left);
  }
  return { tree: finishTree(draft), impurity: Float64Array.from(impurity) };
}

/** The leaf whose split improves most is the next to be split. */
function bestFirst(work: Work, root: Pending): GrownTree {
  const draft = treeDraft(work.target.values ? 1 : work.target.classes);
  const impurity: number[] = [];
  const frontier: { index: number; pending: Pending; parted: Parted }[] = [];
  const open = (pending: Pending): void => {
    const parted = part(work, pending);
    const index = addNode(draft, work, pending, impurity);
    if (parted) frontier.push({ index, pending, parted });
  };
  open(root);
  for (let leaves = 1; leaves < work.growth.maxLeaves && frontier.length > 0; leaves++) {
    let best = 0;
    for (let i = 1; i < frontier.length; i++) {
      if (frontier[i]!.parted.improvement > frontier[best]!.parted.improvement) best = i;
    }
    const { index, pending, parted } = frontier.splice(best, 1)[0]!;
    writeSplit(draft, index, parted, work.table);
    for (const child of childrenOf(work, pending, parted, index)) open(child);
  }
  return { tree: finishTree(draft), impurity: Float64Array.from(impurity) };
}

function childrenOf({ growth }: Work, { start, end, depth }: Pending, parted: Parted, parent: number) {
  const child = (from: number, to: number, sums: NodeSums, isLeft: boolean): Pending => ({
    start: from,
    end: to,
    depth: depth + 1,
    sums,
    impurity: impurityOf(growth.criterion, sums),
    parent,
    isLeft,
  });
  return [
    child(start, parted.middle, parted.left, true),
    child(parted.middle, end, parted.right, false),
  ] as const;
}

/** Looks for the split and brings the rows to its sides; undefined where the node stays a leaf. */
function part(work: Work, { start, end, depth, sums, impurity }: Pending): Parted | undefined {
  const { growth, node, target, find, stream, total } = work;
  const count = end - start;
  if (depth >= growth.maxDepth || count < growth.minSplit || count < 2 * growth.minLeaf) return undefined;
  if (impurity <= EPSILON) return undefined;
  const split = find(node, start, end, sums, stream);
  if (!split) return undefined;
  const middle = partition(work, split, start, end);
  const left = nodeSums(target.classes);
  const right = nodeSums(target.classes);
  node.addTo(left, start, middle);
  node.addTo(right, middle, end);
  const { criterion } = growth;
  const mixed =
    (left.weight * impurityOf(criterion, left) + right.weight * impurityOf(criterion, right)) / sums.weight;
  const improvement = (sums.weight / total) * (impurity - mixed);
  if (improvement + EPSILON < growth.minDecrease) return undefined;
  return { split, middle, mostLeft: middle - start > end - middle, left, right, improvement };
}

/** Rows that go left first; both sides keep their order. Returns where the right side begins. */
function partition({ table, node, spare }: Work, split: Split, start: number, end: number): number {
  const { rows } = node;
  const offset = split.column * table.rows;
  const { ranks } = table;
  const { rank, categories } = split;
  const missing = split.missingLeft === true ? table.distinct[split.column]!.length : -1;
  let left = start;
  let right = 0;
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    const own = ranks[offset + row]!;
    const goesLeft = categories ? categories[own] === 1 : own < rank || own === missing;
    if (goesLeft) rows[left++] = row;
    else spare[right++] = row;
  }
  rows.set(spare.subarray(0, right), left);
  return left;
}

function addNode(draft: TreeDraft, { target }: Work, pending: Pending, impurity: number[]): number {
  const { sums, parent, isLeft } = pending;
  const index = addLeaf(draft, sums.weight);
  if (target.values) draft.values.push(sums.moment / sums.weight);
  else for (const weight of sums.classes) draft.values.push(weight / sums.weight);
  impurity.push(pending.impurity);
  if (parent >= 0) (isLeft ? draft.left : draft.right)[parent] = index;
  return index;
}

function writeSplit(draft: TreeDraft, index: number, parted: Parted, table: RankedTable): void {
  const { split, mostLeft } = parted;
  draft.feature[index] = split.column;
  draft.threshold[index] = split.threshold;
  draft.missingLeft[index] = (split.missingLeft ?? mostLeft) ? 1 : 0;
  if (!split.categories) return;
  const distinct = table.distinct[split.column]!;
  draft.set[index] = draft.sets.length;
  draft.sets.push(...setOf([...distinct].filter((_, rank) => split.categories![rank] === 1)));
}

/** How much each column lowered the impurity, sum 1 (0 everywhere for a lone root). */
export function impurityDecrease({ tree, impurity }: GrownTree, columns: number): Float64Array {
  const { feature, left, right, cover } = tree;
  const total = new Float64Array(columns);
  for (let node = 0; node < feature.length; node++) {
    if (feature[node]! < 0) continue;
    const weighted = (index: number) => cover[index]! * impurity[index]!;
    total[feature[node]!]! += weighted(node) - weighted(left[node]!) - weighted(right[node]!);
  }
  return shares(total);
}

/** Divided by their sum, where there is one. */
export function shares(values: Float64Array): Float64Array {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum > 0 ? values.map((value) => value / sum) : values;
}
