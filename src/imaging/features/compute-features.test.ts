import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';
import { openImage } from '../formats/open.node.ts';
import { geometryFrom, type Vector3 } from '../geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { computeFeatures } from './compute-features.ts';
import { AGGREGATIONS, FEATURE_FAMILIES } from './feature.ts';
import { readFeatureSettings } from './settings.ts';

const DATA =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const present = existsSync(join(DATA, 'pyradiomics_baseline'));

function volume(size: Vector3, value: (x: number, y: number, z: number) => number): MedicalImage {
  const [width, height, depth] = size;
  const pixels = new Float64Array(width * height * depth);
  for (let z = 0, at = 0; z < depth; z++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++, at++) pixels[at] = value(x, y, z);
  const geometry = geometryFrom({ spacingMm: [1, 1, 1.5] });
  return medicalImage(pixels, { width, height, depth }, 64, 'arbitrary', { geometry });
}

const SIZE: Vector3 = [9, 8, 7];
const speckled = (x: number, y: number, z: number) => ((x * 37 + y * 91 + z * 53 + 13 * x * y) % 64) + 1;
const ALL = { aggregations: AGGREGATIONS };

describe('regions that are too small or too plain for some features', () => {
  const REGIONS: Readonly<Record<string, (x: number, y: number, z: number) => boolean>> = {
    'one voxel': (x, y, z) => x === 4 && y === 4 && z === 3,
    'two voxels': (x, y, z) => (x === 4 || x === 5) && y === 4 && z === 3,
    'two voxels apart': (x, y, z) => (x === 1 && y === 1 && z === 1) || (x === 7 && y === 6 && z === 5),
    'a line': (_, y, z) => y === 4 && z === 3,
    'a plane': (_, __, z) => z === 3,
    'a corner of the image': (x, y, z) => x < 3 && y < 3 && z < 3,
    everything: () => true,
  };
  const CONTENTS = { speckled, constant: () => 5, zero: () => 0, 'two values': (x: number) => 1 + (x % 2) };
  const rows = Object.keys(REGIONS).flatMap((region) =>
    Object.keys(CONTENTS).map((content) => [region, content as keyof typeof CONTENTS] as const),
  );

  test.each(rows)('%s, %s: each feature a finite value, or none and why', (region, content) => {
    const mask = volume(SIZE, (x, y, z) => (REGIONS[region]!(x, y, z) ? 1 : 0));
    const values = computeFeatures(volume(SIZE, CONTENTS[content]), mask, readFeatureSettings(ALL));
    expect(values).toHaveLength(487);
    const unexplained = values.filter(({ value, remark }) => !Number.isFinite(value) && !remark);
    expect(unexplained.map(({ key, value }) => [key, value])).toEqual([]);
    expect(values.filter(({ value }) => Math.abs(value) === Number.POSITIVE_INFINITY)).toEqual([]);
  });

  test('re-segmentation that leaves nothing: no values but those of the shape', () => {
    const settings = readFeatureSettings({ ...ALL, resegmentation: { range: [1000, null] } });
    const values = computeFeatures(volume(SIZE, speckled), null, settings);
    expect(values).toHaveLength(487);
    const without = values.filter(({ value }) => Number.isNaN(value));
    expect(new Set(without.map(({ remark }) => remark))).toEqual(new Set(['no voxel in the intensity mask']));
    const shapes = values.filter(({ value }) => Number.isFinite(value)).map(({ key }) => key);
    expect(shapes.every((key) => key.startsWith('morph_'))).toBe(true);
    expect(shapes).toHaveLength(25);
  });
});

test('families, aggregations and keys: as asked for, each once, in the order of the standard', () => {
  const values = computeFeatures(volume(SIZE, speckled), null, readFeatureSettings(ALL));
  expect(new Set(values.map(({ key }) => key)).size).toBe(values.length);
  expect([...new Set(values.map(({ definition }) => definition.family))].sort()).toEqual(
    Object.keys(FEATURE_FAMILIES).sort(),
  );
  const some = readFeatureSettings({ families: ['szm', 'cm'], aggregations: ['3D_avg', '2D_s_mrg'] });
  const found = computeFeatures(volume(SIZE, speckled), null, some);
  const ways = (family: string) =>
    [
      ...new Set(found.filter((one) => one.definition.family === family).map((one) => one.aggregation)),
    ].sort();
  expect(ways('cm')).toEqual(['2D_s_mrg', '3D_avg']);
  expect(ways('szm')).toEqual(['2D_avg', '3D_mrg']);
});

test('a picture has features too, and its place in a larger image does not change them', () => {
  const disk = (x: number, y: number) => ((x - 4) ** 2 + (y - 4) ** 2 < 12 ? 1 : 0);
  const settings = readFeatureSettings({ families: ['morph', 'stat', 'ih', 'ivh', 'cm', 'ngl'] });
  const small = computeFeatures(
    volume([9, 9, 1], (x, y) => speckled(x, y, 0)),
    volume([9, 9, 1], (x, y) => disk(x, y)),
    settings,
  );
  const large = computeFeatures(
    volume([40, 30, 5], (x, y, z) => (z === 2 ? speckled(x - 20, y - 15, 0) : 0)),
    volume([40, 30, 5], (x, y, z) => (z === 2 ? disk(x - 20, y - 15) : 0)),
    settings,
  );
  const plain = (values: typeof small) =>
    values.map(({ key, value }) => [key, Number.isNaN(value) ? 'none' : Number(value.toPrecision(10))]);
  expect(plain(large)).toEqual(plain(small));
  expect(plain(small).filter(([, value]) => value === 'none')).toEqual([['morph_v_dens_aee', 'none']]);
});

test('a picture has the four bands of a plane', () => {
  const settings = readFeatureSettings({ families: ['stat'], images: [{ filter: 'wavelet' }] });
  const values = computeFeatures(volume([9, 8, 1], speckled), null, settings);
  expect([...new Set(values.map(({ image }) => image))]).toEqual([
    'wavelet-LH',
    'wavelet-HL',
    'wavelet-HH',
    'wavelet-LL',
  ]);
});

test('of a filter no morphology, and bins from the lowest response on', () => {
  const settings = readFeatureSettings({
    families: ['morph', 'stat', 'ih'],
    discretisation: { method: 'fixed-bin-size', binSize: 4, lowerBound: 0 },
    resegmentation: { range: [10, 50] },
    images: [{ filter: 'gradient' }, { filter: 'log', parameters: { sigmaMm: 1.5 } }],
  });
  const values = computeFeatures(volume(SIZE, speckled), null, settings);
  expect(new Set(values.map(({ image }) => image))).toEqual(new Set(['gradient', 'log-sigma-1-5-mm-3D']));
  expect(values).toHaveLength(2 * (18 + 23));
  expect(values.find(({ key }) => key === 'gradient_ih_min')!.value).toBe(1);
});

describe('whatever the image, the mask and the settings', () => {
  const FILTERS = [
    'original',
    'wavelet',
    'gradient',
    'square',
    'squareroot',
    'logarithm',
    'exponential',
    'lbp-3D',
  ];

  function drawn(seed: number) {
    const random = new RandomStream({ seed, purpose: 'features' });
    const one = <T>(of: readonly T[]): T => of[random.integer(of.length)]!;
    const size: Vector3 = [1 + random.integer(9), 1 + random.integer(9), 1 + random.integer(6)];
    const [scale, offset] = [one([1, 100, 1e6, 1e-6]), one([0, -1000, 1e7])];
    const inside = one([0.02, 0.3, 0.7, 1]);
    const image = volume(size, () => offset + scale * random.uniform());
    if (random.chance(0.05)) image.pixels[0] = Number.NaN;
    const mask = volume(size, () => (random.chance(inside) ? 1 : 0));
    const spacing = () => random.uniform(0.5, 3);
    const settings = {
      aggregations: AGGREGATIONS,
      interpolation: random.chance(0.5)
        ? { spacingMm: [spacing(), spacing(), one([null, 2])], image: one(['nearest', 'linear', 'cubic']) }
        : null,
      resegmentation: {
        range: [one([null, offset + 0.2 * scale]), null],
        outlierSigmas: one([null, 1.5, 3]),
      },
      discretisation: {
        method: one(['none', 'fixed-bin-number', 'fixed-bin-size']),
        bins: 1 + random.integer(40),
        binSize: scale / (1 + random.integer(30)),
        lowerBound: one(['range', 'minimum', 'multiple', offset]),
        equalisationBins: one([null, 10]),
      },
      ivh: { method: one(['auto', 'none', 'fixed-bin-number', 'fixed-bin-size']), binSize: scale / 50 },
      images: [{ filter: one(FILTERS) }],
    };
    return { image: { ...image, unit: one(['arbitrary', 'HU', 'SUVbw'] as const) }, mask, settings };
  }

  test.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'seed %i: values in their range, none without a reason, or a code',
    (seed) => {
      const { image, mask, settings } = drawn(seed);
      let values: ReturnType<typeof computeFeatures> = [];
      try {
        values = computeFeatures(image, mask, readFeatureSettings(settings));
      } catch (error) {
        expect(isHounsfieldError(error), String(error)).toBe(true);
      }
      for (const { key, value, remark, definition } of values) {
        const [low, high] = definition.range;
        const slack = 1e-9 * Math.max(1, Math.abs(value));
        const right = Number.isNaN(value)
          ? remark !== undefined
          : value >= low - slack && value <= high + slack;
        expect(right && Math.abs(value) !== Number.POSITIVE_INFINITY, `${key} ${value} ${remark}`).toBe(true);
      }
    },
  );
});

describe.skipIf(!present)(`filtered images${present ? '' : ' (skipped: no HOUNSFIELD_DATA)'}`, () => {
  const fixture = new URL('../../../fixtures/features/filters.json', import.meta.url);
  const { cases, peer } = JSON.parse(readFileSync(fixture, 'utf8')) as {
    peer: string;
    cases: { image: string; values: Record<string, readonly [mean: number, variance: number, p90: number]> };
  };

  test(`are those of ${peer}`, async () => {
    const [image, mask] = await Promise.all(
      ['image', 'label'].map((part) => openImage(join(DATA, `${cases.image}_${part}.nrrd`))),
    );
    const names = ['square', 'squareroot', 'logarithm', 'exponential', 'gradient', 'lbp-2D'];
    const settings = readFeatureSettings({
      label: 1,
      families: ['stat'],
      images: [
        { filter: 'log', parameters: { sigmaMm: [1, 2.5], kernel: 'recursive', scaled: true } },
        { filter: 'wavelet', parameters: { convention: 'pyradiomics' } },
        ...names.map((filter) => ({ filter })),
      ],
    });
    const values = new Map(computeFeatures(image!, mask!, settings).map(({ key, value }) => [key, value]));
    expect(values.size).toBe(18 * Object.keys(cases.values).length);
    for (const [name, expected] of Object.entries(cases.values)) {
      for (const [i, key] of ['mean', 'var', 'p90'].entries()) {
        // its LoG and gradient are float32
        const relative = Math.abs(values.get(`${name}_stat_${key}`)! - expected[i]!) / Math.abs(expected[i]!);
        expect(relative, `${name} ${key}`).toBeLessThan(1e-7);
      }
    }
  });
});
