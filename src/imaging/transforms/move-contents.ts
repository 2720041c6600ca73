import { HounsfieldError } from '../../errors.ts';
import { type Affine, invertAffine, spacingMm, type Vector3 } from '../geometry/geometry.ts';
import { centreOf, type Grid, gridOf } from '../geometry/grid.ts';
import { isLabelMap, type MedicalImage } from '../image/medical-image.ts';
import { extremes } from './intensity-statistics.ts';
import { readParameters } from './read-parameters.ts';
import { LEAST_POINTS, type SplineGrid } from './spline-grid.ts';
import type { DeformTransform } from './transform.ts';
import type { VolumeBorder } from './warp-rows.ts';
import { readPlace, solvedPlace, type VolumeMap, warpVolume } from './warp-volume.ts';

/** Displacements of a coarse grid over the image; see SplineGrid. */
export interface ElasticGrid {
  /** Control points along x, y and z, each at least 4. */
  readonly points: Vector3;
  /** mm; all x components, then y, then z; each [points z, points y, points x]. */
  readonly displacements: readonly number[];
}

/**
 * How the contents of a volume move about its centre, in mm along the array's own axes: mirrored, scaled, sheared, rotated
 * and shifted, in this order, then bent.
 */
export interface MoveContentsParameters {
  /** Axes to mirror: any of 'x', 'y', 'z', in this order; none by default. */
  readonly mirror?: string | null;
  /** Above 1: larger. Along x, y, z. */
  readonly scale?: Vector3 | number;
  /** x += s[0] y + s[1] z, y += s[2] z. */
  readonly shear?: Vector3 | number;
  /** About x, y and z: rotation Rz Rx Ry, the order of ITK's Euler angles. */
  readonly rotateDegrees?: Vector3 | number;
  readonly translate?: Vector3 | number;
  /** The result at a place is read at the place + its displacement, before the map back. */
  readonly elastic?: ElasticGrid | null;
  /** The voxel's size that mm are counted by; the image's own where absent. 1 counts in voxels. */
  readonly spacingMm?: Vector3 | number | null;
  /** True: the way back of the same numbers; an elastic grid is then solved for, which takes some ten times as long. */
  readonly inverted?: boolean;
  /** What comes in from outside: `fill` (default), or the mirror image. */
  readonly border?: 'fill' | 'reflect';
  /** In the image's unit, or its lowest value (default); label maps are filled with 0. */
  readonly fill?: number | 'lowest';
}

/**
 * Moves what is in a volume while its grid stays, in one interpolation: linear, label maps by the nearest voxel. For
 * augmentation and for following motion. Throws GEOMETRY_MISSING for mm on a grid without spacing.
 */
export const moveContents: DeformTransform<MoveContentsParameters> = {
  name: 'move-contents',
  kind: 'deform',
  oneGrid: true,
  example: {
    rotateDegrees: [4, -3, 5],
    scale: [1.05, 0.97, 1],
    shear: [0.02, 0, -0.02],
    translate: [1, -0.5, 0.7],
    elastic: { points: [5, 5, 5], displacements: Array.from({ length: 375 }, (_, i) => (i % 7) / 4 - 0.75) },
  },
  check(parameters) {
    const read = readParameters('move-contents', parameters);
    const mirror = read.optional('mirror', (name) => read.text(name));
    read.require(
      /^x?y?z?$/.test(mirror ?? ''),
      `mirror is '${mirror?.slice(0, 8)}', expected some of xyz in this order`,
    );
    const scale = read.vector('scale', { min: 0.01, max: 100, fallback: 1 });
    const shear = read.vector('shear', { min: -10, max: 10, fallback: 0 });
    const rotateDegrees = read.vector('rotateDegrees', { fallback: 0 });
    const translate = read.vector('translate', { fallback: 0 });
    const elastic = read.optional('elastic', () => checkElastic(parameters['elastic'], read.require));
    const spacing = read.optional('spacingMm', (name) => read.vector(name, { min: Number.MIN_VALUE }));
    const inverted = read.flag('inverted', false);
    const border = read.oneOf('border', ['fill', 'reflect'], 'fill');
    const fill =
      parameters['fill'] === 'lowest' ? 'lowest' : read.optional('fill', (name) => read.number(name));
    if (fill === 'lowest') read.text('fill');
    read.end();
    return {
      mirror,
      scale,
      shear,
      rotateDegrees,
      translate,
      elastic,
      spacingMm: spacing,
      inverted,
      border,
      fill: fill ?? 'lowest',
    };
  },
  pixels(image, parameters) {
    return warpVolume(image, movingMap(parameters, gridOf(image)), contentsBorder(parameters, image));
  },
  forward(parameters, grid) {
    const map = movingMap(parameters, grid);
    return (map.inverted ? readPlace : solvedPlace)(map, grid.size);
  },
  inverse: {
    fidelity: 'interpolated',
    step: (parameters, before, fill) => ({
      transform: moveContents,
      parameters: {
        ...parameters,
        spacingMm: parameters.spacingMm ?? spacingOf(before),
        inverted: !parameters.inverted,
        border: 'fill',
        fill,
      },
    }),
  },
};

function checkElastic(value: unknown, require: (holds: boolean, sentence: string) => void): ElasticGrid {
  const { points, displacements } = (value ?? {}) as Partial<Record<keyof ElasticGrid, unknown>>; // checked below
  const sides = Array.isArray(points) ? points : [];
  const right =
    sides.length === 3 && sides.every((side) => Number.isInteger(side) && side >= LEAST_POINTS && side <= 64);
  require(right, `elastic.points is no list of three whole numbers of ${LEAST_POINTS} to 64`);
  const list = Array.isArray(displacements) ? displacements : [];
  const count = right ? 3 * sides[0] * sides[1] * sides[2] : 0;
  require(list.length === count &&
    list.every(
      Number.isFinite,
    ), `elastic.displacements has ${list.length} entries, expected ${count} finite numbers`);
  return { points: sides as unknown as Vector3, displacements: list }; // checked
}

/** What comes in from outside of an image. Throws INTENSITY_NOT_FINITE when the lowest value is asked for and is none. */
export function contentsBorder(
  { border, fill }: Required<Pick<MoveContentsParameters, 'border' | 'fill'>>,
  image: MedicalImage,
): VolumeBorder {
  if (border === 'reflect') return 'reflect';
  if (isLabelMap(image)) return { constant: 0 };
  return { constant: fill === 'lowest' ? extremes(image.pixels)[0] : fill };
}

/** The map from a voxel of the result to the voxel that it is read at. Throws GEOMETRY_MISSING. */
export function movingMap(parameters: Required<MoveContentsParameters>, grid: Grid): VolumeMap {
  const { elastic, inverted, spacingMm: given } = parameters;
  const spacing = given === null ? spacingOf(grid) : vector(given);
  const back = invertAffine(contentsAffine(parameters));
  const centre = centreOf(grid);
  // voxel -> mm from the centre -> back along the motion -> voxel
  const m = (r: number, c: number) => (back[4 * r + c]! * spacing[c]!) / spacing[r]!;
  const row = (r: number) => {
    const [a, b, c] = [m(r, 0), m(r, 1), m(r, 2)];
    return [
      a,
      b,
      c,
      centre[r]! + back[4 * r + 3]! / spacing[r]! - a * centre[0] - b * centre[1] - c * centre[2],
    ];
  };
  const affine = [...row(0), ...row(1), ...row(2)] as unknown as Affine; // three rows of four
  if (!elastic) return { affine, inverted };
  return { affine, inverted, displacement: inInputVoxels(elastic, back, spacing) };
}

/** The affine map of the contents, in mm from the centre. */
function contentsAffine(parameters: Required<MoveContentsParameters>): Affine {
  const { mirror } = parameters;
  const [rx, ry, rz] = vector(parameters.rotateDegrees).map((degrees) => (degrees * Math.PI) / 180) as [
    number,
    number,
    number,
  ]; // three
  const [cx, sx, cy, sy, cz, sz] = [
    Math.cos(rx),
    Math.sin(rx),
    Math.cos(ry),
    Math.sin(ry),
    Math.cos(rz),
    Math.sin(rz),
  ];
  const rotation = [
    [cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy],
    [sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy],
    [-cx * sy, sx, cx * cy],
  ];
  const [xy, xz, yz] = vector(parameters.shear);
  const shear = [
    [1, xy, xz],
    [0, 1, yz],
    [0, 0, 1],
  ];
  const signed = vector(parameters.scale).map((scale, axis) =>
    mirror?.includes('xyz'[axis]!) ? -scale : scale,
  );
  const translate = vector(parameters.translate);
  return [0, 1, 2].flatMap((r) => [
    ...[0, 1, 2].map(
      (c) => [0, 1, 2].reduce((sum, k) => sum + rotation[r]![k]! * shear[k]![c]!, 0) * signed[c]!,
    ),
    translate[r]!,
  ]) as unknown as Affine; // three rows of four
}

const vector = (value: Vector3 | number): Vector3 =>
  typeof value === 'number' ? [value, value, value] : value;

/** Displacements after the matrix of the map back, in voxels: so they are added to the affine's own coordinates. */
function inInputVoxels({ points, displacements }: ElasticGrid, back: Affine, spacing: Vector3): SplineGrid {
  const count = points[0] * points[1] * points[2];
  const values = new Float64Array(3 * count);
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [displacements[i]!, displacements[count + i]!, displacements[2 * count + i]!];
    for (let r = 0; r < 3; r++) {
      values[r * count + i] = (back[4 * r]! * x + back[4 * r + 1]! * y + back[4 * r + 2]! * z) / spacing[r]!;
    }
  }
  return { points, values };
}

function spacingOf({ geometry }: Grid): Vector3 {
  if (geometry) return spacingMm(geometry);
  throw new HounsfieldError(
    'GEOMETRY_MISSING',
    'the image does not say how large a voxel is, and is to be moved by mm. Give it a geometry, or pass spacingMm (1 to count in voxels).',
  );
}
