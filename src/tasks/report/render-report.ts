import type { ReportContent } from './content.ts';
import type { Page } from './figures.ts';
import { html, type Markup, trusted } from './html.ts';
import { casesSection } from './section-cases.ts';
import { dataSection, trainingSection } from './section-data.ts';
import { gradeAllFigures, gradeCurves, gradeKeyFigures, gradePerformance } from './section-grades.ts';
import { labelsAllFigures, labelsCurves, labelsKeyFigures, labelsPerformance } from './section-labels.ts';
import { limitsSection, provenanceSection } from './section-limits.ts';
import { ownSection } from './section-own.ts';
import { allFiguresSection, curvesSection, performanceSection } from './section-performance.ts';
import { sitesSection } from './section-sites.ts';
import { keyFiguresSection, topSection } from './section-summary.ts';
import { valueAllFigures, valueCurves, valueKeyFigures, valuePerformance } from './section-values.ts';
import { styleSheet } from './style.ts';
import { numbersOf, textsByLanguage } from './texts.ts';

/** The sections that differ by what is learned. */
interface Sections {
  readonly keyFigures: (page: Page) => Markup;
  readonly performance: (page: Page) => Markup;
  readonly curves: (page: Page) => Promise<Markup>;
  readonly allFigures: (page: Page) => Markup;
}

/** A section of one kind as one of any: the table below is looked up by the evidence's kind. */
const of =
  <E, R>(section: (page: Page<E>) => R) =>
  (page: Page): R =>
    section(page as unknown as Page<E>); // the evidence is of this kind

/** Sections by what is learned. */
export const sectionsByKind: Readonly<Record<NonNullable<ReportContent['test']['kind']>, Sections>> = {
  class: {
    keyFigures: of(keyFiguresSection),
    performance: of(performanceSection),
    curves: of(curvesSection),
    allFigures: of(allFiguresSection),
  },
  labels: {
    keyFigures: of(labelsKeyFigures),
    performance: of(labelsPerformance),
    curves: of(labelsCurves),
    allFigures: labelsAllFigures,
  },
  grade: {
    keyFigures: of(gradeKeyFigures),
    performance: of(gradePerformance),
    curves: of(gradeCurves),
    allFigures: gradeAllFigures,
  },
  value: {
    keyFigures: of(valueKeyFigures),
    performance: of(valuePerformance),
    curves: of(valueCurves),
    allFigures: of(valueAllFigures),
  },
};

/**
 * Writes a report as one HTML file: no link to anything outside, no script, light and dark, screen and A4.
 * Every text is escaped. The first call loads the chart library (about a quarter of a second).
 * Throws REPORT_IMAGE_INVALID for an image that is not a data URL.
 */
export async function renderReport(content: ReportContent): Promise<string> {
  const { validationName } = content;
  const usual = textsByLanguage[content.language];
  const texts =
    validationName === undefined
      ? usual
      : {
          ...usual,
          validation: validationName,
          legendValidation: validationName,
          figureNote: usual.figureNoteNamed,
        };
  const page: Page = { content, texts, numbers: numbersOf(content.language) };
  const own = sectionsByKind[content.test.kind ?? 'class'];
  const training = content.training?.history.length ? content.training : undefined;
  const { sites } = content.test;
  const { sections = [] } = content;
  const hasCases = content.cases.mistakes.length + content.cases.correct.length > 0;
  const contents: (readonly [string, string])[] = [
    ['key-figures', texts.keyFigures],
    ['performance', texts.performance],
    ['curves', texts.curves],
    ...sections.map(({ id, title }) => [id, title] as const),
    ...(sites ? [['sites', texts.sites] as const] : []),
    ...(hasCases ? [['cases', texts.cases] as const] : []),
    ['all-figures', texts.allFigures],
    ['data', texts.data],
    ...(training ? [['training', texts.trainingSection] as const] : []),
    ['limits', texts.limits],
    ['provenance', texts.provenance],
  ];
  const document = html`<!DOCTYPE html>
<html lang="${texts.htmlLanguage}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${content.title} – ${texts.overline}</title>
<style>${trusted(styleSheet)}</style>
</head>
<body><main class="sheet">
${topSection(page, contents)}
${own.keyFigures(page)}
${own.performance(page)}
${await own.curves(page)}
${await Promise.all(sections.map((section) => ownSection(page, section)))}
${sites && sitesSection(page, sites)}
${hasCases ? casesSection(page) : undefined}
${own.allFigures(page)}
${dataSection(page)}
${training && (await trainingSection(page, training))}
${limitsSection(page)}
${provenanceSection(page)}
<footer>${texts.footer}</footer>
</main></body>
</html>
`;
  return document.markup;
}
