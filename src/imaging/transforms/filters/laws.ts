import type { Vector3 } from '../../geometry/geometry.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import type { Border } from './border.ts';
import { centred, type FloatArray, flipped, type Taps } from './correlate-axis.ts';
import {
  type BorderParameters,
  borderOf,
  filterVolumes,
  readBorder,
  windowWithin,
} from './filter-volumes.ts';
import { type Orientation, orientations, POOLINGS, type Pooling, pooled } from './rotation-pooling.ts';
import { meanFilter } from './running-mean.ts';

/** Laws' kernels before they are scaled to length 1 (IBSI 2, table 6). */
const KERNELS: Readonly<Record<string, readonly number[]>> = {
  L3: [1, 2, 1],
  E3: [-1, 0, 1],
  S3: [-1, 2, -1],
  L5: [1, 4, 6, 4, 1],
  E5: [-1, -2, 0, 2, 1],
  S5: [-1, 0, 2, 0, -1],
  W5: [-1, 2, 0, -2, 1],
  R5: [1, -4, 6, -4, 1],
};

export interface LawsParameters extends BorderParameters {
  /** Two kernels, along x and y of each slice, or three, along x, y, z: of L3 E3 S3 L5 E5 S5 W5 R5, as 'L5S5E5'. */
  readonly kernels: string;
  /** Responses of all turns of the kernels by right angles, pooled; 'none' (default) leaves them as they stand. */
  readonly rotations?: 'none' | Pooling;
  /** Voxels on each side over which the absolute response is averaged to a texture energy; 0 (default): the response. */
  readonly energy?: number;
}

/**
 * Laws' texture kernels (K. I. Laws, "Rapid texture identification", SPIE 238, 1980; IBSI 2, JTXT), convolved. Throws
 * INTENSITY_NOT_FINITE, FILTER_WINDOW.
 */
export const laws: IntensityTransform<LawsParameters> = {
  name: 'laws',
  kind: 'intensity',
  example: { kernels: 'L5S5E5' },
  check(parameters) {
    const read = readParameters('laws', parameters);
    const kernels = read.text('kernels');
    const names = namesIn(kernels);
    read.require(
      (names.length === 2 || names.length === 3) && names.every((name) => name in KERNELS),
      `kernels is ${kernels.slice(0, 20)}, expected two or three of ${Object.keys(KERNELS).join(', ')}, as 'L5S5E5'`,
    );
    const checked = {
      kernels,
      rotations: read.oneOf('rotations', ['none', ...POOLINGS], 'none'),
      energy: read.number('energy', { min: 0, max: 500, whole: true, fallback: 0 }),
      ...readBorder(read),
    };
    read.end();
    return checked;
  },
  change(image, { kernels, rotations, energy, ...rest }) {
    const taps = namesIn(kernels).map((name) => tapsOf(KERNELS[name]!));
    const turns = orientations(taps.length as 2 | 3, rotations !== 'none'); // checked
    const border = borderOf(rest);
    return filterVolumes(
      image,
      taps.length === 2 ? 'slice' : 'volume',
      (values, size) => {
        const filters = turns.map((turn) => turned(taps, turn));
        const response = pooled(values, size, filters, rotations === 'none' ? 'max' : rotations, border);
        return energy === 0 ? response : energyOf(response, size, energy, border);
      },
      'arbitrary',
    );
  },
  inverse: { none: 'the response does not hold what the kernels leave out' },
};

const namesIn = (kernels: string): readonly string[] => kernels.match(/.{1,2}/g) ?? [];

function tapsOf(kernel: readonly number[]): Taps {
  const length = Math.hypot(...kernel);
  return flipped(centred(Float64Array.from(kernel, (value) => value / length)));
}

export const turned = (taps: readonly Taps[], turn: Orientation): readonly Taps[] =>
  turn.map(({ from, reversed }) => (reversed ? flipped(taps[from]!) : taps[from]!));

function energyOf(response: FloatArray, size: Vector3, distance: number, border: Border): FloatArray {
  for (let i = 0; i < response.length; i++) response[i] = Math.abs(response[i]!);
  const side = 2 * distance + 1;
  return meanFilter(response, size, windowWithin([side, side, side], size, 'laws'), border);
}
