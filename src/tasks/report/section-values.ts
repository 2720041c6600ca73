import type {
  OneValueEvidence,
  ValueEvidence,
  ValueFigureName,
} from '../../evidence/statistics/value-evidence.ts';
import { drawChart } from './charts.ts';
import { type FigureFormat, figureCard, type Page, say, type Words } from './figures.ts';
import { type FigureColumn, figuresSection, thingsTable } from './figures-table.ts';
import { html, type Markup } from './html.ts';
import { chartFigure, legend } from './section-data.ts';
import { keyFigures } from './section-summary.ts';
import { blandAltmanChart, scatterChart } from './value-charts.ts';

const all: readonly FigureColumn<ValueFigureName>[] = [
  ['mae', 'mae', 'measured'],
  ['rmse', 'rmse', 'measured'],
  ['bias', 'bias', 'measured'],
  ['limitLow', 'limitLow', 'measured'],
  ['limitHigh', 'limitHigh', 'measured'],
  ['r2', 'r2', 'figure'],
  ['pearson', 'pearson', 'figure'],
  ['spearman', 'spearman', 'figure'],
  ['icc', 'icc', 'figure'],
  ['ccc', 'ccc', 'figure'],
  ['calibrationSlope', 'calibrationSlope', 'figure'],
  ['calibrationIntercept', 'calibrationIntercept', 'measured'],
];

const inUnit: ReadonlySet<ValueFigureName> = new Set([
  'mae',
  'rmse',
  'bias',
  'limitLow',
  'limitHigh',
  'calibrationIntercept',
]);

/** 'age (years)' */
const titled = ({ name, unit }: Pick<OneValueEvidence, 'name' | 'unit'>): string =>
  unit ? `${name} (${unit})` : name;

const cardNames: readonly ValueFigureName[] = ['mae', 'rmse', 'bias', 'r2', 'icc', 'ccc'];

/** Large numbers: of one number its errors and agreement, of several each one's error and agreement. */
export function valueKeyFigures(page: Page<ValueEvidence>): Markup {
  const { content, texts } = page;
  const { perValue } = content.test;
  const names = perValue.length === 1 ? cardNames : (['mae', 'ccc'] as const);
  const cards = perValue.flatMap((own) =>
    all
      .filter(([name]) => names.includes(name))
      .map(([name, key, format]) => {
        const unit = inUnit.has(name) && own.unit ? `, ${own.unit}` : '';
        const prefix = perValue.length > 1 ? `${own.name}: ` : '';
        return figureCard(page, `${prefix}${texts[key]}${unit}`, own.figures[name], format, name === 'mae');
      }),
  );
  const sentences = perValue.map((own) => {
    const write = (name: ValueFigureName) => measured(page, own, name);
    const sentence = say(page, 'valueSentence', {
      mae: write('mae'),
      bias: write('bias'),
      low: write('limitLow'),
      high: write('limitHigh'),
    });
    return html`<p>${perValue.length > 1 ? `${own.name}: ` : ''}${sentence}</p>`;
  });
  return keyFigures(page, cards, html`${sentences}`);
}

function measured(page: Words, { figures, unit }: OneValueEvidence, name: ValueFigureName): string {
  const { value } = figures[name];
  if (value === null) return page.texts.undefinedFigure;
  return `${page.numbers.measured(value)}${unit && inUnit.has(name) ? ` ${unit}` : ''}`;
}

export function valuePerformance(page: Page<ValueEvidence>): Markup {
  const { content, texts, numbers } = page;
  const shown = all.filter(([name]) => ['mae', 'r2', 'pearson', 'spearman', 'icc', 'ccc'].includes(name));
  const rows = content.test.perValue.map((own) => ({
    name: titled(own),
    facts: [
      numbers.count(own.samples),
      own.range === null
        ? texts.unknown
        : `${numbers.measured(own.range[0])} – ${numbers.measured(own.range[2])}`,
    ],
    figures: own.figures,
  }));
  return html`<section id="performance"><h2>${texts.performance}</h2><h3>${texts.valueTable}</h3>
${thingsTable(page, texts.test, [texts.number, texts.images, texts.truthRange], shown, rows)}</section>`;
}

/** Scatter and Bland-Altman plot of each number. */
export async function valueCurves(page: Page<ValueEvidence>): Promise<Markup> {
  const { texts } = page;
  const charts: Markup[] = [];
  for (const own of page.content.test.perValue) {
    const name = titled(own);
    const unit = own.unit ? ` (${own.unit})` : '';
    const scatter = await drawChart(
      scatterChart(own, { x: `${texts.trueAxis}${unit}`, y: `${texts.predictedAxis}${unit}` }),
      say(page, 'scatterAlt', { name, count: own.points.length, value: measured(page, own, 'ccc') }),
    );
    const agreement = await drawChart(
      blandAltmanChart(own, { x: `${texts.meanAxis}${unit}`, y: `${texts.differenceAxis}${unit}` }),
      say(page, 'blandAltmanAlt', {
        name,
        bias: measured(page, own, 'bias'),
        low: measured(page, own, 'limitLow'),
        high: measured(page, own, 'limitHigh'),
      }),
    );
    charts.push(
      chartFigure(
        texts.scatter,
        scatter,
        legend([{ name: texts.legendIdentity, colour: 'var(--axis)', kind: 'dots' }]),
        name,
      ),
      chartFigure(
        texts.blandAltman,
        agreement,
        legend([
          { name: texts.legendBias, colour: 'var(--second)' },
          { name: texts.legendLimits, colour: 'var(--second)', kind: 'dash' },
        ]),
        name,
      ),
    );
  }
  return html`<section id="curves"><h2>${texts.curves}</h2><p class="lead">${texts.curvesLead}</p><div class="charts">${charts}</div></section>`;
}

export function valueAllFigures(page: Page<ValueEvidence>): Markup {
  const groups = page.content.test.perValue.map((own, k) => ({
    title: titled(own),
    rows: all.map(([name, key, format]) => ({
      name: page.texts[key],
      format: format satisfies FigureFormat,
      figure: (evidence: Page['content']['test']) =>
        evidence.kind === 'value' ? evidence.perValue[k]?.figures[name] : undefined,
    })),
  }));
  return figuresSection(page, groups);
}
