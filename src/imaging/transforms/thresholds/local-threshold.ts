import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import type { Border } from '../filters/border.ts';
import type { FloatArray } from '../filters/correlate-axis.ts';
import {
  type BorderParameters,
  borderOf,
  FILTER_EXTENTS,
  type FilterExtent,
  filterVolumes,
  readBorder,
  windowWithin,
} from '../filters/filter-volumes.ts';
import { gaussianFilter } from '../filters/gaussian-filter.ts';
import { readWindow } from '../filters/mean-smoothing.ts';
import { medianFilter } from '../filters/median.ts';
import { meanFilter } from '../filters/running-mean.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { classMap, labelArray } from './threshold.ts';

const METHODS = ['gaussian', 'mean', 'median', 'niblack', 'sauvola'] as const;

export interface LocalThresholdParameters extends BorderParameters {
  /** Voxels along x, y, z over which a voxel is judged, each odd; one number stands for all three. */
  readonly window: Vector3 | number;
  /**
   * What a voxel has to be above: the Gaussian-weighted mean (default; sigma a sixth of the window), mean or median of the
   * window, less `offset`; mean - k deviations (Niblack, 1986) or mean (1 + k (deviation / range - 1)) (Sauvola and
   * Pietikainen, 2000).
   */
  readonly method?: (typeof METHODS)[number];
  /** Taken from the threshold; default 0. */
  readonly offset?: number;
  /** k of 'niblack' and 'sauvola'; default 0.2. */
  readonly k?: number;
  /** Of 'sauvola': the greatest deviation that is expected; half of the image's range where absent. */
  readonly range?: number | null;
  /** Of what is above; default 1. */
  readonly label?: number;
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/** A label map of what is brighter than its surroundings. Throws INTENSITY_NOT_FINITE, FILTER_WINDOW. */
export const localThreshold: IntensityTransform<LocalThresholdParameters> = {
  name: 'local-threshold',
  kind: 'intensity',
  example: { window: [7, 5, 5], label: 2 },
  check(parameters) {
    const read = readParameters('local-threshold', parameters);
    const checked = {
      window: readWindow(read),
      method: read.oneOf('method', METHODS, 'gaussian'),
      offset: read.number('offset', { fallback: 0 }),
      k: read.number('k', { fallback: 0.2 }),
      range: read.optional('range', (name) => read.number(name, { min: Number.MIN_VALUE })),
      label: read.number('label', { min: 1, max: 65535, whole: true, fallback: 1 }),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    read.end();
    return checked;
  },
  change(image, { window, label, by, offset, method, k, range, ...rest }) {
    const pixels = labelArray([label], image.pixels.length);
    const surface = filterVolumes(image, by, (values, size) => {
      const fitting = windowWithin(window as Vector3, size, 'local-threshold'); // check makes three of one
      return localThresholds(values, size, fitting, { method, offset, k, range }, borderOf(rest));
    });
    markBrighter(image.pixels, surface.pixels, label, pixels);
    return classMap(image, pixels, [label]);
  },
  inverse: { none: 'values of one class cannot be told apart' },
};

function markBrighter(
  values: PixelArray,
  surface: PixelArray,
  label: number,
  out: Uint8Array | Uint16Array,
): void {
  for (let i = 0; i < out.length; i++) out[i] = label * +(values[i]! > surface[i]!);
}

type Rule = Required<Pick<LocalThresholdParameters, 'method' | 'offset' | 'k' | 'range'>>;

/** The threshold of each voxel of a volume [D, H, W]. */
export function localThresholds(
  values: FloatArray,
  size: Vector3,
  window: Vector3,
  { method, offset, k, range }: Rule,
  border: Border,
): FloatArray {
  const surface =
    method === 'mean'
      ? meanFilter(values, size, window, border)
      : method === 'median'
        ? medianFilter(values, size, window, border)
        : method === 'gaussian'
          ? gaussianFilter(values, size, window.map((side) => (side - 1) / 6) as unknown as Vector3, border) // three
          : byDeviation(values, size, window, { method, k, range }, border);
  if (offset !== 0) for (let i = 0; i < surface.length; i++) surface[i]! -= offset;
  return surface;
}

function byDeviation(
  values: FloatArray,
  size: Vector3,
  window: Vector3,
  { method, k, range }: Pick<Rule, 'method' | 'k' | 'range'>,
  border: Border,
): FloatArray {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const exact = Float64Array.from(values); // squares of float32 would cancel
  for (let i = 0; i < exact.length; i++) {
    if (exact[i]! < low) low = exact[i]!;
    if (exact[i]! > high) high = exact[i]!;
  }
  const mean = meanFilter(exact, size, window, border);
  for (let i = 0; i < exact.length; i++) exact[i]! *= exact[i]!;
  const squares = meanFilter(exact, size, window, { ...border, constant: border.constant ** 2 });
  const half = range ?? (high - low) / 2;
  const surface = values.slice();
  for (let i = 0; i < surface.length; i++) {
    const deviation = Math.sqrt(Math.max(0, squares[i]! - mean[i]! * mean[i]!));
    surface[i] =
      method === 'niblack'
        ? mean[i]! - k * deviation
        : mean[i]! * (1 + k * (half > 0 ? deviation / half - 1 : -1));
  }
  return surface;
}
