import type { RandomStream } from '../../../random.ts';
import { bestCategories } from './category-split.ts';
import type { NodeRows } from './node-rows.ts';
import { randomCut } from './random-cut.ts';
import type { RankedTable } from './ranks.ts';
import {
  type Criterion,
  type Cut,
  entropyScan,
  giniScan,
  type NodeSums,
  nodeSums,
  type Scan,
  scanMoments,
  scoreOf,
} from './split-scan.ts';
import { thresholdBetween } from './tree.ts';

/** How a node is parted in two. */
export interface Split {
  readonly column: number;
  readonly score: number;
  readonly threshold: number;
  /** Ranks below this go left. */
  readonly rank: number;
  /** Where missing values go; undefined where none were seen. */
  readonly missingLeft: boolean | undefined;
  /** Which ranks go left, for a column of categories. */
  readonly categories?: Uint8Array | undefined;
}

export interface SplitSearch {
  readonly criterion: Criterion;
  /** Cuts at every place, or at one drawn at random for each column (Geurts et al., 2006). */
  readonly splitter: 'best' | 'random';
  /** Columns tried at a node; more where all of these are constant. */
  readonly features: number;
  readonly minLeaf: number;
  readonly categorical: Uint8Array; // [columns]
}

export type FindSplit = (
  node: NodeRows,
  start: number,
  end: number,
  all: NodeSums,
  stream: RandomStream,
) => Split | undefined;

/** Makes the search for a node's best split; columns are tried in a random order. */
export function splitFinder(table: RankedTable, search: SplitSearch, classes: number): FindSplit {
  const order = Int32Array.from({ length: table.columns }, (_, i) => i);
  const tryColumn =
    search.splitter === 'best' ? bestCut(table, search, classes) : randomCut(table, search, classes);
  return (node, start, end, all, stream) => {
    if (search.splitter === 'best') node.enter(start, end);
    let best: Split | undefined;
    let useful = 0;
    for (let tried = 0; tried < order.length && (tried < search.features || useful === 0); tried++) {
      const drawn = tried + stream.integer(order.length - tried);
      const column = order[drawn]!;
      order[drawn] = order[tried]!;
      order[tried] = column;
      const found = tryColumn({ node, start, end, all, stream }, column, best?.score ?? -Infinity);
      if (found === 'constant') continue;
      useful++;
      if (found) best = found;
    }
    return best;
  };
}

/** A node whose split is looked for. */
export interface At {
  readonly node: NodeRows;
  readonly start: number;
  readonly end: number;
  readonly all: NodeSums;
  readonly stream: RandomStream;
}

/** A split of this column that scores more than `toBeat`, if there is one. */
export type TryColumn = (at: At, column: number, toBeat: number) => Split | 'constant' | undefined;

function scanFor(criterion: Criterion, classes: number): Scan {
  if (criterion === 'entropy') return entropyScan(classes);
  return criterion === 'gini' && classes > 2 ? giniScan(classes) : scanMoments;
}

function bestCut(table: RankedTable, search: SplitSearch, classes: number): TryColumn {
  const { criterion, minLeaf } = search;
  const scan = scanFor(criterion, classes);
  const nothing = nodeSums(classes);
  const cut: Cut = { score: 0, at: -1 };
  return ({ node, start, end, all }, column, toBeat) => {
    const present = node.sort(column);
    if (present < 0) return 'constant';
    const distinct = table.distinct[column]!;
    if (search.categorical[column] === 1) {
      return bestCategories(node.sorted, {
        present,
        count: end - start,
        all,
        minLeaf,
        criterion,
        column,
        toBeat,
        distinct,
      });
    }
    const missing = end - start - present;
    const { ranks } = node.sorted;
    cut.score = toBeat;
    cut.at = -1;
    scan(node.sorted, present, nothing, all, [minLeaf, minLeaf - missing], cut);
    let at = cut.at;
    let missingLeft = missing > 0 ? false : undefined;
    if (missing > 0) {
      const absent = sumOf(node, present, end - start, classes);
      if (present >= minLeaf && missing >= minLeaf) {
        const score = scoreOf(criterion, minus(all, absent), all);
        if (score > cut.score) [cut.score, at] = [score, present];
      }
      cut.at = -1;
      scan(node.sorted, present, absent, all, [minLeaf - missing, minLeaf], cut);
      if (cut.at >= 0) [at, missingLeft] = [cut.at, true];
    }
    if (at < 0) return undefined;
    const rank = at === present ? distinct.length : ranks[at]!;
    const low = distinct[ranks[at - 1]!]!;
    const threshold = at === present ? Number.POSITIVE_INFINITY : thresholdBetween(low, distinct[rank]!);
    return { column, score: cut.score, threshold, rank, missingLeft };
  };
}

function sumOf(node: NodeRows, from: number, to: number, classes: number): NodeSums {
  const sums = nodeSums(classes);
  const { weights, moments, classes: kinds } = node.sorted;
  for (let i = from; i < to; i++) {
    sums.weight += weights[i]!;
    sums.moment += moments[i]!;
    sums.classes[kinds[i]!]! += weights[i]!;
  }
  return sums;
}

/** What is left of the sums; of squares nothing is asked. */
function minus(all: NodeSums, part: NodeSums): NodeSums {
  return {
    weight: all.weight - part.weight,
    moment: all.moment - part.moment,
    square: 0,
    classes: all.classes.map((weight, k) => weight - part.classes[k]!),
  };
}
