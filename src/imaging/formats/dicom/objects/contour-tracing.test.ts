import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../../random.ts';
import { keyholePolygons, traceContours } from './contour-tracing.ts';
import { coverPolygons, fillPolygons, polygonArea } from './polygon-mask.ts';

function noise(seed: number, width: number, height: number, density: number): Uint8Array {
  const random = new RandomStream({ seed, purpose: 'contour-tracing' });
  return Uint8Array.from({ length: width * height }, () => (random.chance(density) ? 1 : 0));
}

const masks = [0.1, 0.3, 0.5, 0.7, 0.9, 0.97].flatMap((density, i) =>
  [1, 2, 3].map((seed) => ({ seed: seed * 10 + i, density, width: 23 + seed * 7, height: 31 - seed * 5 })),
);

function filled(polygons: readonly Float64Array[], width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  fillPolygons(mask, polygons, width, height);
  return mask;
}

describe('outlines of a mask', () => {
  test.each(masks)('filled again are the mask: seed $seed, density $density', (at) => {
    const mask = noise(at.seed, at.width, at.height, at.density);
    const outlines = traceContours(mask, at.width, at.height);
    expect(filled(outlines, at.width, at.height)).toEqual(mask);
  });

  test.each(masks)('joined by keyholes are the mask, too: seed $seed, density $density', (at) => {
    const mask = noise(at.seed, at.width, at.height, at.density);
    const outlines = traceContours(mask, at.width, at.height);
    const joined = keyholePolygons(outlines);
    expect(joined.every((polygon) => polygonArea(polygon) > 0)).toBe(true);
    expect(filled(joined, at.width, at.height)).toEqual(mask);
    const area = (polygons: readonly Float64Array[]) =>
      polygons.reduce((sum, one) => sum + polygonArea(one), 0);
    expect(area(joined)).toBeCloseTo(area(outlines), 9);
  });

  test('a square with a hole: two outlines of opposite sense, corners midway between pixels', () => {
    const mask = new Uint8Array(49).map((_, i) => {
      const [x, y] = [i % 7, Math.floor(i / 7)];
      return x > 0 && x < 6 && y > 0 && y < 6 && !(x === 3 && y === 3) ? 1 : 0;
    });
    const outlines = traceContours(mask, 7, 7);
    expect(outlines.map(polygonArea)).toEqual([24.5, -0.5]);
    expect(Array.from(outlines[1]!).every((value) => Number.isInteger(value * 2))).toBe(true);
    expect(keyholePolygons(outlines)).toHaveLength(1);
  });
});

describe('coverage', () => {
  test('adds up to the area, and a half-covered pixel is one half', () => {
    const square = Float64Array.from([1, 1, 4, 1, 4, 3, 1, 3]);
    const coverage = new Float32Array(36);
    coverPolygons(coverage, [square], 6, 6);
    expect(coverage.reduce((sum, value) => sum + value, 0)).toBeCloseTo(6, 6);
    expect(coverage[1 * 6 + 2]).toBe(0.5);
    expect(coverage[2 * 6 + 2]).toBe(1);
    expect(coverage[1 * 6 + 1]).toBe(0.25);
  });

  test('union keeps what xor leaves out', () => {
    const one = Float64Array.from([0.5, 0.5, 4.5, 0.5, 4.5, 4.5, 0.5, 4.5]);
    const two = Float64Array.from([1.5, 1.5, 3.5, 1.5, 3.5, 3.5, 1.5, 3.5]);
    const count = (rule: 'xor' | 'union') => {
      const mask = new Uint8Array(36);
      fillPolygons(mask, [one, two], 6, 6, rule);
      return mask.reduce((sum, value) => sum + value, 0);
    };
    expect([count('xor'), count('union')]).toEqual([12, 16]);
  });

  test('polygons far outside, and beyond the numbers of an index, leave the grid as it is', () => {
    const far = Float64Array.from([1e300, 1e300, 1e301, 1e300, 1e301, 1e301]);
    expect(filled([far], 5, 5).some((value) => value !== 0)).toBe(false);
    const around = Float64Array.from([-1e9, -1e9, 1e9, -1e9, 1e9, 1e9, -1e9, 1e9]);
    expect(filled([around], 5, 5).every((value) => value === 1)).toBe(true);
  });
});
