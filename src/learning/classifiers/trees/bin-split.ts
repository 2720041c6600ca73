import type { BinnedTable } from './bins.ts';

/** What a split and a leaf must keep to. */
export interface BoostLimits {
  /** Added to the sum of hessians (lambda). */
  readonly lambda: number;
  /** A split must gain more, counted as XGBoost's and LightGBM's programs do: twice equation 7's, without its 1/2 (gamma). */
  readonly gamma: number;
  readonly minLeaf: number;
  /** Least sum of hessians on a side. */
  readonly minChildWeight: number;
  /** Of each column: values that grow (1) or shrink (-1) with it, or 0; absent where none is held to that. */
  readonly monotonic?: Int8Array | undefined;
}

/** A node as its histogram sees it. */
export interface BinNode {
  readonly histogram: Float64Array;
  readonly gradient: number;
  readonly hessian: number;
  readonly count: number;
  readonly low: number;
  readonly high: number;
}

/** The best split found so far. */
export interface BinSplit {
  column: number;
  /** Bins up to this go left. */
  bin: number;
  missingLeft: boolean;
  /** Which bins go left, for a column of categories. */
  set: Uint8Array | undefined;
  /** The decrease of the second-order loss (equation 7). */
  gain: number;
  leftGradient: number;
  leftHessian: number;
  leftCount: number;
}

export const noSplit = (): BinSplit => ({
  column: -1,
  bin: 0,
  missingLeft: false,
  set: undefined,
  gain: 0,
  leftGradient: 0,
  leftHessian: 0,
  leftCount: 0,
});

/** Looks through one column's bins for a split that gains more than the best so far. */
export function scanColumn(
  table: BinnedTable,
  column: number,
  node: BinNode,
  unit: number,
  limits: BoostLimits,
  best: BinSplit,
): void {
  const offset = 2 * table.bins * column;
  const used = table.used[column]!;
  const last = offset + 2 * (table.bins - 1);
  const missing = table.missing[column] === 1 ? node.histogram[last + 1]! : 0;
  const bounded = limits.monotonic !== undefined;
  const scan = bounded ? scanBounded : scanBins;
  const ends = offset + 2 * (missing > 0 ? used : used - 1);
  scan(node, column, offset, ends, 0, 0, unit, limits, best, false);
  if (missing > 0) {
    const end = offset + 2 * (used - 1);
    scan(node, column, offset, end, node.histogram[last]!, missing, unit, limits, best, true);
  }
}

/** Chen and Guestrin, "XGBoost" (2016), algorithm 3 and equation 7. */
function scanBins(
  { histogram, gradient, hessian, count }: BinNode,
  column: number,
  start: number,
  end: number,
  startGradient: number,
  startCounted: number,
  unit: number,
  { lambda, minLeaf, minChildWeight }: BoostLimits,
  best: BinSplit,
  missingLeft: boolean,
): void {
  const perUnit = 1 / unit;
  const own = (gradient * gradient) / (hessian + lambda + TINY);
  const right = hessian + lambda + TINY;
  const most = count - minLeaf;
  const heaviest = hessian - minChildWeight;
  let toBeat = 2 * best.gain + own;
  let left = startGradient;
  let counted = startCounted;
  let found = -1;
  for (let at = start; at < end; at += 2) {
    const here = histogram[at + 1]!;
    if (here === 0) continue;
    counted += here;
    left += histogram[at]!;
    const inLeft = Math.floor(counted * perUnit);
    if (inLeft < minLeaf) continue;
    if (inLeft > most) break;
    const weight = counted - inLeft * unit;
    if (weight < minChildWeight) continue;
    if (weight > heaviest) break;
    const other = gradient - left;
    const score = (left * left) / (weight + lambda + TINY) + (other * other) / (right - weight);
    if (score > toBeat) {
      toBeat = score;
      found = at;
      best.leftGradient = left;
      best.leftHessian = weight;
      best.leftCount = inLeft;
    }
  }
  if (found >= 0) keep(best, column, (found - start) / 2, missingLeft, (toBeat - own) / 2);
}

/** Keeps a side whose hessians are all 0 from being divided by. */
const TINY = 1e-15;

function keep(best: BinSplit, column: number, bin: number, missingLeft: boolean, gain: number): void {
  best.column = column;
  best.bin = bin;
  best.missingLeft = missingLeft;
  best.set = undefined;
  best.gain = gain;
}

/** The same with values kept between the node's bounds and in the column's direction. */
function scanBounded(
  node: BinNode,
  column: number,
  start: number,
  end: number,
  startGradient: number,
  startCounted: number,
  unit: number,
  limits: BoostLimits,
  best: BinSplit,
  missingLeft: boolean,
): void {
  const { histogram, gradient, hessian, count, low, high } = node;
  const { minLeaf, minChildWeight, lambda } = limits;
  const direction = limits.monotonic?.[column] ?? 0;
  const own = lossOf(gradient, hessian, bestValue(gradient, hessian, lambda, low, high), lambda);
  let left = startGradient;
  let counted = startCounted;
  for (let at = start; at < end; at += 2) {
    counted += histogram[at + 1]!;
    left += histogram[at]!;
    const inLeft = Math.floor(counted / unit);
    const weight = counted - inLeft * unit;
    if (inLeft < minLeaf || weight < minChildWeight) continue;
    if (count - inLeft < minLeaf || hessian - weight < minChildWeight) break;
    const leftValue = bestValue(left, weight, lambda, low, high);
    const rightValue = bestValue(gradient - left, hessian - weight, lambda, low, high);
    if (direction * (rightValue - leftValue) < 0) continue;
    const after =
      lossOf(left, weight, leftValue, lambda) + lossOf(gradient - left, hessian - weight, rightValue, lambda);
    if (own - after > best.gain) {
      keep(best, column, (at - start) / 2, missingLeft, own - after);
      best.leftGradient = left;
      best.leftHessian = weight;
      best.leftCount = inLeft;
    }
  }
}

/** The value that lowers the loss most, kept within bounds (equation 5). */
export function bestValue(
  gradient: number,
  hessian: number,
  lambda: number,
  low: number,
  high: number,
): number {
  return Math.min(high, Math.max(low, -gradient / (hessian + lambda + TINY)));
}

/** Equation 2's second order for one value. */
const lossOf = (gradient: number, hessian: number, value: number, lambda: number): number =>
  gradient * value + ((hessian + lambda) * value * value) / 2;

/** Rows that a category stands for, at least, and what smooths its place in the order. */
const SUPPORT = 10;

/**
 * Categories in the order of gradient / (hessian + 10), from both ends up to the middle (Ke et al., "LightGBM", 2017;
 * Fisher, 1958). Missing values are a category; those too rare go right.
 */
export function scanCategories(
  table: BinnedTable,
  column: number,
  node: BinNode,
  unit: number,
  limits: BoostLimits,
  best: BinSplit,
): void {
  const { histogram, count, hessian } = node;
  const offset = 2 * table.bins * column;
  const factor = count / (hessian + TINY);
  const groups: { bin: number; gradient: number; hessian: number; count: number; order: number }[] = [];
  for (let bin = 0; bin < table.bins; bin++) {
    const gradient = histogram[offset + 2 * bin]!;
    const counted = histogram[offset + 2 * bin + 1]!;
    const rows = Math.floor(counted / unit);
    const weight = counted - rows * unit;
    if (rows === 0 || weight * factor < SUPPORT) continue;
    groups.push({ bin, gradient, hessian: weight, count: rows, order: gradient / (weight + SUPPORT) });
  }
  if (groups.length < 2) return;
  groups.sort((a, b) => a.order - b.order || a.bin - b.bin);
  const middle = Math.floor((groups.length + 1) / 2);
  scanGroups(table, column, node, groups.slice(0, middle), limits, best);
  scanGroups(table, column, node, groups.toReversed().slice(0, middle - 1), limits, best);
}

function scanGroups(
  table: BinnedTable,
  column: number,
  { gradient, hessian, count, low, high }: BinNode,
  groups: readonly { bin: number; gradient: number; hessian: number; count: number }[],
  { lambda, minLeaf, minChildWeight }: BoostLimits,
  best: BinSplit,
): void {
  const own = lossOf(gradient, hessian, bestValue(gradient, hessian, lambda, low, high), lambda);
  let [left, weight, rows] = [0, 0, 0];
  for (const [i, group] of groups.entries()) {
    left += group.gradient;
    weight += group.hessian;
    rows += group.count;
    if (rows < minLeaf || weight < minChildWeight) continue;
    if (count - rows < minLeaf || hessian - weight < minChildWeight) break;
    const after =
      lossOf(left, weight, bestValue(left, weight, lambda, low, high), lambda) +
      lossOf(
        gradient - left,
        hessian - weight,
        bestValue(gradient - left, hessian - weight, lambda, low, high),
        lambda,
      );
    if (!(own - after > best.gain)) continue;
    const set = new Uint8Array(table.bins);
    for (const { bin } of groups.slice(0, i + 1)) set[bin] = 1;
    keep(best, column, 0, set[table.bins - 1] === 1 && table.missing[column] === 1, own - after);
    best.set = set;
    best.leftGradient = left;
    best.leftHessian = weight;
    best.leftCount = rows;
  }
}
