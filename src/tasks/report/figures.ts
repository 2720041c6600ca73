import type { ClassificationEvidence, Figure } from '../../evidence/statistics/classification-evidence.ts';
import type { Evidence } from '../../evidence/statistics/evidence.ts';
import type { UndefinedReason } from '../../evidence/statistics/figures.ts';
import type { ReportContent } from './content.ts';
import { html, type Markup } from './html.ts';
import { fill, type Numbers, type TextKey, type Texts } from './texts.ts';

/** What every section needs: the content, its language's sentences and its way to write numbers. */
export interface Page<E = Evidence> {
  readonly content: Omit<ReportContent, 'test' | 'validation'> & {
    readonly test: E;
    readonly validation?: E;
  };
  readonly texts: Texts;
  readonly numbers: Numbers;
}

/** A sentence with its values filled in. */
export function say(
  page: Pick<Page, 'texts'>,
  key: TextKey,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return fill(page.texts[key], values);
}

const reasons: Readonly<Record<UndefinedReason, TextKey>> = {
  'class-absent': 'reasonAbsent',
  'class-never-predicted': 'reasonNeverPredicted',
  'one-class-only': 'reasonOneClass',
  constant: 'reasonConstant',
  'too-few': 'reasonTooFew',
};

/** A page's sentences and numbers, whatever it is about. */
export type Words = Pick<Page, 'texts' | 'numbers'>;

/** 'not defined' and why. */
export function reasonOf(page: Words, figure: Figure): string {
  return page.texts[reasons[figure.reason ?? 'class-absent']];
}

/** Shares as percent, figures with three decimals, measured numbers with four digits. */
export type FigureFormat = 'percent' | 'figure' | 'measured';

/** The interval of a figure in words, for a table's second line. */
export function intervalOf(page: Words, figure: Figure, format: FigureFormat): string {
  const write = page.numbers[format];
  if (figure.low === null || figure.high === null) return page.texts.noInterval;
  return `${write(figure.low)} – ${write(figure.high)}`;
}

/** A table cell: the figure, and below it its interval, or why there is none. */
export function figureCell(page: Words, figure: Figure | undefined, format: FigureFormat): Markup {
  if (figure === undefined) return html`<td>–</td>`;
  if (figure.value === null) {
    return html`<td>${page.texts.undefinedFigure}<span class="why">${reasonOf(page, figure)}</span></td>`;
  }
  return html`<td>${page.numbers[format](figure.value)}<span class="range">${intervalOf(page, figure, format)}</span></td>`;
}

/** One of the large numbers at the top, with its interval drawn on a scale of 0..1. */
export function figureCard(
  page: Words,
  name: string,
  figure: Figure,
  format: FigureFormat,
  main = false,
): Markup {
  const { value, low, high } = figure;
  const body =
    value === null
      ? html`<span class="big none">${page.texts.undefinedFigure}</span><span class="range">${reasonOf(page, figure)}</span>`
      : html`<span class="big">${page.numbers[format](value)}</span>${format === 'measured' ? undefined : intervalBar(value, low, high)}<span class="range">${
          low === null || high === null
            ? page.texts.noInterval
            : say(page, 'interval', { low: page.numbers[format](low), high: page.numbers[format](high) })
        }</span>`;
  return html`<div class="figure${main ? ' main' : ''}"><dt>${name}</dt><dd>${body}</dd></div>`;
}

function intervalBar(value: number, low: number | null, high: number | null): Markup {
  const percent = (x: number): string => `${(100 * Math.min(1, Math.max(0, x))).toFixed(2)}%`;
  const range =
    low === null || high === null
      ? undefined
      : html`<i style="left:${percent(low)};width:${percent(high - low)}"></i>`;
  return html`<span class="bar" aria-hidden="true">${range}<b style="left:${percent(value)}"></b></span>`;
}

/** The positive class of two, or of an operating point; undefined where no class stands out. */
export function positiveClass(evidence: ClassificationEvidence): number | undefined {
  return evidence.operatingPoint?.positiveClass ?? (evidence.classes.length === 2 ? 1 : undefined);
}

/** Images of each class, label or grade in the evidence; none for numbers. */
export function groupCounts(
  evidence: Evidence,
): readonly { readonly name: string; readonly samples: number }[] {
  if (evidence.kind === 'value') return [];
  if (evidence.kind === 'labels') {
    return evidence.perLabel.map(({ name, positives }) => ({ name, samples: positives }));
  }
  return evidence.kind === 'grade' ? evidence.perGrade : evidence.perClass;
}

/** Every figure of the evidence, in groups. */
export function figureGroups(evidence: Evidence): readonly Readonly<Record<string, Figure>>[] {
  if (evidence.kind === 'value') return [evidence.figures];
  if (evidence.kind === 'labels')
    return [evidence.figures, ...evidence.perLabel.map(({ figures }) => figures)];
  if (evidence.kind === 'grade') {
    return [evidence.figures, ...[...evidence.cuts, ...evidence.perGrade].map(({ figures }) => figures)];
  }
  return [
    evidence.figures,
    ...evidence.perClass.map(({ figures }) => figures),
    evidence.operatingPoint?.figures ?? {},
  ];
}
