import { HounsfieldError } from '../../../../errors.ts';
import { type Affine, applyAffine, type Vector3 } from '../../../geometry/geometry.ts';
import { type Polygon, polygonArea } from './polygon-mask.ts';
import { type Contour, isClosed } from './structure-set.ts';

/** Polygons that lie in one plane of a stack of parallel planes. */
export interface ContourPlane {
  /** Where the plane lies along the stack, in the stack's unit. */
  readonly position: number;
  readonly polygons: readonly Polygon[];
}

/** Parallel planes, by position; `halfThickness` is how far one reaches to either side. */
export interface PlaneStack {
  readonly planes: readonly ContourPlane[];
  readonly halfThickness: number;
}

const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const scaled = (a: Vector3, by: number): Vector3 => [a[0] * by, a[1] * by, a[2] * by];

function pointOf(points: Float64Array, i: number): Vector3 {
  return [points[i * 3]!, points[i * 3 + 1]!, points[i * 3 + 2]!];
}

/** A closed contour's polygon and position in a frame whose third axis runs along the stack, and how far it leaves its plane. */
function inFrame(contour: Contour, frame: Affine): { polygon: Polygon; position: number; span: number } {
  const count = contour.points.length / 3;
  const polygon = new Float64Array(count * 2);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < count; i++) {
    const [u, v, w] = applyAffine(frame, pointOf(contour.points, i));
    polygon[i * 2] = u;
    polygon[i * 2 + 1] = v;
    low = Math.min(low, w);
    high = Math.max(high, w);
  }
  return { polygon, position: (low + high) / 2, span: high - low };
}

function median(sorted: readonly number[]): number {
  return sorted[(sorted.length - 1) >> 1]!;
}

/** Most directions that the planes of one region may have. */
const DIRECTION_LIMIT = 32;

/** Farthest that a plane reaches to either side, mm: contours farther apart than twice this are parts of their own. */
const REACH_MM = 5;

/**
 * Puts contours into planes. `together`: planes nearer than this are one; `least`: the least half thickness; `most`: the
 * greatest. Planes reach half-way to their neighbours: half the median distance between planes.
 */
function stacked(
  parts: readonly { polygon: Polygon; position: number }[],
  together: number,
  least: number,
  most: number,
): PlaneStack {
  const sorted = parts.toSorted((a, b) => a.position - b.position);
  const planes: { position: number; polygons: Polygon[] }[] = [];
  for (const { polygon, position } of sorted) {
    const last = planes.at(-1);
    if (last !== undefined && position - last.position <= together) last.polygons.push(polygon);
    else planes.push({ position, polygons: [polygon] });
  }
  const gaps = planes.slice(1).map((plane, i) => plane.position - planes[i]!.position);
  const gap = gaps.length > 0 ? median(gaps.toSorted((a, b) => a - b)) : 0;
  return { planes, halfThickness: Math.max(least, Math.min(most, gap / 2)) };
}

/**
 * The closed contours as planes along the grid's slices, in voxels, when all of them lie in such planes to within a tenth
 * of a slice; undefined when one does not.
 * @param toVoxel LPS world to voxel
 */
export function planesAlongSlices(
  contours: readonly Contour[],
  toVoxel: Affine,
  sliceSpacingMm: number,
): PlaneStack | undefined {
  const parts = contours.filter(isClosed).map((contour) => inFrame(contour, toVoxel));
  if (parts.some((part) => part.span > 0.1)) return undefined;
  return stacked(parts, Math.min(0.25, 0.1 / sliceSpacingMm), 0.5, REACH_MM / sliceSpacingMm);
}

/** A stack of planes of any direction, with the frame that leads from LPS world into it (mm along all three axes). */
export interface ObliqueStack extends PlaneStack {
  readonly frame: Affine;
}

/** Twice the area vector (Newell's method). */
function areaVector(points: Float64Array): Vector3 {
  const first = pointOf(points, 0);
  let sum: Vector3 = [0, 0, 0];
  const relative = (i: number): Vector3 => {
    const p = pointOf(points, i);
    return [p[0] - first[0], p[1] - first[1], p[2] - first[2]];
  };
  const count = points.length / 3;
  for (let i = 1; i + 1 < count; i++) {
    const c = cross(relative(i), relative(i + 1));
    sum = [sum[0] + c[0], sum[1] + c[1], sum[2] + c[2]];
  }
  return sum;
}

/** A frame whose third axis is `normal` (a unit vector). */
function frameAlong(normal: Vector3): Affine {
  const [x, y, z] = normal.map(Math.abs) as [number, number, number]; // three in, three out
  const least: Vector3 = x <= y && x <= z ? [1, 0, 0] : y <= z ? [0, 1, 0] : [0, 0, 1];
  const side = cross(least, normal);
  const u = scaled(side, 1 / Math.hypot(...side));
  const v = cross(normal, u);
  return [...u, 0, ...v, 0, ...normal, 0];
}

/**
 * The closed contours as stacks of parallel planes, one stack for each direction that occurs. `leastMm` gives the least
 * half thickness for a normal. Throws STRUCTURE_CONTOUR_NOT_PLANAR when a contour leaves its plane by more than 1 mm,
 * STRUCTURE_CONTOUR when there are more than 32 directions.
 */
export function obliqueStacks(
  contours: readonly Contour[],
  leastMm: (normal: Vector3) => number,
): ObliqueStack[] {
  const groups: { normal: Vector3; contours: Contour[] }[] = [];
  for (const contour of contours) {
    if (!isClosed(contour) || contour.points.length < 9) continue;
    const area = areaVector(contour.points);
    const length = Math.hypot(...area);
    if (!(length > 0)) continue; // points on a line hold nothing
    const normal = scaled(area, 1 / length);
    const group = groups.find((one) => Math.abs(dot(one.normal, normal)) > 0.9998); // 1.1 degrees
    if (group !== undefined) group.contours.push(contour);
    else if (groups.push({ normal, contours: [contour] }) > DIRECTION_LIMIT) {
      throw new HounsfieldError(
        'STRUCTURE_CONTOUR',
        `contours of one region lie in more than ${DIRECTION_LIMIT} directions, which no region that was drawn does. ` +
          'The object is damaged: export it again.',
      );
    }
  }
  return groups.map(({ normal, contours: own }) => {
    const frame = frameAlong(normal);
    const parts = own.map((contour) => inFrame(contour, frame));
    const worst = Math.max(...parts.map((part) => part.span));
    if (worst > 2) {
      throw new HounsfieldError(
        'STRUCTURE_CONTOUR_NOT_PLANAR',
        `a closed contour leaves its plane by ${(worst / 2).toFixed(1)} mm, where at most 1 mm is read as planar. ` +
          'Draw it in one plane.',
      );
    }
    return { frame, ...stacked(parts, 0.1, leastMm(normal), REACH_MM) };
  });
}

/** The plane that a position belongs to: the nearest one within half a thickness; undefined between stacks. */
export function planeAt({ planes, halfThickness }: PlaneStack, position: number): ContourPlane | undefined {
  let [low, high] = [0, planes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (planes[middle]!.position < position) low = middle + 1;
    else high = middle;
  }
  const [below, above] = [planes[low - 1], planes[low]];
  const down = below === undefined ? Number.POSITIVE_INFINITY : position - below.position;
  const up = above === undefined ? Number.POSITIVE_INFINITY : above.position - position;
  const tie = 1e-6 * Math.max(1, halfThickness);
  if (down <= up + tie && down < halfThickness - tie) return below;
  return up <= halfThickness + tie ? above : undefined;
}

/**
 * Volume of a region's closed contours, ml: each plane's area (holes by even-odd) times the distance between planes.
 * A region in a single plane takes `sliceThicknessMm` as its height (default 0).
 */
export function contourVolumeMl(contours: readonly Contour[], sliceThicknessMm = 0): number {
  let volume = 0;
  for (const stack of obliqueStacks(contours, () => sliceThicknessMm / 2)) {
    for (const plane of stack.planes) volume += planeArea(plane.polygons) * stack.halfThickness * 2;
  }
  return volume / 1000;
}

/** Area of the even-odd region: nested polygons count alternately. Polygons must not cross. */
function planeArea(polygons: readonly Polygon[]): number {
  let area = 0;
  polygons.forEach((polygon, i) => {
    const depth = polygons.reduce(
      (sum, other, j) => sum + (i !== j && holdsPoint(other, polygon[0]!, polygon[1]!) ? 1 : 0),
      0,
    );
    area += Math.abs(polygonArea(polygon)) * (depth % 2 === 0 ? 1 : -1);
  });
  return area;
}

/** Even-odd test of one point. */
function holdsPoint(polygon: Polygon, x: number, y: number): boolean {
  let inside = false;
  const corners = polygon.length >> 1;
  for (let i = 0, j = corners - 1; i < corners; j = i++) {
    const [x0, y0, x1, y1] = [polygon[j * 2]!, polygon[j * 2 + 1]!, polygon[i * 2]!, polygon[i * 2 + 1]!];
    if (y0 < y !== y1 < y && x < x0 + ((y - y0) * (x1 - x0)) / (y1 - y0)) inside = !inside;
  }
  return inside;
}
