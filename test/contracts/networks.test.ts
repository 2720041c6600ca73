import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/engine/differentiate.ts';
import { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { type Tensor, tensorOf, toNumbers } from '../../src/engine/tensor/tensor.ts';
import {
  type BuildContext,
  createContext,
  type GivenWeights,
} from '../../src/learning/layers/build-context.ts';
import { crossEntropy } from '../../src/learning/losses/cross-entropy.ts';
import { networkForSize, networkNamed, networks } from '../../src/learning/networks/registry.ts';
import { hashParameter, hashUniform } from '../peers/hash-weights.ts';
import { learningFixture } from '../peers/learning-fixture.ts';

type Named = readonly [name: string, shape: readonly number[]];

interface NetworkCase {
  readonly network: string;
  readonly channels: number;
  readonly size: number;
  readonly outputs: number;
  readonly batch: number;
  readonly parameters: readonly Named[];
  readonly buffers: readonly Named[];
  /** Logits of torchvision's network with hashed weights and images, in double precision. */
  readonly expected: readonly number[];
}

const cases = learningFixture<NetworkCase[]>('networks');

function build(item: NetworkCase, mode: BuildContext['mode'], seed = 1, weights?: GivenWeights) {
  const graph = new Graph();
  const context = createContext(graph, mode, seed, weights);
  const batch = mode === 'infer' ? 'N' : item.batch;
  const x = graph.input('x', 'float32', [batch, item.channels, item.size, item.size]);
  const logits = networkNamed(item.network).network(context, x, { outputs: item.outputs });
  return { graph, context, logits };
}

const hashed = ({ parameters, buffers }: NetworkCase): GivenWeights => ({
  tensors: new Map([...parameters, ...buffers].map(([name, shape]) => [name, hashParameter(name, shape)])),
  missing: 'error',
});

const shapes = (values: BuildContext['parameters']): Named[] =>
  values.map(({ name, constant }) => [name, constant!.dims]);

test('every network has a case', () => {
  expect(cases.map(({ network }) => network).sort()).toEqual([...networks.keys()].sort());
});

/** What is large, so that the rest is drawn: drawing millions of numbers would prove no more. */
const large = ({ tensors }: GivenWeights): GivenWeights => ({
  tensors: new Map([...tensors].filter(([, { data }]) => data.length > 50_000)),
  missing: 'initialize',
});

describe.each(cases.map((item) => [item.network, item] as const))('%s', (_, item) => {
  const weights = hashed(item);

  test("has the peer's parameters and buffers, in the peer's order", () => {
    const { context } = build(item, 'train', 1, weights);
    expect(shapes(context.parameters)).toEqual(item.parameters);
    expect(shapes(context.buffers)).toEqual(item.buffers);
  });

  test("gives the peer's logits, from its file, at batch sizes 1 and 3", async () => {
    const { graph, logits } = build(item, 'infer', 1, weights);
    expect(logits.shape).toEqual(['N', item.outputs]);
    graph.output(logits);
    const file = writeOnnx(expandComposites(graph));
    const session = await nodeRuntime.open(file, { threads: 1 });
    const perImage = item.channels * item.size ** 2;
    const images = hashUniform('images', item.batch * perImage);
    const run = async (count: number): Promise<number[]> => {
      const dims = [count, item.channels, item.size, item.size];
      const feeds: Record<string, Tensor> = {
        x: tensorOf('float32', dims, images.subarray(0, count * perImage)),
      };
      return toNumbers((await session.run(feeds))[logits.name]!);
    };
    const largest = Math.max(...item.expected.map(Math.abs));
    for (const count of [1, item.batch]) {
      const actual = await run(count);
      expect(actual.length).toBe(count * item.outputs);
      actual.forEach((value, i) => {
        expect(Math.abs(value - item.expected[i]!) / largest).toBeLessThan(2e-5);
      });
    }
    await session.close();
  });

  test('draws the same weights from the same seed, others from another', () => {
    const drawn = (seed: number) =>
      build(item, 'infer', seed, large(weights)).context.parameters.map(({ constant }) => constant!);
    const [once, again, other] = [drawn(7), drawn(7), drawn(8)];
    const same = (a: Tensor, b: Tensor) => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
    expect(once.every((value, i) => same(value, again[i]!))).toBe(true);
    const drawnOnes = once.flatMap(({ dims, data }, i) =>
      dims.length > 1 && data.length <= 50_000 ? [i] : [],
    );
    expect(drawnOnes.length).toBeGreaterThan(1);
    expect(drawnOnes.some((i) => same(once[i]!, other[i]!))).toBe(false);
  });

  test('has a gradient for every parameter, of its shape', () => {
    const { graph, context, logits } = build(item, 'train', 1, weights);
    const target = graph.input('target', 'float32', [item.batch, item.outputs]);
    const found = gradients(crossEntropy(logits, target), context.parameters);
    expect(found.map((gradient) => gradient?.shape)).toEqual(item.parameters.map(([, shape]) => shape));
    // Everything that is state is updated: running statistics by the network, parameters later by the optimizer.
    expect([...graph.updates.keys()].map(({ name }) => name)).toEqual(item.buffers.map(([name]) => name));
  });
});

const bytesOf = ({ data }: Tensor): Uint8Array => {
  const { buffer, byteOffset, byteLength } = data as Float32Array; // parameters are float32
  return new Uint8Array(buffer, byteOffset, byteLength);
};

describe('choosing', () => {
  test.each([
    ['resnet18', 224, 'resnet18'],
    ['resnet18', 112, 'resnet18'],
    ['resnet18', 64, 'resnet18-small'],
    ['small-cnn', 28, 'small-cnn'],
  ])('%s for %d pixels is %s', (name, size, chosen) => {
    expect(networkForSize(name, size).name).toBe(chosen);
  });

  test.each<[() => unknown, RegExp]>([
    [() => networkNamed('resnet19'), /^NETWORK_UNKNOWN: there is no network 'resnet19'.*resnet18, /],
    [
      () => networkForSize('small-cnn', 3),
      /^NETWORK_INPUT: 'small-cnn' takes images of at least 4 pixels a side, and was given 3/,
    ],
  ])('refuses what does not fit', (choose, message) => expect(choose).toThrow(message));
});
