import { describe, expect, test } from 'vitest';
import { hashUniform } from '../../../test/peers/hash-weights.ts';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { runGraph } from '../../../test/peers/run-graph.ts';
import { gradients } from '../../engine/differentiate.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { type Tensor, tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { binaryCrossEntropyWithLogits, binaryFocalWithLogits, crossEntropy, focal } from './cross-entropy.ts';
import type { Loss } from './reduction.ts';
import { huber, meanAbsoluteError, meanSquaredError, smoothL1 } from './regression.ts';

interface LossCase {
  readonly loss: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly scale: number;
  readonly options: object;
  readonly weights: readonly number[] | null;
  readonly target: readonly number[];
  readonly expected: number;
  readonly gradient: readonly number[];
}

const losses: Readonly<Record<string, Loss>> = {
  crossEntropy,
  binaryCrossEntropyWithLogits,
  binaryFocalWithLogits,
  focal,
  meanSquaredError,
  meanAbsoluteError,
  huber,
  smoothL1,
};

const cases = learningFixture<LossCase[]>('losses');

/** Value and gradient of the loss, in ONNX Runtime. */
async function evaluate(item: Omit<LossCase, 'expected' | 'gradient' | 'name'>) {
  const graph = new Graph();
  const x = graph.input('x', 'float32', item.shape);
  const target = graph.input('target', 'float32', item.shape);
  const weights = item.weights ? graph.input('weights', 'float32', [item.weights.length]) : undefined;
  const loss = losses[item.loss]!(x, target, { ...item.options, weights });
  const [dx] = gradients(loss, [x]);
  graph.output(loss, dx!);
  const count = item.target.length;
  const feeds: Record<string, Tensor> = {
    x: tensorOf('float32', item.shape, hashUniform('logits', count, -item.scale, item.scale)),
    target: tensorOf('float32', item.shape, item.target),
  };
  if (item.weights) feeds['weights'] = tensorOf('float32', [item.weights.length], item.weights);
  const results = await runGraph(graph, feeds);
  return { loss: results[loss.name]!, gradient: results[dx!.name]! };
}

describe('losses', () => {
  test.each(cases.map((item) => [item.loss, item.name, item] as const))('%s, %s', async (_, __, item) => {
    const { loss, gradient } = await evaluate(item);
    expect(loss.dims).toEqual([]);
    expect(Math.abs(toNumbers(loss)[0]! - item.expected)).toBeLessThan(2e-6 * Math.max(1, item.expected));
    toNumbers(gradient).forEach((value, i) => {
      expect(Math.abs(value - item.gradient[i]!)).toBeLessThan(1e-6);
    });
  });

  test('every loss has a case', () => {
    expect([...new Set(cases.map(({ loss }) => loss))].sort()).toEqual(Object.keys(losses).sort());
  });

  test.each([
    ['focal', 2],
    ['focal', 1],
    ['binaryFocalWithLogits', 0.5],
    ['binaryFocalWithLogits', 2],
  ])('%s with gamma %d stays finite where probabilities are 0 and 1', async (loss, gamma) => {
    const target = [1, 0, 0, 0, 1, 0];
    const result = await evaluate({
      loss,
      shape: [2, 3],
      scale: 200,
      options: { gamma },
      weights: null,
      target,
    });
    expect([...toNumbers(result.loss), ...toNumbers(result.gradient)].every(Number.isFinite)).toBe(true);
  });

  test.each<[string, object, RegExp]>([
    ['crossEntropy', { labelSmoothing: 1 }, /^LOSS_OPTION: labelSmoothing is 1/],
    ['crossEntropy', { classWeights: [1, 2] }, /^LOSS_OPTION: 2 class weights were given for 3 classes/],
    ['focal', { gamma: 0.5 }, /^LOSS_OPTION: gamma is 0.5/],
    ['binaryFocalWithLogits', { gamma: -1 }, /^LOSS_OPTION: gamma is -1/],
    ['huber', { delta: 0 }, /^LOSS_OPTION: delta is 0/],
  ])('%s refuses %o', (loss, options, message) => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 3]);
    const target = graph.input('target', 'float32', [2, 3]);
    expect(() => losses[loss]!(x, target, options)).toThrow(message);
  });
});
