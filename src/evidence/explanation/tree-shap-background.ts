import {
  type ExplainedTree,
  type ExplainedTrees,
  firstOutput,
  goesLeft,
  type TreeShap,
} from './explained-trees.ts';

/** One row against one row of the background, down one tree. */
interface Pair {
  readonly tree: ExplainedTree;
  readonly row: Float64Array;
  readonly other: Float64Array;
  /** 0: not decided; 1: as in the row; 2: as in the other. */
  readonly side: Uint8Array; // [columns]
  /** Columns decided so far, in order. */
  readonly decided: Int32Array;
  readonly values: Float64Array;
  readonly at: number;
  readonly outputs: number;
  /** factor[u + most x v] = (u - 1)! v! / (u + v)! */
  readonly factor: Float64Array;
  readonly most: number;
}

/** Lundberg et al. (2020), algorithm 3: mean over the background of Shapley values of swapping columns. */
export function againstBackground(
  trees: ExplainedTrees,
  rows: Float64Array,
  background: Float64Array,
): TreeShap {
  const { columns, outputs } = trees;
  const count = rows.length / columns;
  const others = background.length / columns;
  const values = new Float64Array(count * columns * outputs);
  const expected = new Float64Array(outputs);
  const most = Math.min(columns, 1001) + 1;
  const factor = factors(most);
  const side = new Uint8Array(columns);
  const decided = new Int32Array(columns);
  for (const [t, tree] of trees.trees.entries()) {
    const first = firstOutput(trees, t);
    for (let j = 0; j < others; j++) {
      const other = background.subarray(j * columns, (j + 1) * columns);
      const leaf = leafOf(tree, other);
      for (let k = 0; k < tree.outputs; k++) {
        expected[first + k]! += tree.values[leaf * tree.outputs + k]! / others;
      }
      for (let i = 0; i < count; i++) {
        const row = rows.subarray(i * columns, (i + 1) * columns);
        const at = i * columns * outputs + first;
        descend({ tree, row, other, side, decided, values, at, outputs, factor, most }, 0, 0, 0);
      }
    }
  }
  return { values: values.map((value) => value / others), expected };
}

function leafOf(tree: ExplainedTree, row: Float64Array): number {
  let node = 0;
  while (tree.feature[node]! >= 0) {
    node = goesLeft(tree, node, row[tree.feature[node]!]!) ? tree.left[node]! : tree.right[node]!;
  }
  return node;
}

/** (u - 1)! v! / (u + v)!, by u x C(u + v, u) being its inverse. */
function factors(most: number): Float64Array {
  const result = new Float64Array(most * most);
  for (let u = 1; u < most; u++) {
    let own = 1 / u;
    result[u] = own;
    for (let v = 1; v < most; v++) {
      own *= v / (u + v);
      result[u + most * v] = own;
    }
  }
  return result;
}

/** @param ours columns decided for the row, `theirs` for the other */
function descend(pair: Pair, node: number, ours: number, theirs: number): void {
  const { tree, row, other, side, decided } = pair;
  let here = node;
  for (let column = tree.feature[here]!; column >= 0; column = tree.feature[here]!) {
    const mine = goesLeft(tree, here, row[column]!) ? tree.left[here]! : tree.right[here]!;
    const its = goesLeft(tree, here, other[column]!) ? tree.left[here]! : tree.right[here]!;
    if (mine === its || side[column] === 1) here = mine;
    else if (side[column] === 2) here = its;
    else {
      decided[ours + theirs] = column;
      side[column] = 1;
      descend(pair, mine, ours + 1, theirs);
      decided[ours + theirs] = column;
      side[column] = 2;
      descend(pair, its, ours, theirs + 1);
      side[column] = 0;
      return;
    }
  }
  if (ours + theirs > 0) addLeaf(pair, here, ours, theirs);
}

function addLeaf(
  { tree, side, decided, values, at, outputs, factor, most }: Pair,
  node: number,
  ours: number,
  theirs: number,
): void {
  const gain = ours > 0 ? factor[ours + most * theirs]! : 0;
  const loss = theirs > 0 ? factor[theirs + most * ours]! : 0;
  for (let i = 0; i < ours + theirs; i++) {
    const column = decided[i]!;
    const share = side[column] === 1 ? gain : -loss;
    const to = at + column * outputs;
    for (let k = 0; k < tree.outputs; k++) values[to + k]! += share * tree.values[node * tree.outputs + k]!;
  }
}
