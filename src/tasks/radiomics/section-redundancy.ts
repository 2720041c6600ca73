import type { ReportSection } from '../report/content.ts';
import { fill } from '../report/texts.ts';
import { correlationSpec } from './feature-charts.ts';
import { featureClusters } from './redundancy.ts';
import { keptColumns } from './table-rows.ts';
import type { RadiomicsTexts } from './texts.ts';
import type { RadiomicsRun } from './train.node.ts';

const LEAST = 0.8;
/** Features in the picture, and names in a cell. */
const DRAWN = 40;
const NAMED = 8;

/** Which features stand for which others. */
export function redundancySection(
  {
    prepared,
    development,
    folds,
    fitted,
  }: Pick<RadiomicsRun, 'prepared' | 'development' | 'folds' | 'fitted'>,
  texts: RadiomicsTexts,
): ReportSection {
  const { names } = prepared;
  const { clusters, order, correlation } = featureClusters(development.x, LEAST);
  const used = new Set(keptColumns(fitted));
  const kept = new Map<number, number>();
  for (const column of [...folds.flatMap((fold) => fold.kept), ...used]) {
    kept.set(column, (kept.get(column) ?? 0) + (used.has(column) ? folds.length : 1));
  }
  const chosen = new Set(
    [...kept]
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, DRAWN)
      .map(([column]) => column),
  );
  const drawn = order.filter((column) => chosen.has(column));
  const list = (columns: readonly number[]) =>
    columns
      .slice(0, NAMED)
      .map((column) => names[column]!)
      .join(', ') + (columns.length > NAMED ? ` +${columns.length - NAMED}` : '') || '–';
  const rows = clusters.flatMap((columns) => {
    const own = columns.filter((column) => used.has(column));
    if (own.length === 0) return [];
    const others = columns.filter((column) => !used.has(column));
    return [[list(own), list(others), String(columns.length)]];
  });
  return {
    id: 'redundancy',
    title: texts.redundancy,
    lead: fill(texts.redundancyLead, {
      features: names.length,
      clusters: clusters.length,
      least: LEAST.toFixed(1),
    }),
    charts:
      drawn.length < 2
        ? []
        : [
            {
              title: texts.redundancyChart,
              spec: correlationSpec(
                drawn.map((column) => names[column]!),
                (a, b) => correlation(drawn[a]!, drawn[b]!),
                texts.correlation,
              ),
              description: fill(texts.redundancyAlt, { count: drawn.length }),
              wide: true,
            },
          ],
    tables: [
      {
        caption: texts.clustersCaption,
        head: [texts.usedOfCluster, texts.othersOfCluster, texts.size],
        rows,
      },
    ],
  };
}
