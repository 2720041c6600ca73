import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Affine,
  composeAffines,
  direction,
  flipRasLps,
  geometry,
  geometryFrom,
  invertAffine,
  orientationCode,
  origin,
  spacingMm,
  voxelIndex,
  voxelToWorld,
  worldPointMm,
  worldToVoxel,
} from './geometry.ts';
import { centreOf, gridOf, IDENTITY_AFFINE, sameGrid, scaleAndShift, voxelMap } from './grid.ts';

const length = fc.double({ min: 0.05, max: 20, noNaN: true });
const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });
const place = fc.double({ min: -500, max: 500, noNaN: true });

/** Any patient grid: three spacings, a rotation, a shear that leaves the axes apart, an origin. */
const anyGeometry = fc
  .tuple(
    length,
    length,
    length,
    angle,
    angle,
    fc.double({ min: -0.5, max: 0.5, noNaN: true }),
    place,
    place,
    place,
  )
  .map(([sx, sy, sz, a, b, shear, x, y, z]) => {
    const [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
    const d = [ca, -sa * cb, sa * sb, sa, ca * cb, -ca * sb, 0, sb, cb];
    const matrix = d.map((value, i) => (i % 3 === 1 ? value + shear * d[i - 1]! : value));
    const row = (r: number) => [matrix[3 * r]! * sx, matrix[3 * r + 1]! * sy, matrix[3 * r + 2]! * sz];
    return geometry([...row(0), x, ...row(1), y, ...row(2), z] as unknown as Affine); // three rows of four
  });

test('voxel to world and back is the same voxel (seed 31)', () => {
  fc.assert(
    fc.property(anyGeometry, place, place, place, (space, x, y, z) => {
      const back = worldToVoxel(space, voxelToWorld(space, voxelIndex(x, y, z)));
      for (const [axis, value] of [x, y, z].entries())
        expect(Math.abs(back[axis]! - value)).toBeLessThan(1e-6);
    }),
    { seed: 31 },
  );
});

test('an affine after its inverse is the identity (seed 32)', () => {
  fc.assert(
    fc.property(anyGeometry, ({ affine }) => {
      const both = composeAffines(affine, invertAffine(affine));
      for (const [i, value] of IDENTITY_AFFINE.entries())
        expect(Math.abs(both[i]! - value)).toBeLessThan(1e-9);
    }),
    { seed: 32 },
  );
});

test('spacing, direction and origin make the geometry that they are taken from (seed 33)', () => {
  fc.assert(
    fc.property(anyGeometry, (space) => {
      const again = geometryFrom({
        spacingMm: spacingMm(space),
        direction: direction(space),
        originMm: [...origin(space)] as [number, number, number], // three
      });
      for (const [i, value] of space.affine.entries()) expect(again.affine[i]).toBeCloseTo(value, 9);
    }),
    { seed: 33 },
  );
});

test('RAS to LPS turns two axes and is its own inverse', () => {
  const ras: Affine = [2, 0, 0, -90, 0, 3, 0, -120, 0, 0, 4, -70];
  expect(flipRasLps(ras)).toEqual([-2, 0, 0, 90, 0, -3, 0, 120, 0, 0, 4, -70]);
  expect(flipRasLps(flipRasLps(ras))).toEqual(ras);
  expect(orientationCode(geometry(ras))).toBe('LPS');
  expect(orientationCode(geometry(flipRasLps(ras)))).toBe('RAS');
});

test.each([
  ['two axes the same', [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]],
  ['an axis of no length', [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]],
  ['not a number', [1, 0, 0, Number.NaN, 0, 1, 0, 0, 0, 0, 1, 0]],
  ['infinite', [1, 0, 0, 0, 0, Number.POSITIVE_INFINITY, 0, 0, 0, 0, 1, 0]],
  ['three axes in one plane', [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0]],
])('%s is no geometry', (_, affine) => {
  expect(() => geometry(affine as unknown as Affine)).toThrow(/^GEOMETRY_INVALID: /); // three rows of four
});

describe('grids', () => {
  const space = geometryFrom({ spacingMm: [0.5, 0.5, 2], originMm: [10, 20, 30] });
  const grid = { size: [4, 6, 8] as const, geometry: space };
  const moved = (mm: number) => geometryFrom({ spacingMm: [0.5, 0.5, 2], originMm: [10 + mm, 20, 30] });

  test('are the same by size and by the place of their corners', () => {
    expect(sameGrid(grid, { ...grid, geometry: moved(0.0004) })).toBe(true);
    expect(sameGrid(grid, { ...grid, geometry: moved(0.0006) })).toBe(false);
    expect(sameGrid(grid, { ...grid, geometry: moved(0.0006) }, 0.01)).toBe(true);
    expect(sameGrid(grid, { size: [4, 6, 8] })).toBe(true);
    expect(sameGrid(grid, { ...grid, size: [4, 6, 9] })).toBe(false);
    const wider = geometryFrom({ spacingMm: [0.5, 0.5, 2.001], originMm: [10, 20, 30] });
    expect(sameGrid(grid, { ...grid, geometry: wider })).toBe(false);
  });

  test('know their middle and the map between them', () => {
    expect(centreOf(grid)).toEqual([1.5, 2.5, 3.5]);
    expect(gridOf({ width: 4, height: 6, depth: 8, geometry: space })).toEqual(grid);
    expect(voxelMap(space, moved(1))).toEqual(scaleAndShift([1, 1, 1], [2, 0, 0]));
  });
});

test('voxel indices and points in mm cannot be taken for one another', () => {
  const space = geometryFrom({ spacingMm: [2, 2, 2] });
  // @ts-expect-error a point is no index
  expect(voxelToWorld(space, worldPointMm(1, 1, 1))).toBeDefined();
  // @ts-expect-error an index is no point
  expect(worldToVoxel(space, voxelIndex(1, 1, 1))).toBeDefined();
  // @ts-expect-error three numbers are neither
  expect(voxelToWorld(space, [1, 1, 1])).toBeDefined();
});
