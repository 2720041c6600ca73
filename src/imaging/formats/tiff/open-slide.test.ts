import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { spacingMm } from '../../geometry/geometry.ts';
import { type ByteSource, bytesSource } from '../byte-source.ts';
import { openSlide } from './open-slide.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly vendor: string;
  readonly mpp: readonly [number, number];
  readonly magnification: number | null;
  readonly levels: readonly (readonly [number, number])[];
  readonly regions: readonly {
    readonly level: number;
    readonly region: readonly [number, number, number, number];
    readonly sha256: string;
  }[];
}

const cases = JSON.parse(
  readFileSync(new URL('../../../../fixtures/rasters/slide.json', import.meta.url), 'utf8'),
).payload as readonly Case[]; // written by scripts/peers/rasters.py
const sourceOf = (one: Case): ByteSource =>
  bytesSource(new Uint8Array(Buffer.from(one.file, 'base64')), one.name);

describe.each(cases)('$name', (one) => {
  test('levels, scale and regions are those that were written', async () => {
    const slide = await openSlide(sourceOf(one));
    expect(slide.vendor).toBe(one.vendor);
    expect(slide.magnification ?? null).toBe(one.magnification);
    expect(slide.levels.map(({ width, height }) => [width, height])).toEqual(one.levels);
    for (const [k, { mpp, downsample }] of slide.levels.entries()) {
      expect(mpp![0]).toBeCloseTo(one.mpp[0] * downsample[0], 9);
      expect(mpp![1]).toBeCloseTo(one.mpp[1] * downsample[1], 9);
      expect(slide.levelFor(downsample[0])).toBe(k);
    }
    expect(slide.levelFor(0.1)).toBe(0);
    for (const { level, region, sha256 } of one.regions) {
      const [x, y, width, height] = region;
      const image = await slide.readRegion(level, x, y, width, height);
      const { buffer, byteOffset, byteLength } = image.pixels;
      expect(
        createHash('sha256')
          .update(new Uint8Array(buffer, byteOffset, byteLength))
          .digest('hex'),
      ).toBe(sha256);
      expect(spacingMm(image.geometry!)[0]).toBeCloseTo(slide.levels[level]!.mpp![0] / 1000, 12);
    }
    await slide.close();
  });

  test('a region outside is refused', async () => {
    const slide = await openSlide(sourceOf(one));
    for (const [level, x, y, width, height] of [
      [0, -1, 0, 5, 5],
      [0, 276, 0, 5, 5],
      [0, 0, 0, 0, 5],
      [0, 0.5, 0, 5, 5],
      [9, 0, 0, 5, 5],
    ] as const) {
      await expect(slide.readRegion(level, x, y, width, height)).rejects.toMatchObject({
        code: 'SLIDE_REGION',
      });
    }
  });
});

test('only the tiles that a region touches are read', async () => {
  const whole = sourceOf(cases[0]!);
  let read = 0;
  const slide = await openSlide({
    ...whole,
    read: async (offset, length) => {
      const bytes = await whole.read(offset, length);
      read += bytes.length;
      return bytes;
    },
  });
  const opened = read;
  await slide.readRegion(0, 70, 70, 20, 20);
  const once = read - opened;
  expect(once).toBeGreaterThan(0);
  expect(once).toBeLessThan(whole.size / 10);
  await slide.readRegion(0, 75, 75, 20, 20);
  expect(read - opened).toBe(once);
});
