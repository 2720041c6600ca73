import { drawChart, seriesColour, seriesKind } from '../report/charts.ts';
import { html, type Markup, trusted } from '../report/html.ts';
import { styleSheet } from '../report/style.ts';
import { compareRuns, shortNames } from './compare-runs.ts';
import type { RunEpoch, RunFigure, RunRecord } from './read-run.node.ts';

const dashes = { solid: [1, 0], dash: [6, 3], dots: [2, 3] } as const;

/**
 * One HTML page with the curves of all runs, their figures and the settings in which they differ; nothing is loaded
 * from elsewhere and no script runs. Runs are shown and hidden by check boxes.
 */
export async function runsPage(runs: readonly RunRecord[], title: string): Promise<string> {
  const names = shortNames(runs);
  const charts: Markup[] = [];
  for (const curve of curvesOf(runs)) charts.push(await curveFigure(runs, names, curve));
  const comparison = compareRuns(runs);
  const toggles = runs
    .map((_, i) => `body:has(#run-${i}:not(:checked)) .run${i}_marks{display:none}`)
    .join('\n');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<style>${trusted(styleSheet)}${trusted(pageStyle)}${trusted(toggles)}</style>
</head>
<body>
<div class="sheet">
<header class="top"><p class="overline">Hounsfield</p><h1>${title}</h1>
<p class="summary">${runs.length} ${runs.length === 1 ? 'run' : 'runs'}. Tick a run to show its curves.</p></header>
<fieldset class="runs"><legend>Runs</legend>${runs.map((run, i) => runToggle(run, names[i]!, i))}</fieldset>
<section><h2>Curves</h2>${
    charts.length > 0
      ? html`<div class="charts">${charts}</div>`
      : html`<p class="lead">No run has finished an epoch.</p>`
  }</section>
<section><h2>Figures</h2>${figuresTable(names, comparison.figures)}</section>
<section><h2>Settings that differ</h2>${settingsTable(names, comparison.settings)}</section>
</div>
</body>
</html>
`;
  return page.markup;
}

interface Curve {
  readonly title: string;
  readonly of: (epoch: RunEpoch) => number | null | undefined;
}

/** Training loss, each validation figure that a run has, and the learning rate. */
function curvesOf(runs: readonly RunRecord[]): Curve[] {
  const names = new Set(
    runs.flatMap((run) => run.epochs.flatMap(({ validation }) => Object.keys(validation))),
  );
  const curves: Curve[] = [
    { title: 'training loss', of: (epoch) => epoch.trainLoss },
    ...[...names].map((name) => ({
      title: `validation ${name}`,
      of: (epoch: RunEpoch) => epoch.validation[name],
    })),
    { title: 'learning rate', of: (epoch) => epoch.learningRate },
  ];
  return curves.filter(({ of }) =>
    runs.some((run) => run.epochs.some((epoch) => typeof of(epoch) === 'number')),
  );
}

async function curveFigure(
  runs: readonly RunRecord[],
  names: readonly string[],
  curve: Curve,
): Promise<Markup> {
  const last = Math.max(2, ...runs.flatMap((run) => run.epochs.map(({ epoch }) => epoch)));
  const x = {
    field: 'epoch',
    type: 'quantitative',
    title: 'epoch',
    scale: { domain: [1, last], nice: false },
    axis: { tickMinStep: 1, tickCount: 6, grid: false, format: 'd' },
  };
  const y = {
    field: 'value',
    type: 'quantitative',
    title: null,
    scale: { zero: false },
    axis: { tickCount: 5 },
  };
  const layer = runs.flatMap((run, i) => {
    const values = run.epochs.flatMap((epoch) => {
      const value = curve.of(epoch);
      return typeof value === 'number' ? [{ epoch: epoch.epoch, value }] : [];
    });
    const mark = { type: 'line', color: seriesColour(i), strokeWidth: 2, strokeDash: dashes[seriesKind(i)] };
    const point =
      values.length === 1 ? { type: 'point', filled: true, color: seriesColour(i), size: 40 } : undefined;
    return values.length === 0
      ? []
      : [{ name: `run${i}`, data: { values }, mark: point ?? mark, encoding: { x, y } }];
  });
  const about = `${curve.title} by epoch of ${names.join(', ')}`;
  const chart = await drawChart({ width: 300, height: 220, layer }, about);
  return html`<figure><figcaption>${curve.title}</figcaption><div class="chart">${chart}</div></figure>`;
}

function runToggle(run: RunRecord, name: string, index: number): Markup {
  const dash = dashes[seriesKind(index)].join(' ');
  const best = run.best
    ? html`<small>best ${run.best.figure} ${short(run.best.value)} at epoch ${run.best.epoch}</small>`
    : undefined;
  const faults =
    run.faults.length > 0 ? html`<small class="fault">${run.faults.join('; ')}</small>` : undefined;
  return html`<label><input type="checkbox" id="run-${index}" checked>
<svg viewBox="0 0 28 10" aria-hidden="true"><line x1="0" y1="5" x2="28" y2="5" stroke="${seriesColour(index)}" stroke-width="3" stroke-dasharray="${dash}"/></svg>
<span><b>${name}</b> <small>${run.state}, ${run.network ?? 'network unknown'}, ${run.epochs.length} epochs</small>${best}${faults}</span></label>`;
}

type Figures = readonly { readonly name: string; readonly values: readonly (RunFigure | null)[] }[];

function figuresTable(names: readonly string[], figures: Figures): Markup {
  if (figures.length === 0) return html`<p class="lead">No run has been judged on its test set yet.</p>`;
  const cell = (figure: RunFigure | null) =>
    figure === null
      ? html`<td>–</td>`
      : html`<td>${short(figure.value)}${
          figure.low === undefined || figure.high === undefined
            ? undefined
            : html`<span class="range">${short(figure.low)} to ${short(figure.high)}</span>`
        }</td>`;
  return sideBySide(
    'figure',
    names,
    figures.map(({ name, values }) => html`<tr><th>${name}</th>${values.map(cell)}</tr>`),
  );
}

function settingsTable(
  names: readonly string[],
  settings: readonly { readonly name: string; readonly values: readonly (string | null)[] }[],
): Markup {
  if (settings.length === 0) return html`<p class="lead">All runs have the same settings.</p>`;
  const rows = settings.map(
    ({ name, values }) =>
      html`<tr><th>${name}</th>${values.map((value) => html`<td>${value ?? '–'}</td>`)}</tr>`,
  );
  return sideBySide('setting', names, rows);
}

const sideBySide = (what: string, names: readonly string[], rows: readonly Markup[]): Markup =>
  html`<div class="scroll"><table><thead><tr><th>${what}</th>${names.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;

/** A figure in few digits. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 0.001 && size < 10_000))
    return String(Number(value.toPrecision(size >= 1 ? 4 : 3)));
  return value.toExponential(1);
}

const pageStyle = `
fieldset.runs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 4px 24px; margin: 26px 0 0; padding: 14px 16px; border: 1px solid var(--line); border-radius: 10px; }
fieldset.runs legend { padding: 0 6px; color: var(--soft); font-size: 13.5px; }
fieldset.runs label { display: grid; grid-template-columns: auto 28px 1fr; gap: 10px; align-items: start; padding: 6px 0; cursor: pointer; overflow-wrap: anywhere; }
fieldset.runs input { margin: 6px 0 0; accent-color: var(--accent); }
fieldset.runs svg { width: 28px; height: 10px; margin-top: 8px; }
fieldset.runs small { display: block; color: var(--soft); font-size: 13px; line-height: 1.4; }
fieldset.runs .fault { color: var(--wrong); }
`;
