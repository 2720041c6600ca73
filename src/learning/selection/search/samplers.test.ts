import { expect, test } from 'vitest';
import { RandomStream } from '../../../random.ts';
import { kernelWidths } from './parzen.ts';
import {
  type PastTrial,
  proposeNew,
  randomSampler,
  recencyWeights,
  splitTrials,
  tpeSampler,
} from './samplers.ts';
import type { SearchSpace } from './space.ts';

const space: SearchSpace = { x: { type: 'float', low: 0, high: 1 }, kind: { choices: ['a', 'b'] } };
const stream = (step: number) => new RandomStream({ seed: 1, purpose: 'test', step });
const trial = (loss: number | undefined, state: PastTrial['state'] = 'finished', epochs = 9): PastTrial => ({
  values: { x: 0.5, kind: 'a' },
  state,
  loss,
  epochs,
});

test('good are the best tenth: finished ones first, then stopped ones by how far they came', () => {
  const past = [
    ...Array.from({ length: 18 }, () => trial(undefined, 'failed')),
    trial(1, 'stopped', 3),
    trial(9, 'stopped', 6),
    trial(5),
    trial(undefined, 'running'),
  ];
  const { good, bad } = splitTrials(past);
  expect(good).toEqual(
    [past[18 + 1], past[18 + 2], past[18]]
      .filter((_, i) => i < 3)
      .sort((a, b) => past.indexOf(a!) - past.indexOf(b!)),
  );
  expect(bad).toHaveLength(19);
  expect(splitTrials([trial(2), trial(1), trial(Number.NaN)]).good).toEqual([trial(1)]);
});

test('older trials weigh less', () => {
  expect(recencyWeights(3)).toEqual([1, 1, 1]);
  const weights = recencyWeights(30);
  expect(weights[0]).toBeCloseTo(1 / 30, 12);
  expect(weights[4]).toBe(1);
  expect(weights.slice(5)).toEqual(new Array(25).fill(1));
  expect(recencyWeights(26)).toEqual([1 / 26, ...new Array(25).fill(1)]);
});

test('kernel widths: the further neighbour, the least width, one alone', () => {
  expect(kernelWidths([0.5, 0.1, 0.9], 0, 1)).toEqual([0.4, 0.4, 0.4]);
  expect(kernelWidths([0.3, 0.3], 0, 1)).toEqual([0.25, 0.25]);
  expect(kernelWidths([0.2], 0, 1)).toEqual([0.8]);
});

test('the same seed and the same results lead to the same proposals', () => {
  const sampler = tpeSampler();
  const run = () => {
    const past: PastTrial[] = [];
    for (let i = 0; i < 30; i++) {
      const values = sampler(space, past, stream(i));
      past.push({ values, state: 'finished', loss: (Number(values['x']) - 0.3) ** 2, epochs: 1 });
    }
    return past;
  };
  const first = run();
  expect(run()).toEqual(first);
  const late = first.slice(15).map(({ loss }) => loss!);
  const early = first.slice(0, 10).map(({ loss }) => loss!);
  const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  expect(mean(late)).toBeLessThan(mean(early));
});

test('running trials keep the next away', () => {
  const done = Array.from({ length: 20 }, (_, i) => ({
    values: { x: i / 20, kind: 'a' },
    state: 'finished' as const,
    loss: Math.abs(i / 20 - 0.5),
    epochs: 1,
  }));
  const running = Array.from({ length: 5 }, () => ({
    values: { x: 0.5, kind: 'a' },
    state: 'running' as const,
    epochs: 0,
  }));
  const distance = (past: readonly PastTrial[]) => {
    let sum = 0;
    for (let i = 0; i < 200; i++) sum += Math.abs(Number(tpeSampler()(space, past, stream(i))['x']) - 0.5);
    return sum / 200;
  };
  expect(distance([...done, ...running])).toBeGreaterThan(distance(done));
});

test('a finite space is tried to its end and not twice', () => {
  const small: SearchSpace = {
    kind: { choices: ['a', 'b', 'c'] },
    n: { type: 'int', low: 1, high: 2, when: { kind: 'a' } },
  };
  const past: PastTrial[] = [];
  for (;;) {
    const values = proposeNew(tpeSampler({ startup: 2 }), small, past, stream(past.length));
    if (!values) break;
    past.push({ values, state: 'finished', loss: past.length, epochs: 1 });
  }
  expect(past).toHaveLength(4);
  expect(proposeNew(randomSampler, small, past, stream(9))).toBeUndefined();
});
