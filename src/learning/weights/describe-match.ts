import type { MatchReport } from './match-weights.ts';

const MOST_LINES = 10;

const shapeOf = (dims: readonly number[]): string => (dims.length === 0 ? 'scalar' : dims.join('x'));

/** The longest name keeps its end, where names differ. */
const shorten = (name: string, width: number): string =>
  name.length <= width ? name : `...${name.slice(name.length - width + 3)}`;

function section(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const more = lines.length - MOST_LINES;
  return [
    `${title}: ${lines.length}`,
    ...lines.slice(0, MOST_LINES).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** Breaks a sentence into lines of that width, the later ones set in. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const indent = lines.length === 0 ? '' : '  ';
    if (line !== '' && `${indent}${line} ${word}`.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, (lines.length === 0 ? '' : '  ') + line];
}

/** The report as text, lines of at most `width` characters (at least 40). */
export function describeMatch(report: MatchReport, width = 72): string {
  const columns = Math.max(40, width);
  const named = ({ name, shape }: { readonly name: string; readonly shape: readonly number[] }) => {
    const tail = ` ${shapeOf(shape)}`;
    return shorten(name, columns - 2 - tail.length) + tail;
  };
  const both = ({ name, given, wanted }: MatchReport['misfit'][number]) => {
    const tail = ` ${shapeOf(given)} for ${shapeOf(wanted)}`;
    return shorten(name, columns - 2 - tail.length) + tail;
  };
  const total = report.matched.length + report.missing.length + report.misfit.length;
  return [
    `matched: ${report.matched.length} of ${total} (${report.layout} names)`,
    ...section('missing, drawn anew', report.missing.map(named)),
    ...section('left over, not used', report.leftOver.map(named)),
    ...section(
      'changed',
      report.changed.map(({ name, how }) => shorten(`${shorten(name, 30)}: ${how}`, columns - 2)),
    ),
    ...section('do not fit, drawn anew', report.misfit.map(both)),
    ...section(
      'of the head, left out',
      report.head.map((name) => shorten(name, columns - 2)),
    ),
    ...report.notes.flatMap((note) => wrap(note, columns)),
  ].join('\n');
}
