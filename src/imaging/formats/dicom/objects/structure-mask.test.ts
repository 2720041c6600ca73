import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../../../errors.ts';
import {
  type Geometry,
  geometryFrom,
  type Vector3,
  voxelIndex,
  voxelToWorld,
} from '../../../geometry/geometry.ts';
import { contourVolumeMl } from './contour-planes.ts';
import { pointsAndLines, structureCoverage, structureMask } from './structure-mask.ts';
import type { Contour, ContourKind, Roi } from './structure-set.ts';

const size = { width: 40, height: 36, depth: 12 };
const turned = [0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1];
const tilted = [1, 0, 0, 0, 0.8, -0.6, 0, 0.6, 0.8];
const space = (direction: readonly number[] = [1, 0, 0, 0, 1, 0, 0, 0, 1]): Geometry =>
  geometryFrom({
    spacingMm: [1, 1.25, 3],
    originMm: [-10, 5, 100],
    direction,
    frameOfReferenceUid: '2.25.3',
  });

/** A circle of 64 corners in voxels, on a slice that need not be whole. */
function circle(on: Geometry, slice: number, radius: number, kind: ContourKind = 'CLOSED_PLANAR'): Contour {
  const points = Array.from({ length: 64 }, (_, i) => {
    const angle = (i / 64) * 2 * Math.PI;
    return [
      ...voxelToWorld(
        on,
        voxelIndex(19.3 + radius * Math.cos(angle), 17.2 + radius * Math.sin(angle), slice),
      ),
    ];
  });
  return { kind, points: Float64Array.from(points.flat()), imageUids: [] };
}

function roi(contours: readonly Contour[], more: Partial<Roi> = {}): Roi {
  return { number: 1, name: 'r', generation: '', interpretedType: '', contours, ...more };
}

/** Voxels whose centre lies within the circle, counted in one slice. */
function disc(radius: number): number {
  let count = 0;
  for (let y = 0; y < size.height; y++)
    for (let x = 0; x < size.width; x++)
      if (Math.hypot(x - 19.3, y - 17.2) < radius * Math.cos(Math.PI / 64)) count++;
  return count;
}

function perSlice(pixels: ArrayLike<number>): number[] {
  const plane = size.width * size.height;
  return Array.from({ length: size.depth }, (_, z) =>
    Array.from({ length: plane }, (_, i) => Number(pixels[z * plane + i]! !== 0)).reduce((a, b) => a + b, 0),
  );
}

describe('contours onto slices', () => {
  test.each([
    ['axial', undefined],
    ['turned in the plane', turned],
    ['tilted', tilted],
  ])('%s: the same voxels wherever the grid lies', (_, direction) => {
    const grid = { ...size, geometry: space(direction) };
    const contours = [3, 4, 5].map((z) => circle(grid.geometry, z, 8.37));
    const counts = perSlice(structureMask([roi(contours)], grid).pixels);
    const full = disc(8.37);
    counts.forEach((count, z) => {
      if (z < 3 || z > 5) expect(count).toBe(0);
      else expect(Math.abs(count - full)).toBeLessThanOrEqual(4); // centres between the circle and its chords
    });
  });

  test('a hole is left out, a contour inside the hole is in again; union fills all', () => {
    const grid = { ...size, geometry: space() };
    const contours = [12.1, 8.2, 4.3].map((radius) => circle(grid.geometry, 6, radius, 'CLOSEDPLANAR_XOR'));
    const [outer, hole, inner] = [12.1, 8.2, 4.3].map(
      (radius) => perSlice(structureMask([roi([circle(grid.geometry, 6, radius)])], grid).pixels)[6]!,
    );
    expect(perSlice(structureMask([roi(contours)], grid).pixels)[6]).toBe(outer! - hole! + inner!);
    expect(perSlice(structureMask([roi(contours)], grid, { rule: 'union' }).pixels)[6]).toBe(outer!);
  });

  const plane = (positions: readonly number[]) => {
    const grid = { ...size, geometry: space() };
    const contours = positions.map((z) => circle(grid.geometry, z, 8));
    return perSlice(structureMask([roi(contours)], grid).pixels).flatMap((count, z) =>
      count > 0 ? [z] : [],
    );
  };
  test.each([
    ['on slices', [2, 3, 4], [2, 3, 4]],
    ['a little beside slices', [2.006, 3.006, 4.006], [2, 3, 4]],
    ['half-way between slices, each once', [2.5, 3.5, 4.5], [2, 3, 4]],
    ['denser than slices', [2, 2.25, 2.5, 2.75, 3, 3.25], [2, 3]],
    ['every third slice: planes reach half-way', [2, 5, 8], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['a gap between two parts stays open', [1, 2, 3, 8, 9], [1, 2, 3, 8, 9]],
    ['one plane alone', [6.2], [6]],
    ['outside of the grid', [-4, 30], []],
  ])('contours %s', (_, positions, slices) => {
    expect(plane(positions)).toEqual(slices);
  });

  test('regions that overlap take layers of their own', () => {
    const grid = { ...size, geometry: space() };
    const one = roi([circle(grid.geometry, 4, 6)], { name: 'one' });
    const two = roi([circle(grid.geometry, 4, 3)], { name: 'two', number: 2 });
    const three = roi([circle(grid.geometry, 9, 3)], { name: 'three', number: 3 });
    const map = structureMask([one, two, three], grid);
    expect(map.channels).toBe(2);
    expect(map.labels.map(({ name, value, channel }) => [name, value, channel])).toEqual([
      ['one', 1, 0],
      ['two', 2, 1],
      ['three', 3, 0],
    ]);
  });
});

describe('contours across slices', () => {
  test('sagittal circles make the same ball as axial ones, to its surface', () => {
    const grid = { width: 40, height: 40, depth: 40, geometry: geometryFrom({ spacingMm: [1, 1, 1] }) };
    const ring = (axis: 0 | 2, at: number): Contour => {
      const radius = Math.sqrt(Math.max(0, 15 ** 2 - (at - 20) ** 2));
      const points = Array.from({ length: 90 }, (_, i): Vector3 => {
        const [a, b] = [
          20 + radius * Math.cos((i / 45) * Math.PI),
          20 + radius * Math.sin((i / 45) * Math.PI),
        ];
        return axis === 2 ? [a, b, at] : [at, a, b];
      });
      return { kind: 'CLOSED_PLANAR', points: Float64Array.from(points.flat()), imageUids: [] };
    };
    const planes = Array.from({ length: 29 }, (_, i) => 6 + i);
    const [axial, sagittal] = ([2, 0] as const).map((axis) =>
      structureMask([roi(planes.map((at) => ring(axis, at)))], grid),
    );
    let [both, sum] = [0, 0];
    axial!.pixels.forEach((value, i) => {
      both += value * sagittal!.pixels[i]!;
      sum += value + sagittal!.pixels[i]!;
    });
    expect((2 * both) / sum).toBeGreaterThan(0.99);
    const ball = (4 / 3) * Math.PI * 15 ** 3;
    for (const axis of [0, 2] as const) {
      expect(contourVolumeMl(planes.map((at) => ring(axis, at))) / (ball / 1000)).toBeCloseTo(1, 2);
    }
    const coverage = structureCoverage(roi(planes.map((at) => ring(0, at))), grid);
    expect(Array.from(coverage.pixels).reduce((a, b) => a + b, 0) / ball).toBeCloseTo(1, 2);
  });

  test('a contour that leaves its plane is refused', () => {
    const points = Float64Array.from([0, 0, 0, 10, 0, 8, 10, 10, 0, 0, 10, 8]);
    const bent = roi([{ kind: 'CLOSED_PLANAR', points, imageUids: [] }]);
    const grid = { ...size, geometry: space() };
    expect(() => structureMask([bent], grid)).toThrow(
      expect.objectContaining({ code: 'STRUCTURE_CONTOUR_NOT_PLANAR' }),
    );
  });
});

test('coverage is the area inside, in the plane', () => {
  const grid = { ...size, geometry: space() };
  const coverage = structureCoverage(roi([circle(grid.geometry, 5, 9)]), grid);
  const area = Array.from(coverage.pixels).reduce((a, b) => a + b, 0);
  const polygon = 0.5 * 64 * 9 ** 2 * Math.sin((2 * Math.PI) / 64);
  expect(Math.abs(area - polygon) / polygon).toBeLessThan(2e-3);
  expect(Math.max(...coverage.pixels)).toBe(1);
});

test('volume: area times the distance of planes, holes taken off', () => {
  const on = space();
  const rings = [3, 4, 5].flatMap((z) => [circle(on, z, 9), circle(on, z, 4)]);
  const area = 0.5 * 64 * Math.sin((2 * Math.PI) / 64) * (9 ** 2 - 4 ** 2) * 1.25;
  expect(contourVolumeMl(rings)).toBeCloseTo((area * 3 * 3) / 1000, 6);
  expect(contourVolumeMl([circle(on, 3, 9)], 3)).toBeGreaterThan(0);
});

test('points and open contours are given as they are and draw nothing', () => {
  const point: Contour = { kind: 'POINT', points: Float64Array.from([1, 2, 3]), imageUids: [] };
  const line: Contour = {
    kind: 'OPEN_PLANAR',
    points: Float64Array.from([0, 0, 100, 5, 5, 100]),
    imageUids: [],
  };
  const marks = roi([point, line]);
  expect(pointsAndLines(marks)).toEqual({ points: [[1, 2, 3]], lines: [line.points] });
  const mask = structureMask([marks], { ...size, geometry: space() });
  expect(mask.pixels.some((value) => value !== 0)).toBe(false);
});

describe('grids that do not fit', () => {
  const drawn = roi([circle(space(), 3, 5)], { frameOfReferenceUid: '2.25.99' });
  test.each([
    ['STRUCTURE_GRID_WITHOUT_PLACE', { ...size }, {}],
    ['STRUCTURE_FRAME_OF_REFERENCE', { ...size, geometry: space() }, {}],
    [
      'DICOM_OBJECT_TOO_LARGE',
      { ...size, geometry: space() },
      { ignoreFrameOfReference: true, maxVoxels: 1000 },
    ],
  ])('%s', (code, grid, options) => {
    expect(() => structureMask([drawn], grid, options)).toThrow(HounsfieldError);
    expect(() => structureMask([drawn], grid, options)).toThrow(expect.objectContaining({ code }));
  });

  test('another frame of reference can be allowed', () => {
    const mask = structureMask([drawn], { ...size, geometry: space() }, { ignoreFrameOfReference: true });
    expect(mask.pixels.some((value) => value !== 0)).toBe(true);
  });
});
