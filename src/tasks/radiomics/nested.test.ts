import { expect, test } from 'vitest';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { matrix } from '../../learning/classifiers/matrix.ts';
import { RandomStream } from '../../random.ts';
import { drawChart } from '../report/charts.ts';
import { candidatesOf } from './candidates.ts';
import { selectionSpec, shortNames } from './feature-charts.ts';
import { fitCandidate, fittingRows, outOfFold } from './nested.ts';
import { completeRadiomics } from './settings.ts';
import { rowsAt } from './table-rows.ts';

test('answers out of fold are those of fits that have not seen the row, in the order of the rows', async () => {
  const stream = new RandomStream({ seed: 5, purpose: 'rows' });
  const y = Int32Array.from({ length: 24 }, (_, i) => i % 2);
  const x = matrix(
    Float64Array.from({ length: 72 }, (_, i) => stream.normal() + y[Math.floor(i / 3)]!),
    24,
    3,
  );
  const rows = { x, y, patients: Array.from(y, (_, i) => `p${i}`), classes: ['a', 'b'] };
  const folds = [0, 1, 2].map((k) => ({
    train: [...y.keys()].filter((i) => i % 3 !== k),
    validation: [...y.keys()].filter((i) => i % 3 === k).reverse(),
  }));
  const settings = completeRadiomics({ steps: [], classifiers: ['gaussian-naive-bayes'] });
  const [candidate] = candidatesOf(settings);
  const place = { settings, runtime: nodeRuntime, step: () => {} };
  const answers = await outOfFold(candidate!, rows, folds, place);
  for (const { train, validation } of folds) {
    const fitted = await fitCandidate(candidate!, fittingRows(rowsAt(rows, train)), place);
    for (const row of validation) {
      expect([...answers.subarray(2 * row, 2 * row + 2)]).toEqual([...fitted.predict(rowsAt(rows, [row]).x)]);
    }
  }
});

test('the picture of the selection tells what was kept from what was left out', async () => {
  const rows = [
    { feature: 'x', fold: '1', kept: true },
    { feature: 'x', fold: '2', kept: false },
  ];
  const { markup } = await drawChart(selectionSpec(rows, ['1', '2']), '');
  const fills = [...markup.matchAll(/fill="(var\(--f[^"]+\))"/g)].map(([, fill]) => fill);
  expect(fills).toEqual(['var(--first)', 'var(--faint)']);
});

test('short names stay different where only the middle of the names differs', () => {
  const names = ['glszm', 'glrlm', 'glcm'].map(
    (family) => `wavelet-LLH_${family}_GrayLevelNonUniformityNormalized`,
  );
  const short = shortNames([...names, 'stat_mean'], 30);
  expect(new Set(short.values()).size).toBe(4);
  expect(short.get('stat_mean')).toBe('stat_mean');
  expect(Math.max(...[...short.values()].map(({ length }) => length))).toBeLessThan(50);
});
