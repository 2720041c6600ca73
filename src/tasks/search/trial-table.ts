import type { Choice, SearchSpace, Values } from '../../learning/selection/search/space.ts';
import type { TrialRecord } from './journal.node.ts';
import { bestTrial, type SearchResult } from './plan.ts';

/** Numbers to four digits, anything else as JSON without the quotes of texts. */
export function shortValue(value: Choice | undefined): string {
  if (value === undefined) return '-';
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return JSON.stringify(value);
  return String(Number(value.toPrecision(4)));
}

/** Trials from the best to those without a figure: finished, then stopped, then the others. */
export function byRank(trials: readonly TrialRecord[]): TrialRecord[] {
  const kind = ({ state, loss }: TrialRecord) =>
    loss === undefined ? 3 : ['finished', 'stopped', 'running', 'failed'].indexOf(state);
  return [...trials].sort(
    (a, b) => kind(a) - kind(b) || (a.loss ?? 0) - (b.loss ?? 0) || a.number - b.number,
  );
}

/** What became of a trial, in a word. */
export const stateOf = ({ state, code }: TrialRecord): string =>
  state === 'failed' ? (code ?? state) : state;

const GAP = '  ';

/**
 * The trials as text, best first: a column for each parameter where they fit, else the values below each trial, broken
 * to the width.
 *
 * @param columns width of the terminal in characters
 * @param most trials shown
 */
export function trialTable({ plan, trials }: SearchResult, columns: number, most = 20): string {
  const ranked = byRank(trials);
  const best = bestTrial(trials);
  const shown = ranked.slice(0, most);
  const names = Object.keys(plan.space);
  const head = ['trial', plan.watch.name, 'epochs', 'state'];
  const start = (trial: TrialRecord) => [
    `${trial.number}${trial.number === best?.number ? '*' : ' '}`,
    trial.best === undefined ? '-' : trial.best.toFixed(4),
    String(trial.epochs),
    stateOf(trial),
  ];
  const wide = [
    [...head, ...names],
    ...shown.map((trial) => [...start(trial), ...names.map((name) => shortValue(trial.values[name]))]),
  ];
  const widths = wide[0]!.map((_, column) => Math.max(...wide.map((row) => row[column]!.length)));
  const fits = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) < columns;
  const lines = fits
    ? wide.map((row) => line(row, widths))
    : [
        line(head, widths),
        ...shown.flatMap((trial) => [
          line(start(trial), widths).slice(0, Math.max(20, columns - 1)),
          ...valueLines(plan.space, trial.values, columns - 1),
        ]),
      ];
  const more = ranked.length - shown.length;
  return [...lines, ...(more > 0 ? [`… and ${more} more: search.html, search.json`] : [])].join('\n');
}

/** The values by name, a few a line; all of a configuration can be read from it. */
export function valueLines(space: SearchSpace, values: Values, width: number): string[] {
  const words = Object.keys(space)
    .filter((name) => Object.hasOwn(values, name))
    .map((name) => `${name}=${shortValue(values[name])}`);
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`    ${word}`);
  }
  return lines;
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, i) => (i === 3 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
    .join(GAP)
    .trimEnd();
}
