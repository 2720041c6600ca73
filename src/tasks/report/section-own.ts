import { drawChart } from './charts.ts';
import type { ReportSection, ReportTable } from './content.ts';
import type { Words } from './figures.ts';
import { html, type Markup } from './html.ts';
import { chartFigure } from './section-data.ts';

/** A section that a task brings along: warnings, charts, tables. */
export async function ownSection(page: Words, section: ReportSection): Promise<Markup> {
  const { id, title, lead, warnings = [], charts = [], tables = [] } = section;
  const drawn = await Promise.all(
    charts.map(async (chart) => ({ chart, svg: await drawChart(chart.spec, chart.description) })),
  );
  const figure = ({ chart, svg }: (typeof drawn)[number]) =>
    chartFigure(chart.title, svg, chart.note && html`<p class="note">${chart.note}</p>`);
  const narrow = drawn.filter(({ chart }) => !chart.wide);
  return html`<section id="${id}"><h2>${title}</h2>
${warnings.map((text) => html`<aside class="notice"><p>${text}</p></aside>`)}
${lead && html`<p class="lead">${lead}</p>`}
${drawn.filter(({ chart }) => chart.wide).map((one) => html`<div class="whole">${figure(one)}</div>`)}
${narrow.length > 0 ? html`<div class="charts">${narrow.map(figure)}</div>` : undefined}
${tables.map((table) => ownTable(page, table))}</section>`;
}

function ownTable({ numbers }: Words, { caption, head, rows, note }: ReportTable): Markup {
  const write = (cell: string | number | null): string =>
    cell === null ? '–' : typeof cell === 'number' ? numbers.figure(cell) : cell;
  const words = head.map((_, k) => k > 0 && rows.some((row) => /\p{L}{2}/u.test(String(row[k] ?? ''))));
  const style = (k: number) => (words[k] ? html` class="wordy"` : undefined);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="wide"><caption>${caption}</caption>
<thead><tr>${head.map((name, k) => html`<th scope="col"${style(k)}>${name}</th>`)}</tr></thead>
<tbody>${rows.map(([first = null, ...rest]) => html`<tr><th scope="row">${write(first)}</th>${rest.map((cell, k) => html`<td${style(k + 1)}>${write(cell)}</td>`)}</tr>`)}</tbody></table></div>${
    note && html`<p class="note">${note}</p>`
  }`;
}
