import { HounsfieldError } from '../../errors.ts';
import type { ReportCase } from './content.ts';
import { type Page, say } from './figures.ts';
import { html, type Markup } from './html.ts';

const heatMapNotes = {
  class: 'heatMapNote',
  labels: 'heatMapNoteLabels',
  grade: 'heatMapNoteGrade',
  value: 'heatMapNoteValue',
} as const;

/** The most certain mistakes, then correct examples, each with its heat map. */
export function casesSection(page: Page): Markup {
  const { content, texts } = page;
  const { mistakes, correct } = content.cases;
  const noMistakes = mistakes.length === 0;
  const numbers = content.test.kind === 'value';
  const withHeatMaps = [...mistakes, ...correct].some((c) => c.heatMap !== undefined);
  const method = content.heatMapMethod === undefined ? '' : ` (${content.heatMapMethod})`;
  return html`<section id="cases"><h2>${texts.cases}</h2>
${withHeatMaps ? html`<p class="note">${content.secondPicture?.note ?? say(page, heatMapNotes[content.test.kind ?? 'class'], { method })}</p>` : undefined}
${mistakes.length > 0 || noMistakes ? html`<h3>${numbers ? texts.largestErrors : texts.mistakes}</h3><p class="lead">${mistakes.length === 0 ? texts.noMistakes : numbers ? texts.largestErrorsLead : texts.mistakesLead}</p>` : undefined}
<div class="cases">${mistakes.map((entry) => caseCard(page, entry))}</div>
${correct.length > 0 ? html`<h3>${numbers ? texts.smallestErrors : texts.correctCases}</h3><p class="lead">${numbers ? texts.smallestErrorsLead : texts.correctLead}</p><div class="cases">${correct.map((entry) => caseCard(page, entry))}</div>` : undefined}
</section>`;
}

function caseCard(page: Page, entry: ReportCase): Markup {
  const { texts, numbers } = page;
  const { truth, predicted, heatMap, caption, right = truth === predicted } = entry;
  const probability = entry.probability === undefined ? undefined : numbers.percent(entry.probability);
  const answer = probability === undefined ? predicted : `${predicted} · ${probability}`;
  const seen = html`<img src="${imageUrl(entry.image)}" alt="${say(page, 'imageAlt', { truth, predicted: answer })}">`;
  const mapped =
    heatMap &&
    html`<img src="${imageUrl(heatMap)}" alt="${page.content.secondPicture?.alt ?? say(page, 'heatMapAlt', { predicted })}">`;
  return html`<article class="case"><div class="pictures">${seen}${mapped}</div><div class="text"><dl>
<dt>${texts.truth}</dt><dd>${truth}</dd>
<dt>${texts.predicted}</dt><dd class="${right ? 'right' : 'wrong'}">${answer}</dd></dl>${
    caption && html`<p class="from">${caption}</p>`
  }</div></article>`;
}

/** Lets through pictures inside the file only: a link would make the report load something. */
function imageUrl(url: string): string {
  if (/^data:image\/(?:png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/.test(url)) return url;
  throw new HounsfieldError(
    'REPORT_IMAGE_INVALID',
    `a case's image starts with ${JSON.stringify(url.slice(0, 24))}, expected data:image/png;base64,… ` +
      '(or jpeg, webp). Encode the picture into the report.',
  );
}
