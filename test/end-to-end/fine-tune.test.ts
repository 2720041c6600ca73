import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { toNumbers } from '../../src/engine/tensor/tensor.ts';
import { readSafetensors } from '../../src/learning/weights/safetensors.ts';
import { writePhantomDataset } from '../../src/tasks/dataset/phantom-files.node.ts';
import { taskNamed } from '../../src/tasks/registry.ts';
import type { TaskEvent } from '../../src/tasks/task.ts';
import { hashUniform } from '../peers/hash-weights.ts';
import { fixturePath } from '../peers/peer-fixture.ts';

let folder: string;
let data: string;
const notes: string[] = [];
const around = {
  runtime: nodeRuntime,
  report: (event: TaskEvent) => {
    if (event.kind === 'note') notes.push(event.text);
  },
};
const classification = taskNamed('classification');

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-fine-tune-'));
  data = await writePhantomDataset(path.join(folder, 'data'), {
    seed: 5,
    patients: 24,
    slicesPerPatient: 1,
    size: 32,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A convolution, the mean over space and a dense layer of four classes, channels last. */
async function writeTfjsClassifier(to: string): Promise<void> {
  const layer = (className: string, config: object) => ({ class_name: className, config });
  const convolution = { name: 'conv', filters: 6, kernel_size: [3, 3], padding: 'same', activation: 'relu' };
  const weights = [
    { name: 'conv/kernel', shape: [3, 3, 3, 6], dtype: 'float32' },
    { name: 'conv/bias', shape: [6], dtype: 'float32' },
    { name: 'dense/kernel', shape: [6, 4], dtype: 'float32' },
    { name: 'dense/bias', shape: [4], dtype: 'float32' },
  ];
  const count = weights.reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  await mkdir(to, { recursive: true });
  await writeFile(
    path.join(to, 'weights.bin'),
    new Uint8Array(Float32Array.from(hashUniform('tfjs', count, -0.3, 0.3)).buffer),
  );
  await writeFile(
    path.join(to, 'model.json'),
    JSON.stringify({
      format: 'layers-model',
      modelTopology: layer('Sequential', {
        name: 'classifier',
        layers: [
          layer('InputLayer', { name: 'input', batch_input_shape: [null, 32, 32, 3], dtype: 'float32' }),
          layer('Conv2D', convolution),
          layer('GlobalAveragePooling2D', { name: 'pool' }),
          layer('Dense', { name: 'dense', units: 4, activation: 'softmax' }),
        ],
      }),
      weightsManifest: [{ paths: ['weights.bin'], weights }],
    }),
  );
}

const common = { batch: 8, epochs: 2, threads: 1, allowDuplicates: 'near', lr: 1e-3 };
const train = (name: string, settings: Readonly<Record<string, unknown>>) =>
  classification.train(
    { data, out: path.join(folder, name), settings: { ...common, ...settings }, resume: false },
    around,
  );
const weightsOf = async (name: string, file: string) =>
  readSafetensors(await readFile(path.join(folder, name, file))).tensors;

describe.each([
  ['squeezenet', 'imported-networks/squeezenet-script-13-plain.onnx'],
  ['a vision transformer', 'imported-networks/vit-script-17-plain.onnx'],
  ['a folded residual network', 'imported/resnet-dynamo-18-folded.onnx'],
])('%s from a file', (name, file) => {
  test('is trained in two phases, judged, asked and explained', { timeout: 120_000 }, async () => {
    const out = name.replaceAll(' ', '-');
    const { outcome, test: figures } = await train(out, { network: fixturePath(file), recipe: 'transfer' });
    expect(outcome).toBe('finished');
    expect(figures['auc']).not.toBeUndefined();
    const [begun, ended] = [
      await weightsOf(out, 'phase-start.safetensors'),
      await weightsOf(out, 'best.safetensors'),
    ];
    expect([...begun.keys()].sort()).toEqual([...ended.keys()].sort());

    const model = path.join(folder, out, 'model.onnx');
    const image = path.join(
      path.dirname(data),
      (await readFile(data, 'utf8')).split('\n')[1]!.split(',')[0]!,
    );
    const [answer] = await classification.predict({ model, images: [image] }, around);
    const sum = Object.values(answer!.probabilities ?? {}).reduce((total, value) => total + value, 0);
    expect(sum).toBeCloseTo(1, 5);
    const judged = await classification.evaluate({ model, data }, around);
    expect(judged['images']).toBe(24);
  });
});

test('normalisation folded by an exporter is put back, measured on the images, and trained', async () => {
  const network = fixturePath('imported/resnet-dynamo-18-folded.onnx');
  const { outcome } = await train('unfolded', { network, recipe: 'gradual', epochs: 1, batchNorm: 'unfold' });
  expect(outcome).toBe('finished');
  const history = (await readFile(path.join(folder, 'unfolded', 'history.jsonl'), 'utf8')).trim().split('\n');
  const phases = history.map((line) => (JSON.parse(line) as { phase: string }).phase); // as training writes it
  expect(phases).toEqual(['head', 'last 1', 'last 2', 'last 4', 'all']);
  const names = [...(await weightsOf('unfolded', 'best.safetensors')).keys()];
  expect(names.some((name) => name.endsWith('running_var'))).toBe(true);
}, 120_000);

test('a TensorFlow.js layers model is trained as any other', async () => {
  const model = path.join(folder, 'tfjs');
  await writeTfjsClassifier(model);
  const network = path.join(model, 'model.json');
  const { outcome } = await train('from-tfjs', {
    network,
    recipe: 'transfer',
    epochs: 1,
    normalise: 'tensorflow',
  });
  expect(outcome).toBe('finished');
  expect([...(await weightsOf('from-tfjs', 'best.safetensors')).keys()]).toContain('conv.weight');
});

test('published weights go into a registered network by their names, and the notes say how', async () => {
  await train('source', { network: 'compact-cnn', size: 32, channels: 3, epochs: 1 });
  const weights = path.join(folder, 'source', 'best.safetensors');
  notes.length = 0;
  await train('transfer', {
    network: 'compact-cnn',
    size: 32,
    weights,
    recipe: 'transfer',
    freeze: ['conv1.*'],
  });
  expect(notes.join('\n')).toMatch(/matched: 20 of 20 /);
  expect(notes.join('\n')).toMatch(/phase 'head': 2 of 14 parameters \(fc\)/);
  const [before, after] = [
    await weightsOf('source', 'best.safetensors'),
    await weightsOf('transfer', 'best.safetensors'),
  ];
  expect(toNumbers(after.get('conv1.weight')!)).toEqual(toNumbers(before.get('conv1.weight')!));
  // The last phase's own state: the best epoch may be one of the first.
  const state = await weightsOf('transfer', 'checkpoint.safetensors');
  expect(state.has('conv1.weight')).toBe(false);
  expect(toNumbers(state.get('conv4.weight')!)).not.toEqual(toNumbers(before.get('conv4.weight')!));
}, 120_000);

test.each([
  [{ network: 'no-such-file.onnx' }, /^MODEL_UNREADABLE/],
  [{ network: 'resnet18', weights: 'no-such-file.safetensors' }, /^WEIGHTS_UNREADABLE/],
  [{ network: 'squeezenet-1.1', size: 32, freeze: ['nothing.*'] }, /^FREEZE_PATTERN/],
  [{ network: 'resnet18', recipe: 'transfer' }, /^WEIGHTS_NEEDED: .*timm\/resnet18/],
])('%j is refused before training', async (settings, message) => {
  await expect(train('refused', settings)).rejects.toThrow(message);
});
