import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../../errors.ts';
import { bytesSource } from '../byte-source.ts';
import { isHdf5, listHdf5, readHdf5 } from './hdf5.ts';

interface Case {
  readonly path: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const fixtures = new URL('../../../../fixtures/volume-files/', import.meta.url);
const { peer, payload } = JSON.parse(readFileSync(new URL('hdf5.json', fixtures), 'utf8')) as {
  peer: string;
  payload: readonly Case[];
}; // written by scripts/peers/volume_files.py
const file = unzipSync(new Uint8Array(readFileSync(new URL('hdf5.zip', fixtures))))['arrays.h5']!;
const source = bytesSource(file, 'arrays.h5');

test('is known by its signature', () => {
  expect(isHdf5(file)).toBe(true);
  expect(isHdf5(file.subarray(1))).toBe(false);
});

describe(`arrays written by ${peer}`, () => {
  test('are listed; links that lead out or nowhere, text and tables are not', async () => {
    const listed = (await listHdf5(source)).filter(({ path }) => !path.includes('/loop/'));
    expect(listed).toEqual(payload.map(({ path, type, shape }) => ({ path, type, shape })));
  });

  test.each(payload.filter(({ type, shape }) => type !== '<f2' && shape.length > 1 && shape[0]! < 100))(
    '$path of $type',
    async (one) => {
      const axes = { 2: 'HW', 3: 'DHW', 4: 'CDHW' }[one.shape.length]!;
      const image = await readHdf5(source, { dataset: one.path, axes });
      expect([...image.pixels]).toEqual(one.values);
      const sides = [image.channels, image.depth, image.height, image.width];
      expect(sides.slice(-one.shape.length)).toEqual(one.shape);
      expect(image.geometry).toBeUndefined();
    },
  );
});

describe('errors', () => {
  test('several datasets and no name', async () => {
    await expect(readHdf5(source)).rejects.toMatchObject({ code: 'HDF5_DATASET' });
    await expect(readHdf5(source, { dataset: '/nothing' })).rejects.toMatchObject({ code: 'HDF5_DATASET' });
  });

  test('half precision, and more than is allowed', async () => {
    await expect(readHdf5(source, { dataset: 'half' })).rejects.toMatchObject({ code: 'VOLUME_TYPE' });
    await expect(readHdf5(source, { dataset: 'float32', maxBytes: 10 })).rejects.toMatchObject({
      code: 'HDF5_TOO_LARGE',
    });
    await expect(readHdf5(source, { dataset: 'endless' })).rejects.toMatchObject({ code: 'HDF5_TOO_LARGE' });
  });

  test('no HDF5, and a cut one', async () => {
    for (const bytes of [new Uint8Array(5000), file.subarray(0, 600)]) {
      await expect(listHdf5(bytesSource(bytes))).rejects.toMatchObject({ code: 'HDF5_UNREADABLE' });
    }
  });

  test('changed bytes end in values or a coded error', async () => {
    let state = 20261120;
    const next = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let i = 0; i < 200; i++) {
      const bad = new Uint8Array(file);
      for (let k = next(12); k >= 0; k--) bad[next(bad.length)] = next(256);
      await readHdf5(bytesSource(bad), { dataset: 'group/packed' }).catch((error: unknown) => {
        expect(isHounsfieldError(error)).toBe(true);
      });
    }
    expect((await readHdf5(source, { dataset: 'group/packed' })).width).toBeGreaterThan(0);
  });
});
