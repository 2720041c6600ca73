import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/engine/graph/graph.ts';
import { elementCount, type Tensor, tensorOf } from '../../src/engine/tensor/tensor.ts';
import { readTfjsModel } from '../../src/learning/weights/tfjs/read-tfjs-model.ts';
import { hashUniform } from './hash-weights.ts';
import { peerFixture } from './peer-fixture.ts';
import { runGraph } from './run-graph.ts';

interface Case {
  readonly name: string;
  readonly feeds: Readonly<Record<string, { dims: readonly number[]; dtype: 'float32' | 'int32' }>>;
  readonly model: {
    readonly weightsManifest: readonly [{ weights: readonly { name: string; shape: readonly number[] }[] }];
  };
  readonly outputs: readonly { dims: readonly number[]; values: readonly number[] }[];
}

/** The shard that scripts/peers/tfjs.py has: each weight from the hash of its name. */
function shardOf({ model }: Case): Uint8Array {
  const numbers = model.weightsManifest[0].weights.flatMap(({ name, shape }) => {
    const [low, high] = /(variance|gamma)$/.test(name) ? [0.5, 1.5] : [-0.7, 0.7];
    return [...hashUniform(name, elementCount(shape), low, high)];
  });
  return new Uint8Array(Float32Array.from(numbers).buffer);
}

/** By the graph's own names: Keras 3 calls the input of a Sequential otherwise than its layer. */
function feedsOf(graph: Graph, { name, feeds }: Case): Record<string, Tensor> {
  const entries = Object.entries(feeds).map(([label, { dims, dtype }], i) => {
    const [low, high] = dtype === 'int32' ? [0, 11] : [-1, 1];
    const values = hashUniform(`${name}.${label}`, elementCount(dims), low, high);
    return [
      graph.inputs[i]!.name,
      tensorOf(dtype, dims, dtype === 'int32' ? values.map(Math.floor) : values),
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** Keras' order [N, ..., C] as [N, C, ...]. */
function channelsFirst({ dims, data }: Tensor): Tensor {
  const channels = dims.at(-1)!;
  const positions = elementCount(dims.slice(1, -1));
  const from = data as Float32Array; // float32 cases only
  const to = from.map((_, i) => {
    const [n, rest] = [Math.floor(i / (channels * positions)), i % (channels * positions)];
    return from[(n * positions + (rest % positions)) * channels + Math.floor(rest / positions)]!;
  });
  return { dtype: 'float32', dims: [dims[0]!, channels, ...dims.slice(1, -1)], data: to };
}

describe.each(['keras2', 'keras3'])('a layers model of %s', (kind) => {
  const cases = peerFixture<readonly Case[]>(`tfjs/${kind}.json`);

  test.each(cases.map((item) => [item.name, item] as const))('%s: as Keras answers', async (_, item) => {
    const graph = readTfjsModel(item.model, () => shardOf(item));
    expect(graph.metadata.get('tfjs.unused')).toBeUndefined();
    const results = await runGraph(graph, feedsOf(graph, item));
    item.outputs.forEach(({ dims, values }, i) => {
      const found = results[graph.outputs[i]!.name]!;
      expect(found.dims).toEqual(dims);
      const scale = Math.max(1, ...values.map(Math.abs));
      const numbers = found.data as Float32Array; // every case answers in float32
      const worst = Math.max(...values.map((value, at) => Math.abs(value - numbers[at]!)));
      expect(worst / scale).toBeLessThan(2e-6);
    });
  });

  const spatial = cases.filter(({ name }) => /^(Conv\dD|MaxPooling|UpSampling|Concatenate$)/.test(name));
  test.each(spatial.map((item) => [item.name, item] as const))(
    '%s: the same in channels-first order',
    async (_, item) => {
      const graph = readTfjsModel(item.model, () => shardOf(item), { layout: 'channels-first' });
      const feeds = Object.entries(feedsOf(graph, item)).map(([name, value]) => [name, channelsFirst(value)]);
      const found = (await runGraph(graph, Object.fromEntries(feeds)))[graph.outputs[0]!.name]!;
      const { dims, values } = item.outputs[0]!;
      const wanted = channelsFirst({ dtype: 'float32', dims, data: Float32Array.from(values) });
      expect(found.dims).toEqual(wanted.dims);
      const scale = Math.max(1, ...values.map(Math.abs));
      const [a, b] = [found.data as Float32Array, wanted.data as Float32Array]; // both float32
      expect(Math.max(...b.map((value, i) => Math.abs(value - a[i]!))) / scale).toBeLessThan(2e-6);
    },
  );
});
