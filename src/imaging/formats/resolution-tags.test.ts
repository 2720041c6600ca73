import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spacingMm } from '../geometry/geometry.ts';
import { medicalImage } from '../image/medical-image.ts';
import { decodeJpeg } from './jpeg.node.ts';
import { decodePng } from './png.node.ts';
import { jpegTags, pngTags, withTags } from './resolution-tags.ts';

interface Case {
  readonly name: string;
  readonly kind: 'png' | 'jpeg';
  readonly file: string;
  readonly spacing: readonly [number, number] | null;
  readonly bits: number;
  readonly shape?: readonly number[];
  readonly sha256?: string;
}

const cases = JSON.parse(
  readFileSync(new URL('../../../fixtures/rasters/pictures.json', import.meta.url), 'utf8'),
).payload as readonly Case[]; // written by scripts/peers/rasters.py
const bytesOf = (one: Case): Uint8Array => new Uint8Array(Buffer.from(one.file, 'base64'));

describe('spacing from resolution tags, pixels as Pillow has them', () => {
  test.each(cases)('$name', async (one) => {
    const image = await (one.kind === 'png' ? decodePng : decodeJpeg)(bytesOf(one), one.name);
    expect(image.bitDepth).toBe(one.bits);
    if (one.spacing) {
      expect(image.geometry?.frame).toBe('image');
      const [x, y] = spacingMm(image.geometry!);
      expect(x).toBeCloseTo(one.spacing[0], 9);
      expect(y).toBeCloseTo(one.spacing[1], 9);
    } else {
      expect(image.geometry).toBeUndefined();
    }
    const turned = /orientation (\d)/.exec(one.name)?.[1];
    expect(image.reading).toEqual(
      turned === undefined || turned === '1' ? undefined : { format: 'JPEG', orientation: Number(turned) },
    );
    if (one.shape) {
      expect([image.channels, image.height, image.width]).toEqual(one.shape);
      const { buffer, byteOffset, byteLength } = image.pixels;
      expect(
        createHash('sha256')
          .update(new Uint8Array(buffer, byteOffset, byteLength))
          .digest('hex'),
      ).toBe(one.sha256);
    }
  });
});

const blank = medicalImage(new Uint8Array(1), { height: 1, width: 1 });

test('tags of any bytes never throw (seed 11)', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
      fc.nat(),
      (one, changes, cut) => {
        const bytes = bytesOf(one);
        for (const [at, value] of changes) bytes[at % Math.min(bytes.length, 300)] = value;
        const part = bytes.subarray(0, 1 + (cut % bytes.length));
        const tags = (one.kind === 'png' ? pngTags : jpegTags)(part);
        const place = withTags(blank, tags, one.kind).geometry;
        if (place) expect(spacingMm(place).every((side) => side > 0 && Number.isFinite(side))).toBe(true);
      },
    ),
    { seed: 11, numRuns: 3000 },
  );
});
