import { describe, expect, test } from 'vitest';
import { hashParameter, hashUniform } from '../../../test/peers/hash-weights.ts';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { runGraph } from '../../../test/peers/run-graph.ts';
import { gradients } from '../../engine/differentiate.ts';
import { add, mul, reduceSum } from '../../engine/graph/build.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { type Tensor, tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { createContext, type GivenWeights } from './build-context.ts';
import { gru, lstm, type RecurrentOptions } from './recurrent.ts';

interface RecurrentCase {
  readonly kind: 'lstm' | 'gru';
  readonly options: RecurrentOptions;
  readonly lengths: readonly number[] | null;
  readonly parameters: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly sequence: readonly number[];
  readonly last: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const cases = learningFixture<RecurrentCase[]>('sequences-layers');
const layers = { lstm, gru };
const dims = [3, 5, 6];

const titleOf = ({ kind, options, lengths }: RecurrentCase): string =>
  `${kind} ${JSON.stringify(options)}${lengths ? ', lengths' : ''}`;

function build(item: RecurrentCase, batch: number | 'N') {
  const graph = new Graph();
  const weights: GivenWeights = {
    tensors: new Map(item.parameters.map(([name, shape]) => [name, hashParameter(name, shape)])),
    missing: 'error',
  };
  const context = createContext(graph, batch === 'N' ? 'infer' : 'train', 1, weights);
  const x = graph.input('x', 'float32', [batch, 5, 6]);
  const lengths = item.lengths ? { lengths: graph.input('lengths', 'int32', [batch]) } : {};
  const output = layers[item.kind](context, 'rnn', x, { ...item.options, ...lengths });
  const feeds: Record<string, Tensor> = { x: tensorOf('float32', dims, hashUniform('x', 90)) };
  if (item.lengths) feeds.lengths = tensorOf('int32', [3], item.lengths);
  return { graph, context, feeds, ...output };
}

const furthest = (found: Tensor, expected: readonly number[]): number => {
  expect(found.data.length).toBe(expected.length);
  return Math.max(...toNumbers(found).map((value, i) => Math.abs(value - expected[i]!)));
};

describe.each(cases.map((item) => [titleOf(item), item] as const))('%s', (_, item) => {
  const width = (item.options.bidirectional ? 2 : 1) * item.options.hidden;

  test("gives PyTorch's sequence and last state, for any batch", async () => {
    const { graph, feeds, sequence, last } = build(item, 'N');
    expect([sequence.shape, last.shape]).toEqual([
      ['N', 5, width],
      ['N', width],
    ]);
    graph.output(sequence, last);
    const found = await runGraph(graph, feeds);
    expect(furthest(found[sequence.name]!, item.sequence)).toBeLessThan(1e-6);
    expect(furthest(found[last.name]!, item.last)).toBeLessThan(1e-6);
  });

  test("has PyTorch's parameters in PyTorch's order, and its gradients", async () => {
    const { graph, context, feeds, sequence, last } = build(item, 3);
    expect(context.parameters.map(({ name, constant }) => [name, constant!.dims])).toEqual(item.parameters);
    const weighted = (value: Value, name: string) => {
      const shape = value.shape as readonly number[]; // fixed in 'train'
      const count = shape.reduce((product, size) => product * size, 1);
      const weights = graph.constant(tensorOf('float32', shape, hashUniform(name, count)));
      return reduceSum(
        mul(value, weights),
        shape.map((_, axis) => axis),
      );
    };
    const loss = add(weighted(sequence, 'weights'), weighted(last, 'last weights'));
    const found = gradients(loss, context.parameters) as Value[]; // all of them take part
    graph.output(...found);
    const results = await runGraph(graph, feeds);
    found.forEach(({ name }, i) => {
      expect(furthest(results[name]!, item.gradients[i]!), context.parameters[i]!.name).toBeLessThan(1e-5);
    });
  });
});

test('drops between layers alone, and in training alone', () => {
  const masks = (mode: 'train' | 'infer') => {
    const graph = new Graph();
    const context = createContext(graph, mode, 1);
    lstm(context, 'rnn', graph.input('x', 'float32', dims), { hidden: 4, layers: 3, dropout: 0.5 });
    return context.randomInputs.map(({ name, shape }) => [name, shape]);
  };
  expect(masks('infer')).toEqual([]);
  expect(masks('train')).toEqual([
    ['rnn.dropout0.mask', [5, 3, 4]],
    ['rnn.dropout1.mask', [5, 3, 4]],
  ]);
});

test.each<[string, readonly number[], RecurrentOptions, RegExp]>([
  ['an image', [1, 1, 4, 4], { hidden: 2 }, /^LAYER_SHAPE: lstm 'rnn' was given a value of rank 4/],
  ['no hidden state', dims, { hidden: 0 }, /^LAYER_OPTION: lstm 'rnn' was given hidden 0 and layers 1/],
  ['half a layer', dims, { hidden: 2, layers: 0.5 }, /^LAYER_OPTION: .*layers 0.5/],
])('refuses %s', (_, shape, options, message) => {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1);
  expect(() => lstm(context, 'rnn', graph.input('x', 'float32', shape), options)).toThrow(message);
});
