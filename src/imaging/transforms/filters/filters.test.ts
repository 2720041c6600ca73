/** What filters, thresholds and wavelets refuse, and what they give at the edges of their range. */
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../../errors.ts';
import { geometryFrom } from '../../geometry/geometry.ts';
import { isLabelMap, type MedicalImage, medicalImage } from '../../image/medical-image.ts';
import { filterTransforms } from '../filter-transforms.ts';
import { transformNamed } from '../registry.ts';
import { thresholdsOf } from '../thresholds/histogram-thresholds.ts';
import { apply, type Transform } from '../transform.ts';
import { decompose } from '../wavelets/decimated-wavelet.ts';
import { waveletNamed } from '../wavelets/wavelet.ts';
import { kernelDensity } from './density.ts';
import { medianFilter } from './median.ts';

const sides = { width: 24, height: 22, depth: 20 };
const length = sides.width * sides.height * sides.depth;
const place = { geometry: geometryFrom({ spacingMm: [1, 1, 2] }) };
const filled = (value: (i: number) => number, shape = sides): MedicalImage =>
  medicalImage(
    Float32Array.from({ length: shape.width * shape.height * shape.depth }, (_, i) => value(i)),
    shape,
    32,
    'arbitrary',
    place,
  );
const wavy = filled((i) => 100 + 30 * Math.sin(i / 3) + (i % 7));

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (cause) {
    return isHounsfieldError(cause) ? cause.code : String(cause);
  }
  return 'none';
};

const all: readonly Transform[] = [...filterTransforms, transformNamed('gaussian-blur')];
const each = all.map((transform) => [transform.name, transform] as const);

describe.each([
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
])('%s in the image', (_, bad) => {
  test.each(each)('%s refuses it', (_name, transform) => {
    const image = filled((i) => (i === 4321 ? bad : i % 50));
    expect(codeOf(() => apply(transform, image, transform.example))).toBe('INTENSITY_NOT_FINITE');
  });
});

describe('an image of one value', () => {
  const level = filled(() => 42);
  const derivatives = ['sobel', 'laplacian', 'laws', 'clahe'];
  test.each(each)('%s', (name, transform) => {
    const example = name === 'automatic-threshold' ? { method: 'otsu' } : { ...transform.example };
    const done = apply(transform, level, example);
    expect(new Set(done.pixels).size).toBe(1);
    const [value] = done.pixels;
    if (isLabelMap(done)) expect(value).toBe(0);
    else if (derivatives.includes(name)) expect(value).toBeCloseTo(0, 3);
    else if (name.startsWith('gaussian') || /mean|median|bilateral|diffusion|variation/.test(name)) {
      expect(value).toBeCloseTo(42, 3);
    }
  });

  test('has no classes and no density', () => {
    expect(codeOf(() => thresholdsOf(level.pixels, 'multi-otsu', { classes: 3 }))).toBe('THRESHOLD_CLASSES');
    expect(thresholdsOf(level.pixels, 'otsu')).toEqual([42]);
    expect(codeOf(() => kernelDensity(level.pixels, [42]))).toBe('INTENSITY_CONSTANT');
  });
});

test.each([
  ['mean-filter', { window: [25, 3, 3] }],
  ['median-filter', { window: [3, 3, 21] }],
  ['clahe', { tile: [25, 4, 4] }],
  ['local-threshold', { window: 23 }],
  ['bilateral-filter', { sigma: 1, range: 5, radius: 12, unit: 'voxels' }],
  ['non-local-means', { strength: 5, patch: 9, distance: 7 }],
  ['laws', { kernels: 'L5E5S5', energy: 12 }],
] as const)('%s with a window wider than the image', (name, parameters) => {
  expect(codeOf(() => apply(transformNamed(name), wavy, parameters))).toBe('FILTER_WINDOW');
});

test("ITK's filters need four voxels in a row", () => {
  const thin = filled((i) => i % 11, { ...sides, depth: 3 });
  const parameters = { sigma: 1, unit: 'voxels', kernel: 'recursive' };
  expect(codeOf(() => apply(transformNamed('laplacian-of-gaussian'), thin, parameters))).toBe(
    'FILTER_WINDOW',
  );
  const slices = apply(transformNamed('laplacian-of-gaussian'), thin, { ...parameters, by: 'slice' });
  expect(slices.pixels.every(Number.isFinite)).toBe(true);
});

test.each([
  ['mean-filter', { window: 4 }],
  ['median-filter', { window: 0 }],
  ['laplacian-of-gaussian', { sigma: 0 }],
  ['laplacian-of-gaussian', { sigma: 1, kernel: 'recursive', border: 'wrap' }],
  ['bilateral-filter', { sigma: 0, range: 1 }],
  ['bilateral-filter', { sigma: 1, range: 0 }],
  ['anisotropic-diffusion', { kappa: 0 }],
  ['anisotropic-diffusion', { kappa: 5, step: 0.2 }],
  ['total-variation', { weight: 0 }],
  ['non-local-means', { strength: 0 }],
  ['canny', { low: 5, high: 4 }],
  ['canny', { low: 0.5, high: 1.5, as: 'quantile' }],
  ['laws', { kernels: 'L5X5' }],
  ['laws', { kernels: 'L5' }],
  ['wavelet-band', { band: 'LXH' }],
  ['wavelet-band', { band: 'LH' }],
  ['wavelet-band', { band: 'LLH', wavelet: 'db99' }],
  ['wavelet-band', { band: 'LLH', convention: 'pyradiomics', rotations: 'max' }],
  ['value-curve', { curves: [{ from: [1, 1], to: [0, 1] }] }],
  ['value-curve', { curves: [] }],
  ['match-histogram', { values: [2, 1], quantiles: [0.5, 1] }],
  ['threshold', { thresholds: [] }],
  ['threshold', { thresholds: [5, 4] }],
  ['threshold', { thresholds: [5], labels: [1, 2] }],
  ['automatic-threshold', { method: 'multi-otsu', classes: 4, labels: [1] }],
  ['gaussian-blur', { sigma: 1, border: 'nowhere' }],
] as const)('%s refuses %j', (name, parameters) => {
  expect(codeOf(() => apply(transformNamed(name), wavy, parameters))).toBe('TRANSFORM_PARAMETERS');
});

test('sigma in mm needs voxels of known size', () => {
  const { geometry: _place, ...placeless } = wavy;
  for (const [name, parameters] of [
    ['laplacian-of-gaussian', { sigma: 1 }],
    ['gaussian-blur', { sigma: 1 }],
    ['bilateral-filter', { sigma: 1, range: 1 }],
    ['sobel', { per: 'mm' }],
  ] as const) {
    expect(codeOf(() => apply(transformNamed(name), placeless, parameters))).toBe('GEOMETRY_MISSING');
  }
});

test('wavelets by their names and room', () => {
  expect(codeOf(() => waveletNamed('haar2'))).toBe('WAVELET_UNKNOWN');
  expect(codeOf(() => waveletNamed('constructor'))).toBe('WAVELET_UNKNOWN');
  const size = [24, 22, 20] as const;
  expect(codeOf(() => decompose(new Float32Array(length), size, waveletNamed('coif1'), 5))).toBe(
    'WAVELET_LEVELS',
  );
});

test('each channel and time point is filtered for itself', () => {
  const one = filled((i) => (i * 37) % 101);
  const two = filled((i) => (i * 53) % 89);
  const pixels = new Float32Array(2 * length);
  pixels.set(one.pixels as Float32Array); // made above
  pixels.set(two.pixels as Float32Array, length); // likewise
  const both = medicalImage(pixels, { ...sides, channels: 2 }, 32, 'arbitrary', place);
  for (const [name, transform] of each) {
    if (name === 'automatic-threshold') continue; // one threshold for all
    const done = apply(transform, both, transform.example);
    const [first, second] = [one, two].map((image) => apply(transform, image, transform.example).pixels);
    expect(done.pixels.slice(0, length)).toEqual(first);
    expect(done.pixels.slice(length)).toEqual(second);
  }
});

test('the median of many equal values and of whole numbers', () => {
  const values = Float32Array.from({ length: 600 }, (_, i) => (i * i) % 3);
  const size = [20, 30, 1] as const;
  const border = { mode: 'mirror', constant: 0 } as const;
  const wide = medianFilter(values, size, [5, 7, 1], border);
  const inDouble = medianFilter(Float64Array.from(values), size, [5, 7, 1], border);
  expect(Array.from(wide)).toEqual(Array.from(inDouble));
  expect([...new Set(wide)].every((value) => [0, 1, 2].includes(value))).toBe(true);
});

test.each(['exponential', 'quadratic'] as const)(
  '%s diffusion per mm is that per voxel, scaled',
  (conductance) => {
    const diffusion = transformNamed('anisotropic-diffusion');
    const wide = { ...wavy, geometry: geometryFrom({ spacingMm: [2, 2, 2] }) };
    const inMm = apply(diffusion, wide, { kappa: 5, step: 0.4, iterations: 4, per: 'mm', conductance });
    const inVoxels = apply(diffusion, wide, { kappa: 10, step: 0.1, iterations: 4, conductance });
    for (let i = 0; i < length; i += 97) expect(inMm.pixels[i]).toBeCloseTo(inVoxels.pixels[i]!, 3);
    const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);
    const thin = { ...wavy, geometry: geometryFrom({ spacingMm: [1, 2, 3] }) };
    const kept = apply(diffusion, thin, { kappa: 20, iterations: 10, per: 'mm', conductance });
    expect(total(kept.pixels) / total(wavy.pixels)).toBeCloseTo(1, 6); // nothing flows through the sides
  },
);

describe('images of few voxels give finite values, or a code', () => {
  const shapes = [
    [1, 1, 1],
    [2, 1, 1],
    [1, 5, 1],
    [1, 1, 7],
    [3, 3, 1],
    [4, 1, 5],
    [2, 3, 2],
  ] as const;
  test.each(shapes)('%i x %i x %i', (width, height, depth) => {
    const image = filled((i) => ((i * 37) % 11) + i, { width, height, depth });
    for (const [name, transform] of each) {
      for (const border of ['reflect', 'mirror', 'nearest', 'wrap', 'constant']) {
        const bordered = 'border' in transform.check(transform.example as Record<string, unknown>); // plain JSON
        const parameters = { ...transform.example, ...(bordered ? { border } : {}) };
        const code = codeOf(() => {
          const { pixels } = apply(transform, image, parameters);
          expect(pixels.every(Number.isFinite), `${name}, ${border}`).toBe(true);
        });
        expect(code, `${name}, ${border}`).toMatch(
          /^(none|FILTER_WINDOW|THRESHOLD_CLASSES|TRANSFORM_PARAMETERS)$/,
        );
      }
    }
  });
});
