import { describe, expect, test } from 'vitest';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { type Tensor, tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { RandomStream } from '../../random.ts';
import { relu } from '../layers/activation.ts';
import type { BuildContext } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { dropout } from '../layers/dropout.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/normalization.ts';
import { flatten, globalAveragePool } from '../layers/pooling.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { sgd } from '../optimizers/sgd.ts';
import { compileTrainingStep, type Learning } from './step.ts';

const random = new RandomStream({ seed: 3, purpose: 'test' });
const draw = (count: number) => Array.from({ length: count }, () => random.normal(0, 1));
const images = tensorOf('float32', [4, 2, 6, 6], draw(4 * 72));
const targets = tensorOf('float32', [4, 2], [1, 0, 0, 1, 1, 0, 0, 1]);
const weightOf = (state: ReadonlyMap<string, Tensor>, name: string) => toNumbers(state.get(name)!);

function build(context: BuildContext) {
  const { graph } = context;
  const x = graph.input('images', 'float32', [4, 2, 6, 6]);
  let y = relu(batchNorm(context, 'bn1', conv(context, 'conv1', x, { channels: 3, kernel: 3 })));
  y = relu(conv(context, 'conv2', y, { channels: 4, kernel: 3 }));
  y = linear(context, 'fc', dropout(context, 'drop', flatten(globalAveragePool(y)), 0.3), { outputs: 2 });
  return crossEntropy(y, graph.input('targets', 'float32', [4, 2]));
}

const learning = (rest: Partial<Learning>): Learning => ({
  build,
  optimizer: sgd({ momentum: 0.9 }),
  seed: 1,
  ...rest,
});
const onlyHead = {
  frozen: (name: string) => !name.startsWith('fc.'),
  keepsStatistics: (name: string) => name === 'bn1',
};

async function threeSteps(rest: Partial<Learning>) {
  const step = await compileTrainingStep(learning(rest), { runtime: nodeRuntime, threads: 1 });
  const samples = step.features ? await step.features.run({ images }) : { images };
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) {
    const moment = { epoch: 0, step: i, last: i === 2 };
    losses.push(await step.run({ ...samples, targets }, 0.1, moment));
  }
  const weights = new Map([...step.weights()].map(([name, value]) => [name, structuredClone(value)]));
  const features = step.features?.features;
  await step.close();
  return { losses, weights, features };
}

describe('the frozen part computed once', () => {
  test.each([1, 2])('gives the same losses and weights, accumulating %d batches', async (accumulate) => {
    const whole = await threeSteps({ ...onlyHead, accumulate });
    const split = await threeSteps({ ...onlyHead, accumulate, unchangingSamples: ['images'] });
    expect(whole.features).toBeUndefined();
    expect(split.features!.map(({ shape }) => shape)).toEqual([[4, 4]]); // the pooled features before dropout
    for (const [i, loss] of split.losses.entries()) expect(loss).toBeCloseTo(whole.losses[i]!, 5);
    for (const [i, value] of weightOf(split.weights, 'fc.weight').entries()) {
      expect(value).toBeCloseTo(weightOf(whole.weights, 'fc.weight')[i]!, 5);
    }
    expect(weightOf(split.weights, 'conv1.weight')).toEqual(weightOf(whole.weights, 'conv1.weight'));
  });

  test('ends before the first layer that is trained', async () => {
    const frozen = (name: string) => name.startsWith('conv1') || name.startsWith('bn1');
    const { features } = await threeSteps({ ...onlyHead, frozen, unchangingSamples: ['images'] });
    expect(features!.map(({ shape }) => shape)).toEqual([[4, 3, 4, 4]]);
  });

  test('ends before a normalisation that uses the batch', async () => {
    const { features } = await threeSteps({ frozen: onlyHead.frozen, unchangingSamples: ['images'] });
    expect(features!.map(({ shape }) => shape)).toEqual([[4, 3, 4, 4]]);
  });

  test('is not split off where nothing is frozen', async () => {
    const { features } = await threeSteps({ unchangingSamples: ['images'] });
    expect(features).toBeUndefined();
  });
});

test('a layer that keeps its statistics uses them, and does not change them', async () => {
  const { weights } = await threeSteps(onlyHead);
  expect(weightOf(weights, 'bn1.running_mean')).toEqual([0, 0, 0]);
  const moved = await threeSteps({ frozen: onlyHead.frozen });
  expect(weightOf(moved.weights, 'bn1.running_mean')).not.toEqual([0, 0, 0]);
});

test('a rate factor of 0 leaves a parameter where it was; weights can be given', async () => {
  const first = tensorOf('float32', [2, 4], draw(8));
  const given = { tensors: new Map([['fc.weight', first]]), missing: 'initialize' as const };
  const { weights } = await threeSteps({
    weights: given,
    rateFactor: (name) => (name === 'fc.weight' ? 0 : 1),
  });
  expect(weightOf(weights, 'fc.weight')).toEqual(toNumbers(first));
  const free = await threeSteps({ weights: given });
  expect(weightOf(free.weights, 'fc.weight')).not.toEqual(toNumbers(first));
});
