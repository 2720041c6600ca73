import type { TopLevelSpec } from 'vega-lite';
import type { ClassCurves } from '../../evidence/statistics/curve-bands.ts';
import type { HistoryRow } from './content.ts';
import { escapeHtml, type Markup, trusted, withoutControls } from './html.ts';

/** Colours of lines, as variables of the style sheet (Okabe and Ito's, told apart by colour-blind readers). */
export const seriesColours = [
  'var(--first)',
  'var(--second)',
  'var(--third)',
  'var(--fourth)',
  'var(--fifth)',
  'var(--sixth)',
  'var(--seventh)',
  'var(--eighth)',
] as const;

/** Colour of the series at `index`, starting again after the last. */
export function seriesColour(index: number): string {
  return seriesColours[index % seriesColours.length]!;
}

/** A line's dash, so that a series is told by more than its colour. */
export type SeriesKind = 'solid' | 'dash' | 'dots';

/** The dash of the series at `index`. */
export function seriesKind(index: number): SeriesKind {
  if (index < 4) return 'solid';
  return index < seriesColours.length ? 'dash' : 'dots';
}

const dashes: Readonly<Record<SeriesKind, number[]>> = { solid: [1, 0], dash: [6, 3], dots: [2, 3] };

function seriesDash(index: number): number[] {
  return dashes[seriesKind(index)];
}

type Row = Readonly<Record<string, number | string | null>>;
type Layer = Readonly<Record<string, unknown>>;

const WIDTH = 300;
const HEIGHT = 232;

const look = {
  aria: false,
  background: 'transparent',
  font: 'inherit',
  padding: { left: 2, right: 12, top: 6, bottom: 2 },
  view: { stroke: null },
  axis: {
    labelColor: 'var(--soft)',
    titleColor: 'var(--soft)',
    labelFontSize: 12.5,
    titleFontSize: 13,
    titleFontWeight: 500,
    titlePadding: 7,
    gridColor: 'var(--grid)',
    domainColor: 'var(--axis)',
    tickColor: 'var(--axis)',
    tickSize: 4,
    labelPadding: 4,
    labelFlush: false,
  },
} as const;

/**
 * Draws a Vega-Lite chart as SVG without a DOM. The libraries are heavy and load on first use.
 * `description` is what a reader who does not see the picture hears.
 */
export async function drawChart(spec: object, description: string): Promise<Markup> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const whole = { autosize: { type: 'fit', contains: 'padding' }, ...spec, config: look };
  // specs are assembled from layers as plain objects; Vega-Lite itself checks them
  const compiled = vegaLite.compile(whole as TopLevelSpec, { logger: silent });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  const inner = withoutControls(svg)
    .replace(/^<svg[^>]*>/, '')
    .replace(/ (?:role|aria-roledescription|aria-hidden|pointer-events)="[^"]*"/g, '')
    .replace(
      /<path class="(?:background|foreground)"[^>]*d=""[^>]*><\/path>|<path class="foreground"[^>]*\/>/g,
      '',
    );
  const size = /viewBox="([^"]*)"/.exec(svg)?.[1] ?? '';
  const name = escapeHtml(description);
  return trusted(`<svg viewBox="${size}" role="img" aria-label="${name}"><title>${name}</title>${inner}`);
}

const silent = {
  level: () => silent,
  error: () => silent,
  warn: () => silent,
  info: () => silent,
  debug: () => silent,
};

const share = { domain: [0, 1], nice: false, clamp: true };
const shareAxis = { values: [0, 0.2, 0.4, 0.6, 0.8, 1], format: '.1f' };

/** One line chart of one or two series over epochs, with a dashed rule at the kept epoch. */
export function historyChart(
  rows: readonly HistoryRow[],
  series: readonly (keyof HistoryRow)[],
  options: { title: string; epoch: string; best?: number; zero?: boolean; format?: string; first?: number },
): object {
  const last = rows.at(-1)?.epoch ?? 1;
  const x = {
    field: 'epoch',
    type: 'quantitative',
    title: options.epoch,
    scale: { domain: [Math.min(rows[0]?.epoch ?? 1, last), last], nice: false },
    axis: { tickMinStep: 1, tickCount: 6, grid: false, format: 'd' },
  };
  const layers: Layer[] = series.map((field, i) => ({
    data: { values: rows.filter((r) => r[field] !== null).map((r) => ({ epoch: r.epoch, value: r[field] })) },
    mark: {
      type: 'line',
      color: seriesColour(i + (options.first ?? 0)),
      strokeWidth: 2,
      strokeDash: i === 0 ? [1, 0] : [6, 3],
      point: rows.length === 1 ? { color: seriesColour(i) } : false,
    },
    encoding: {
      x,
      y: {
        field: 'value',
        type: 'quantitative',
        title: options.title,
        scale: { zero: options.zero ?? false },
        axis: { tickCount: 5, ...(options.format && { format: options.format }) },
      },
    },
  }));
  if (options.best !== undefined) {
    layers.unshift({
      data: { values: [{ epoch: options.best }] },
      mark: { type: 'rule', color: 'var(--axis)', strokeDash: [3, 3] },
      encoding: { x },
    });
  }
  return { width: WIDTH, height: HEIGHT - 32, layer: layers };
}

/** What a ROC or precision-recall chart is drawn from. */
export interface CurveSeries {
  /** Curves of the test set, one per class shown. */
  readonly test: readonly ClassCurves[];
  /** The validation set's, drawn thin, when there is one class only. */
  readonly validation?: ClassCurves | undefined;
  /** Sensitivity, specificity and precision at the chosen threshold on the test set. */
  readonly point?: { sensitivity: number; specificity: number; precision: number | null } | undefined;
}

const line = (values: readonly Row[], mark: Layer, x: Layer, y: Layer): Layer => ({
  data: { values },
  mark: { type: 'line', ...mark },
  encoding: { x, y, order: { field: 'i', type: 'quantitative' } },
});

const rows = (x: readonly number[], y: readonly number[]): Row[] => x.map((v, i) => ({ i, x: v, y: y[i]! }));

function shareChannel(field: string, title: string): Layer {
  return { field, type: 'quantitative', title, scale: share, axis: shareAxis };
}

function pointLayer(x: number, y: number, xChannel: Layer, yChannel: Layer): Layer {
  return {
    data: { values: [{ x, y }] },
    mark: {
      type: 'point',
      shape: 'diamond',
      filled: true,
      size: 120,
      opacity: 1,
      color: 'var(--second)',
      stroke: 'var(--sheet)',
      strokeWidth: 1.5,
    },
    encoding: { x: xChannel, y: yChannel },
  };
}

/** Sensitivity against 1 - specificity. */
export function rocChart(series: CurveSeries, titles: { x: string; y: string }): object {
  const x = shareChannel('x', titles.x);
  const y = shareChannel('y', titles.y);
  const layers: Layer[] = [line(rows([0, 1], [0, 1]), { color: 'var(--axis)', strokeDash: [2, 3] }, x, y)];
  const single = series.test.length === 1;
  for (const [i, curves] of series.test.entries()) {
    if (curves.roc === undefined) continue;
    const { band } = curves.roc;
    if (single && band.low.length > 1) {
      layers.push({
        data: {
          values: band.falsePositiveRate.map((v, j) => ({ x: v, y: band.low[j]!, top: band.high[j]! })),
        },
        mark: { type: 'area', color: 'var(--band)', opacity: 0.16 },
        encoding: { x, y, y2: { field: 'top' } },
      });
    }
    layers.push(
      line(
        rows(curves.roc.falsePositiveRate, curves.roc.truePositiveRate),
        { color: seriesColour(i), strokeWidth: 2.2, strokeDash: seriesDash(i) },
        x,
        y,
      ),
    );
  }
  const validation = series.validation?.roc;
  if (single && validation) {
    layers.push(
      line(
        rows(validation.falsePositiveRate, validation.truePositiveRate),
        { color: 'var(--third)', strokeWidth: 1.4, strokeDash: [5, 3] },
        x,
        y,
      ),
    );
  }
  if (series.point) layers.push(pointLayer(1 - series.point.specificity, series.point.sensitivity, x, y));
  return { width: WIDTH, height: HEIGHT, layer: layers };
}

/** Precision against recall. */
export function precisionRecallChart(series: CurveSeries, titles: { x: string; y: string }): object {
  const x = shareChannel('x', titles.x);
  const y = shareChannel('y', titles.y);
  const layers: Layer[] = [];
  const single = series.test.length === 1;
  for (const [i, curves] of series.test.entries()) {
    const curve = curves.precisionRecall;
    if (curve === undefined) continue;
    if (single) {
      const guess = rows([0, 1], [curve.prevalence, curve.prevalence]);
      layers.push(line(guess, { color: 'var(--axis)', strokeDash: [2, 3] }, x, y));
    }
    const mark = {
      color: seriesColour(i),
      strokeWidth: 2.2,
      strokeDash: seriesDash(i),
      interpolate: 'step-before',
    };
    layers.push(line(rows(curve.recall, curve.precision), mark, x, y));
  }
  const validation = series.validation?.precisionRecall;
  if (single && validation) {
    const mark = { color: 'var(--third)', strokeWidth: 1.4, strokeDash: [5, 3], interpolate: 'step-before' };
    layers.push(line(rows(validation.recall, validation.precision), mark, x, y));
  }
  const { point } = series;
  if (point && point.precision !== null) layers.push(pointLayer(point.sensitivity, point.precision, x, y));
  return { width: WIDTH, height: HEIGHT, layer: layers };
}

/** Observed share against predicted probability, and below it how many images lie in each bin. */
export function reliabilityChart(
  series: readonly ClassCurves[],
  titles: { x: string; y: string; count: string },
): object {
  const noAxis = {
    ...shareChannel('x', ''),
    axis: { ...shareAxis, labels: false, ticks: false, title: null },
  };
  const y = shareChannel('y', titles.y);
  const layers: Layer[] = [
    line(rows([0, 1], [0, 1]), { color: 'var(--axis)', strokeDash: [2, 3] }, noAxis, y),
  ];
  const single = series.length === 1;
  for (const [i, { reliability }] of series.entries()) {
    const values = reliability.map((b, j) => ({
      i: j,
      x: b.meanPredicted,
      y: b.observed,
      low: b.low,
      high: b.high,
    }));
    if (single) {
      layers.push({
        data: { values: values.filter((v) => v.low !== null) },
        mark: { type: 'rule', color: 'var(--first)', opacity: 0.55, strokeWidth: 1.6 },
        encoding: { x: noAxis, y: { ...y, field: 'low' }, y2: { field: 'high' } },
      });
    }
    const point = { filled: true, size: 34, color: seriesColour(i), opacity: 1 };
    const mark = {
      color: seriesColour(i),
      strokeWidth: single ? 1.8 : 1.4,
      strokeDash: seriesDash(i),
      point,
    };
    layers.push(line(values, mark, noAxis, y));
  }
  const counts = new Map<number, { lower: number; upper: number; count: number }>();
  for (const { reliability } of series) {
    for (const b of reliability) {
      const count = (counts.get(b.lower)?.count ?? 0) + b.count;
      counts.set(b.lower, { lower: b.lower + 0.006, upper: b.upper - 0.006, count });
    }
  }
  return {
    // fixed sizes: two charts above each other cannot be fitted into one
    autosize: { type: 'pad' },
    spacing: 6,
    vconcat: [
      { width: WIDTH - 52, height: HEIGHT - 94, layer: layers },
      {
        width: WIDTH - 52,
        height: 36,
        data: { values: [...counts.values()] },
        mark: { type: 'bar', color: 'var(--first)', opacity: 0.55 },
        encoding: {
          x: { ...shareChannel('lower', titles.x) },
          x2: { field: 'upper' },
          y: {
            field: 'count',
            type: 'quantitative',
            title: titles.count,
            axis: { tickCount: 2, grid: false, format: ',d' },
          },
          y2: { datum: 0 },
        },
      },
    ],
  };
}
