import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { zlibSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../random.ts';
import { unpackLerc } from './unpack-lerc.ts';

interface Case {
  readonly name: string;
  readonly blob: string;
  readonly sha256: string;
}
const { peer, payload } = JSON.parse(
  readFileSync(new URL('../../../../fixtures/rasters/lerc.json', import.meta.url), 'utf8'),
) as { readonly peer: string; readonly payload: readonly Case[] }; // written by scripts/peers/rasters.py
const blobOf = ({ blob }: Case): Uint8Array => Uint8Array.from(Buffer.from(blob, 'base64'));
const NONE = 0;
const DEFLATE = 1;
const PIXELS = 19 * 37;
const bytesOf = ({ name }: Case): number =>
  PIXELS * (Number(/\d+/.exec(name)) / 8) * (name.includes('three') ? 3 : 1);
const sha256 = (bytes: Uint8Array | undefined): string =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');

test.each(payload)(`$name as ${peer} reads it`, async (one) => {
  expect(sha256(await unpackLerc(blobOf(one), NONE, bytesOf(one)))).toBe(one.sha256);
});

describe('what is damaged or lies about its size gives no bytes', () => {
  const one = payload.find(({ name }) => name === 'float32, three, error 0.5, version 4, masked')!;
  const [blob, wanted] = [blobOf(one), bytesOf(one)];
  function forged(at: number, value: number): Uint8Array {
    const bytes = blob.slice();
    new DataView(bytes.buffer).setUint32(at, value, true);
    return bytes;
  }

  const huge = forged(22, 0);
  huge.fill(0xff, 14, 22);

  test.each([
    ['nothing', new Uint8Array(0)],
    ['a cut header', blob.slice(0, 60)],
    ['another name', forged(0, 0)],
    ['a version that is too old', forged(6, 2)],
    ['a version that is too new', forged(6, 7)],
    ['a height beyond the block', forged(14, 1e9)],
    ['a width beyond the block', forged(18, 1e9)],
    ['a width less than the block', forged(18, 2)],
    ['no values of a pixel, and more pixels than any memory', huge],
    ['many values of a pixel', forged(22, 1e6)],
    ['squares larger than are written', forged(30, 2 ** 30)],
    ['squares of no pixels', forged(30, 0)],
    ['no length', forged(34, 0)],
    ['a length below zero', forged(34, 0xffffff00)],
    ['a length beyond the file', forged(34, blob.length + 1)],
    ['an unknown type', forged(38, 8)],
    ['a mask beyond the file', forged(66, 0xffffffff)],
    ['no mask where one is needed', forged(66, 0)],
  ])('%s', async (_, bytes) => {
    expect(await unpackLerc(bytes, NONE, wanted)).toBeUndefined();
  });

  test('a second compression is unpacked, as far as a block may go', async () => {
    expect(sha256(await unpackLerc(zlibSync(blob), DEFLATE, wanted))).toBe(one.sha256);
    expect(await unpackLerc(zlibSync(new Uint8Array(2 ** 24)), DEFLATE, wanted)).toBeUndefined();
    expect(await unpackLerc(blob, 3, wanted)).toBeUndefined();
  });

  test('bytes changed anywhere end in values or in none, soon (seed 5)', async () => {
    const random = new RandomStream({ seed: 5, purpose: 'spoiled LERC' });
    const ends = { values: 0, none: 0 };
    const began = performance.now();
    for (let i = 0; i < 3000; i++) {
      const chosen = payload[random.integer(payload.length)]!;
      const bytes = blobOf(chosen);
      for (let k = random.integer(6); k >= 0; k--)
        bytes[60 + random.integer(bytes.length - 60)] = random.integer(256);
      const held = await unpackLerc(bytes, NONE, bytesOf(chosen));
      ends[held === undefined ? 'none' : 'values']++;
    }
    expect(Math.min(ends.values, ends.none)).toBeGreaterThan(100);
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});
