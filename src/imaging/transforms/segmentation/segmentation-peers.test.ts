/** Watershed, peaks, region growing, contours, random walks and superpixels against scikit-image and SimpleITK. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeNpz } from '../../formats/npz.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { connectedComponents } from '../connected-components.ts';
import { distanceTransform } from '../morphology/distance-transform.ts';
import { structuringElement } from '../morphology/structuring-element.ts';
import { type ChanVeseOptions, chanVese, type GeodesicOptions, geodesicContour } from './active-contour.ts';
import { inverseGradient } from './inverse-gradient.ts';
import { localMaxima, type PeakOptions } from './peaks.ts';
import { randomWalker } from './random-walker.ts';
import { confidenceConnected, connectedThreshold } from './region-growing.ts';
import { type SuperpixelOptions, superpixels } from './superpixels.ts';
import { type WatershedOptions, watershed } from './watershed.ts';

const file = (name: string) => new URL(`../../../../fixtures/morphology/${name}`, import.meta.url);
const peer = JSON.parse(readFileSync(file('cases.json'), 'utf8')) as {
  hashes: Record<string, { sha256: string; sum: number }>;
  cases: Record<string, unknown>;
}; // written by scripts/peers/morphology.py
const arrays = decodeNpz(readFileSync(file('arrays.npz')));
const stored = (name: string) => arrays.get(name.replaceAll(' ', '_'))!.data as PixelArray; // no 64-bit whole numbers

const places = [
  { place: 'picture', sides: [52, 44, 1] as Vector3 },
  { place: 'volume', sides: [20, 17, 14] as Vector3 },
];
const of = (place: string, kind: string): PixelArray => {
  const grey = stored(`${place} grey`);
  if (kind === 'int16') return Int16Array.from(grey, (v) => v * 7 - 900);
  if (kind === 'float32') return Float32Array.from(grey, (v) => (v - 100) / 64);
  if (kind === 'unit') return Float64Array.from(grey, (v) => v / 255);
  return stored(`${place} ${kind}`);
};

/** Sum and hash, so that a difference is seen for what it is. */
function expectWhole(name: string, found: ArrayLike<number>, Type: typeof Uint8Array | typeof Int32Array) {
  const array = new Type(found);
  const sha256 = createHash('sha256').update(new Uint8Array(array.buffer)).digest('hex');
  const sum = [...array].reduce((total, value) => total + value, 0);
  expect({ sum, sha256 }, name).toEqual({ sum: peer.hashes[name]!.sum, sha256: peer.hashes[name]!.sha256 });
}

function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs(found[i]! - expected[i]!));
  return most;
}

describe.each(places)('$place', ({ place, sides }) => {
  const mask = of(place, 'mask');
  const basins: Record<string, WatershedOptions> = {
    plain: {},
    corners: { connectivity: 26 },
    mask: { mask },
    line: { line: true },
    'line corners mask': { line: true, connectivity: 26, mask },
    compact: { compactness: 3.5 },
    'compact mask corners': { compactness: 20, mask, connectivity: 26 },
  };

  test.each(Object.entries(basins))('watershed, %s', (name, options) => {
    const heights = of(place, 'grey');
    const markers = stored(`${place} markers`);
    expectWhole(`${place} watershed ${name}`, watershed(heights, markers, sides, options), Int32Array);
    const rough = Uint8Array.from(heights, (value) => Math.floor(value / 24));
    expectWhole(`${place} watershed rough ${name}`, watershed(rough, markers, sides, options), Int32Array);
  });

  test('watershed of float32', () => {
    const found = watershed(of(place, 'float32'), stored(`${place} markers`), sides);
    expectWhole(`${place} watershed float32`, found, Int32Array);
  });

  const { labels } = connectedComponents(mask, ...sides, 6);
  const far = distanceTransform(mask, sides);
  const ball = structuringElement('ball', sides[2] > 1 ? 2 : [2, 2, 0]);
  const peaks: readonly (readonly [string, PixelArray, PeakOptions])[] = [
    ['grey', of(place, 'grey'), {}],
    ['grey 3', of(place, 'grey'), { minDistance: 3 }],
    ['threshold', of(place, 'grey'), { threshold: 140, excludeBorder: 0 }],
    ['relative', of(place, 'grey'), { relativeThreshold: 0.7, minDistance: 2, most: 4 }],
    ['distance', far, { minDistance: 2, excludeBorder: 0 }],
    ['labels', far, { minDistance: 2, excludeBorder: 0, labels }],
    ['labels 1', far, { minDistance: 2, labels, most: 1 }],
    ['footprint', of(place, 'grey'), { element: ball, excludeBorder: 1 }],
  ];
  test.each(peaks)('peaks, %s', (name, values, options) => {
    const flat = sides[2] === 1;
    const found = localMaxima(values, sides, options).map(([x, y, z]) => (flat ? [x, y] : [x, y, z]));
    expect(found).toEqual(peer.cases[`${place} peaks ${name}`]);
  });

  const seeds = (peer.cases[`${place} seeds`] as number[][]).map(
    ([x, y, z]) => [x, y, z ?? 0] as unknown as Vector3,
  ); // three
  test.each(['grey', 'int16', 'float32'])('region growing in %s', (kind) => {
    const [low, high] = peer.cases[`${place} limits ${kind}`] as [number, number]; // as written
    const values = of(place, kind);
    for (const [name, connectivity] of [
      ['faces', 6],
      ['corners', 26],
    ] as const) {
      const found = connectedThreshold(values, sides, seeds, low, high, connectivity);
      expectWhole(`${place} connected threshold ${kind} ${name}`, found, Uint8Array);
    }
    for (const [multiplier, iterations, radius] of [
      [2.5, 4, 1],
      [1.4, 2, 2],
      [1.1, 0, 1],
      [2, 6, 3],
    ] as const) {
      const found = confidenceConnected(values, sides, seeds, { multiplier, iterations, radius });
      expectWhole(`${place} confidence ${kind} ${multiplier} ${iterations} ${radius}`, found, Uint8Array);
    }
  });

  const chan: Record<string, ChanVeseOptions> = {
    plain: {},
    mask: { start: mask, smoothing: 3 },
    weights: { insideWeight: 1.5, outsideWeight: 0.8, smoothing: 0, start: 'disk' },
  };
  test.each(Object.entries(chan))('contour without edges, %s', (name, options) => {
    for (const iterations of [1, 8]) {
      const found = chanVese(of(place, 'unit'), sides, { ...options, iterations });
      expectWhole(`${place} chan-vese ${name} ${iterations}`, found, Uint8Array);
    }
  });

  test('edge map', () => {
    const found = inverseGradient(of(place, 'unit'), sides, 60, 1.2);
    expect(worst(found, stored(`${place} inverse gradient`))).toBeLessThan(1e-12);
  });

  const geodesic: Record<string, GeodesicOptions> = {
    plain: {},
    grow: { balloon: 1, start: mask },
    shrink: { balloon: -1 },
    threshold: { balloon: 2, threshold: 0.5, smoothing: 2 },
  };
  test.each(Object.entries(geodesic))('geodesic contour, %s', (name, options) => {
    for (const iterations of [1, 9]) {
      const found = geodesicContour(stored(`${place} inverse gradient`), sides, { ...options, iterations });
      expectWhole(`${place} geodesic ${name} ${iterations}`, found, Uint8Array);
    }
  });

  test('random walks', () => {
    const marks = stored(`${place} marks`);
    const spacing: Vector3 = place === 'picture' ? [1, 0.5, 1] : [1, 0.5, 2];
    const plain = randomWalker(of(place, 'unit'), 1, marks, sides, { tolerance: 1e-10 });
    const expected = stored(`${place} walk`);
    const length = marks.length;
    plain.probabilities.forEach((found, k) => {
      expect(worst(found, expected.subarray(k * length, (k + 1) * length))).toBeLessThan(1e-7);
    });
    const spaced = randomWalker(of(place, 'unit'), 1, marks, sides, { tolerance: 1e-10, beta: 40, spacing });
    spaced.probabilities.forEach((found, k) => {
      const other = stored(`${place} walk spacing`).subarray(k * length, (k + 1) * length);
      expect(worst(found, other)).toBeLessThan(1e-7);
    });
    expectWhole(`${place} walk labels`, plain.labels, Int32Array);
    const pruned = randomWalker(of(place, 'unit'), 1, stored(`${place} marks pruned`), sides, {
      tolerance: 1e-10,
    });
    expectWhole(`${place} walk labels pruned`, pruned.labels, Int32Array);
  });

  const tiles: Record<string, SuperpixelOptions> = {
    plain: {},
    few: { count: 13, compactness: 0.1 },
    spacing: { spacing: place === 'picture' ? [0.7, 1, 1] : [0.7, 1, 2], count: 30, compactness: 0.3 },
    zero: { adaptive: true, count: 40, compactness: 0.2 },
    loose: { connected: false, compactness: 0.05 },
    sizes: { leastSize: 0.9, mostSize: 1.4, compactness: 0.02 },
    rounds: { rounds: 2, count: 500, compactness: 0.1 },
  };
  test.each(Object.entries(tiles))('superpixels, %s', (name, options) => {
    expectWhole(`${place} slic ${name}`, superpixels(of(place, 'unit'), 1, sides, options), Int32Array);
  });

  test('superpixels of a smoothed image, up to rounding', () => {
    const found = superpixels(of(place, 'unit'), 1, sides, { sigma: 1.3, count: 30, compactness: 0.1 });
    const expected = stored(`${place} slic sigma`);
    const other = found.filter((label, i) => label !== expected[i]).length;
    expect(other / found.length).toBeLessThan(0.01);
  });

  test("superpixels within a mask explain as much as the peer's", () => {
    const values = of(place, 'unit');
    const options = { count: 25, compactness: 0.1, mask };
    const found = superpixels(values, 1, sides, options);
    const expected = stored(`${place} slic mask`);
    expect(found.every((label, i) => (label === 0) === (mask[i] === 0))).toBe(true);
    expect(explained(values, found)).toBeGreaterThan(explained(values, expected) - 0.03);
    expect(superpixels(values, 1, sides, options)).toEqual(found);
    expect(superpixels(values, 1, sides, { ...options, seed: 1 })).not.toEqual(found);
  });
});

/** Part of the variance that lies between labels, of what has one. */
function explained(values: PixelArray, labels: ArrayLike<number>): number {
  const sums = new Map<number, [number, number]>();
  let [total, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (labels[i] === 0) continue;
    const sum = sums.get(labels[i]!) ?? [0, 0];
    sums.set(labels[i]!, [sum[0] + values[i]!, sum[1] + 1]);
    total += values[i]!;
    count++;
  }
  let [between, all] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (labels[i] === 0) continue;
    const [sum, n] = sums.get(labels[i]!)!;
    between += (sum / n - total / count) ** 2;
    all += (values[i]! - total / count) ** 2;
  }
  return between / all;
}

test('watershed over faces and edges', () => {
  const { place, sides } = places[1]!;
  const found = watershed(of(place, 'grey'), stored(`${place} markers`), sides, { connectivity: 18 });
  expectWhole('volume watershed edges', found, Int32Array);
});

test('superpixels of colours', () => {
  const sides: Vector3 = [52, 44, 1];
  const colours = stored('colours');
  expectWhole('colours slic', superpixels(colours, 3, sides, { count: 30, compactness: 10 }), Int32Array);
  const plain = superpixels(colours, 3, sides, { count: 30, compactness: 0.3, lab: false });
  expectWhole('colours slic plain', plain, Int32Array);
});
