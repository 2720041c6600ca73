import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { geometryFrom } from '../../geometry/geometry.ts';
import { medicalImage } from '../../image/medical-image.ts';
import type { PyradiomicsParameters } from './parameters.ts';
import { pyradiomicsFeatures } from './pyradiomics-features.ts';

interface Case {
  readonly name: string;
  readonly made: {
    readonly size: readonly [number, number, 1];
    readonly seed: number;
    readonly share: number;
  };
  readonly parameters: PyradiomicsParameters;
  readonly values: Readonly<Record<string, number | null>>;
}

const fixture = gunzipSync(
  readFileSync(
    fileURLToPath(new URL('../../../../fixtures/features/pyradiomics-pictures.json.gz', import.meta.url)),
  ),
).toString();
const { cases, sha256 } = JSON.parse(fixture) as { cases: readonly Case[]; sha256: string }; // made by the script

/** As the script makes them. */
function picture({ size: [width, height], seed, share }: Case['made']) {
  let state = seed;
  const numbers = Float64Array.from({ length: 2 * width * height }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
  const sides = { width, height };
  const place = { geometry: geometryFrom({ spacingMm: [1, 1.5, 1], frame: 'image' }) };
  const values = Int16Array.from(numbers.subarray(0, width * height), (value) => Math.floor(value * 100));
  const inside = Uint8Array.from(numbers.subarray(width * height), (value) => (value < share ? 1 : 0));
  return [
    medicalImage(values, sides, 16, 'arbitrary', place),
    medicalImage(inside, sides, 8, 'arbitrary', place),
  ] as const;
}

describe('two-dimensional images as pyradiomics 3.0.1 measures them', () => {
  test('the fixture is whole', () => {
    const text = fixture.slice(fixture.indexOf('"cases":') + 8, -1);
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
  });

  test.each(cases)('$name', ({ made, parameters, values }) => {
    const ours = pyradiomicsFeatures(...picture(made), parameters);
    const wrong: string[] = [];
    for (const [key, expected] of Object.entries(values)) {
      const value = ours.get(key) ?? Number.POSITIVE_INFINITY;
      // ITK's responses are float32, whose statistics are rounded to their greatest value
      const single = /^(log|gradient)-?.*_firstorder_/.test(key)
        ? 1e-7 * Math.abs(values[key.replace(/_[^_]*$/, '_Range')]!)
        : 0;
      const near =
        expected === null
          ? Number.isNaN(value)
          : Math.abs(value - expected) <= 1e-6 * Math.abs(expected) + 1e-12 + single;
      if (!near) wrong.push(`${key}: ${value}, expected ${expected}`);
    }
    expect(wrong).toEqual([]);
    // LoG of 30 mm is more than the picture holds: pyradiomics leaves it out, here its features have no value
    const beyond = [...ours.keys()].filter((key) => !(key in values));
    expect(beyond.filter((key) => !key.startsWith('log-sigma-30-0-mm-3D_'))).toEqual([]);
    expect(beyond.filter((key) => !Number.isNaN(ours.get(key)))).toEqual([]);
    expect([...ours.keys()].filter((key) => key in values)).toEqual(Object.keys(values));
  });
});
