import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashUniform, hashWords } from '../../../test/peers/hash-weights.ts';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import { elementCount, tensorOf } from '../../engine/tensor/tensor.ts';
import { isHounsfieldError } from '../../errors.ts';
import { loadWeights } from './load-weights.node.ts';
import { readWeights } from './read-weights.ts';
import { writeSafetensors } from './safetensors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hounsfield-load-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const keras = learningFixture<{ readonly names: readonly (readonly [string, readonly number[]])[] }>(
  '../weights/keras-files',
);
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../fixtures/weights/${name}`, import.meta.url));

/** As scripts/peers/weights.py: hash_keras. */
function kerasValues(path: string, shape: readonly number[]): Float32Array {
  const variable = path.slice(path.lastIndexOf('/') + 1);
  const fan = elementCount(shape.length === 4 && shape[3] === 1 ? shape.slice(0, 2) : shape.slice(0, -1));
  const bound = Math.sqrt(6 / fan);
  const ranges: Readonly<Record<string, readonly [number, number]>> = {
    gamma: [0.9, 1.1],
    moving_variance: [0.5, 1.5],
  };
  const [low, high] = variable.includes('kernel') ? [-bound, bound] : (ranges[variable] ?? [-0.1, 0.1]);
  return Float32Array.from(hashUniform(path, elementCount(shape), low, high));
}

describe("Keras's files", () => {
  test.each([
    ['small.h5', (path: string) => `model_weights/${path.replace('/', `/${path.split('/')[0]}/`)}`],
    ['small.weights.h5', (path: string) => path],
    ['small.keras', (path: string) => path],
  ])('%s', async (file, nameOf) => {
    const { tensors } = await loadWeights(fixture(file));
    expect([...tensors.keys()].sort()).toEqual(keras.names.map(([path]) => nameOf(path)).sort());
    for (const [path, shape] of keras.names) {
      const { dims, data } = tensors.get(nameOf(path))!;
      expect(dims).toEqual(shape);
      expect(data).toEqual(kerasValues(path, shape));
    }
  });

  test.each(['small.h5', 'small.keras'])(
    '%s, cut anywhere or spoiled, ends in a coded error or in values',
    async (file) => {
      const whole = new Uint8Array(readFileSync(fixture(file)));
      for (let i = 1; i < 4; i++) {
        const cut = whole.slice(0, Math.floor((whole.length * i) / 4));
        await expect(readWeights(cut)).rejects.toThrow(/^(HDF5_UNREADABLE|WEIGHTS_FILE|HDF5_STOPPED): /);
      }
      for (const place of hashWords(file, 6)) {
        const spoiled = whole.slice();
        const start = place % (whole.length - 64);
        spoiled.fill(0xff, start, start + 64);
        const outcome: unknown = await readWeights(spoiled).catch((error: unknown) => error);
        const isValues = typeof outcome === 'object' && outcome !== null && 'tensors' in outcome;
        expect(isValues || isHounsfieldError(outcome), `at ${start}`).toBe(true);
      }
    },
  );
});

const weight = tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]);

/** An .npy array, as numpy writes it. */
function npy(descr: string, fortran: boolean, shape: string, data: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape}), }\n`;
  const head = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0);
  return Uint8Array.of(...head, ...strToU8(header), ...data);
}
const bytes = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);

describe('other kinds', () => {
  test('an ONNX model gives its initializers', async () => {
    const graph = new Graph();
    graph.output(
      graph.op('MatMul', [graph.input('x', 'float32', [1, 2]), graph.initializer('fc.weight', weight)]),
    );
    const path = join(folder, 'a.onnx');
    writeFileSync(path, writeOnnx(graph));
    expect((await loadWeights(path)).tensors).toEqual(new Map([['fc.weight', weight]]));
    expect((await readWeights(writeOnnx(graph))).tensors).toEqual(new Map([['fc.weight', weight]]));
  });

  test('an .npz in both orders', async () => {
    const file = zipSync({
      'rows.npy': npy('<f4', false, '2, 3', bytes([1, 2, 3, 4, 5, 6])),
      'columns.npy': npy('<f4', true, '2, 3', bytes([1, 4, 2, 5, 3, 6])),
      'one.npy': npy('<f4', false, '', bytes([7])),
    });
    const { tensors } = await readWeights(file, 'a.npz');
    expect(tensors).toEqual(
      new Map([
        ['rows', weight],
        ['columns', weight],
        ['one', tensorOf('float32', [], [7])],
      ]),
    );
  });

  const pickle = Uint8Array.of(0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc);
  test.each<[string, Uint8Array, RegExp]>([
    [
      'model.pt',
      zipSync({ 'archive/data.pkl': pickle, 'archive/data/0': pickle }),
      /^WEIGHTS_PICKLE: model.pt .*'model.safetensors'\)"/,
    ],
    ['model.pth', pickle, /^WEIGHTS_PICKLE: model.pth is a pickle, which can execute code/],
    ['pytorch_model.bin', Uint8Array.of(0x80, 0x04, 0x95), /^WEIGHTS_PICKLE/],
    ['old.pkl', strToU8("(dp0\nS'a'\n"), /^WEIGHTS_PICKLE/],
    ["it's $(bad).pt", pickle, /torch.load\('it_s _\(bad\).pt'/],
    ['a.safetensors', strToU8('<!doctype html><html>'), /^WEIGHTS_FILE: a.safetensors is a web page/],
    [
      'a.safetensors',
      strToU8('version https://git-lfs.github.com/spec/v1\noid'),
      /^WEIGHTS_FILE: .*pointer of git LFS/,
    ],
    ['a.safetensors', strToU8('x'), /^WEIGHTS_FILE: .*the file has 1 bytes/],
    ['a.tflite', strToU8('\x1c\0\0\0TFL3'), /^WEIGHTS_FILE: .*TensorFlow Lite/],
    ['a.gz', Uint8Array.of(0x1f, 0x8b), /^WEIGHTS_FILE: .*of no kind that is known/],
    ['', new Uint8Array(0), /^WEIGHTS_FILE/],
    ['a.zip', zipSync({ 'a.txt': strToU8('a') }), /^WEIGHTS_FILE: .*archive without weights/],
    [
      'a.npz',
      zipSync({ 'a.npy': npy('<f4', false, '9, 9', bytes([1])) }),
      /^WEIGHTS_FILE: .*promises 324 bytes, and 4 follow/,
    ],
    ['a.npz', zipSync({ 'a.npy': npy('>f4', false, '1', bytes([1])) }), /^WEIGHTS_TYPE: .*little-endian/],
    ['a.npz', zipSync({ 'a.npy': npy('|O', false, '1', bytes([1])) }), /^WEIGHTS_TYPE/],
    ['a.npz', zipSync({ 'a.npy': strToU8('nothing') }), /^WEIGHTS_FILE: .*does not begin as one/],
    ['a.onnx', strToU8('nothing at all'), /^ONNX_FILE/],
  ])('%s is refused', async (name, content, message) => {
    await expect(readWeights(content, name)).rejects.toThrow(message);
  });

  test('paths that lead nowhere, and a TensorFlow.js model', async () => {
    const notWeights = join(folder, 'model.json');
    writeFileSync(notWeights, '{}');
    await expect(loadWeights('resnet18')).rejects.toThrow(/name one of: timm\/resnet18[^,]*\.$/);
    await expect(loadWeights(join(folder, 'none.safetensors'))).rejects.toThrow(
      /^WEIGHTS_UNREADABLE: there is no file .* name one of: .*timm\/resnet18/,
    );
    await expect(loadWeights(folder)).rejects.toThrow(/^WEIGHTS_UNREADABLE: .*EISDIR/);
    await expect(loadWeights(notWeights)).rejects.toThrow(/^WEIGHTS_FILE: .*TensorFlow.js/);
  });

  test('a convention that is not one is passed over', async () => {
    const path = join(folder, 'b.safetensors');
    for (const text of [
      '{',
      '3',
      '{"channels":"rgb","scale":2}',
      '{"channels":"rgb","scale":1,"mean":["a"]}',
    ]) {
      writeFileSync(path, writeSafetensors(new Map([['a', weight]]), { 'hounsfield.input': text }));
      const { input, tensors } = await loadWeights(path);
      expect(input).toBeUndefined();
      expect(tensors.get('a')).toEqual(weight);
    }
  });
});

const python = process.env['HOUNSFIELD_PEERS_PYTHON'] ?? '';
const hasPython = existsSync(python);

test.skipIf(!hasPython)(
  `the command that a refused pickle is answered with converts it${hasPython ? '' : ' (skipped: no HOUNSFIELD_PEERS_PYTHON)'}`,
  async () => {
    const make =
      "import torch; torch.save({'state_dict': {'fc.weight': torch.arange(6.).reshape(2, 3)[:, :]}, 'epoch': 3}, 'm.pth')";
    execFileSync(python, ['-c', make], { cwd: folder });
    const refusal = await loadWeights(join(folder, 'm.pth')).then(
      () => '',
      (error: Error) => error.message,
    );
    const command = /python -c "(.+)"/.exec(refusal)?.[1] ?? '';
    execFileSync(python, ['-c', command], { cwd: folder });
    const { tensors } = await loadWeights(join(folder, 'm.safetensors'));
    expect(tensors).toEqual(new Map([['fc.weight', tensorOf('float32', [2, 3], [0, 1, 2, 3, 4, 5])]]));
  },
  120_000,
);
