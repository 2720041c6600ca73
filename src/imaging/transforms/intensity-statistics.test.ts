import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import { geometryFrom } from '../geometry/geometry.ts';
import { labelMap, medicalImage } from '../image/medical-image.ts';
import { gaussianBlurVolume } from './intensity-blur.ts';
import { powerOf } from './intensity-gamma.ts';
import { learnHistogramLandmarks } from './intensity-histogram-standardization.ts';
import { extremes, moments, otsuThreshold, percentiles } from './intensity-statistics.ts';
import { fillNormal } from './normal-field.ts';
import { transformNamed } from './registry.ts';
import type { Subject } from './subject.ts';
import { apply } from './transform.ts';

const seed = 20;

describe(`percentiles against a full sort (seed ${seed})`, () => {
  const byRank = (values: readonly number[], percent: number) => {
    const sorted = [...values].sort((a, b) => a - b);
    const place = (percent / 100) * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return below + (above - below) * (place - Math.floor(place));
  };

  test('any values, in any number', () => {
    const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 100, noNaN: true }), (values, percent) => {
        const [found] = percentiles(Float64Array.from(values), [percent]);
        expect(found).toBeCloseTo(byRank(values, percent), 6);
      }),
      { seed },
    );
  });

  test.each([
    ['all but one equal', [...new Array<number>(1000).fill(-1024), 3071]],
    ['an outlier far away', [1, 2, 3, 4, 5, 1e30]],
    ['closer than bins can be', [1, 1 + 2 ** -52, 1 + 2 ** -51]],
    ['as wide as numbers go', [-1e308, -5, 0, 7, 1e308]],
  ])('%s', (_, values) => {
    const percents = [0, 10, 50, 90, 100];
    const found = percentiles(Float64Array.from(values), percents);
    for (const [i, percent] of percents.entries()) {
      const expected = byRank(values, percent);
      expect(Math.abs(found[i]! - expected)).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
    }
  });
});

describe('values that cannot be measured', () => {
  test.each([
    ['extremes', extremes],
    ['moments', moments],
    ['percentiles', (values: Float32Array, mask?: Uint8Array) => percentiles(values, [50], mask)],
    ['otsuThreshold', otsuThreshold],
  ] as const)('%s', (_, measure) => {
    expect(() => measure(Float32Array.of(1, Number.NaN, 2))).toThrow(/^INTENSITY_NOT_FINITE: /);
    expect(() => measure(Float32Array.of(1, Number.POSITIVE_INFINITY))).toThrow(/^INTENSITY_NOT_FINITE: /);
    expect(() => measure(Float32Array.of(1, 2), Uint8Array.of(0, 0))).toThrow(/^INTENSITY_REGION_EMPTY: /);
  });

  test('one value for all is its own threshold', () => {
    expect(otsuThreshold(Float32Array.of(4, 4, 4))).toBe(4);
  });
});

describe('normal noise', () => {
  test.each([1, 2, 3])('seed %i has the moments and the tails of the normal distribution', (own) => {
    const values = new Float32Array(400_000);
    fillNormal(values, new RandomStream({ seed: own, purpose: 'noise' }));
    const n = values.length;
    const power = (p: number) => values.reduce((sum, value) => sum + value ** p, 0) / n;
    // five standard errors
    expect(Math.abs(power(1))).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.abs(power(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(power(3))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(power(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    for (const [limit, share] of [
      [1, 0.317310508],
      [2, 0.045500264],
      [3, 0.002699796],
      [4, 0.0000633425],
    ] as const) {
      const beyond = values.filter((value) => Math.abs(value) > limit).length;
      expect(Math.abs(beyond - share * n)).toBeLessThan(5 * Math.sqrt(share * n));
    }
    let along = 0;
    for (let i = 1; i < n; i++) along += values[i]! * values[i - 1]!;
    expect(Math.abs(along / n)).toBeLessThan(5 / Math.sqrt(n));
  });

  test('Rician noise of nothing follows Rayleigh', () => {
    const nothing = medicalImage(new Float32Array(100_000), { height: 250, width: 400 });
    const done = apply(transformNamed('noise'), nothing, { kind: 'rician', deviation: 2, seed: 9 });
    const { mean, deviation, low } = moments(done.pixels);
    expect(low).toBeGreaterThanOrEqual(0);
    expect(mean).toBeCloseTo(2 * Math.sqrt(Math.PI / 2), 1);
    expect(deviation).toBeCloseTo(2 * Math.sqrt(2 - Math.PI / 2), 1);
  });
});

test.each([0.02, 0.3, 0.7, 1, 1.4, 3, 20])('the power %d is as exact as float32', (exponent) => {
  const power = powerOf(exponent);
  for (const x of [1e-42, 1e-30, 1e-7, 0.001, 0.0625, 0.3, 0.5, 0.9999999]) {
    const [exact, float] = [Math.fround(x) ** exponent, power(Math.fround(x))];
    expect(Math.abs(float - exact)).toBeLessThanOrEqual(1.2e-7 * exact + Number.MIN_VALUE);
  }
});

describe('blur of any width', () => {
  test.each([0.2, 0.4, 0.6, 0.9, 1.2, 1.4, 1.9, 2.6, 4])(
    'sigma %d keeps the sum and has its variance',
    (sigma) => {
      const volume = new Float32Array(49 ** 3);
      const centre = 24;
      volume[(centre * 49 + centre) * 49 + centre] = 1;
      const done = gaussianBlurVolume(volume, [49, 49, 49], [sigma, sigma, sigma]);
      const sums = [0, 0, 0, 0];
      for (let i = 0; i < done.length; i++) {
        const at = [i % 49, Math.floor(i / 49) % 49, Math.floor(i / 2401)];
        sums[3]! += done[i]!;
        for (const axis of [0, 1, 2]) sums[axis]! += done[i]! * (at[axis]! - centre) ** 2;
      }
      const radius = Math.trunc(4 * sigma + 0.5);
      const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
        Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
      );
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const variance = weights.reduce((sum, weight, i) => sum + weight * (i - radius) ** 2, 0) / total;
      expect(sums[3]).toBeCloseTo(1, 5);
      for (const axis of [0, 1, 2]) expect(sums[axis]).toBeCloseTo(variance, 4);
    },
  );
});

describe('channels and regions', () => {
  const place = { geometry: geometryFrom({ spacingMm: [1, 1, 1] }) };
  const sides = { width: 4, height: 3, depth: 2 };
  const two = medicalImage(
    Float32Array.from({ length: 48 }, (_, i) => (i < 24 ? i : 1000 - 10 * i)),
    { ...sides, channels: 2 },
    32,
    'HU',
    place,
  );
  const mask = labelMap(
    Uint8Array.from({ length: 24 }, (_, i) => (i < 6 ? 1 : 0)),
    sides,
    [],
    place,
  );

  test('each channel is brought to mean 0 and deviation 1, the unit changes and comes back', () => {
    const done = apply(transformNamed('z-score'), two, {});
    for (const channel of [0, 1]) {
      const { mean, deviation } = moments(done.pixels.subarray(channel * 24, channel * 24 + 24));
      expect([mean, deviation]).toEqual([expect.closeTo(0, 6), expect.closeTo(1, 6)]);
    }
    expect(done.unit).toBe('arbitrary');
  });

  test('a mask is found by its name in the subject', () => {
    const subject: Subject = { images: { two, mask } };
    const done = apply(transformNamed('min-max'), subject, { region: 'mask', mask: 'mask' }).images['two']!;
    expect(extremes(done.pixels.subarray(0, 6))).toEqual([0, 1]);
    expect(extremes(done.pixels.subarray(24, 30))).toEqual([expect.closeTo(0, 5), expect.closeTo(1, 5)]);
  });

  const wide = labelMap(new Uint8Array(48), { ...sides, width: 8 }, [], place);
  test.each([
    [
      'an image as mask',
      { images: { two, other: two } },
      { region: 'mask', mask: 'other' },
      /^MASK_NOT_LABELS: /,
    ],
    [
      'another grid',
      { images: { two, other: wide } },
      { region: 'mask', mask: 'other' },
      /^MASK_GRID_MISMATCH: .*8 x 3 x 2/,
    ],
    ['no such mask', { images: { two } }, { region: 'mask', mask: 'other' }, /^SUBJECT_IMAGE: .*other/],
    ['no mask named', { images: { two } }, { region: 'mask' }, /^TRANSFORM_PARAMETERS: .*mask is absent/],
    [
      'an empty mask',
      { images: { two, other: labelMap(new Uint8Array(24), sides, [], place) } },
      { region: 'mask', mask: 'other' },
      /^INTENSITY_REGION_EMPTY: /,
    ],
  ] as const)('refused: %s', (_, subject, parameters, message) => {
    expect(() => apply(transformNamed('z-score'), subject as Subject, parameters)).toThrow(message);
  });

  const constant = medicalImage(new Float32Array(24).fill(7), sides, 32, 'arbitrary', place);
  test.each(['z-score', 'min-max'])('%s refuses an image of one value', (name) => {
    expect(() => apply(transformNamed(name), constant, {})).toThrow(/^INTENSITY_CONSTANT: /);
  });

  test.each([
    ['ct-preset', { preset: 'lung' }, 'SUVbw'],
    ['ct-preset', { preset: 'lung', assumeUnit: true }, 'SUVbw'],
    ['ct-preset', { preset: 'lung' }, 'arbitrary'],
    ['pet-preset', { preset: 'body' }, 'HU'],
    ['suv-clip', {}, 'Bq/ml'],
  ] as const)('%s with %o refuses an image in %s', (name, parameters, unit) => {
    expect(() => apply(transformNamed(name), { ...constant, unit }, parameters)).toThrow(
      new RegExp(`^INTENSITY_UNIT: .*'${unit}'`),
    );
  });

  test('a preset of the right unit becomes its window', () => {
    const done = apply(transformNamed('ct-preset'), { ...two, unit: 'HU' }, { preset: 'brain' });
    expect(done.history[0]).toMatchObject({
      transform: 'window',
      parameters: { center: 40, width: 80, askedFor: 'ct-preset', unitBefore: 'HU' },
    });
  });

  test('landmarks need images that differ', () => {
    expect(() => learnHistogramLandmarks([])).toThrow(/^HISTOGRAM_NO_IMAGES: /);
    expect(() => learnHistogramLandmarks([{ values: constant.pixels }])).toThrow(/^INTENSITY_CONSTANT: /);
  });

  test('N4 needs something to look at', () => {
    expect(() => apply(transformNamed('n4-bias-correction'), constant, { region: 'all' })).toThrow(
      /^INTENSITY_REGION_EMPTY: .*24 voxels/,
    );
  });
});
