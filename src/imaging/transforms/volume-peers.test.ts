/** Transforms of volumes against TorchIO, SimpleITK, scipy, scikit-image, pydicom and numpy. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../formats/byte-source.ts';
import { readNifti } from '../formats/nifti/read-nifti.ts';
import { decodeNpz } from '../formats/npz.ts';
import { geometryFrom, type Vector3 } from '../geometry/geometry.ts';
import { gridOf } from '../geometry/grid.ts';
import { labelMap, type MedicalImage, medicalImage, type PixelArray } from '../image/medical-image.ts';
import { fourier } from './fourier.ts';
import { LANDMARK_PERCENTS, learnHistogramLandmarks } from './intensity-histogram-standardization.ts';
import { moments, otsuThreshold, percentiles } from './intensity-statistics.ts';
import { transformNamed } from './registry.ts';
import type { Subject } from './subject.ts';
import { apply } from './transform.ts';

const file = (name: string) => new URL(`../../../fixtures/volume-augmentation/${name}`, import.meta.url);
const peer = JSON.parse(readFileSync(file('cases.json'), 'utf8')) as {
  sha256: string;
  size: Vector3;
  spacingMm: Vector3;
  cases: Record<string, Record<string, unknown>> & {
    statistics: Record<'percents' | 'float' | 'masked' | 'int16', number[]> &
      Record<'otsu' | 'otsuInt16' | 'mean' | 'deviation', number>;
    fourier: { sizes: number[]; volume: number[] };
    histogram: { landmarks: number[]; underMask: number[] };
    n4: { size: Vector3; variation: number; variationBefore: number; correlationWithTruth: number };
    window: { name: string; center: number; width: number; shape: string }[];
  };
}; // written by scripts/peers/volume_augmentation.py
const bytes = readFileSync(file('arrays.npz'));
const arrays = decodeNpz(bytes);
const stored = (name: string) => arrays.get(name.replaceAll(' ', '_'))!.data as PixelArray; // no 64-bit whole numbers
const { size, spacingMm, cases } = peer;
const sides = { width: size[0], height: size[1], depth: size[2] };
const place = { geometry: geometryFrom({ spacingMm }) };
const imageOf = (pixels: PixelArray, unit: MedicalImage['unit'] = 'arbitrary') =>
  medicalImage(pixels, sides, undefined, unit, place);
const labels = labelMap(stored('labels'), sides, [], place);
const subject = (name: string): Subject => ({ images: { image: imageOf(stored(name)), labels } });

/** Greatest difference, as a part of the peer's range of values. */
function difference(found: PixelArray, expected: PixelArray): number {
  expect(found.length).toBe(expected.length);
  let [low, high, worst] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < expected.length; i++) {
    [low, high] = [Math.min(low, expected[i]!), Math.max(high, expected[i]!)];
    worst = Math.max(worst, Math.abs(found[i]! - expected[i]!));
  }
  return worst / (high - low);
}

test('the arrays are those that the peers wrote', () => {
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(peer.sha256);
});

const fill = Math.min(...(stored('image') as Float32Array));

describe.each([
  // name of the case, transform, array it starts from, tolerance as a part of the range
  ['affine', 'move-contents', 'image', 2e-6],
  ['affine with shear and mirror', 'move-contents', 'image', 2e-6],
  ['elastic', 'move-contents', 'image', 2e-6],
  ['affine and elastic', 'move-contents', 'image', 2e-6],
  ['blur', 'gaussian-blur', 'image', 1e-6],
  ['gamma', 'gamma', 'unit', 1e-6],
  ['bias field', 'bias-field', 'image', 1e-6],
  ['bias field of order 2', 'bias-field', 'image', 1e-6],
  ['ghosting x', 'ghosting', 'image', 1e-6],
  ['ghosting y', 'ghosting', 'image', 1e-6],
  ['ghosting z', 'ghosting', 'image', 1e-6],
  ['ghosting with kept centre', 'ghosting', 'image', 1e-6],
  ['spike', 'spike', 'image', 1e-6],
  ['spike of an image with negative values', 'spike', 'negative', 1e-6],
  ['motion', 'motion', 'image', 2e-6],
  ['low resolution', 'low-resolution', 'image', 2e-6],
  ['thick slices', 'low-resolution', 'image', 1e-6],
  ['z-score', 'z-score', 'image', 1e-6],
  ['z-score over a mask', 'z-score', 'image', 1e-6],
  ['z-score above the mean', 'z-score', 'image', 1e-6],
  ['min-max', 'min-max', 'image', 1e-6],
  ['clip', 'clip', 'image', 1e-6],
] as const)('%s', (name, transform, start, tolerance) => {
  const beside = transform === 'move-contents' ? { fill } : {};
  const done = apply(transformNamed(transform), subject(start), { ...cases[name], ...beside });

  test('equals the peer', () => {
    expect(difference(done.images['image']!.pixels, stored(name))).toBeLessThan(tolerance);
  });

  if (arrays.has(`${name} labels`.replaceAll(' ', '_'))) {
    test('moves labels as the peer does', () => {
      expect(done.images['labels']!.pixels).toEqual(stored(`${name} labels`));
    });
  }
});

describe('histogram standardisation', () => {
  const sets = [0, 1, 2].map((i) => stored(`histogram ${i}`));

  test('learns the landmarks that TorchIO learns', () => {
    const learned = learnHistogramLandmarks(sets.map((values) => ({ values })));
    expect(learned.percents).toEqual(LANDMARK_PERCENTS);
    expect(learned.images).toBe(3);
    for (const [i, value] of learned.values.entries())
      expect(value).toBeCloseTo(cases.histogram.landmarks[i]!, 4);
    const inside = labels.pixels;
    const masked = learnHistogramLandmarks(sets.map((values) => ({ values, inside })));
    for (const [i, value] of masked.values.entries())
      expect(value).toBeCloseTo(cases.histogram.underMask[i]!, 4);
  });

  test('brings an image to them as TorchIO does', () => {
    const landmarks = JSON.parse(JSON.stringify(learnHistogramLandmarks(sets.map((values) => ({ values })))));
    const done = apply(transformNamed('histogram-standardization'), imageOf(sets[1]!), { landmarks });
    expect(difference(done.pixels, stored('standardized'))).toBeLessThan(2e-6);
  });
});

test.each(cases.window)('$name equals pydicom', ({ name, center, width, shape }) => {
  const parameters = { center, width, shape, low: -32768, high: 32767 };
  const done = apply(transformNamed('window'), imageOf(stored('int16')), parameters);
  expect(difference(done.pixels, stored(name))).toBeLessThan(1e-6);
});

describe('statistics', () => {
  const { percents, float, masked, int16, otsu, otsuInt16, mean, deviation } = cases.statistics;
  test.each([
    ['float32', percentiles(stored('image'), percents), float],
    ['under a mask', percentiles(stored('image'), percents, labels.pixels), masked],
    ['int16', percentiles(stored('int16'), percents), int16],
  ])('percentiles equal numpy: %s', (_, found, expected) => {
    for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 12);
  });

  test("Otsu's threshold equals scikit-image", () => {
    expect(otsuThreshold(stored('image'))).toBeCloseTo(otsu, 10);
    expect(otsuThreshold(stored('int16'))).toBeCloseTo(otsuInt16, 10);
  });

  test('mean and deviation equal numpy', () => {
    const found = moments(stored('image'));
    expect([found.mean, found.deviation]).toEqual([expect.closeTo(mean, 10), expect.closeTo(deviation, 10)]);
  });
});

describe("N4 bias correction beside SimpleITK's", () => {
  const { n4 } = cases;
  const [width, height, depth] = n4.size;
  const tissue = stored('n4 tissue');
  const mask = labelMap(
    tissue.map((value) => (value > 0 ? 1 : 0)),
    { width, height, depth },
    [],
  );
  const biased = medicalImage(stored('n4 image'), { width, height, depth });
  const done = apply(
    transformNamed('n4-bias-correction'),
    { images: { image: biased, mask } },
    { shrink: 2, region: 'mask', mask: 'mask' },
  ).images['image']!;
  const correlation = (peerField: PixelArray) =>
    fieldCorrelation(biased, done, 4, peerField, (at) => tissue[at] !== 0);

  test('finds its field', () => {
    expect(correlation(stored('n4 field'))).toBeGreaterThan(0.995);
  });

  test('finds the true field as well as it does', () => {
    expect(correlation(stored('n4 true field'))).toBeGreaterThan(n4.correlationWithTruth - 0.002);
  });

  test('leaves no more variation in one tissue than it does', () => {
    const found = moments(
      done.pixels,
      tissue.map((value) => (value === 3 ? 1 : 0)),
    );
    expect(found.deviation / found.mean).toBeLessThan(n4.variation * 1.05);
    expect(found.deviation / found.mean).toBeLessThan(n4.variationBefore / 3);
  });
});

/** Correlation of the logarithm of the field that was taken out with a peer's, given every `step` voxels. */
function fieldCorrelation(
  before: MedicalImage,
  after: MedicalImage,
  step: number,
  peerField: PixelArray,
  counts: (at: number) => boolean,
): number {
  const { width, height, depth } = before;
  const pairs: [number, number][] = [];
  for (let z = 0, i = 0; z < depth; z += step) {
    for (let y = 0; y < height; y += step) {
      for (let x = 0; x < width; x += step, i++) {
        const at = (z * height + y) * width + x;
        if (counts(at)) pairs.push([Math.log(before.pixels[at]! / after.pixels[at]!), peerField[i]!]);
      }
    }
  }
  const mean = [0, 1].map((k) => pairs.reduce((sum, pair) => sum + pair[k]!, 0) / pairs.length);
  const product = (a: 0 | 1, b: 0 | 1) =>
    pairs.reduce((sum, pair) => sum + (pair[a] - mean[a]!) * (pair[b] - mean[b]!), 0);
  return product(0, 1) / Math.sqrt(product(0, 0) * product(1, 1));
}

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const flair = path.join(data, cases['n4 flair']!['file'] as string); // written by the peer's script
const present = existsSync(flair);

test.skipIf(!present)(
  `N4 finds SimpleITK's field in a FLAIR image${present ? '' : ' (skipped: no nifti_niivue in HOUNSFIELD_DATA)'}`,
  async () => {
    const head = await readNifti(bytesSource(readFileSync(flair), 'FLAIR.nii.gz'));
    expect(gridOf(head).size).toEqual(cases['n4 flair']!['size']);
    const done = apply(transformNamed('n4-bias-correction'), head, { region: 'above-mean', shrink: 4 });
    const { mean } = moments(head.pixels);
    const found = fieldCorrelation(head, done, 8, stored('n4 flair field'), (at) => head.pixels[at]! > mean);
    expect(found).toBeGreaterThan(0.975);
  },
);

describe('Fourier transforms equal numpy and come back', () => {
  const { sizes, volume } = cases.fourier;
  test.each([...sizes.map((n) => [`${n}`, [n]] as const), [volume.join('x'), volume] as const])(
    '%s',
    (name, shape) => {
      const all = stored(`fourier ${name}`) as Float64Array; // written as float64
      const n = all.length / 4;
      const part = (i: number) => all.slice(i * n, (i + 1) * n);
      const [real, imaginary] = [part(0), part(1)];
      fourier({ real, imaginary }, shape);
      const far = (a: Float64Array, b: Float64Array) =>
        Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
      const bound = 1e-14 * n + 1e-13;
      expect(far(real, part(2))).toBeLessThan(bound);
      expect(far(imaginary, part(3))).toBeLessThan(bound);
      fourier({ real, imaginary }, shape, true);
      expect(far(real, part(0))).toBeLessThan(bound);
      expect(far(imaginary, part(1))).toBeLessThan(bound);
    },
  );

  test('refuses arrays of another length', () => {
    const arrays = { real: new Float64Array(5), imaginary: new Float64Array(6) };
    expect(() => fourier(arrays, [2, 3])).toThrow(/^FOURIER_SHAPE: .*2 x 3/);
  });
});
