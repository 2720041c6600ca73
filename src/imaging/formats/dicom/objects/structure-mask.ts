import { HounsfieldError } from '../../../../errors.ts';
import {
  type Affine,
  applyAffine,
  composeAffines,
  type Geometry,
  invertAffine,
  spacingMm,
  type Vector3,
} from '../../../geometry/geometry.ts';
import { type LabelMap, labelMap, type MedicalImage, medicalImage } from '../../../image/medical-image.ts';
import { type ObliqueStack, obliqueStacks, planeAt, planesAlongSlices } from './contour-planes.ts';
import { checkVoxels, layerCanvas, runsOf, type SliceMask, VOXEL_LIMIT } from './label-layers.ts';
import { coverPolygons, fillPolygons, type PolygonRule } from './polygon-mask.ts';
import { type Contour, isClosed, type Roi } from './structure-set.ts';

/** The image whose grid a mask is drawn on: its sides and its place. */
export type GridLike = Pick<MedicalImage, 'width' | 'height' | 'depth'> & { readonly geometry?: Geometry };

export interface StructureMaskOptions {
  /** How contours of one plane make a region; 'xor' (default) leaves nested contours out as holes. */
  readonly rule?: PolygonRule;
  /** Draw although the frames of reference differ: only after a registration that says they agree. */
  readonly ignoreFrameOfReference?: boolean;
  /** Default 2^28. */
  readonly maxVoxels?: number;
}

function gridGeometry(grid: GridLike, rois: readonly Roi[], options: StructureMaskOptions): Geometry {
  const { geometry } = grid;
  if (geometry === undefined || geometry.frame !== 'patient') {
    throw new HounsfieldError(
      'STRUCTURE_GRID_WITHOUT_PLACE',
      'contours lie in the patient, but the image given does not say where it lies there. ' +
        'Pass an image with a geometry in the patient.',
    );
  }
  const own = geometry.frameOfReferenceUid;
  const other = rois.some((roi) => roi.frameOfReferenceUid !== undefined && roi.frameOfReferenceUid !== own);
  if (own !== undefined && other && options.ignoreFrameOfReference !== true) {
    throw new HounsfieldError(
      'STRUCTURE_FRAME_OF_REFERENCE',
      'the contours lie in another frame of reference than the image. Pass the image they were drawn on, or, where ' +
        'a registration says that the frames agree, ignoreFrameOfReference: true.',
    );
  }
  return geometry;
}

/** Calls `paint` for every slice of the grid that a plane of the region belongs to. */
function alongSlices(
  contours: readonly Contour[],
  toVoxel: Affine,
  grid: GridLike,
  sliceMm: number,
  paint: (slice: number, polygons: readonly Float64Array[]) => void,
): boolean {
  const stack = planesAlongSlices(contours, toVoxel, sliceMm);
  if (stack === undefined) return false;
  const [first, last] = [stack.planes[0], stack.planes.at(-1)];
  if (first === undefined || last === undefined) return true;
  const from = Math.max(0, Math.floor(first.position - stack.halfThickness));
  const to = Math.min(grid.depth - 1, Math.ceil(last.position + stack.halfThickness));
  for (let slice = from; slice <= to; slice++) {
    const plane = planeAt(stack, slice);
    if (plane !== undefined) paint(slice, plane.polygons);
  }
  return true;
}

/** Voxels that a stack of planes can reach: first and last of each axis. */
function reach(stack: ObliqueStack, toVoxel: Affine, grid: GridLike): readonly [Vector3, Vector3] {
  const back = composeAffines(toVoxel, invertAffine(stack.frame));
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { polygons, position } of stack.planes) {
    for (const polygon of polygons) {
      for (let i = 0; i < polygon.length; i += 2) {
        for (const side of [-stack.halfThickness, stack.halfThickness]) {
          const voxel = applyAffine(back, [polygon[i]!, polygon[i + 1]!, position + side]);
          for (let axis = 0; axis < 3; axis++) {
            low[axis] = Math.min(low[axis]!, voxel[axis]!);
            high[axis] = Math.max(high[axis]!, voxel[axis]!);
          }
        }
      }
    }
  }
  const sides = [grid.width, grid.height, grid.depth];
  const start = low.map((value) => Math.max(0, Math.floor(value)));
  const end = high.map((value, axis) => Math.min(sides[axis]! - 1, Math.ceil(value)));
  return [start as unknown as Vector3, end as unknown as Vector3]; // three axes in, three out
}

/** Calls `mark` for the voxels whose centre, moved by `shift` voxels, lies in a region whose planes cross the slices. */
function acrossSlices(
  contours: readonly Contour[],
  space: Geometry,
  grid: GridLike,
  rule: PolygonRule,
  shift: Vector3,
  mark: (slice: number, at: number) => void,
): void {
  const a = space.affine;
  const leastMm = (n: Vector3) =>
    Math.max(
      ...[0, 1, 2].map((axis) => Math.abs(a[axis] * n[0] + a[axis + 4]! * n[1] + a[axis + 8]! * n[2])),
    ) / 2;
  const toVoxel = invertAffine(a);
  for (const stack of obliqueStacks(contours, leastMm)) {
    const toStack = composeAffines(stack.frame, a);
    const [start, end] = reach(stack, toVoxel, grid);
    const boxes = new Map(stack.planes.map((plane) => [plane, plane.polygons.map(edgeRows)]));
    for (let z = start[2]; z <= end[2]; z++) {
      for (let y = start[1]; y <= end[1]; y++) {
        for (let x = start[0]; x <= end[0]; x++) {
          const [u, v, w] = applyAffine(toStack, [x + shift[0], y + shift[1], z + shift[2]]);
          const plane = planeAt(stack, w);
          if (plane === undefined) continue;
          let count = 0;
          for (const rows of boxes.get(plane)!) if (rows(u, v)) count++;
          if (rule === 'xor' ? count % 2 === 1 : count > 0) mark(z, y * grid.width + x);
        }
      }
    }
  }
}

/** A polygon's even-odd test, its edges sorted into bands of y so that each test looks at few. */
function edgeRows(polygon: Float64Array): (x: number, y: number) => boolean {
  const corners = polygon.length >> 1;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 1; i < polygon.length; i += 2) {
    low = Math.min(low, polygon[i]!);
    high = Math.max(high, polygon[i]!);
  }
  const bands = Math.max(1, Math.min(512, corners >> 2));
  const bandOf = (y: number) => Math.min(bands - 1, Math.floor(((y - low) / (high - low || 1)) * bands));
  const edges: number[][] = Array.from({ length: bands }, () => []);
  for (let i = 0, j = corners - 1; i < corners; j = i++) {
    const [y0, y1] = [polygon[j * 2 + 1]!, polygon[i * 2 + 1]!];
    for (let b = bandOf(Math.min(y0, y1)); b <= bandOf(Math.max(y0, y1)); b++) {
      edges[b]!.push(polygon[j * 2]!, y0, polygon[i * 2]!, y1);
    }
  }
  return (x, y) => {
    if (y < low || y > high) return false;
    return crossings(edges[bandOf(y)]!, x, y) % 2 === 1;
  };
}

function crossings(edges: readonly number[], x: number, y: number): number {
  let count = 0;
  for (let i = 0; i < edges.length; i += 4) {
    const [x0, y0, x1, y1] = [edges[i]!, edges[i + 1]!, edges[i + 2]!, edges[i + 3]!];
    if (y0 < y !== y1 < y && x < x0 + ((y - y0) * (x1 - x0)) / (y1 - y0)) count++;
  }
  return count;
}

function sliceMask(roi: Roi, space: Geometry, grid: GridLike, rule: PolygonRule): SliceMask {
  const mask = new Map<number, Uint8Array>();
  const plane = grid.width * grid.height;
  const slice = (z: number): Uint8Array => {
    const there = mask.get(z) ?? new Uint8Array(plane);
    mask.set(z, there);
    return there;
  };
  const flat = alongSlices(
    roi.contours,
    invertAffine(space.affine),
    grid,
    spacingMm(space)[2],
    (z, polygons) => {
      fillPolygons(slice(z), polygons, grid.width, grid.height, rule);
    },
  );
  if (!flat) {
    acrossSlices(roi.contours, space, grid, rule, [0, 0, 0], (z, at) => {
      slice(z)[at] = 1;
    });
  }
  return new Map([...mask].map(([z, values]) => [z, runsOf(values)]));
}

/**
 * Regions drawn on an image's grid: a voxel belongs to a region when its centre lies within a closed contour of the plane
 * nearest to it, at most half the distance between the region's planes away (never more than 5 mm, never less than half a
 * slice). Contours may lie between
 * slices or across them. Labels are numbered 1, 2 … in the order given; those that overlap go to channels of their own.
 * Point and open contours draw nothing. Throws STRUCTURE_GRID_WITHOUT_PLACE, STRUCTURE_FRAME_OF_REFERENCE,
 * STRUCTURE_CONTOUR_NOT_PLANAR, DICOM_OBJECT_TOO_LARGE.
 */
export function structureMask(
  rois: readonly Roi[],
  grid: GridLike,
  options: StructureMaskOptions = {},
): LabelMap {
  const space = gridGeometry(grid, rois, options);
  const { rule = 'xor', maxVoxels = VOXEL_LIMIT } = options;
  const canvas = layerCanvas(rois.length, grid, maxVoxels);
  rois.forEach((roi, i) => {
    canvas.draw(i + 1, sliceMask(roi, space, grid, rule));
  });
  const drawn = canvas.finish();
  const labels = rois.map((roi, i) => ({
    value: i + 1,
    name: roi.name,
    channel: drawn.layerOf[i]!,
    ...(roi.colour && { colour: roi.colour }),
    ...(roi.code && { type: roi.code }),
  }));
  const shape = { channels: drawn.layers, depth: grid.depth, height: grid.height, width: grid.width };
  return labelMap(drawn.pixels, shape, labels, { geometry: space });
}

const STEPS = 4;

/**
 * How much of each voxel a region fills, 0..1: within slices by 1/256 of a pixel; for planes across the slices by 4 x 4 x 4
 * points of each voxel. Throws as structureMask does.
 */
export function structureCoverage(
  roi: Roi,
  grid: GridLike,
  options: StructureMaskOptions = {},
): MedicalImage {
  const space = gridGeometry(grid, [roi], options);
  const { rule = 'xor', maxVoxels = VOXEL_LIMIT } = options;
  checkVoxels([grid.depth, grid.height, grid.width], maxVoxels / 4);
  const plane = grid.width * grid.height;
  const pixels = new Float32Array(plane * grid.depth);
  const flat = alongSlices(
    roi.contours,
    invertAffine(space.affine),
    grid,
    spacingMm(space)[2],
    (z, polygons) => {
      const slice = pixels.subarray(z * plane, (z + 1) * plane);
      coverPolygons(slice, polygons, grid.width, grid.height, rule);
    },
  );
  if (!flat) {
    const place = (i: number) => (i + 0.5) / STEPS - 0.5;
    for (let i = 0; i < STEPS ** 3; i++) {
      const shift = [i % STEPS, Math.floor(i / STEPS) % STEPS, Math.floor(i / STEPS ** 2)].map(place);
      acrossSlices(roi.contours, space, grid, rule, shift as unknown as Vector3, (z, at) => {
        pixels[z * plane + at] = pixels[z * plane + at]! + 1 / STEPS ** 3;
      }); // three parts of the index make three shifts
    }
  }
  const shape = { depth: grid.depth, height: grid.height, width: grid.width };
  return medicalImage(pixels, shape, 32, 'probability', { geometry: space });
}

/** The points of a region's POINT contours, LPS mm, and its open contours as lines. */
export function pointsAndLines(roi: Roi): { points: readonly Vector3[]; lines: readonly Float64Array[] } {
  const triples = (points: Float64Array): Vector3[] =>
    Array.from({ length: points.length / 3 }, (_, i) => [
      points[i * 3]!,
      points[i * 3 + 1]!,
      points[i * 3 + 2]!,
    ]);
  return {
    points: roi.contours.filter((one) => one.kind === 'POINT').flatMap((one) => triples(one.points)),
    lines: roi.contours.filter((one) => one.kind !== 'POINT' && !isClosed(one)).map((one) => one.points),
  };
}
