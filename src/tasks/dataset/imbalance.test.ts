import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import { balancedClassWeights, balancedLength, balancedOrder } from './imbalance.ts';

const cases = JSON.parse(
  readFileSync(new URL('../../../fixtures/imaging/class-weights.json', import.meta.url), 'utf8'),
).payload as { counts: number[]; weights: number[] }[]; // written by scripts/peers/imaging.py

test.each(cases)('class weights of $counts equal scikit-learn', ({ counts, weights }) => {
  for (const [k, weight] of balancedClassWeights(counts).entries())
    expect(weight).toBeCloseTo(weights[k]!, 4);
});

test('a class without images weighs nothing', () => {
  expect(Array.from(balancedClassWeights([4, 0, 4]))).toEqual([1, 0, 1]);
});

const labels = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2];
const counts = [7, 2, 1];
const order = (balance: 'none' | 'oversample' | 'undersample', step: number) =>
  Array.from(balancedOrder(labels, 3, balance, new RandomStream({ seed: 1, purpose: 'shuffle', step })));
const perClass = (positions: number[]) =>
  [0, 1, 2].map((k) => positions.filter((p) => labels[p] === k).length);

describe('orders', () => {
  test.each([
    ['none', [7, 2, 1]],
    ['oversample', [7, 7, 7]],
    ['undersample', [1, 1, 1]],
  ] as const)('%s shows %j of each class', (balance, expected) => {
    const positions = order(balance, 0);
    expect(perClass(positions)).toEqual(expected);
    expect(positions.length).toBe(balancedLength(counts, balance));
    expect(order(balance, 0)).toEqual(positions);
    expect(order(balance, 1)).not.toEqual(positions);
  });

  test('oversampling repeats a small class evenly', () => {
    const shown = order('oversample', 2);
    const times = [7, 8].map((p) => shown.filter((position) => position === p).length).sort();
    expect(times).toEqual([3, 4]);
    expect(new Set(shown).size).toBe(10);
  });
});
