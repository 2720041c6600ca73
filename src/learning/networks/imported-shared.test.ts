import { describe, expect, test } from 'vitest';
import { hashUniform } from '../../../test/peers/hash-weights.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { elementCount, type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import type { BuildContext } from '../layers/build-context.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { sgd } from '../optimizers/sgd.ts';
import { compileTrainingStep } from '../training/step.ts';
import { importedNetwork } from './imported-network.ts';

const BATCH = 4;
const hashed = (name: string, dims: readonly number[]): Tensor<'float32'> =>
  tensor('float32', dims, Float32Array.from(hashUniform(name, elementCount(dims), -1, 1)));
const filled = (value: number): Tensor<'float32'> => tensor('float32', [3], new Float32Array(3).fill(value));

const classifier = (graph: Graph, x: Value): Value => {
  const features = graph.op('Flatten', [graph.op('GlobalAveragePool', [x])]);
  const weight = graph.initializer('fc.weight', hashed('fc.weight', [5, 3]));
  return graph.op('Gemm', [features, weight], { transB: 1 }, { name: 'fc' });
};

/** Two normalisations of fresh layers, whose ones and zeros an exporter has written once. */
function freshFile(shared: boolean): Graph {
  const graph = new Graph();
  let x = graph.input('x', 'float32', ['N', 3, 5, 4]);
  const given = (layer: string) =>
    ['weight', 'bias', 'running_mean', 'running_var'].map((role, i) => {
      const name = shared ? `norm1.${i % 3 === 0 ? 'weight' : 'bias'}` : `${layer}.${role}`;
      return graph.find(name) ?? graph.initializer(name, filled(i % 3 === 0 ? 1 : 0));
    });
  for (const layer of ['norm1', 'norm2']) {
    x = graph.op('Relu', [x]);
    x = graph.op('BatchNormalization', [x, ...given(layer)], { momentum: 0.9 }, { name: layer });
  }
  graph.output(classifier(graph, x));
  return graph;
}

async function step(file: Graph, batchNorm: 'train' | 'keep') {
  const imported = importedNetwork(file, { batchNorm });
  const learning = {
    seed: 1,
    optimizer: sgd({}),
    build: (context: BuildContext) => {
      const images = context.graph.input('images', 'float32', [BATCH, 3, 5, 4]);
      const targets = context.graph.input('targets', 'float32', [BATCH, 3]);
      return crossEntropy(imported.network(context, images, { outputs: 3 }), targets);
    },
  };
  const compiled = await compileTrainingStep(learning, { runtime: nodeRuntime, threads: 1 });
  const targets = tensor('float32', [BATCH, 3], Float32Array.from([1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1]));
  const feeds = { images: hashed('images', [BATCH, 3, 5, 4]), targets };
  const loss = await compiled.run(feeds, 0.1, { epoch: 0, step: 0, last: true });
  const weights = compiled.weights();
  await compiled.close();
  return { loss, weights, names: [...imported.weights.keys()] };
}

describe('running statistics that are written once with scales and shifts', () => {
  test('are each layer’s own in training', async () => {
    const expected = await step(freshFile(false), 'train');
    const { loss, weights, names } = await step(freshFile(true), 'train');
    expect(loss).toBeCloseTo(expected.loss, 6);
    for (const layer of ['norm1', 'norm2']) {
      for (const role of ['running_mean', 'running_var']) {
        const name = `${layer}.${role}`;
        expect(names).toContain(name);
        expect(weights.get(name)!.data).toEqual(expected.weights.get(name)!.data);
      }
    }
    expect(weights.get('norm2.running_mean')!.data).not.toEqual(weights.get('norm1.running_mean')!.data);
  });

  test('and stay as they are when the file’s are kept', async () => {
    const expected = await step(freshFile(false), 'keep');
    const { loss, weights } = await step(freshFile(true), 'keep');
    expect(loss).toBeCloseTo(expected.loss, 6);
    expect(weights.get('norm2.running_mean')!.data).toEqual(filled(0).data);
  });
});

describe('the way back to the classifier', () => {
  const fileWith = (end: (graph: Graph, logits: Value) => readonly (Value | undefined)[]): Graph => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['N', 2, 5, 4]);
    const weight = graph.initializer('conv.weight', hashed('conv.weight', [3, 2, 3, 3]));
    const logits = classifier(graph, graph.op('Conv', [x, weight]));
    for (const value of end(graph, logits)) if (value) graph.output(value);
    return graph;
  };
  const k = (graph: Graph) => graph.constant(tensor('int64', [1], BigInt64Array.of(2n)));

  test.each([
    ['ArgMax', (graph: Graph, y: Value) => [graph.op('ArgMax', [graph.op('Softmax', [y])], { axis: 1 })]],
    ['TopK', (graph: Graph, y: Value) => graph.add('TopK', [y, k(graph)], {}, { outputs: 2 })],
  ])('passes %s', (_, end) => {
    expect(importedNetwork(fileWith(end)).head).toBe('fc');
  });

  test('where it ends is told', () => {
    const graph = fileWith((g, y) => [g.op('Mul', [y, g.op('Sigmoid', [y])], {}, { name: 'gate' })]);
    expect(() => importedNetwork(graph)).toThrow(
      /^IMPORTED_HEAD_NOT_FOUND: .* ends at Mul 'gate'.*--head-node/,
    );
  });
});
