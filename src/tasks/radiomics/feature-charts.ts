import type { ReportChart } from '../report/content.ts';
import type { Contribution } from './explain.node.ts';

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const rowsHeight = (rows: number): number => Math.max(60, 24 * rows + 10);

/** Names that do not fit beside a bar are cut in the middle. */
export const shortName = (name: string, most = 34): string =>
  name.length <= most ? name : `${name.slice(0, most / 2 - 1)}…${name.slice(-(most / 2))}`;

/** Short names of which no two are the same, however alike the names are. */
export function shortNames(names: readonly string[], most = 34): ReadonlyMap<string, string> {
  const longest = names.reduce((length, name) => Math.max(length, name.length), 0);
  const found = new Map<string, string>();
  let open = [...new Set(names)];
  for (let length = most; open.length > 0; length += 8) {
    const owners = new Map<string, number>();
    for (const name of open)
      owners.set(shortName(name, length), (owners.get(shortName(name, length)) ?? 0) + 1);
    const clear = (name: string) => owners.get(shortName(name, length)) === 1 || length > longest;
    for (const name of open) if (clear(name)) found.set(name, shortName(name, length));
    open = open.filter((name) => !clear(name));
  }
  return found;
}

/** Bars of what each feature adds to or takes from one case's probability. */
export function contributionChart(
  parts: readonly Contribution[],
  {
    shown,
    base,
    answer,
    label,
  }: { readonly shown: number; readonly base: number; readonly answer: number; readonly label: string },
): ReportChart {
  const first = parts.slice(0, shown);
  const rest = parts.slice(shown);
  const digits = (value: number | null) => (value === null ? '–' : String(Number(value.toPrecision(4))));
  const short = shortNames(first.map(({ feature }) => feature));
  const rows = first.map(({ feature, value, shapley }) => ({
    name: `${short.get(feature)} = ${digits(value)}`,
    shapley,
    sign: shapley >= 0 ? 'up' : 'down',
  }));
  if (rest.length > 0) {
    const sum = rest.reduce((total, { shapley }) => total + shapley, 0);
    rows.push({ name: `${rest.length} others`, shapley: sum, sign: sum >= 0 ? 'up' : 'down' });
  }
  const title = `${label}: ${percent(answer)}; a usual case ${percent(base)}`;
  return {
    title,
    description: `${title}. ${first
      .slice(0, 5)
      .map(({ feature, shapley }) => `${feature} ${shapley >= 0 ? '+' : ''}${percent(shapley)}`)
      .join(', ')}`,
    spec: {
      autosize: 'pad',
      width: 380,
      height: rowsHeight(rows.length),
      data: { values: rows },
      encoding: {
        y: {
          field: 'name',
          type: 'nominal',
          sort: null,
          title: null,
          axis: { labelLimit: 0, grid: false },
        },
      },
      layer: [
        {
          mark: { type: 'bar', height: { band: 0.62 } },
          encoding: {
            x: {
              field: 'shapley',
              type: 'quantitative',
              title: `change of the probability of ${label}`,
              axis: { format: '+.0%', tickCount: 5 },
            },
            color: {
              field: 'sign',
              type: 'nominal',
              legend: null,
              scale: { domain: ['up', 'down'], range: ['var(--second)', 'var(--first)'] },
            },
          },
        },
        { mark: { type: 'rule', color: 'var(--axis)' }, encoding: { x: { datum: 0 }, y: null } },
      ],
    },
  };
}

/** One feature's importance with its spread. */
export interface ImportanceRow {
  readonly feature: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Bars with the spread over folds. */
export function importanceSpec(rows: readonly ImportanceRow[], axis: string): object {
  const short = shortNames(
    rows.map(({ feature }) => feature),
    44,
  );
  return {
    autosize: 'pad',
    width: 560,
    height: rowsHeight(rows.length),
    data: { values: rows.map((row) => ({ ...row, name: short.get(row.feature)! })) },
    encoding: {
      y: { field: 'name', type: 'nominal', sort: null, title: null, axis: { labelLimit: 0, grid: false } },
    },
    layer: [
      {
        mark: { type: 'bar', color: 'var(--first)', height: { band: 0.62 } },
        encoding: { x: { field: 'mean', type: 'quantitative', title: axis } },
      },
      {
        mark: { type: 'rule', color: 'var(--ink)' },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
      },
    ],
  };
}

/** A point of a summary plot: one case, one feature. */
export interface SummaryPoint {
  readonly feature: string;
  readonly shapley: number;
  /** The feature's value by rank among the cases, 0 .. 1; null without one. */
  readonly rank: number | null;
  /** -1 .. 1, so that points do not hide each other. */
  readonly offset: number;
}

/** Of each feature every case's Shapley value, coloured by the feature's value. */
export function summarySpec(
  points: readonly SummaryPoint[],
  order: readonly string[],
  texts: { readonly axis: string; readonly value: string },
): object {
  const short = shortNames(order, 44);
  return {
    autosize: 'pad',
    width: 560,
    height: Math.max(80, 30 * order.length),
    data: { values: points.map((point) => ({ ...point, name: short.get(point.feature)! })) },
    layer: [
      { mark: { type: 'rule', color: 'var(--axis)' }, encoding: { x: { datum: 0 } } },
      {
        mark: { type: 'circle', size: 26, opacity: 0.75 },
        encoding: {
          y: {
            field: 'name',
            type: 'nominal',
            sort: order.map((name) => short.get(name)!),
            title: null,
            axis: { labelLimit: 0, grid: true },
          },
          yOffset: { field: 'offset', type: 'quantitative', scale: { domain: [-1, 1] } },
          x: { field: 'shapley', type: 'quantitative', title: texts.axis },
          color: {
            field: 'rank',
            type: 'quantitative',
            title: texts.value,
            scale: { domain: [0, 0.5, 1], range: ['#0072b2', '#b9c4cc', '#d55e00'], interpolate: 'rgb' },
            legend: {
              format: '.0%',
              gradientLength: 90,
              labelColor: 'var(--soft)',
              titleColor: 'var(--soft)',
            },
          },
        },
      },
    ],
  };
}

/** Squares of how alike features are, in the order of their clusters. */
export function correlationSpec(
  names: readonly string[],
  correlation: (a: number, b: number) => number,
  title: string,
): object {
  const short = shortNames(names, 30);
  const values = names.flatMap((a, i) =>
    names.map((b, j) => ({ a: short.get(a)!, b: short.get(b)!, r: correlation(i, j) })),
  );
  const side = Math.min(620, Math.max(380, 15 * names.length));
  const axis = { labelFontSize: names.length > 30 ? 8.5 : 10.5, labelLimit: 0, grid: false, title: null };
  return {
    autosize: 'pad',
    width: side,
    height: side,
    data: { values },
    mark: { type: 'rect' },
    encoding: {
      x: { field: 'a', type: 'nominal', sort: null, axis: { ...axis, labelAngle: -90 }, title: null },
      y: { field: 'b', type: 'nominal', sort: null, axis, title: null },
      color: {
        field: 'r',
        type: 'quantitative',
        title,
        scale: { domain: [-1, 0, 1], range: ['#0072b2', '#f4f6f8', '#d55e00'], interpolate: 'rgb' },
        legend: { gradientLength: 120, labelColor: 'var(--soft)', titleColor: 'var(--soft)' },
      },
    },
  };
}

/** Which features each fold kept. */
export function selectionSpec(
  rows: readonly { readonly feature: string; readonly fold: string; readonly kept: boolean }[],
  folds: readonly string[],
): object {
  const names = [...new Set(rows.map(({ feature }) => feature))];
  const short = shortNames(names, 44);
  return {
    autosize: 'pad',
    width: Math.max(420, 62 * folds.length),
    height: rowsHeight(names.length),
    data: {
      values: rows.map((row) => ({
        ...row,
        name: short.get(row.feature)!,
        kept: row.kept ? 'kept' : 'left',
      })),
    },
    mark: { type: 'rect', stroke: 'var(--line)' },
    encoding: {
      x: {
        field: 'fold',
        type: 'nominal',
        sort: [...folds],
        title: null,
        axis: { labelAngle: 0, orient: 'top', grid: false },
      },
      y: { field: 'name', type: 'nominal', sort: null, title: null, axis: { labelLimit: 0, grid: false } },
      color: {
        field: 'kept',
        type: 'nominal',
        legend: null,
        scale: { domain: ['left', 'kept'], range: ['var(--faint)', 'var(--first)'] },
      },
    },
  };
}
