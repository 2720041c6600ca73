/**
 * Morphological features (IBSI reference manual, section 3.1, HCUG): the mesh, points and hull of the morphological mask,
 * and the intensities of the intensity mask where a feature needs them.
 */
import type { Vector3 } from '../../geometry/geometry.ts';
import { type Computed, defineFeatures, featureValues, noValues } from '../definition-list.ts';
import type { FeatureValue, Region } from '../feature.ts';
import { autocorrelation } from './autocorrelation.ts';
import { alignedBox, type BoxSides, largestFaces, orientedBox } from './bounding-box.ts';
import { convexHull, diameter, extremeCorners, hullMeasures } from './convex-hull.ts';
import { eigenvaluesOf, ellipsoidArea, enclosingEllipsoid } from './ellipsoid.ts';
import { extremeVertices, meshMeasures } from './mesh.ts';

const INF = Number.POSITIVE_INFINITY;

export const MORPHOLOGY = defineFeatures('morph', [
  ['vol', 'RNU0', 'Volume (mesh)', 'mm3', 0, INF],
  ['approx_vol', 'YEKZ', 'Volume (voxel counting)', 'mm3', 0, INF],
  ['area', 'C0JK', 'Surface area (mesh)', 'mm2', 0, INF],
  ['av', '2PR5', 'Surface to volume ratio', '1/mm', 0, INF],
  ['comp_1', 'SKGS', 'Compactness 1', '1', 0, 1 / (6 * Math.PI)],
  ['comp_2', 'BQWJ', 'Compactness 2', '1', 0, 1],
  ['sph_dispr', 'KRCK', 'Spherical disproportion', '1', 1, INF],
  ['sphericity', 'QCFX', 'Sphericity', '1', 0, 1],
  ['asphericity', '25C7', 'Asphericity', '1', 0, INF],
  ['com', 'KLMA', 'Centre of mass shift', 'mm', 0, INF],
  ['diam', 'L0JK', 'Maximum 3D diameter', 'mm', 0, INF],
  ['pca_major', 'TDIC', 'Major axis length', 'mm', 0, INF],
  ['pca_minor', 'P9VJ', 'Minor axis length', 'mm', 0, INF],
  ['pca_least', '7J51', 'Least axis length', 'mm', 0, INF],
  ['pca_elongation', 'Q3CK', 'Elongation', '1', 0, 1],
  ['pca_flatness', 'N17B', 'Flatness', '1', 0, 1],
  ['v_dens_aabb', 'PBX1', 'Volume density (axis-aligned bounding box)', '1', 0, 1],
  ['a_dens_aabb', 'R59B', 'Area density (axis-aligned bounding box)', '1', 0, INF],
  ['v_dens_ombb', 'ZH1A', 'Volume density (oriented minimum bounding box)', '1', 0, 1],
  ['a_dens_ombb', 'IQYR', 'Area density (oriented minimum bounding box)', '1', 0, INF],
  ['v_dens_aee', '6BDE', 'Volume density (approximate enclosing ellipsoid)', '1', 0, INF],
  ['a_dens_aee', 'RDD2', 'Area density (approximate enclosing ellipsoid)', '1', 0, INF],
  ['v_dens_mvee', 'SWZ1', 'Volume density (minimum volume enclosing ellipsoid)', '1', 0, 1],
  ['a_dens_mvee', 'BRI8', 'Area density (minimum volume enclosing ellipsoid)', '1', 0, INF],
  ['v_dens_conv_hull', 'R3ER', 'Volume density (convex hull)', '1', 0, 1],
  ['a_dens_conv_hull', '7T7F', 'Area density (convex hull)', '1', 0, INF],
  ['integ_int', '99N0', 'Integrated intensity', 'u mm3', -INF, INF],
  ['moran_i', 'N365', "Moran's I index", '1', -INF, INF],
  ['geary_c', 'NPT7', "Geary's C measure", '1', 0, INF],
]);

/**
 * The 29 features of a region. Those that need a spread of points or of intensities that the region does not have (one
 * voxel, voxels in one plane, one intensity) are NaN with a remark.
 */
export function morphology(region: Region): readonly FeatureValue[] {
  const points = pointMoments(region);
  if (points.count === 0) return noValues(MORPHOLOGY, 'no voxel in the morphological mask');
  const [sx, sy, sz] = region.spacingMm;
  const { volume, area } = meshMeasures(region);
  const intensities = intensityMoments(region);
  const empty: Computed = [Number.NaN, 'no voxel in the intensity mask'];
  const none = intensities.count === 0;
  const shift = distanceBetween(points.centre, intensities.centre);
  const { moran, geary } = autocorrelation(region);
  const round = (36 * Math.PI * volume ** 2) / area ** 3;
  return featureValues(MORPHOLOGY, {
    vol: volume,
    approx_vol: points.count * sx * sy * sz,
    area,
    av: area / volume,
    comp_1: volume / (Math.sqrt(Math.PI) * area ** 1.5),
    comp_2: round,
    sph_dispr: round ** (-1 / 3),
    sphericity: round ** (1 / 3),
    asphericity: round ** (-1 / 3) - 1,
    com: none ? empty : shift === null ? [Number.NaN, 'the intensities add up to 0'] : shift,
    ...axisFeatures(points, volume, area),
    ...hullFeatures(region, volume, area),
    integ_int: none ? empty : volume * intensities.mean,
    moran_i: moran,
    geary_c: geary,
  });
}

interface PointMoments {
  readonly count: number;
  readonly centre: Vector3;
  /** Covariance with n - 1: xx, xy, xz, yy, yz, zz; mm2. */
  readonly covariance: readonly number[];
}

/** Centre and spread of the voxel centres of the morphological mask, counted from the first voxel's. */
function pointMoments({ shape, size: [width, height, depth], spacingMm: s }: Region): PointMoments {
  let [n, x1, y1, z1] = [0, 0, 0, 0];
  let [xx, xy, xz, yy, yz, zz] = [0, 0, 0, 0, 0, 0];
  // whole numbers about the middle: their sums are exact
  const [mx, my, mz] = [width >> 1, height >> 1, depth >> 1];
  for (let k = 0, at = 0; k < depth; k++) {
    const z = k - mz;
    for (let j = 0; j < height; j++) {
      const y = j - my;
      let count = 0;
      let sum = 0;
      let squares = 0;
      for (let x = -mx; x < width - mx; x++, at++) {
        if (!shape[at]) continue;
        count++;
        sum += x;
        squares += x * x;
      }
      n += count;
      x1 += sum;
      y1 += count * y;
      z1 += count * z;
      xx += squares;
      xy += sum * y;
      xz += sum * z;
      yy += count * y * y;
      yz += count * y * z;
      zz += count * z * z;
    }
  }
  const centre: Vector3 = [(x1 / n + mx) * s[0], (y1 / n + my) * s[1], (z1 / n + mz) * s[2]];
  const spread = (sum: number, a: number, b: number, scale: number) =>
    (scale * (sum - (a * b) / n)) / Math.max(1, n - 1);
  const covariance = [
    spread(xx, x1, x1, s[0] * s[0]),
    spread(xy, x1, y1, s[0] * s[1]),
    spread(xz, x1, z1, s[0] * s[2]),
    spread(yy, y1, y1, s[1] * s[1]),
    spread(yz, y1, z1, s[1] * s[2]),
    spread(zz, z1, z1, s[2] * s[2]),
  ];
  return { count: n, centre, covariance };
}

/** Mean intensity and centre of mass of the intensity mask; no centre where the intensities add up to 0. */
function intensityMoments({ inside, values, size: [width, height, depth], spacingMm: s }: Region) {
  let [count, sum, sumX, sumY, sumZ] = [0, 0, 0, 0, 0];
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      let row = 0;
      for (let x = 0; x < width; x++, at++) {
        if (!inside[at]) continue;
        const value = values[at]!;
        count++;
        row += value;
        sumX += x * value;
      }
      sum += row;
      sumY += y * row;
      sumZ += z * row;
    }
  }
  const centre: Vector3 | null =
    sum === 0 ? null : [(sumX / sum) * s[0], (sumY / sum) * s[1], (sumZ / sum) * s[2]];
  return { count, mean: sum / count, centre };
}

const distanceBetween = (a: Vector3, b: Vector3 | null): number | null =>
  b && Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

type Axes = 'pca_major' | 'pca_minor' | 'pca_least' | 'pca_elongation' | 'pca_flatness';

/** Below this part of the greatest eigenvalue one counts as 0: what rounding leaves of voxels in a plane. */
const FLAT = 1e-12;

function axisFeatures(
  points: PointMoments,
  volume: number,
  area: number,
): Record<Axes | 'v_dens_aee' | 'a_dens_aee', Computed> {
  const values = eigenvaluesOf(points.covariance);
  const [major, minor, least] = values.map((value) => (value > FLAT * values[0] ? value : 0)) as Three;
  const one: Computed | undefined = points.count === 1 ? [Number.NaN, 'one voxel'] : undefined;
  const flat: Computed | undefined =
    one ?? (least === 0 ? [Number.NaN, 'the voxels lie in one plane'] : undefined);
  const line: Computed | undefined =
    one ?? (minor === 0 ? [Number.NaN, 'the voxels lie on one line'] : undefined);
  const [a, b, c] = [2 * Math.sqrt(major), 2 * Math.sqrt(minor), 2 * Math.sqrt(least)];
  return {
    pca_major: one ?? 2 * a,
    pca_minor: one ?? 2 * b,
    pca_least: one ?? 2 * c,
    pca_elongation: one ?? Math.sqrt(minor / major),
    pca_flatness: one ?? Math.sqrt(least / major),
    v_dens_aee: flat ?? volume / ((4 / 3) * Math.PI * a * b * c),
    a_dens_aee: line ?? area / ellipsoidArea(a, b, c),
  };
}

type Three = [number, number, number];

type HullNames = 'diam' | `${'v' | 'a'}_dens_${'aabb' | 'ombb' | 'mvee' | 'conv_hull'}`;

function hullFeatures(region: Region, volume: number, area: number): Record<HullNames, Computed> {
  const whole = convexHull(extremeVertices(region));
  const all = Float64Array.from(whole.corners, (value, i) => (value / 2) * region.spacingMm[i % 3]!);
  const hull = hullMeasures(all, whole.triangles);
  const corners = picked(all, extremeCorners(whole));
  const aligned = alignedBox(corners);
  const oriented = orientedBox(corners, largestFaces(all, whole.triangles));
  const [a, b, c] = enclosingEllipsoid(corners);
  return {
    diam: diameter(corners),
    v_dens_aabb: volume / boxVolume(aligned),
    a_dens_aabb: area / boxArea(aligned),
    v_dens_ombb: volume / boxVolume(oriented),
    a_dens_ombb: area / boxArea(oriented),
    v_dens_mvee: volume / ((4 / 3) * Math.PI * a * b * c),
    a_dens_mvee: area / ellipsoidArea(a, b, c),
    v_dens_conv_hull: volume / hull.volume,
    a_dens_conv_hull: area / hull.area,
  };
}

/** Some points (x, y, z each) of many. */
function picked(points: Float64Array, which: Int32Array): Float64Array {
  const out = new Float64Array(3 * which.length);
  for (let i = 0; i < which.length; i++) out.set(points.subarray(3 * which[i]!, 3 * which[i]! + 3), 3 * i);
  return out;
}

const boxVolume = ([x, y, z]: BoxSides): number => x * y * z;
const boxArea = ([x, y, z]: BoxSides): number => 2 * (x * y + x * z + y * z);
