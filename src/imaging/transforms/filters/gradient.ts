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
import { laplacianStencil, sobelStencil } from './stencils.ts';

const DIFFERENCE = centred(Float64Array.of(-1, 0, 1));
const SMOOTHING = centred(Float64Array.of(1, 2, 1));
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
        const axes = Math.max(1, axesOf(size).length);
        const share = magnitude === 'root-mean-square' ? 1 / Math.sqrt(axes) : 1;
        return sobelStencil(values, size, border, factors.map((own) => own * share) as unknown as Vector3); // three
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

export interface GradientMagnitudeParameters extends BorderParameters {
  /** Change per mm (default), which needs an image that knows its spacing, or per voxel. */
  readonly per?: 'voxel' | 'mm';
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/** Length of the gradient by central differences, as ITK and pyradiomics. Throws INTENSITY_NOT_FINITE, GEOMETRY_MISSING. */
export const gradientMagnitude: IntensityTransform<GradientMagnitudeParameters> = {
  name: 'gradient-magnitude',
  kind: 'intensity',
  example: {},
  check(parameters) {
    const read = readParameters('gradient-magnitude', parameters);
    const checked = {
      per: read.oneOf('per', ['voxel', 'mm'], 'mm'),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    read.end();
    return checked;
  },
  change(image, { per, by, ...rest }) {
    const spacing: Vector3 = per === 'mm' ? spacingOf(image, 'gradient-magnitude') : [1, 1, 1];
    return filterVolumes(
      image,
      by,
      (values, size) => centralMagnitude(values, size, spacing, borderOf(rest)),
      'arbitrary',
    );
  },
  inverse: { none: 'the gradient does not hold the level' },
};

function centralMagnitude(values: FloatArray, size: Vector3, spacing: Vector3, border: Border): FloatArray {
  const sum = another(values);
  const change = another(values);
  for (const axis of axesOf(size)) {
    const taps = { ...DIFFERENCE, weights: DIFFERENCE.weights.map((weight) => weight / (2 * spacing[axis])) };
    correlateAxis(values, change, size, axis, taps, border);
    for (let i = 0; i < sum.length; i++) sum[i]! += change[i]! * change[i]!;
  }
  for (let i = 0; i < sum.length; i++) sum[i] = Math.sqrt(sum[i]!);
  return sum;
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
      (values, size) => laplacianStencil(values, size, borderOf(rest), factors),
      'arbitrary',
    );
  },
  inverse: { none: 'the second derivative does not hold level and slope' },
};
