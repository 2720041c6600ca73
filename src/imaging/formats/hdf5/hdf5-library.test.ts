import { expect, test } from 'vitest';
import { isHounsfieldError } from '../../../errors.ts';
import { bytesSource } from '../byte-source.ts';
import { readHdf5 } from './hdf5.ts';
import { hdf5Library } from './hdf5-library.ts';

interface Insides {
  readonly HEAPU8: Uint8Array;
  readonly FS: {
    readonly streams: readonly unknown[];
    readonly writeFile: (path: string, b: Uint8Array) => void;
  };
  readonly _malloc: (bytes: number) => number;
}

test('broken files leave nothing behind in the library', async () => {
  const { h5, reset } = await hdf5Library();
  const insides = (await h5.ready) as unknown as Insides; // its types leave these out
  const made = new h5.File('/made.h5', 'w');
  made.create_dataset({ name: 'image', data: new Float32Array(60), shape: [3, 4, 5], chunks: [1, 4, 5] });
  made.close();
  const whole = Uint8Array.from(h5.FS?.readFile('/made.h5') as Uint8Array); // no text is asked for
  expect(reset()).toBe(true);
  const before = insides.HEAPU8.slice();
  const ends = new Set<string>();
  for (let at = 0; at < whole.length; at += 7) {
    const broken = whole.slice();
    broken[at]! ^= 0xff;
    const end = await readHdf5(bytesSource(broken)).catch((error: unknown) => error);
    ends.add(isHounsfieldError(end) ? end.code : 'image');
    expect(insides.FS.streams.slice(3).filter(Boolean)).toEqual([]);
  }
  expect(ends).toEqual(new Set(['image', 'HDF5_UNREADABLE']));
  expect(Buffer.compare(insides.HEAPU8.subarray(0, before.length), before)).toBe(0);
});

test('the library takes no more memory than it is allowed', async () => {
  const { h5, reset, allow } = await hdf5Library();
  const insides = (await h5.ready) as unknown as Insides; // its types leave these out
  const before = insides.HEAPU8.length;
  allow(2 ** 27);
  expect(insides._malloc(2 ** 28)).toBe(0);
  expect(insides.HEAPU8.length).toBe(before);
  allow(2 ** 30);
  expect(insides._malloc(2 ** 28)).toBeGreaterThan(0);
  expect(reset()).toBe(true);
});
