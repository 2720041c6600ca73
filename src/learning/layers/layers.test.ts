import { describe, expect, test } from 'vitest';
import { hashParameter, hashUniform } from '../../../test/peers/hash-weights.ts';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { runGraph } from '../../../test/peers/run-graph.ts';
import { compileStep } from '../../engine/compile.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { elementCount, type Tensor, tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { silu } from './activation.ts';
import { selfAttention } from './attention.ts';
import { type BuildContext, buffer, createContext, parameter } from './build-context.ts';
import { conv } from './convolution.ts';
import { dropout, stochasticDepth } from './dropout.ts';
import type { PerAxis } from './extent.ts';
import { constant } from './initializers.ts';
import { linear } from './linear.ts';
import { batchNorm, groupNorm, instanceNorm, layerNorm } from './normalization.ts';
import { adaptiveAveragePool, averagePool, flatten, maxPool } from './pooling.ts';
import { squeezeExcitation } from './squeeze-excitation.ts';

interface LayerCase {
  readonly layer: string;
  readonly shape: readonly number[];
  readonly options: object;
  readonly infer: readonly number[];
  /** Outputs of three training steps, and the state after them. */
  readonly train?: readonly (readonly number[])[];
  readonly state?: Readonly<Record<string, readonly number[]>>;
}

type Layer = (context: BuildContext, name: string, x: Value, options: never) => Value;
const layers: Readonly<Record<string, Layer>> = {
  conv,
  linear,
  groupNorm,
  instanceNorm,
  layerNorm,
  batchNorm,
  maxPool: (_, __, x, options) => maxPool(x, options),
  averagePool: (_, __, x, options) => averagePool(x, options),
  adaptiveAveragePool: (_, __, x, { bins }: { bins: PerAxis }) => adaptiveAveragePool(x, bins),
  squeezeExcitation: (context, name, x, { squeezed }: { squeezed: number }) =>
    squeezeExcitation(context, name, x, { squeezed, activation: silu }),
  selfAttention: (context, name, x, options) => selfAttention(context, name, x, options).y,
};

const cases = learningFixture<LayerCase[]>('layers');
const named = cases.map((item) => [item.layer, JSON.stringify([item.shape, item.options]), item] as const);

/** Builds the layer, with the peer's numbers in place of its own. */
function build(item: LayerCase, mode: BuildContext['mode'], dynamic: boolean) {
  const drawn = new Graph();
  const first = createContext(drawn, mode, 1);
  layers[item.layer]!(first, 'it', drawn.input('x', 'float32', item.shape), item.options as never); // the case's own
  const tensors = new Map(
    [...first.parameters, ...first.buffers].map(({ name, constant: data }) => [
      name,
      hashParameter(name.replace('it.', ''), data!.dims),
    ]),
  );
  const graph = new Graph();
  const context = createContext(graph, mode, 1, { tensors, missing: 'error' });
  const x = graph.input('x', 'float32', dynamic ? ['N', ...item.shape.slice(1)] : item.shape);
  const y = layers[item.layer]!(context, 'it', x, item.options as never); // the case's own
  graph.output(y);
  return { graph, y };
}

const input = (name: string, shape: readonly number[]): Tensor =>
  tensorOf('float32', shape, hashUniform(name, elementCount(shape)));

function expectNear(actual: Tensor, expected: readonly number[], tolerance = 2e-6): void {
  const values = toNumbers(actual);
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `element ${i}`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(expected[i]!)),
    );
  });
}

describe('layers against PyTorch', () => {
  test.each(named)('%s %s, dynamic batch', async (_, __, item) => {
    const { graph, y } = build(item, 'infer', true);
    const results = await runGraph(graph, { x: input('x', item.shape) });
    expectNear(results[y.name]!, item.infer, 5e-6);
  });

  test.each(named.filter(([, , item]) => item.train))('%s %s, three training steps', async (_, __, item) => {
    const { graph, y } = build(item, 'train', false);
    const step = await compileStep(graph, { runtime: nodeRuntime, threads: 1 });
    for (const [i, expected] of item.train!.entries()) {
      const results = await step.run({ x: input(`x${i}`, item.shape) });
      expectNear(results[y.name]!, expected, 5e-6);
    }
    for (const [name, expected] of Object.entries(item.state!))
      expectNear(step.state.get(`it.${name}`), expected);
    await step.close();
  });
});

describe('dropout', () => {
  function dropped(mode: BuildContext['mode'], rate: number) {
    const graph = new Graph();
    const context = createContext(graph, mode, 1);
    const x = graph.input('x', 'float32', [2, 3]);
    return { graph, context, x, y: graph.scope('head', () => dropout(context, 'drop', x, rate)) };
  }

  test('multiplies by a mask that the loop fills', async () => {
    const { graph, context, y } = dropped('train', 0.25);
    expect(context.randomInputs).toEqual([{ name: 'head.drop.mask', shape: [2, 3], keepProbability: 0.75 }]);
    graph.output(y);
    const x = input('x', [2, 3]);
    const mask = tensorOf('float32', [2, 3], [0, 2, 0, 1, 1, 2]);
    const results = await runGraph(graph, { x, 'head.drop.mask': mask });
    const product = toNumbers(x).map((value, i) => Math.fround(value * toNumbers(mask)[i]!));
    expect(toNumbers(results[y.name]!)).toEqual(product);
  });

  test.each([
    ['infer', 0.5],
    ['train', 0],
  ] as const)('is the identity in %s at rate %d', (mode, rate) => {
    const { x, y, context } = dropped(mode, rate);
    expect(y).toBe(x);
    expect(context.randomInputs).toEqual([]);
  });

  test('stochastic depth leaves a branch out for whole images', async () => {
    const graph = new Graph();
    const context = createContext(graph, 'train', 1);
    const y = stochasticDepth(context, 'depth', graph.input('x', 'float32', [2, 3, 2]), 0.2);
    expect(context.randomInputs).toEqual([{ name: 'depth.mask', shape: [2, 1, 1], keepProbability: 0.8 }]);
    graph.output(y);
    const x = input('x', [2, 3, 2]);
    const results = await runGraph(graph, { x, 'depth.mask': tensorOf('float32', [2, 1, 1], [0, 1.25]) });
    const kept = toNumbers(x).map((value, i) => (i < 6 ? 0 : Math.fround(value * 1.25)));
    expect(toNumbers(results[y.name]!).map((value) => value + 0)).toEqual(kept);
    const inferred = createContext(graph, 'infer', 1);
    expect(stochasticDepth(inferred, 'depth', y, 0.2)).toBe(y);
    expect(() => stochasticDepth(context, 'depth', y, 1)).toThrow(/^LAYER_OPTION: stochasticDepth 'depth'/);
  });

  test.each([-0.1, 1, Number.NaN])('refuses rate %d', (rate) => {
    expect(() => dropped('train', rate)).toThrow(/^LAYER_OPTION: dropout 'drop' was given rate/);
  });
});

describe('what layers refuse', () => {
  const x = (...shape: (number | string)[]) => {
    const graph = new Graph();
    return { context: createContext(graph, 'train', 1), x: graph.input('x', 'float32', shape) };
  };
  test.each<[string, () => unknown, RegExp]>([
    [
      'heads that do not divide',
      () => {
        const a = x(2, 5, 12);
        return selfAttention(a.context, 'a', a.x, { heads: 5 });
      },
      /^LAYER_OPTION: selfAttention 'a' was given 5 heads for 12 channels/,
    ],
    [
      'channels unknown',
      () => {
        const a = x('N', 'C', 8);
        return conv(a.context, 'c', a.x, { channels: 2, kernel: 3 });
      },
      /^LAYER_SHAPE: conv 'c' was given 'x' \[N, C, 8\], and the size of axis 1 must be known/,
    ],
    [
      'no space',
      () => {
        const a = x(2, 3);
        return conv(a.context, 'c', a.x, { channels: 2, kernel: 3 });
      },
      /^LAYER_SHAPE: conv 'c' was given 'x' \[2, 3\], and expects \[N, C\] and one to three/,
    ],
    [
      'kernel of another rank',
      () => {
        const a = x(2, 3, 8);
        return conv(a.context, 'c', a.x, { channels: 2, kernel: [3, 3] });
      },
      /^LAYER_SHAPE: conv 'c' was given 2 sizes \[3,3\] for 1 spatial axes/,
    ],
    [
      'one value a channel',
      () => {
        const a = x(1, 3, 1, 1);
        return batchNorm(a.context, 'b', a.x);
      },
      /^LAYER_SHAPE: batchNorm 'b' was given \[1,3,1,1\]/,
    ],
    [
      'batch unknown in training',
      () => {
        const a = x('N', 3, 4, 4);
        return batchNorm(a.context, 'b', a.x);
      },
      /^SHAPE_NOT_STATIC/,
    ],
  ])('%s', (_, make, message) => expect(make).toThrow(message));
});

describe('parameters', () => {
  test('are named by scope, drawn from the seed and their name alone', () => {
    const drawn = (seed: number, before: boolean) => {
      const graph = new Graph();
      const context = createContext(graph, 'train', seed);
      const x = graph.input('x', 'float32', [2, 3]);
      if (before) linear(context, 'other', x, { outputs: 7 });
      graph.scope('layer1', () => graph.scope('0', () => linear(context, 'fc', x, { outputs: 4 })));
      return toNumbers(graph.initializers.get('layer1.0.fc.weight')!.constant!);
    };
    expect(drawn(5, true)).toEqual(drawn(5, false));
    expect(drawn(6, false)).not.toEqual(drawn(5, false));
  });

  test('given weights are taken by name', () => {
    const tensors = new Map([['a', tensorOf('float32', [2], [3, 4])]]);
    const graph = new Graph();
    const strict = createContext(graph, 'infer', 1, { tensors, missing: 'error' });
    expect(parameter(strict, 'a', [2], constant(0)).constant).toBe(tensors.get('a'));
    expect(() => parameter(strict, 'b', [2], constant(0))).toThrow(
      /^WEIGHTS_MISSING: the weights hold no 'b' \[2\]/,
    );
    expect(() =>
      graph.scope('s', () =>
        parameter(
          { ...strict, weights: { tensors: new Map([['s.a', tensors.get('a')!]]), missing: 'error' } },
          'a',
          [3],
          constant(0),
        ),
      ),
    ).toThrow(/^WEIGHTS_MISFIT: the weights' 's.a' is float32\[2\], the network's float32\[3\]/);
    const lenient = createContext(new Graph(), 'infer', 1, { tensors, missing: 'initialize' });
    expect(toNumbers(parameter(lenient, 'b', [2], constant(7)).constant!)).toEqual([7, 7]);
    expect(toNumbers(buffer(lenient, 'a', tensorOf('float32', [2], [0, 0])).constant!)).toEqual([3, 4]);
  });
});

test('flatten keeps the batch', () => {
  const graph = new Graph();
  expect(flatten(graph.input('x', 'float32', ['N', 3, 4, 5])).shape).toEqual(['N', 60]);
});
