import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import type { Border } from './border.ts';
import {
  another,
  borderAfter,
  correlateAxis,
  correlateAxisAll,
  type FloatArray,
  type Taps,
} from './correlate-axis.ts';
import {
  axesOf,
  type BorderParameters,
  borderOf,
  FILTER_EXTENTS,
  type FilterExtent,
  filterVolumes,
  readBorder,
  spacingOf,
} from './filter-volumes.ts';
import { gaussianTaps } from './gaussian-taps.ts';
import { recursiveGaussian } from './recursive-gaussian.ts';

const KERNELS = ['sampled', 'normalized', 'recursive'] as const;

export interface LaplacianOfGaussianParameters extends BorderParameters {
  /** Standard deviation: one number, or along the array's x, y, z; above 0. */
  readonly sigma: Vector3 | number;
  /** Default 'mm', which needs an image that knows its spacing. */
  readonly unit?: 'mm' | 'voxels';
  /**
   * 'sampled' (default): the function's values, IBSI 2 section 3.2 (L6PA). 'normalized': scipy's gaussian_laplace.
   * 'recursive': ITK's LaplacianRecursiveGaussian, whose border is 'nearest'; pyradiomics' with `scaled`.
   */
  readonly kernel?: (typeof KERNELS)[number];
  /** Where the kernel is cut, in standard deviations; default 4. Nothing to 'recursive', which does not cut. */
  readonly truncate?: number;
  /** Multiplied by sigma squared, so that responses at several sigmas compare; default false. */
  readonly scaled?: boolean;
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/**
 * Laplacian of Gaussian: second derivatives of the smoothed image, summed; blobs brighter than what is around them give
 * negative values. Derivatives are per voxel of their axis (IBSI, scipy); those of kernel 'recursive' with sigma in mm are
 * per mm (ITK). Throws GEOMETRY_MISSING, INTENSITY_NOT_FINITE, FILTER_WINDOW for 'recursive' on fewer than 4 voxels.
 */
export const laplacianOfGaussian: IntensityTransform<LaplacianOfGaussianParameters> = {
  name: 'laplacian-of-gaussian',
  kind: 'intensity',
  example: { sigma: 1.5, unit: 'voxels' },
  check(parameters) {
    const read = readParameters('laplacian-of-gaussian', parameters);
    const checked = {
      sigma: read.vector('sigma', { min: 0.01, max: 1000 }),
      unit: read.oneOf('unit', ['mm', 'voxels'], 'mm'),
      kernel: read.oneOf('kernel', KERNELS, 'sampled'),
      truncate: read.number('truncate', { min: 0.5, max: 20, fallback: 4 }),
      scaled: read.flag('scaled', false),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    read.require(
      checked.kernel !== 'recursive' || checked.border === 'nearest' || checked.border === 'reflect',
      "kernel 'recursive' continues the nearest value, border has to be 'nearest' or left out",
    );
    read.end();
    return checked;
  },
  change(image, { sigma, unit, kernel, truncate, scaled, by, ...rest }) {
    const along = sigma as Vector3; // check makes three of one
    const spacing: Vector3 = unit === 'mm' ? spacingOf(image, 'laplacian-of-gaussian') : [1, 1, 1];
    const voxels = along.map((value, axis) => value / spacing[axis]!) as unknown as Vector3; // three
    const factors = voxels.map((value, axis) => {
      if (scaled) return value * value;
      return kernel === 'recursive' ? 1 / spacing[axis]! ** 2 : 1;
    }) as unknown as Vector3; // three
    const filter = (values: FloatArray, size: Vector3) =>
      kernel === 'recursive'
        ? recursiveLaplacian(values, size, voxels, factors)
        : gaussianLaplacian(values, size, voxels, borderOf(rest), { kernel, truncate, factors });
    return filterVolumes(image, by, filter, 'arbitrary');
  },
  inverse: { none: 'the response does not hold what the derivatives leave out' },
};

export interface GaussianLaplacianOptions {
  readonly kernel: 'sampled' | 'normalized';
  readonly truncate: number;
  /** What the second derivative along each axis is multiplied by. */
  readonly factors: Vector3;
}

/** Sum of the second derivatives of a smoothed volume [D, H, W]; sigma in voxels. */
export function gaussianLaplacian(
  values: FloatArray,
  size: Vector3,
  sigma: Vector3,
  border: Border,
  { kernel, truncate, factors }: GaussianLaplacianOptions,
): FloatArray {
  const taps = (axis: 0 | 1 | 2, order: 0 | 2): Taps => {
    const { weights, origin } = gaussianTaps(sigma[axis], order, truncate, kernel);
    return { weights: order === 2 ? weights.map((w) => w * factors[axis]) : weights, origin };
  };
  let smooth = values;
  let beyond = border; // what surrounds the smoothed image
  let beyondCurved: Border = { ...border, constant: 0 };
  let curved: FloatArray | undefined; // the sum of the derivatives along the axes that are done
  for (const [i, axis] of axesOf(size).entries()) {
    const level = taps(axis, 0);
    const bend = taps(axis, 2);
    const last = i === axesOf(size).length - 1;
    const own = another(values);
    const next = last ? undefined : another(values);
    const wanted = [{ out: own, taps: bend }, ...(next ? [{ out: next, taps: level }] : [])];
    correlateAxisAll(smooth, wanted, size, axis, beyond);
    if (curved) {
      correlateAxis(curved, curved, size, axis, level, beyondCurved);
      for (let k = 0; k < own.length; k++) own[k]! += curved[k]!;
    }
    if (next) smooth = next;
    curved = own;
    const constant = borderAfter(beyondCurved, level).constant + borderAfter(beyond, bend).constant;
    beyondCurved = { ...border, constant };
    beyond = borderAfter(beyond, level);
  }
  return curved ?? another(values);
}

function recursiveLaplacian(values: FloatArray, size: Vector3, sigma: Vector3, factors: Vector3): FloatArray {
  const axes = axesOf(size);
  if (axes.some((axis) => size[axis] < 4)) {
    throw new HounsfieldError(
      'FILTER_WINDOW',
      `laplacian-of-gaussian with kernel 'recursive' looks at four voxels in a row, and the image has ${size.join(' x ')}. ` +
        "Use kernel 'sampled', or by 'slice' where it is the slices that are too few.",
    );
  }
  const sum = another(values);
  const [done, spare] = [another(values), another(values)];
  for (const axis of axes) {
    recursiveGaussian(values, done, size, axis, sigma[axis], 2);
    let result = done;
    for (const other of axes) {
      if (other === axis) continue;
      const out = result === done ? spare : done;
      recursiveGaussian(result, out, size, other, sigma[other], 0);
      result = out;
    }
    for (let i = 0; i < sum.length; i++) sum[i]! += factors[axis] * result[i]!;
  }
  return sum;
}
