import { describe, expect, test } from 'vitest';
import { type Affine, geometry, geometryFrom, type Vector3 } from '../../geometry/geometry.ts';
import { labelMap, type MedicalImage, medicalImage, type PixelArray } from '../../image/medical-image.ts';
import type { Region } from '../feature.ts';
import { readFeatureSettings } from '../settings.ts';
import { axisGrid } from './axis-grid.ts';
import { discretise } from './discretise.ts';
import { prepareImage, regionOf } from './prepare-image.ts';

const SIZE: Vector3 = [12, 10, 8];

function made(pixels: PixelArray, unit: 'arbitrary' | 'HU' = 'arbitrary', spacingMm: Vector3 = [1, 1, 2]) {
  const [width, height, depth] = SIZE;
  return medicalImage(pixels, { width, height, depth }, undefined, unit, {
    geometry: geometryFrom({ spacingMm }),
  });
}

const count = SIZE[0] * SIZE[1] * SIZE[2];
const place = (i: number) => [i % 12, Math.floor(i / 12) % 10, Math.floor(i / 120)] as const;
const ramp = (unit: 'arbitrary' | 'HU' = 'arbitrary') =>
  made(
    Float32Array.from({ length: count }, (_, i) => place(i)[0] + 20 * place(i)[1] + 300 * place(i)[2]),
    unit,
  );
const box = (low: Vector3, high: Vector3, value = 1) =>
  made(
    Uint8Array.from({ length: count }, (_, i) =>
      place(i).every((at, axis) => at >= low[axis]! && at <= high[axis]!) ? value : 0,
    ),
  );
const inner = box([3, 2, 2], [7, 6, 5]);
const run = (image: MedicalImage, mask: MedicalImage | null, settings: object = {}) =>
  prepareImage(image, mask, readFeatureSettings(settings));

describe('grids whose centres are aligned', () => {
  test("the manual's example: four points of 3 mm become six of 2 mm", () => {
    const { after, first, step } = axisGrid(4, 3, 2);
    expect({ after, first, step }).toEqual({ after: 6, first: (3 - (2 / 3) * 5) / 2, step: 2 / 3 });
  });

  test('a spacing that is a rounding away adds no point, and a large one leaves one', () => {
    expect(axisGrid(50, 3.0000001, 3).after).toBe(50);
    expect(axisGrid(5, 1, 30)).toMatchObject({ after: 1, first: 2 });
    expect(axisGrid(7, 1, null)).toMatchObject({ after: 7, first: 0, step: 1 });
  });
});

describe('interpolation', () => {
  test('linear of a ramp is the ramp', () => {
    const spacingMm = [0.7, 0.6, 1.1] as const;
    const { size, values } = regionOf(run(ramp(), inner, { interpolation: { spacingMm } }));
    expect(values[1]! - values[0]!).toBeCloseTo(0.7, 9);
    expect(values[size[0]]! - values[0]!).toBeCloseTo(20 * 0.6, 9);
    expect(values[size[0] * size[1]]! - values[0]!).toBeCloseTo(300 * (1.1 / 2), 9);
  });

  test('a cubic spline passes through the values that it is made of', () => {
    // three times as fine, centres aligned: each third of the new points lies on an old one
    const settings = { interpolation: { spacingMm: [1 / 3, 1, 2], image: 'cubic' } };
    const image = made(Float64Array.from({ length: count }, (_, i) => (i * 7919) % 101));
    const fine = regionOf(run(image, inner, settings));
    const plain = regionOf(run(image, inner));
    expect(fine.size).toEqual([3 * plain.size[0], plain.size[1], plain.size[2]]);
    for (let i = 0; i < plain.values.length; i++)
      expect(fine.values[3 * i + 1]).toBeCloseTo(plain.values[i]!, 6);
  });

  test('the part of a mask that is kept is the part that lies in it', () => {
    const { voxels } = run(ramp(), inner, { interpolation: { spacingMm: [0.5, 0.5, 1] } });
    // of an eighth at a corner of the box 0.75^3 lies in the box: less than half
    expect(voxels).toEqual([5 * 5 * 4, 8 * voxels[0] - 8, 8 * voxels[0] - 8]);
    const nearest = run(ramp(), inner, { interpolation: { spacingMm: [0.5, 0.5, 1], mask: 'nearest' } });
    expect(nearest.voxels[1]).toBe(8 * voxels[0]);
  });

  test('the whole image stays whole: at its border the mask goes on as the image does', () => {
    const { box, size, voxels } = run(ramp(), null, { interpolation: { spacingMm: [0.7, 0.7, 0.9] } });
    expect(size).toEqual([Math.ceil(12 / 0.7), Math.ceil(10 / 0.7), Math.ceil(16 / 0.9)]);
    expect(box).toEqual({ from: [0, 0, 0], size });
    expect(voxels[1]).toBe(size[0] * size[1] * size[2]);
  });

  test('within slices alone: slices stay as they are, and a spline in them too', () => {
    const settings = { interpolation: { spacingMm: [0.5, 0.5, null], image: 'cubic' } };
    const prepared = run(ramp(), inner, settings);
    expect(prepared.spacingMm).toEqual([0.5, 0.5, 2]);
    expect(prepared.size[2]).toBe(4);
    const { values, size } = regionOf(prepared);
    const plane = size[0] * size[1];
    expect(values[plane]! - values[0]!).toBeCloseTo(300, 3);
  });

  test('a spacing that the image has already changes nothing', () => {
    const settings = { interpolation: { spacingMm: [1, 1, 2], image: 'cubic' } };
    const [plain, same] = [run(ramp(), inner), run(ramp(), inner, settings)].map((one) => regionOf(one));
    expect(same).toEqual(plain);
  });

  test('HU are rounded, halves to even; other units are not', () => {
    const settings = { interpolation: { spacingMm: [0.5, 1, 2] } };
    const rounded = regionOf(run(ramp('HU'), inner, settings)).values;
    expect(rounded.every(Number.isInteger)).toBe(true);
    expect(regionOf(run(ramp(), inner, settings)).values.every(Number.isInteger)).toBe(false);
    const never = regionOf(run(ramp('HU'), inner, { ...settings, rounding: 'never' })).values;
    expect(never.every(Number.isInteger)).toBe(false);
  });

  test('a region too small for the new voxels is refused by name', () => {
    const one = box([3, 3, 3], [3, 3, 3]);
    expect(() => run(ramp(), one, { interpolation: { spacingMm: 6 } })).toThrow(/^FEATURE_REGION_EMPTY: /);
  });
});

describe('re-segmentation', () => {
  test('keeps the range in the intensity mask and everything in the morphological one', () => {
    const { shape, inside, values } = regionOf(
      run(ramp(), inner, { resegmentation: { range: [700, 1000] } }),
    );
    expect(shape.every((one) => one === 1)).toBe(true);
    expect(
      [...inside.keys()].every((i) => (inside[i] === 1) === (values[i]! >= 700 && values[i]! <= 1000)),
    ).toBe(true);
  });

  test('outliers are counted on the whole region, and both rules hold together', () => {
    const image = ramp();
    image.pixels[4 + 12 * 4 + 120 * 4] = 1e6;
    const { voxels } = run(image, inner, { resegmentation: { outlierSigmas: 3 } });
    expect(voxels[2]).toBe(voxels[1] - 1);
    const both = run(image, inner, { resegmentation: { outlierSigmas: 3, range: [null, 1000] } });
    expect(both.voxels[2]).toBeLessThan(voxels[2]);
  });
});

describe('bad input ends in a code that says what to do', () => {
  const nan = ramp();
  nan.pixels[4 + 12 * 4 + 120 * 4] = Number.NaN;
  const sheared = (pixels: PixelArray): MedicalImage => ({
    ...made(pixels),
    geometry: geometry([1, 0.3, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0] as Affine), // twelve numbers
  });
  const bare = ({ geometry: _, ...rest }: MedicalImage): MedicalImage => rest;
  const moved = { ...inner, geometry: geometryFrom({ spacingMm: [1, 1, 2], originMm: [5, 0, 0] }) };
  const smaller = medicalImage(new Uint8Array(8).fill(1), { width: 2, height: 2, depth: 2 });
  const two = made(inner.pixels.map((value, i) => (place(i)[0] > 5 ? 2 * value : value)) as Uint8Array);
  const negative = made(Int16Array.from(inner.pixels, (value) => -value));
  const colour = medicalImage(new Uint8Array(3 * count), { channels: 3, width: 12, height: 10, depth: 8 });
  test.each([
    ['an empty mask', ramp(), box([9, 9, 9], [0, 0, 0]), {}, /^FEATURE_REGION_EMPTY: .*Draw one/],
    ['a label that does not occur', ramp(), inner, { label: 7 }, /^FEATURE_REGION_EMPTY: .*of 7/],
    ['a mask of another size', ramp(), smaller, {}, /^MASK_GRID_MISMATCH: .*2 x 2 x 2.*12 x 10 x 8/],
    ['a mask elsewhere', ramp(), moved, {}, /^MASK_GRID_MISMATCH: .*elsewhere/],
    ['two labels and none named', ramp(), two, {}, /^MASK_SEVERAL_LABELS: .*1 and 2/],
    ['a mask below 0', ramp(), negative, {}, /^MASK_VALUES: /],
    ['no number in the region', nan, inner, {}, /^FEATURE_VALUES: 1 voxels/],
    [
      'no number that is interpolated',
      nan,
      inner,
      { interpolation: { spacingMm: 1 } },
      /^FEATURE_VALUES: .*beside/,
    ],
    [
      'a spacing far too small',
      ramp(),
      inner,
      { interpolation: { spacingMm: 1e-4 } },
      /^FEATURE_REGION_LARGE: /,
    ],
    ['a grid with shear', sheared(ramp().pixels), sheared(inner.pixels), {}, /^FEATURE_GRID: /],
    ['no spacing', bare(ramp()), bare(inner), {}, /^FEATURE_SPACING: /],
    [
      'several channels',
      { ...colour, geometry: ramp().geometry! },
      inner,
      {},
      /^FEATURE_CHANNELS: .*3 channels/,
    ],
    ['a channel that is not there', ramp(), inner, { channel: 1 }, /^FEATURE_CHANNELS: channel 1/],
  ] as const)('%s', (_, image, mask, settings, message) => {
    expect(() => run(image, mask, settings)).toThrow(message);
  });

  test('what the settings name is taken', () => {
    expect(run(ramp(), two, { label: 2 }).voxels[0]).toBe(2 * 5 * 4);
    expect(run(ramp(), two, { label: 'any' }).voxels[0]).toBe(5 * 5 * 4);
    expect(run(bare(ramp()), bare(inner), { spacingWhenUnknownMm: [1, 1, 3] }).spacingMm).toEqual([1, 1, 3]);
    const channel = { ...colour, geometry: ramp().geometry! };
    expect(run(channel, inner, { channel: 2 }).voxels[0]).toBe(100);
    expect(run(ramp(), null).voxels).toEqual([count, count, count]);
  });

  test('a layer of overlapping labels is found by its label', () => {
    const [width, height, depth] = SIZE;
    const pixels = new Uint8Array(2 * count);
    pixels.set(inner.pixels as Uint8Array); // made of bytes above
    pixels.fill(2, count + 200, count + 300);
    const labels = [
      { value: 1, name: 'a', channel: 0 },
      { value: 2, name: 'b', channel: 1 },
    ];
    const map = labelMap(pixels, { channels: 2, width, height, depth }, labels, {
      geometry: ramp().geometry!,
    });
    expect(run(ramp(), map, { label: 2 }).voxels[0]).toBe(100);
    expect(() => run(ramp(), map)).toThrow(/^MASK_SEVERAL_LABELS: .*2 layers/);
  });

  test('what is no number outside the region disturbs nothing there', () => {
    const image = ramp();
    image.pixels[0] = Number.NaN;
    expect(regionOf(run(image, inner))).toEqual(regionOf(run(ramp(), inner)));
  });
});

describe('discretisation', () => {
  const region = (values: readonly number[], inside = values.map(() => 1)): Region => ({
    size: [values.length, 1, 1],
    spacingMm: [1, 1, 1],
    values: Float64Array.from(values),
    inside: Uint8Array.from(inside),
    shape: Uint8Array.from(values, () => 1),
  });
  const levels = (values: readonly number[], how: object, more: object = {}) => {
    const { levels: found, count: bins } = discretise(
      region(values),
      readFeatureSettings({ discretisation: how, ...more }),
    );
    return [[...found], bins];
  };

  test.each([
    [
      'the last bin holds the maximum',
      [0, 1, 2, 3, 4],
      { method: 'fixed-bin-number', bins: 2 },
      [1, 1, 2, 2, 2],
      2,
    ],
    ['a constant region is the last bin', [5, 5], { method: 'fixed-bin-number', bins: 8 }, [8, 8], 8],
    ['bins begin at the minimum', [-3, 0, 4.9, 7], { method: 'fixed-bin-size', binSize: 5 }, [1, 1, 2, 3], 3],
    [
      'at a multiple',
      [-3, 0, 5, 7],
      { method: 'fixed-bin-size', binSize: 5, lowerBound: 'multiple' },
      [1, 2, 3, 3],
      3,
    ],
    ['at a number', [1, 12], { method: 'fixed-bin-size', binSize: 5, lowerBound: 0 }, [1, 3], 3],
    ['as they are', [1, 4, 2], { method: 'none' }, [1, 4, 2], 4],
    [
      'equalised',
      [0, 0, 0, 9, 10, 80],
      { method: 'fixed-bin-number', bins: 2, equalisationBins: 80 },
      [1, 1, 1, 1, 2, 2],
      2,
    ],
  ] as const)('%s', (_, values, how, expected, bins) => {
    expect(levels(values, how)).toEqual([expected, bins]);
  });

  test('the range of re-segmentation is where bins begin', () => {
    const how = { method: 'fixed-bin-size', binSize: 25 };
    expect(levels([-300, 10], how, { resegmentation: { range: [-500, 400] } })).toEqual([[9, 21], 21]);
  });

  test('levels outside the intensity mask are 0, and none there give none', () => {
    const settings = readFeatureSettings({ discretisation: { method: 'fixed-bin-number', bins: 3 } });
    expect([...discretise(region([1, 2, 9], [1, 1, 0]), settings).levels]).toEqual([1, 3, 0]);
    expect(discretise(region([1, 2], [0, 0]), settings).count).toBe(0);
  });

  test.each([
    [[0, 1], { method: 'none' }],
    [[1.5, 2], { method: 'none' }],
    [[1, 70000], { method: 'none' }],
    [[0, 1e9], { method: 'fixed-bin-size', binSize: 0.001 }],
  ] as const)('%j as %j is refused', (values, how) => {
    expect(() => levels(values, how)).toThrow(/^FEATURE_LEVELS: /);
  });
});
