import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/engine/differentiate.ts';
import type { Graph } from '../../src/engine/graph/graph.ts';
import { elementCount, type Tensor, tensorOf } from '../../src/engine/tensor/tensor.ts';
import { isHounsfieldError } from '../../src/errors.ts';
import { readTfjsModel } from '../../src/learning/weights/tfjs/read-tfjs-model.ts';
import { RandomStream } from '../../src/random.ts';
import { hashUniform } from './hash-weights.ts';
import { peerFixture } from './peer-fixture.ts';
import { runGraph } from './run-graph.ts';

const SPOILED = 12;

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

describe.each(['keras2', 'keras3', 'tfjs-layers'])('a layers model of %s', (kind) => {
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

  const trainable = cases.filter(({ name }) => !/RNN|LSTM|GRU/.test(name));
  test.each(trainable.map((item) => [item.name, item] as const))('%s: can be differentiated', (_, item) => {
    const inputShapes = Object.fromEntries(
      readTfjsModel(item.model, () => shardOf(item)).inputs.map(({ name }, i) => [
        name,
        Object.values(item.feeds)[i]!.dims,
      ]),
    );
    const graph = readTfjsModel(item.model, () => shardOf(item), { inputShapes });
    const names = item.model.weightsManifest[0].weights.length;
    const parameters = [...graph.initializers.values()].filter(
      ({ name, dtype }) => dtype === 'float32' && /\.(weight|bias)$/.test(name),
    );
    expect(parameters.length > 0).toBe(names > 0);
    const loss = graph.op('ReduceSum', [graph.outputs[0]!], { keepdims: 0 });
    gradients(loss, parameters).forEach((gradient, i) => {
      expect(gradient?.shape).toEqual(parameters[i]!.shape);
    });
  });

  test(`every case spoiled in ${SPOILED} ways ends in a graph or a coded error, seed 4`, () => {
    const stream = new RandomStream({ seed: 4, purpose: kind });
    const pieces = ['null', '-1', '0', '7', '1e12', '0.5', '"same"', '{}', '[]', '[[2]]', '"kernel"', 'true'];
    for (const item of cases) {
      const shard = shardOf(item);
      const tokens = JSON.stringify(item.model).match(/"[^"]*"|-?\d+|null|true|false|[^"\d]/g)!;
      for (let i = 0; i < SPOILED; i++) {
        const spoiled = [...tokens];
        const count = 1 + stream.integer(2);
        for (let j = 0; j < count; j++) {
          let at = stream.integer(tokens.length);
          while (tokens[at]!.length < 2 && !/\d/.test(tokens[at]!)) at = stream.integer(tokens.length);
          spoiled[at] = pieces[stream.integer(pieces.length)]!;
        }
        let model: unknown;
        try {
          model = JSON.parse(spoiled.join(''));
        } catch {
          continue;
        }
        try {
          readTfjsModel(model, () => shard);
        } catch (cause) {
          if (!isHounsfieldError(cause)) throw new Error(`not coded: ${JSON.stringify(model)}`, { cause });
        }
      }
    }
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
