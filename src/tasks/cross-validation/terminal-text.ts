import { textsByLanguage } from '../report/texts.ts';
import { settingsInWords } from './choices-section.ts';
import type { FoldComparison } from './compare.node.ts';
import { figureName, mainFigures } from './figure-names.ts';
import type { ChosenFold, CrossValidationMetrics } from './plan.ts';

const GAP = '  ';

/** Columns side by side, the first to the left; those that do not fit are left out, from the right. */
export function fittingTable(rows: readonly (readonly string[])[], columns: number, least = 2): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  let shown = widths.length;
  const width = (count: number) =>
    widths.slice(0, count).reduce((sum, own) => sum + own + GAP.length, -GAP.length);
  while (shown > least && width(shown) > columns) shown--;
  const room = Math.max(8, columns - (width(shown) - widths[0]!));
  const first = Math.min(widths[0]!, room);
  return rows
    .map((row) =>
      row
        .slice(0, shown)
        .map((cell, c) => (c === 0 ? shortened(cell, first).padEnd(first) : cell.padStart(widths[c]!)))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

const write = (value: number | null): string => (value === null ? '-' : short(value));
const short = (value: number): string =>
  Math.abs(value) >= 100 ? String(Number(value.toPrecision(4))) : value.toFixed(3);
const interval = (low: number | null, high: number | null): string =>
  low === null || high === null ? '-' : `${short(low)} to ${short(high)}`;

/** What a cross-validation found, for a terminal of so many columns. */
export function crossValidationText(metrics: CrossValidationMetrics, columns: number): string {
  const { figures, folds, choices, pooled } = metrics;
  const texts = textsByLanguage.en;
  const names = mainFigures(metrics);
  const shown = [...names, ...Object.keys(figures).filter((name) => !names.includes(name))];
  const nameOf = (name: string) => figureName(name, metrics, texts).replace(' ↓', '');
  const both = [
    ['figure', 'mean', '95 % over folds', 'pooled', '95 % by patient'],
    ...shown.slice(0, 12).map((name) => {
      const { mean, low, high, pooled: together } = figures[name]!;
      const whole = together ? [write(together.value), interval(together.low, together.high)] : ['-', '-'];
      return [nameOf(name), write(mean), interval(low, high), ...whole];
    }),
  ];
  const each = [
    ['fold', 'images', ...names.map(nameOf)],
    ...folds.map(({ name, site, test, figures: own }) => [
      site === undefined ? name : `${name} ${site}`,
      String(test),
      ...names.map((figure) => write(own[figure]?.value ?? null)),
    ]),
  ];
  return [
    fittingTable(each, columns),
    '',
    fittingTable(both, columns),
    '',
    ...wrapped(
      'mean: average over folds, interval by the corrected resampled t (for models trained so); pooled: all ' +
        `${pooled.answers} out-of-fold answers together, bootstrap by patient (for these models)`,
      columns,
    ),
    ...(choices ? ['', ...choicesText(choices, metrics.watch, columns)] : []),
  ].join('\n');
}

function choicesText(choices: readonly ChosenFold[], watch: string, columns: number): string[] {
  const rows = [
    ['chosen', `inner ${watch}`, 'outer', 'optimism'],
    ...choices.map(({ fold, winner, inner, outer, optimism }) => [
      `${fold} ${winner.name}`,
      write(inner),
      write(outer),
      write(optimism),
    ]),
  ];
  const winners = new Map(choices.map(({ winner }) => [winner.name, winner]));
  const told = [...winners.values()].map(
    (winner) => `${winner.name}: ${settingsInWords(winner) || 'as given'}`,
  );
  return [fittingTable(rows, columns), ...told.flatMap((line) => wrapped(line, columns))];
}

/** Two cross-validations side by side. */
export function comparisonText(
  { rows, areas, pooled, answers, metrics, images, patients }: FoldComparison,
  columns: number,
): string {
  const texts = textsByLanguage.en;
  const nameOf = (name: string) => figureName(name, metrics, texts).replace(' ↓', '');
  const table = [
    ['figure', 'A - B', '95 % over folds', 'p', 'A', 'B'],
    ...rows.map(({ name, first, second, mean, low, high, p }) => [
      nameOf(name),
      signed(mean),
      interval(low, high),
      probability(p),
      write(first),
      write(second),
    ]),
  ];
  const lines = [fittingTable(table, columns, 4), ''];
  lines.push(
    ...wrapped('Differences fold by fold, corrected resampled t-test (Nadeau and Bengio, 2003).', columns),
  );
  if (areas.length > 0) {
    const areaRows = [
      ['pooled AUC', 'A - B', '95 %', 'p', 'A', 'B'],
      ...areas.map(({ name, first, second, difference, low, high, p }) => [
        name,
        signed(difference),
        interval(low, high),
        probability(p),
        write(first),
        write(second),
      ]),
    ];
    lines.push('', fittingTable(areaRows, columns, 4));
    const how = patients < images ? ', images of a patient together (Obuchowski, 1997)' : '';
    lines.push(...wrapped(`Out-of-fold answers together, DeLong et al. (1988)${how}.`, columns));
  }
  if (pooled.length > 0) {
    const together = [
      ['pooled', 'A - B', '95 % by patient', 'A', 'B'],
      ...pooled.map(({ name, first, second, difference: { value, low, high } }) => [
        nameOf(name),
        signed(value),
        interval(low, high),
        write(first),
        write(second),
      ]),
    ];
    lines.push('', fittingTable(together, columns, 3));
    lines.push(...wrapped('Out-of-fold answers together, bootstrap by patient.', columns));
  }
  if (answers) {
    const { first, second, onlyFirst, onlySecond, p, pByPatient } = answers;
    const clustered =
      pByPatient === null ? '' : `; by patient p ${probability(pByPatient)} (Durkalski et al., 2003)`;
    lines.push(
      '',
      ...wrapped(
        `Right: A ${(100 * first).toFixed(1)} %, B ${(100 * second).toFixed(1)} %; only A ${onlyFirst}, only B ${onlySecond}; ` +
          `McNemar p ${probability(p)}${clustered}.`,
        columns,
      ),
    );
  }
  return lines.join('\n');
}

const signed = (value: number | null): string =>
  value === null ? '-' : `${value > 0 ? '+' : ''}${short(value)}`;
const probability = (p: number | null): string => (p === null ? '-' : p < 0.001 ? '<0.001' : p.toFixed(3));

/** Words broken to the width. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
