import type {
  LabelFigureName,
  LabelsEvidence,
  LabelsFigureName,
} from '../../evidence/statistics/labels-evidence.ts';
import { figureCard, type Page, say } from './figures.ts';
import { type FigureColumn, figuresSection, rowsOf, thingsTable } from './figures-table.ts';
import { html, type Markup } from './html.ts';
import { manyCurves } from './section-curves.ts';
import { keyFigures } from './section-summary.ts';

const columns: readonly FigureColumn<LabelFigureName>[] = [
  ['auc', 'auc', 'figure'],
  ['averagePrecision', 'averagePrecision', 'figure'],
  ['sensitivity', 'sensitivity', 'percent'],
  ['specificity', 'specificity', 'percent'],
  ['positivePredictiveValue', 'positivePredictiveValue', 'percent'],
  ['f1', 'f1', 'figure'],
];

const all: readonly FigureColumn<LabelsFigureName>[] = [
  ['auc', 'aucLabels', 'figure'],
  ['aucMicro', 'aucMicro', 'figure'],
  ['averagePrecision', 'mapLabels', 'figure'],
  ['averagePrecisionMicro', 'averagePrecisionMicro', 'figure'],
  ['sensitivityMacro', 'sensitivityMacro', 'percent'],
  ['specificityMacro', 'specificityMacro', 'percent'],
  ['f1Macro', 'f1Macro', 'figure'],
  ['f1Micro', 'f1Micro', 'figure'],
  ['subsetAccuracy', 'subsetAccuracy', 'percent'],
  ['hammingLoss', 'hammingLoss', 'figure'],
  ['logLoss', 'logLoss', 'figure'],
  ['brier', 'brier', 'figure'],
];

/** Large numbers of several labels. */
export function labelsKeyFigures(page: Page<LabelsEvidence>): Markup {
  const { content, texts, numbers } = page;
  const { figures, classes } = content.test;
  const cards = all
    .filter(([name]) =>
      [
        'auc',
        'averagePrecision',
        'f1Macro',
        'sensitivityMacro',
        'specificityMacro',
        'subsetAccuracy',
      ].includes(name),
    )
    .map(([name, key, format]) => figureCard(page, texts[key], figures[name], format, name === 'auc'));
  const right = figures.subsetAccuracy.value;
  const words = {
    labels: classes.length,
    right: right === null ? texts.undefinedFigure : numbers.percent(right),
  };
  return keyFigures(page, cards, html`<p>${say(page, 'labelsSentence', words)}</p>`);
}

/** Each label at its threshold. */
export function labelsPerformance(page: Page<LabelsEvidence>): Markup {
  const { content, texts, numbers } = page;
  const rows = content.test.perLabel.map(({ name, samples, positives, threshold, figures }) => ({
    name,
    facts: [numbers.count(positives), numbers.count(samples), numbers.figure(threshold)],
    figures,
  }));
  const facts = [texts.label, texts.withLabel, texts.known, texts.threshold];
  return html`<section id="performance"><h2>${texts.performance}</h2><h3>${texts.labelTable}</h3><p class="note">${texts.labelTableCaption}</p>
${thingsTable(page, texts.test, facts, columns, rows)}</section>`;
}

export function labelsCurves(page: Page<LabelsEvidence>): Promise<Markup> {
  const { content, texts, numbers } = page;
  const { curves, classes, figures } = content.test;
  const write = (value: number | null) => (value === null ? texts.undefinedFigure : numbers.figure(value));
  return manyCurves(page, {
    curves,
    names: classes,
    lead: texts.labelsCurvesLead,
    auc: write(figures.auc.value),
    precision: write(figures.averagePrecision.value),
    titles: { auc: texts.aucLabels, precision: texts.mapLabels },
  });
}

export const labelsAllFigures = (page: Page): Markup =>
  figuresSection(page, [{ title: page.texts.performance, rows: rowsOf(page, all) }]);
