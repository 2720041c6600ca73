/** How alike the features are that several fits chose. */
export interface SelectionStability {
  /** How often each column was kept, 0..1; [columns]. */
  readonly frequency: Float64Array;
  /**
   * Nogueira, Sechidis and Brown's index ("On the stability of feature selection algorithms", JMLR 2018, eq. 4): 1 when every fit keeps
   * the same columns, about 0 when they are drawn at random; null when every column, or none, is always kept.
   */
  readonly index: number | null;
}

/** @param kept columns that each fit kept */
export function selectionStability(
  kept: readonly (readonly number[])[],
  columns: number,
): SelectionStability {
  const fits = kept.length;
  const frequency = new Float64Array(columns);
  for (const own of kept) for (const column of own) frequency[column]! += 1 / fits;
  const mean = kept.reduce((sum, own) => sum + own.length, 0) / fits;
  const spread = frequency.reduce((sum, p) => sum + (fits / (fits - 1)) * p * (1 - p), 0) / columns;
  const chance = (mean / columns) * (1 - mean / columns);
  return { frequency, index: fits > 1 && chance > 0 ? 1 - spread / chance : null };
}
