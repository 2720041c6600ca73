import type { Figure } from '../../evidence/statistics/classification-evidence.ts';
import type { Evidence } from '../../evidence/statistics/evidence.ts';
import { type FigureFormat, figureCell, type Page, say, type Words } from './figures.ts';
import { html, type Markup, type Piece } from './html.ts';
import type { TextKey } from './texts.ts';

/** A figure's name in the evidence, its name in words, and how it is written. */
export type FigureColumn<Name extends string> = readonly [Name, TextKey, FigureFormat];

/** A table with a row for each thing and a column for each of its figures; `facts` stand between. */
export function thingsTable<Name extends string>(
  page: Words,
  caption: string,
  facts: readonly string[],
  columns: readonly FigureColumn<Name>[],
  rows: readonly {
    readonly name: string;
    readonly facts: readonly string[];
    readonly figures: Readonly<Record<Name, Figure>>;
  }[],
): Markup {
  const { texts } = page;
  const [first, ...others] = facts;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="wide"><caption>${caption}</caption>
<thead><tr><th scope="col">${first}</th>${others.map((name) => html`<th scope="col">${name}</th>`)}${columns.map(([, key]) => html`<th scope="col">${texts[key]}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${row.name}</th>${row.facts.map((fact) => html`<td>${fact}</td>`)}${columns.map(
        ([name, , format]) => figureCell(page, row.figures[name], format),
      )}</tr>`,
  )}</tbody></table></div>`;
}

/** The section of every figure, test and validation side by side. */
export function figuresSection(
  page: Page,
  groups: readonly {
    readonly title: string;
    readonly rows: readonly {
      readonly name: string;
      readonly format: FigureFormat;
      readonly figure: (evidence: Evidence) => Figure | undefined;
    }[];
  }[],
): Markup {
  const { texts, numbers, content } = page;
  const { test, validation } = content;
  const body: Piece[] = groups.map(
    ({ title, rows }) =>
      html`<tbody><tr><th scope="rowgroup" colspan="${validation ? 3 : 2}" class="group">${title}</th></tr>${rows.map(
        ({ name, format, figure }) =>
          html`<tr><th scope="row">${name}</th>${figureCell(page, figure(test), format)}${validation && figureCell(page, figure(validation), format)}</tr>`,
      )}</tbody>`,
  );
  const replicates = numbers.count(test.bootstrap.replicates);
  return html`<section id="all-figures"><h2>${texts.allFigures}</h2><div class="scroll" tabindex="0" role="region" aria-label="${texts.figuresTable}"><table class="wide list"><caption>${texts.figuresTable}</caption>
<thead><tr><th scope="col">${texts.figure}</th><th scope="col">${texts.test}</th>${validation && html`<th scope="col">${texts.validation}</th>`}</tr></thead>
${body}</table></div><p class="note">${say(page, 'figureNote', { replicates })}</p></section>`;
}

/** The rows of a table of figures that the evidence has by name. */
export const rowsOf = <Name extends string>(page: Words, columns: readonly FigureColumn<Name>[]) =>
  columns.map(([name, key, format]) => ({
    name: page.texts[key],
    format,
    figure: ({ figures }: Evidence) => (figures as Readonly<Record<string, Figure>>)[name],
  }));
