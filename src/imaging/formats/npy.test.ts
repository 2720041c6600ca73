import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeNpy, encodeNpy, npyNumbers } from './npy.ts';
import { decodeNpz, encodeNpz } from './npz.ts';

const { arrays, npz } = JSON.parse(
  readFileSync(new URL('../../../fixtures/imaging/npy.json', import.meta.url), 'utf8'),
).payload as {
  arrays: { name: string; file: string; shape: number[]; values: number[] }[];
  npz: string;
}; // written by scripts/peers/imaging.py
const npzBytes = Buffer.from(npz, 'base64');
const someFile = Buffer.from(arrays.find((array) => array.name === '<f4 C version 1')!.file, 'base64');

test.each(arrays)('reads numpy: $name', ({ file, shape, values }) => {
  const array = decodeNpy(Buffer.from(file, 'base64'));
  expect(array.shape).toEqual(shape);
  expect(Array.from(npyNumbers(array), Number)).toEqual(values);
});

test('reads numpy.savez_compressed', () => {
  const stored = decodeNpz(npzBytes);
  expect([...stored.keys()]).toEqual(['train_images', 'train_labels']);
  expect(stored.get('train_images')).toMatchObject({
    shape: [1, 2, 3],
    type: 'u1',
    data: Uint8Array.of(0, 1, 2, 3, 4, 5),
  });
  expect([...decodeNpz(npzBytes, 'x', (name) => name === 'train_labels').keys()]).toEqual(['train_labels']);
});

test('written then read is the same, every type (seed 3)', () => {
  const data = fc.oneof(
    fc.uint8Array(),
    fc.int8Array(),
    fc.uint16Array(),
    fc.int16Array(),
    fc.uint32Array(),
    fc.int32Array(),
    fc.float32Array(),
    fc.float64Array(),
    fc.bigInt64Array(),
    fc.bigUint64Array(),
  );
  fc.assert(
    fc.property(data, (values) => {
      const array = decodeNpz(encodeNpz({ a: { shape: [values.length], data: values } })).get('a')!;
      expect(array.data).toEqual(values);
      expect(array.shape).toEqual([values.length]);
    }),
    { seed: 3 },
  );
});

describe('broken files end in a coded error', () => {
  test.each([0, 5, 9, 11, 40, 100, someFile.length - 1])('npy cut to %i bytes', (length) => {
    expect(() => decodeNpy(someFile.subarray(0, length), 'a.npy')).toThrow(
      /^NPY_UNREADABLE: a.npy cannot be read: /,
    );
  });

  const lying = (from: string, to: string) =>
    Buffer.from(someFile.toString('latin1').replace(from, to), 'latin1');
  test.each([
    ['a shape larger than the data', lying('(2, 3), ', '(9999999,'), /header lacks|promises/],
    [
      'a shape larger than the data',
      lying('(2, 3)', '(2, 9)'),
      /promises 18 values of 4 bytes, 24 bytes follow/,
    ],
    ['complex numbers', lying("'<f4'", "'<c8'"), /not a real number \(c8\)/],
    ['objects', lying("'<f4'", "'|O8'"), /not a real number/],
    [
      'version 9',
      Buffer.from(someFile.toString('latin1').replace('NUMPY\x01', 'NUMPY\x09'), 'latin1'),
      /version is 9/,
    ],
  ])('npy with %s', (_, bytes, reason) => {
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(reason);
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(/^NPY_UNREADABLE/);
  });

  test.each([0, 3, 50, npzBytes.length - 1, npzBytes.length - 60])('npz cut to %i bytes', (length) => {
    expect(() => decodeNpz(npzBytes.subarray(0, length), 'a.npz')).toThrow(
      /^NPZ_UNREADABLE: a.npz \(\d+ bytes\)/,
    );
  });

  test('npz whose directory claims gigabytes', () => {
    const bytes = Buffer.from(npzBytes);
    const directory = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    bytes.writeUInt32LE(0xfffffff0, directory + 24);
    expect(() => decodeNpz(bytes, 'a.npz')).toThrow(/^NPZ_UNREADABLE.*claims 4294967280 bytes/);
  });

  test('flipped bytes never give anything but an array or a coded error (seed 4)', () => {
    fc.assert(
      fc.property(fc.nat(npzBytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Uint8Array.from(npzBytes);
        bytes[at]! ^= change;
        try {
          decodeNpz(bytes);
        } catch (error) {
          expect(String(error)).toMatch(/NP[YZ]_UNREADABLE/);
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

test('encodeNpy pads its header to 64 bytes', () => {
  expect(encodeNpy([2], new Uint8Array(2)).length % 64).toBe(2);
});
