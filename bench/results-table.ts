import { HounsfieldError } from '../src/errors.ts';
import { type Figure, type Findings, reached } from './benchmark.ts';
import type { Machine } from './machine.ts';

/** A result as it is kept. */
export interface StoredResult extends Findings {
  readonly benchmark: string;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
}

type Row = readonly [what: string, figure: string, spread: string, target: string];

const heading: Row = ['what', 'figure', 'spread', 'target'];

export function figureRows({ figures }: Findings): readonly Row[] {
  return figures.map((figure) => [
    figure.what,
    written(figure.value, figure.unit),
    figure.spread ? figure.spread.map((value) => written(value, '', figure.unit)).join(' to ') : '',
    targetOf(figure),
  ]);
}

function targetOf(figure: Figure): string {
  if (!figure.target) return '';
  const { is, value } = figure.target;
  return (
    `${is} ${Number(value.toPrecision(4))} ${figure.unit}`.trim() +
    (reached(figure) ? ': reached' : ': missed')
  );
}

const digits: Readonly<Record<Figure['unit'], number>> = { ms: 1, x: 2, MB: 0, minutes: 1, '': 4 };

function written(value: number, unit: Figure['unit'], digitsOf: Figure['unit'] = unit): string {
  const isCount = digitsOf === '' && Number.isInteger(value);
  const text = isCount ? String(value) : value.toFixed(digits[digitsOf]);
  return unit === 'x' ? `${text}x` : `${text} ${unit}`.trim();
}

/** For a terminal: columns lined up. */
export function textTable(rows: readonly Row[]): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdownTable(results: readonly StoredResult[]): string {
  return results.map(section).join('\n\n');
}

function section(result: StoredResult): string {
  const { processor, cores, memoryGB, system } = result.machine;
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  const versions = Object.entries(result.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `### ${result.benchmark}`,
    '',
    `${result.date.slice(0, 10)}, ${processor}, ${cores} cores, ${memoryGB} GB, ${system}; ${versions.join(', ')}.`,
    '',
    line(heading),
    line(heading.map(() => '---')),
    ...figureRows(result).map(line),
    '',
    `Settings: \`${JSON.stringify(result.settings)}\``,
    '',
    ...result.notes.map((note) => `- ${note}`),
  ].join('\n');
}

/** A benchmark with more figures than this is one line on the front page. */
const MOST_BRIEF = 6;
/** Missed figures that are named there. */
const MOST_NAMED = 5;

/** Only what has a target: the figures for the front page. */
export function briefTable(results: readonly StoredResult[]): string {
  const rows = results.flatMap((result) => {
    const line = (what: string, figure: string, target: string) =>
      `| \`${result.benchmark}\` | ${what} | ${figure} | ${target} | ${result.date.slice(0, 10)} |`;
    const judged = figureRows(result).filter(([, , , target]) => target !== '');
    if (judged.length <= MOST_BRIEF)
      return judged.map(([what, figure, , target]) => line(what, figure, target));
    const overall = judged.filter(([what]) => what.startsWith('median of'));
    const single = judged.filter((row) => !overall.includes(row));
    const missed = single.filter(([, , , target]) => target.endsWith(': missed')).map(([what]) => what);
    const outcome =
      missed.length === 0
        ? 'all reached'
        : missed.length <= MOST_NAMED
          ? `missed: ${missed.join('; ')}`
          : `${single.length - missed.length} reached, ${missed.length} missed: bench/README.md has each`;
    return [
      ...overall.map(([what, figure, , target]) => line(what, figure, target)),
      line(`${single.length} figures`, '', outcome),
    ];
  });
  return ['| `npm run bench --` | what | figure | target | date |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

const BEGIN = '<!-- results: written by `npm run bench -- table` -->';
const END = '<!-- end of results -->';

/** The text of a page with what stands between the two markers replaced. @throws BENCH_TABLE when it lacks them */
export function withTable(page: string, text: string, table: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin >= 0 && end > begin)
    return `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${text.slice(end)}`;
  throw new HounsfieldError(
    'BENCH_TABLE',
    `${page} lacks the lines '${BEGIN}' and '${END}'. Put them back where the results belong.`,
  );
}
