import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';

export const ELEMENT_SHAPES = ['ball', 'disk', 'box', 'cross', 'octahedron'] as const;
export type ElementShape = (typeof ELEMENT_SHAPES)[number];

/** Members of one row of an element: x of first .. last from the origin, both included. */
export interface ElementRun {
  readonly dy: number;
  readonly dz: number;
  readonly first: number;
  readonly last: number;
}

/** A set of places around an origin. */
export interface StructuringElement {
  /** Rows of members, one entry for each unbroken part. */
  readonly runs: readonly ElementRun[];
  /** How far members reach from the origin against and along each axis, at least 0. */
  readonly below: Vector3;
  readonly above: Vector3;
  /** Whether the element is everything within its reach. */
  readonly isBox: boolean;
}

/** Members of an element are counted with this much tolerance, so that 3 mm reaches three voxels of 1 mm. */
const SLACK = 1e-9;
const MOST_MEMBERS = 1e7;

/**
 * An element of a shape. 'ball': within the radius, Euclidean; 'disk': the same in one slice; 'box': within it along each
 * axis; 'cross': on the axes; 'octahedron' (in a slice: diamond): sum of the distances within it. A radius for each axis
 * makes an ellipsoid.
 *
 * @param radius in voxels along x, y, z, or in mm with `spacingMm`; 0 keeps an axis out
 * @throws ELEMENT_SIZE when the element has more than ten million places
 */
export function structuringElement(
  shape: ElementShape,
  radius: Vector3 | number,
  spacingMm: Vector3 = [1, 1, 1],
): StructuringElement {
  const given = typeof radius === 'number' ? [radius, radius, radius] : radius;
  const reach = given.map((r, axis) => r / spacingMm[axis]!) as [number, number, number]; // three axes
  if (shape === 'disk') reach[2] = 0;
  const most = reach.map((r) => Math.floor(r + SLACK)) as [number, number, number]; // likewise
  requireSize(most.map((r) => 2 * r + 1));
  const part = (at: number, axis: 0 | 1 | 2) => (at === 0 ? 0 : Math.abs(at) / reach[axis]);
  const holds = (x: number, y: number, z: number): boolean => {
    const [a, b, c] = [part(x, 0), part(y, 1), part(z, 2)];
    if (shape === 'box') return true;
    if (shape === 'cross') return [x, y, z].filter((at) => at !== 0).length <= 1;
    if (shape === 'octahedron') return a + b + c <= 1 + SLACK;
    return a * a + b * b + c * c <= 1 + SLACK;
  };
  return elementOf(most, most, holds);
}

/**
 * An element of any form.
 *
 * @param members [d, h, w], what is not 0 belongs to it
 * @param size w, h, d
 * @param origin the place that stands for the voxel itself; the middle (half the size, rounded down) where absent
 * @throws ELEMENT_SIZE when members do not fill the size or there is none
 */
export function footprintElement(
  members: ArrayLike<number>,
  size: Vector3,
  origin: Vector3 = size.map((side) => Math.floor(side / 2)) as unknown as Vector3, // three
): StructuringElement {
  requireSize(size);
  const [w, h, d] = size;
  if (members.length !== w * h * d || !Array.from(members).some((value) => value !== 0)) {
    throw new HounsfieldError(
      'ELEMENT_SIZE',
      `a footprint of ${members.length} places is to be ${d} x ${h} x ${w} (depth x height x width) and hold at least ` +
        'one that is not 0. Pass as many numbers as that, 1 for each member.',
    );
  }
  const [ox, oy, oz] = origin;
  const above: Vector3 = [w - 1 - ox, h - 1 - oy, d - 1 - oz];
  return elementOf(origin, above, (x, y, z) => members[((z + oz) * h + y + oy) * w + x + ox] !== 0);
}

function requireSize(size: readonly number[]): void {
  const places = size.reduce((product, side) => product * side, 1);
  if (places <= MOST_MEMBERS && size.every((side) => Number.isInteger(side) && side >= 1)) return;
  throw new HounsfieldError(
    'ELEMENT_SIZE',
    `a structuring element of ${size.join(' x ')} voxels is asked for, each side at least 1 and ten million places at ` +
      'most. Use a smaller radius; check whether it is in mm or in voxels.',
  );
}

function elementOf(
  below: Vector3,
  above: Vector3,
  holds: (x: number, y: number, z: number) => boolean,
): StructuringElement {
  const runs: ElementRun[] = [];
  const [low, high] = [[0, 0, 0] as [number, number, number], [0, 0, 0] as [number, number, number]];
  let members = 0;
  for (let dz = -below[2]; dz <= above[2]; dz++) {
    for (let dy = -below[1]; dy <= above[1]; dy++) {
      for (let x = -below[0]; x <= above[0]; x++) {
        if (!holds(x, dy, dz)) continue;
        const first = x;
        while (x + 1 <= above[0] && holds(x + 1, dy, dz)) x++;
        runs.push({ dy, dz, first, last: x });
        members += x - first + 1;
        [first, dy, dz].forEach((at, axis) => {
          low[axis] = Math.min(low[axis]!, at);
        });
        [x, dy, dz].forEach((at, axis) => {
          high[axis] = Math.max(high[axis]!, at);
        });
      }
    }
  }
  const reach = low.map((at) => (at === 0 ? 0 : -at)) as unknown as Vector3; // three
  const full = high.reduce((product, at, axis) => product * (at + reach[axis]! + 1), 1);
  return { runs, below: reach, above: high, isBox: members === full };
}

/** The element turned round its origin. */
export function mirrored({ runs, below, above, isBox }: StructuringElement): StructuringElement {
  const turned = runs.map(({ dy, dz, first, last }) => ({
    dy: -dy,
    dz: -dz,
    first: -last,
    last: -first,
  }));
  return { runs: turned, below: above, above: below, isBox };
}

/** The largest reach along each axis. */
export const reachOf = ({ below, above }: StructuringElement): Vector3 => [
  Math.max(below[0], above[0]),
  Math.max(below[1], above[1]),
  Math.max(below[2], above[2]),
];
