import { describe, expect, test } from 'vitest';
import { mul, reduceSum, sub } from '../../engine/graph/build.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { parameter } from '../layers/build-context.ts';
import { constant } from '../layers/initializers.ts';
import { sgd } from '../optimizers/sgd.ts';
import { findLearningRate, judgeRates, type RateTrial } from './rate-finder.ts';
import { compileTrainingStep } from './step.ts';

/** A curve that is flat, falls fastest at 1e-3, and rises again: a logistic fall and a late rise. */
const curve = (): RateTrial[] =>
  Array.from({ length: 61 }, (_, i) => {
    const exponent = -6 + (6 * i) / 60;
    const smoothed = 1 / (1 + Math.exp(4 * (exponent + 3))) + Math.exp(6 * (exponent + 0.5));
    return { rate: 10 ** exponent, loss: smoothed, smoothed };
  });

describe('the suggestion', () => {
  test('is where the loss falls fastest', () => {
    const { suggestion, minimumTenth } = judgeRates(curve());
    expect(Math.log10(suggestion)).toBeCloseTo(-3, 1);
    expect(minimumTenth).toBeLessThan(0.1);
    expect(minimumTenth).toBeGreaterThan(1e-3);
  });

  test('is not on the way down of a loss that had run away', () => {
    const back = curve().map((trial, i) => {
      const smoothed = i > 55 ? 40 - 4 * (i - 55) : trial.smoothed;
      return { ...trial, smoothed };
    });
    expect(back.at(-1)!.smoothed).toBeLessThan(back.at(-3)!.smoothed);
    expect(Math.log10(judgeRates(back).suggestion)).toBeCloseTo(-3, 1);
  });

  test.each([
    ['too few steps', curve().slice(0, 5), /^RATE_NOT_FOUND: .*5 steps were made/],
    ['a loss that only rises', curve().slice(-12), /^RATE_NOT_FOUND: .*falls at none/],
  ])('is refused for %s', (_, trials, message) => expect(() => judgeRates(trials)).toThrow(message));
});

test('a quadratic bowl of curvature 2 diverges at a rate of 1, and the search ends there', async () => {
  const step = await compileTrainingStep(
    {
      seed: 1,
      optimizer: sgd(),
      build(context) {
        const w = parameter(context, 'w', [1, 1], constant(5));
        const x = context.graph.input('x', 'float32', [1, 1]);
        const miss = sub(w, x);
        return reduceSum(mul(miss, miss), [0, 1]);
      },
    },
    { runtime: nodeRuntime, threads: 1 },
  );
  async function* batches() {
    for (;;) yield { feeds: { x: tensorOf('float32', [1, 1], [0]) }, count: 1 };
  }
  const { trials, suggestion } = await findLearningRate(step, batches(), {
    lowest: 1e-4,
    highest: 100,
    steps: 120,
  });
  await step.close();
  expect(trials.length).toBeLessThan(120);
  expect(suggestion).toBeGreaterThan(1e-3);
  expect(suggestion).toBeLessThan(1);
});
