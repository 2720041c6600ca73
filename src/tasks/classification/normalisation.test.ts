import { expect, test } from 'vitest';
import { type ConventionName, conventionalInput, conventions } from './normalisation.ts';

const grey = { mean: 100, deviation: 50 };

/** What the network gets of a red, green and blue value of a file, in its own order. */
function given(name: ConventionName, pixel: readonly number[], largest?: number): number[] {
  const scale = largest === undefined ? grey : { ...grey, largest };
  const input = conventionalInput(conventions[name], 3, scale);
  const values = pixel.map((value, c) => (value - input.mean[c]!) / input.standardDeviation[c]!);
  return input.channelOrder === 'bgr' ? values.reverse() : values;
}

test.each<[ConventionName, readonly number[]]>([
  ['torchvision', [(200 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (50 / 255 - 0.406) / 0.225]],
  ['caffe', [50 - 104, 100 - 117, 200 - 123]],
  ['tensorflow', [200 / 127.5 - 1, 100 / 127.5 - 1, 50 / 127.5 - 1]],
  ['0-to-1', [200 / 255, 100 / 255, 50 / 255]],
  ['0-to-255', [200, 100, 50]],
])('%s, as its makers write it', (name, expected) => {
  for (const [c, value] of given(name, [200, 100, 50], 255).entries()) {
    expect(value).toBeCloseTo(expected[c]!, 5);
  }
});

test('12 bits are given as 8 bits of the same brightness', () => {
  const fine = given('torchvision', [4095, 0, 4095 * 0.4], 4095);
  const coarse = given('torchvision', [255, 0, 255 * 0.4], 255);
  for (const [c, value] of fine.entries()) expect(value).toBeCloseTo(coarse[c]!, 6);
});

test('a scale without an end is brought to the spread of natural images', () => {
  const [low, mean, high] = given('torchvision', [50, 100, 150]);
  expect(mean).toBeCloseTo(0, 6);
  expect(high! - low!).toBeCloseTo(2, 1);
});

test('a grey network takes the mean of the three channels', () => {
  const { mean, channelOrder } = conventionalInput(conventions.caffe, 1, { ...grey, largest: 255 });
  expect(mean[0]).toBeCloseTo((104 + 117 + 123) / 3, 6);
  expect(channelOrder).toBeUndefined();
});
