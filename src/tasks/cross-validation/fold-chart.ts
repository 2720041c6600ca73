import type { FigureSummary, FoldRow } from './summary.ts';

const WIDTH = 300;
/** More folds than this are drawn as dots, a row for each repeat. */
const MOST_ROWS = 12;

export const isByRepeat = (folds: readonly FoldRow[]): boolean => folds.length > MOST_ROWS;

/** A row for each fold with its interval, or a row of dots for each repeat; the mean and its interval behind them. */
export function foldChart(
  folds: readonly FoldRow[],
  name: string,
  { mean, low, high }: FigureSummary,
  words: { readonly title: string; readonly repeat: (repeat: number) => string; readonly percent: boolean },
): object {
  const byRepeat = isByRepeat(folds);
  const rows = folds.flatMap((fold) => {
    const figure = fold.figures[name];
    if (!figure || figure.value === null) return [];
    const row = byRepeat ? words.repeat(fold.repeat) : (fold.site ?? fold.name);
    return [{ row, value: figure.value, low: figure.low, high: figure.high }];
  });
  const names = [
    ...new Set(folds.map((fold) => (byRepeat ? words.repeat(fold.repeat) : (fold.site ?? fold.name)))),
  ];
  const y = {
    field: 'row',
    type: 'nominal',
    title: null,
    scale: { domain: names },
    axis: { grid: false, domain: false, ticks: false, labelLimit: 110 },
  };
  const x = {
    field: 'value',
    type: 'quantitative',
    title: words.title,
    scale: { zero: false, nice: true },
    axis: { tickCount: 4, labelOverlap: true, ...(words.percent ? { format: '.0%' } : {}) },
  };
  const band =
    low === null || high === null
      ? []
      : [
          {
            data: { values: [{ value: low, end: high }] },
            mark: { type: 'rect', color: 'var(--band)', opacity: 0.14 },
            encoding: { x, x2: { field: 'end' } },
          },
        ];
  const middle =
    mean === null
      ? []
      : [
          {
            data: { values: [{ value: mean }] },
            mark: { type: 'rule', color: 'var(--second)', strokeWidth: 2 },
            encoding: { x },
          },
        ];
  const intervals = byRepeat
    ? []
    : [
        {
          data: { values: rows.filter((row) => row.low !== null && row.high !== null) },
          mark: { type: 'rule', color: 'var(--first)', strokeWidth: 1.8, opacity: 0.6 },
          encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' } },
        },
      ];
  const dots = {
    data: { values: rows },
    mark: { type: 'point', filled: true, size: 60, color: 'var(--first)', opacity: byRepeat ? 0.65 : 1 },
    encoding: { y, x },
  };
  return { width: WIDTH, height: 56 + 22 * names.length, layer: [...band, ...middle, ...intervals, dots] };
}
