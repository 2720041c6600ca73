import { tensor } from '../../../engine/tensor/tensor.ts';
import type { Preparation } from '../preparation.ts';
import { presentValues } from './columns.ts';
import { gatherColumns } from './graph-doubles.ts';
import { checkSettings, integerSetting } from './settings.ts';

/** Which categories get a column. */
export interface OneHotSettings {
  /** Categories in fewer rows of the fit than this get none; 1 by default. */
  readonly least?: number;
}

/** A column of 0 and 1 for each category of each categorical column; of two categories one column is enough. */
export const oneHot: Preparation<OneHotSettings> = {
  name: 'one-hot',
  describe: 'A column of 0 and 1 for each category; a category that the fit did not see is 0 in all of them.',
  source: 'Suits, Use of dummy variables in regression equations, 1957',
  missing: true,
  check: (settings) =>
    checkSettings<OneHotSettings>('one-hot', settings, { least: integerSetting(1, { least: 1 }) }),
  fit(x, _y, _classes, { least }, { categorical = [] }) {
    const numbers = Array.from({ length: x.columns }, (_, j) => j).filter((j) => !categorical.includes(j));
    const made = [...categorical]
      .sort((a, b) => a - b)
      .flatMap((j) => categoriesOf(presentValues(x, j), least).map((value) => ({ j, value })));
    const { columns: input } = x;
    const output = numbers.length + made.length;
    return {
      columns: [input, output],
      kept: [...numbers, ...made.map(({ j }) => j)],
      categorical: [],
      names: (names) => [
        ...numbers.map((j) => names[j]!),
        ...made.map(({ j, value }) => `${names[j]!} = ${value}`),
      ],
      transform({ values, rows }) {
        const out = new Float64Array(rows * output);
        for (let i = 0, at = 0; i < rows; i++) {
          for (const j of numbers) out[at++] = values[i * input + j]!;
          for (const { j, value } of made) out[at++] = values[i * input + j] === value ? 1 : 0;
        }
        return { values: out, rows, columns: output };
      },
      addTo(graph, at) {
        if (made.length === 0) return at;
        const sources = gatherColumns(
          graph,
          at,
          made.map(({ j }) => j),
        );
        const wanted = Float32Array.from(made, ({ value }) => value);
        const equal = graph.op('Equal', [
          sources,
          graph.constant(tensor('float32', [1, made.length], wanted)),
        ]);
        const flags = graph.op('Cast', [equal], { to: 1 });
        return numbers.length === 0
          ? flags
          : graph.op('Concat', [gatherColumns(graph, at, numbers), flags], { axis: 1 });
      },
      notes: made.length === 0 ? [] : [`${categorical.length} columns of categories became ${made.length}`],
    };
  },
};

/** Those in enough rows, in rising order; of two only the larger. */
function categoriesOf(values: Float64Array, least: number): readonly number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const all = [...counts.keys()].sort((a, b) => a - b);
  const wanted = all.length === 2 ? all.slice(1) : all;
  return wanted.filter((value) => counts.get(value)! >= least);
}
