import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runGraph } from '../../../../test/peers/run-graph.ts';
import { float16Bits, float16Value, tensor, toNumbers } from '../../../engine/tensor/tensor.ts';
import { isHounsfieldError } from '../../../errors.ts';
import { RandomStream } from '../../../random.ts';
import { openTfjsModel } from './open-tfjs-model.node.ts';
import { readTfjsModel } from './read-tfjs-model.ts';

interface Entry {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const input: Entry = { class_name: 'InputLayer', config: { batch_input_shape: [null, 4], name: 'input' } };
const dense: Entry = { class_name: 'Dense', config: { name: 'fc', units: 2 } };
const kernel = { name: 'fc/kernel', shape: [4, 2], dtype: 'float32' };
const bias = { name: 'fc/bias', shape: [2], dtype: 'float32' };
const numbers = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0.5, -0.5);

function modelOf(layers: readonly unknown[], weights: readonly unknown[] = [kernel, bias]) {
  return {
    format: 'layers-model',
    modelTopology: { keras_version: '2.7.0', class_name: 'Sequential', config: { name: 'model', layers } },
    weightsManifest: [{ paths: ['a.bin'], weights }],
  };
}

const shard = (): Uint8Array => new Uint8Array(numbers.slice().buffer);

describe('readTfjsModel', () => {
  test('weights are initializers with their layers’ names, in the order of ONNX', () => {
    const graph = readTfjsModel(modelOf([input, dense]), shard);
    expect([...graph.initializers.keys()]).toEqual(['fc.weight', 'fc.bias']);
    expect(graph.initializers.get('fc.weight')!.constant).toEqual(
      tensor('float32', [2, 4], Float32Array.of(1, 3, 5, 7, 2, 4, 6, 8)),
    );
    expect(graph.inputs[0]!.shape).toEqual(['N', 4]);
  });

  test('a Sequential without an input layer, and as the bare list of early versions', () => {
    const first = { class_name: 'Dense', config: { ...dense.config, batch_input_shape: [null, 4] } };
    const graph = readTfjsModel(modelOf([first]), shard);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['fc_input']);
    const bare = { ...modelOf([]), modelTopology: { class_name: 'Sequential', config: [first] } };
    expect(readTfjsModel(bare, shard).outputs[0]!.shape).toEqual(['N', 2]);
  });

  test('weights that no layer takes are named', () => {
    const more = { name: 'old/kernel', shape: [1], dtype: 'float32' };
    const bytes = new Uint8Array(Float32Array.of(...numbers, 1).buffer);
    const graph = readTfjsModel(modelOf([input, dense], [kernel, bias, more]), () => bytes);
    expect(graph.metadata.get('tfjs.unused')).toBe('old/kernel');
  });

  test('a weight may lie across two shards', () => {
    const model = modelOf([input, dense]);
    const split = { ...model, weightsManifest: [{ ...model.weightsManifest[0], paths: ['a', 'b'] }] };
    const graph = readTfjsModel(split, (name) => (name === 'a' ? shard().slice(0, 13) : shard().slice(13)));
    expect(toNumbers(graph.initializers.get('fc.bias')!.constant!)).toEqual([0.5, -0.5]);
  });

  test.each([
    ['uint8', [0, 51, 102, 255], (raw: number) => raw * 0.01 - 1],
    ['uint16', [0, 500, 30_000, 65_535], (raw: number) => raw * 0.01 - 1],
    ['float16', [0.5, -2, 0.1, 70_000], (raw: number) => float16Value(float16Bits(raw))],
  ] as const)('weights quantised to %s', (dtype, stored, expected) => {
    const layer = { class_name: 'Dense', config: { name: 'fc', use_bias: false } };
    const size = { class_name: 'InputLayer', config: { batch_input_shape: [null, 4], name: 'input' } };
    const weight = {
      name: 'fc/kernel',
      shape: [4, 1],
      dtype: 'float32',
      quantization: { dtype, scale: 0.01, min: -1 },
    };
    const bytes =
      dtype === 'uint8'
        ? Uint8Array.from(stored)
        : new Uint8Array(Uint16Array.from(stored, dtype === 'float16' ? float16Bits : Number).buffer);
    const graph = readTfjsModel(modelOf([size, layer], [weight]), () => bytes);
    expect(toNumbers(graph.initializers.get('fc.weight')!.constant!)).toEqual(
      stored.map((raw) => Math.fround(expected(raw))),
    );
  });

  test('hard_sigmoid is that of the version which saved the model', async () => {
    const layer = { class_name: 'Activation', config: { name: 'out', activation: 'hard_sigmoid' } };
    const old = modelOf([input, layer], []);
    const recent = { ...old, modelTopology: { ...old.modelTopology, keras_version: '3.4.1' } };
    const answers = [];
    for (const model of [old, recent]) {
      const graph = readTfjsModel(model, () => new Uint8Array(0));
      const feeds = { input: tensor('float32', [1, 4], Float32Array.of(-3, 0, 1, 4)) };
      answers.push(toNumbers((await runGraph(graph, feeds))['out']!)[2]);
    }
    expect(answers[0]).toBeCloseTo(0.7, 6);
    expect(answers[1]).toBeCloseTo(4 / 6, 6);
  });

  test.each([
    ['TFJS_MODEL', 'not a JSON object', 7],
    ['TFJS_MODEL', 'modelTopology', { format: 'layers-model' }],
    ['TFJS_GRAPH_MODEL', 'tf2onnx', { format: 'graph-model', modelTopology: { node: [] } }],
    ['TFJS_MODEL', 'two layers of one name', modelOf([input, dense, dense])],
    ['TFJS_MODEL', 'without layers', modelOf([])],
    ['TFJS_CONFIG', 'inputShapes', modelOf([dense])],
    ['TFJS_LAYER', "'one' (Lambda), 'two' (Attention)", modelOf([input, ...unknownLayers()])],
    [
      'TFJS_CONFIG',
      "'wild' is not known",
      modelOf([input, { ...dense, config: { name: 'fc', activation: 'wild' } }]),
    ],
    [
      'TFJS_WEIGHTS',
      "'kernel' of 'other' is missing",
      modelOf([input, { ...dense, config: { name: 'other' } }]),
    ],
    ['TFJS_WEIGHTS', 'is for 4 inputs, 3 are given', modelOf([sized(3), dense])],
    ['TFJS_WEIGHTS', 'the manifest lists 32', modelOf([input, dense], [kernel])],
    ['TFJS_WEIGHTS', 'shape', modelOf([input, dense], [{ ...kernel, shape: [4, -2] }])],
    ['TFJS_WEIGHTS', 'more than', modelOf([input, dense], [{ ...kernel, shape: [1e6, 1e6] }])],
    ['TFJS_WEIGHTS', 'listed twice', modelOf([input, dense], [kernel, { ...bias, name: 'fc/kernel' }])],
    ['TFJS_WEIGHTS', 'complex64', modelOf([input, dense], [{ ...kernel, dtype: 'complex64' }, bias])],
    ['TFJS_WEIGHTS', 'no weightsManifest', { ...modelOf([input, dense]), weightsManifest: undefined }],
  ])('%s: %s', (code, part, model) => {
    expect(() => readTfjsModel(model, shard)).toThrow(expect.objectContaining({ code }));
    expect(() => readTfjsModel(model, shard)).toThrow(part);
  });

  test('models nested too deep and calls in a circle are refused', () => {
    let nested: unknown = dense;
    for (let i = 0; i < 20; i++)
      nested = { class_name: 'Sequential', config: { name: `m${i}`, layers: [nested] } };
    expect(() => readTfjsModel(modelOf([input, nested]), shard)).toThrow('TFJS_MODEL');
    const circle = {
      ...modelOf([]),
      modelTopology: {
        class_name: 'Model',
        config: {
          layers: [
            { ...input, name: 'input', inbound_nodes: [] },
            { class_name: 'ReLU', name: 'a', config: {}, inbound_nodes: [[['b', 0, 0, {}]]] },
            { class_name: 'ReLU', name: 'b', config: {}, inbound_nodes: [[['a', 0, 0, {}]]] },
          ],
          input_layers: [['input', 0, 0]],
          output_layers: [['b', 0, 0]],
        },
      },
      weightsManifest: [],
    };
    expect(() => readTfjsModel(circle, shard)).toThrow('circle');
  });

  test('a model spoiled in 2000 ways ends in a graph or a coded error, seed 9', () => {
    const conv = {
      class_name: 'Conv2D',
      config: { name: 'c', strides: [2, 2], padding: 'same', dilation_rate: [1, 1] },
    };
    const pool = { class_name: 'MaxPooling2D', config: { name: 'p', pool_size: [2, 2], padding: 'same' } };
    const shaping = { class_name: 'Reshape', config: { name: 'r', target_shape: [-1] } };
    const layers = [sized(6, 6, 2), conv, pool, { class_name: 'Flatten', config: { name: 'f' } }, shaping];
    const weights = [
      { name: 'c/kernel', shape: [3, 3, 2, 1], dtype: 'float32' },
      { name: 'c/bias', shape: [1], dtype: 'float32' },
    ];
    const text = JSON.stringify(modelOf(layers, weights));
    const bytes = new Uint8Array(76);
    expect(readTfjsModel(JSON.parse(text), () => bytes).outputs[0]!.shape?.at(-1)).toBe(4);
    const stream = new RandomStream({ seed: 9, purpose: 'spoil' });
    const tokens = text.match(/"[^"]*"|-?\d+|null|[^"\d]/g)!;
    const pieces = [
      'null',
      '-1',
      '0',
      '3',
      '99999999999',
      '1.5',
      '"same"',
      '{}',
      '[]',
      '[[1]]',
      '"kernel"',
      'true',
    ];
    for (let i = 0; i < 2000; i++) {
      const spoiled = [...tokens];
      for (let j = 0; j < 1 + stream.integer(3); j++)
        spoiled[stream.integer(tokens.length)] = pieces[stream.integer(pieces.length)]!;
      let model: unknown;
      try {
        model = JSON.parse(spoiled.join(''));
      } catch {
        continue;
      }
      try {
        readTfjsModel(model, () => bytes);
      } catch (cause) {
        if (!isHounsfieldError(cause)) throw new Error(`not coded: ${JSON.stringify(model)}`, { cause });
      }
    }
  });
});

function sized(...sizes: readonly number[]): Entry {
  return { class_name: 'InputLayer', config: { batch_input_shape: [null, ...sizes], name: 'input' } };
}

function unknownLayers(): readonly Entry[] {
  return [
    { class_name: 'Lambda', config: { name: 'one' } },
    { class_name: 'Attention', config: { name: 'two' } },
  ];
}

describe('openTfjsModel', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-tfjs-'));
    mkdirSync(path.join(folder, 'model'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = () => path.join(folder, 'model', 'model.json');
  const write = (shardName: string) => {
    const model = modelOf([input, dense]);
    writeFileSync(
      file(),
      JSON.stringify({ ...model, weightsManifest: [{ ...model.weightsManifest[0], paths: [shardName] }] }),
    );
  };

  test('reads the shards beside it', () => {
    write('a.bin');
    writeFileSync(path.join(folder, 'model', 'a.bin'), shard());
    expect(openTfjsModel(file()).outputs[0]!.name).toBe('fc');
  });

  test('nothing outside of the folder, links included', () => {
    writeFileSync(path.join(folder, 'a.bin'), shard());
    symlinkSync(path.join(folder, 'a.bin'), path.join(folder, 'model', 'link.bin'));
    for (const name of ['../a.bin', path.join(folder, 'a.bin'), 'link.bin']) {
      write(name);
      expect(() => openTfjsModel(file())).toThrow(/TFJS_FILE: .* lies outside/);
    }
  });

  test('a missing, a too large and a too short shard, a folder, and what is not JSON', () => {
    write('a.bin');
    expect(() => openTfjsModel(file())).toThrow(/TFJS_FILE: 'a.bin' cannot be read \(ENOENT\)/);
    writeFileSync(path.join(folder, 'model', 'a.bin'), new Uint8Array(1000));
    expect(() => openTfjsModel(file())).toThrow(/TFJS_FILE: 'a.bin' has 1000 bytes, .* 40/);
    writeFileSync(path.join(folder, 'model', 'a.bin'), new Uint8Array(39));
    expect(() => openTfjsModel(file())).toThrow(/TFJS_WEIGHTS.* hold 39 bytes/);
    write('.');
    expect(() => openTfjsModel(file())).toThrow('TFJS_FILE');
    writeFileSync(file(), '{');
    expect(() => openTfjsModel(file())).toThrow('is not JSON');
    expect(() => openTfjsModel(path.join(folder, 'none.json'))).toThrow('TFJS_FILE');
  });
});
