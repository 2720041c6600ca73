import type { Fact } from './content.ts';
import { figureGroups, groupCounts, type Page, positiveClass, say } from './figures.ts';
import { html, type Markup } from './html.ts';
import { factsTable } from './section-data.ts';

const FEW_PATIENTS = 100;
const FEW_SAMPLES = 30;
const BAD_CALIBRATION = 0.1;

/** What the figures do not show: the limits that follow from the numbers, then the maker's own. */
export function limitsSection(page: Page): Markup {
  const limits = [...limitsFromNumbers(page), ...(page.content.limits ?? [])];
  return html`<section id="limits"><h2>${page.texts.limits}</h2><ul class="plain">${limits.map((text) => html`<li>${text}</li>`)}</ul></section>`;
}

/** Limits that can be read off the evidence. */
export function limitsFromNumbers(page: Page): string[] {
  const { content, texts, numbers } = page;
  const { test, data } = content;
  const limits: string[] = [texts.limitInternal];
  const patientsUnknown = data.splits.some((split) => split.patients === null);
  if (patientsUnknown) limits.push(texts.limitPatientsUnknown);
  else if (test.patients < FEW_PATIENTS) {
    limits.push(say(page, 'limitFewPatients', { patients: numbers.count(test.patients) }));
  }
  for (const { name, samples } of groupCounts(test)) {
    if (samples < FEW_SAMPLES) limits.push(say(page, 'limitRareClass', { name, samples }));
  }
  if (figureGroups(test).some((figures) => Object.values(figures).some((figure) => figure.value === null))) {
    limits.push(texts.limitUndefined);
  }
  if (test.kind === 'value') return [...limits, texts.limitRange];
  if (test.kind === 'labels' || test.kind === 'grade') return limits;
  const error = test.figures.calibrationError.value;
  if (error !== null && error > BAD_CALIBRATION) {
    limits.push(say(page, 'limitCalibration', { value: numbers.figure(error) }));
  }
  const positive = positiveClass(test);
  if (positive !== undefined) {
    const { name, samples } = test.perClass[positive]!;
    const prevalence = numbers.percent(samples / test.samples);
    limits.push(say(page, 'limitPrevalence', { positive: name, prevalence }));
  }
  return limits;
}

/** Versions, seed, checksums and settings. */
export function provenanceSection(page: Page): Markup {
  const { content, texts } = page;
  const settings: Fact[] = Object.entries(content.settings).map(([name, value]) => ({
    name,
    value:
      value === null ? texts.none : value === true ? texts.yes : value === false ? texts.no : String(value),
  }));
  return html`<section id="provenance"><h2>${texts.provenance}</h2><div class="pair">
<div>${factsTable(texts.versions, content.provenance)}</div>
<div>${factsTable(texts.settings, settings)}</div></div></section>`;
}
