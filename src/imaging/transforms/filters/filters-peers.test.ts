/** Filters, thresholds and wavelets against scikit-image, scipy, SimpleITK, PyWavelets, pyradiomics, MIRP and MedPy. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeNpz } from '../../formats/npz.ts';
import { geometryFrom, type Vector3 } from '../../geometry/geometry.ts';
import {
  isLabelMap,
  labelMap,
  type MedicalImage,
  medicalImage,
  type PixelArray,
} from '../../image/medical-image.ts';
import type { JsonObject } from '../read-parameters.ts';
import { transformNamed } from '../registry.ts';
import { type ThresholdMethod, thresholdsOf } from '../thresholds/histogram-thresholds.ts';
import { apply } from '../transform.ts';
import { decompose, recompose } from '../wavelets/decimated-wavelet.ts';
import { waveletNamed } from '../wavelets/wavelet.ts';
import type { BorderMode } from './border.ts';
import { histogramDensity, kernelDensity } from './density.ts';
import { distributionOf } from './histogram-matching.ts';

interface Case {
  readonly name: string;
  readonly start: string;
  readonly transform: string;
  readonly parameters: JsonObject;
}

const file = (name: string) => new URL(`../../../../fixtures/filters/${name}`, import.meta.url);
const peer = JSON.parse(readFileSync(file('cases.json'), 'utf8')) as {
  sha256: string;
  spacingMm: Vector3;
  cases: Case[];
  thresholds: { start: string; method: ThresholdMethod; classes?: number; thresholds: number[] }[];
  reference: { sorted: number[]; values: number[]; quantiles: number[] };
  densities: {
    start: string;
    rule: 'scott' | 'silverman' | number;
    masked: boolean;
    points: number[];
    values: number[];
    bandwidth: number;
  }[];
  histogram: { density: number[]; edges: number[] };
  decompositions: {
    start: string;
    wavelet: string;
    levels: number;
    border: BorderMode;
    bands: Record<string, { size: Vector3; sum: number; squares: number; first: number[]; last: number[] }>;
  }[];
}; // written by scripts/peers/filters.py
const bytes = readFileSync(file('arrays.npz'));
const arrays = decodeNpz(bytes);
const stored = (name: string) => arrays.get(name.replaceAll(' ', '_'))!;
const values = (name: string) => stored(name).data as PixelArray; // no 64-bit whole numbers
const sizeOf = (name: string): Vector3 => {
  const [width = 1, height = 1, depth = 1] = stored(name).shape.toReversed();
  return [width, height, depth];
};
const place = { geometry: geometryFrom({ spacingMm: peer.spacingMm }) };

function imageOf(name: string): MedicalImage {
  const [width, height, depth] = sizeOf(name);
  return medicalImage(values(name), { width, height, depth }, undefined, 'arbitrary', place);
}

function maskOf(name: string): MedicalImage {
  const [width, height, depth] = sizeOf(name);
  return labelMap(values('mask') as Uint8Array, { width, height, depth }, [], place); // written as bytes
}

function run({ start, transform, parameters }: Case): MedicalImage {
  const images = { image: imageOf(start), ...(parameters['mask'] ? { mask: maskOf(start) } : {}) };
  return apply(transformNamed(transform), { images }, parameters).images['image']!;
}

/** Greatest difference, as a part of the peer's range of values. */
function difference(found: PixelArray, expected: PixelArray): number {
  expect(found.length).toBe(expected.length);
  let [low, high, worst] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < expected.length; i++) {
    [low, high] = [Math.min(low, expected[i]!), Math.max(high, expected[i]!)];
    const own = Math.abs(found[i]! - expected[i]!);
    worst = own > worst || Number.isNaN(own) ? own : worst;
  }
  return worst / (high - low);
}

test('the arrays are those that the peers wrote', () => {
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(peer.sha256);
  expect(peer.cases.length).toBeGreaterThan(100);
});

/** scikit-image's exponential is a few per cent off in non-local means (see scripts/peers/filters.py). */
const tolerances: Readonly<Record<string, number>> = {
  'nlm by scikit-image': 3e-3,
  'nlm of a picture by scikit-image': 3e-3,
};

test.each(peer.cases.map((each) => [each.name, each] as const))('%s', (name, each) => {
  const found = run(each);
  const expected = values(name);
  if (isLabelMap(found)) {
    expect(Array.from(found.pixels)).toEqual(Array.from(expected));
    return;
  }
  const inDouble = expected instanceof Float64Array && found.pixels instanceof Float64Array;
  expect(difference(found.pixels, expected)).toBeLessThan(tolerances[name] ?? (inDouble ? 1e-12 : 1e-6));
});

describe('thresholds', () => {
  test.each(
    peer.thresholds.map((each) => [`${each.method} ${each.classes ?? ''} of ${each.start}`, each] as const),
  )('%s', (_, { start, method, classes, thresholds }) => {
    const found = thresholdsOf(values(start), method, classes ? { classes } : {});
    expect(found.length).toBe(thresholds.length);
    for (const [i, value] of thresholds.entries()) expect(found[i]).toBeCloseTo(value, 9);
  });
});

describe('density', () => {
  test.each(peer.densities.map((each, i) => [`kernels ${i}`, each] as const))(
    '%s',
    (_, { start, rule, masked, points, values: expected, bandwidth }) => {
      const options = { bandwidth: rule, ...(masked ? { mask: values('mask') } : {}) };
      const found = kernelDensity(values(start), points, options);
      expect(found.bandwidth).toBeCloseTo(bandwidth, 10);
      const most = Math.max(...expected);
      for (const [i, value] of expected.entries()) {
        expect(Math.abs(found.density[i]! - value)).toBeLessThan(1e-12 * most);
      }
      const binned = kernelDensity(values(start), points, { ...options, method: 'binned' }).density;
      for (const [i, value] of expected.entries()) {
        expect(Math.abs(binned[i]! - value)).toBeLessThan(1e-5 * most);
      }
    },
  );

  test('bins', () => {
    const { density, edges } = histogramDensity(values('exact'), 20);
    for (const [i, value] of peer.histogram.density.entries()) expect(density[i]).toBeCloseTo(value, 12);
    for (const [i, value] of peer.histogram.edges.entries()) expect(edges[i]).toBeCloseTo(value, 12);
  });
});

test('a reference is learned as it occurs, or as many of its values as are asked for', () => {
  const { sorted, values: expected, quantiles } = peer.reference;
  const learned = distributionOf(Float64Array.from(sorted));
  expect(learned.values).toEqual(expected);
  for (const [i, quantile] of quantiles.entries()) expect(learned.quantiles[i]).toBeCloseTo(quantile, 12);
  const few = distributionOf(Float64Array.from(sorted), undefined, 5);
  expect(few.values).toHaveLength(5);
  expect([few.values[0], few.values[4], few.quantiles[4]]).toEqual([expected[0], expected.at(-1), 1]);
});

describe('decimated wavelets', () => {
  test.each(peer.decompositions.map((each) => [`${each.wavelet} of ${each.start}`, each] as const))(
    '%s',
    (_, { start, wavelet, levels, border, bands }) => {
      const source = Float64Array.from(values(start));
      const size = sizeOf(start);
      const found = decompose(source, size, waveletNamed(wavelet), levels, border);
      const named = new Map([['approximation', found.approximation]]);
      for (const [i, details] of found.details.entries()) {
        for (const [name, band] of details) named.set(`${i + 1} ${name}`, band);
      }
      expect([...named.keys()].sort()).toEqual(Object.keys(bands).sort());
      for (const [name, { size: sides, sum, squares, first, last }] of Object.entries(bands)) {
        const band = named.get(name)!;
        expect(band.size).toEqual(sides);
        const own = Array.from(band.values);
        const near = [...own.slice(0, 5), ...own.slice(-5)];
        for (const [i, value] of [...first, ...last].entries()) expect(near[i]).toBeCloseTo(value, 8);
        expect(own.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 6);
        expect(own.reduce((total, value) => total + value * value, 0) / squares).toBeCloseTo(1, 10);
      }
      expect(difference(recompose(found), source)).toBeLessThan(1e-11);
    },
  );
});
