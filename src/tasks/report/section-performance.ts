import type { ClassificationEvidence, Figure } from '../../evidence/statistics/classification-evidence.ts';
import type { ClassFigureName, FigureName, OperatingFigureName } from '../../evidence/statistics/figures.ts';
import {
  type CurveSeries,
  drawChart,
  precisionRecallChart,
  reliabilityChart,
  rocChart,
  seriesColour,
  seriesKind,
} from './charts.ts';
import { type FigureFormat, figureCell, type Page, say, type Words } from './figures.ts';
import { html, type Markup } from './html.ts';
import { chartFigure, legend } from './section-data.ts';
import type { TextKey } from './texts.ts';

/** Confusion matrices, and each class against the rest. */
export function performanceSection(page: Page<ClassificationEvidence>): Markup {
  const { content, texts, numbers } = page;
  const { test } = content;
  const point = test.operatingPoint;
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = point?.counts ?? {
    truePositives: 0,
    falsePositives: 0,
    trueNegatives: 0,
    falseNegatives: 0,
  };
  const two = test.classes.length === 2;
  const positive = point && test.classes[point.positiveClass]!;
  const negative = two && point ? test.classes[1 - point.positiveClass]! : texts.negative;
  const atPoint =
    point &&
    matrix(
      page,
      say(page, 'atThreshold', { threshold: numbers.figure(point.threshold) }),
      [negative, two ? positive! : `${positive} (${texts.positive})`],
      [
        [trueNegatives, falsePositives],
        [falseNegatives, truePositives],
      ],
    );
  return html`<section id="performance"><h2>${texts.performance}</h2>
<h3>${texts.confusion}</h3><p class="note">${texts.confusionCaption}</p>
<div class="${test.classes.length > 3 ? '' : 'pair'}">${atPoint}${matrix(page, texts.mostProbableClass, test.classes, test.confusion)}</div>
<h3>${texts.perClass}</h3><p class="note">${texts.perClassCaption}</p>${perClassTable(page)}
</section>`;
}

/** Counts with the truth in rows, shaded by their share of the row. */
export function matrix(
  page: Words,
  title: string,
  names: readonly string[],
  counts: readonly (readonly number[])[],
): Markup {
  const { texts, numbers } = page;
  const rows = names.map((name, i) => {
    const row = counts[i]!;
    const sum = row.reduce((a, b) => a + b, 0);
    const cells = row.map((n, j) => {
      const part = sum > 0 ? n / sum : 0;
      return html`<td class="${i === j ? 'diagonal' : ''}" style="--part:${part.toFixed(3)}">${numbers.count(n)}<span>${sum > 0 ? numbers.percent(part) : '–'}</span></td>`;
    });
    return html`<tr><th scope="row">${name}</th>${cells}</tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${texts.confusion}: ${title}"><table class="matrix${names.length > 3 ? ' many' : ''}"><caption>${title}</caption>
<thead><tr><th scope="col">${texts.truth} ↓ ${texts.predicted} →</th>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** Every figure of test and validation side by side. */
export function allFiguresSection(page: Page<ClassificationEvidence>): Markup {
  const { texts, numbers, content } = page;
  const replicates = numbers.count(content.test.bootstrap.replicates);
  return html`<section id="all-figures"><h2>${texts.allFigures}</h2>${figuresTable(page)}
<p class="note">${say(page, 'figureNote', { replicates })}</p></section>`;
}

const classColumns: readonly (readonly [ClassFigureName, TextKey, FigureFormat])[] = [
  ['recall', 'recall', 'percent'],
  ['specificity', 'specificity', 'percent'],
  ['precision', 'precision', 'percent'],
  ['f1', 'f1', 'figure'],
  ['auc', 'auc', 'figure'],
  ['averagePrecision', 'averagePrecision', 'figure'],
];

function perClassTable(page: Page<ClassificationEvidence>): Markup {
  const { content, texts, numbers } = page;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${texts.perClass}"><table class="wide"><caption>${texts.test}</caption>
<thead><tr><th scope="col">${texts.class}</th><th scope="col">${texts.images}</th>${classColumns.map(([, key]) => html`<th scope="col">${texts[key]}</th>`)}</tr></thead>
<tbody>${content.test.perClass.map(
    (entry) =>
      html`<tr><th scope="row">${entry.name}</th><td>${numbers.count(entry.samples)}</td>${classColumns.map(
        ([name, , format]) => figureCell(page, entry.figures[name], format),
      )}</tr>`,
  )}</tbody></table></div>`;
}

const pointRows: readonly (readonly [OperatingFigureName, TextKey])[] = [
  ['sensitivity', 'sensitivity'],
  ['specificity', 'specificity'],
  ['positivePredictiveValue', 'positivePredictiveValue'],
  ['negativePredictiveValue', 'negativePredictiveValue'],
  ['accuracy', 'accuracy'],
  ['f1', 'f1'],
];

const ordered: readonly FigureName[] = ['kappaLinear', 'kappaQuadratic'];
const percentages: readonly FigureName[] = [
  'accuracy',
  'balancedAccuracy',
  'precisionMacro',
  'recallMacro',
  'specificityMacro',
];

function figuresTable(page: Page<ClassificationEvidence>): Markup {
  const { content, texts, numbers } = page;
  const { test, validation } = content;
  const two = test.classes.length === 2;
  const nameOf = (name: FigureName): string => {
    if (!two && name === 'auc') return texts.aucMean;
    if (!two && name === 'averagePrecision') return texts.averagePrecisionMean;
    return texts[name];
  };
  const row = (
    name: string,
    format: FigureFormat,
    pick: (evidence: ClassificationEvidence) => Figure | undefined,
  ) =>
    html`<tr><th scope="row">${name}</th>${figureCell(page, pick(test), format)}${validation && figureCell(page, pick(validation), format)}</tr>`;
  const group = (title: string) =>
    html`<tr><th scope="rowgroup" colspan="${validation ? 3 : 2}" class="group">${title}</th></tr>`;
  const names = (Object.keys(test.figures) as FigureName[]) // the record's keys are FigureName by its type
    .filter((name) => !two || !ordered.includes(name));
  const point = test.operatingPoint;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${texts.figuresTable}"><table class="wide list"><caption>${texts.figuresTable}</caption>
<thead><tr><th scope="col">${texts.figure}</th><th scope="col">${texts.test}</th>${validation && html`<th scope="col">${texts.validation}</th>`}</tr></thead>
${
  point &&
  html`<tbody>${group(say(page, 'atThreshold', { threshold: numbers.figure(point.threshold) }))}${pointRows.map(
    ([name, key]) =>
      row(texts[key], name === 'f1' ? 'figure' : 'percent', (e) => e.operatingPoint?.figures[name]),
  )}</tbody>`
}<tbody>${group(texts.mostProbableClass)}${names.map((name) =>
    row(nameOf(name), percentages.includes(name) ? 'percent' : 'figure', (e) => e.figures[name]),
  )}</tbody></table></div>`;
}

/** ROC, precision-recall and reliability. */
export async function curvesSection(page: Page<ClassificationEvidence>): Promise<Markup> {
  const { content, texts, numbers } = page;
  const { test, validation } = content;
  const single = test.curves.length === 1;
  const point = test.operatingPoint?.figures;
  const { sensitivity, specificity, positivePredictiveValue } = point ?? {};
  const series: CurveSeries = {
    test: test.curves,
    validation: single ? validation?.curves[0] : undefined,
    point:
      single && sensitivity && specificity && sensitivity.value !== null && specificity.value !== null
        ? {
            sensitivity: sensitivity.value,
            specificity: specificity.value,
            precision: positivePredictiveValue?.value ?? null,
          }
        : undefined,
  };
  const write = (figure: Figure): string =>
    figure.value === null ? texts.undefinedFigure : numbers.figure(figure.value);
  const auc = write(test.figures.auc);
  const error = write(test.figures.calibrationError);
  const bins = test.curves[0]?.reliability.length ?? 0;
  const roc = await drawChart(
    rocChart(series, { x: texts.falsePositiveRate, y: texts.truePositiveRate }),
    single ? say(page, 'rocAlt', { auc }) : say(page, 'rocAltMany', { auc, count: test.curves.length }),
  );
  const precisionRecall = await drawChart(
    precisionRecallChart(series, { x: texts.recallAxis, y: texts.precisionAxis }),
    say(page, 'precisionRecallAlt', { value: write(test.figures.averagePrecision) }),
  );
  const reliability = await drawChart(
    reliabilityChart(test.curves, {
      x: texts.predictedProbability,
      y: texts.observedShare,
      count: texts.imagesAxis,
    }),
    say(page, 'reliabilityAlt', { bins, value: error }),
  );
  const small = (key: TextKey, value: string): string => `${texts[key]} ${value}`;
  return html`<section id="curves"><h2>${texts.curves}</h2><p class="lead">${texts.curvesLead}</p>
${single ? undefined : classLegend(test)}
<div class="charts">${chartFigure(texts.roc, roc, curveLegend(page, series, true), small(single ? 'auc' : 'aucMean', auc))}${chartFigure(
    texts.precisionRecall,
    precisionRecall,
    curveLegend(page, series, false),
    small(single ? 'averagePrecision' : 'averagePrecisionMean', write(test.figures.averagePrecision)),
  )}${chartFigure(
    texts.reliability,
    reliability,
    legend([{ name: texts.legendIdeal, colour: 'var(--axis)', kind: 'dots' }]),
    small('calibrationError', error),
  )}</div></section>`;
}

function classLegend(evidence: ClassificationEvidence): Markup {
  return legend(
    evidence.curves.map(({ classIndex }, i) => ({
      name: evidence.classes[classIndex]!,
      colour: seriesColour(i),
      kind: seriesKind(i),
    })),
  );
}

function curveLegend(page: Words, series: CurveSeries, band: boolean): Markup | undefined {
  const { texts } = page;
  if (series.test.length !== 1) return undefined;
  return legend([
    { name: texts.legendTest, colour: seriesColour(0) },
    ...(band ? [{ name: texts.legendBand, colour: 'var(--band)', kind: 'band' as const }] : []),
    ...(series.validation
      ? [{ name: texts.legendValidation, colour: 'var(--third)', kind: 'dash' as const }]
      : []),
    ...(series.point ? [{ name: texts.legendPoint, colour: 'var(--second)', kind: 'diamond' as const }] : []),
    { name: texts.legendChance, colour: 'var(--axis)', kind: 'dots' },
  ]);
}
