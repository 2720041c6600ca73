import { type IntraclassAgreement, intraclassAgreement } from '../../evidence/metrics/intraclass.ts';
import type { ReportSection } from '../report/content.ts';
import { fill } from '../report/texts.ts';
import type { FeatureTable } from './feature-table.ts';
import { keptColumns } from './table-rows.ts';
import type { RadiomicsTexts } from './texts.ts';
import type { RadiomicsRun } from './train.node.ts';

const GOOD = 0.75;
const EXCELLENT = 0.9;

/** How alike a feature is when it is measured again. */
export interface Repeatability {
  readonly feature: string;
  /** Cases with as many measurements as most have, all with a value. */
  readonly cases: number;
  /** null where fewer than two such cases have a value. */
  readonly icc: IntraclassAgreement | null;
}

/** Of each feature its agreement over the cases that were measured more than once; undefined where there are none. */
export function repeatability(
  table: FeatureTable,
):
  | { readonly cases: number; readonly by: readonly string[]; readonly features: readonly Repeatability[] }
  | undefined {
  const groups = new Map<string, number[]>();
  for (const [i, { case: name }] of table.rows.entries()) groups.set(name, [...(groups.get(name) ?? []), i]);
  const repeated = [...groups.values()].filter((rows) => rows.length > 1);
  if (repeated.length < 2) return undefined;
  const counts = new Map<number, number>();
  for (const { length } of repeated) counts.set(length, (counts.get(length) ?? 0) + 1);
  const measurements = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
  const complete = repeated.filter(({ length }) => length === measurements);
  const { values, columns } = table.matrix;
  const features = table.names.map((feature, j): Repeatability => {
    const known = complete.filter((rows) => rows.every((row) => Number.isFinite(values[row * columns + j]!)));
    const flat = known.flatMap((rows) => rows.map((row) => values[row * columns + j]!));
    const icc = known.length < 2 ? null : intraclassAgreement(flat, measurements);
    return { feature, cases: known.length, icc: icc && Number.isFinite(icc.agreement.value) ? icc : null };
  });
  const by = [...new Set(table.rows.flatMap(({ repeat }) => (repeat === undefined ? [] : [repeat])))];
  return { cases: complete.length, by, features };
}

/** Test-retest and readers' agreement, where the manifest has repeats. */
export function repeatsSection(
  { table, fitted, prepared }: Pick<RadiomicsRun, 'table' | 'fitted' | 'prepared'>,
  texts: RadiomicsTexts,
): ReportSection | undefined {
  const found = repeatability(table);
  if (!found) return undefined;
  const known = found.features.filter(({ icc }) => icc !== null);
  const reach = (least: number) => known.filter(({ icc }) => icc!.agreement.value >= least).length;
  const used = new Set(keptColumns(fitted).map((column) => prepared.names[column]!));
  const own = found.features.filter(({ feature }) => used.has(feature));
  const poor = own.filter(({ icc }) => icc !== null && icc.agreement.value < GOOD);
  const two = (value: number) => value.toFixed(2).replace('-', '−');
  return {
    id: 'repeats',
    title: texts.repeats,
    lead: fill(texts.repeatsLead, {
      cases: found.cases,
      by: found.by.slice(0, 5).join(', '),
      features: known.length,
      excellent: reach(EXCELLENT),
      good: reach(GOOD),
    }),
    ...(poor.length > 0
      ? {
          warnings: [
            fill(texts.repeatsWarning, {
              count: poor.length,
              names: poor.map(({ feature }) => feature).join(', '),
            }),
          ],
        }
      : {}),
    tables: [
      {
        caption: texts.repeatsCaption,
        head: [texts.feature, texts.icc, texts.interval, texts.consistency, texts.coefficient],
        rows: own.map(({ feature, icc }) =>
          icc === null
            ? [feature, null, null, null, null]
            : [
                feature,
                icc.agreement.value,
                `${two(icc.agreement.low)} – ${two(icc.agreement.high)}`,
                icc.consistency.value,
                Number.isFinite(icc.withinVariation) ? `${(100 * icc.withinVariation).toFixed(1)} %` : null,
              ],
        ),
      },
    ],
  };
}
