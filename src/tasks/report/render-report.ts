import type { ReportContent } from './content.ts';
import type { Page } from './figures.ts';
import { html, trusted } from './html.ts';
import { casesSection } from './section-cases.ts';
import { dataSection, trainingSection } from './section-data.ts';
import { limitsSection, provenanceSection } from './section-limits.ts';
import { allFiguresSection, curvesSection, performanceSection } from './section-performance.ts';
import { keyFiguresSection, topSection } from './section-summary.ts';
import { styleSheet } from './style.ts';
import { numbersOf, textsByLanguage } from './texts.ts';

/**
 * Writes a report as one HTML file: no link to anything outside, no script, light and dark, screen and A4.
 * Every text is escaped. The first call loads the chart library (about a quarter of a second).
 * Throws REPORT_IMAGE_INVALID for an image that is not a data URL.
 */
export async function renderReport(content: ReportContent): Promise<string> {
  const texts = textsByLanguage[content.language];
  const page: Page = { content, texts, numbers: numbersOf(content.language) };
  const training = content.training?.history.length ? content.training : undefined;
  const hasCases = content.cases.mistakes.length + content.cases.correct.length > 0;
  const contents: (readonly [string, string])[] = [
    ['key-figures', texts.keyFigures],
    ['performance', texts.performance],
    ['curves', texts.curves],
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
${keyFiguresSection(page)}
${performanceSection(page)}
${await curvesSection(page)}
${hasCases ? casesSection(page) : undefined}
${allFiguresSection(page)}
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
