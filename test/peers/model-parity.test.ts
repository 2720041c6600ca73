import { describe, expect, test } from 'vitest';
import { ints } from '../../src/engine/graph/build.ts';
import { Graph } from '../../src/engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { tensor } from '../../src/engine/tensor/tensor.ts';
import { toFloatImage } from '../../src/imaging/image/medical-image.ts';
import { resize } from '../../src/imaging/transforms/resize.ts';
import { openClassifier } from '../../src/tasks/classification/classifier.node.ts';
import { conformImage } from '../../src/tasks/dataset/conform-image.ts';
import { hashUniform } from './hash-weights.ts';
import {
  type ParityModel,
  parityGraph,
  parityImage,
  parityModels,
  trainingGraphFile,
} from './parity-model.ts';
import { peerFixture, sha256 } from './peer-fixture.ts';

interface CheckedFile {
  readonly sha256: string;
  readonly checker: string;
  readonly domains: readonly string[];
}

interface Answered extends CheckedFile {
  readonly answers: readonly {
    readonly size: readonly [number, number];
    readonly probabilities: readonly number[];
  }[];
}

const fixture = peerFixture<{
  readonly models: Readonly<Record<string, Answered>>;
  readonly training: CheckedFile;
}>('model-parity/model-parity.json');

const named = parityModels.map((model) => [model.name, model] as const);
const remade = 'the file has changed: run scripts/peers/model_parity.py again';

function far(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe('model files in other programs', () => {
  test.each(named)("%s: ONNX Runtime in Python answers as 'predict' does", async (name, model) => {
    const expected = fixture.models[name]!;
    const { graph } = parityGraph(model);
    const bytes = writeOnnx(graph);
    expect(sha256(bytes), remade).toBe(expected.sha256);
    const classifier = await openClassifier(readOnnx(bytes), nodeRuntime, { threads: 1 });
    for (const { size, probabilities } of expected.answers) {
      const found = await classifier.predict([{ images: [toFloatImage(parityImage(model, size))] }]);
      expect(far(found, probabilities), `${size}`).toBeLessThan(1e-6);
    }
    await classifier.close();
    expect(expected.answers.map(({ size }) => size)).toEqual(model.sizes);
  });

  test.each(named)('%s: onnx.checker accepts the file', (name) => {
    const { checker, domains } = fixture.models[name]!;
    expect([checker, domains]).toEqual(['ok', ['']]);
  });

  test('onnx.checker accepts a training graph written portably', () => {
    expect(sha256(trainingGraphFile()), remade).toBe(fixture.training.sha256);
    expect([fixture.training.checker, fixture.training.domains]).toEqual(['ok', ['']]);
  });
});

const extents = [
  [20, 24, 20, 24],
  [20, 24, 10, 12],
  [21, 33, 10, 11],
  [61, 47, 28, 28],
  [160, 231, 28, 31],
  [9, 13, 28, 28],
  [14, 14, 28, 28],
  [7, 300, 33, 17],
  [1, 1, 5, 4],
  [224, 224, 64, 64],
] as const;

/** ONNX's Resize as the model file has it. */
async function resizedInGraph(
  pixels: Float32Array,
  [h, w, height, width]: readonly [number, number, number, number],
) {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1, 1, 'H', 'W']);
  const attributes = { mode: 'linear', antialias: 1, exclude_outside: 1, axes: [2, 3] };
  graph.output(graph.op('Resize', [x, undefined, undefined, ints(graph, [height, width])], attributes));
  const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1 });
  const [y] = Object.values(await session.run({ x: tensor('float32', [1, 1, h, w], pixels) }));
  await session.close();
  return y!.data as Float32Array; // the output of Resize of float32
}

describe('the graph prepares images as the loader does', () => {
  test.each(extents)('resizing %i x %i to %i x %i', async (h, w, height, width) => {
    const pixels = Float32Array.from(hashUniform(`resize/${h}x${w}`, h * w));
    const inGraph = await resizedInGraph(pixels, [h, w, height, width]);
    const byLoader = resize({ pixels, channels: 1, height: h, width: w }, height, width).pixels;
    expect(far(inGraph, byLoader)).toBeLessThan(1e-5);
  });

  test.each(named)('%s: probabilities of raw and of prepared pixels agree', async (_, model: ParityModel) => {
    const classifier = await openClassifier(parityGraph(model).graph, nodeRuntime, { threads: 1 });
    for (const size of model.sizes) {
      const raw = parityImage(model, size);
      const prepared = conformImage(raw, model.input, 'stretch', model.name);
      const [a, b] = [
        await classifier.predict([{ images: [toFloatImage(raw)] }]),
        await classifier.predict([{ images: [prepared] }]),
      ];
      // Where rounding in single precision decides about a half, a pixel is one grey level off.
      expect(far(a, b), `${size}`).toBeLessThan(model.input.bitDepth === 8 ? 2e-3 : 1e-5);
    }
    await classifier.close();
  });
});
