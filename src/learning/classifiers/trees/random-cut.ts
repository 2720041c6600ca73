import type { At, SplitSearch, TryColumn } from './find-split.ts';
import type { NodeRows } from './node-rows.ts';
import type { RankedTable } from './ranks.ts';
import { type NodeSums, nodeSums, scoreOf } from './split-scan.ts';

/** One cut of a column, drawn uniformly between its least and its greatest value in the node. */
export function randomCut(table: RankedTable, search: SplitSearch, classes: number): TryColumn {
  const span: Span = { least: 0, greatest: 0, missing: 0 };
  return (at, column, toBeat) => {
    const { node, start, end, stream } = at;
    const offset = column * table.rows;
    spanOf(table.values, offset, node.rows, start, end, span);
    const { least, greatest, missing } = span;
    const absent = missing === end - start;
    if (absent || (least === greatest && missing === 0)) return 'constant';
    const missingLeft = missing > 0 ? least < greatest && stream.chance(0.5) : undefined;
    if (search.categorical[column] === 1) {
      const categories = drawCategories(at, table, column, missingLeft === true);
      const score = scoreOfSet(at, table, column, categories, search, classes);
      if (!(score > toBeat)) return undefined;
      return { column, score, threshold: 0, rank: 0, missingLeft, categories };
    }
    const drawn = Math.fround(stream.uniform(least, greatest));
    const threshold = least === greatest ? Number.POSITIVE_INFINITY : drawn >= greatest ? least : drawn;
    const left = nodeSums(classes);
    const count = addBelow(left, node, table.values, offset, start, end, threshold, missingLeft === true);
    if (!allowed(count, end - start, search)) return undefined;
    const score = scoreOf(search.criterion, left, at.all);
    if (!(score > toBeat)) return undefined;
    const rank = ranksUpTo(table.distinct[column]!, threshold);
    return { column, score, threshold, rank, missingLeft };
  };
}

interface Span {
  least: number;
  greatest: number;
  missing: number;
}

function spanOf(
  values: Float32Array,
  offset: number,
  rows: Int32Array,
  start: number,
  end: number,
  span: Span,
): void {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let missing = 0;
  for (let i = start; i < end; i++) {
    const value = values[offset + rows[i]!]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    if (Number.isNaN(value)) missing++;
  }
  span.least = least;
  span.greatest = greatest;
  span.missing = missing;
}

/** Adds up the rows that go left; returns how many they are. */
function addBelow(
  left: NodeSums,
  { rows, weights, target }: NodeRows,
  values: Float32Array,
  offset: number,
  start: number,
  end: number,
  threshold: number,
  missingLeft: boolean,
): number {
  const { y, values: targets } = target;
  const { classes } = left;
  let count = 0;
  let sum = 0;
  let moment = 0;
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    const value = values[offset + row]!;
    if (!(value <= threshold || (missingLeft && Number.isNaN(value)))) continue;
    const weight = weights[row]!;
    const kind = y[row]!;
    count++;
    sum += weight;
    moment += weight * (targets ? targets[row]! : kind);
    classes[kind]! += weight;
  }
  left.weight = sum;
  left.moment = moment;
  return count;
}

const allowed = (left: number, count: number, { minLeaf }: SplitSearch): boolean =>
  left >= Math.max(1, minLeaf) && count - left >= Math.max(1, minLeaf);

/** How many values are at most the threshold. */
function ranksUpTo(distinct: Float32Array, threshold: number): number {
  let [low, high] = [0, distinct.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (distinct[middle]! <= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Each category of the node to either side, at least one to each; by rank, missing ones last. */
function drawCategories(
  { node, start, end, stream }: At,
  table: RankedTable,
  column: number,
  missingLeft: boolean,
): Uint8Array {
  const missing = table.distinct[column]!.length;
  const isLeft = new Uint8Array(missing + 1);
  const seen = new Set<number>();
  for (let i = start; i < end; i++) seen.add(table.ranks[column * table.rows + node.rows[i]!]!);
  seen.delete(missing);
  const present = [...seen].sort((a, b) => a - b);
  for (const rank of present) isLeft[rank] = stream.chance(0.5) ? 1 : 0;
  const count = present.reduce((sum, rank) => sum + isLeft[rank]!, 0);
  if (present.length > 1 && (count === 0 || count === present.length)) {
    const turned = present[stream.integer(present.length)]!;
    isLeft[turned] = 1 - isLeft[turned]!;
  } else if (present.length === 1) isLeft[present[0]!] = 1;
  isLeft[missing] = missingLeft ? 1 : 0;
  return isLeft;
}

function scoreOfSet(
  { node, start, end, all }: At,
  table: RankedTable,
  column: number,
  isLeft: Uint8Array,
  search: SplitSearch,
  classes: number,
): number {
  const left: NodeSums = nodeSums(classes);
  const { weights, target, rows } = node;
  let count = 0;
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    if (isLeft[table.ranks[column * table.rows + row]!] === 0) continue;
    const weight = weights[row]!;
    count++;
    left.weight += weight;
    left.moment += weight * (target.values ? target.values[row]! : target.y[row]!);
    left.classes[target.y[row]!]! += weight;
  }
  return allowed(count, end - start, search)
    ? scoreOf(search.criterion, left, all)
    : Number.NEGATIVE_INFINITY;
}
