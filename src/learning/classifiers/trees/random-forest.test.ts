import { expect, test } from 'vitest';
import { matrix } from '../matrix.ts';
import { fitRandomForest, randomForest } from './random-forest.ts';

const ROWS = 60;
const x = matrix(
  Float64Array.from({ length: ROWS }, (_, i) => (i * 37) % ROWS),
  ROWS,
  1,
);
const y = Int32Array.from({ length: ROWS }, (_, i) => (x.values[i]! < 20 ? 1 : 0));
const settings = randomForest.check({ trees: 40 });

test('a weight says how often a row is drawn, as two rows alike would be', () => {
  const weights = Float64Array.from(y, (label, i) => (label === 1 ? 4 : i % 5 === 0 ? 0 : 1));
  const forest = fitRandomForest(x, y, 2, settings, { seed: 3, weights });
  const heavy = weights.reduce((sum, weight, i) => sum + (y[i] === 1 ? weight : 0), 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let share = 0;
  for (const { cover, values } of forest.ensemble.trees) {
    expect(cover[0]).toBe(ROWS);
    share += values[1]! / 40;
  }
  const spread = Math.sqrt(((heavy / total) * (1 - heavy / total)) / ROWS / 40);
  expect(Math.abs(share - heavy / total)).toBeLessThan(4 * spread);
});

test('rows of weight 0 are never drawn', () => {
  const weights = Float64Array.from({ length: ROWS }, (_, i) => (i < ROWS / 2 ? 1 + (i % 3) : 0));
  const forest = fitRandomForest(x, y, 2, settings, { seed: 3, weights });
  const few = fitRandomForest(
    matrix(x.values.slice(0, ROWS / 2), ROWS / 2, 1),
    y.slice(0, ROWS / 2),
    2,
    randomForest.check({ trees: 40 }),
    { seed: 3, weights: weights.slice(0, ROWS / 2) },
  );
  const cuts = (one: typeof forest) => new Set(one.ensemble.trees.flatMap(({ threshold }) => [...threshold]));
  const known = new Set(x.values.subarray(0, ROWS / 2));
  const middles = new Set([...known].flatMap((a) => [...known].map((b) => (a + b) / 2)));
  for (const cut of cuts(forest)) expect(middles.has(cut) || cut === 0).toBe(true);
  expect(cuts(few).size).toBeGreaterThan(1);
});

test('weights that are all alike change nothing', () => {
  const alike = fitRandomForest(x, y, 2, settings, { seed: 3, weights: new Float64Array(ROWS).fill(2.5) });
  expect(alike.predict(x)).toEqual(fitRandomForest(x, y, 2, settings, { seed: 3 }).predict(x));
});
