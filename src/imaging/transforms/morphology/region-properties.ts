import type { Vector3 } from '../../geometry/geometry.ts';
import { requireVolume } from './volume-sides.ts';

/** One region of a volume of labels. */
export interface RegionProperties {
  readonly label: number;
  /** Voxels. */
  readonly area: number;
  /** First and last voxel along x, y, z, both included. */
  readonly first: Vector3;
  readonly last: Vector3;
  /** Mean voxel index x, y, z. */
  readonly centroid: Vector3;
}

/**
 * Size, box and centre of each label that occurs, rising; the background 0 is none.
 *
 * @param labels [D, H, W], whole numbers
 * @throws IMAGE_SHAPE
 */
export function regionProperties(labels: ArrayLike<number>, sides: Vector3): readonly RegionProperties[] {
  requireVolume(labels, sides, 'region properties');
  const [width, height] = sides;
  const place = new Map<number, number>();
  let sums = new Float64Array(16 * FIELDS);
  for (let start = 0, row = 0; start < labels.length; start += width, row++) {
    const [y, z] = [row % height, Math.floor(row / height)];
    for (let x = 0; x < width; x++) {
      const label = labels[start + x]!;
      if (label === 0) continue;
      const first = x;
      while (x + 1 < width && labels[start + x + 1] === label) x++;
      let at = place.get(label);
      if (at === undefined) {
        at = place.size * FIELDS;
        place.set(label, at);
        if (at === sums.length) sums = longer(sums);
        sums.set([0, 0, 0, 0, first, y, z, x, y, z], at);
      }
      const count = x - first + 1;
      sums[at]! += count;
      sums[at + 1]! += (count * (first + x)) / 2;
      sums[at + 2]! += count * y;
      sums[at + 3]! += count * z;
      if (first < sums[at + 4]!) sums[at + 4] = first;
      if (y < sums[at + 5]!) sums[at + 5] = y;
      if (x > sums[at + 7]!) sums[at + 7] = x;
      if (y > sums[at + 8]!) sums[at + 8] = y;
      sums[at + 9] = z;
    }
  }
  return [...place]
    .sort(([a], [b]) => a - b)
    .map(([label, at]) => propertiesOf(label, sums.subarray(at, at + FIELDS)));
}

/** Count, sums of x, y, z, first x, y, z, last x, y, z. */
const FIELDS = 10;

function longer(sums: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const next = new Float64Array(2 * sums.length);
  next.set(sums);
  return next;
}

function propertiesOf(label: number, s: Float64Array): RegionProperties {
  const area = s[0]!;
  return {
    label,
    area,
    first: [s[4]!, s[5]!, s[6]!],
    last: [s[7]!, s[8]!, s[9]!],
    centroid: [s[1]! / area, s[2]! / area, s[3]! / area],
  };
}
