import type { RandomStream } from '../../random.ts';

/** How an epoch draws its images: as they are, every class up to the largest, or every class down to the smallest. */
export type Balance = 'none' | 'oversample' | 'undersample';

/**
 * Weights n / (K n_k) that give every class the same say in the loss (King and Zeng, 2001); the mean weight over
 * samples is 1. A class without samples weighs 0.
 */
export function balancedClassWeights(counts: readonly number[]): Float32Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const present = counts.filter((count) => count > 0).length;
  return Float32Array.from(counts, (count) => (count > 0 ? total / (present * count) : 0));
}

/** Images an epoch shows. */
export function balancedLength(counts: readonly number[], balance: Balance): number {
  const present = counts.filter((count) => count > 0);
  if (balance === 'none') return present.reduce((sum, count) => sum + count, 0);
  return present.length * (balance === 'oversample' ? Math.max(...present) : Math.min(...present));
}

/**
 * A random order of positions 0..labels.length-1 with every class shown equally often. Oversampling repeats whole
 * rounds of a small class before any of its images comes once more; undersampling takes a fresh subset each call.
 */
export function balancedOrder(
  labels: readonly number[],
  classes: number,
  balance: Balance,
  stream: RandomStream,
): Uint32Array {
  if (balance === 'none') return stream.permutation(labels.length);
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (const [position, label] of labels.entries()) members[label]!.push(position);
  const present = members.filter((list) => list.length > 0);
  const each =
    balancedLength(
      members.map((list) => list.length),
      balance,
    ) / Math.max(1, present.length);
  const chosen: number[] = [];
  for (const list of present) {
    for (let taken = 0; taken < each; ) {
      const round = stream.permutation(list.length).subarray(0, each - taken);
      for (const i of round) chosen.push(list[i]!);
      taken += round.length;
    }
  }
  return stream.permutation(chosen.length).map((i) => chosen[i]!);
}
