import { expect, test } from 'vitest';
import { State } from '../../engine/compile.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { RandomStream } from '../../random.ts';
import type { BuildContext } from '../layers/build-context.ts';
import { batchNorm } from '../layers/normalization.ts';
import { meanSquaredError } from '../losses/regression.ts';
import { sgd } from '../optimizers/sgd.ts';
import { compileStatistics } from './statistics.ts';
import { compileTrainingStep, type Learning } from './step.ts';

const random = new RandomStream({ seed: 8, purpose: 'test' });
const batches = Array.from({ length: 6 }, () =>
  Float32Array.from({ length: 8 * 3 }, (_, i) => random.normal([5, -2, 100][i % 3]!, [1, 3, 10][i % 3]!)),
);

const build = (context: BuildContext) => {
  const x = context.graph.input('x', 'float32', [8, 3]);
  return meanSquaredError(batchNorm(context, 'bn', x), context.graph.input('y', 'float32', [8, 3]));
};
const learning: Learning = { build, optimizer: sgd(), seed: 1 };
const settings = { runtime: nodeRuntime, threads: 1 };

async function* feeds() {
  for (const data of batches) {
    yield {
      feeds: {
        x: tensorOf('float32', [8, 3], [...data]),
        y: tensorOf('float32', [8, 3], new Array(24).fill(0)),
      },
      count: 8,
    };
  }
}

test('statistics are those of all batches together, whatever they were before', async () => {
  const step = await compileTrainingStep(learning, settings);
  const measurer = (await compileStatistics(learning, step.state, settings))!;
  await measurer.measure(feeds());
  const mean = toNumbers(step.state.get('bn.running_mean'));
  const variance = toNumbers(step.state.get('bn.running_var'));
  for (let c = 0; c < 3; c++) {
    const values = batches.flatMap((data) => [...data].filter((_, i) => i % 3 === c));
    const expected = values.reduce((sum, value) => sum + value, 0) / values.length;
    // Each batch's variance is the unbiased one, so that the whole is between the population's and 8/7 of it.
    const population = values.reduce((sum, value) => sum + (value - expected) ** 2, 0) / values.length;
    expect(mean[c]! / expected).toBeCloseTo(1, 5);
    expect(variance[c]! / population).toBeGreaterThan(0.999);
    expect(variance[c]! / population).toBeLessThan(8 / 7 + 1e-3);
  }
  expect(toNumbers(step.state.get('bn.weight'))).toEqual([1, 1, 1]);
  await measurer.close();
  await step.close();
});

test('there is nothing to measure where layers keep their statistics', async () => {
  const kept = { ...learning, keepsStatistics: () => true };
  expect(await compileStatistics(kept, new State(), settings)).toBeUndefined();
});
