import type { ReportSection } from '../report/content.ts';
import { fill } from '../report/texts.ts';
import { selectionSpec } from './feature-charts.ts';
import { selectionStability } from './stability.ts';
import { keptColumns } from './table-rows.ts';
import type { RadiomicsTexts } from './texts.ts';
import type { RadiomicsRun } from './train.node.ts';

/** Features drawn: those kept most often. */
const DRAWN = 40;

/** Which features the folds and the model kept. */
export function stabilitySection(
  { folds, prepared, fitted }: Pick<RadiomicsRun, 'folds' | 'prepared' | 'fitted'>,
  texts: RadiomicsTexts,
): ReportSection {
  const title = texts.stability;
  if (!fitted.kept) return { id: 'stability', title, lead: texts.stabilityProjected };
  const model = new Set(keptColumns(fitted));
  const kept = folds.map((fold) => fold.kept);
  const { frequency, index } = selectionStability(kept, prepared.names.length);
  const order = [...frequency.keys()]
    .filter((column) => frequency[column]! > 0 || model.has(column))
    .sort((a, b) => frequency[b]! - frequency[a]! || Number(model.has(b)) - Number(model.has(a)) || a - b)
    .slice(0, DRAWN);
  const columns = [...folds.map(({ name }) => name), texts.model];
  const rows = order.flatMap((column) =>
    columns.map((fold, k) => ({
      feature: prepared.names[column]!,
      fold,
      kept: k < folds.length ? kept[k]!.includes(column) : model.has(column),
    })),
  );
  return {
    id: 'stability',
    title,
    lead: fill(texts.stabilityLead, { index: index === null ? '–' : index.toFixed(2) }),
    charts: [
      {
        title: texts.stabilityChart,
        spec: selectionSpec(rows, columns),
        description: fill(texts.stabilityAlt, { folds: folds.length }),
        wide: true,
      },
    ],
  };
}
