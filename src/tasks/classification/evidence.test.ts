import { expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import type { Dataset, Sample } from '../dataset/dataset.ts';
import { evidenceOf, operatingPointsOf, type PredictedSamples } from './evidence.ts';

/** Two classes at two sites, or at none; the model is better in the north. */
function predicted(sites: readonly (string | undefined)[]): PredictedSamples {
  const random = new RandomStream({ seed: 4, purpose: 'sites' });
  const samples = Array.from({ length: 120 }, (_, i): Sample => {
    const site = sites[i % sites.length];
    const source = { kind: 'file', path: `${i}` } as const;
    return { id: `${i}`, source, label: random.integer(2), patient: `p${i}`, ...(site ? { site } : {}) };
  });
  const rows = samples.flatMap(({ label, site }) => {
    const p = 1 / (1 + Math.exp(-(site === 'north' ? 4 : 1) * (label - 0.5) - random.normal()));
    return [1 - p, p];
  });
  const rest = { stacks: new Map(), grouping: 'patient', notes: [] } as const;
  const dataset: Dataset = { name: 'data', classes: ['no', 'yes'], samples, ...rest };
  return { dataset, indices: samples.map((_, i) => i), probabilities: Float32Array.from(rows), seed: 1 };
}

test('each site is judged by itself, with the recall of each class', () => {
  const all = predicted(['north', 'south']);
  const points = operatingPointsOf(all);
  const { sites } = evidenceOf(all, ['no', 'yes'], points);
  expect(sites!.map(({ site, samples, patients }) => [site, samples, patients])).toEqual([
    ['north', 60, 60],
    ['south', 60, 60],
  ]);
  const [north, south] = sites!;
  expect(north!.figures['auc']!.value!).toBeGreaterThan(south!.figures['auc']!.value!);
  expect(north!.perClass.map(({ name }) => name)).toEqual(['no', 'yes']);
  const own = all.indices.filter((index) => all.dataset.samples[index]!.site === 'south');
  const alone = evidenceOf(
    {
      ...all,
      indices: own,
      probabilities: Float32Array.from(own.flatMap((i) => [...all.probabilities.subarray(2 * i, 2 * i + 2)])),
    },
    ['no', 'yes'],
    points,
  );
  expect(south!.figures).toEqual(alone.figures);
  expect(alone.sites).toBeUndefined();
});

test('without sites there is no such section', () => {
  expect(evidenceOf(predicted([undefined]), ['no', 'yes']).sites).toBeUndefined();
});
