import type { OneValueEvidence } from '../../evidence/statistics/value-evidence.ts';

const WIDTH = 300;
const HEIGHT = 232;

const points = { type: 'point', filled: true, size: 26, color: 'var(--first)', opacity: 0.55 };

const channel = (field: string, title: string, domain: readonly [number, number]) => ({
  field,
  type: 'quantitative',
  title,
  scale: { domain, nice: false, zero: false },
  axis: { tickCount: 5 },
});

/** From the lowest to the highest, a little wider; never empty. */
function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (values.length === 0) return [0, 1];
  const margin = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
  return [low - margin, high + margin];
}

/** Predicted against true numbers, with the line of perfect agreement. */
export function scatterChart({ points: pairs }: OneValueEvidence, titles: { x: string; y: string }): object {
  const domain = extent(pairs.flat());
  const x = channel('x', titles.x, domain);
  const y = channel('y', titles.y, domain);
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values: domain.map((value) => ({ x: value, y: value })) },
        mark: { type: 'line', color: 'var(--axis)', strokeDash: [2, 3] },
        encoding: { x, y },
      },
      {
        data: { values: pairs.map(([truth, predicted]) => ({ x: truth, y: predicted })) },
        mark: points,
        encoding: { x, y },
      },
    ],
  };
}

/** Predicted - true against their mean, with bias and limits of agreement (Bland and Altman, Lancet 1986). */
export function blandAltmanChart(
  { points: pairs, figures }: OneValueEvidence,
  titles: { x: string; y: string },
): object {
  const values = pairs.map(([truth, predicted]) => ({ x: (truth + predicted) / 2, y: predicted - truth }));
  const lines = [figures.bias, figures.limitLow, figures.limitHigh].map(({ value }) => value);
  const shown = lines.filter((value) => value !== null);
  const x = channel('x', titles.x, extent(values.map((pair) => pair.x)));
  const y = channel('y', titles.y, extent([...values.map((pair) => pair.y), ...shown, 0]));
  const rule = (value: number | null, color: string, strokeDash: readonly number[]) =>
    value === null
      ? []
      : [
          {
            data: { values: [{ y: value }] },
            mark: { type: 'rule', color, strokeDash, strokeWidth: 1.6 },
            encoding: { y },
          },
        ];
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      ...rule(0, 'var(--axis)', [2, 3]),
      { data: { values }, mark: points, encoding: { x, y } },
      ...rule(lines[0]!, 'var(--second)', [1, 0]),
      ...rule(lines[1]!, 'var(--second)', [6, 3]),
      ...rule(lines[2]!, 'var(--second)', [6, 3]),
    ],
  };
}
