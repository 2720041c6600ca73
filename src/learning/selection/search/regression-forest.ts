import type { RandomStream } from '../../../random.ts';

/** A column of the table that a tree is grown on: numbers in 0..1, or categories 0..count-1. */
export type Column = { readonly kind: 'number' } | { readonly kind: 'category'; readonly count: number };

/** The side of a box along one column: an interval, or which categories are in. */
export type Side = readonly [low: number, high: number] | readonly boolean[];

/** A region in which a tree says the same. */
export interface Leaf {
  readonly sides: readonly Side[];
  readonly value: number;
}

/** A tree as its leaves, which divide the whole box among them. */
export type Tree = readonly Leaf[];

interface Split {
  readonly column: number;
  /** Sides of the two parts along the column. */
  readonly parts: readonly [Side, Side];
  readonly gain: number;
}

/** Regression trees on bootstrap samples, every column tried at each split (Breiman, 2001). */
export function growForest(
  columns: readonly Column[],
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  stream: RandomStream,
  trees = 64,
): readonly Tree[] {
  return Array.from({ length: trees }, () => {
    const sample = rows.map(() => stream.integer(rows.length));
    return growTree(
      columns,
      sample.map((i) => rows[i]!),
      sample.map((i) => targets[i]!),
    );
  });
}

/** One tree, grown until leaves are pure or cannot be divided. */
export function growTree(
  columns: readonly Column[],
  rows: readonly (readonly number[])[],
  targets: readonly number[],
): Tree {
  const whole = columns.map(
    (column): Side => (column.kind === 'number' ? [0, 1] : Array.from({ length: column.count }, () => true)),
  );
  const leaves: Leaf[] = [];
  const open = [{ sides: whole, members: rows.map((_, i) => i) }];
  for (let region = open.pop(); region !== undefined; region = open.pop()) {
    const { sides, members } = region;
    const split = bestSplit(columns, sides, members, rows, targets);
    if (!split) {
      leaves.push({ sides, value: mean(members.map((i) => targets[i]!)) });
      continue;
    }
    for (const part of split.parts) {
      open.push({
        sides: sides.map((side, c) => (c === split.column ? part : side)),
        members: members.filter((i) => contains(part, rows[i]![split.column]!)),
      });
    }
  }
  return leaves;
}

/** Whether a value lies within a side; intervals hold their upper end. */
export function contains(side: Side, value: number): boolean {
  return isInterval(side) ? value <= side[1] && (value > side[0] || side[0] === 0) : side[value] === true;
}

export const isInterval = (side: Side): side is readonly [number, number] => typeof side[0] === 'number';

function bestSplit(
  columns: readonly Column[],
  sides: readonly Side[],
  members: readonly number[],
  rows: readonly (readonly number[])[],
  targets: readonly number[],
): Split | undefined {
  const first = targets[members[0]!];
  if (members.every((i) => targets[i] === first)) return undefined;
  let best: Split | undefined;
  columns.forEach((column, c) => {
    const found =
      column.kind === 'number'
        ? splitNumber(c, sides[c]! as readonly [number, number], members, rows, targets) // by the column's kind
        : splitCategory(c, sides[c]! as readonly boolean[], members, rows, targets); // by the column's kind
    if (found && (!best || found.gain > best.gain)) best = found;
  });
  return best;
}

function splitNumber(
  column: number,
  [low, high]: readonly [number, number],
  members: readonly number[],
  rows: readonly (readonly number[])[],
  targets: readonly number[],
): Split | undefined {
  const sorted = [...members].sort((a, b) => rows[a]![column]! - rows[b]![column]!);
  const cut = bestCut(
    sorted.map((i) => targets[i]!),
    (i) => rows[sorted[i]!]![column]! > rows[sorted[i - 1]!]![column]!,
  );
  if (!cut) return undefined;
  const at = (rows[sorted[cut.at - 1]!]![column]! + rows[sorted[cut.at]!]![column]!) / 2;
  return {
    column,
    gain: cut.gain,
    parts: [
      [low, at],
      [at, high],
    ],
  };
}

/** Categories in the order of their mean target: the best division is one of that order (Breiman et al., 1984, 9.4). */
function splitCategory(
  column: number,
  side: readonly boolean[],
  members: readonly number[],
  rows: readonly (readonly number[])[],
  targets: readonly number[],
): Split | undefined {
  const byCategory = new Map<number, number[]>();
  for (const i of members) {
    const list = byCategory.get(rows[i]![column]!) ?? [];
    list.push(targets[i]!);
    byCategory.set(rows[i]![column]!, list);
  }
  const order = [...byCategory].sort(([, a], [, b]) => mean(a) - mean(b));
  const ends = new Set<number>();
  let count = 0;
  for (const [, list] of order) {
    count += list.length;
    ends.add(count);
  }
  const cut = bestCut(
    order.flatMap(([, list]) => list),
    (i) => ends.has(i),
  );
  if (!cut) return undefined;
  let taken = 0;
  const lower = new Set<number>();
  for (const [category, list] of order) {
    if (taken < cut.at) lower.add(category);
    taken += list.length;
  }
  // Categories that no row here has go with the higher part.
  const parts: [Side, Side] = [
    side.map((is, k) => is && lower.has(k)),
    side.map((is, k) => is && !lower.has(k)),
  ];
  return { column, gain: cut.gain, parts };
}

/** Where to cut a list in two so that the squares within the parts are least; only where `allowed`. */
function bestCut(
  values: readonly number[],
  allowed: (at: number) => boolean,
): { readonly at: number; readonly gain: number } | undefined {
  const total = values.reduce((sum, value) => sum + value, 0);
  const n = values.length;
  let left = 0;
  let best: { at: number; gain: number } | undefined;
  for (let at = 1; at < n; at++) {
    left += values[at - 1]!;
    if (!allowed(at)) continue;
    const difference = left / at - (total - left) / (n - at);
    const gain = ((at * (n - at)) / n) * difference * difference;
    if (!best || gain > best.gain) best = { at, gain };
  }
  return best;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
