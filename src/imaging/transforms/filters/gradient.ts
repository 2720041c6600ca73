import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import type { Border } from './border.ts';
import { another, borderAfter, centred, correlateAxis, type FloatArray } from './correlate-axis.ts';
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

const DIFFERENCE = centred(Float64Array.of(-1, 0, 1));
const SMOOTHING = centred(Float64Array.of(1, 2, 1));
const CURVATURE = centred(Float64Array.of(1, -2, 1));
const AXES = ['x', 'y', 'z'] as const;

export interface SobelParameters extends BorderParameters {
  /** The derivative along one of the array's axes, or their 'magnitude' (default). */
  readonly of?: (typeof AXES)[number] | 'magnitude';
  /** Root of the sum of squares ('euclidean', default) or of their mean, as scikit-image. */
  readonly magnitude?: 'euclidean' | 'root-mean-square';
  /** Change per voxel (default) or per mm, which needs an image that knows its spacing. */
  readonly per?: 'voxel' | 'mm';
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/**
 * Sobel's gradient: central differences, smoothed by 1 2 1 across; a ramp of 1 per voxel gives twice its slope along one
 * axis (scikit-image's scale) per voxel, and the slope itself per mm. Throws INTENSITY_NOT_FINITE, GEOMETRY_MISSING.
 */
export const sobel: IntensityTransform<SobelParameters> = {
  name: 'sobel',
  kind: 'intensity',
  example: {},
  check(parameters) {
    const read = readParameters('sobel', parameters);
    const checked = {
      of: read.oneOf('of', ['magnitude', ...AXES], 'magnitude'),
      magnitude: read.oneOf('magnitude', ['euclidean', 'root-mean-square'], 'euclidean'),
      per: read.oneOf('per', ['voxel', 'mm'], 'voxel'),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    read.end();
    return checked;
  },
  change(image, { of, magnitude, per, by, ...rest }) {
    const factors: Vector3 =
      per === 'mm' ? (spacingOf(image, 'sobel').map((mm) => 0.5 / mm) as unknown as Vector3) : [1, 1, 1]; // three
    const border = borderOf(rest);
    return filterVolumes(
      image,
      by,
      (values, size) => {
        const axis = (AXES as readonly string[]).indexOf(of);
        if (axis >= 0) return sobelAlong(values, size, axis as 0 | 1 | 2, border, factors[axis]!); // found
        return sobelMagnitude(values, size, border, factors, magnitude === 'root-mean-square');
      },
      'arbitrary',
    );
  },
  inverse: { none: 'the gradient does not hold the level' },
};

/** scikit-image's weights: 1 2 1 over 4 across, -1 0 1 along. A side of one voxel gives zeros. */
export function sobelAlong(
  values: FloatArray,
  size: Vector3,
  axis: 0 | 1 | 2,
  border: Border,
  factor = 1,
): FloatArray {
  const out = another(values);
  if (size[axis] === 1) return out;
  const across = axesOf(size).filter((other) => other !== axis);
  const gain = factor / 4 ** across.length;
  const difference = { ...DIFFERENCE, weights: DIFFERENCE.weights.map((weight) => weight * gain) };
  correlateAxis(values, out, size, axis, difference, border);
  const beyond = borderAfter(border, difference); // no change there
  for (const other of across) correlateAxis(out, out, size, other, SMOOTHING, beyond);
  return out;
}

function sobelMagnitude(
  values: FloatArray,
  size: Vector3,
  border: Border,
  factors: Vector3,
  asMean: boolean,
): FloatArray {
  const axes = axesOf(size);
  const parts = axes.map((axis) => sobelAlong(values, size, axis, border, factors[axis]));
  const share = asMean ? 1 / Math.max(1, axes.length) : 1;
  const [a, b, c] = parts;
  if (!a) return another(values);
  if (!b) {
    for (let i = 0; i < a.length; i++) a[i] = Math.abs(a[i]!);
  } else if (!c) {
    for (let i = 0; i < a.length; i++) a[i] = Math.sqrt((a[i]! * a[i]! + b[i]! * b[i]!) * share);
  } else {
    for (let i = 0; i < a.length; i++) {
      a[i] = Math.sqrt((a[i]! * a[i]! + b[i]! * b[i]! + c[i]! * c[i]!) * share);
    }
  }
  return a;
}

export interface LaplacianParameters extends BorderParameters {
  /** Change per voxel squared (default) or per mm squared, which needs an image that knows its spacing. */
  readonly per?: 'voxel' | 'mm';
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/** Sum of the second differences 1 -2 1 along each axis, as scipy's laplace. Throws INTENSITY_NOT_FINITE, GEOMETRY_MISSING. */
export const laplacian: IntensityTransform<LaplacianParameters> = {
  name: 'laplacian',
  kind: 'intensity',
  example: {},
  check(parameters) {
    const read = readParameters('laplacian', parameters);
    const checked = {
      per: read.oneOf('per', ['voxel', 'mm'], 'voxel'),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    read.end();
    return checked;
  },
  change(image, { per, by, ...rest }) {
    const factors: Vector3 =
      per === 'mm'
        ? (spacingOf(image, 'laplacian').map((mm) => 1 / mm ** 2) as unknown as Vector3)
        : [1, 1, 1]; // three
    return filterVolumes(
      image,
      by,
      (values, size) => laplacianFilter(values, size, borderOf(rest), factors),
      'arbitrary',
    );
  },
  inverse: { none: 'the second derivative does not hold level and slope' },
};

function laplacianFilter(values: FloatArray, size: Vector3, border: Border, factors: Vector3): FloatArray {
  const sum = another(values);
  const part = another(values);
  for (const [i, axis] of axesOf(size).entries()) {
    const taps = { ...CURVATURE, weights: CURVATURE.weights.map((weight) => weight * factors[axis]) };
    if (i === 0) correlateAxis(values, sum, size, axis, taps, border);
    else {
      correlateAxis(values, part, size, axis, taps, border);
      for (let k = 0; k < sum.length; k++) sum[k]! += part[k]!;
    }
  }
  return sum;
}
