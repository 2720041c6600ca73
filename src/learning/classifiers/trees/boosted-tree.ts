import {
  type BinNode,
  type BinSplit,
  type BoostLimits,
  bestValue,
  noSplit,
  scanCategories,
  scanColumn,
} from './bin-split.ts';
import type { BinnedTable } from './bins.ts';
import { addRows, type ExactRows, exactRows, roundRows, takeAway } from './histogram.ts';
import { addLeaf, finishTree, setOf, type Tree, type TreeDraft, treeDraft } from './tree.ts';

export interface BoostGrowth extends BoostLimits {
  readonly maxLeaves: number;
  readonly maxDepth: number;
  /** What a leaf's value is multiplied by. */
  readonly learningRate: number;
}

/** A node that may still be split. */
interface Open extends BinNode {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly split: BinSplit;
}

/** A tree of one output; `gains` is what each column's splits gained. */
export interface BoostedTree {
  readonly tree: Tree;
  /** Leaf of each row of `rows`, as stretches of it. */
  readonly leaves: readonly { readonly node: number; readonly start: number; readonly end: number }[];
}

/** The rows of a round: gradients and hessians of the loss, and which rows and columns the tree may use. */
export interface Round {
  readonly gradients: Float64Array; // [rows of the table]
  readonly hessians: Float64Array; // [rows of the table]
  /** Sorted by leaf when the tree is grown. */
  readonly rows: Int32Array;
  readonly columns: ArrayLike<number>;
}

/** Makes trees leaf by leaf, the one that gains most first, from histograms (Ke et al., "LightGBM", 2017). */
export function boostedTreeGrower(table: BinnedTable, growth: BoostGrowth, gains: Float64Array) {
  const exact = exactRows(table.rows);
  const pool: Float64Array[] = [];
  const spare = new Int32Array(table.rows);
  return (round: Round): BoostedTree => {
    roundRows(round.gradients, round.hessians, exact);
    return grow({ table, growth, gains, exact, pool, spare, round, draft: treeDraft(1) });
  };
}

interface Work {
  readonly table: BinnedTable;
  readonly growth: BoostGrowth;
  readonly gains: Float64Array;
  readonly exact: ExactRows;
  /** Histograms that are not in use. */
  readonly pool: Float64Array[];
  readonly spare: Int32Array;
  readonly round: Round;
  readonly draft: TreeDraft;
}

function grow(work: Work): BoostedTree {
  const { round, growth, draft } = work;
  const leaves: { node: number; start: number; end: number }[] = [];
  const bounds = new Map<number, readonly [low: number, high: number]>();
  const open: Open[] = [];
  const histogram = cleared(work);
  addRows(histogram, work.table, round.rows, 0, round.rows.length, work.exact);
  const root = rootNode(work, histogram);
  bounds.set(0, [root.low, root.high]);
  if (findSplit(work, root)) open.push(root);
  else close(work, leaves, root);
  let count = 1;
  while (open.length > 0 && count < growth.maxLeaves) {
    const node = takeBest(open, growth.maxLeaves);
    count++;
    for (const child of parted(work, node, count < growth.maxLeaves)) {
      bounds.set(child.index, [child.low, child.high]);
      if (child.split.column >= 0) open.push(child);
      else close(work, leaves, child);
    }
  }
  for (const node of open) close(work, leaves, node);
  for (const { node, start, end } of leaves) {
    draft.values[node] = leafValue(work, start, end, bounds.get(node)!);
  }
  return { tree: finishTree(draft), leaves };
}

function cleared({ pool, table }: Work): Float64Array {
  const known = pool.pop();
  if (!known) return new Float64Array(table.stride * 8 * table.bins);
  known.fill(0);
  return known;
}

function rootNode({ round, exact, draft }: Work, histogram: Float64Array): Open {
  let gradient = 0;
  let counted = 0;
  for (let i = 0; i < round.rows.length; i++) {
    const row = round.rows[i]!;
    gradient += exact.gradients[row]!;
    counted += exact.counted[row]!;
  }
  const count = Math.floor(counted / exact.unit);
  return {
    index: newNode(draft, count),
    start: 0,
    end: round.rows.length,
    depth: 0,
    split: noSplit(),
    histogram,
    gradient,
    hessian: counted - count * exact.unit,
    count,
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
  };
}

function newNode(draft: TreeDraft, count: number): number {
  draft.values.push(0);
  return addLeaf(draft, count);
}

/** Fills in the node's best split; false where it must stay a leaf. */
function findSplit({ table, growth, exact, round }: Work, node: Open): boolean {
  const { split } = node;
  if (node.depth >= growth.maxDepth || node.count < 2 * growth.minLeaf) return false;
  split.gain = growth.gamma / 2;
  for (let i = 0; i < round.columns.length; i++) {
    const column = round.columns[i]!;
    const scan = table.categorical[column] === 1 ? scanCategories : scanColumn;
    scan(table, column, node, exact.unit, growth, split);
  }
  return split.column >= 0;
}

/** The one that gains most; without a bound of leaves all are split, and the last is taken, so that few histograms wait. */
function takeBest(open: Open[], maxLeaves: number): Open {
  if (maxLeaves === Number.POSITIVE_INFINITY) return open.pop()!;
  let best = 0;
  for (let i = 1; i < open.length; i++) if (open[i]!.split.gain > open[best]!.split.gain) best = i;
  return open.splice(best, 1)[0]!;
}

/** The node is a leaf for good; its histogram can be used again. */
function close({ pool }: Work, leaves: { node: number; start: number; end: number }[], node: Open): void {
  leaves.push({ node: node.index, start: node.start, end: node.end });
  pool.push(node.histogram);
}

/** Parts the node's rows and makes its children; the smaller one's histogram is added up, the other's is the rest. */
function parted(work: Work, node: Open, mayGoOn: boolean): readonly [Open, Open] {
  const { table, growth, gains, exact, round, draft } = work;
  const { split, start, end, depth } = node;
  const middle = partition(work, node);
  gains[split.column]! += split.gain;
  const leftIsSmaller = middle - start <= end - middle;
  const small = cleared(work);
  const other = node.histogram;
  const goOn = mayGoOn && depth + 1 < growth.maxDepth && node.count >= 2 * growth.minLeaf;
  if (goOn) {
    const [from, to] = leftIsSmaller ? [start, middle] : [middle, end];
    addRows(small, table, round.rows, from, to, exact);
    takeAway(other, small);
  }
  const [leftBounds, rightBounds] = childBounds(node, growth);
  const left: Open = {
    index: newNode(draft, split.leftCount),
    start,
    end: middle,
    depth: depth + 1,
    split: noSplit(),
    histogram: leftIsSmaller ? small : other,
    gradient: split.leftGradient,
    hessian: split.leftHessian,
    count: split.leftCount,
    ...leftBounds,
  };
  const right: Open = {
    index: newNode(draft, node.count - split.leftCount),
    start: middle,
    end,
    depth: depth + 1,
    split: noSplit(),
    histogram: leftIsSmaller ? other : small,
    gradient: node.gradient - split.leftGradient,
    hessian: node.hessian - split.leftHessian,
    count: node.count - split.leftCount,
    ...rightBounds,
  };
  writeSplit(work, node, left, right);
  if (goOn) {
    findSplit(work, left);
    findSplit(work, right);
  }
  return [left, right];
}

/** Children of a column that is held to one direction are parted at the middle of their values. */
function childBounds({ split, gradient, hessian, low, high }: Open, { monotonic, lambda }: BoostGrowth) {
  const direction = monotonic?.[split.column] ?? 0;
  if (direction === 0)
    return [
      { low, high },
      { low, high },
    ] as const;
  const left = bestValue(split.leftGradient, split.leftHessian, lambda, low, high);
  const right = bestValue(gradient - split.leftGradient, hessian - split.leftHessian, lambda, low, high);
  const middle = (left + right) / 2;
  const [lower, upper] = [
    { low, high: middle },
    { low: middle, high },
  ];
  return direction > 0 ? ([lower, upper] as const) : ([upper, lower] as const);
}

function leftBins({ bin, set, missingLeft }: BinSplit, bins: number): Uint8Array {
  const goes = new Uint8Array(256);
  for (let own = 0; own < bins; own++) goes[own] = set ? set[own]! : own <= bin ? 1 : 0;
  if (!set) goes[bins - 1] = missingLeft ? 1 : 0;
  return goes;
}

/** Rows that go left first; both sides keep their order. */
function partition({ table, round, spare }: Work, { split, start, end }: Open): number {
  const { rows } = round;
  const { binned, bins } = table;
  const offset = split.column * table.rows;
  // 1 for the bins that go left. Both places are written and one is kept: a guess of the side would fail every other row.
  const goes = leftBins(split, bins);
  let left = start;
  let right = 0;
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    const isLeft = goes[binned[offset + row]!]!;
    rows[left] = row;
    spare[right] = row;
    left += isLeft;
    right += 1 - isLeft;
  }
  rows.set(spare.subarray(0, right), left);
  return left;
}

function writeSplit({ table, draft }: Work, { index, split }: Open, left: Open, right: Open): void {
  const { column, bin, set } = split;
  draft.feature[index] = column;
  draft.left[index] = left.index;
  draft.right[index] = right.index;
  const missingLeft = table.missing[column] === 1 ? split.missingLeft : left.count > right.count;
  draft.missingLeft[index] = missingLeft ? 1 : 0;
  if (set) {
    draft.set[index] = draft.sets.length;
    const members = Array.from({ length: table.used[column]! }, (_, category) => category);
    draft.sets.push(...setOf(members.filter((category) => set[category] === 1)));
  } else {
    // All values on the left, only missing ones on the right.
    draft.threshold[index] = table.thresholds[column]![bin] ?? Number.POSITIVE_INFINITY;
  }
}

/** From the gradients as they are, and as float32, as ONNX Runtime will have it. */
function leafValue(
  { round, growth }: Work,
  start: number,
  end: number,
  [low, high]: readonly [number, number],
): number {
  let gradient = 0;
  let hessian = 0;
  for (let i = start; i < end; i++) {
    const row = round.rows[i]!;
    gradient += round.gradients[row]!;
    hessian += round.hessians[row]!;
  }
  return Math.fround(growth.learningRate * bestValue(gradient, hessian, growth.lambda, low, high));
}
