/**
 * A binary tree, node 0 its root. A row goes left where its value is at most the threshold, or where its category is
 * in the node's set (8 words of 32 bits from `set[node]` on; -1 or absent for a threshold); NaN as `missingLeft` says.
 */
export interface ExplainedTree {
  /** -1 at a leaf. */
  readonly feature: ArrayLike<number>; // [nodes]
  readonly threshold: ArrayLike<number>; // [nodes]
  readonly left: ArrayLike<number>; // [nodes]
  readonly right: ArrayLike<number>; // [nodes]
  readonly missingLeft: ArrayLike<number>; // [nodes]
  readonly set?: ArrayLike<number>; // [nodes]
  readonly sets?: ArrayLike<number>;
  /** Weight of the training rows that came through; only the way along the paths asks for it. */
  readonly cover: ArrayLike<number>; // [nodes]
  readonly values: ArrayLike<number>; // [nodes, outputs]
  readonly outputs: number;
}

/** Trees that are added up: base + scale x sum of their leaves. */
export interface ExplainedTrees {
  readonly columns: number;
  readonly outputs: number;
  readonly trees: readonly ExplainedTree[];
  /** The output of each tree that has one only; absent where trees have them all. */
  readonly target?: ArrayLike<number> | undefined;
  readonly scale: number;
  readonly base: ArrayLike<number>; // [outputs]
}

export interface TreeShap {
  /** What each column adds to each output; [rows, columns, outputs]. */
  readonly values: Float64Array;
  /** What is said of a row of which nothing is known; with a row's values it adds up to what the trees say of it. */
  readonly expected: Float64Array; // [outputs]
}

/** Where a tree's outputs begin among those of all trees. */
export const firstOutput = ({ target }: ExplainedTrees, tree: number): number => target?.[tree] ?? 0;

/** Whether a value goes left at a node. */
export function goesLeft(tree: ExplainedTree, node: number, value: number): boolean {
  if (Number.isNaN(value)) return tree.missingLeft[node] === 1;
  const set = tree.set?.[node] ?? -1;
  if (set < 0) return value <= tree.threshold[node]!;
  if (!(value >= 0 && value < 256) || !Number.isInteger(value)) return false;
  return ((tree.sets![set + (value >>> 5)]! >>> (value & 31)) & 1) === 1;
}
