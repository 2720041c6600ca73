import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hashUniform } from '../../../test/peers/hash-weights.ts';
import {
  fixturePath,
  type PackedFloats,
  peerFixture,
  sha256,
  unpackFloats,
} from '../../../test/peers/peer-fixture.ts';
import { compileStep } from '../../engine/compile.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { readOnnx } from '../../engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { elementCount, type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { type BuildContext, createContext, type GivenWeights } from '../layers/build-context.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { sgd } from '../optimizers/sgd.ts';
import { compileTrainingStep } from '../training/step.ts';
import { type ImportedNetwork, type ImportOptions, importedNetwork } from './imported-network.ts';
import { measureUnfolded } from './measure-unfolded.ts';

interface Answer {
  readonly loss: number;
  readonly logProbabilities: PackedFloats;
  readonly state: Readonly<Record<string, PackedFloats>>;
}
interface PeerNetwork {
  readonly shape: readonly number[];
  readonly head: string;
  readonly keep: Answer;
  readonly train: Answer;
}
interface PeerFile {
  readonly file: string;
  readonly network: string;
  readonly opset: number;
  readonly mode: 'plain' | 'folded' | 'training';
  readonly held: Readonly<Record<string, readonly [string, boolean]>>;
  readonly sha256: string;
}

const { networks, files } = peerFixture<{
  readonly networks: Readonly<Record<string, PeerNetwork>>;
  readonly files: readonly PeerFile[];
}>('imported-networks/finetune.json');

const BATCH = 4;
const TARGETS = tensor('float32', [BATCH, 3], Float32Array.from([1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1]));
const RATE = 0.1;

const hashed = (name: string, dims: readonly number[], bound = 1): Tensor<'float32'> =>
  tensor('float32', dims, Float32Array.from(hashUniform(name, elementCount(dims), -bound, bound)));

const open = (file: string) => readOnnx(readFileSync(fixturePath(file)));
const imagesOf = (shape: readonly number[]) => hashed('images', [BATCH, ...shape]);

/** The head of the peer: its last layer with three outputs. */
function headWeights({ head, features }: ImportedNetwork, dims: readonly number[]): GivenWeights {
  const weight = hashed('head.weight', [3, features, ...dims], 0.5);
  const bias = hashed('head.bias', [3], 0.5);
  return {
    tensors: new Map([
      [`${head}.weight`, weight],
      [`${head}.bias`, bias],
    ]),
    missing: 'initialize',
  };
}

/** One step of steepest descent. */
async function fineTune(imported: ImportedNetwork, images: Tensor, given?: GivenWeights) {
  const step = await compileTrainingStep(
    {
      seed: 1,
      optimizer: sgd({}),
      build: (context) => {
        const x = context.graph.input('images', 'float32', images.dims);
        const targets = context.graph.input('targets', 'float32', TARGETS.dims);
        const logits = imported.network(given ? { ...context, weights: given } : context, x, { outputs: 3 });
        return crossEntropy(logits, targets);
      },
    },
    { runtime: nodeRuntime, threads: 1 },
  );
  try {
    const loss = await step.run({ images, targets: TARGETS }, RATE, { epoch: 0, step: 0, last: true });
    return { loss, weights: step.weights() };
  } finally {
    await step.close();
  }
}

/** Logits of the inference graph, whose batch is dynamic. */
async function infer(imported: ImportedNetwork, images: Tensor, given?: GivenWeights): Promise<Float32Array> {
  const graph = new Graph();
  const x = graph.input('images', 'float32', ['N', ...images.dims.slice(1)]);
  const y = imported.network(createContext(graph, 'infer', 1, given), x, { outputs: 3 });
  expect(y.shape?.[1]).toBe(3);
  graph.output(y);
  const step = await compileStep(graph, { runtime: nodeRuntime, threads: 1 });
  try {
    const found = (await step.run({ images }))[y.name]!;
    expect(found.dims).toEqual([images.dims[0], 3]);
    return found.data as Float32Array; // logits are float32
  } finally {
    await step.close();
  }
}

function logSoftmax(logits: Float32Array): Float32Array {
  return logits.map((value, i) => {
    const row = logits.subarray(i - (i % 3), i - (i % 3) + 3);
    return value - Math.log(row.reduce((sum, item) => sum + Math.exp(item), 0));
  });
}

/** Largest difference, against the largest element of `expected`. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  let [difference, largest] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}

function transposed({ dims, data }: Tensor): Float32Array {
  const [rows = 1, columns = 1] = dims;
  return Float32Array.from(data as Float32Array, (_, i) =>
    Number(data[(i % rows) * columns + Math.floor(i / rows)]),
  );
}

describe('a step of fine-tuning equals PyTorch', () => {
  // The exporter moves the running statistics of a model that it is given in training: they are no longer the peer's.
  const cases = files.flatMap((item) =>
    (item.mode === 'training' ? (['train'] as const) : (['keep', 'train'] as const)).map(
      (batchNorm) => [item.file, batchNorm, item] as const,
    ),
  );
  test.each(cases)('%s, batch normalisation: %s', async (_, batchNorm, item) => {
    const bytes = readFileSync(fixturePath(item.file));
    expect(sha256(bytes)).toBe(item.sha256);
    const { shape, head, [batchNorm]: answer } = networks[item.network]!;
    // Normalisation that the exporter has folded into convolutions has no statistics to train with.
    const folded =
      item.mode !== 'plain' && Object.keys(answer.state).some((name) => name.includes('running_'));
    const imported = importedNetwork(readOnnx(bytes), { batchNorm });
    const given = headWeights(imported, unpackFloats(answer.state[`${head}.weight`]!).dims.slice(2));
    const images = imagesOf(shape);
    if (item.mode !== 'training') {
      const logs = logSoftmax(await infer(imported, images, given));
      const expected = unpackFloats(networks[item.network]!.keep.logProbabilities).data;
      expect(distance(logs, expected)).toBeLessThan(2e-5);
    }
    // The gradient of folded parameters is another.
    if (folded && batchNorm === 'train') return;
    const { loss, weights } = await fineTune(imported, images, given);
    const isHead = (name: string) => name.startsWith(`${imported.head}.`);
    const off: string[] = [];
    let compared = 0;
    for (const [name, found] of weights) {
      if (name.endsWith('num_batches_tracked')) continue;
      const [parameter, turned] = isHead(name)
        ? [head + name.slice(imported.head.length), false]
        : (item.held[name] ?? []);
      if (parameter === undefined) continue;
      if (folded && !isHead(name)) continue;
      const expected = unpackFloats(answer.state[parameter]!).data;
      const apart = distance(turned ? transposed(found) : (found.data as Float32Array), expected);
      compared++;
      if (!(apart < 1e-4)) off.push(`${name} ${apart}`);
    }
    expect(off).toEqual([]);
    expect(loss).toBeCloseTo(answer.loss, 4);
    const held = new Set(
      Object.values(item.held).flatMap(([name]) => (name.startsWith(`${head}.`) ? [] : [name])),
    );
    expect(compared).toBe(folded ? 2 : held.size + 2);
    if (item.mode === 'plain') expect(compared).toBe(Object.keys(answer.state).length);
  });

  test('opsets from 13 to 21 are among them', () => {
    expect([...new Set(files.map(({ opset }) => opset))].sort()).toEqual([13, 14, 15, 16, 17, 18, 20, 21]);
  });
});

const noted = (file: string, options: ImportOptions = {}) => importedNetwork(open(file), options);

describe('what files are made into', () => {
  test('names, sizes and blocks of a residual network', () => {
    const imported = noted('imported/resnet-script-13-plain.onnx');
    expect(imported.head).toBe('fc');
    expect(imported.features).toBe(10);
    expect(imported.input).toMatchObject({ name: 'x', layout: 'NCHW', channels: 3, height: 33, width: 29 });
    expect(imported.describe).toMatch(/head 'fc' on 10 features in place of the file's 5 classes/);
    const layers = imported.blocks.map((names) => [...new Set(names.map((name) => name.split('.')[0]))]);
    expect(layers).toEqual([['stem'], ['layer1'], ['layer2']]);
    const inBlocks = imported.blocks.flat();
    const trained = [...imported.weights.keys()].filter((name) => !name.includes('running_'));
    expect(new Set(inBlocks)).toEqual(new Set(trained));
    expect(inBlocks.length).toBe(trained.length);
  });

  test('parameters and buffers carry the names of the file, in training and in inference', () => {
    const imported = noted('imported/mobilenet-script-13-plain.onnx');
    for (const mode of ['train', 'infer'] as const) {
      const graph = new Graph();
      const context = createContext(graph, mode, 1);
      imported.network(context, graph.input('images', 'float32', [BATCH, 3, 21, 18]), { outputs: 3 });
      const names = [...context.parameters, ...context.buffers].map(({ name }) => name);
      const own = names.filter((name) => !name.startsWith('fc.') && !name.endsWith('num_batches_tracked'));
      expect(new Set(own)).toEqual(new Set(imported.weights.keys()));
      expect(context.parameters.map(({ name }) => name)).toContain('fc.weight');
      expect(names.some((name) => name.endsWith('num_batches_tracked'))).toBe(mode === 'train');
    }
  });

  test('a layer of normalisation whose statistics are kept does not move them', () => {
    const imported = noted('imported/resnet-script-13-plain.onnx');
    const graph = new Graph();
    const asked: string[] = [];
    const context = createContext(graph, 'train', 1, undefined, (name) => {
      asked.push(name);
      return name.startsWith('stem');
    });
    imported.network(context, graph.input('images', 'float32', [BATCH, 3, 33, 29]), { outputs: 3 });
    expect(asked).toContain('layer1.conv1.1');
    const moved = [...graph.updates.keys()].map(({ name }) => name);
    expect(moved).toContain('layer1.conv1.1.running_mean');
    expect(moved.some((name) => name.startsWith('stem'))).toBe(false);
  });

  test('mean and deviation that the file applies itself are no parameters', () => {
    const { weights } = noted('imported-networks/preprocessing-script-15-plain.onnx');
    expect([...weights.keys()]).toEqual(['conv.weight', 'conv.bias', 'prelu.weight', 'gamma']);
  });

  test('constants that an exporter wrote in are no parameters, unless the file keeps its weights so', () => {
    const build = (weightName: string) => {
      const graph = new Graph();
      const x = graph.input('x', 'float32', ['N', 1, 8, 8]);
      const y = graph.op('Conv', [x, graph.initializer(weightName, hashed(weightName, [2, 1, 3, 3]))]);
      const grid = graph.initializer('/position/Constant_1_output_0', hashed('grid', [2, 1, 1]));
      const z = graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.op('Mul', [y, grid])])]);
      graph.output(
        graph.op('Gemm', [z, graph.initializer('fc.weight', hashed('fc', [5, 2]))], { transB: 1 }),
      );
      return [...importedNetwork(graph).weights.keys()];
    };
    expect(build('conv.weight')).toEqual(['conv.weight']);
    expect(build('/conv/Constant_output_0')).toEqual([
      '/conv/Constant_output_0',
      '/position/Constant_1_output_0',
    ]);
  });

  test('a fixed batch of one is freed, and said so', () => {
    const { input, notes } = noted('imported-networks/vit-script-14-folded.onnx');
    expect(input.batch).toBe(1);
    expect(notes.join()).toMatch(/batch of 1 has been freed/);
  });

  test('dropout of the file is dropout here: masks in training, nothing in inference', () => {
    const imported = noted('imported-networks/dropout.onnx');
    const graph = new Graph();
    const context = createContext(graph, 'train', 1);
    imported.network(context, graph.input('images', 'float32', [BATCH, 3, 11, 11]), { outputs: 3 });
    expect(context.randomInputs).toMatchObject([{ shape: [BATCH, 150], keepProbability: 0.75 }]);
    const quiet = new Graph();
    imported.network(createContext(quiet, 'infer', 1), quiet.input('images', 'float32', ['N', 3, 11, 11]), {
      outputs: 3,
    });
    expect(quiet.inputs.length).toBe(1);
  });

  test('half precision becomes float32', async () => {
    const imported = noted('imported-networks/half.onnx');
    expect(imported.notes.join()).toMatch(/half/);
    expect(new Set([...imported.weights.values()].map(({ dtype }) => dtype))).toEqual(new Set(['float32']));
    const given = headWeights(imported, []);
    const logs = logSoftmax(await infer(imported, imagesOf([3, 33, 29]), given));
    const expected = unpackFloats(networks['resnet']!.keep.logProbabilities).data;
    expect(distance(logs, expected)).toBeLessThan(2e-3); // weights were rounded to 11 bits
  });

  test('weights kept in 8 bits become float32 parameters', async () => {
    const imported = noted('imported-networks/weights-int8.onnx');
    expect(imported.notes.join()).toMatch(/8 bits/);
    const given = headWeights(imported, [1, 1]);
    const { weights } = await fineTune(imported, imagesOf([3, 33, 29]), given);
    const moved = [...imported.weights].filter(
      ([name, first]) =>
        distance(Array.from(weights.get(name)!.data, Number), Array.from(first.data, Number)) > 0,
    );
    expect(moved.length).toBe(imported.weights.size);
    const whole = unpackFloats(networks['squeezenet']!.keep.state['features.0.weight']!);
    expect(imported.weights.get('features.0.weight')!.dims).toEqual(whole.dims);
  });

  test('a model of features is given a head', async () => {
    const imported = noted('imported-networks/features.onnx', { headNode: 'none' });
    expect(imported).toMatchObject({ head: 'head', features: 10 });
    const given = headWeights(imported, []);
    const logs = logSoftmax(await infer(imported, imagesOf([3, 33, 29]), given));
    expect(distance(logs, unpackFloats(networks['resnet']!.keep.logProbabilities).data)).toBeLessThan(2e-5);
  });

  test('any node may be named: its layer is replaced, or its output pooled', () => {
    const file = 'imported/resnet-script-13-plain.onnx';
    expect(noted(file, { headNode: 'fc' })).toMatchObject({ head: 'fc', features: 10 });
    const relu = open(file)
      .nodes.filter(({ op }) => op === 'Relu')
      .at(-1)!;
    expect(noted(file, { headNode: relu.name })).toMatchObject({ head: 'head', features: 10 });
  });
});

describe('normalisation is unfolded', () => {
  const file = 'imported/resnet-script-20-folded.onnx';
  const images = imagesOf([3, 33, 29]);

  test('and the function stays what it was, with and without measured statistics', async () => {
    const plain = noted(file, { batchNorm: 'keep' });
    const given = headWeights(plain, []);
    const before = await infer(plain, images, given);
    const imported = noted(file, { batchNorm: 'unfold' });
    expect(imported.unfolded.length).toBe(6);
    expect(distance(await infer(imported, images, given), before)).toBeLessThan(1e-6);
    const measured = await measureUnfolded(imported, [images], { runtime: nodeRuntime, threads: 1 });
    expect(measured.size).toBe(24);
    const both = { tensors: new Map([...given.tensors, ...measured]), missing: 'initialize' } as const;
    expect(distance(await infer(imported, images, both), before)).toBeLessThan(1e-5);
  });

  test('a step begins where the file is, once statistics are measured', async () => {
    const imported = noted(file, { batchNorm: 'unfold' });
    const given = headWeights(imported, []);
    const kept = await fineTune(noted(file, { batchNorm: 'keep' }), images, given);
    const measured = await measureUnfolded(imported, [images], { runtime: nodeRuntime, threads: 1 });
    const both = { tensors: new Map([...given.tensors, ...measured]), missing: 'initialize' } as const;
    const { loss, weights } = await fineTune(imported, images, both);
    expect(Math.abs(loss - kept.loss)).toBeLessThan(1e-4);
    const unmeasured = await fineTune(imported, images, given);
    expect(Math.abs(unmeasured.loss - kept.loss)).toBeGreaterThan(1e-2);
    const [layer] = imported.unfolded;
    expect(weights.get(`${layer}.num_batches_tracked`)!.data[0]).toBe(1n);
  });

  test('several batches count as one', async () => {
    const imported = noted(file, { batchNorm: 'unfold' });
    const settings = { runtime: nodeRuntime, threads: 1 };
    const whole = await measureUnfolded(imported, [images], settings);
    const size = elementCount(images.dims) / BATCH;
    const part = (from: number, to: number): Tensor =>
      tensor('float32', [to - from, 3, 33, 29], images.data.slice(from * size, to * size));
    const parts = await measureUnfolded(imported, [part(0, 1), part(1, 4)], settings);
    for (const [name, expected] of whole) {
      expect(
        distance(Array.from(parts.get(name)!.data, Number), Array.from(expected.data, Number)),
      ).toBeLessThan(1e-5);
    }
  });

  test('and needs images', async () => {
    const imported = noted(file, { batchNorm: 'unfold' });
    await expect(measureUnfolded(imported, [], { runtime: nodeRuntime })).rejects.toThrow(
      /^UNFOLD_NOTHING: .*training images/,
    );
  });
});

describe('what cannot be fine-tuned is refused', () => {
  const build = (imported: ImportedNetwork, shape: readonly number[]) => {
    const graph = new Graph();
    imported.network(createContext(graph, 'train', 1), graph.input('images', 'float32', shape), {
      outputs: 3,
    });
  };
  const cases: readonly [string, () => unknown, RegExp][] = [
    [
      'a map of classes',
      () => noted('imported/unet-script-13-plain.onnx'),
      /^IMPORTED_HEAD_NOT_FOUND: .*--head-node.*\(Conv\)/,
    ],
    ['volumes of classes', () => noted('imported/cnn3d-script-13-plain.onnx'), /^IMPORTED_HEAD_NOT_FOUND/],
    ['no classifier', () => noted('imported-networks/features.onnx'), /^IMPORTED_HEAD_NOT_FOUND: .*'none'/],
    [
      'an unknown head',
      () => noted('imported/vgg-script-17-plain.onnx', { headNode: 'nowhere' }),
      /^IMPORTED_HEAD_NOT_FOUND: .*'nowhere'/,
    ],
    ['quantised activations', () => noted('imported-networks/dynamic-int8.onnx'), /^IMPORTED_QUANTISED/],
    [
      'other sizes',
      () => build(noted('imported/resnet-script-13-plain.onnx'), [2, 3, 40, 40]),
      /^IMPORTED_INPUT_SIZE: .*\[N, 3, 33, 29\].*\[2, 3, 40, 40\]/,
    ],
    [
      'other channels',
      () => build(noted('imported/resnet-script-13-plain.onnx'), [2, 1, 33, 29]),
      /^IMPORTED_INPUT_SIZE/,
    ],
    [
      'an image that is named as the head',
      () =>
        noted('imported-networks/preprocessing-script-15-plain.onnx', {
          headNode: firstNode('imported-networks/preprocessing-script-15-plain.onnx'),
        }),
      /^IMPORTED_NO_WEIGHTS/,
    ],
  ];
  test.each(cases)('%s', (_, run, message) => {
    expect(run).toThrow(message);
  });

  test('an operator without a gradient is named with the patterns that freeze what lies before it', async () => {
    const graph = new Graph();
    const weight = (name: string, dims: readonly number[]) => graph.initializer(name, hashed(name, dims));
    let x = graph.input('x', 'float32', ['N', 1, 8, 8]);
    x = graph.op('Conv', [
      x,
      weight('body.stem.conv.weight', [2, 1, 3, 3]),
      weight('body.stem.conv.bias', [2]),
    ]);
    const sizes = graph.constant(tensor('float32', [4], Float32Array.of(1, 1, 0.5, 0.5)));
    x = graph.op('Resize', [x, undefined, sizes], { mode: 'linear', antialias: 1 }, { name: 'smaller' });
    x = graph.op('Conv', [x, weight('body.deep.conv.weight', [4, 2, 3, 3])]);
    x = graph.op('Flatten', [graph.op('GlobalAveragePool', [x])]);
    graph.output(graph.op('Gemm', [x, weight('fc.weight', [5, 4])], { transB: 1 }));
    const imported = importedNetwork(graph);
    const learning = {
      seed: 1,
      optimizer: sgd({}),
      build: (context: BuildContext) => {
        const logits = imported.network(context, context.graph.input('images', 'float32', [BATCH, 1, 8, 8]), {
          outputs: 3,
        });
        return crossEntropy(logits, context.graph.input('targets', 'float32', TARGETS.dims));
      },
    };
    const settings = { runtime: nodeRuntime, threads: 1 };
    await expect(compileTrainingStep(learning, settings)).rejects.toThrow(
      /^OPERATOR_NOT_DIFFERENTIABLE: .*'smaller'.*Patterns that freeze it: 'body\.stem\.\*'\.$/,
    );
    const frozen = (name: string) => name.startsWith('body.stem.');
    const step = await compileTrainingStep({ ...learning, frozen }, settings);
    const images = hashed('images', [BATCH, 1, 8, 8]);
    await step.run({ images, targets: TARGETS }, RATE, { epoch: 0, step: 0, last: true });
    const after = step.weights();
    await step.close();
    const movedBy = (name: string) =>
      distance(
        Array.from(after.get(name)!.data, Number),
        Array.from(imported.weights.get(name)!.data, Number),
      );
    expect(movedBy('body.stem.conv.weight')).toBe(0);
    expect(movedBy('body.deep.conv.weight')).toBeGreaterThan(0);
  });

  test('a model of two inputs', () => {
    const graph = new Graph();
    const images = ['a', 'b'].map((name) => graph.input(name, 'float32', ['N', 1, 4, 4]));
    graph.output(graph.op('Add', images));
    expect(() => importedNetwork(graph)).toThrow(/^IMPORTED_INPUT: .*'a'.*'b'/);
  });
});

/** The first computation on the image. */
const firstNode = (file: string): string => {
  const graph = open(file);
  return graph.nodes.find(({ inputs }) => inputs.includes(graph.inputs[0]))!.name;
};
