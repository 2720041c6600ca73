import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openImage } from '../../formats/open.node.ts';
import { geometryFrom } from '../../geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../../image/medical-image.ts';
import type { PyradiomicsParameters } from './parameters.ts';
import { pyradiomicsFeatures } from './pyradiomics-features.ts';

interface Made {
  readonly size: readonly [number, number, number];
  readonly seed: number;
  readonly share: number;
}

interface Case {
  readonly name: string;
  readonly image?: string;
  readonly mask?: string;
  readonly made?: Made;
  readonly parameters: PyradiomicsParameters;
  readonly values: Readonly<Record<string, number | null>>;
}

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const fixture = gunzipSync(
  readFileSync(fileURLToPath(new URL('../../../../fixtures/features/pyradiomics.json.gz', import.meta.url))),
).toString();
const { cases, sha256 } = JSON.parse(fixture) as { cases: readonly Case[]; sha256: string }; // made by the script
const present = ({ image }: Case) => image === undefined || existsSync(path.join(data, image));

/** As the script makes them. */
function madeImages({
  size: [width, height, depth],
  seed,
  share,
}: Made): readonly [MedicalImage, MedicalImage] {
  const count = width * height * depth;
  let state = seed;
  const numbers = Float64Array.from({ length: 2 * count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
  const sides = { width, height, depth };
  const place = { geometry: geometryFrom({ spacingMm: [1, 1.5, 2] }) };
  const values = Int16Array.from(numbers.subarray(0, count), (value) => Math.floor(value * 100));
  const inside = Uint8Array.from(numbers.subarray(count), (value) => (value < share ? 1 : 0));
  return [
    medicalImage(values, sides, 16, 'arbitrary', place),
    medicalImage(inside, sides, 8, 'arbitrary', place),
  ];
}

/** What float32 leaves open in statistics of an image that ITK filters in float32: of its greatest value. */
function rounding(values: Case['values'], key: string): number {
  const [type, kind] = key.split('_') as [string, string];
  if (kind !== 'firstorder') return 0;
  const of = (name: string) => Math.abs(values[`${type}_firstorder_${name}`]!);
  return 1e-7 * Math.max(of('Minimum'), of('Maximum'));
}

describe('pyradiomics 3.0.1', () => {
  test('the fixture is whole', () => {
    const text = fixture.slice(fixture.indexOf('"cases":') + 8, -1);
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
  });

  for (const one of cases) {
    const note = present(one) ? '' : ` (skipped: no ${one.image} in HOUNSFIELD_DATA)`;
    test.skipIf(!present(one))(`${one.name}${note}`, async () => {
      const [image, mask] = one.made
        ? madeImages(one.made)
        : [await openImage(path.join(data, one.image!)), await openImage(path.join(data, one.mask!))];
      const ours = pyradiomicsFeatures(image, mask, one.parameters);
      const wrong: string[] = [];
      for (const [key, expected] of Object.entries(one.values)) {
        const single = key.startsWith('log-') || key.startsWith('gradient_') ? rounding(one.values, key) : 0;
        const value = ours.get(key) ?? Number.POSITIVE_INFINITY;
        const near =
          expected === null
            ? Number.isNaN(value)
            : Math.abs(value - expected) <= 1e-6 * Math.abs(expected) + 1e-12 + single;
        if (!near) wrong.push(`${key}: ${value}, expected ${expected}`);
      }
      expect(wrong).toEqual([]);
      expect([...ours.keys()]).toEqual(Object.keys(one.values));
    });
  }
});
