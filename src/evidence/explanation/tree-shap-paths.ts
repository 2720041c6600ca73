import {
  type ExplainedTree,
  type ExplainedTrees,
  firstOutput,
  goesLeft,
  type TreeShap,
} from './explained-trees.ts';

/** Memory of one walk down a tree: at each depth the unique columns on the way there, and their weights. */
interface Path {
  /** Column of each entry; -1 for the first, which stands for none. */
  readonly column: Int32Array;
  /** Part of the training rows that flow on where the column is not known. */
  readonly zero: Float64Array;
  /** 1 where the row itself flows on, else 0. */
  readonly one: Float64Array;
  /** Sum of the weights of the subsets of each size. */
  readonly weight: Float64Array;
}

interface Walk {
  readonly tree: ExplainedTree;
  readonly row: Float64Array;
  readonly path: Path;
  readonly values: Float64Array;
  /** Where the row's values begin, and how many outputs there are between columns. */
  readonly at: number;
  readonly outputs: number;
}

/** Lundberg et al. (2018), "Consistent individualized feature attribution for tree ensembles", algorithm 2. */
export function alongPaths(trees: ExplainedTrees, rows: Float64Array): TreeShap {
  const { columns, outputs } = trees;
  const count = rows.length / columns;
  const values = new Float64Array(count * columns * outputs);
  const expected = new Float64Array(outputs);
  for (const [t, tree] of trees.trees.entries()) {
    const first = firstOutput(trees, t);
    addExpected(tree, expected, first);
    const path = pathOf(depthOf(tree));
    for (let i = 0; i < count; i++) {
      const row = rows.subarray(i * columns, (i + 1) * columns);
      walk({ tree, row, path, values, at: i * columns * outputs + first, outputs }, 0, 0, 0, 1, 1, -1);
    }
  }
  return { values, expected };
}

function addExpected(tree: ExplainedTree, expected: Float64Array, first: number): void {
  const { feature, cover, values, outputs } = tree;
  for (let node = 0; node < feature.length; node++) {
    if (feature[node]! >= 0) continue;
    const share = cover[node]! / cover[0]!;
    for (let k = 0; k < outputs; k++) expected[first + k]! += share * values[node * outputs + k]!;
  }
}

function depthOf({ feature, left, right }: ExplainedTree): number {
  let deepest = 0;
  const stack: [number, number][] = [[0, 0]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, depth] = next;
    deepest = Math.max(deepest, depth);
    if (feature[node]! >= 0) stack.push([left[node]!, depth + 1], [right[node]!, depth + 1]);
  }
  return deepest;
}

function pathOf(depth: number): Path {
  const size = ((depth + 2) * (depth + 3)) / 2;
  return {
    column: new Int32Array(size),
    zero: new Float64Array(size),
    one: new Float64Array(size),
    weight: new Float64Array(size),
  };
}

/**
 * @param from where the parent's path lies
 * @param length entries of the path before this node's column is added
 */
function walk(
  at: Walk,
  node: number,
  from: number,
  length: number,
  zero: number,
  one: number,
  column: number,
): void {
  const { tree, path, row } = at;
  let count = length;
  const start = from + length;
  copy(path, from, start, length);
  extend(path, start, count++, zero, one, column);
  const asked = tree.feature[node]!;
  if (asked < 0) {
    addLeaf(at, node, start, count);
    return;
  }
  const isLeft = goesLeft(tree, node, row[asked]!);
  const hot = isLeft ? tree.left[node]! : tree.right[node]!;
  const cold = isLeft ? tree.right[node]! : tree.left[node]!;
  let [knownZero, knownOne] = [1, 1];
  for (let i = 1; i < count; i++) {
    if (path.column[start + i] !== asked) continue;
    knownZero = path.zero[start + i]!;
    knownOne = path.one[start + i]!;
    unwind(path, start, --count, i);
    break;
  }
  const cover = tree.cover[node]!;
  walk(at, hot, start, count, (knownZero * tree.cover[hot]!) / cover, knownOne, asked);
  // Where no training row went, nothing flows that is not the row's own.
  if (tree.cover[cold]! > 0) walk(at, cold, start, count, (knownZero * tree.cover[cold]!) / cover, 0, asked);
}

function copy({ column, zero, one, weight }: Path, from: number, to: number, length: number): void {
  for (let i = 0; i < length; i++) {
    column[to + i] = column[from + i]!;
    zero[to + i] = zero[from + i]!;
    one[to + i] = one[from + i]!;
    weight[to + i] = weight[from + i]!;
  }
}

/** Adds a column as entry `count`: every subset with and without it. */
function extend(path: Path, start: number, count: number, zero: number, one: number, column: number): void {
  const { weight } = path;
  path.column[start + count] = column;
  path.zero[start + count] = zero;
  path.one[start + count] = one;
  weight[start + count] = count === 0 ? 1 : 0;
  for (let i = count - 1; i >= 0; i--) {
    weight[start + i + 1]! += (one * weight[start + i]! * (i + 1)) / (count + 1);
    weight[start + i] = (zero * weight[start + i]! * (count - i)) / (count + 1);
  }
}

/** Takes entry `index` away again; `last` is the last entry. */
function unwind(path: Path, start: number, last: number, index: number): void {
  const { weight, column, zero, one } = path;
  const ones = one[start + index]!;
  const zeros = zero[start + index]!;
  let next = weight[start + last]!;
  for (let i = last - 1; i >= 0; i--) {
    if (ones !== 0) {
      const kept = weight[start + i]!;
      weight[start + i] = (next * (last + 1)) / ((i + 1) * ones);
      next = kept - (weight[start + i]! * zeros * (last - i)) / (last + 1);
    } else {
      weight[start + i] = (weight[start + i]! * (last + 1)) / (zeros * (last - i));
    }
  }
  for (let i = index; i < last; i++) {
    column[start + i] = column[start + i + 1]!;
    zero[start + i] = zero[start + i + 1]!;
    one[start + i] = one[start + i + 1]!;
  }
}

/** The sum of the weights that the path would have without entry `index`. */
function sumWithout({ weight, zero, one }: Path, start: number, last: number, index: number): number {
  const ones = one[start + index]!;
  const zeros = zero[start + index]!;
  let next = weight[start + last]!;
  let total = 0;
  for (let i = last - 1; i >= 0; i--) {
    if (ones !== 0) {
      const own = (next * (last + 1)) / ((i + 1) * ones);
      total += own;
      next = weight[start + i]! - (own * zeros * (last - i)) / (last + 1);
    } else if (zeros !== 0) {
      total += (weight[start + i]! * (last + 1)) / (zeros * (last - i));
    }
  }
  return total;
}

function addLeaf(
  { tree, path, values, at, outputs }: Walk,
  node: number,
  start: number,
  count: number,
): void {
  for (let i = 1; i < count; i++) {
    const share = sumWithout(path, start, count - 1, i) * (path.one[start + i]! - path.zero[start + i]!);
    const to = at + path.column[start + i]! * outputs;
    for (let k = 0; k < tree.outputs; k++) values[to + k]! += share * tree.values[node * tree.outputs + k]!;
  }
}
