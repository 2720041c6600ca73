import { CONNECTIVITIES, type Connectivity } from '../connected-components.ts';
import { type ParameterReader, readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { BORDERS, type Border } from './borders.ts';
import { eachVolume } from './each-volume.ts';
import { GREY_OPERATIONS, type GreyOperation, greyMorphology } from './grey-morphology.ts';
import { type ElementParameters, elementFor, readElement } from './read-element.ts';
import { reconstruct } from './reconstruction.ts';

export interface GreyMorphologyParameters extends ElementParameters {
  readonly operation: GreyOperation;
  /** Default 'reflect'. */
  readonly border?: Border;
  /** Of 'constant'. Default 0. */
  readonly constant?: number;
}

/**
 * Erosion, dilation, opening, closing or top-hat of values, in the image's own type. Throws GEOMETRY_MISSING,
 * ELEMENT_SIZE, INTENSITY_NOT_FINITE.
 */
export const greyMorphologyTransform: IntensityTransform<GreyMorphologyParameters> = {
  name: 'grey-morphology',
  kind: 'intensity',
  example: { operation: 'opening', shape: 'ball', radius: 2 },
  check(parameters) {
    const read = readParameters('grey-morphology', parameters);
    const checked = {
      operation: read.oneOf('operation', GREY_OPERATIONS),
      ...readElement(read, parameters),
      border: read.oneOf('border', BORDERS, 'reflect'),
      constant: read.number('constant', { fallback: 0 }),
    };
    read.end();
    return checked;
  },
  change(image, parameters) {
    const element = elementFor(image, parameters);
    const { operation, border, constant } = parameters;
    return eachVolume(image, (values, sides) =>
      greyMorphology(operation, values, sides, element, { border, constant }),
    );
  },
  inverse: { none: 'the smallest and largest values around a voxel do not tell its own' },
};

export function readConnectivity(read: ParameterReader, fallback: Connectivity): Connectivity {
  const connectivity = read.number('connectivity', { whole: true, fallback });
  read.require(
    CONNECTIVITIES.some((n) => n === connectivity),
    `connectivity is ${connectivity}, expected 6, 18 or 26`,
  );
  return connectivity as Connectivity; // checked
}

export interface ReconstructionParameters {
  /**
   * 'dilation' takes away what is bright and rises less than `height` above what is around it (h-maxima), 'erosion' fills
   * what is dark and sinks less (h-minima).
   */
  readonly by?: 'dilation' | 'erosion';
  /** In the image's unit, above 0. */
  readonly height: number;
  /** True leaves what is taken away: the domes or basins. Default false. */
  readonly difference?: boolean;
  /** Default 26. */
  readonly connectivity?: Connectivity;
}

/** Reconstruction of an image from itself, shifted by a height. Float32. Throws INTENSITY_NOT_FINITE. */
export const shiftedReconstruction: IntensityTransform<ReconstructionParameters> = {
  name: 'h-reconstruction',
  kind: 'intensity',
  example: { by: 'dilation', height: 5, connectivity: 6 },
  check(parameters) {
    const read = readParameters('h-reconstruction', parameters);
    const checked = {
      by: read.oneOf('by', ['dilation', 'erosion'], 'dilation'),
      height: read.number('height', { min: 0 }),
      difference: read.flag('difference', false),
      connectivity: readConnectivity(read, 26),
    };
    read.end();
    return checked;
  },
  change(image, { by, height, difference, connectivity }) {
    const sign = by === 'dilation' ? -1 : 1;
    return eachVolume(image, (values, sides) => {
      const mask = Float32Array.from(values);
      const seed = mask.map((value) => value + sign * height);
      const found = reconstruct(seed, mask, sides, by, connectivity);
      if (difference) for (let i = 0; i < found.length; i++) found[i] = Math.abs(mask[i]! - found[i]!);
      return found;
    });
  },
  inverse: { none: 'what is taken away is not kept' },
};
