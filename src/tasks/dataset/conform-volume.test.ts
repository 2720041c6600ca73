import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeCtSeries } from '../../../test/end-to-end/ct-series.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { tensor } from '../../engine/tensor/tensor.ts';
import type { VolumeRecipe } from '../../imaging/augmentation/volume-recipe.ts';
import { writeNifti } from '../../imaging/formats/nifti/write-nifti.ts';
import { geometryFrom } from '../../imaging/geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../../imaging/image/medical-image.ts';
import { orientedTo } from '../../imaging/transforms/orient.ts';
import { RandomStream } from '../../random.ts';
import { conformToModel } from '../classification/classifier.node.ts';
import { prepareData } from '../classification/prepare.node.ts';
import { resized } from '../classification/sample-values.ts';
import { completeSettings } from '../classification/settings.ts';
import { createBatchLoader } from './batches.node.ts';
import { conformVolume, orientationOf, toFloatVolume } from './conform-volume.ts';
import { requireUniformImages } from './fingerprint.ts';
import { loadDataset } from './manifest.node.ts';
import { createSampleLoader } from './sample-batches.node.ts';
import { surveyDataset } from './survey.node.ts';

const volume = (
  [depth, height, width]: readonly [number, number, number],
  kind: 'whole' | 'float',
  seed = 1,
): MedicalImage => {
  const stream = new RandomStream({ seed, purpose: 'conform-volume.test' });
  const count = depth * height * width;
  const values = Array.from({ length: count }, () => stream.uniform(0, 4000));
  const pixels = kind === 'whole' ? Uint16Array.from(values, Math.round) : Float32Array.from(values);
  const geometry = geometryFrom({ spacingMm: [1, 1, 2] });
  return medicalImage(pixels, { depth, height, width }, 16, 'arbitrary', { geometry });
};

const shape = { channels: 1, depth: 6, height: 10, width: 8 };
const description = (kind: 'whole' | 'float', given = shape) => ({
  ...given,
  mean: [0],
  standardDeviation: [1],
  integer: kind === 'whole',
  bitDepth: 16,
});

/** What the model's file makes of a volume. */
async function inFile(image: MedicalImage, kind: 'whole' | 'float', given = shape): Promise<Float32Array> {
  const graph = new Graph();
  const x = graph.input('image', 'float32', ['N', 1, 'D', 'H', 'W']);
  const y = resized(x, description(kind, given));
  graph.output(y);
  const session = await nodeRuntime.open(writeOnnx(graph));
  const { pixels, depth, height, width } = toFloatVolume(image, 1, 'volume');
  const outputs = await session.run({ image: tensor('float32', [1, 1, depth, height, width], pixels) }, {}, [
    y.name,
  ]);
  await session.close();
  const found = outputs[y.name]!;
  expect(found.dims).toEqual([1, 1, given.depth, given.height, given.width]);
  return found.data as Float32Array; // the graph is of float32
}

describe.each(['whole', 'float'] as const)('%s values', (kind) => {
  test.each([
    ['shrunk', [17, 31, 23]],
    ['enlarged', [3, 4, 5]],
    ['of its own size', [6, 10, 8]],
    ['shrunk along slices alone', [29, 10, 8]],
    ['enlarged along slices, shrunk within', [2, 40, 37]],
  ] as const)('a volume %s is the same in the file as from the loader', async (_, sides) => {
    const image = volume(sides, kind);
    const loaded = conformVolume(image, shape, 'volume');
    const found = await inFile(image, kind);
    expect(loaded.pixels.length).toBe(found.length);
    let off = 0;
    for (const [i, value] of loaded.pixels.entries()) {
      const far = Math.abs(found[i]! - value);
      if (far > 2e-3) off++;
      expect(far).toBeLessThan(kind === 'whole' ? 1.001 : 4e-3); // of values up to 4000
    }
    // Where rounding in single precision decides about a half, a value is one off.
    expect(off / loaded.pixels.length).toBeLessThan(kind === 'whole' ? 0.005 : 1e-9);
  });
});

test('what does not change stays exactly as it is', () => {
  const image = volume([6, 10, 8], 'float');
  expect(conformVolume(image, shape, 'volume').pixels).toEqual(image.pixels);
});

describe('data sets of volumes', () => {
  let folder: string;
  const at = (...parts: string[]) => path.join(folder, ...parts);
  const settings = (more: Record<string, unknown>) =>
    completeSettings({
      network: 'compact-cnn',
      pooling: 'mean',
      batch: 4,
      allowDuplicates: 'exact',
      ...more,
    });

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-volumes-'));
    for (const [k, name] of ['ill', 'well'].entries()) {
      await mkdir(at('mixed', name), { recursive: true });
      await mkdir(at('series', name), { recursive: true });
      for (let i = 0; i < 8; i++) {
        const stored = volume([5 + k, 20, 18], 'whole', 100 * k + i);
        const image = i % 2 ? orientedTo(stored, 'RAS') : stored;
        await writeFile(at('mixed', name, `${i}.nii.gz`), await writeNifti(image, { compressed: true }));
      }
      await writeCtSeries(at('series', name, '1'));
    }
    await writeFile(at('series.csv'), 'image,label\nseries/ill/1,ill\nseries/well/1,well\n');
    await mkdir(at('flat', 'ill'), { recursive: true });
    await mkdir(at('flat', 'well'), { recursive: true });
    for (const name of ['ill', 'well']) {
      const flat = medicalImage(
        Uint8Array.from({ length: 16 }, (_, i) => i),
        { height: 4, width: 4 },
        8,
      );
      await writeFile(at('flat', name, '1.nii.gz'), await writeNifti(flat, { compressed: true }));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('of mixed orientations are refused with advice, and taken once they are brought to one', async () => {
    await expect(prepareData(at('mixed'), settings({}), () => {})).rejects.toThrow(
      /^ORIENTATION_MIXED: .*LPS.*RAS.*--orientation LPS/s,
    );
    const notes: string[] = [];
    const data = await prepareData(at('mixed'), settings({ orientation: 'LPS', depth: 4 }), (event) => {
      if (event.kind === 'note') notes.push(event.text);
    });
    expect(data.input).toMatchObject({ depth: 4, orientation: 'LPS', height: 18, width: 18 });
    expect(data.input.preparation).toEqual([{ transform: 'orient', parameters: { to: 'LPS' } }]);
    expect(notes.join('\n')).toContain(
      'volumes of 5 to 6 slices 2 mm apart with pixels of 1 mm; all are resized to 4 x 18 x 18',
    );
    // Turned back, a volume is what it was.
    const straight = volume([5, 20, 18], 'whole', 1);
    expect(orientedTo(orientedTo(straight, 'RAS'), 'LPS').pixels).toEqual(straight.pixels);
  });

  test('a volume that lies otherwise than those of the training is refused in use', () => {
    const input = { ...description('whole'), orientation: 'LPS' };
    const image = volume([5, 20, 18], 'whole');
    expect(orientationOf(image)).toBe('LPS');
    expect(conformToModel(image, { input }, 'a').depth).toBe(5);
    expect(() => conformToModel(orientedTo(image, 'RAS'), { input }, 'b')).toThrow(
      /^ORIENTATION_MIXED: b has the orientation RAS, the model was trained on LPS/,
    );
    const { geometry: _, ...nowhere } = image;
    expect(() => conformToModel(nowhere, { input }, 'c')).toThrow(/the orientation unknown/);
  });

  test.each([
    [{ pooling: undefined, depth: 8 }, /^SETTINGS_INVALID: depth is for volumes/],
    [{ pooling: undefined, orientation: 'LPS' }, /^SETTINGS_INVALID: orientation is for volumes/],
    [{ network: 'resnet18-3d' }, /^SETTINGS_INVALID: pooling is 'mean' and resnet18-3d takes whole volumes/],
    [
      { network: 'compact-cnn-3d', pooling: undefined, orientation: 'LPS', depth: 8 },
      /^NETWORK_INPUT: compact-cnn-3d takes volumes of 16 voxels a side or more, 8 were given/,
    ],
    [{ orientation: 'LPS', batch: 60_000, size: 512 }, /^BATCH_TOO_LARGE/],
  ])('%o is refused', async (more, message) => {
    await expect(prepareData(at('mixed'), settings(more), () => {})).rejects.toThrow(message);
  });

  test('single images among volumes are told of', async () => {
    await expect(prepareData(at('flat'), settings({}), () => {})).rejects.toThrow(
      /^DATA_UNREADABLE: .*1\.nii\.gz has 1 slices and 1 time points, where a volume/s,
    );
    expect(() => settings({ orientation: 'up' })).toThrow(/^SETTINGS_INVALID: orientation is "up"/);
    expect(() => settings({ pooling: 'median' })).toThrow(/^SETTINGS_INVALID: pooling is "median"/);
  });

  test('a folder with a DICOM series is a volume', async () => {
    const data = { ...(await loadDataset(at('series.csv'))), volumes: true };
    const survey = await surveyDataset(data);
    expect(survey.unreadable).toEqual([]);
    requireUniformImages(data, survey);
    expect(survey.images[0]!.orientation).toBe('LPS');
    expect(survey.images[0]!.depth).toBeGreaterThan(2);
  });

  test('an npz of volumes, as MedMNIST has them in three dimensions', async () => {
    const header = (descr: string, dims: string) => {
      const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }`.padEnd(117);
      return Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0, ...Buffer.from(text), 10]);
    };
    const npy = (descr: string, dims: string, bytes: Uint8Array) =>
      Uint8Array.from([...header(descr, dims), ...bytes]);
    const bytes = Uint8Array.from({ length: 4 * 3 * 2 * 5 }, (_, i) => i);
    await writeFile(
      at('volumes.npz'),
      zipSync({
        'train_images.npy': npy('|u1', '4, 3, 2, 5', bytes),
        'train_labels.npy': npy('|u1', '4, 1', Uint8Array.from([0, 1, 0, 1])),
      }),
    );
    await expect(loadDataset(at('volumes.npz'))).rejects.toThrow(
      /^MANIFEST_INVALID: .*volumes take a 3-D network/,
    );
    const data = { ...(await loadDataset(at('volumes.npz'), { volumes: true })), volumes: true };
    const survey = await surveyDataset(data);
    expect(survey.images.map(({ depth, height, width }) => [depth, height, width])[1]).toEqual([3, 2, 5]);
    const options = { channels: 1, depth: 3, height: 2, width: 5, batchSize: 2, seed: 1, workers: 0 };
    const loader = await createBatchLoader({ dataset: data, samples: [1, 3], shuffle: false, ...options });
    for await (const batch of loader.epoch(0)) {
      expect(Array.from(batch.images)).toEqual([...bytes.subarray(30, 60), ...bytes.subarray(90, 120)]);
    }
    await loader.close();
  });

  test('what moves an image moves all slices of a volume alike', async () => {
    const pixels = Uint8Array.from({ length: 3 * 16 * 16 }, (_, i) => ((i % 256) * 7) % 251);
    const image = medicalImage(pixels, { depth: 3, height: 16, width: 16 }, 8);
    await writeFile(at('alike.nii.gz'), await writeNifti(image, { compressed: true }));
    await writeFile(
      at('alike-2.nii.gz'),
      await writeNifti({ ...image, pixels: pixels.map((v) => 255 - v) }, { compressed: true }),
    );
    await writeFile(at('alike.csv'), 'image,label\nalike.nii.gz,a\nalike-2.nii.gz,b\n');
    const data = { ...(await loadDataset(at('alike.csv'))), volumes: true };
    const shape = { channels: 1, depth: 3, height: 16, width: 16 };
    const recipe = { rotateDegrees: 20, shift: 0.1 };
    const loader = await createBatchLoader({
      dataset: data,
      samples: [0],
      batchSize: 1,
      seed: 2,
      workers: 0,
      recipe,
      ...shape,
    });
    for await (const { images } of loader.epoch(0)) {
      const slices = [0, 1, 2].map((z) => images.subarray(z * 256, (z + 1) * 256));
      expect(slices[0]).not.toEqual(Float32Array.from(pixels.subarray(0, 256)));
      expect(slices[1]).toEqual(slices[0]);
      expect(slices[2]).toEqual(slices[0]);
    }
    await loader.close();
  });

  test('a recipe of volumes turns them in three dimensions, the inputs of a sample alike', async () => {
    const image = volume([16, 16, 16], 'whole', 7);
    for (const name of ['t1', 't2'])
      await writeFile(at(`${name}.nii.gz`), await writeNifti(image, { compressed: true }));
    const row = 't1.nii.gz,t2.nii.gz';
    await writeFile(at('pairs.csv'), `image:t1,image:t2,label\n${row},a\n${row.replace('t1', './t2')},b\n`);
    const data = { ...(await loadDataset(at('pairs.csv'))), volumes: true };
    const shape = { channels: 1, depth: 16, height: 16, width: 16 };
    const serve = async (volumeRecipe: VolumeRecipe, epoch: number) => {
      const loader = await createSampleLoader({
        dataset: data,
        samples: [0],
        batchSize: 1,
        seed: 2,
        workers: 0,
        volumeRecipe,
        inputs: [
          { ...shape, name: 't1' },
          { ...shape, name: 't2' },
        ],
      });
      const batches = [];
      for await (const one of loader.epoch(epoch)) batches.push(one);
      await loader.close();
      return batches[0]!;
    };
    const turn = { affine: { rotateDegrees: 20, translateMm: 2 } };
    const [first, again, other] = [await serve(turn, 0), await serve(turn, 0), await serve(turn, 1)];
    expect(first.images).not.toEqual(Float32Array.from(image.pixels));
    expect(again.images).toEqual(first.images);
    expect(other.images).not.toEqual(first.images);
    expect(first.others![0]).toEqual(first.images);
    const noisy = await serve({ ...turn, noise: { fraction: [0.1, 0.1] } }, 0);
    expect(noisy.others![0]).not.toEqual(noisy.images);
    expect(Math.min(...noisy.images)).toBeGreaterThanOrEqual(0);
    expect(settings({ augmentVolumes: turn }).augmentVolumes).toEqual(turn);
    expect(() =>
      settings({ augmentVolumes: { crop: { size: [4, 4, 4] }, affine: { rotateDegrees: -1 } } }),
    ).toThrow(/^SETTINGS_INVALID: .*rotateDegrees.*crop is not for training/);
  });
});
