import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { FeatureValue, Region } from './feature.ts';
import { localIntensity } from './local-intensity.ts';
import { autocorrelation } from './morphology/autocorrelation.ts';
import { convolveWithInverseDistance } from './morphology/lag-convolution.ts';
import { morphology } from './morphology/morphology.ts';
import { statistics } from './statistics.ts';

interface Expected {
  readonly size: readonly [number, number, number];
  readonly spacingMm: readonly [number, number, number];
  readonly voxels: number;
  readonly volume: number;
  readonly area: number;
  readonly hullVolume: number;
  readonly hullArea: number;
  readonly diameter: number;
  readonly ellipsoid: readonly number[];
  readonly peaks: readonly [number, number];
  readonly mean: number;
  readonly variance: number;
  readonly moran?: number;
  readonly geary?: number;
  readonly axes?: readonly number[];
  readonly skewness?: number;
  readonly kurtosis?: number;
  readonly percentiles?: readonly number[];
}

const fixture = new URL('../../../fixtures/features/ibsi-cores.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: Record<string, Expected> };

const hashed = (x: number, y: number, z: number) =>
  (x * 7349 + y * 9151 + z * 6841 + 31 * x * y * z + 17 * x * z) % 101;
const intensity = (x: number, y: number, z: number) =>
  ((x * 37 + y * 91 + z * 53 + 13 * x * y) % 64) - 11 + 0.25 * ((x + 2 * y + 3 * z) % 4);

const MASKS: Readonly<Record<string, (x: number, y: number, z: number) => boolean>> = {
  scattered: (x, y, z) => hashed(x, y, z) < 30,
  dense: (x, y, z) => hashed(x, y, z) < 75,
  ball: (x, y, z) => (x - 7) ** 2 + (y - 7) ** 2 + (1.5 * (z - 5)) ** 2 <= 49,
  whole: () => true,
  voxel: () => true,
  plane: (x, y, z) => hashed(x, y, z) < 60,
  large: (x, y, z) => (x - 12) ** 2 + (y - 11) ** 2 + (z - 10) ** 2 < 110,
};

function regionNamed(name: string): Region {
  const { size, spacingMm } = cases[name]!;
  const [width, height, depth] = size;
  const values = new Float64Array(width * height * depth);
  const shape = new Uint8Array(values.length);
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        values[at] = intensity(x, y, z);
        shape[at] = MASKS[name]!(x, y, z) ? 1 : 0;
      }
    }
  }
  return { size, spacingMm, values, inside: shape, shape };
}

const byName = (values: readonly FeatureValue[]) =>
  new Map(values.map(({ definition, value }) => [definition.name, value]));

function expectClose(value: number | undefined, expected: number, relative: number): void {
  expect(Math.abs(value! - expected)).toBeLessThanOrEqual(relative * Math.max(Math.abs(expected), 1e-3));
}

describe.each(Object.entries(cases))('%s', (name, expected) => {
  const region = regionNamed(name);
  const found = byName(morphology(region));

  test('mesh and hull as scikit-image and scipy make them', () => {
    // scikit-image keeps vertices in float32 where the spacing is 1
    expectClose(found.get('vol'), expected.volume, 1e-6);
    expectClose(found.get('area'), expected.area, 1e-6);
    expectClose(found.get('diam'), expected.diameter, 1e-6);
    expectClose(found.get('v_dens_conv_hull'), expected.volume / expected.hullVolume, 1e-6);
    expectClose(found.get('a_dens_conv_hull'), expected.area / expected.hullArea, 1e-6);
    const voxel = expected.spacingMm[0] * expected.spacingMm[1] * expected.spacingMm[2];
    expectClose(found.get('approx_vol'), expected.voxels * voxel, 1e-12);
  });

  test('the enclosing ellipsoid is the least', () => {
    const [a, b, c] = expected.ellipsoid as [number, number, number]; // three semi-axes
    // the peer stops at 1e-5
    expectClose(found.get('v_dens_mvee'), expected.volume / ((4 / 3) * Math.PI * a * b * c), 5e-5);
  });

  test('boxes hold the hull, and turning makes them no larger', () => {
    const hull = expected.hullVolume / expected.volume;
    const [aligned, oriented] = [1 / found.get('v_dens_aabb')!, 1 / found.get('v_dens_ombb')!];
    expect(oriented).toBeLessThanOrEqual(aligned * (1 + 1e-12));
    expect(oriented).toBeGreaterThanOrEqual(hull * (1 - 1e-12));
  });

  test('moments and peaks', () => {
    const stat = byName(statistics(region));
    expectClose(stat.get('mean'), expected.mean, 1e-12);
    expectClose(stat.get('var'), expected.variance, 1e-11);
    const [local, global] = expected.peaks;
    const peaks = byName(localIntensity(region));
    expectClose(peaks.get('peak_local'), local, 1e-10);
    expectClose(peaks.get('peak_global'), global, 1e-10);
    if (expected.voxels === 1) return;
    expectClose(stat.get('skew'), expected.skewness!, 1e-9);
    expectClose(stat.get('kurt'), expected.kurtosis!, 1e-9);
    const [p10, p25, p50, p75, p90] = expected.percentiles as [number, number, number, number, number]; // five
    for (const [key, value] of [
      ['p10', p10],
      ['median', p50],
      ['p90', p90],
      ['iqr', p75 - p25],
    ] as const) {
      expectClose(stat.get(key), value, 1e-12);
    }
  });

  test('axes and autocorrelation', () => {
    if (expected.voxels === 1) {
      for (const key of ['pca_major', 'pca_flatness', 'moran_i', 'geary_c', 'v_dens_aee']) {
        expect(found.get(key)).toBeNaN();
      }
      const remarks = morphology(region).filter(({ value }) => Number.isNaN(value));
      expect(new Set(remarks.map(({ remark }) => remark))).toEqual(new Set(['one voxel']));
      return;
    }
    const axes = ['pca_major', 'pca_minor', 'pca_least'].map((key) => found.get(key)!);
    for (const [i, axis] of axes.entries()) expectClose(axis, expected.axes![i]!, 1e-9);
    expectClose(found.get('moran_i'), expected.moran!, 1e-9);
    expectClose(found.get('geary_c'), expected.geary!, 1e-9);
  });
});

test('a region in one plane has no enclosing ellipsoid by its axes, and says so', () => {
  const values = morphology(regionNamed('plane'));
  const density = values.find(({ definition }) => definition.name === 'v_dens_aee');
  expect(density).toMatchObject({ value: Number.NaN, remark: 'the voxels lie in one plane' });
  expect(values.find(({ definition }) => definition.name === 'a_dens_aee')!.value).toBeGreaterThan(0);
});

test('a constant region has no autocorrelation, and 0 where the manual prescribes it', () => {
  const region = regionNamed('ball');
  const constant = { ...region, values: region.values.map(() => 7.1) };
  const [morph, stat] = [morphology(constant), statistics(constant)];
  expect(morph.find(({ definition }) => definition.id === 'N365')).toMatchObject({
    value: Number.NaN,
    remark: 'constant region',
  });
  expect(stat.find(({ definition }) => definition.name === 'skew')).toMatchObject({
    value: 0,
    remark: expect.stringContaining('prescribes'),
  });
  expect(stat.find(({ definition }) => definition.name === 'var')!.value).toBe(0);
});

test('of a region too large for exact sums samples come near, and say that they are samples', () => {
  const region = regionNamed('large');
  const smooth = { ...region, values: region.values.map((value, i) => value / 20 + (i % 24) + i / 500) };
  const [exact, near] = [autocorrelation(smooth), autocorrelation(smooth, 1000)];
  expect(near).toEqual(autocorrelation(smooth, 1000));
  for (const measure of ['moran', 'geary'] as const) {
    expect(near[measure]).toEqual([
      expect.any(Number),
      expect.stringMatching(/^mean of 24 samples of 2500 of the \d+ voxels$/),
    ]);
    const [value] = near[measure] as readonly [number, string]; // told above
    expect(Math.abs(value - Number(exact[measure]))).toBeLessThan(0.002);
  }
});

test.each([
  [3, 4, 5],
  [7, 1, 1],
  [1, 1, 6],
  [5, 6, 1],
] as const)('sums over lags of a box %i x %i x %i as pairs give them', (width, height, depth) => {
  const spacingMm = [1.2, 0.7, 2] as const;
  const places: (readonly [number, number, number])[] = [];
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) places.push([x, y, z]);
  const first = Float64Array.from(places, ([x, y, z]) => intensity(x, y, z));
  const second = Float64Array.from(places, ([x, y, z]) => (hashed(x, y, z) < 50 ? 1 : 0));
  const sums = (of: Float64Array) =>
    places.map((a) =>
      places.reduce((sum, b, j) => {
        const distance = Math.hypot(...a.map((at, axis) => (at - b[axis]!) * spacingMm[axis]!));
        return distance === 0 ? sum : sum + of[j]! / distance;
      }, 0),
    );
  const expected = [sums(first), sums(second)];
  convolveWithInverseDistance(first, second, [width, height, depth], spacingMm);
  for (const [i, value] of first.entries()) expect(value).toBeCloseTo(expected[0]![i]!, 8);
  for (const [i, value] of second.entries()) expect(value).toBeCloseTo(expected[1]![i]!, 8);
});
