import type { Figure } from '../../evidence/statistics/classification-evidence.ts';
import type { ClassificationSettings } from '../classification/settings.ts';
import { drawChart } from '../report/charts.ts';
import type { ReportContent } from '../report/content.ts';
import { figureCard, figureCell, type Page } from '../report/figures.ts';
import { html, type Markup, trusted } from '../report/html.ts';
import { sectionsByKind } from '../report/render-report.ts';
import { chartFigure } from '../report/section-data.ts';
import { sitesSection } from '../report/section-sites.ts';
import { styleSheet } from '../report/style.ts';
import { fill, numbersOf, textsByLanguage } from '../report/texts.ts';
import { choicesSection } from './choices-section.ts';
import { figureFormat, figureName, mainFigures } from './figure-names.ts';
import { foldChart, isByRepeat } from './fold-chart.ts';
import type { CrossValidationMetrics, CrossValidationPlan } from './plan.ts';
import type { FigureSummary } from './summary.ts';
import { en } from './texts-en.ts';
import { zh } from './texts-zh.ts';

const ownStyle = `
th .range, th .why { display: block; min-width: 0; margin: 0; color: var(--soft); font-size: 12px; font-weight: 400; white-space: normal; }
table.list th .why { margin: 0; }
`;

/** The page's own sentences. */
export type OwnTexts = Readonly<Record<keyof typeof en, string>>;

/** What the sections of a cross-validation's page need. */
export interface CrossPage {
  readonly metrics: CrossValidationMetrics;
  readonly plan: CrossValidationPlan;
  readonly own: OwnTexts;
  /** For the sections of a report, with the pooled evidence as its test part. */
  readonly page: Page;
}

export interface PageContext {
  readonly plan: CrossValidationPlan;
  readonly settings: ClassificationSettings;
  /** Of numbers the unit of each. */
  readonly units: readonly string[];
}

/** A complete page about a cross-validation: no script, nothing loaded from anywhere. */
export async function renderCrossValidation(
  metrics: CrossValidationMetrics,
  context: PageContext,
): Promise<string> {
  const { plan, settings } = context;
  const { language } = settings;
  const texts = textsByLanguage[language];
  const own = language === 'zh' ? zh : en;
  const page: Page = { content: contentOf(metrics, context), texts, numbers: numbersOf(language) };
  const cross: CrossPage = { metrics, plan, own, page };
  const { evidence } = metrics.pooled;
  const sections = sectionsByKind[evidence.kind ?? 'class'];
  const contents: (readonly [string, string])[] = [
    ['key-figures', own.keyFigures],
    ['folds', own.byFold],
    ...(metrics.choices ? [['choices', own.choices] as const] : []),
    ['both', own.allFigures],
    ...(evidence.sites ? [['sites', texts.sites] as const] : []),
    ['pooled', own.pooledPerformance],
    ['curves', texts.curves],
    ['how', own.how],
  ];
  const document = html`<!DOCTYPE html>
<html lang="${texts.htmlLanguage}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.content.title} – ${own.overline}</title>
<style>${trusted(styleSheet + ownStyle)}</style>
</head>
<body><main class="sheet">
${top(cross, settings, contents)}
${keyFigures(cross)}
${await foldsSection(cross)}
${metrics.choices && choicesSection(cross, metrics.choices)}
${bothSection(cross)}
${evidence.sites && sitesSection(page, evidence.sites)}
<section id="pooled"><h2>${own.pooledPerformance}</h2><p class="lead">${own.pooledLead}${
    metrics.repeats > 1 ? ` ${fill(own.pooledRepeats, { repeats: metrics.repeats })}` : ''
  }</p>${thresholds(cross)}</section>
${sections.performance(page)}
${await sections.curves(page)}
${howSection(cross, settings)}
<footer>${texts.footer}</footer>
</main></body>
</html>
`;
  return document.markup;
}

function contentOf(
  { classes, data, pooled, target }: CrossValidationMetrics,
  { settings, units }: PageContext,
): ReportContent {
  const names = classes.map((name, k) => (units[k] ? `${name} (${units[k]})` : name));
  const what = target === 'grade' ? `${classes[0]} – ${classes.at(-1)}` : names.join(' / ');
  return {
    language: settings.language,
    title: `${what}: ${data.name}`,
    createdAt: new Date().toISOString(),
    purpose: { summary: '' },
    model: { network: settings.network, parameters: 0, input: '' },
    classes,
    data: { name: data.name, fingerprint: '', splits: [], splitMethod: '' },
    test: pooled.evidence,
    cases: { mistakes: [], correct: [] },
    settings: {},
    provenance: [],
  };
}

/** 'five folds by patient, repeated 3 times'. */
function schemeOf({ metrics, plan, own }: CrossPage): string {
  const { scheme, k, repeats, data } = metrics;
  const kinds = {
    'k-fold': data.grouping === 'patient' ? own.kFold : own.kFoldImages,
    'site-k-fold': own.siteKFold,
    'leave-site-out': own.leaveSiteOut,
  };
  return (
    fill(kinds[scheme], { k }) +
    (repeats > 1 ? fill(own.repeated, { repeats }) : '') +
    (metrics.choices ? fill(own.nestedIn, { inner: plan.inner }) : '')
  );
}

function top(
  cross: CrossPage,
  settings: ClassificationSettings,
  contents: readonly (readonly [string, string])[],
): Markup {
  const { metrics, own, page } = cross;
  const { numbers } = page;
  const { data, scheme, folds, seed, warnings } = metrics;
  const unit = scheme !== 'k-fold' ? own.site : data.grouping === 'patient' ? own.patient : own.image;
  const facts: readonly (readonly [string, string])[] = [
    [own.dataset, data.name],
    [own.images, numbers.count(data.images)],
    [own.patients, data.grouping === 'patient' ? numbers.count(data.patients) : '–'],
    [own.folds, numbers.count(folds.length)],
    [own.network, settings.network],
    [own.seed, String(seed)],
  ];
  return html`<header class="top"><p class="overline">${own.overline}</p><h1>${page.content.title}</h1>
<p class="summary">${fill(own.summary, { images: numbers.count(data.images), unit, scheme: schemeOf(cross) })}</p>
<p class="notice" role="note"><strong>${page.texts.researchNotice}</strong> ${page.texts.researchNoticeText}</p>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${
  warnings.length > 0
    ? html`<div class="notice"><p><strong>${own.warnings}</strong></p>${warnings.map((text) => html`<p>${text}</p>`)}</div>`
    : undefined
}
<nav aria-label="${own.contents}"><ul>${contents.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></header>`;
}

/** A mean over folds in the form of a figure. */
export function meanAsFigure({ mean, low, high, pooled }: FigureSummary): Figure {
  return mean === null
    ? { value: null, low: null, high: null, undefinedReplicates: 0, reason: pooled?.reason ?? 'class-absent' }
    : { value: mean, low, high, undefinedReplicates: 0 };
}

function keyFigures({ metrics, own, page }: CrossPage): Markup {
  const { texts, numbers } = page;
  const names = mainFigures(metrics);
  const train = metrics.folds.reduce((sum, fold) => sum + fold.train, 0) / metrics.folds.length;
  return html`<section id="key-figures"><h2>${own.keyFigures}</h2>
<p class="lead">${fill(own.keyLead, { folds: metrics.folds.length, train: numbers.count(Math.round(train)) })}</p>
<dl class="figures">${names.map((name, i) =>
    figureCard(
      page,
      figureName(name, metrics, texts),
      meanAsFigure(metrics.figures[name]!),
      figureFormat(name, metrics.target),
      i === 0,
    ),
  )}</dl></section>`;
}

async function foldsSection({ metrics, own, page }: CrossPage): Promise<Markup> {
  const { folds, target } = metrics;
  const { texts, numbers } = page;
  const names = mainFigures(metrics);
  const charts: Markup[] = [];
  for (const name of names.slice(0, 3)) {
    const title = figureName(name, metrics, texts);
    const summary = metrics.figures[name]!;
    const format = figureFormat(name, target);
    const mean = summary.mean === null ? texts.undefinedFigure : numbers[format](summary.mean);
    const chart = await drawChart(
      foldChart(folds, name, summary, {
        title,
        repeat: (repeat) => fill(own.repeat, { repeat }),
        percent: format === 'percent',
      }),
      fill(own.foldChartAlt, { figure: title, folds: folds.length, mean }),
    );
    charts.push(chartFigure(title, chart, undefined, `${own.mean}: ${mean}`));
  }
  const several = metrics.repeats > 1;
  const rows = folds.map(
    (fold) =>
      html`<tr><th scope="row">${fold.name}${fold.site === undefined ? '' : ` (${fold.site})`}</th>${
        several ? html`<td>${fold.repeat}</td>` : undefined
      }<td>${numbers.count(fold.test)}</td><td>${numbers.count(fold.train)}</td>${names.map((name) =>
        figureCell(page, foldFigure(fold.figures[name]), figureFormat(name, target)),
      )}</tr>`,
  );
  return html`<section id="folds"><h2>${own.byFold}</h2><div class="charts">${charts}</div>
<p class="note">${isByRepeat(folds) ? own.repeatChartNote : own.foldChartNote}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${own.byFold}"><table class="wide"><caption>${own.foldTable}</caption>
<thead><tr><th scope="col">${own.fold}</th>${several ? html`<th scope="col">${fill(own.repeat, { repeat: '' }).trim()}</th>` : undefined}<th scope="col">${own.tested}</th><th scope="col">${own.trained}</th>${names.map(
    (name) => html`<th scope="col">${figureName(name, metrics, texts)}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function foldFigure(
  figure: CrossValidationMetrics['folds'][number]['figures'][string] | undefined,
): Figure | undefined {
  if (!figure) return undefined;
  return {
    ...figure,
    undefinedReplicates: 0,
    ...(figure.value === null ? { reason: 'class-absent' as const } : {}),
  };
}

/** Every figure as mean over folds and pooled, side by side. */
function bothSection({ metrics, own, page }: CrossPage): Markup {
  const { texts, numbers } = page;
  const rows = Object.entries(metrics.figures).map(([name, summary]) => {
    const format = figureFormat(name, metrics.target);
    const missing = summary.of - summary.folds;
    const note =
      missing > 0
        ? html`<span class="why">${fill(own.undefinedIn, { count: missing, of: summary.of })}</span>`
        : undefined;
    const deviation = summary.deviation === null ? '–' : numbers[format](summary.deviation);
    return html`<tr><th scope="row">${figureName(name, metrics, texts)}${note}</th>${figureCell(
      page,
      meanAsFigure(summary),
      format,
    )}<td>${deviation}</td>${figureCell(page, summary.pooled ?? undefined, format)}</tr>`;
  });
  return html`<section id="both"><h2>${own.allFigures}</h2><p class="lead">${fill(own.allFiguresLead, {
    answers: numbers.count(metrics.pooled.answers),
  })}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${own.allFigures}"><table class="wide list"><caption>${texts.figuresTable}</caption>
<thead><tr><th scope="col">${own.figure}</th><th scope="col">${own.mean}</th><th scope="col">${own.deviation}</th><th scope="col">${own.pooled}</th></tr></thead>
<tbody>${rows}</tbody></table></div></section>`;
}

function thresholds({ metrics, own, page }: CrossPage): Markup | undefined {
  const { atThresholds } = metrics.pooled;
  if (atThresholds.length === 0) return undefined;
  const { texts, numbers } = page;
  const shown = ['sensitivity', 'specificity', 'positivePredictiveValue', 'negativePredictiveValue'] as const;
  return html`<h3>${own.atThresholds}</h3><div class="scroll" tabindex="0" role="region" aria-label="${own.atThresholds}"><table class="wide"><caption>${own.atThresholdsLead}</caption>
<thead><tr><th scope="col">${texts.class}</th><th scope="col">${own.found}</th><th scope="col">${own.missed}</th><th scope="col">${own.falseAlarms}</th>${shown.map(
    (name) => html`<th scope="col">${texts[name]}</th>`,
  )}</tr></thead><tbody>${atThresholds.map(
    ({ name, counts, figures }) =>
      html`<tr><th scope="row">${name}</th><td>${numbers.count(counts.truePositives)}</td><td>${numbers.count(counts.falseNegatives)}</td><td>${numbers.count(counts.falsePositives)}</td>${shown.map(
        (figure) => figureCell(page, figures[figure], 'percent'),
      )}</tr>`,
  )}</tbody></table></div>`;
}

function howSection({ metrics, plan, own }: CrossPage, settings: ClassificationSettings): Markup {
  const threshold = metrics.pooled.atThresholds.length > 0 ? own.howThreshold : '';
  const stratified = plan.stratify && metrics.scheme !== 'leave-site-out' ? own.howStratified : '';
  const written = Object.entries(settings).map(([name, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return html`<tr><th scope="row">${name}</th><td>${text}</td></tr>`;
  });
  return html`<section id="how"><h2>${own.how}</h2><p>${fill(own.howText, { seed: metrics.seed, threshold })}</p>
<p>${fill(own.howDraw, { stratified })}</p>
<h3>${own.settings}</h3><table class="names"><thead><tr><th scope="col">${own.setting}</th><th scope="col">${own.value}</th></tr></thead><tbody>${written}</tbody></table></section>`;
}
