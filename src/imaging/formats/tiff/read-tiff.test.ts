import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../../errors.ts';
import { spacingMm } from '../../geometry/geometry.ts';
import { bytesSource } from '../byte-source.ts';
import { readTiff, TIFF, type TiffOptions } from './read-tiff.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly spacing: readonly number[] | null;
  readonly tolerance: number;
  /** Of lossy files: bytes in base64. */
  readonly pixels?: string;
  readonly type?: string;
  readonly sha256?: string;
  readonly first?: readonly number[];
  readonly bits?: number;
  readonly timeStep?: number;
  readonly warnings?: number;
}

const cases = JSON.parse(
  readFileSync(new URL('../../../../fixtures/rasters/tiff.json', import.meta.url), 'utf8'),
).payload as readonly Case[]; // written by scripts/peers/rasters.py
const bytesOf = (name: string): Uint8Array =>
  new Uint8Array(Buffer.from(cases.find((one) => one.name === name)!.file, 'base64'));
const read = (bytes: Uint8Array, options?: TiffOptions) => readTiff(bytesSource(bytes, 'case.tif'), options);

describe('pages read as tifffile and Pillow read them', () => {
  test.each(cases)('$name', async (one) => {
    const bytes = new Uint8Array(Buffer.from(one.file, 'base64'));
    const warnings: string[] = [];
    const image = await read(bytes, { onWarning: ({ code }) => warnings.push(code) });
    expect([image.timePoints, image.channels, image.depth, image.height, image.width]).toEqual(one.shape);
    if (one.pixels) {
      let worst = 0;
      for (const [i, value] of Buffer.from(one.pixels, 'base64').entries())
        worst = Math.max(worst, Math.abs(value - image.pixels[i]!));
      expect(worst).toBeLessThanOrEqual(one.tolerance);
    } else {
      expect(image.pixels.constructor.name.toLowerCase()).toBe(`${one.type}array`);
      expect([...image.pixels.subarray(0, 4)]).toEqual(one.first);
      const { buffer, byteOffset, byteLength } = image.pixels;
      expect(
        createHash('sha256')
          .update(new Uint8Array(buffer, byteOffset, byteLength))
          .digest('hex'),
      ).toBe(one.sha256);
    }
    expect(image.reading).toMatchObject({ format: 'TIFF' });
    const turned = Number(/^orientation (\d)/.exec(one.name)?.[1] ?? 1);
    expect(image.reading?.['orientation']).toBe(turned === 1 ? undefined : turned);
    expect(image.reading?.['inverted']).toBe(
      /MinIsWhite|white is 0/.test(one.name) ? 'MinIsWhite' : undefined,
    );
    if (one.bits) expect(image.bitDepth).toBe(one.bits);
    expect(image.timeStepS).toBe(one.timeStep);
    expect(warnings.length).toBe(one.warnings ?? 0);
    if (one.spacing) {
      expect(image.geometry?.frame).toBe('image');
      for (const [i, side] of spacingMm(image.geometry!).entries())
        expect(side).toBeCloseTo(one.spacing[i]!, 6);
    } else {
      expect(image.geometry).toBeUndefined();
    }
    expect(TIFF.matches(bytes.subarray(0, 4096), 'x')).toBe(true);
    const info = await TIFF.info(bytesSource(bytes, 'case.tif'));
    expect([info.timePoints, info.channels, info.depth, info.height, info.width]).toEqual(one.shape);
  });
});

describe('what cannot be read ends in a coded error', () => {
  const plain = bytesOf('uint8 <');
  const lzw = bytesOf('uint8 lzw, predictor 1');
  /** The value of a tag in the first directory of a little-endian classic file, changed. */
  const withTag = (bytes: Uint8Array, tag: number, value: number): Uint8Array => {
    const changed = bytes.slice();
    const view = new DataView(changed.buffer);
    const start = view.getUint32(4, true);
    for (let i = 0; i < view.getUint16(start, true); i++) {
      const at = start + 2 + 12 * i;
      if (view.getUint16(at, true) === tag) view.setUint32(at + 8, value, true);
    }
    return changed;
  };
  test.each([
    ['an empty file', new Uint8Array(0), 'TIFF_INVALID'],
    ['a header alone', plain.slice(0, 8), 'TIFF_TRUNCATED'],
    ['pixels cut off', plain.slice(0, plain.length - 10), 'TIFF_TRUNCATED'],
    ['no width', withTag(plain, 256, 0), 'TIFF_INVALID'],
    ['a width that the file cannot hold', withTag(plain, 256, 60000), 'TIFF_BLOCK'],
    [
      'a height that the file cannot hold',
      withTag(withTag(lzw, 257, 4_000_000_0), 278, 4_000_000_0),
      'TIFF_TOO_LARGE',
    ],
    ['a place beyond the file', withTag(plain, 273, 1e9), 'TIFF_TRUNCATED'],
    ['fax compression', withTag(plain, 259, 4), 'TIFF_UNSUPPORTED'],
    ['unknown compression', withTag(plain, 259, 999), 'TIFF_UNSUPPORTED'],
    ['7 bits', withTag(plain, 258, 7), 'TIFF_UNSUPPORTED'],
    ['CIE Lab', withTag(plain, 262, 8), 'TIFF_UNSUPPORTED'],
    ['a palette that there is not', withTag(plain, 262, 3), 'TIFF_UNSUPPORTED'],
  ])('%s', async (_, bytes, code) => {
    await expect(read(bytes)).rejects.toMatchObject({ code });
  });

  test('a chain of pages in a circle', async () => {
    const bytes = plain.slice();
    const view = new DataView(bytes.buffer);
    const start = view.getUint32(4, true);
    view.setUint32(start + 2 + 12 * view.getUint16(start, true), start, true);
    await expect(read(bytes)).rejects.toThrow(/TIFF_INVALID: case.tif: its chain of pages runs in a circle/);
  });

  test('one page by its number', async () => {
    const stack = bytesOf('five pages');
    const [whole, third] = [await read(stack), await read(stack, { page: 2 })];
    expect(third.pixels).toEqual(whole.pixels.slice(2 * 72, 3 * 72));
    await expect(read(stack, { page: 5 })).rejects.toMatchObject({ code: 'TIFF_PAGE' });
  });

  test('bytes changed anywhere (seed 9)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...cases.map((one) => one.name)),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (name, changes, atStart) => {
          const bytes = bytesOf(name).slice();
          for (const [at, value] of changes)
            bytes[at % (atStart ? Math.min(bytes.length, 300) : bytes.length)] = value;
          try {
            await read(bytes);
          } catch (error) {
            if (!(error instanceof HounsfieldError))
              throw new Error(`${name}: ${String(error)}`, { cause: error });
          }
        },
      ),
      { seed: 9, numRuns: 1500 },
    );
  });
});
