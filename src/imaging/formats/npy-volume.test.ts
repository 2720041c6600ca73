import { describe, expect, test } from 'vitest';
import { imageFromArray } from './array-volume.ts';
import { encodeNpy } from './npy.ts';
import { isNpy, isNpz, readNumpyImage } from './npy-volume.ts';
import { encodeNpz } from './npz.ts';

const counted = (length: number) => Float32Array.from({ length }, (_, i) => i);

describe('an array without a header as an image', () => {
  test.each([
    [[3, 4], undefined, { height: 3, width: 4 }],
    [[2, 3, 4], undefined, { depth: 2, height: 3, width: 4 }],
    [[5, 2, 3, 4], undefined, { channels: 5, depth: 2, height: 3, width: 4 }],
    [[6, 5, 2, 3, 4], undefined, { timePoints: 6, channels: 5, depth: 2, height: 3, width: 4 }],
    [[3, 4, 5], 'HWC', { channels: 5, height: 3, width: 4 }],
    [[4, 3, 2], 'WHD', { depth: 2, height: 3, width: 4 }],
    [[2, 3, 4], 'THW', { timePoints: 2, height: 3, width: 4 }],
  ])('%j named %s', (shape, axes, sides) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const image = imageFromArray(counted(length), shape, axes);
    const all = { timePoints: 1, channels: 1, depth: 1, ...sides };
    expect(image).toMatchObject(all);
    const letters = axes ?? { 2: 'HW', 3: 'DHW', 4: 'CDHW', 5: 'TCDHW' }[shape.length]!;
    // the value at each place is its place in the given array
    const order = ['T', 'C', 'D', 'H', 'W'];
    const lengths = [all.timePoints, all.channels, all.depth, all.height, all.width];
    for (let i = 0, rest = 0; i < length; i++) {
      rest = i;
      const index: Record<string, number> = {};
      for (let axis = 4; axis >= 0; axis--) {
        index[order[axis]!] = rest % lengths[axis]!;
        rest = Math.floor(rest / lengths[axis]!);
      }
      const from = [...letters].reduce((place, letter, axis) => place * shape[axis]! + index[letter]!, 0);
      expect(image.pixels[i]).toBe(from);
    }
  });

  test.each([
    [[4], undefined],
    [[2, 2], 'DH'],
    [[2, 2], 'HH'],
    [[2, 2, 1], 'HW'],
    [[1, 1, 1, 1, 1, 1], undefined],
    [[2, 2], 'XY'],
  ])('%j named %s is refused', (shape, axes) => {
    const length = shape.reduce((product, side) => product * side, 1);
    expect(() => imageFromArray(counted(length), shape, axes)).toThrow(/^ARRAY_AXES/);
  });
});

describe('numpy files', () => {
  const npy = encodeNpy([2, 3], BigInt64Array.of(1n, 2n, 3n, 4n, 5n, -6n));
  const npz = encodeNpz({ one: { shape: [2, 3], data: counted(6) } });
  const two = encodeNpz({ one: { shape: [2, 3], data: counted(6) }, two: { shape: [6], data: counted(6) } });

  test('are known by content', () => {
    expect([isNpy(npy), isNpz(npy), isNpy(npz), isNpz(npz)]).toEqual([true, false, false, true]);
    expect(isNpz(new Uint8Array([0x50, 0x4b, 3, 4]))).toBe(false);
  });

  test('64-bit integers become float64', () => {
    expect(readNumpyImage(npy).pixels).toEqual(Float64Array.of(1, 2, 3, 4, 5, -6));
  });

  test('an archive gives its only array, or the one named', () => {
    expect(readNumpyImage(npz).width).toBe(3);
    expect(readNumpyImage(two, { array: 'one' }).height).toBe(2);
    expect(() => readNumpyImage(two)).toThrow(/^ARRAY_NAME/);
    expect(() => readNumpyImage(two, { array: 'three' })).toThrow(/^ARRAY_NAME/);
  });
});
