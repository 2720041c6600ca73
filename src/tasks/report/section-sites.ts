import type { Figure } from '../../evidence/statistics/classification-evidence.ts';
import type { Evidence, SiteEvidence } from '../../evidence/statistics/evidence.ts';
import { figureCell, type Page } from './figures.ts';
import { type FigureColumn, thingsTable } from './figures-table.ts';
import { html, type Markup } from './html.ts';

const shown: Readonly<Record<NonNullable<Evidence['kind']>, readonly FigureColumn<string>[]>> = {
  class: [
    ['accuracy', 'accuracy', 'percent'],
    ['balancedAccuracy', 'balancedAccuracy', 'percent'],
    ['auc', 'auc', 'figure'],
  ],
  labels: [
    ['auc', 'aucLabels', 'figure'],
    ['averagePrecision', 'mapLabels', 'figure'],
    ['f1Macro', 'f1Macro', 'figure'],
  ],
  grade: [
    ['kappaQuadratic', 'kappaQuadratic', 'figure'],
    ['accuracy', 'accuracy', 'percent'],
    ['mae', 'maeGrades', 'figure'],
  ],
  value: [
    ['mae', 'mae', 'measured'],
    ['bias', 'bias', 'measured'],
    ['ccc', 'ccc', 'figure'],
  ],
};

/** Each site by itself, and what is found of each class side by side. */
export function sitesSection(page: Page, sites: readonly SiteEvidence[]): Markup {
  const { content, texts, numbers } = page;
  const kind = content.test.kind ?? 'class';
  const several = kind === 'value' && content.test.classes.length > 1;
  const columns = several
    ? content.test.classes.map((name): FigureColumn<string> => [`mae.${name}`, 'mae', 'measured'])
    : shown[kind];
  const rows = sites.map(({ site, samples, patients, figures }) => ({
    name: site,
    facts: [numbers.count(samples), numbers.count(patients)],
    figures: figures as Readonly<Record<string, Figure>>, // by name; a figure that is not there is a dash
  }));
  const classes = sites[0]!.perClass.map(({ name }) => name);
  return html`<section id="sites"><h2>${texts.sites}</h2><p class="note">${texts.sitesCaption}</p>
${thingsTable(page, texts.sites, [texts.site, texts.images, texts.patients], columns, rows)}
${
  classes.length === 0
    ? undefined
    : html`<h3>${texts.siteClasses}</h3><div class="scroll" tabindex="0" role="region" aria-label="${texts.siteClasses}"><table class="wide"><caption>${texts.siteClasses}</caption>
<thead><tr><th scope="col">${texts.site}</th>${classes.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${sites.map(({ site, perClass }) => html`<tr><th scope="row">${site}</th>${perClass.map(({ recall }) => figureCell(page, recall, 'percent'))}</tr>`)}</tbody></table></div>`
}</section>`;
}
