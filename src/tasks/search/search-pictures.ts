import { isChoice, nearestValue, type Parameter, positionOf } from '../../learning/selection/search/space.ts';
import { html, type Markup } from '../report/html.ts';
import type { TrialRecord, Watch } from './journal.node.ts';
import { bestTrial, type SearchPlan, type SearchResult } from './plan.ts';
import { shortValue } from './trial-table.ts';

/** Share of trials, from the best, that are drawn in colour. */
const GOOD = 0.2;
/** Longest label of an axis, in characters. */
const LABEL = 15;

interface Standing {
  readonly trial: TrialRecord;
  readonly kind: 'best' | 'good' | 'other';
}

/** Trials with a figure, the worst first, so that the best are drawn over them. */
function standings(trials: readonly TrialRecord[]): Standing[] {
  const best = bestTrial(trials);
  const judged = trials.filter(({ loss, state }) => loss !== undefined && state !== 'running');
  const sorted = [...judged].sort((a, b) => b.loss! - a.loss!);
  const good = Math.max(1, Math.round(judged.length * GOOD));
  return sorted
    .map((trial, i): Standing => {
      const kind = trial === best ? 'best' : i >= sorted.length - good ? 'good' : 'other';
      return { trial, kind };
    })
    .sort((a, b) => Number(a.kind === 'best') - Number(b.kind === 'best'));
}

const looks = {
  best: { stroke: 'var(--second)', width: 3, opacity: 1 },
  good: { stroke: 'var(--first)', width: 1.8, opacity: 0.85 },
  other: { stroke: 'var(--axis)', width: 1, opacity: 0.6 },
} as const;

interface Axis {
  readonly name: string;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** 0 at the bottom, 1 at the top; undefined: the trial has no such value. */
  readonly place: (trial: TrialRecord) => number | undefined;
}

/** An axis for each parameter and one for the figure, and a line for each trial. */
export function parallelCoordinates({ plan, trials }: SearchResult): Markup {
  const drawn = standings(trials);
  const axes = [
    ...Object.entries(plan.space).map(([name, parameter]) => parameterAxis(name, parameter)),
    figureAxis(
      plan,
      drawn.map(({ trial }) => trial),
    ),
  ];
  const gap = Math.max(112, 900 / Math.max(1, axes.length - 1));
  const [left, top, height, absent] = [70, 44, 260, 40];
  const width = left + gap * (axes.length - 1) + 90;
  const x = (i: number) => left + gap * i;
  const y = (place: number | undefined) =>
    place === undefined ? top + height + absent : top + (1 - place) * height;
  const conditional = drawn.some(({ trial }) => axes.some(({ place }) => place(trial) === undefined));
  const whole = top + height + (conditional ? absent + 22 : 22);
  const lines = drawn.map(({ trial, kind }) => {
    const path = axes.map(
      ({ place }, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)},${y(place(trial)).toFixed(1)}`,
    );
    const { stroke, width: thick, opacity } = looks[kind];
    const dash = trial.state === 'finished' ? '' : '5 4';
    return html`<path class="trial" d="${path.join('')}" fill="none" stroke="${stroke}" stroke-width="${thick}" stroke-opacity="${opacity}" stroke-dasharray="${dash}" stroke-linejoin="round"><title>${describe(plan, trial)}</title></path>`;
  });
  const scales = axes.map(({ name, ticks }, i) => {
    const last = i === axes.length - 1;
    const marks = ticks.map(
      ({
        at,
        text,
      }) => html`<line x1="${x(i) - 4}" x2="${x(i)}" y1="${y(at)}" y2="${y(at)}" stroke="var(--axis)"/>
        <text class="halo" x="${last ? x(i) + 8 : x(i) - 8}" y="${y(at) + 4}" text-anchor="${last ? 'start' : 'end'}">${cut(text)}</text>`,
    );
    return html`<line x1="${x(i)}" x2="${x(i)}" y1="${top}" y2="${top + height}" stroke="var(--axis)" stroke-width="1.5"/>
      <text class="name" x="${x(i)}" y="${top - 18}" text-anchor="middle"><title>${name}</title>${cut(name, Math.floor(gap / 7.2))}</text>${marks}`;
  });
  const note = conditional
    ? html`<line x1="${left}" x2="${x(axes.length - 1)}" y1="${y(undefined)}" y2="${y(undefined)}" stroke="var(--grid)" stroke-dasharray="2 3"/>
        <text x="${left - 8}" y="${y(undefined) + 4}" text-anchor="end">not there</text>`
    : undefined;
  return html`<svg class="picture" viewBox="0 0 ${width.toFixed(0)} ${whole}" style="min-width:${Math.round(width * 0.72)}px" role="img"
    aria-label="A line for each trial through its values and its ${plan.watch.name}">${note}${lines}${scales}</svg>`;
}

function parameterAxis(name: string, parameter: Parameter): Axis {
  const place = ({ values }: TrialRecord) =>
    Object.hasOwn(values, name) ? positionOf(parameter, values[name]) : undefined;
  if (isChoice(parameter)) {
    const ticks = parameter.choices.map((choice) => ({
      at: positionOf(parameter, choice),
      text: shortValue(choice),
    }));
    // More labels than this overlap.
    return { name, place, ticks: ticks.filter((_, i) => i % Math.ceil(ticks.length / 16) === 0) };
  }
  const { low, high, scale } = parameter;
  if (low === high) return { name, place, ticks: [{ at: 0.5, text: shortValue(low) }] };
  const values =
    scale === 'log'
      ? [low, ...powers(low, high), high]
      : [0, 0.25, 0.5, 0.75, 1].map((share) => nearestValue(parameter, low + share * (high - low)));
  const ticks = values.map((value) => ({ at: positionOf(parameter, value), text: shortValue(value) }));
  return {
    name,
    place,
    ticks: ticks.filter(({ at }, i) => i === 0 || i === ticks.length - 1 || (at > 0.05 && at < 0.95)),
  };
}

/** Powers of ten strictly between. */
function powers(low: number, high: number): number[] {
  const from = Math.floor(Math.log10(low)) + 1;
  const to = Math.ceil(Math.log10(high)) - 1;
  const step = Math.max(1, Math.ceil((to - from + 1) / 8));
  const found: number[] = [];
  for (let power = from; power <= to; power += step) found.push(Number(`1e${power}`));
  return found;
}

/** The better a trial, the higher. */
function figureAxis({ watch }: SearchPlan, trials: readonly TrialRecord[]): Axis {
  const [low, high] = spread(trials.map(({ best }) => best!));
  const place = (value: number) => {
    const share = (value - low) / (high - low);
    return watch.mode === 'max' ? share : 1 - share;
  };
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * (high - low);
    return { at: place(value), text: value.toFixed(3) };
  });
  return { name: watch.name, ticks, place: ({ best }) => place(best!) };
}

function spread(values: readonly number[]): readonly [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

/** The figure of each trial in the order in which they began, and the best so far. */
export function historyPicture({ plan, trials }: SearchResult): Markup {
  const drawn = standings(trials);
  const numbers = drawn.map(({ trial }) => trial.number);
  const frame = frameOf([1, Math.max(2, ...numbers)], spread(drawn.map(({ trial }) => trial.best!)), {
    x: 'trial',
    y: plan.watch.name,
  });
  const ordered = drawn
    .map(({ trial }) => trial)
    .filter(({ state }) => state === 'finished')
    .sort((a, b) => a.number - b.number);
  let least = Number.POSITIVE_INFINITY;
  const steps = ordered.flatMap((trial) => {
    if (trial.loss! >= least) return [];
    const before = least;
    least = trial.loss!;
    return [
      before === Number.POSITIVE_INFINITY
        ? `M${frame.x(trial.number)},${frame.y(trial.best!)}`
        : `H${frame.x(trial.number)}V${frame.y(trial.best!)}`,
    ];
  });
  const end = steps.length > 0 ? `H${frame.x(Math.max(2, ...numbers))}` : '';
  const points = drawn.map(({ trial, kind }) => {
    const full = trial.state === 'finished';
    return html`<circle cx="${frame.x(trial.number)}" cy="${frame.y(trial.best!)}" r="${kind === 'best' ? 6 : 4.2}" fill="${full ? looks[kind].stroke : 'var(--sheet)'}" stroke="${looks[kind].stroke}" stroke-width="1.6"><title>${describe(plan, trial)}</title></circle>`;
  });
  return frame.svg(
    `The ${plan.watch.name} of each trial and the best so far`,
    html`<path d="${steps.join('')}${end}" fill="none" stroke="var(--second)" stroke-width="1.6" stroke-opacity=".7"/>${points}`,
  );
}

/** The figure of each trial over its epochs; where a line ends early, the trial was stopped. */
export function curvesPicture({ plan, trials }: SearchResult): Markup {
  const drawn = standings(trials);
  const values = drawn.flatMap(({ trial }) => trial.curve.filter(Number.isFinite));
  const longest = Math.max(2, ...drawn.map(({ trial }) => trial.curve.length));
  const frame = frameOf([1, longest], spread(values), { x: 'epoch', y: plan.watch.name });
  const lines = drawn.map(({ trial, kind }) => {
    const points = trial.curve.flatMap((value, i) =>
      Number.isFinite(value) ? [`${frame.x(i + 1)},${frame.y(value)}`] : [],
    );
    const { stroke, width, opacity } = looks[kind];
    const [cx, cy] = (points.at(-1) ?? '0,0').split(',');
    return html`<polyline points="${points.join(' ')}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-opacity="${opacity}" stroke-linejoin="round"><title>${describe(plan, trial)}</title></polyline>
      <circle cx="${cx!}" cy="${cy!}" r="2.4" fill="${stroke}" fill-opacity="${opacity}"/>`;
  });
  return frame.svg(`The ${plan.watch.name} of each trial over its epochs`, html`${lines}`);
}

/** A bar for each parameter: the share of the figure's variance that it decides by itself. */
export function importancePicture({ importance }: SearchResult): Markup {
  const [row, left, width] = [30, 176, 520];
  const bars = importance.map(({ name, share, trials }, i) => {
    const y = i * row + 6;
    const text = share === undefined ? `too few trials: ${trials}` : `${(share * 100).toFixed(0)} %`;
    const length = Math.max(0, share ?? 0) * (width - left - 60);
    return html`<text x="${left - 10}" y="${y + 14}" text-anchor="end" class="name"><title>${name}</title>${cut(name, 24)}</text>
      <rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="18" rx="3" fill="var(--first)" fill-opacity=".8"/>
      <text x="${(left + length + 8).toFixed(1)}" y="${y + 14}">${text}</text>`;
  });
  return html`<svg class="picture" style="max-width:640px" viewBox="0 0 ${width} ${importance.length * row + 8}" role="img" aria-label="Importance of each parameter">${bars}</svg>`;
}

interface Frame {
  readonly x: (value: number) => string;
  readonly y: (value: number) => string;
  readonly svg: (label: string, inside: Markup) => Markup;
}

function frameOf(
  [x0, x1]: readonly [number, number],
  [y0, y1]: readonly [number, number],
  names: { x: string; y: string },
): Frame {
  const [left, top, width, height] = [58, 28, 440, 220];
  const x = (value: number) => (left + ((value - x0) / (x1 - x0)) * width).toFixed(1);
  const y = (value: number) => (top + (1 - (value - y0) / (y1 - y0)) * height).toFixed(1);
  const across = wholeTicks(x0, x1).map(
    (value) => html`<text x="${x(value)}" y="${top + height + 20}" text-anchor="middle">${value}</text>`,
  );
  const up = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = y0 + share * (y1 - y0);
    return html`<line x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}" stroke="var(--grid)"/>
      <text x="${left - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${value.toFixed(3)}</text>`;
  });
  return {
    x,
    y,
    svg: (
      label,
      inside,
    ) => html`<svg class="picture" viewBox="0 0 ${left + width + 16} ${top + height + 46}" role="img" aria-label="${label}">${up}${across}
      <text class="name" x="${left - 8}" y="${top - 12}" text-anchor="middle">${names.y}</text>
      <text class="name" x="${left + width / 2}" y="${top + height + 40}" text-anchor="middle">${names.x}</text>${inside}</svg>`,
  };
}

function wholeTicks(low: number, high: number): number[] {
  const step = Math.max(1, Math.ceil((high - low) / 8));
  const ticks: number[] = [];
  for (let value = low; value <= high; value += step) ticks.push(value);
  return ticks;
}

function describe(
  { space, watch }: { readonly space: SearchPlan['space']; readonly watch: Watch },
  trial: TrialRecord,
): string {
  const values = Object.keys(space)
    .filter((name) => Object.hasOwn(trial.values, name))
    .map((name) => `${name} ${shortValue(trial.values[name])}`);
  return `Trial ${trial.number}: ${watch.name} ${trial.best?.toFixed(4)}, ${trial.epochs} epochs, ${trial.state}; ${values.join(', ')}`;
}

function cut(text: string, most = LABEL): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}
