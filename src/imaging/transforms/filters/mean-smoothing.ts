import type { Vector3 } from '../../geometry/geometry.ts';
import { type ParameterReader, readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import {
  type BorderParameters,
  borderOf,
  FILTER_EXTENTS,
  type FilterExtent,
  filterVolumes,
  readBorder,
  windowWithin,
} from './filter-volumes.ts';
import { meanFilter } from './running-mean.ts';

export interface WindowParameters extends BorderParameters {
  /** Voxels along x, y, z, each odd; one number stands for all three. No wider than the image. */
  readonly window: Vector3 | number;
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/** Reads a window of odd sides. */
export function readWindow(read: ParameterReader, name = 'window'): Vector3 {
  const window = read.vector(name, { min: 1, max: 1001, whole: true });
  read.require(
    window.every((side) => side % 2 === 1),
    `${name} is ${window.join(' x ')}, expected odd sides`,
  );
  return window;
}

/** Mean over a window around each voxel (IBSI 2, S60F). Throws INTENSITY_NOT_FINITE, FILTER_WINDOW. */
export const meanSmoothing: IntensityTransform<WindowParameters> = {
  name: 'mean-filter',
  kind: 'intensity',
  example: { window: [3, 5, 3] },
  check(parameters) {
    const read = readParameters('mean-filter', parameters);
    const checked = {
      window: readWindow(read),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    read.end();
    return checked;
  },
  change(image, { window, by, ...rest }) {
    return filterVolumes(image, by, (values, size) => {
      const fitting = windowWithin(window as Vector3, size, 'mean-filter'); // check makes three of one
      return meanFilter(values, size, fitting, borderOf(rest));
    });
  },
  inverse: { none: 'smoothing loses fine detail' },
};
