import { readFileSync } from 'node:fs';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import { bunzip2 } from './bunzip2.ts';
import { bytesSource } from './byte-source.ts';
import { gunzip, gunzipSync, gzip, plainHead, zlib } from './gunzip.ts';
import { inflate } from './inflate.ts';

const seeded = { seed: 20261120, numRuns: 300 };
/** Bytes with runs and repeats, so that every kind of block comes up. */
const anyBytes = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 200 })), { maxLength: 12 })
  .map((parts) =>
    Uint8Array.from(
      parts.flatMap(([piece, times]) => Array.from({ length: times }, () => [...piece]).flat()),
    ),
  );

describe(`inflate, seed ${seeded.seed}`, () => {
  test.each([0, 1, 6, 9])('undoes level %i and says where the stream ends', (level) => {
    fc.assert(
      fc.property(anyBytes, fc.uint8Array({ maxLength: 9 }), (bytes, tail) => {
        const packed = deflateRawSync(bytes, { level });
        const out = new Uint8Array(bytes.length);
        const result = inflate(new Uint8Array(Buffer.concat([packed, tail])), 0, out);
        expect(result).toEqual({ status: 'whole', next: packed.length, written: bytes.length });
        expect(Buffer.from(out).equals(bytes)).toBe(true);
      }),
      seeded,
    );
  });

  test('stops at the room given, and at the end of what is there', () => {
    fc.assert(
      fc.property(anyBytes, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (bytes, part) => {
        const packed = new Uint8Array(deflateRawSync(bytes));
        const room = Math.floor(bytes.length * part);
        const short = new Uint8Array(room);
        if (room < bytes.length) expect(inflate(packed, 0, short).status).toBe('full');
        expect(Buffer.from(short).equals(bytes.subarray(0, room))).toBe(true);
        const cut = inflate(
          packed.subarray(0, Math.floor(packed.length * part)),
          0,
          new Uint8Array(bytes.length),
        );
        expect(['cut', 'damaged']).toContain(cut.status);
      }),
      seeded,
    );
  });
});

describe(`gzip and zlib, seed ${seeded.seed}`, () => {
  test('unpack what zlib packed, in one member or several, whatever follows', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, anyBytes, fc.uint8Array({ maxLength: 9 }), async (one, two, tail) => {
        const packed = new Uint8Array(Buffer.concat([gzipSync(one), gzipSync(two), Buffer.from([0]), tail]));
        const both = Buffer.concat([one, two]);
        expect(Buffer.from(await gunzip(packed, both.length)).equals(both)).toBe(true);
        expect(Buffer.from(gunzipSync(new Uint8Array(deflateSync(one)), one.length)).equals(one)).toBe(true);
        expect(Buffer.from(gunzipSync(await gzip(two), two.length)).equals(two)).toBe(true);
        expect(Buffer.from(gunzipSync(await zlib(two), two.length)).equals(two)).toBe(true);
      }),
      { ...seeded, numRuns: 100 },
    );
  });

  const noise = Uint8Array.from({ length: 300_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255);
  test.each([
    ['small', noise.subarray(0, 1000)],
    ['large, by the platform', noise],
  ])('%s: too much, too little and damage have their codes', async (_, plain) => {
    const packed = new Uint8Array(gzipSync(plain));
    expect(await gunzip(packed, plain.length)).toEqual(plain);
    expect(await gunzip(bytesSource(packed), plain.length + 5)).toEqual(plain);
    await expect(gunzip(packed, plain.length - 1)).rejects.toMatchObject({ code: 'COMPRESSED_TOO_LARGE' });
    await expect(gunzip(packed.subarray(0, packed.length - 3), plain.length)).rejects.toMatchObject({
      code: 'COMPRESSED_CUT',
    });
    await expect(gunzip(packed.subarray(0, 500), plain.length)).rejects.toMatchObject({
      code: 'COMPRESSED_CUT',
    });
    const wrongSum = packed.slice();
    wrongSum[packed.length - 6]! ^= 1;
    await expect(gunzip(wrongSum, plain.length)).rejects.toMatchObject({ code: 'COMPRESSED_DAMAGED' });
    await expect(gunzip(plain, plain.length)).rejects.toMatchObject({ code: 'COMPRESSED_DAMAGED' });
  });

  test('a bomb of 1 GiB in 1 MB stops at its limit', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(2 ** 26)));
    const sixteen = new Uint8Array(Buffer.concat(Array.from({ length: 16 }, () => bomb)));
    const before = process.memoryUsage().arrayBuffers;
    await expect(gunzip(sixteen, 1000)).rejects.toMatchObject({ code: 'COMPRESSED_TOO_LARGE' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 27);
  });

  test('a source that fails passes its error on', async () => {
    const good = bytesSource(new Uint8Array(gzipSync(Buffer.from(noise.map((value, i) => value ^ (i * i))))));
    const failing = {
      ...good,
      read: async (offset: number, length: number) => {
        if (length > 1000) throw new HounsfieldError('FILE_UNREADABLE', 'it was removed.');
        return good.read(offset, length);
      },
    };
    expect(good.size).toBeGreaterThan(2 ** 16);
    await expect(gunzip(failing, noise.length)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  test('the head of a file is had without the rest of it', async () => {
    const source = bytesSource(new Uint8Array(gzipSync(noise)));
    expect(await plainHead(source, 348)).toEqual(noise.subarray(0, 348));
    expect(await plainHead(bytesSource(noise), 348)).toEqual(noise.subarray(0, 348 + 1 + 4096));
    const members = [0, 100, 100, 350].map((at, i, all) => gzipSync(noise.subarray(at, all[i + 1] ?? 400)));
    const joined = bytesSource(new Uint8Array(Buffer.concat(members)));
    expect(await plainHead(joined, 348)).toEqual(noise.subarray(0, 348));
    expect(await plainHead(bytesSource(new Uint8Array([0x1f, 0x8b, 8, 8])), 348)).toHaveLength(0);
  });
});

describe('bzip2', () => {
  const files = unzipSync(
    new Uint8Array(readFileSync(new URL('../../../fixtures/volume-files/files.zip', import.meta.url))),
  );
  const file = files['r-bzip2-long.nrrd']!;
  const packed = file.subarray(Buffer.from(file).indexOf('\n\n') + 2);

  test('the limit, a cut and a changed bit have their codes', () => {
    expect(bunzip2(packed, 70000)).toHaveLength(70000);
    expect(() => bunzip2(packed, 69999)).toThrow(/^COMPRESSED_TOO_LARGE/);
    expect(() => bunzip2(packed.subarray(0, packed.length - 20), 70000)).toThrow(/^COMPRESSED_CUT/);
    expect(() => bunzip2(new Uint8Array(9), 70000)).toThrow(/^COMPRESSED_DAMAGED/);
    const changed = packed.slice();
    changed[packed.length >> 1]! ^= 4;
    expect(() => bunzip2(changed, 70000)).toThrow(/^COMPRESSED_/);
  });

  test(`changed anywhere it ends in bytes or a coded error, seed ${seeded.seed}`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = packed.slice();
        bad[at]! ^= change;
        try {
          bunzip2(bad, 70000);
        } catch (error) {
          expect(isHounsfieldError(error)).toBe(true);
        }
      }),
      seeded,
    );
  });
});
