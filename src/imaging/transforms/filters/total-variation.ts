import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { FILTER_EXTENTS, type FilterExtent, filterVolumes } from './filter-volumes.ts';

export interface TotalVariationParameters {
  /** In the image's unit: the greater, the smoother. */
  readonly weight: number;
  /** Ends when the cost changes by less than this part of its first value; default 2e-4. */
  readonly tolerance?: number;
  /** Default 200. */
  readonly iterations?: number;
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/**
 * Total variation smoothing (A. Chambolle, "An algorithm for total variation minimization and applications", J. Math.
 * Imaging Vis. 20, 2004) with scikit-image's step and end. Throws INTENSITY_NOT_FINITE.
 */
export const totalVariation: IntensityTransform<TotalVariationParameters> = {
  name: 'total-variation',
  kind: 'intensity',
  example: { weight: 10, iterations: 20 },
  check(parameters) {
    const read = readParameters('total-variation', parameters);
    const checked = {
      weight: read.number('weight', { min: Number.MIN_VALUE }),
      tolerance: read.number('tolerance', { min: 0, fallback: 2e-4 }),
      iterations: read.number('iterations', { min: 1, max: 100000, whole: true, fallback: 200 }),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
    };
    read.end();
    return checked;
  },
  change(image, { by, ...options }) {
    return filterVolumes(image, by, (values, size) => chambolle(values, size, options));
  },
  inverse: { none: 'smoothing loses fine detail' },
};

type Options = Omit<Required<TotalVariationParameters>, 'by'>;

/** The dual field has one component for each axis of more than one voxel; sides of one voxel are no axes. */
function chambolle(
  values: FloatArray,
  size: Vector3,
  { weight, tolerance, iterations }: Options,
): FloatArray {
  const [width, height, depth] = size;
  const axes = size.filter((side) => side > 1).length;
  const out = values.slice();
  if (axes === 0) return out;
  const field: Field = [another(values), another(values), another(values)];
  const step = 1 / (2 * axes);
  let [first, before] = [0, 0];
  for (let i = 0; i < iterations; i++) {
    const fidelity = i === 0 ? 0 : subtractDivergence(values, field, out, width, height, depth);
    const variation = ascend(out, field, size, step, step / weight);
    const cost = (fidelity + weight * variation) / values.length;
    if (i === 0) first = cost;
    else if (Math.abs(before - cost) < tolerance * first) break;
    before = cost;
  }
  return out;
}

type Field = readonly [x: FloatArray, y: FloatArray, z: FloatArray];

/** out = values + div p, of backward differences; gives the sum of the squares of what is added. */
function subtractDivergence(
  values: FloatArray,
  [px, py, pz]: Field,
  out: FloatArray,
  width: number,
  height: number,
  depth: number,
): number {
  const slice = width * height;
  let squares = 0;
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      let left = 0;
      const above = y > 0 ? width : 0;
      const behind = z > 0 ? slice : 0;
      for (const end = i + width; i < end; i++) {
        const own = px[i]!;
        let sum = left - own - py[i]! - pz[i]!;
        if (above > 0) sum += py[i - width]!;
        if (behind > 0) sum += pz[i - slice]!;
        left = own;
        out[i] = values[i]! + sum;
        squares += sum * sum;
      }
    }
  }
  return squares;
}

/** p = (p - step grad out) / (1 + ratio |grad out|), of forward differences; gives the sum of |grad out|. */
function ascend(
  out: FloatArray,
  [px, py, pz]: Field,
  [width, height, depth]: Vector3,
  step: number,
  ratio: number,
): number {
  const slice = width * height;
  let variation = 0;
  for (let z = 0, i = 0; z < depth; z++) {
    const behind = z < depth - 1 ? slice : 0; // a difference to itself is none
    for (let y = 0; y < height; y++) {
      const below = y < height - 1 ? width : 0;
      for (let x = 0; x < width; x++, i++) {
        const own = out[i]!;
        const dx = x < width - 1 ? out[i + 1]! - own : 0;
        const dy = out[i + below]! - own;
        const dz = out[i + behind]! - own;
        const length = Math.sqrt(dx * dx + dy * dy + dz * dz);
        variation += length;
        const shrink = 1 / (1 + ratio * length);
        px[i] = (px[i]! - step * dx) * shrink;
        py[i] = (py[i]! - step * dy) * shrink;
        if (behind > 0) pz[i] = (pz[i]! - step * dz) * shrink;
      }
    }
  }
  return variation;
}
