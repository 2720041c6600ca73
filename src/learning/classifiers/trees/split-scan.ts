/** Rows of a node in the order of one column, and what they weigh; scratch memory of a whole tree. */
export interface SortedRows {
  readonly ranks: Uint32Array;
  readonly weights: Float64Array;
  /** Weight times target, for two classes (target 0 or 1) and for values. */
  readonly moments: Float64Array;
  readonly classes: Int32Array;
}

/** What a node's rows weigh together. */
export interface NodeSums {
  weight: number;
  moment: number;
  /** Sum of weight times squared target; only for values. */
  square: number;
  readonly classes: Float64Array; // [classes]
}

export const nodeSums = (classes: number): NodeSums => ({
  weight: 0,
  moment: 0,
  square: 0,
  classes: new Float64Array(classes),
});

/** The best cut found so far: the first `at` rows go left. */
export interface Cut {
  score: number;
  at: number;
}

/**
 * Looks for the cut of rows `from` .. `to` - 1 (those with a value) with the highest score. What lies to the left
 * already (rows without a value) is in `before`, what there is in all in `all`.
 *
 * @param fewestLeft a cut leaves at least that many of these rows on the left, and `fewestRight` on the right
 */
export type Scan = (
  rows: SortedRows,
  count: number,
  before: NodeSums,
  all: NodeSums,
  fewest: readonly [left: number, right: number],
  cut: Cut,
) => void;

/**
 * Sum over both sides of (sum of w·t)² / (sum of w): greatest where the squared error is least, and, with targets 0
 * and 1, where Gini's impurity is.
 */
export const scanMoments: Scan = (rows, count, before, all, [fewestLeft, fewestRight], cut) => {
  const { ranks, weights, moments } = rows;
  const weight = all.weight;
  const moment = all.moment;
  let left = before.weight;
  let leftMoment = before.moment;
  let best = cut.score;
  let at = cut.at;
  const last = count - fewestRight;
  const end = Math.min(last, count - 1);
  for (let i = 0; i < end; i++) {
    left += weights[i]!;
    leftMoment += moments[i]!;
    if (ranks[i] !== ranks[i + 1] && i + 1 >= fewestLeft) {
      const right = weight - left;
      const rightMoment = moment - leftMoment;
      const score = (leftMoment * leftMoment) / left + (rightMoment * rightMoment) / right;
      if (score > best) {
        best = score;
        at = i + 1;
      }
    }
  }
  cut.score = best;
  cut.at = at;
};

/** Sum over both sides of (sum over classes of w²) / w: greatest where Gini's impurity is least. */
export function giniScan(classes: number): Scan {
  const lefts = new Float64Array(classes);
  const rights = new Float64Array(classes);
  return (rows, count, before, all, [fewestLeft, fewestRight], cut) => {
    const { ranks, weights } = rows;
    const kinds = rows.classes;
    let left = before.weight;
    let right = all.weight - left;
    let leftSquares = 0;
    let rightSquares = 0;
    for (let k = 0; k < classes; k++) {
      const inLeft = before.classes[k]!;
      const inRight = all.classes[k]! - inLeft;
      lefts[k] = inLeft;
      rights[k] = inRight;
      leftSquares += inLeft * inLeft;
      rightSquares += inRight * inRight;
    }
    let best = cut.score;
    let at = cut.at;
    const end = Math.min(count - fewestRight, count - 1);
    for (let i = 0; i < end; i++) {
      const k = kinds[i]!;
      const w = weights[i]!;
      const inLeft = lefts[k]!;
      const inRight = rights[k]!;
      leftSquares += w * (w + 2 * inLeft);
      rightSquares += w * (w - 2 * inRight);
      lefts[k] = inLeft + w;
      rights[k] = inRight - w;
      left += w;
      right -= w;
      if (ranks[i] !== ranks[i + 1] && i + 1 >= fewestLeft) {
        const score = leftSquares / left + rightSquares / right;
        if (score > best) {
          best = score;
          at = i + 1;
        }
      }
    }
    cut.score = best;
    cut.at = at;
  };
}

/** Minus the weighted sum of both sides' entropies. */
export function entropyScan(classes: number): Scan {
  const lefts = new Float64Array(classes);
  return (rows, count, before, all, [fewestLeft, fewestRight], cut) => {
    const { ranks, weights } = rows;
    const kinds = rows.classes;
    lefts.set(before.classes);
    let left = before.weight;
    const end = Math.min(count - fewestRight, count - 1);
    for (let i = 0; i < end; i++) {
      lefts[kinds[i]!]! += weights[i]!;
      left += weights[i]!;
      if (ranks[i] === ranks[i + 1] || i + 1 < fewestLeft) continue;
      const score = entropyScore(lefts, all.classes, left, all.weight);
      if (score > cut.score) {
        cut.score = score;
        cut.at = i + 1;
      }
    }
  };
}

function entropyScore(lefts: Float64Array, all: Float64Array, left: number, weight: number): number {
  const right = weight - left;
  let score = -left * Math.log2(left) - right * Math.log2(right);
  for (let k = 0; k < lefts.length; k++) {
    const inLeft = lefts[k]!;
    const inRight = all[k]! - inLeft;
    if (inLeft > 0) score += inLeft * Math.log2(inLeft);
    if (inRight > 0) score += inRight * Math.log2(inRight);
  }
  return score;
}

export type Criterion = 'gini' | 'entropy' | 'squared-error';

/** How mixed a node is: 1 - sum p², -sum p·log2 p, or the variance. */
export function impurityOf(criterion: Criterion, sums: NodeSums): number {
  const { weight, moment, square, classes } = sums;
  if (!(weight > 0)) return 0;
  if (criterion === 'squared-error') return Math.max(0, square / weight - (moment / weight) ** 2);
  let total = 0;
  for (let k = 0; k < classes.length; k++) {
    const part = classes[k]! / weight;
    if (criterion === 'gini') total += part * part;
    else if (part > 0) total -= part * Math.log2(part);
  }
  return criterion === 'gini' ? 1 - total : total;
}

/** The scan's score of two sides as they stand. */
export function scoreOf(criterion: Criterion, left: NodeSums, all: NodeSums): number {
  const right = all.weight - left.weight;
  if (criterion === 'squared-error' || (criterion === 'gini' && all.classes.length === 2)) {
    return left.moment ** 2 / left.weight + (all.moment - left.moment) ** 2 / right;
  }
  if (criterion === 'entropy') return entropyScore(left.classes, all.classes, left.weight, all.weight);
  let leftSquares = 0;
  let rightSquares = 0;
  for (let k = 0; k < all.classes.length; k++) {
    leftSquares += left.classes[k]! ** 2;
    rightSquares += (all.classes[k]! - left.classes[k]!) ** 2;
  }
  return leftSquares / left.weight + rightSquares / right;
}
