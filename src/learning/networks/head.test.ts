import { describe, expect, test } from 'vitest';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { elementCount, tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import { relu } from '../layers/activation.ts';
import { type BuildContext, createContext, type GivenWeights } from '../layers/build-context.ts';
import { conv } from '../layers/convolution.ts';
import { flatten, globalAveragePool } from '../layers/pooling.ts';
import { features, headOf } from './head.ts';
import { networkNamed, networks } from './registry.ts';

const made = (shape: readonly number[], weights?: GivenWeights) => {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1, weights);
  return { graph, context, x: graph.input('x', 'float32', ['N', ...shape]) };
};

interface NetworkCase {
  readonly network: string;
  /** Channels, height and width of an image. */
  readonly shape: readonly number[];
  readonly outputs: number;
  readonly parameters: readonly (readonly [name: string, shape: readonly number[]])[];
}

/** Zeros, so that no time goes into drawing millions of numbers. */
const zeroWeights = ({ parameters }: NetworkCase, prefix: string): GivenWeights => ({
  tensors: new Map(
    parameters.map(([name, shape]) => [
      `${prefix}${name}`,
      tensor('float32', shape, new Float32Array(elementCount(shape))),
    ]),
  ),
  missing: 'initialize',
});

const cases = learningFixture<NetworkCase[]>('networks').filter(({ network }) => networks.has(network));

describe.each(cases.map((item) => [item.network, item] as const))('%s', (_, item) => {
  const entry = networkNamed(item.network);

  test('has the head that the registry names', () => {
    const { context, x } = made(item.shape, zeroWeights(item, ''));
    const { weight, bias } = headOf(entry.network(context, x, { outputs: item.outputs }));
    expect([weight.name, bias?.name]).toEqual([`${entry.head}.weight`, `${entry.head}.bias`]);
  });

  test('without its head gives features, and nothing of the head is left', () => {
    const { graph, context, x } = made(item.shape, zeroWeights(item, 'backbone.'));
    const y = graph.scope('backbone', () => features(context, entry, x));
    expect(y.shape).toEqual(['N', expect.any(Number)]);
    const names = [...context.parameters, ...graph.initializers.values()].map(({ name }) => name);
    expect(names.filter((name) => name.startsWith(`backbone.${entry.head}.`))).toEqual([]);
    const ran = graph.nodes.map(({ name }) => name);
    expect(ran.filter((name) => name.startsWith(`backbone.${entry.head}.`))).toEqual([]);
  });
});

test('a convolution followed by pooling is a head, as in SqueezeNet', () => {
  const { context, x } = made([1, 8, 8]);
  const network = (inner: BuildContext, image: Value, { outputs }: { readonly outputs: number }) => {
    const y = relu(conv(inner, 'body', image, { channels: 6, kernel: 3 }));
    return flatten(globalAveragePool(relu(conv(inner, 'classifier.1', y, { channels: outputs, kernel: 1 }))));
  };
  const y = features(context, { network, head: 'classifier.1' }, x);
  expect(y.shape).toEqual(['N', 6]);
  expect(context.parameters.map(({ name }) => name)).toEqual(['body.weight', 'body.bias']);
});

test('a MatMul with an Add is a head, as in files of Keras', () => {
  const { graph, x } = made([1, 2, 2]);
  const weight = graph.initializer('w', tensorOf('float32', [4, 3], new Array(12).fill(0)));
  const bias = graph.initializer('b', tensorOf('float32', [3], [0, 0, 0]));
  const y = graph.op('Softmax', [graph.op('Add', [bias, graph.op('MatMul', [flatten(x), weight])])]);
  const head = headOf(y);
  expect(head).toMatchObject({ weight, bias });
  expect(head.after.map(({ op }) => op)).toEqual(['Add', 'Softmax']);
});

test.each<[string, (x: Value) => Value, RegExp]>([
  ['an input alone', (x) => x, /^HEAD_NOT_FOUND: .*it ends at 'x'/],
  ['two branches', (x) => x.graph.op('Add', [relu(x), x]), /^HEAD_NOT_FOUND: .*joins two branches/],
  ['attention', (x) => x.graph.op('MatMul', [x, x]), /^HEAD_NOT_FOUND: .*two computed values/],
])('%s has no head', (_, build, message) => {
  expect(() => headOf(build(made([1, 4, 4]).x))).toThrow(message);
});

test('weights that lack a part of the backbone are refused, and need not hold the head', () => {
  const entry = networkNamed('compact-cnn');
  const first = made([1, 32, 32]);
  features(first.context, entry, first.x);
  const tensors = new Map(
    [...first.context.parameters, ...first.context.buffers].map((value) => [value.name, value.constant!]),
  );
  const again = (given: typeof tensors) => {
    const { context, x } = made([1, 32, 32], { tensors: given, missing: 'error' });
    features(context, entry, x);
    return context.parameters;
  };
  expect(again(tensors).every(({ name, constant }) => tensors.get(name) === constant)).toBe(true);
  tensors.delete('bn2.running_var');
  expect(() => again(tensors)).toThrow(/^WEIGHTS_MISSING: the weights hold no 'bn2.running_var' \[32\]/);
});
