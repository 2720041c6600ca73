import type { ClassificationEvidence } from '../../evidence/statistics/classification-evidence.ts';
import type { OperatingRule } from '../../evidence/statistics/operating-point.ts';
import { figureCard, type Page, say, type Words } from './figures.ts';
import { html, type Markup } from './html.ts';

/** Title, notice, intended use. */
export function topSection(page: Page, contents: readonly (readonly [id: string, title: string])[]): Markup {
  const { content, texts, numbers } = page;
  const { purpose, model } = content;
  const outOfScope = purpose.outOfScope ?? [];
  return html`<header class="top">
<p class="overline">${texts.overline}</p>
<h1>${content.title}</h1>
<p class="summary">${purpose.summary}</p>
<p class="notice" role="note"><strong>${texts.researchNotice}</strong> ${texts.researchNoticeText}</p>
<dl class="facts">
<div><dt>${texts.created}</dt><dd>${content.createdAt.slice(0, 16).replace('T', ' ')}</dd></div>
<div><dt>${model.networkName ?? texts.network}</dt><dd>${model.network}</dd></div>
${model.parameters === undefined ? undefined : html`<div><dt>${texts.trainedWeights}</dt><dd>${numbers.count(model.parameters)}</dd></div>`}
<div><dt>${texts.input}</dt><dd>${model.input}</dd></div>
${model.file && html`<div><dt>${texts.modelFile}</dt><dd>${model.file}</dd></div>`}
</dl>
<nav aria-label="${texts.contents}"><ul>${contents.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<div class="purpose">
<div><h3>${texts.intendedUse}</h3><p>${purpose.intendedUse ?? texts.intendedUseMissing}</p></div>
${outOfScope.length > 0 ? html`<div><h3>${texts.outOfScope}</h3><ul class="plain">${outOfScope.map((text) => html`<li>${text}</li>`)}</ul></div>` : undefined}
</div>
</header>`;
}

/** Large numbers with their intervals, and what they mean in images. */
export function keyFiguresSection(page: Page<ClassificationEvidence>): Markup {
  const { content, texts } = page;
  const { test } = content;
  const two = test.classes.length === 2;
  const point = test.operatingPoint;
  const cards = [
    figureCard(page, two ? texts.auc : texts.aucMean, test.figures.auc, 'figure', true),
    ...(point
      ? [
          figureCard(page, texts.sensitivity, point.figures.sensitivity, 'percent'),
          figureCard(page, texts.specificity, point.figures.specificity, 'percent'),
          figureCard(page, texts.positivePredictiveValue, point.figures.positivePredictiveValue, 'percent'),
          figureCard(page, texts.negativePredictiveValue, point.figures.negativePredictiveValue, 'percent'),
          figureCard(page, texts.accuracy, point.figures.accuracy, 'percent'),
        ]
      : [
          figureCard(page, texts.accuracy, test.figures.accuracy, 'percent'),
          figureCard(page, texts.balancedAccuracy, test.figures.balancedAccuracy, 'percent'),
          figureCard(page, texts.f1Macro, test.figures.f1Macro, 'figure'),
          figureCard(page, texts.matthews, test.figures.matthews, 'figure'),
          figureCard(page, texts.kappa, test.figures.kappa, 'figure'),
        ]),
    figureCard(
      page,
      two ? texts.averagePrecision : texts.averagePrecisionMean,
      test.figures.averagePrecision,
      'figure',
    ),
    figureCard(page, texts.calibrationError, test.figures.calibrationError, 'figure'),
  ];
  return keyFigures(page, cards, inWords(page));
}

/** The section of large numbers, whatever they are. */
export function keyFigures(
  page: Words & {
    readonly content: Pick<Page['content'], 'data'> & {
      readonly test: { readonly samples: number; readonly patients: number };
    };
  },
  cards: readonly Markup[],
  words: Markup,
): Markup {
  const { content, texts, numbers } = page;
  const { test } = content;
  const knownPatients = content.data.splits.find((s) => s.name === 'test')?.patients !== null;
  const counts = { samples: numbers.count(test.samples), patients: numbers.count(test.patients) };
  return html`<section id="key-figures"><h2>${texts.keyFigures}</h2>
<p class="lead">${say(page, knownPatients ? 'keyFiguresLead' : 'keyFiguresLeadUnknown', counts)}</p>
<dl class="figures">${cards}</dl>
<div class="words">${words}</div>
</section>`;
}

function inWords(page: Page<ClassificationEvidence>): Markup {
  const { texts, numbers } = page;
  const { test } = page.content;
  const point = test.operatingPoint;
  if (point === undefined) {
    const correct = test.confusion.reduce((sum, row, k) => sum + row[k]!, 0);
    const values = { correct: numbers.count(correct), samples: numbers.count(test.samples) };
    return html`<p>${say(page, 'accuracySentence', values)}</p>`;
  }
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = point.counts;
  const sentence = say(page, 'naturalFrequencies', {
    threshold: numbers.figure(point.threshold),
    positive: test.classes[point.positiveClass]!,
    found: numbers.count(truePositives),
    positives: numbers.count(truePositives + falseNegatives),
    missed: numbers.count(falseNegatives),
    negatives: numbers.count(trueNegatives + falsePositives),
    falseAlarms: numbers.count(falsePositives),
  });
  const chosenOn = point.chosenOn;
  const chosen = say(page, 'thresholdChosen', {
    split: chosenOn === 'validation' ? texts.validation.toLowerCase() : chosenOn,
    rule: ruleInWords(page, point.rule),
  });
  return html`<p>${sentence}</p><p>${chosen}</p>`;
}

function ruleInWords(page: Words, rule: OperatingRule): string {
  if (rule.kind === 'youden') return page.texts.ruleYouden;
  const share = page.numbers.percent(rule.atLeast);
  return say(page, rule.kind === 'sensitivity' ? 'ruleSensitivity' : 'ruleSpecificity', { share });
}
