import { HounsfieldError } from '../../../errors.ts';
import type { FittedPreparation, Preparation } from '../preparation.ts';
import { doubles, inDoubles } from '../preparations/graph-doubles.ts';
import { roundHalfEven } from '../preparations/round-half-even.ts';
import { checkSettings, flagSetting, numberSetting } from '../preparations/settings.ts';
import { fitPca, type Pca, pcaScales, pcaTransform } from './pca.ts';

/** How much of the variance is kept. */
export interface PcaPreparationSettings {
  /** A whole number of components from 1, or a share of the variance in (0, 1); .95 by default. */
  readonly components?: number;
  /** Each component divided by its standard deviation. */
  readonly whiten?: boolean;
}

/**
 * A power of two some 2^28 times below each component's deviation. Coordinates are rounded to it: sums of products
 * differ in their last bits with the order of the sum, and would otherwise round to different single precision.
 */
function grids(pca: Pca): Float64Array {
  const scales = pcaScales(pca);
  const largest = Math.sqrt(pca.explainedVariance[0]!);
  return pca.explainedVariance.map((variance, k) => {
    const deviation = Math.max(Math.sqrt(variance), largest * 1e-6) / scales[k]!;
    return 2 ** (Math.floor(Math.log2(deviation)) - 28);
  });
}

/** Principal components as a step of a pipeline. */
function asPreparation(pca: Pca): FittedPreparation {
  const grid = grids(pca);
  const scales = pcaScales(pca);
  const { rows: count, columns, values: directions } = pca.components;
  const turned = new Float64Array(columns * count);
  for (let k = 0; k < count; k++) {
    for (let j = 0; j < columns; j++) turned[j * count + k] = directions[k * columns + j]!;
  }
  const share = pca.explainedShare.reduce((sum, value) => sum + value, 0);
  return {
    columns: [columns, count],
    names: () => Array.from({ length: count }, (_, k) => `component ${k + 1}`),
    transform(x) {
      const made = pcaTransform(pca, x);
      const { values } = made;
      for (let at = 0; at < values.length; at++) {
        const step = grid[at % count]!;
        values[at] = Math.fround(roundHalfEven(values[at]! / step) * step);
      }
      return made;
    },
    addTo: (graph, x) =>
      inDoubles(x, (wide) => {
        const moved = graph.op('Sub', [wide, doubles(graph, pca.mean)]);
        const product = graph.op('MatMul', [moved, doubles(graph, turned, [columns, count])]);
        const scaled = graph.op('Div', [product, doubles(graph, scales)]);
        const steps = graph.op('Div', [scaled, doubles(graph, grid)]);
        return graph.op('Mul', [graph.op('Round', [steps]), doubles(graph, grid)]);
      }),
    notes: [`${count} components hold ${(100 * share).toFixed(1)} % of the variance of ${columns} columns`],
  };
}

/** Principal components. */
export const pca: Preparation<PcaPreparationSettings> = {
  name: 'pca',
  describe: 'Mixes the columns into fewer that hold most of their variance.',
  source: 'Jolliffe, Principal Component Analysis, 2nd ed., 2002',
  scaled: true,
  scales: true,
  check(settings) {
    const checked = checkSettings<PcaPreparationSettings>('pca', settings, {
      components: numberSetting(0.95, { above: 0 }),
      whiten: flagSetting(false),
    });
    if (checked.components > 1 && !Number.isInteger(checked.components)) {
      throw new HounsfieldError(
        'PREPARATION_SETTINGS',
        "pca: 'components' must be a whole number from 1, or a share of the variance between 0 and 1. Correct the settings.",
      );
    }
    return checked;
  },
  fit: (x, _y, _classes, settings) => asPreparation(fitPca(x, settings)),
};
