import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import type { Border } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { decay } from './decay.ts';
import {
  type BorderParameters,
  borderOf,
  FILTER_EXTENTS,
  type FilterExtent,
  filterVolumes,
  millimetresInVoxels,
  readBorder,
  windowWithin,
} from './filter-volumes.ts';
import { padVolume } from './pad-volume.ts';

export interface BilateralParameters extends BorderParameters {
  /** Standard deviation of distances: one number, or along x, y, z. */
  readonly sigma: Vector3 | number;
  /** Of sigma; default 'mm', which needs an image that knows its spacing. */
  readonly unit?: 'mm' | 'voxels';
  /** Standard deviation of differences between values, in the image's unit. */
  readonly range: number;
  /** Voxels on each side, 3 sigma where absent; as scikit-image, at least 2. */
  readonly radius?: number | null;
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/**
 * Bilateral filter (C. Tomasi and R. Manduchi, "Bilateral filtering for gray and color images", ICCV 1998): means of what
 * is near both in place and in value. Throws INTENSITY_NOT_FINITE, GEOMETRY_MISSING, FILTER_WINDOW.
 */
export const bilateral: IntensityTransform<BilateralParameters> = {
  name: 'bilateral-filter',
  kind: 'intensity',
  example: { sigma: 1, unit: 'voxels', range: 10, radius: 2 },
  check(parameters) {
    const read = readParameters('bilateral-filter', parameters);
    const checked = {
      sigma: read.vector('sigma', { min: 0.01, max: 1000 }),
      unit: read.oneOf('unit', ['mm', 'voxels'], 'mm'),
      range: read.number('range', { min: Number.MIN_VALUE }),
      radius: read.optional('radius', (name) => read.number(name, { min: 1, max: 500, whole: true })),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    read.end();
    return checked;
  },
  change(image, { sigma, unit, range, radius, by, ...rest }) {
    const along = sigma as Vector3; // check makes three of one
    const voxels = unit === 'mm' ? millimetresInVoxels(image, along, 'bilateral-filter') : along;
    return filterVolumes(image, by, (values, size) => {
      const asked = voxels.map(
        (s) => 2 * (radius ?? Math.max(2, Math.ceil(3 * s))) + 1,
      ) as unknown as Vector3; // three
      const window = windowWithin(asked, size, 'bilateral-filter');
      return bilateralFilter(values, size, voxels, window, range, borderOf(rest));
    });
  },
  inverse: { none: 'smoothing loses fine detail' },
};

/** Bilateral filter of a volume [D, H, W] over a window of odd sides; sigma in voxels. */
export function bilateralFilter(
  values: FloatArray,
  size: Vector3,
  sigma: Vector3,
  window: Vector3,
  range: number,
  border: Border,
): FloatArray {
  const [a, b, c] = window.map((side) => side >> 1) as [number, number, number]; // three
  const { padded, sides } = padVolume(values, size, [a, b, c], border);
  const [width, height, depth] = size;
  const row = sides[0];
  const slice = sides[0] * sides[1];
  const out = another(values);
  const { table, scale, last } = decay;
  const steepness = scale / (2 * range * range);
  // one neighbour of a row at a time: sums run along the row
  const [sums, weights] = [new Float64Array(width), new Float64Array(width)];
  for (let z = 0, to = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, to += width) {
      sums.fill(0);
      weights.fill(0);
      const centre = (z + c) * slice + (y + b) * row + a;
      for (let k = -c; k <= c; k++) {
        for (let j = -b; j <= b; j++) {
          for (let i = -a; i <= a; i++) {
            const distance = (k / sigma[2]) ** 2 + (j / sigma[1]) ** 2 + (i / sigma[0]) ** 2;
            const nearness = Math.exp(-distance / 2);
            const shift = k * slice + j * row + i;
            addNeighbour(padded, centre, shift, nearness, steepness, table, last, sums, weights, width);
          }
        }
      }
      for (let x = 0; x < width; x++) out[to + x] = sums[x]! / weights[x]!;
    }
  }
  return out;
}

function addNeighbour(
  padded: FloatArray,
  centre: number,
  shift: number,
  nearness: number,
  steepness: number,
  table: Float64Array,
  last: number,
  sums: Float64Array,
  weights: Float64Array,
  width: number,
): void {
  const perCell = 1 / decay.scale;
  for (let x = 0, at = centre; x < width; x++, at++) {
    const value = padded[at + shift]!;
    const difference = value - padded[at]!;
    const place = difference * difference * steepness;
    if (place >= last) continue;
    const cell = place | 0;
    const rest = (place - cell) * perCell;
    const weight = nearness * table[cell]! * (1 - rest * (1 - 0.5 * rest));
    sums[x]! += weight * value;
    weights[x]! += weight;
  }
}
