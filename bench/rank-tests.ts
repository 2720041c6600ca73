/**
 * Wilcoxon's signed-rank test, one-sided: how likely sums of ranks at least as great are if differences were as often
 * below 0 as above. Exact; zeros are left out; ties share their ranks.
 *
 * @param differences a pair each; at most 60 that are not 0
 */
export function signedRank(differences: readonly number[]): number {
  const kept = differences.filter((difference) => difference !== 0);
  if (kept.length === 0) return 1;
  const sizes = kept.map(Math.abs);
  // Doubled, so that shared ranks are whole numbers.
  const ranks = sizes.map((size) => {
    const below = sizes.filter((other) => other < size).length;
    const same = sizes.filter((other) => other === size).length;
    return 2 * below + same + 1;
  });
  const observed = ranks.reduce((sum, rank, i) => sum + (kept[i]! > 0 ? rank : 0), 0);
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  let ways = new Float64Array(total + 1);
  ways[0] = 1;
  for (const rank of ranks) {
    const next = Float64Array.from(ways);
    for (let sum = rank; sum <= total; sum++) next[sum]! += ways[sum - rank]!;
    ways = next;
  }
  const all = 2 ** kept.length;
  return ways.subarray(observed).reduce((sum, count) => sum + count, 0) / all;
}
