import { drawChart, historyChart, seriesColour } from './charts.ts';
import type { Fact, ReportSplit, ReportTraining } from './content.ts';
import { type Page, say } from './figures.ts';
import { html, type Markup, type Piece, trusted } from './html.ts';

/** Names and values as a table of two columns. */
export function factsTable(caption: string, facts: readonly Fact[]): Markup {
  return html`<table class="names"><caption>${caption}</caption><tbody>${facts.map(
    ({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`,
  )}</tbody></table>`;
}

/** Counts by split, class and patient; source, fingerprint, checksums. */
export function dataSection(page: Page): Markup {
  const { content, texts } = page;
  const { data } = content;
  const facts: Fact[] = [
    { name: texts.dataset, value: data.name },
    { name: texts.source, value: data.source ?? texts.unknown },
    { name: texts.splitMethod, value: data.splitMethod },
    ...(data.facts ?? []),
    { name: texts.fingerprint, value: data.fingerprint },
    ...data.splits.flatMap((split) =>
      split.hash === undefined
        ? []
        : [{ name: say(page, 'splitHash', { split: texts[split.name].toLowerCase() }), value: split.hash }],
    ),
  ];
  return html`<section id="data"><h2>${texts.data}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="${texts.splitTable}">${splitTable(page)}</div>
<h3>${texts.dataset}</h3>${factsTable(texts.datasetFacts, facts)}</section>`;
}

function splitTable(page: Page): Markup {
  const { content, texts, numbers } = page;
  const { splits } = content.data;
  const patients = (split: Pick<ReportSplit, 'patients'>): string =>
    split.patients === null ? texts.unknown : numbers.count(split.patients);
  const row = (split: Omit<ReportSplit, 'name'>): Piece => {
    const classes = split.imagesPerClass.map((n) => {
      const share = split.images > 0 ? page.numbers.percent(n / split.images) : '';
      return html`<td>${numbers.count(n)}<span class="share">${share}</span></td>`;
    });
    return html`<td>${patients(split)}</td><td>${numbers.count(split.images)}</td>${classes}`;
  };
  const sum = (pick: (split: ReportSplit) => number): number =>
    splits.reduce((s, split) => s + pick(split), 0);
  const total = {
    images: sum((s) => s.images),
    patients: splits.some((s) => s.patients === null) ? null : sum((s) => s.patients ?? 0),
    imagesPerClass: content.classes.map((_, k) => sum((s) => s.imagesPerClass[k] ?? 0)),
  };
  return html`<table class="wide"><caption>${texts.splitTable}</caption>
<thead><tr><th scope="col">${texts.split}</th><th scope="col">${texts.patients}</th><th scope="col">${texts.images}</th>${content.classes.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${splits.map((split) => html`<tr><th scope="row">${texts[split.name]}</th>${row(split)}</tr>`)}</tbody>
<tfoot><tr><th scope="row">${texts.total}</th>${row(total)}</tr></tfoot></table>`;
}

interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  readonly kind?: 'solid' | 'dash' | 'dots' | 'band' | 'diamond';
}

/** Names of what a chart shows, each behind a short piece of its line. */
export function legend(entries: readonly LegendEntry[]): Markup {
  const sample = {
    solid: 'stroke-width="2.4"',
    dash: 'stroke-width="1.8" stroke-dasharray="5 3"',
    dots: 'stroke-width="1.6" stroke-dasharray="2 3"',
    band: 'stroke-width="9" stroke-opacity=".2"',
  };
  return html`<ul class="legend">${entries.map(({ name, colour, kind = 'solid' }: LegendEntry) => {
    const drawn =
      kind === 'diamond'
        ? `<path d="M11 0L16 5L11 10L6 5Z" fill="${colour}"/>`
        : `<path d="M0 5H22" fill="none" stroke="${colour}" ${sample[kind]}/>`;
    return html`<li>${trusted(`<svg viewBox="0 0 22 10" aria-hidden="true">${drawn}</svg>`)}${name}</li>`;
  })}</ul>`;
}

/** A drawn chart below its title. */
export function chartFigure(title: string, chart: Markup, below?: Piece, small?: string): Markup {
  const smaller = small === undefined ? undefined : html`<small>${small}</small>`;
  return html`<figure class="chart"><figcaption>${title}${smaller}</figcaption>${chart}${below}</figure>`;
}

/** How loss, validation figure and learning rate went. */
export async function trainingSection(page: Page, training: ReportTraining): Promise<Markup> {
  const { texts, numbers } = page;
  const { history, bestEpoch: best, metricName: metric } = training;
  const epochs = history.length;
  const last = history.at(-1);
  const write = (x: number | null | undefined): string =>
    x === null || x === undefined ? '–' : numbers.figure(x);
  const validated = history.some((r) => r.validationLoss !== null);
  const loss = await drawChart(
    historyChart(history, validated ? ['trainLoss', 'validationLoss'] : ['trainLoss'], {
      title: texts.lossChart,
      epoch: texts.epoch,
      best,
      zero: true,
    }),
    say(page, 'lossChartAlt', {
      epochs,
      train: write(last?.trainLoss),
      validation: write(last?.validationLoss),
    }),
  );
  const measured = history.some((r) => r.validationMetric !== null);
  const metricChart = measured
    ? await drawChart(
        historyChart(history, ['validationMetric'], { title: metric, epoch: texts.epoch, best, first: 1 }),
        say(page, 'metricChartAlt', { metric, epochs, best }),
      )
    : undefined;
  const rate = await drawChart(
    historyChart(history, ['learningRate'], {
      title: texts.learningRate,
      epoch: texts.epoch,
      zero: true,
      first: 2,
      format: '~g',
    }),
    say(page, 'learningRateAlt', { epochs }),
  );
  const lossLegend = legend([
    { name: texts.legendTraining, colour: seriesColour(0) },
    ...(validated ? [{ name: texts.legendValidation, colour: seriesColour(1), kind: 'dash' as const }] : []),
  ]);
  const minutes = training.seconds === undefined ? undefined : (training.seconds / 60).toFixed(1);
  const lead = say(page, 'trainingLead', {
    epochs,
    best,
    time: minutes === undefined ? '' : say(page, 'trainingTime', { minutes }),
    early: training.stoppedEarly ? texts.trainingEarly : '',
  });
  return html`<section id="training"><h2>${texts.trainingSection}</h2><p class="lead">${lead}</p>
<div class="charts">${chartFigure(texts.lossChart, loss, lossLegend)}${
    metricChart && chartFigure(say(page, 'metricChart', { metric }), metricChart)
  }${chartFigure(texts.learningRate, rate)}</div></section>`;
}
