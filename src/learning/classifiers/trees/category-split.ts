import type { Split } from './find-split.ts';
import { type Criterion, type NodeSums, nodeSums, type SortedRows, scoreOf } from './split-scan.ts';

interface CategorySearch {
  /** Rows with a value; the rest of `count` lack one. */
  readonly present: number;
  readonly count: number;
  readonly all: NodeSums;
  readonly minLeaf: number;
  readonly criterion: Criterion;
  readonly column: number;
  readonly toBeat: number;
  readonly distinct: Float32Array;
}

interface Group {
  readonly rank: number;
  readonly count: number;
  readonly sums: NodeSums;
}

/**
 * The best set of categories to go left. In the order of the mean target (for two classes and for values) one of the
 * cuts is the best of all sets (Breiman et al., 1984, theorem 4.5; Fisher, 1958); for more classes the orders by each
 * class's share are tried. Missing values count as a category.
 */
export function bestCategories(rows: SortedRows, search: CategorySearch): Split | undefined {
  const { count, all, minLeaf, criterion, column, distinct, present } = search;
  const groups = groupsOf(rows, count, all.classes.length);
  const byMoment = all.classes.length <= 2;
  const orders = byMoment ? 1 : all.classes.length;
  let best: Split | undefined;
  let toBeat = search.toBeat;
  for (let k = 0; k < orders; k++) {
    const share = ({ sums }: Group) => (byMoment ? sums.moment : sums.classes[k]!) / sums.weight;
    const sorted = groups.toSorted((a, b) => share(a) - share(b) || a.rank - b.rank);
    const left = nodeSums(all.classes.length);
    let taken = 0;
    for (let i = 0; i + 1 < sorted.length; i++) {
      add(left, sorted[i]!.sums);
      taken += sorted[i]!.count;
      if (taken < minLeaf || count - taken < minLeaf) continue;
      const score = scoreOf(criterion, left, all);
      if (!(score > toBeat)) continue;
      toBeat = score;
      const categories = new Uint8Array(distinct.length + 1);
      for (const { rank } of sorted.slice(0, i + 1)) categories[rank] = 1;
      const missingLeft = present < count ? categories[distinct.length] === 1 : undefined;
      best = { column, score, threshold: 0, rank: 0, missingLeft, categories };
    }
  }
  return best;
}

function groupsOf({ ranks, weights, moments, classes }: SortedRows, count: number, kinds: number): Group[] {
  const groups: Group[] = [];
  let begin = 0;
  for (let i = 1; i <= count; i++) {
    if (i < count && ranks[i] === ranks[begin]) continue;
    const sums = nodeSums(kinds);
    for (let j = begin; j < i; j++) {
      sums.weight += weights[j]!;
      sums.moment += moments[j]!;
      sums.classes[classes[j]!]! += weights[j]!;
    }
    groups.push({ rank: ranks[begin]!, count: i - begin, sums });
    begin = i;
  }
  return groups;
}

function add(to: NodeSums, sums: NodeSums): void {
  to.weight += sums.weight;
  to.moment += sums.moment;
  for (let k = 0; k < to.classes.length; k++) to.classes[k]! += sums.classes[k]!;
}
