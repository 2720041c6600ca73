import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../errors.ts';
import { spacingMm } from '../geometry/geometry.ts';
import { BMP, decodeBmp, isBmp } from './bmp.ts';
import { bytesSource } from './byte-source.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly spacing: readonly [number, number] | null;
  readonly sha256: string;
  readonly first: readonly number[];
}

const cases = JSON.parse(readFileSync(new URL('../../../fixtures/rasters/bmp.json', import.meta.url), 'utf8'))
  .payload as readonly Case[]; // written by scripts/peers/rasters.py
const bytesOf = (one: Case): Uint8Array => new Uint8Array(Buffer.from(one.file, 'base64'));

describe('pixels are those that Pillow reads or that were put in', () => {
  test.each(cases)('$name', async (one) => {
    const bytes = bytesOf(one);
    const image = decodeBmp(bytes, 'case.bmp');
    expect([image.channels, image.height, image.width]).toEqual(one.shape);
    expect([...image.pixels.subarray(0, 4)]).toEqual(one.first);
    expect(
      createHash('sha256')
        .update(image.pixels as Uint8Array)
        .digest('hex'),
    ).toBe(one.sha256); // 8 bits always
    if (one.spacing) {
      expect(spacingMm(image.geometry!)[0]).toBeCloseTo(one.spacing[0], 9);
      expect(spacingMm(image.geometry!)[1]).toBeCloseTo(one.spacing[1], 9);
    } else {
      expect(image.geometry).toBeUndefined();
    }
    expect(isBmp(bytes.subarray(0, 64))).toBe(true);
    const info = await BMP.info(bytesSource(bytes));
    expect([info.channels, info.height, info.width, info.geometry]).toEqual([...one.shape, image.geometry]);
    expect((await BMP.read(bytesSource(bytes))).pixels).toEqual(image.pixels);
  });
});

describe('what cannot be read ends in a coded error', () => {
  const plain = bytesOf(cases[0]!);
  const word = (at: number, value: number): Uint8Array => {
    const bytes = plain.slice();
    new DataView(bytes.buffer).setInt32(at, value, true);
    return bytes;
  };
  test.each([
    ['cut in the header', plain.slice(0, 20), 'BMP_TRUNCATED'],
    ['cut in the pixels', plain.slice(0, -8), 'BMP_TRUNCATED'],
    ['another file', new Uint8Array(100), 'BMP_INVALID'],
    ['no width', word(18, 0), 'BMP_INVALID'],
    ['a negative width', word(18, -4), 'BMP_INVALID'],
    ['more pixels than can be', word(18, 2 ** 30), 'BMP_INVALID'],
    ['more pixels than there are', word(22, 9000), 'BMP_TRUNCATED'],
    ['a JPEG inside', word(30, 4), 'BMP_UNSUPPORTED'],
    ['7 bits', plain.with(28, 7), 'BMP_UNSUPPORTED'],
    ['pixels beyond the file', word(10, 2 ** 30), 'BMP_TRUNCATED'],
  ])('%s', (_, bytes, code) => {
    expect(() => decodeBmp(bytes, 'case.bmp')).toThrow(expect.objectContaining({ code }));
  });

  test('bytes changed anywhere (seed 10)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (one, changes) => {
          const bytes = bytesOf(one);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            decodeBmp(bytes, 'case.bmp');
          } catch (error) {
            expect(error).toBeInstanceOf(HounsfieldError);
          }
        },
      ),
      { seed: 10, numRuns: 2000 },
    );
  });
});
