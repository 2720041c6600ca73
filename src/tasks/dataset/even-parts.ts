import type { Group } from './split.ts';

/** Above this many patients only moves are tried, not exchanges of two: their number grows with the square. */
const MOST_EXCHANGED = 600;
const PASSES = 20;
const LEAST_GAIN = 1e-12;
/** What the share of all samples counts beside that of a class. */
const SIZE = 0.05;

/**
 * Makes the shares of classes in parts as equal as moving one patient, or exchanging two, can: it lowers the sum over
 * parts and classes of the squared share of the class's samples, which is the variance that scikit-learn's
 * StratifiedGroupKFold lowers greedily, and the same of all samples. No part loses its last sample, or its last one of
 * a class.
 *
 * @param groups patients with their samples
 * @param start part of each group, 0 to parts - 1
 * @returns indices of the samples of each part, ascending, and the deviation of the classes' shares over parts, summed
 */
export function evenParts(
  groups: readonly Group[],
  start: readonly number[],
  parts: number,
): { readonly parts: number[][]; readonly spread: number } {
  const totals = sumsOf(groups);
  const present = totals.flatMap((total, k) => (total > 0 ? [k] : []));
  const all = groups.reduce((sum, { indices }) => sum + indices.length, 0);
  // Shares of each class, and last the share of all samples, which decides between what is otherwise equal.
  const shares = groups.map(({ counts, indices }) =>
    Float64Array.of(...present.map((k) => counts[k]! / totals[k]!), (SIZE * indices.length) / all),
  );
  const partOf = withoutEmptyParts(groups, start, parts);
  const state: Parts = { shares, partOf, filled: fill(shares, partOf, parts) };
  for (let pass = 0; pass < PASSES; pass++) {
    const moved = moveOnce(state);
    const exchanged = groups.length <= MOST_EXCHANGED && exchangeOnce(state);
    if (!moved && !exchanged) break;
  }
  const result: number[][] = Array.from({ length: parts }, () => []);
  for (const [g, { indices }] of groups.entries()) result[state.partOf[g]!]!.push(...indices);
  for (const part of result) part.sort((a, b) => a - b);
  return { parts: result, spread: spreadOf(state.filled) };
}

/** The smallest patient of the part with most patients goes to a part that has none. */
function withoutEmptyParts(groups: readonly Group[], start: readonly number[], parts: number): Int32Array {
  const partOf = Int32Array.from(start);
  for (let empty = 0; empty < parts; empty++) {
    if (partOf.includes(empty)) continue;
    const sizes = Array.from({ length: parts }, (_, p) => partOf.filter((part) => part === p).length);
    const fullest = sizes.indexOf(Math.max(...sizes));
    const own = [...groups.keys()].filter((g) => partOf[g] === fullest);
    if (own.length < 2) break;
    partOf[own.reduce((a, b) => (groups[b]!.indices.length < groups[a]!.indices.length ? b : a))] = empty;
  }
  return partOf;
}

function spreadOf(filled: readonly Float64Array[]): number {
  let sum = 0;
  for (let k = 0; k < (filled[0]?.length ?? 0); k++) {
    const mean = filled.reduce((total, part) => total + part[k]!, 0) / filled.length;
    const squares = filled.reduce((total, part) => total + (part[k]! - mean) ** 2, 0);
    sum += Math.sqrt(squares / filled.length);
  }
  return sum;
}

interface Parts {
  readonly shares: readonly Float64Array[];
  readonly partOf: Int32Array;
  /** [parts] shares of each class. */
  readonly filled: readonly Float64Array[];
}

function sumsOf(groups: readonly Group[]): number[] {
  const sums = new Array<number>(groups[0]?.counts.length ?? 0).fill(0);
  for (const { counts } of groups) for (const [k, count] of counts.entries()) sums[k]! += count;
  return sums;
}

function fill(shares: readonly Float64Array[], partOf: ArrayLike<number>, parts: number): Float64Array[] {
  const filled = Array.from({ length: parts }, () => new Float64Array(shares[0]?.length ?? 0));
  for (const [g, own] of shares.entries()) add(filled[partOf[g]!]!, own, 1);
  return filled;
}

function add(to: Float64Array, shares: Float64Array, sign: 1 | -1): void {
  for (let k = 0; k < to.length; k++) to[k]! += sign * shares[k]!;
}

/** What the sum of squares changes by when a part gets `plus` and loses `minus`. */
function change(
  filled: Float64Array,
  plus: Float64Array | undefined,
  minus: Float64Array | undefined,
): number {
  let sum = 0;
  for (let k = 0; k < filled.length; k++) {
    const delta = (plus ? plus[k]! : 0) - (minus ? minus[k]! : 0);
    sum += delta * (2 * filled[k]! + delta);
  }
  return sum;
}

/** Whether a part keeps something of each class that it has. */
function keeps(filled: Float64Array, plus: Float64Array | undefined, minus: Float64Array): boolean {
  for (let k = 0; k < filled.length; k++) {
    if (minus[k]! > 0 && filled[k]! + (plus ? plus[k]! : 0) - minus[k]! < 1e-9) return false;
  }
  return true;
}

function moveOnce({ shares, partOf, filled }: Parts): boolean {
  let moved = false;
  for (const [g, own] of shares.entries()) {
    const from = partOf[g]!;
    const leaving = change(filled[from]!, undefined, own);
    let best = -1;
    let gain = -LEAST_GAIN;
    for (let to = 0; to < filled.length; to++) {
      if (to === from) continue;
      const sum = leaving + change(filled[to]!, own, undefined);
      if (sum < gain) [best, gain] = [to, sum];
    }
    if (best < 0 || !keeps(filled[from]!, undefined, own)) continue;
    add(filled[from]!, own, -1);
    add(filled[best]!, own, 1);
    partOf[g] = best;
    moved = true;
  }
  return moved;
}

function exchangeOnce({ shares, partOf, filled }: Parts): boolean {
  let exchanged = false;
  for (let a = 0; a < shares.length; a++) {
    for (let b = a + 1; b < shares.length; b++) {
      const [pa, pb] = [partOf[a]!, partOf[b]!];
      if (pa === pb) continue;
      const [one, other] = [shares[a]!, shares[b]!];
      const sum = change(filled[pa]!, other, one) + change(filled[pb]!, one, other);
      if (sum >= -LEAST_GAIN) continue;
      if (!keeps(filled[pa]!, other, one) || !keeps(filled[pb]!, one, other)) continue;
      add(filled[pa]!, one, -1);
      add(filled[pa]!, other, 1);
      add(filled[pb]!, other, -1);
      add(filled[pb]!, one, 1);
      [partOf[a], partOf[b]] = [pb, pa];
      exchanged = true;
    }
  }
  return exchanged;
}
