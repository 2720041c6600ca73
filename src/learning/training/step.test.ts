import { describe, expect, test } from 'vitest';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import type { Runtime } from '../../engine/runtime/session.ts';
import { type Tensor, tensor, toNumbers } from '../../engine/tensor/tensor.ts';
import { RandomStream } from '../../random.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout } from '../layers/dropout.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { flatten, maxPool } from '../layers/pooling.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { adamW } from '../optimizers/adam.ts';
import { sgd } from '../optimizers/sgd.ts';
import { compileTrainingStep, type Learning, type TrainingStep } from './step.ts';

const CLASSES = 3;
const dims = (batch: number): readonly number[] => [batch, 1, 8, 8];

interface Problem extends Partial<Omit<Learning, 'build'>> {
  readonly batch?: number;
  readonly normalise?: boolean;
  readonly drop?: number;
}

function learningOf({ batch = 8, normalise = true, drop = 0, ...rest }: Problem): Learning {
  return {
    seed: 3,
    optimizer: sgd({ momentum: 0.9 }),
    ...rest,
    build(context: BuildContext) {
      const images = context.graph.input('images', 'float32', dims(batch));
      const targets = context.graph.input('targets', 'float32', [batch, CLASSES]);
      let y = conv(context, 'conv', images, { channels: 5, kernel: 3, padding: 1 });
      y = maxPool(relu(normalise ? batchNorm(context, 'bn', y) : y), { kernel: 2 }); // [N, 5, 4, 4]
      const logits = linear(context, 'fc', dropout(context, 'drop', flatten(y), drop), { outputs: CLASSES });
      return crossEntropy(logits, targets);
    },
  };
}

/** Samples from..from+count-1 of an endless set. */
function samples(from: number, count: number): Record<string, Tensor> {
  const images = new Float32Array(count * 64);
  const targets = new Float32Array(count * CLASSES);
  for (let n = 0; n < count; n++) {
    const random = new RandomStream({ seed: 1, purpose: 'sample', step: from + n });
    for (let i = 0; i < 64; i++) images[n * 64 + i] = random.normal();
    targets[n * CLASSES + random.integer(CLASSES)] = 1;
  }
  return {
    images: tensor('float32', dims(count), images),
    targets: tensor('float32', [count, CLASSES], targets),
  };
}

/** Everything that lives from step to step, without what only gathering needs. */
const stateOf = (step: TrainingStep): Record<string, readonly number[]> =>
  Object.fromEntries(
    step.state.names
      .filter((name) => !name.startsWith('accumulated/'))
      .sort()
      .map((name) => [name, toNumbers(step.state.get(name))]),
  );

async function trained(
  problem: Problem,
  steps: number,
  { threads = 1, batch = problem.batch ?? 8 }: { threads?: number; batch?: number } = {},
): Promise<Record<string, readonly number[]>> {
  const step = await compileTrainingStep(learningOf({ ...problem, batch }), {
    runtime: nodeRuntime,
    threads,
  });
  try {
    for (let i = 0; i < steps; i++) {
      await step.run(samples(i * batch, batch), 0.05, { epoch: 0, step: i, last: false });
    }
    return stateOf(step);
  } finally {
    await step.close();
  }
}

function largestDifference(
  a: Record<string, readonly number[]>,
  b: Record<string, readonly number[]>,
): number {
  expect(Object.keys(a)).toEqual(Object.keys(b));
  return Object.entries(a).reduce(
    (most, [name, values]) =>
      values.reduce((m, value, i) => Math.max(m, Math.abs(value - b[name]![i]!)), most),
    0,
  );
}

describe('the compiled training step', () => {
  test.each([1, 2])('with %i threads ends with the same weights, bit for bit', async (threads) => {
    const problem = { drop: 0.3, optimizer: adamW({}), clip: 1, average: 0.9 };
    const first = await trained(problem, 12, { threads });
    expect(await trained(problem, 12, { threads })).toEqual(first);
    expect(await trained({ ...problem, seed: 4 }, 12, { threads })).not.toEqual(first);
  });

  test('goes on from a copied state as if it had never stopped', async () => {
    const learning = learningOf({ drop: 0.3, average: 0.9 });
    const step = await compileTrainingStep(learning, { runtime: nodeRuntime, threads: 1 });
    const other = await compileTrainingStep(learning, { runtime: nodeRuntime, threads: 1 });
    const run = (on: TrainingStep, i: number) =>
      on.run(samples(i * 8, 8), 0.05, { epoch: 0, step: i, last: false });
    for (let i = 0; i < 5; i++) await run(step, i);
    for (const name of step.state.names) other.state.set(name, step.state.get(name));
    for (let i = 5; i < 9; i++) {
      await run(step, i);
      await run(other, i);
    }
    expect(stateOf(other)).toEqual(stateOf(step));
    await step.close();
    await other.close();
  });

  test.each([
    ['sgd', sgd({ momentum: 0.9, weightDecay: 1e-3 })],
    ['adamW', adamW({})],
  ])('%s: two gathered batches are the batch of both', async (_, optimizer) => {
    const problem = { normalise: false, optimizer, average: 0.9, clip: 0.5 };
    const gathered = await trained({ ...problem, accumulate: 2 }, 8, { batch: 4 });
    const whole = await trained(problem, 4, { batch: 8 });
    expect(largestDifference(gathered, whole)).toBeLessThan(1e-6);
  });

  test('gradients and update apart are the step in one', async () => {
    const step = await compileTrainingStep(learningOf({ accumulate: 2 }), {
      runtime: nodeRuntime,
      threads: 1,
    });
    for (let i = 0; i < 6; i++) {
      // The epoch's last step applies what there is: one batch.
      await step.run(samples(i * 8, 8), 0.05, { epoch: i, step: 0, last: true });
    }
    expect(largestDifference(stateOf(step), await trained({}, 6))).toBeLessThan(1e-6);
    await step.close();
  });

  test('clipping bounds the norm of the first update', async () => {
    const moved = async (clip: number): Promise<number> => {
      const before = await trained({ optimizer: sgd({}) }, 0);
      const after = await trained({ optimizer: sgd({}), clip }, 1);
      const squares = Object.keys(before)
        .filter((name) => /\.(weight|bias)$/.test(name))
        .flatMap((name) => before[name]!.map((value, i) => (value - after[name]![i]!) ** 2));
      return Math.sqrt(squares.reduce((sum, value) => sum + value, 0));
    };
    const free = await moved(0);
    expect(free).toBeGreaterThan(0.05 * 0.02);
    expect(await moved(0.01)).toBeCloseTo(0.05 * 0.01, 6);
    expect(await moved(1e6)).toBeCloseTo(free, 6);
  });

  test('the moving average of the weights is what its formula says', async () => {
    const step = await compileTrainingStep(learningOf({ average: 0.5 }), {
      runtime: nodeRuntime,
      threads: 1,
    });
    const averaged = () => toNumbers(step.weights().get('fc.weight')!);
    const raw = () => toNumbers(step.state.get('fc.weight'));
    let expected = raw();
    for (let i = 0; i < 6; i++) {
      await step.run(samples(i * 8, 8), 0.05, { epoch: 0, step: i, last: false });
      // Warm-up: the decay is at most (1 + t) / (10 + t) in step t.
      const decay = Math.min(0.5, (1 + i) / (10 + i));
      expected = raw().map((value, k) => decay * expected[k]! + (1 - decay) * value);
    }
    expect(averaged()).not.toEqual(raw());
    for (const [k, value] of averaged().entries()) expect(value).toBeCloseTo(expected[k]!, 5);
    await step.close();
  });

  test('frozen parameters stay, the others learn', async () => {
    const frozen = (name: string): boolean => name.startsWith('conv.');
    const before = await trained({}, 0);
    const after = await trained({ frozen }, 5);
    expect(Object.keys(after)).not.toContain('conv.weight');
    expect(after['fc.weight']).not.toEqual(before['fc.weight']);
    const step = await compileTrainingStep(learningOf({ frozen }), { runtime: nodeRuntime });
    await step.run(samples(0, 8), 0.05, { epoch: 0, step: 0, last: false });
    expect(toNumbers(step.weights().get('conv.weight')!)).toEqual(before['conv.weight']);
    await step.close();
    const all = compileTrainingStep(learningOf({ frozen: () => true }), { runtime: nodeRuntime });
    await expect(all).rejects.toThrow(/^NOTHING_TO_TRAIN: every parameter is frozen/);
  });

  test('a step that fails leaves the state as it was', async () => {
    let fail = false;
    const failing: Runtime = {
      ...nodeRuntime,
      async open(model, settings) {
        const session = await nodeRuntime.open(model, settings);
        return {
          ...session,
          async run(feeds, into, wanted) {
            const results = await session.run(feeds, into, wanted);
            if (!fail) return results;
            // As after a fault half-way: the buffers are written, and the feeds do not fit.
            return session.run({ ...feeds, images: samples(0, 3)['images']! }, into, wanted);
          },
        };
      },
    };
    const step = await compileTrainingStep(learningOf({ drop: 0.2 }), { runtime: failing, threads: 1 });
    const run = (i: number) => step.run(samples(i * 8, 8), 0.05, { epoch: 0, step: i, last: false });
    for (let i = 0; i < 3; i++) await run(i);
    const before = stateOf(step);
    fail = true;
    await expect(run(3)).rejects.toThrow(/^RUNTIME_FAILED: /);
    expect(stateOf(step)).toEqual(before);
    fail = false;
    for (let i = 3; i < 6; i++) await run(i);
    expect(stateOf(step)).toEqual(await trained({ drop: 0.2 }, 6));
    await step.close();
  });
});
