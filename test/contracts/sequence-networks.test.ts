import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { elementCount, tensorOf, toNumbers } from '../../src/engine/tensor/tensor.ts';
import {
  type BuildContext,
  createContext,
  type GivenWeights,
} from '../../src/learning/layers/build-context.ts';
import { crossEntropy } from '../../src/learning/losses/cross-entropy.ts';
import { features, headOf } from '../../src/learning/networks/head.ts';
import { networkOfRank, networksOfOtherRanks } from '../../src/learning/networks/other-ranks.ts';
import { adamW } from '../../src/learning/optimizers/adam.ts';
import { compileTrainingStep } from '../../src/learning/training/step.ts';
import { hashParameter, hashUniform } from '../peers/hash-weights.ts';
import { learningFixture } from '../peers/learning-fixture.ts';

type Named = readonly [name: string, shape: readonly number[]];

interface NetworkCase {
  readonly network: string;
  /** Channels and sizes of the input. */
  readonly shape: readonly number[];
  readonly outputs: number;
  readonly batch: number;
  readonly parameters: readonly Named[];
  readonly buffers: readonly Named[];
  readonly expected: readonly number[];
}

const cases = learningFixture<NetworkCase[]>('sequences-networks');
const entryOf = (item: NetworkCase) => networksOfOtherRanks.get(item.network)!; // every case has one, tested below

const hashed = ({ parameters, buffers }: NetworkCase): GivenWeights => ({
  tensors: new Map([...parameters, ...buffers].map(([name, shape]) => [name, hashParameter(name, shape)])),
  missing: 'error',
});

function build(item: NetworkCase, mode: BuildContext['mode'], weights?: GivenWeights) {
  const graph = new Graph();
  const context = createContext(graph, mode, 1, weights);
  const x = graph.input('x', 'float32', [mode === 'infer' ? 'N' : item.batch, ...item.shape]);
  return { graph, context, x };
}

test('every network has a case', () => {
  expect([...new Set(cases.map(({ network }) => network))].sort()).toEqual(
    [...networksOfOtherRanks.keys()].sort(),
  );
  for (const item of cases) expect(item.shape.length - 1).toBe(entryOf(item).spatialRank);
});

describe.each(cases.map((item) => [`${item.network} of [${item.shape}]`, item] as const))('%s', (_, item) => {
  const weights = hashed(item);
  const { network, head } = entryOf(item);

  test("has the peer's parameters and buffers, in the peer's order, and the head that is named", () => {
    const { context, x } = build(item, 'train', weights);
    const logits = network(context, x, { outputs: item.outputs });
    const shapes = (values: BuildContext['parameters']) =>
      values.map(({ name, constant }) => [name, constant!.dims]);
    expect(shapes(context.parameters)).toEqual(item.parameters);
    expect(shapes(context.buffers)).toEqual(item.buffers);
    expect(headOf(logits).weight.name).toBe(`${head}.weight`);
  });

  test("gives the peer's logits, from its file, at batch sizes 1 and 3", async () => {
    const { graph, context, x } = build(item, 'infer', weights);
    const logits = network(context, x, { outputs: item.outputs });
    expect(logits.shape).toEqual(['N', item.outputs]);
    graph.output(logits);
    const session = await nodeRuntime.open(writeOnnx(expandComposites(graph)), { threads: 1 });
    const size = elementCount(item.shape);
    const values = hashUniform('x', item.batch * size);
    const largest = Math.max(...item.expected.map(Math.abs));
    for (const count of [1, item.batch]) {
      const feeds = {
        x: tensorOf('float32', [count, ...item.shape], values.subarray(0, count * size)),
      };
      const actual = toNumbers((await session.run(feeds))[logits.name]!);
      expect(actual.length).toBe(count * item.outputs);
      actual.forEach((value, i) => {
        expect(Math.abs(value - item.expected[i]!) / largest).toBeLessThan(2e-5);
      });
    }
    await session.close();
  });

  test('without its head gives features', () => {
    const { context, x } = build(item, 'infer', weights);
    const y = features(context, { network, head }, x);
    expect(y.shape).toEqual(['N', item.parameters.find(([name]) => name === `${head}.weight`)![1][1]]);
  });

  test('steps lower the loss', async () => {
    // The volumes are small: 33 million parameters are enough to do.
    const shape = entryOf(item).spatialRank === 3 ? [item.shape[0]!, 4, 8, 8] : item.shape;
    const step = await compileTrainingStep(
      {
        seed: 1,
        optimizer: adamW(),
        build(outer) {
          // The peer's weights, so that no time goes into drawing millions of numbers.
          const context = { ...outer, weights };
          const x = context.graph.input('x', 'float32', [item.batch, ...shape]);
          const target = context.graph.input('target', 'float32', [item.batch, item.outputs]);
          return crossEntropy(network(context, x, { outputs: item.outputs }), target);
        },
      },
      { runtime: nodeRuntime },
    );
    const feeds = {
      x: tensorOf('float32', [item.batch, ...shape], hashUniform('x', item.batch * elementCount(shape))),
      target: tensorOf('float32', [3, 5], [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]),
    };
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) losses.push(await step.run(feeds, 1e-3, { epoch: 0, step: i, last: false }));
    await step.close();
    expect(losses[2]).toBeLessThan(losses[0]! * 0.9);
  });
});

test.each<[string, 1 | 3, RegExp]>([
  ['resnet18-3d', 1, /^NETWORK_UNKNOWN: .*for signals. Choose one of: lstm, gru, inception-time/],
  ['resnet18', 3, /^NETWORK_UNKNOWN: .*for volumes. Choose one of: resnet18-3d/],
])('there is no %s of rank %d', (name, rank, message) => {
  expect(() => networkOfRank(name, rank)).toThrow(message);
});
