import type { Vector3 } from '../../geometry/geometry.ts';
import type { Connectivity } from '../connected-components.ts';
import { readConnectivity } from '../morphology/grey-transforms.ts';
import { type JsonObject, type ParameterReader, readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { maskMap, onlyVolume } from './one-volume.ts';
import { confidenceConnected, connectedThreshold } from './region-growing.ts';

interface Growing {
  /** Voxel indices x, y, z; at least one. */
  readonly seeds: readonly Vector3[];
  /** Value of the region in the label map. Default 1. */
  readonly label?: number;
}

function readGrowing(read: ParameterReader, given: JsonObject): Required<Growing> {
  const seeds = read.list('seeds');
  const right = seeds.every(
    (seed) => Array.isArray(seed) && seed.length === 3 && seed.every((at) => Number.isInteger(at) && at >= 0),
  );
  read.require(
    given['seeds'] !== undefined && seeds.length > 0 && right,
    'seeds is no list of [x, y, z], whole and from 0',
  );
  const label = read.number('label', { min: 1, max: 65535, whole: true, fallback: 1 });
  return { seeds: right ? (seeds as Vector3[]) : [], label }; // checked
}

export interface ConnectedThresholdParameters extends Growing {
  /** Least and greatest value of the region. */
  readonly lower: number;
  readonly upper: number;
  /** Default 6. */
  readonly connectivity?: Connectivity;
}

/** A label map of what hangs together with seeds and has values of a range. Throws SEED_OUTSIDE, SEGMENTATION_VOLUME. */
export const connectedThresholdTransform: IntensityTransform<ConnectedThresholdParameters> = {
  name: 'connected-threshold',
  kind: 'intensity',
  example: { seeds: [[4, 4, 4]], lower: 80, upper: 200, label: 2 },
  check(parameters) {
    const read = readParameters('connected-threshold', parameters);
    const checked = {
      ...readGrowing(read, parameters),
      lower: read.number('lower'),
      upper: read.number('upper'),
      connectivity: readConnectivity(read, 6),
    };
    read.require(checked.lower <= checked.upper, 'lower is above upper');
    read.end();
    return checked;
  },
  change(image, { seeds, label, lower, upper, connectivity }) {
    const { values, sides } = onlyVolume(image, 'the image');
    return maskMap(
      image,
      connectedThreshold(values, sides, seeds, lower, upper, connectivity),
      label,
      'region',
    );
  },
  inverse: { none: 'values within a region are not kept' },
};

export interface ConfidenceConnectedParameters extends Growing {
  /** Standard deviations from the mean. Default 4.5. */
  readonly multiplier?: number;
  /** Default 4. */
  readonly iterations?: number;
  /** Voxels around a seed for the first mean. Default 1. */
  readonly radius?: number;
}

/** A label map of what hangs together with seeds and is like them. Throws SEED_OUTSIDE, SEGMENTATION_VOLUME. */
export const confidenceConnectedTransform: IntensityTransform<ConfidenceConnectedParameters> = {
  name: 'confidence-connected',
  kind: 'intensity',
  example: { seeds: [[4, 4, 4]], multiplier: 2, iterations: 2, label: 2 },
  check(parameters) {
    const read = readParameters('confidence-connected', parameters);
    const checked = {
      ...readGrowing(read, parameters),
      multiplier: read.number('multiplier', { min: 0, fallback: 4.5 }),
      iterations: read.number('iterations', { min: 0, max: 1000, whole: true, fallback: 4 }),
      radius: read.number('radius', { min: 0, max: 100, whole: true, fallback: 1 }),
    };
    read.end();
    return checked;
  },
  change(image, { seeds, label, ...options }) {
    const { values, sides } = onlyVolume(image, 'the image');
    return maskMap(image, confidenceConnected(values, sides, seeds, options), label, 'region');
  },
  inverse: { none: 'values within a region are not kept' },
};
