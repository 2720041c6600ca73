import { type IntraclassAgreement, intraclassAgreement } from '../../evidence/metrics/intraclass.ts';
import { compareNaturally } from '../dataset/dataset.ts';
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

/** Agreement over the cases that were repeated in the same ways. */
export interface RepeatedCases {
  readonly cases: number;
  /** What differs, in the manifest's words. */
  readonly by: readonly string[];
  readonly features: readonly Repeatability[];
}

/** A repeat without a name of its own. */
const UNNAMED = /^row \d+$/;

/**
 * Of each feature its agreement, for each way in which two cases or more were repeated (retest; readers 2 and 3), the most
 * frequent first. The same measurer is the same column in every case, whatever the order of the rows.
 */
export function repeatability(table: FeatureTable): readonly RepeatedCases[] {
  const groups = new Map<string, number[]>();
  for (const [i, { case: name }] of table.rows.entries()) groups.set(name, [...(groups.get(name) ?? []), i]);
  const kindOf = (row: number): string => (table.rows[row]!.repeat ?? '').replace(UNNAMED, '#');
  const ways = new Map<string, number[][]>();
  for (const rows of groups.values()) {
    if (rows.length < 2) continue;
    const ordered = [...rows].sort((a, b) => compareNaturally(kindOf(a), kindOf(b)) || a - b);
    const way = JSON.stringify(ordered.map(kindOf));
    ways.set(way, [...(ways.get(way) ?? []), ordered]);
  }
  return [...ways.values()]
    .filter(({ length }) => length > 1)
    .sort((a, b) => b.length - a.length)
    .map((cases) => agreementOf(table, cases));
}

function agreementOf(table: FeatureTable, cases: readonly (readonly number[])[]): RepeatedCases {
  const { values, columns } = table.matrix;
  const measurements = cases[0]!.length;
  const features = table.names.map((feature, j): Repeatability => {
    const known = cases.filter((rows) => rows.every((row) => Number.isFinite(values[row * columns + j]!)));
    const flat = known.flatMap((rows) => rows.map((row) => values[row * columns + j]!));
    const icc = known.length < 2 ? null : intraclassAgreement(flat, measurements);
    return { feature, cases: known.length, icc: icc && Number.isFinite(icc.agreement.value) ? icc : null };
  });
  const by = [
    ...new Set(cases.flat().flatMap((row) => table.rows[row]!.repeat?.replace(UNNAMED, '#') ?? [])),
  ];
  return { cases: cases.length, by, features };
}

/** Test-retest and readers' agreement, where the manifest has repeats. */
export function repeatsSection(
  { table, fitted, prepared }: Pick<RadiomicsRun, 'table' | 'fitted' | 'prepared'>,
  texts: RadiomicsTexts,
): ReportSection | undefined {
  const found = repeatability(table);
  if (found.length === 0) return undefined;
  const used = new Set(keptColumns(fitted).map((column) => prepared.names[column]!));
  const parts = found.map((way) => ({
    ...way,
    known: way.features.filter(({ icc }) => icc !== null),
    own: way.features.filter(({ feature }) => used.has(feature)),
    name: way.by.map((one) => (one === '#' ? texts.repeatUnnamed : one)).join(', '),
  }));
  const poor = new Set(
    parts.flatMap(({ own }) =>
      own.flatMap(({ feature, icc }) => (icc !== null && icc.agreement.value < GOOD ? [feature] : [])),
    ),
  );
  return {
    id: 'repeats',
    title: texts.repeats,
    lead: parts
      .map(({ cases, known, name }) => {
        const reach = (least: number) => known.filter(({ icc }) => icc!.agreement.value >= least).length;
        return fill(texts.repeatsLead, {
          cases,
          by: name,
          features: known.length,
          excellent: reach(EXCELLENT),
          good: reach(GOOD),
        });
      })
      .join(' '),
    ...(poor.size > 0
      ? { warnings: [fill(texts.repeatsWarning, { count: poor.size, names: [...poor].join(', ') })] }
      : {}),
    tables: parts.map(({ own, name }) => ({
      caption: parts.length > 1 ? `${texts.repeatsCaption}: ${name}` : texts.repeatsCaption,
      head: [texts.feature, texts.icc, texts.interval, texts.consistency, texts.coefficient],
      rows: own.map(agreementRow),
    })),
  };
}

function agreementRow({ feature, icc }: Repeatability): readonly (string | number | null)[] {
  if (icc === null) return [feature, null, null, null, null];
  const two = (value: number) => value.toFixed(2).replace('-', '−');
  return [
    feature,
    icc.agreement.value,
    `${two(icc.agreement.low)} – ${two(icc.agreement.high)}`,
    icc.consistency.value,
    Number.isFinite(icc.withinVariation) ? `${(100 * icc.withinVariation).toFixed(1)} %` : null,
  ];
}
