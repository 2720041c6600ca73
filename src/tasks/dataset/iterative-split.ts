import type { Group } from './split.ts';

/**
 * Iterative stratification of samples that may have several labels at once (Sechidis, Tsoumakas and Vlahavas, "On the
 * stratification of multi-label data", 2011, algorithm 1), by patient: the label with the fewest samples left is dealt
 * out first, each patient to the part that lacks most of it. Departs from the paper in that a patient's samples go
 * together, larger patients first, and in that ties are settled by the order given instead of by a draw.
 *
 * @param groups in random order; `counts` are samples with each label
 * @param shares of the parts, 0 allowed
 * @returns indices of the samples of each part, ascending
 */
export function iterativeParts(groups: readonly Group[], shares: readonly number[]): number[][] {
  const labels = groups[0]?.counts.length ?? 0;
  const size = groups.reduce((sum, group) => sum + group.indices.length, 0);
  const totals = Array.from({ length: labels }, (_, k) =>
    groups.reduce((sum, group) => sum + group.counts[k]!, 0),
  );
  const open = shares.flatMap((share, part) => (share > 0 ? [part] : []));
  const wanted = shares.map((share) => ({
    samples: share * size,
    labels: totals.map((total) => share * total),
  }));
  const parts: number[][] = shares.map(() => []);
  const left = new Set([...groups].sort((a, b) => b.indices.length - a.indices.length));
  const remaining = [...totals];
  const place = (group: Group, part: number) => {
    left.delete(group);
    parts[part]!.push(...group.indices);
    wanted[part]!.samples -= group.indices.length;
    for (const [k, count] of group.counts.entries()) {
      wanted[part]!.labels[k]! -= count;
      remaining[k]! -= count;
    }
  };
  const lacking = (first: (part: number) => number): number =>
    open.reduce((best, part) => {
      const gain = first(part) - first(best);
      if (Math.abs(gain) > 1e-9) return gain > 0 ? part : best;
      return wanted[part]!.samples > wanted[best]!.samples + 1e-9 ? part : best;
    });
  for (;;) {
    const present = remaining.flatMap((count, k) => (count > 0 ? [k] : []));
    if (present.length === 0) break;
    const rarest = present.reduce((best, k) => (remaining[k]! < remaining[best]! ? k : best));
    for (const group of [...left].filter(({ counts }) => counts[rarest]! > 0)) {
      place(
        group,
        lacking((part) => wanted[part]!.labels[rarest]!),
      );
    }
  }
  for (const group of [...left])
    place(
      group,
      lacking((part) => wanted[part]!.samples),
    );
  for (const part of parts) part.sort((a, b) => a - b);
  return parts;
}
