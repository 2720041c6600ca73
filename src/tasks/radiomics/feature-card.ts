import type { FeatureInput } from '../bundle/model-card.ts';
import type { FeatureTable } from './feature-table.ts';
import type { LabelledRows } from './table-rows.ts';

/** What a model's card says of its features, from the rows that it was fitted on. */
export function featureInputOf(
  { settings, settingsSha256 }: Pick<FeatureTable, 'settings' | 'settingsSha256'>,
  names: readonly string[],
  used: readonly number[],
  { x }: LabelledRows,
): FeatureInput {
  const columns = names.map((_, j) => {
    const values = Float64Array.from({ length: x.rows }, (_row, i) => x.values[i * x.columns + j]!);
    return values.filter((value) => !Number.isNaN(value)).sort();
  });
  return {
    names,
    used: used.map((j) => names[j]!),
    settings: JSON.parse(settings) as Record<string, unknown>, // written by settingsJson
    settingsSha256,
    baseline: columns.map((sorted) => median(sorted)),
    range: columns.map((sorted) => (sorted.length === 0 ? null : [sorted[0]!, sorted.at(-1)!])),
  };
}

function median(sorted: Float64Array): number | null {
  if (sorted.length === 0) return null;
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
