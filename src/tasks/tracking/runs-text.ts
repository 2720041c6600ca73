import { type RunComparison, shortNames } from './compare-runs.ts';
import type { RunFigure, RunRecord } from './read-run.node.ts';
import { short } from './runs-page.ts';

/** One run as texts, by column; an empty text where nothing is known. */
export type RunRow = Readonly<Record<Column, string>>;

const columns = [
  'run',
  'state',
  'network',
  'epochs',
  'best',
  'test',
  'time',
  'size',
  'data',
  'faults',
] as const;
type Column = (typeof columns)[number];

/** What goes first where the terminal is narrow. */
const expendable: readonly Column[] = ['data', 'size', 'time', 'network', 'epochs', 'best', 'test'];

/** @param figure name of the test figure to show; the watched one, or the first, when left out */
export function runRows(runs: readonly RunRecord[], figure?: string): RunRow[] {
  const names = shortNames(runs);
  return runs.map((run, i) => {
    const test = figure ?? shownFigure(run);
    const value = test === undefined ? undefined : run.figures[test];
    return {
      run: names[i]!,
      state: run.state,
      network: run.network ?? '',
      epochs: `${run.epochs.length}${run.epochsWanted === null ? '' : `/${run.epochsWanted}`}`,
      best: run.best ? `${run.best.figure} ${short(run.best.value)} @${run.best.epoch}` : '',
      test: value === undefined ? '' : `${test!.replace('test.', '')} ${intervalText(value)}`,
      time: durationText(run.seconds),
      size: sizeText(run.bytes),
      data: run.data?.split(/[/\\]/).at(-1) ?? '',
      faults: run.faults.join('; '),
    };
  });
}

function shownFigure(run: RunRecord): string | undefined {
  const watched = `test.${run.best?.figure}`;
  if (Object.hasOwn(run.figures, watched)) return watched;
  return Object.keys(run.figures).find((name) => name.startsWith('test.'));
}

/** The runs as a table not wider than `width` characters: columns go, then names are cut in the middle. */
export function runsText(runs: readonly RunRecord[], width: number, figure?: string): string {
  if (runs.length === 0) return 'No runs here.';
  const rows = runRows(runs, figure);
  let shown = columns.filter((column) => column !== 'faults' && rows.some((row) => row[column] !== ''));
  for (const column of expendable) {
    if (widthOf(rows, shown) <= width) break;
    shown = shown.filter((one) => one !== column);
  }
  const over = widthOf(rows, shown) - width;
  const longest = Math.max(8, columnWidth(rows, 'run') - Math.max(0, over));
  const cells = [shown, ...rows.map((row) => shown.map((column) => row[column]))].map(([run, ...rest]) => [
    cutMiddle(run!, longest),
    ...rest,
  ]);
  const widths = shown.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  const faults = rows.flatMap(({ run, faults: found }) => (found === '' ? [] : [`${run}: ${found}`]));
  return [...lines, ...(faults.length > 0 ? ['', ...faults] : [])].join('\n');
}

const columnWidth = (rows: readonly RunRow[], column: Column): number =>
  Math.max(column.length, ...rows.map((row) => row[column].length));

const widthOf = (rows: readonly RunRow[], shown: readonly Column[]): number =>
  shown.reduce((sum, column) => sum + columnWidth(rows, column) + 2, -2);

const LONGEST_CELL = 40;

function cutMiddle(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = Math.floor((length - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
}

/** The rows as comma-separated values (RFC 4180). */
export function runsCsv(rows: readonly RunRow[]): string {
  return csv([columns, ...rows.map((row) => columns.map((column) => row[column]))]);
}

const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => row.map(csvCell).join(',')).join('\r\n');

/** Quoted where needed; a text that a spreadsheet would take for a formula gets an apostrophe. */
function csvCell(text: string): string {
  const safe = /^[=+@\t]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Settings that differ and figures side by side; where the terminal is too narrow, run after run. */
export function comparisonText(comparison: RunComparison, width: number, asCsv: boolean): string {
  const { runs, settings, figures } = comparison;
  const body = [
    ...settings.map(({ name, values }) => [name, ...values.map((value) => value ?? '–')]),
    ...figures.map(({ name, values }) => [
      name,
      ...values.map((value) => (value ? intervalText(value) : '–')),
    ]),
  ];
  const whole = [['', ...runs], ...body];
  if (asCsv) return csv(whole);
  const rows = whole.map((row) => row.map((cell) => cutMiddle(cell, LONGEST_CELL)));
  if (runs.length === 0) return 'No runs here.';
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const total = widths.reduce((sum, one) => sum + one + 2, -2);
  const text =
    total <= width
      ? rows.map((row) =>
          row
            .map((cell, i) => cell.padEnd(widths[i]!))
            .join('  ')
            .trimEnd(),
        )
      : runs.flatMap((run, i) => [run, ...body.map((row) => `  ${row[0]}: ${row[i + 1]}`), '']);
  const same = settings.length === 0 && runs.length > 1 ? ['All settings are the same.', ''] : [];
  return [...same, ...text].join('\n').trimEnd();
}

function intervalText({ value, low, high }: RunFigure): string {
  return low === undefined || high === undefined
    ? short(value)
    : `${short(value)} [${short(low)}, ${short(high)}]`;
}

function durationText(seconds: number): string {
  if (seconds === 0) return '';
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;
}
