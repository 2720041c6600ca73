import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileStep } from '../../src/engine/compile.ts';
import { gradients } from '../../src/engine/differentiate.ts';
import { add, mul, scalar, sub } from '../../src/engine/graph/build.ts';
import { Graph, type Value } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { staticShape } from '../../src/engine/graph/shape.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { elementCount, type Tensor, tensor, tensorOf, toNumbers } from '../../src/engine/tensor/tensor.ts';
import {
  type BuildContext,
  createContext,
  type GivenWeights,
} from '../../src/learning/layers/build-context.ts';
import { crossEntropy } from '../../src/learning/losses/cross-entropy.ts';
import { resamplePositions } from '../../src/learning/networks/position-embedding.ts';
import { networkForSize, networkNamed, networks } from '../../src/learning/networks/registry.ts';
import { adamW } from '../../src/learning/optimizers/adam.ts';
import { compileTrainingStep } from '../../src/learning/training/step.ts';
import { hashUniform } from '../peers/hash-weights.ts';
import { learningFixture } from '../peers/learning-fixture.ts';
import { hashedWeights, type Named, narrowNetwork, onesFor, statedWeights } from '../peers/network-case.ts';

interface NetworkCase {
  readonly network: string;
  /** Channels and size of an image. */
  readonly shape: readonly [number, number, number];
  readonly outputs: number;
  readonly batch: number;
  /** Those of the whole network; values are compared with dense layers of `hidden`, where it is stated. */
  readonly parameters: readonly Named[];
  readonly buffers: readonly Named[];
  readonly hidden?: number;
  /** Standard deviation of each parameter as the peer draws it. */
  readonly deviations: readonly number[];
  /** Logits of the peer's network with hashed weights and images, in double precision. */
  readonly expected: readonly number[];
  /** Of the first image, by name. */
  readonly attention?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly first: readonly number[] }>
  >;
  /** Losses before and after a step of gradient descent, and the logits of side branches before it. */
  readonly training: {
    readonly rate: number;
    readonly losses: readonly [number, number];
    readonly auxiliary: readonly (readonly number[])[];
    /** How far the peer's own step in single precision ends from it, as a share of the loss. */
    readonly single: number;
  };
}

const cases = learningFixture<NetworkCase[]>('networks');
const caseOf = (name: string): NetworkCase => cases.find(({ network }) => network === name)!;

interface BuildOptions {
  readonly mode: BuildContext['mode'];
  readonly weights?: GivenWeights;
  readonly seed?: number;
  readonly narrow?: boolean;
  readonly size?: readonly [number, number];
}

function build(item: NetworkCase, { mode, weights, seed = 1, narrow = false, size }: BuildOptions) {
  const graph = new Graph();
  const context = createContext(graph, mode, seed, weights);
  const [channels, ...own] = item.shape;
  const x = graph.input('x', 'float32', [mode === 'infer' ? 'N' : 2, channels, ...(size ?? own)]);
  const network = (narrow && narrowNetwork(item.network, item.hidden)) || networkNamed(item.network).network;
  return { graph, context, logits: network(context, x, { outputs: item.outputs }) };
}

const shapes = (values: BuildContext['parameters']): Named[] =>
  values.map(({ name, constant }) => [name, constant!.dims]);

test('every network has a case', () => {
  expect(cases.map(({ network }) => network).sort()).toEqual([...networks.keys()].sort());
});

/** Parameters whose shape depends on the size of the image. */
const sized = new Set(['pos_embed', 'small-cnn/fc1.weight']);

const statedOf = ({ network, parameters, buffers }: NetworkCase, fixedSize = true): GivenWeights =>
  statedWeights(
    [...parameters, ...buffers].filter(
      ([name]) => fixedSize || !(sized.has(name) || sized.has(`${network}/${name}`)),
    ),
  );

/** Larger tensors are given, so that the rest is drawn: drawing millions of numbers would prove no more. */
const DRAWN = 50_000;

describe.each(cases.map((item) => [item.network, item] as const))('%s', (_, item) => {
  const none: GivenWeights = { tensors: new Map(), missing: 'error' };
  let weights = none;
  beforeAll(() => {
    weights = hashedWeights([...item.parameters, ...item.buffers], item.hidden);
  });
  afterAll(() => {
    weights = none; // what the next network needs the memory for
  });

  test("has the peer's parameters and buffers, in the peer's order, and a gradient for each parameter", () => {
    const { graph, context, logits } = build(item, { mode: 'train', weights: statedOf(item) });
    expect(shapes(context.parameters)).toEqual(item.parameters);
    expect(shapes(context.buffers)).toEqual(item.buffers);
    const { head } = networkNamed(item.network);
    expect(context.parameters.find(({ name }) => name === `${head}.weight`)?.shape?.[0]).toBe(item.outputs);
    const found = gradients(lossOf(context, logits, graph), context.parameters);
    expect(found.map((gradient) => gradient?.shape)).toEqual(item.parameters.map(([, shape]) => shape));
    // Everything that is state is updated: running statistics by the network, parameters later by the optimizer.
    expect([...graph.updates.keys()].map(({ name }) => name)).toEqual(item.buffers.map(([name]) => name));
  });

  test('takes images of its smallest and of its designed size', () => {
    const { minimumSize, defaultSize } = networkNamed(item.network);
    for (const size of [minimumSize, defaultSize]) {
      const { logits } = build(item, { mode: 'infer', weights: statedOf(item, false), size: [size, size] });
      expect(logits.shape).toEqual(['N', item.outputs]);
    }
  });

  test("gives the peer's logits, from its file, at batch sizes 1 and 3", async () => {
    const { graph, context, logits } = build(item, { mode: 'infer', weights, narrow: true });
    expect(logits.shape).toEqual(['N', item.outputs]);
    expect(context.auxiliary).toEqual([]);
    expect([...context.attention.keys()]).toEqual(Object.keys(item.attention ?? {}));
    graph.output(logits, ...context.attention.values());
    const session = await nodeRuntime.open(writeOnnx(expandComposites(graph)), { threads: 2 });
    for (const count of [1, item.batch]) {
      const found = await session.run({ x: imagesOf(item, count) });
      const actual = toNumbers(found[logits.name]!);
      expect(actual.length).toBe(count * item.outputs);
      expectNear(actual, item.expected.slice(0, actual.length), item.expected, 2e-5);
      for (const [name, { shape, first }] of Object.entries(item.attention ?? {})) {
        const map = found[context.attention.get(name)!.name]!;
        expect(map.dims).toEqual([count, ...shape]);
        expectNear(toNumbers(map).slice(0, first.length), first, first, 2e-5);
      }
    }
    await session.close();
  });

  test('draws its first weights as the peer does: the same from the same seed, others from another', () => {
    const drawn = (seed: number) =>
      build(item, { mode: 'train', weights: small(weights), seed, narrow: true });
    const [once, again, other] = [7, 7, 8].map((seed) =>
      drawn(seed).context.parameters.map(({ constant }) => constant!),
    ) as [Tensor[], Tensor[], Tensor[]]; // of three seeds
    const own = once.flatMap(({ data }, i) => (data.length <= DRAWN ? [i] : []));
    expect(own.every((i) => same(once[i]!, again[i]!))).toBe(true);
    const random = own.filter((i) => item.deviations[i]! > 0);
    expect(random.length).toBeGreaterThan(1);
    expect(random.some((i) => same(once[i]!, other[i]!))).toBe(false);
    for (const i of own) expectDeviation(once[i]!, item.deviations[i]!, item.parameters[i]![0]);
  });

  test('steps as the peer does: the same loss before, a lower one after', async () => {
    const { losses, sides } = await twoSteps(item, weights);
    const { training } = item;
    expect(sides.length).toBe(training.auxiliary.length);
    sides.forEach((side, i) => {
      expectNear(side, training.auxiliary[i]!, training.auxiliary[i]!, 2e-4);
    });
    expect(losses[1]!).toBeLessThan(losses[0]!);
    // A hundred layers of batch normalisation over few places magnify rounding, the peer's as well as ours.
    expectNear(losses, training.losses, training.losses, 1e-4 + 3 * training.single);
  });
});

/** Cross-entropy, and that of the side branches by their weight. */
function lossOf(context: BuildContext, logits: Value, graph: Graph): Value {
  const target = graph.input('target', 'float32', staticShape(logits));
  return context.auxiliary.reduce(
    (loss, side) => add(loss, mul(scalar(graph, side.weight), crossEntropy(side.logits, target))),
    crossEntropy(logits, target),
  );
}

/** Two runs of a step of gradient descent in which nothing is dropped. */
async function twoSteps(item: NetworkCase, weights: GivenWeights) {
  const { graph, context, logits } = build(item, { mode: 'train', weights, narrow: true });
  const loss = lossOf(context, logits, graph);
  const rate = graph.input('rate', 'float32', []);
  const found = gradients(loss, context.parameters);
  context.parameters.forEach((value, i) => {
    graph.update(value, sub(value, mul(rate, found[i]!)));
  });
  graph.output(loss, ...context.auxiliary.map((side) => side.logits));
  const step = await compileStep(graph, { runtime: nodeRuntime, threads: 2 });
  const target = new Float32Array(2 * item.outputs);
  target[1] = 1;
  target[item.outputs + 3] = 1;
  const feeds = {
    x: tensorOf('float32', [2, ...item.shape], hashUniform('training images', 2 * elementCount(item.shape))),
    target: tensor('float32', [2, item.outputs], target),
    rate: tensorOf('float32', [], [item.training.rate]),
    ...onesFor(context.randomInputs),
  };
  const losses: number[] = [];
  let sides: number[][] = [];
  for (let i = 0; i < 2; i++) {
    const results = await step.run(feeds);
    losses.push(Number(results[loss.name]!.data[0]));
    if (i === 0) sides = context.auxiliary.map((side) => toNumbers(results[side.logits.name]!));
  }
  await step.close();
  return { losses, sides };
}

function imagesOf({ shape, batch }: NetworkCase, count: number): Tensor {
  const images = hashUniform('images', batch * elementCount(shape));
  return tensorOf('float32', [count, ...shape], images.subarray(0, count * elementCount(shape)));
}

/** Each within `share` of the largest of `scale`. */
function expectNear(
  actual: readonly number[],
  expected: readonly number[],
  scale: readonly number[],
  share: number,
): void {
  expect(actual.length).toBe(expected.length);
  const largest = scale.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(worst / largest).toBeLessThan(share);
}

/** Zero exactly where the peer's is, else as near as two samples of that many are. */
function expectDeviation({ data }: Tensor, expected: number, name: string): void {
  const values = Array.from(data as Float32Array); // parameters are float32
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  if (expected === 0 || values.length === 1) expect(Math.sqrt(variance), name).toBe(expected);
  else expect(Math.abs(Math.sqrt(variance) / expected - 1), name).toBeLessThan(6 / Math.sqrt(values.length));
}

/** Only the large ones. */
const small = ({ tensors }: GivenWeights): GivenWeights => ({
  tensors: new Map([...tensors].filter(([, { data }]) => data.length > DRAWN)),
  missing: 'initialize',
});

const same = (a: Tensor, b: Tensor): boolean => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

const bytesOf = ({ data }: Tensor): Uint8Array => {
  const { buffer, byteOffset, byteLength } = data as Float32Array; // parameters are float32
  return new Uint8Array(buffer, byteOffset, byteLength);
};

describe('training with what is drawn', () => {
  // One with dropout alone, one with stochastic depth too.
  test.each(['squeezenet-1.1', 'efficientnet-b0'])(
    '%s goes the same way twice, and its loss falls',
    async (name) => {
      const item = caseOf(name);
      const run = async () => {
        const step = await compileTrainingStep(
          {
            seed: 3,
            optimizer: adamW(),
            build: (context) => {
              const x = context.graph.input('x', 'float32', [2, ...item.shape]);
              const logits = networkNamed(name).network(context, x, { outputs: item.outputs });
              return lossOf(context, logits, context.graph);
            },
          },
          { runtime: nodeRuntime, threads: 1 },
        );
        const target = new Float32Array(2 * item.outputs);
        target[1] = 1;
        target[item.outputs + 3] = 1;
        const feeds = {
          x: tensorOf(
            'float32',
            [2, ...item.shape],
            hashUniform('training images', 2 * elementCount(item.shape)),
          ),
          target: tensor('float32', [2, item.outputs], target),
        };
        const losses: number[] = [];
        for (let i = 0; i < 6; i++) {
          losses.push(await step.run(feeds, 1e-3, { epoch: 0, step: i, last: i === 5 }));
        }
        await step.close();
        return losses;
      };
      const losses = await run();
      expect(await run()).toEqual(losses);
      expect(Math.min(...losses.slice(3))).toBeLessThan(losses[0]!);
    },
  );
});

interface PositionsCase {
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
  readonly width: number;
  readonly expected: readonly number[];
}

describe('position embeddings for other sizes', () => {
  const positions = learningFixture<PositionsCase[]>('positions');

  test.each(positions.map((item) => [item.before, item.after, item] as const))(
    'from %o to %o as timm resamples them',
    (before, after, { width, expected }) => {
      const dims = [1, 1 + before[0] * before[1], width];
      const found = resamplePositions(
        tensorOf('float32', dims, hashUniform('positions', elementCount(dims))),
        after,
        before,
      );
      expect(found.dims).toEqual([1, 1 + after[0] * after[1], width]);
      expectNear(toNumbers(found), expected, expected, 1e-6);
    },
  );

  test('refuses what is no embedding of that grid', () => {
    const embedding = tensor('float32', [1, 7, 2], new Float32Array(14));
    expect(() => resamplePositions(embedding, [4, 4])).toThrow(/^WEIGHTS_MISFIT: .*\[1,7,2\].*grid of 2 x 2/);
  });
});

describe('choosing', () => {
  test.each([
    ['resnet18', 224, 'resnet18'],
    ['resnet18', 112, 'resnet18'],
    ['resnet18', 64, 'resnet18-small'],
    ['small-cnn', 28, 'small-cnn'],
  ])('%s for %d pixels is %s', (name, size, chosen) => {
    expect(networkForSize(name, size).name).toBe(chosen);
  });

  test.each([
    ['squeezenet1_0', 'squeezenet-1.0'],
    ['mobilenet_v2', 'mobilenet-v2'],
    ['vgg16_bn', 'vgg16-bn'],
    ['efficientnet_b0', 'efficientnet-b0'],
    ['vit_small_patch16_224', 'vit-s16'],
  ])('%s, as its peer spells it, is %s', (name, chosen) => expect(networkNamed(name).name).toBe(chosen));

  test.each<[() => unknown, RegExp]>([
    [() => networkNamed('resnet19'), /^NETWORK_UNKNOWN: there is no network 'resnet19'.*resnet18, /],
    [
      () => networkForSize('small-cnn', 3),
      /^NETWORK_INPUT: 'small-cnn' takes images of at least 4 pixels a side, and was given 3/,
    ],
    [
      () => build(caseOf('vit-s16'), { mode: 'infer', size: [100, 64] }),
      /^NETWORK_INPUT: .*patches of 16 x 16.*given 100 x 64.*such as 96 x 64/,
    ],
  ])('refuses what does not fit', (choose, message) => expect(choose).toThrow(message));
});
