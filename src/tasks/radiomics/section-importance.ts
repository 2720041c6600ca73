import { shapleySampling } from '../../evidence/explanation/shapley-sampling.ts';
import { rowOf } from '../../learning/classifiers/matrix.ts';
import { RandomStream } from '../../random.ts';
import type { ReportSection } from '../report/content.ts';
import { fill } from '../report/texts.ts';
import { importanceSpec, type SummaryPoint, summarySpec } from './feature-charts.ts';
import { CHOOSING_FIGURES } from './settings.ts';
import { keptColumns } from './table-rows.ts';
import type { RadiomicsTexts } from './texts.ts';
import type { RadiomicsRun } from './train.node.ts';
import { exactTreeShapley } from './tree-shapley.ts';

/** Features drawn, and cases of which Shapley values are drawn. */
const DRAWN = 15;
const CASES = 120;
const ORDERS = 12;

/** Permutation importance over the folds, and Shapley values of the model on cases for training. */
export async function importanceSection(run: RadiomicsRun, texts: RadiomicsTexts): Promise<ReportSection> {
  const { settings, prepared, folds } = run;
  const { title: figure, better } = CHOOSING_FIGURES[settings.choose];
  const axis = better === 'larger' ? texts.importanceAxis : texts.importanceAxisRise;
  const rows = prepared.names
    .map((feature, column) => {
      const falls = folds.map(({ importance }) => importance[column]!);
      const mean = falls.reduce((sum, fall) => sum + fall, 0) / falls.length;
      return { feature, mean, low: Math.min(...falls), high: Math.max(...falls) };
    })
    .filter(({ low, high }) => low !== 0 || high !== 0)
    .sort((a, b) => b.mean - a.mean)
    .slice(0, DRAWN);
  const firstOf = (names: readonly string[]) => names.slice(0, 3).join(', ') || '–';
  const shapley = await shapleyPoints(run);
  return {
    id: 'importance',
    title: texts.importance,
    lead: fill(texts.importanceLead, { figure }),
    charts: [
      ...(rows.length === 0
        ? []
        : [
            {
              title: texts.importanceChart,
              spec: importanceSpec(rows, fill(axis, { figure })),
              description: fill(texts.importanceAlt, {
                count: rows.length,
                first: firstOf(rows.map(({ feature }) => feature)),
              }),
              wide: true,
            },
          ]),
      {
        title: texts.shapleyChart,
        spec: summarySpec(shapley.points, shapley.order, {
          axis: shapley.exact ? texts.shapleyAxisTree : texts.shapleyAxisSampled,
          value: texts.shapleyValue,
        }),
        description: fill(texts.shapleyAlt, {
          count: shapley.order.length,
          cases: shapley.cases,
          first: firstOf(shapley.order),
        }),
        wide: true,
        note: `${texts.shapleyLead} ${fill(shapley.exact ? texts.shapleyTree : texts.shapleySampled, { label: shapley.label })}`,
      },
    ],
  };
}

interface ShapleySummary {
  readonly points: readonly SummaryPoint[];
  /** Features drawn, the largest on average first. */
  readonly order: readonly string[];
  readonly cases: number;
  readonly label: string;
  readonly exact: boolean;
}

/** Shapley values of the last class (of two: the positive one) in some cases for training. */
async function shapleyPoints(run: RadiomicsRun): Promise<ShapleySummary> {
  const { settings, fitted, development, prepared, card } = run;
  const used = keptColumns(fitted);
  const label = development.classes.length - 1;
  const order = new RandomStream({ seed: settings.seed, purpose: 'shapley cases' }).permutation(
    development.x.rows,
  );
  const rows = [...order].slice(0, CASES).sort((a, b) => a - b);
  const exact = exactTreeShapley(fitted, development.x, rows, label);
  const values = exact ?? (await sampled(run, rows, used, label));
  const sizes = used.map((column, k) => ({
    column,
    k,
    size: values.reduce((sum, own) => sum + Math.abs(own[k]!), 0),
  }));
  const drawn = sizes.sort((a, b) => b.size - a.size).slice(0, DRAWN);
  const jitter = new RandomStream({ seed: settings.seed, purpose: 'shapley jitter' });
  const points = drawn.flatMap(({ column, k }) => {
    const own = rows.map((row) => rowOf(development.x, row)[column]!);
    const sorted = own.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
    return values.map((shares, i): SummaryPoint => {
      const value = own[i]!;
      const rank = Number.isNaN(value) ? null : sorted.lastIndexOf(value) / Math.max(1, sorted.length - 1);
      return {
        feature: prepared.names[column]!,
        shapley: shares[k]!,
        rank,
        offset: 1.2 * (jitter.uniform() - 0.5),
      };
    });
  });
  return {
    points,
    order: drawn.map(({ column }) => prepared.names[column]!),
    cases: rows.length,
    label: card.labels[label]!,
    exact: exact !== undefined,
  };
}

/** One list a row, one share for each column of `used`. */
async function sampled(
  { fitted, settings, card, development }: RadiomicsRun,
  rows: readonly number[],
  used: readonly number[],
  label: number,
): Promise<readonly (readonly number[])[]> {
  const { columns } = development.x;
  const width = development.classes.length;
  const found: (readonly number[])[] = [];
  for (const row of rows) {
    const { values } = await shapleySampling({
      row: rowOf(development.x, row),
      baseline: card.features.baseline.map((value) => value ?? Number.NaN),
      of: used,
      orders: ORDERS,
      seed: settings.seed,
      async answer(table, count) {
        const answers = fitted.predict({ values: table, rows: count, columns });
        return Float64Array.from({ length: count }, (_, i) => answers[i * width + label]!);
      },
    });
    found.push(used.map((column) => values[column]!));
  }
  return found;
}
