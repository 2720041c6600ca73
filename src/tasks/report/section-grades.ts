import type {
  CutFigureName,
  GradeEvidence,
  GradeFigureName,
} from '../../evidence/statistics/grade-evidence.ts';
import { figureCard, type Page, say } from './figures.ts';
import { type FigureColumn, figuresSection, rowsOf, thingsTable } from './figures-table.ts';
import { html, type Markup } from './html.ts';
import { manyCurves } from './section-curves.ts';
import { matrix } from './section-performance.ts';
import { keyFigures } from './section-summary.ts';

const columns: readonly FigureColumn<CutFigureName>[] = [
  ['auc', 'auc', 'figure'],
  ['averagePrecision', 'averagePrecision', 'figure'],
  ['sensitivity', 'sensitivity', 'percent'],
  ['specificity', 'specificity', 'percent'],
];

const all: readonly FigureColumn<GradeFigureName>[] = [
  ['kappaQuadratic', 'kappaQuadratic', 'figure'],
  ['kappaLinear', 'kappaLinear', 'figure'],
  ['mae', 'maeGrades', 'figure'],
  ['accuracy', 'accuracy', 'percent'],
  ['withinOne', 'withinOne', 'percent'],
  ['balancedAccuracy', 'balancedAccuracy', 'percent'],
  ['auc', 'aucCuts', 'figure'],
  ['logLoss', 'logLoss', 'figure'],
];

/** Large numbers of grades. */
export function gradeKeyFigures(page: Page<GradeEvidence>): Markup {
  const { content, texts, numbers } = page;
  const { figures, confusion, samples } = content.test;
  const cards = all
    .filter(([name]) => name !== 'logLoss' && name !== 'kappaLinear')
    .map(([name, key, format]) =>
      figureCard(
        page,
        texts[key],
        figures[name],
        name === 'mae' ? 'measured' : format,
        name === 'kappaQuadratic',
      ),
    );
  const correct = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
  const within = figures.withinOne.value;
  const words = {
    correct: numbers.count(correct),
    samples: numbers.count(samples),
    within: within === null ? texts.undefinedFigure : numbers.percent(within),
  };
  return keyFigures(page, cards, html`<p>${say(page, 'gradeSentence', words)}</p>`);
}

/** The confusion matrix, every cut and every grade. */
export function gradePerformance(page: Page<GradeEvidence>): Markup {
  const { content, texts, numbers } = page;
  const { classes, confusion, cuts, perGrade } = content.test;
  const cutRows = cuts.map(({ from, positives, figures }) => ({
    name: say(page, 'fromGrade', { grade: from }),
    facts: [numbers.count(positives)],
    figures,
  }));
  const gradeRows = perGrade.map(({ name, samples, predicted, figures }) => ({
    name,
    facts: [numbers.count(samples), numbers.count(predicted)],
    figures,
  }));
  return html`<section id="performance"><h2>${texts.performance}</h2>
<h3>${texts.confusion}</h3><p class="note">${texts.confusionCaption}</p>${matrix(page, texts.grade, classes, confusion)}
<h3>${texts.cutTable}</h3><p class="note">${texts.cutTableCaption}</p>${thingsTable(page, texts.cutTable, [texts.cut, texts.images], columns, cutRows)}
<h3>${texts.gradeTable}</h3>${thingsTable(
    page,
    texts.gradeTable,
    [texts.grade, texts.images, texts.predicted],
    [
      ['recall', 'recall', 'percent'],
      ['precision', 'precision', 'percent'],
    ],
    gradeRows,
  )}</section>`;
}

export function gradeCurves(page: Page<GradeEvidence>): Promise<Markup> {
  const { content, texts, numbers } = page;
  const { curves, cuts, figures } = content.test;
  const write = (value: number | null) => (value === null ? texts.undefinedFigure : numbers.figure(value));
  const precisions = cuts.flatMap(({ figures: own }) => own.averagePrecision.value ?? []);
  const mean = precisions.reduce((sum, value) => sum + value, 0) / precisions.length;
  return manyCurves(page, {
    curves,
    names: cuts.map(({ from }) => say(page, 'fromGrade', { grade: from })),
    lead: texts.cutsCurvesLead,
    auc: write(figures.auc.value),
    precision: write(precisions.length > 0 ? mean : null),
    titles: { auc: texts.aucCuts, precision: texts.averagePrecisionCuts },
  });
}

export const gradeAllFigures = (page: Page): Markup =>
  figuresSection(page, [{ title: page.texts.performance, rows: rowsOf(page, all) }]);
