import type { Prediction } from '../tasks/task.ts';
import { table, textColumns } from './output.ts';

interface Column {
  readonly title: string;
  readonly cell: (answer: Prediction) => string;
  /** What a narrow terminal's rows are sorted by; numbers keep their order. */
  readonly weight: (answer: Prediction) => number;
}

/** A probability a label, or a number in its unit; then how far an ensemble's members are apart. */
function columnsOf(first: Prediction | undefined): readonly Column[] {
  const { values, units, disagreement } = first ?? {};
  if (values) {
    return Object.keys(values).flatMap((name) => [
      {
        title: units?.[name] ? `${name} (${units[name]})` : name,
        cell: (answer: Prediction) => String(Number(answer.values![name]!.toPrecision(4))),
        weight: () => 0,
      },
      ...(disagreement
        ? [
            {
              title: values && Object.keys(values).length > 1 ? `spread of ${name}` : 'spread',
              cell: (answer: Prediction) =>
                String(Number(answer.disagreement!.deviation[name]!.toPrecision(2))),
              weight: () => 0,
            },
          ]
        : []),
    ]);
  }
  const probabilities = Object.keys(first?.probabilities ?? {}).map((name) => ({
    title: name,
    cell: (answer: Prediction) => answer.probabilities[name]!.toFixed(4),
    weight: (answer: Prediction) => answer.probabilities[name]!,
  }));
  if (!disagreement) return probabilities;
  const figures = [
    ['entropy', 'entropy'],
    ['disagreement', 'mutualInformation'],
  ] as const;
  return [
    ...probabilities,
    ...figures.map(([title, figure]) => ({
      title,
      cell: (answer: Prediction) => answer.disagreement![figure]!.toFixed(4),
      weight: () => -1,
    })),
  ];
}

/** One row an image where that fits the terminal, else one row a label or number. */
export function predictionsText(answers: readonly Prediction[], columns = textColumns()): string {
  const [first] = answers;
  const own = columnsOf(first);
  const names = Object.keys(first?.probabilities ?? {});
  const threshold = first?.threshold;
  const judged = ({ positive }: Prediction) =>
    positive === undefined ? [] : [positive ? names[1]! : `not ${names[1]}`];
  const worded = first?.values === undefined;
  const wide = table([
    [
      'image',
      ...own.map(({ title }) => title),
      ...(worded ? ['predicted'] : []),
      ...(threshold === undefined ? [] : ['at operating point']),
    ],
    ...answers.map((answer) => [
      answer.image,
      ...own.map(({ cell }) => cell(answer)),
      ...(worded ? [answer.label] : []),
      ...judged(answer),
    ]),
  ]);
  const fits = wide.split('\n').every((line) => line.length <= columns);
  const narrow = answers.map((answer) => {
    const sorted = [...own].sort((a, b) => b.weight(answer) - a.weight(answer));
    const mark = ({ title }: Column) => (answer.labels?.includes(title) ? ' *' : '');
    return [
      answer.image,
      ...sorted.map((column) => `  ${column.cell(answer)}  ${column.title}${mark(column)}`),
      ...(answer.labels ? [`  found: ${answer.label}`] : []),
      ...judged(answer).map((word) => `  at operating point: ${word}`),
    ].join('\n');
  });
  return `${fits ? wide : narrow.join('\n')}${notes(first, names)}`;
}

function notes(first: Prediction | undefined, names: readonly string[]): string {
  if (first?.thresholds) {
    const each = Object.entries(first.thresholds).map(([name, value]) => `  ${value.toFixed(4)}  ${name}`);
    return `\na label is found from its threshold on:\n${each.join('\n')}`;
  }
  if (first?.threshold === undefined) return '';
  return `\noperating point: ${names[1]} from ${first.threshold.toFixed(4)} on (chosen without the test part)`;
}
