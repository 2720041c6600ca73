import { readFileSync } from 'node:fs';
import { zlibSync } from 'fflate';
import { expect, test } from 'vitest';
import { lercBlob } from './lerc-blob.ts';

const cases = JSON.parse(
  readFileSync(new URL('../../../../fixtures/rasters/tiff.json', import.meta.url), 'utf8'),
).payload as readonly { readonly name: string; readonly file: string }[]; // written by scripts/peers/rasters.py
const file = Buffer.from(cases.find(({ name }) => name === 'LERC float32')!.file, 'base64');
const start = file.indexOf('Lerc2 ');
const blob = Uint8Array.from(file.subarray(start, start + file.readInt32LE(start + 34)));
const WANTED = 40 * 48 * 4;
const NONE = 0;
const DEFLATE = 1;

function forged(at: number, value: number): Uint8Array {
  const bytes = blob.slice();
  new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
}

test('a blob is taken as it is, unpacked, and without what follows it', async () => {
  const longer = new Uint8Array(blob.length + 100);
  longer.set(blob);
  expect(await lercBlob(blob, NONE, WANTED)).toEqual(blob);
  expect(await lercBlob(longer, NONE, WANTED)).toEqual(blob);
  expect(await lercBlob(zlibSync(blob), DEFLATE, WANTED)).toEqual(blob);
});

test.each([
  ['nothing', new Uint8Array(0)],
  ['a cut header', blob.slice(0, 60)],
  ['another name', forged(0, 0)],
  ['a version without checksums', forged(6, 2)],
  ['a version that is not read', forged(6, 6)],
  ['a height beyond the block', forged(14, 1e9)],
  ['a width beyond the block', forged(18, 1e9)],
  ['many values of a pixel', forged(22, 1e6)],
  ['squares larger than are written', forged(30, 2 ** 30)],
  ['squares of no pixels', forged(30, 0)],
  ['no length, so that the next blob would never come', forged(34, 0)],
  ['a length below zero', forged(34, 0xffffff00)],
  ['a length beyond the file', forged(34, blob.length + 1)],
  ['an unknown type', forged(38, 8)],
  ['a mask larger than the pixels', forged(66, 1e6)],
])('%s: no blob', async (_, bytes) => {
  expect(await lercBlob(bytes, NONE, WANTED)).toBeUndefined();
});

test('what unpacks to more than a block may hold, and unknown compression: no blob', async () => {
  expect(await lercBlob(zlibSync(new Uint8Array(2 ** 24)), DEFLATE, WANTED)).toBeUndefined();
  expect(await lercBlob(blob, 3, WANTED)).toBeUndefined();
});
