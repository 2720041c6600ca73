import type { ClassCurves } from '../../evidence/statistics/curve-bands.ts';
import {
  drawChart,
  precisionRecallChart,
  reliabilityChart,
  rocChart,
  seriesColour,
  seriesKind,
} from './charts.ts';
import { say, type Words } from './figures.ts';
import { html, type Markup } from './html.ts';
import { chartFigure, legend } from './section-data.ts';

/** ROC, precision-recall and reliability of several yes-or-no questions in one picture each. */
export async function manyCurves(
  page: Words,
  {
    curves,
    names,
    lead,
    auc,
    precision,
    titles,
  }: {
    readonly curves: readonly ClassCurves[];
    readonly names: readonly string[];
    readonly lead: string;
    /** Mean areas in words. */
    readonly auc: string;
    readonly precision: string;
    readonly titles: { readonly auc: string; readonly precision: string };
  },
): Promise<Markup> {
  const { texts } = page;
  const series = { test: curves };
  const bins = curves[0]?.reliability.length ?? 0;
  const roc = await drawChart(
    rocChart(series, { x: texts.falsePositiveRate, y: texts.truePositiveRate }),
    say(page, 'rocAltMany', { auc, count: curves.length }),
  );
  const recall = await drawChart(
    precisionRecallChart(series, { x: texts.recallAxis, y: texts.precisionAxis }),
    say(page, 'precisionRecallAlt', { value: precision }),
  );
  const reliability = await drawChart(
    reliabilityChart(curves, {
      x: texts.predictedProbability,
      y: texts.observedShare,
      count: texts.imagesAxis,
    }),
    say(page, 'reliabilityAlt', { bins, value: '–' }),
  );
  const lines = curves.map(({ classIndex }, i) => ({
    name: names[classIndex]!,
    colour: seriesColour(i),
    kind: seriesKind(i),
  }));
  return html`<section id="curves"><h2>${texts.curves}</h2><p class="lead">${lead}</p>${legend(lines)}
<div class="charts">${chartFigure(texts.roc, roc, undefined, `${titles.auc} ${auc}`)}${chartFigure(texts.precisionRecall, recall, undefined, `${titles.precision} ${precision}`)}${chartFigure(
    texts.reliability,
    reliability,
    legend([{ name: texts.legendIdeal, colour: 'var(--axis)', kind: 'dots' }]),
  )}</div></section>`;
}
