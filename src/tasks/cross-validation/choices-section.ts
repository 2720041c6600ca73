import { html, type Markup } from '../report/html.ts';
import { fill } from '../report/texts.ts';
import { shortValue } from '../search/trial-table.ts';
import { watchName } from './figure-names.ts';
import type { Candidate, ChosenFold } from './plan.ts';
import type { CrossPage } from './report-page.ts';

/** A candidate's settings in words: 'lr 0.001, optimizer sgd'. */
export const settingsInWords = ({ settings }: Candidate): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${shortValue(value)}`)
    .join(', ');

const meanOf = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
};

/** What won in each outer fold, what it was chosen by, and what it reached. */
export function choicesSection({ metrics, own, page }: CrossPage, choices: readonly ChosenFold[]): Markup {
  const watch = watchName(metrics, page.texts);
  const { numbers } = page;
  const write = (value: number | null) => (value === null ? '–' : numbers.figure(value));
  const rows = choices.map(
    ({ fold, winner, inner, outer, optimism }) =>
      html`<tr><th scope="row">${fold}</th><td>${winner.name}<span class="range">${settingsInWords(winner)}</span></td><td>${write(inner)}</td><td>${write(outer)}</td><td>${write(optimism)}</td></tr>`,
  );
  const foot = html`<tfoot><tr><th scope="row">${own.meanRow}</th><td></td><td>${write(
    meanOf(choices.map(({ inner }) => inner)),
  )}</td><td>${write(meanOf(choices.map(({ outer }) => outer)))}</td><td>${write(
    meanOf(choices.map(({ optimism }) => optimism)),
  )}</td></tr></tfoot>`;
  return html`<section id="choices"><h2>${own.choices}</h2><p class="lead">${fill(own.choicesLead, { watch })}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${own.choices}"><table class="wide"><thead><tr><th scope="col">${own.fold}</th><th scope="col">${own.winner}</th><th scope="col">${fill(own.inner, { watch })}</th><th scope="col">${fill(own.outer, { watch })}</th><th scope="col">${own.optimism}</th></tr></thead>
<tbody>${rows}</tbody>${foot}</table></div>${candidatesTable({ metrics, own, page }, choices)}</section>`;
}

/** Of a list of candidates, how each did in every fold; points of a space differ from fold to fold. */
function candidatesTable(
  { metrics, own, page }: Pick<CrossPage, 'metrics' | 'own' | 'page'>,
  choices: readonly ChosenFold[],
): Markup | undefined {
  const first = choices[0]!.scores;
  const same = choices.every(
    ({ scores }) =>
      scores.length === first.length &&
      scores.every(({ settings }, i) => JSON.stringify(settings) === JSON.stringify(first[i]!.settings)),
  );
  if (!same) return undefined;
  const { numbers } = page;
  const write = (value: number | null) => (value === null ? '–' : numbers.figure(value));
  const caption = fill(own.candidatesCaption, { watch: watchName(metrics, page.texts) });
  return html`<h3>${own.candidates}</h3><div class="scroll" tabindex="0" role="region" aria-label="${own.candidates}"><table class="wide"><caption>${caption}</caption>
<thead><tr><th scope="col">${own.candidate}</th>${choices.map(({ fold }) => html`<th scope="col">${fold}</th>`)}<th scope="col">${own.meanRow}</th></tr></thead>
<tbody>${first.map((candidate, c) => {
    const means = choices.map(({ scores }) => scores[c]!.mean);
    return html`<tr><th scope="row">${candidate.name}<span class="range">${settingsInWords(candidate)}</span></th>${means.map(
      (mean) => html`<td>${write(mean)}</td>`,
    )}<td>${write(meanOf(means))}</td></tr>`;
  })}</tbody></table></div>`;
}
