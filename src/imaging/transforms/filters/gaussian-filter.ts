import type { Vector3 } from '../../geometry/geometry.ts';
import type { Border } from './border.ts';
import { another, correlateAxis, type FloatArray } from './correlate-axis.ts';
import { axesOf } from './filter-volumes.ts';
import { gaussianTaps } from './gaussian-taps.ts';

/** Gaussian smoothing of a volume [D, H, W] as scipy's gaussian_filter; sigma in voxels along x, y, z, 0 for none. */
export function gaussianFilter(
  values: FloatArray,
  size: Vector3,
  sigma: Vector3,
  border: Border,
  truncate = 4,
): FloatArray {
  let result = values;
  for (const axis of axesOf(size).toReversed()) {
    if (Math.floor(truncate * sigma[axis] + 0.5) === 0) continue;
    const out = result === values ? another(values) : result;
    correlateAxis(result, out, size, axis, gaussianTaps(sigma[axis], 0, truncate), border);
    result = out;
  }
  return result === values ? values.slice() : result;
}
