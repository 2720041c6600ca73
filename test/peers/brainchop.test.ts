import { readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { type Tensor, tensor } from '../../src/engine/tensor/tensor.ts';
import { fileSource } from '../../src/imaging/formats/file-source.node.ts';
import { readNifti } from '../../src/imaging/formats/nifti/read-nifti.ts';
import type { PixelArray } from '../../src/imaging/image/medical-image.ts';
import { openTfjsModel } from '../../src/learning/weights/tfjs/open-tfjs-model.node.ts';
import { receptiveField } from '../../src/tasks/inference/receptive-field.ts';
import { runFullyConvolutional } from '../../src/tasks/inference/run-fully-convolutional.ts';
import { sharedData } from './dicom-objects-fixture.ts';

const { path: folder, there, skipped } = sharedData('brainchop_meshnet');
const models = path.join(folder, 'public', 'models');
const free = { layout: 'channels-first', inputShapes: { input: ['N', 'D', 'H', 'W', 1] } } as const;
const SIZE = 256;
const CORE = 24;

async function pixelsOf(name: string): Promise<PixelArray> {
  const source = await fileSource(path.join(folder, name));
  try {
    return (await readNifti(source)).pixels;
  } finally {
    await source.close();
  }
}

/** Voxels [x, y, z] from `start`, `size` along each axis, of a file that has x fastest. */
function cut(pixels: PixelArray, start: readonly number[], size: number): Float32Array {
  const found = new Float32Array(size ** 3);
  for (let i = 0; i < found.length; i++) {
    const [x, y, z] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
    found[i] = pixels[((start[2]! + z) * SIZE + start[1]! + y) * SIZE + start[0]! + x]!;
  }
  return found;
}

describe.skipIf(!there)(`the brainchop models${skipped}`, () => {
  test('all eight are read, with every weight used', () => {
    const names = readdirSync(models);
    expect(names).toHaveLength(8);
    for (const name of names) {
      const graph = openTfjsModel(path.join(models, name, 'model.json'));
      expect(graph.inputs[0]!.shape).toEqual(['N', SIZE, SIZE, SIZE, 1]);
      expect(graph.outputs[0]!.shape?.slice(0, 4)).toEqual(['N', SIZE, SIZE, SIZE]);
      expect(graph.metadata.has('tfjs.unused')).toBe(false);
    }
  });

  describe.each(['model5_gw_ae', 'model30chan18cls'])('%s in the middle of a head', (name) => {
    const start = [112, 96, 120];
    let answer: Tensor;
    let wanted: Float32Array;
    beforeAll(async () => {
      const graph = openTfjsModel(path.join(models, name, 'model.json'), free);
      const halo = receptiveField(graph);
      expect(halo).toEqual({ before: [46, 46, 46], after: [46, 46, 46] });
      const [image, labels] = [
        await pixelsOf('public/t1_crop.nii.gz'),
        await pixelsOf(`reference_outputs/t1_crop_${name}_labels.nii.gz`),
      ];
      // All that the core's labels depend on; the image's least and greatest value are 0 and 255.
      const size = CORE + 2 * 46;
      const region = cut(
        image,
        start.map((at) => at - 46),
        size,
      ).map((value) => value / 255);
      const session = await nodeRuntime.open(writeOnnx(expandComposites(graph)), { threads: 2 });
      const volume = tensor('float32', [1, 1, size, size, size], region);
      answer = await runFullyConvolutional(session, volume, {
        tile: [size, size, size],
        halo,
        result: 'labels',
      });
      wanted = cut(labels, start, CORE);
      await session.close();
    });

    test('its labels are the stored ones', () => {
      const size = CORE + 2 * 46;
      let same = 0;
      for (let i = 0; i < wanted.length; i++) {
        const [x, y, z] = [Math.floor(i / CORE ** 2), Math.floor(i / CORE) % CORE, i % CORE];
        if (Number(answer.data[((x + 46) * size + y + 46) * size + z + 46]) === wanted[i]) same++;
      }
      expect(new Set(wanted).size).toBeGreaterThan(2);
      expect(same / wanted.length).toBeGreaterThanOrEqual(0.999);
    });
  });
});
