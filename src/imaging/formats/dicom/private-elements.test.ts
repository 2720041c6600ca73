import { expect, test } from 'vitest';
import { dataset } from './build-dataset.ts';
import { privateCreatorOf, privateElement } from './private-elements.ts';
import { numbersOf } from './values.ts';

const philips = 'Philips Imaging DD 001';
const given = dataset([
  [0x20010010, 'LO', 'SOMEBODY ELSE'],
  [0x20010011, 'LO', philips],
  [0x20010012, 'LO', philips],
  [0x20011003, 'FL', [1]],
  [0x20011203, 'FL', [1000]],
  [0x20011103, 'FL', [500]],
  [0x20011404, 'FL', [7]],
]);

test.each([
  [philips, 0x03, 500],
  ['SOMEBODY ELSE', 0x03, 1],
  ['NOBODY', 0x03, undefined],
  [philips, 0x04, undefined],
])('of %s, %i is %s', (creator, low, value) => {
  const found = privateElement(given, creator, 0x2001, low);
  expect(found === undefined ? undefined : numbersOf(given, found)[0]).toBe(value);
});

test.each([
  [0x20011003, 'SOMEBODY ELSE'],
  [0x20011103, philips],
  [0x20011404, undefined],
  [0x20010011, undefined],
  [0x00100010, undefined],
])('the creator of %i is %s', (tag, creator) => {
  expect(privateCreatorOf(given, tag)).toBe(creator);
});
