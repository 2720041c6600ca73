/** Volumes against SimpleITK, scipy, numpy and nibabel; written by scripts/peers/volume_transforms.py. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Affine, geometry, orientationCode, type Vector3 } from '../geometry/geometry.ts';
import { labelMap, type MedicalImage, medicalImage, type PixelArray } from '../image/medical-image.ts';
import { connectedComponents } from './connected-components.ts';
import { type PadMode, padMargins } from './crop-and-pad.ts';
import { fillHoles } from './fill-holes.ts';
import { gaussianBlurVolume } from './intensity-blur.ts';
import type { Interpolation, LabelInterpolation } from './interpolation.ts';
import { orientedTo } from './orient.ts';
import { resampleTo, resampleToSpacing } from './resample-to.ts';
import { apply } from './transform.ts';

interface Packed {
  readonly shape: readonly [number, number, number];
  readonly dtype: 'float32' | 'uint8' | 'int16' | 'uint16';
  readonly data: string;
}

interface ResampleCase {
  readonly name: string;
  readonly interpolation: Interpolation;
  readonly size: Vector3;
  readonly affine: Affine;
  readonly expected: Packed;
}

const types = { float32: Float32Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array };

function fixture<T>(name: string): T {
  const file = new URL(`../../../fixtures/volume-transforms/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { payload: T }).payload; // written by the script above
}

function unpack({ dtype, data }: Packed): PixelArray {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return new types[dtype](bytes.buffer);
}

function imageFrom(packed: Packed, affine?: Affine): MedicalImage {
  const [depth, height, width] = packed.shape;
  const more = affine ? { geometry: geometry(affine) } : {};
  return medicalImage(unpack(packed), { depth, height, width }, undefined, 'arbitrary', more);
}

/** Greatest difference over the greatest value. */
function relativeError(actual: PixelArray, expected: PixelArray): number {
  expect(actual.length).toBe(expected.length);
  let [worst, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    size = Math.max(size, Math.abs(expected[i]!));
  }
  return worst / size;
}

const main = fixture<{
  source: { volume: Packed; affine: Affine };
  outside: number;
  cases: ResampleCase[];
}>('resample');
const more = fixture<{
  sources: Record<string, Packed>;
  affine: Affine;
  outside: number;
  cases: ResampleCase[];
}>('resample-more');
const cases = [
  ...main.cases.map((one) => ({ ...one, source: imageFrom(main.source.volume, main.source.affine) })),
  ...more.cases.map((one) => ({ ...one, source: imageFrom(more.sources[one.name]!, more.affine) })),
];

describe('resampling equals SimpleITK within 1e-5 of the greatest value', () => {
  test.each(cases)('$name, $interpolation', ({ source, size, affine, interpolation, expected }) => {
    const grid = { size, geometry: geometry(affine) };
    const choice = { interpolation, antialias: false, outside: main.outside };
    const result = resampleTo(source, grid, choice);
    expect(result.geometry?.affine).toEqual(affine);
    expect(relativeError(result.pixels, unpack(expected))).toBeLessThan(1e-5);
  });

  test.each(main.cases.filter(({ interpolation }) => interpolation === 'bspline'))(
    '$name: whole numbers are rounded, halves up, and held to their type',
    ({ size, affine, expected, interpolation }) => {
      const floats = unpack(main.source.volume);
      const bytes = Uint8Array.from(floats, (value) => Math.min(255, Math.max(0, Math.round(2 * value))));
      const source = imageFrom(main.source.volume, main.source.affine);
      const grid = { size, geometry: geometry(affine) };
      const choice = { interpolation, antialias: false, outside: main.outside };
      const whole = resampleTo({ ...source, pixels: bytes, bitDepth: 8 }, grid, choice).pixels;
      const exact = resampleTo({ ...source, pixels: Float64Array.from(bytes) }, grid, choice).pixels;
      expect(whole).toBeInstanceOf(Uint8Array);
      expect(whole.length).toBe(expected.shape[0] * expected.shape[1] * expected.shape[2]);
      // coefficients of 8-bit images are kept as float32: a value may fall to the other side of a half by that much
      for (let i = 0; i < whole.length; i++) {
        const held = Math.min(255, Math.max(0, exact[i]!));
        expect(Math.abs(whole[i]! - held)).toBeLessThanOrEqual(0.5 + 1e-4);
      }
    },
  );
});

const labels = fixture<{
  source: Packed;
  affine: Affine;
  cases: {
    name: string;
    labels: LabelInterpolation;
    size: Vector3;
    affine: Affine;
    expected: Packed;
  }[];
}>('labels');

test.each(labels.cases)(
  'labels $name, $labels, equal SimpleITK',
  ({ labels: how, size, affine, expected }) => {
    const [depth, height, width] = labels.source.shape;
    const place = { geometry: geometry(labels.affine) };
    const map = labelMap(unpack(labels.source), { depth, height, width }, [], place);
    const result = resampleTo(map, { size, geometry: geometry(affine) }, { labels: how });
    expect(result.pixels).toEqual(unpack(expected));
  },
);

const scipy = fixture<{
  volume: Packed;
  smooth: { sigma: Vector3; expected: Packed }[];
  whole: Packed;
  pads: { mode: PadMode; below: Vector3; above: Vector3; value: number; expected: Packed }[];
  shrunk: { spacingMm: Vector3; size: Vector3; sigma: Vector3; expected: Packed };
}>('smooth-and-pad');

test.each(scipy.smooth)('Gaussian smoothing by $sigma equals scipy', ({ sigma, expected }) => {
  const volume = unpack(scipy.volume) as Float32Array; // its dtype
  const smoothed = gaussianBlurVolume(volume, scipy.volume.shape, sigma);
  expect(relativeError(smoothed, unpack(expected))).toBeLessThan(1e-6);
});

test.each(scipy.pads)('padding by $mode equals numpy', ({ expected, ...parameters }) => {
  const padded = apply(padMargins, imageFrom(scipy.whole), parameters);
  expect([padded.depth, padded.height, padded.width]).toEqual(expected.shape);
  expect(padded.pixels).toEqual(unpack(expected));
});

test('shrinking smooths first, as scipy and SimpleITK one after the other', () => {
  const { spacingMm, size, sigma, expected } = scipy.shrunk;
  const source = imageFrom(scipy.volume, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
  const result = apply(resampleToSpacing, source, { spacingMm });
  expect([result.width, result.height, result.depth]).toEqual(size);
  const recorded = result.history[0]!.parameters['smoothing'] as Vector3; // what resample records
  for (const axis of [0, 1, 2]) expect(recorded[axis]).toBeCloseTo(sigma[axis]!, 12);
  expect(relativeError(result.pixels, unpack(expected))).toBeLessThan(1e-6);
});

const found = fixture<{
  components: { mask: Packed; connectivity: 6 | 18 | 26; count: number; labels: Packed }[];
  holes: { mask: Packed; filled: Record<'volume' | 'x' | 'y' | 'z', Packed> }[];
}>('components');

test.each(found.components)(
  'connected components over $connectivity neighbours of $mask.shape equal scipy',
  ({ mask, connectivity, count, labels: expected }) => {
    const [depth, height, width] = mask.shape;
    const result = connectedComponents(unpack(mask), width, height, depth, connectivity);
    expect(result.count).toBe(count);
    expect([...result.labels]).toEqual([...unpack(expected)]);
    const voxels = [...unpack(expected)].reduce((sum, value) => sum + (value === 1 ? 1 : 0), 0);
    expect(result.sizes[1]).toBe(voxels);
  },
);

describe.each(found.holes)('holes of $mask.shape', ({ mask, filled }) => {
  test.each(['volume', 'x', 'y', 'z'] as const)('filled, %s, equal scipy', (where) => {
    const [depth, height, width] = mask.shape;
    const map = labelMap(unpack(mask), { depth, height, width }, []);
    const parameters =
      where === 'volume' ? { within: 'volume' as const } : { within: 'slice' as const, across: where };
    expect(apply(fillHoles, map, parameters).pixels).toEqual(unpack(filled[where]));
  });
});

const turned = fixture<{
  volume: Packed;
  affine: Affine;
  code: string;
  cases: { code: string; shape: number[]; affine: number[]; sha256: string }[];
  codes: { affine: Affine; code: string }[];
}>('orientation');

describe('orientation', () => {
  const source = imageFrom(turned.volume, turned.affine);

  test('there are 48', () => expect(new Set(turned.cases.map(({ code }) => code)).size).toBe(48));

  test.each(turned.cases)('$code equals nibabel, array and affine', ({ code, shape, affine, sha256 }) => {
    const result = orientedTo(source, code);
    expect([result.depth, result.height, result.width]).toEqual(shape);
    expect(createHash('sha256').update(new Uint8Array(result.pixels.buffer)).digest('hex')).toBe(sha256);
    for (const [i, value] of affine.entries()) expect(result.geometry!.affine[i]).toBeCloseTo(value, 9);
    expect(orientationCode(result.geometry!)).toBe(code);
  });

  test.each(turned.cases)('all 48 brought to LPS are identical: from $code', ({ code }) => {
    const straight = orientedTo(source, 'LPS');
    const back = orientedTo(orientedTo(source, code), 'LPS');
    expect(back.pixels).toEqual(straight.pixels);
    for (const [i, value] of back.geometry!.affine.entries()) {
      expect(value).toBeCloseTo(straight.geometry!.affine[i]!, 9);
    }
  });

  test('codes equal nibabel', () => {
    for (const { affine, code } of turned.codes) expect(orientationCode(geometry(affine))).toBe(code);
  });
});
