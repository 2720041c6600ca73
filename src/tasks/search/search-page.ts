import { html, type Markup, trusted } from '../report/html.ts';
import { styleSheet } from '../report/style.ts';
import type { SearchResult, Winner } from './plan.ts';
import { curvesPicture, historyPicture, importancePicture, parallelCoordinates } from './search-pictures.ts';
import { byRank, shortValue, stateOf } from './trial-table.ts';

const ownStyle = `
svg.picture { display: block; width: 100%; height: auto; font: 12.5px system-ui, sans-serif; fill: var(--soft); }
svg.picture text.name { font-weight: 600; fill: var(--ink); font-size: 13px; }
svg.picture text.halo { paint-order: stroke; stroke: var(--sheet); stroke-width: 4px; stroke-linejoin: round; }
svg.picture path.trial:hover, svg.picture polyline:hover { stroke: var(--ink); stroke-opacity: 1; stroke-width: 4; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 12px 36px; }
.key { display: inline-block; width: 26px; height: 0; margin: 0 6px 4px 0; border-top: 3px solid; vertical-align: middle; }
tr.winner td { font-weight: 650; } td.text { text-align: left; }
`;

/** One page about a search: no request to anywhere, English. */
export function searchPage(result: SearchResult): string {
  const { plan, trials, importance } = result;
  const judged = trials.filter(({ loss, state }) => loss !== undefined && state !== 'running');
  const body = html`<div class="sheet"><header class="top"><p class="overline">Hyper-parameter search</p>
    <h1>${headline(result)}</h1><p class="summary">${summary(result)}</p>${facts(result)}</header>
    <main>${result.winner ? winnerSection(result.winner, plan.watch.name) : undefined}
    ${judged.length === 0 ? html`<section><h2>Trials</h2><p>No trial has given a figure yet.</p></section>` : pictures(result)}
    ${judged.length === 0 ? undefined : importanceSection(importance.length > 0 ? importancePicture(result) : undefined)}
    ${table(result)}
    <section><h2>How it was done</h2>${method(plan)}</section></main></div>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Hyper-parameter search</title>${html`<style>${trusted(styleSheet + ownStyle)}</style>`.markup}</head>
<body>${body.markup}</body></html>
`;
}

function headline({ best, plan, outcome }: SearchResult): string {
  if (!best) return outcome === 'running' ? 'The search has begun' : 'No trial has given a figure';
  return `Best ${plan.watch.name} on validation: ${best.value.toFixed(4)} (trial ${best.trial})`;
}

function summary({ best, plan }: SearchResult): string {
  if (!best) return 'The page is written anew after every trial.';
  const values = Object.keys(plan.space).filter((name) => Object.hasOwn(best.values, name));
  return values.map((name) => `${name} ${shortValue(best.values[name])}`).join(', ');
}

function facts({ trials, seconds, plan, outcome }: SearchResult): Markup {
  const count = (state: string) => trials.filter((trial) => trial.state === state).length;
  const rows = [
    ['Search', outcome],
    [
      'Trials',
      `${trials.length}: ${count('finished')} finished, ${count('stopped')} stopped, ${count('failed')} failed`,
    ],
    ['Time', seconds < 90 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(0)} minutes`],
    ['Sampler, pruner', `${plan.sampler}, ${plan.pruner}`],
    ['Epochs in all', String(trials.reduce((sum, { epochs }) => sum + epochs, 0))],
  ] as const;
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Figures that are shown; all are in the winner's report. */
const SHOWN = 4;

function winnerSection({ trial, epochs, test }: Winner, watched: string): Markup {
  const names = [watched, ...Object.keys(test).filter((name) => name !== watched)].filter(
    (name) => name in test,
  );
  const entries = names.slice(0, SHOWN).map((name) => [name, test[name] ?? null] as const);
  const figures = entries.map(
    ([name, value]) =>
      html`<div class="figure"><dt>${name}</dt><dd><span class="big${value === null ? ' none' : ''}">${value === null ? '-' : value.toFixed(3)}</span></dd></div>`,
  );
  return html`<section><h2>The winner on the test set</h2>
    <p>Trial ${trial} was trained anew on training and validation part together, ${epochs} epochs, and then judged once on
    the test set, which no trial has seen. Expect these figures in use, not those of validation, which were searched for.</p>
    <dl class="figures">${figures}</dl><p class="note">Intervals and all else: winner/report.html beside this page.</p></section>`;
}

function pictures(result: SearchResult): Markup {
  const key = (colour: string, text: string) =>
    html`<span class="key" style="border-color:var(${colour})"></span>${text}&emsp;`;
  return html`<section><h2>Every trial</h2>
    <p class="note">${key('--second', 'best')}${key('--first', 'best fifth')}${key('--axis', 'others')}Dashed: stopped early. Higher on the last axis is better.</p>
    <div class="scroll">${parallelCoordinates(result)}</div>
    <div class="pair"><div><h3>In the order of trials</h3>${historyPicture(result)}<p class="note">Circles: trials, empty when
    stopped early; the line: the best finished one so far.</p></div>
    <div><h3>Over the epochs</h3>${curvesPicture(result)}<p class="note">A line that ends early is a trial that was stopped.</p></div></div></section>`;
}

function importanceSection(picture: Markup | undefined): Markup {
  return html`<section><h2>What decides</h2>${picture}
    <p class="note">Share of the variance of the figure over the whole space that a parameter explains by itself (functional
    ANOVA on a random forest; Hutter et al., 2014); what several explain only together is missing from the sum. Stopped trials
    count with what they reached. A parameter under a condition is judged among the trials in which it was there. With few
    trials these shares are rough.</p></section>`;
}

function table({ plan, trials, best }: SearchResult): Markup {
  const names = Object.keys(plan.space);
  const rows = byRank(trials).map((trial) => {
    const cells = names.map((name) => html`<td>${shortValue(trial.values[name])}</td>`);
    return html`<tr class="${trial.number === best?.trial ? 'winner' : ''}"><td>${trial.number}</td><td>${trial.best === undefined ? '-' : trial.best.toFixed(4)}</td><td>${trial.epochs}</td><td>${Math.round(trial.seconds)}</td><td class="text">${trial.message ? html`<span title="${trial.message}">${stateOf(trial)}</span>` : stateOf(trial)}</td>${cells}</tr>`;
  });
  return html`<section><h2>Table of trials</h2><div class="scroll"><table class="wide"><thead><tr><th>trial</th><th>${plan.watch.name}</th><th>epochs</th><th>seconds</th><th>state</th>
    ${names.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function method({ sampler, pruner, seed, epochs, parallel, watch }: SearchResult['plan']): Markup {
  const how =
    sampler === 'tpe'
      ? 'proposed by a tree-structured Parzen estimator (Bergstra et al., 2011) from the trials before'
      : 'drawn at random';
  const halving =
    pruner === 'asha'
      ? 'Asynchronous successive halving (Li et al., 2020) stopped trials that were not among the best third at its rungs.'
      : 'No trial was stopped for its figures.';
  return html`<p>Configurations were ${how}, ${parallel} at a time, seed ${seed}, at most ${epochs} epochs each. ${halving}
    A trial counts with its best ${watch.name} on the validation part. The test part was not looked at before the winner stood.</p>`;
}
