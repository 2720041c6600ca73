import type { Vector3 } from '../../geometry/geometry.ts';
import type { Border } from '../filters/border.ts';
import { another, type FloatArray, type Taps } from '../filters/correlate-axis.ts';
import {
  type BorderParameters,
  borderOf,
  FILTER_EXTENTS,
  type FilterExtent,
  filterVolumes,
  readBorder,
} from '../filters/filter-volumes.ts';
import { turned } from '../filters/laws.ts';
import { orientations, POOLINGS, type Pooling, pooled } from '../filters/rotation-pooling.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import {
  levelStep,
  stationaryBand,
  stationaryBands,
  waveletAxes,
  waveletTaps,
} from './stationary-wavelet.ts';
import { WAVELET_NAMES, type Wavelet, waveletNamed } from './wavelet.ts';

export interface WaveletBandParameters extends BorderParameters {
  /** PyWavelets' name; default 'coif1'. */
  readonly wavelet?: string;
  /** Letters L (low-pass) or H (high-pass) along x, y and z; along x and y by slice and for pictures. */
  readonly band: string;
  /** Default 1. */
  readonly level?: number;
  /**
   * 'ibsi' (default): filters widened by zeros at higher levels. 'pyradiomics': odd sides are made even by their first
   * voxel, the image repeats itself at its border, and each level filters what the one before left by the same filters.
   */
  readonly convention?: 'ibsi' | 'pyradiomics';
  /** Responses of all turns of the filters by right angles, pooled; 'none' (default) leaves them as they stand. */
  readonly rotations?: 'none' | Pooling;
  /** Default 'volume'. */
  readonly by?: FilterExtent;
}

/** One band of the undecimated wavelet transform (IBSI 2, 25BO). Throws INTENSITY_NOT_FINITE, TRANSFORM_PARAMETERS. */
export const waveletBand: IntensityTransform<WaveletBandParameters> = {
  name: 'wavelet-band',
  kind: 'intensity',
  example: { wavelet: 'haar', band: 'LHL' },
  check(parameters) {
    const read = readParameters('wavelet-band', parameters);
    const checked = {
      wavelet: read.text('wavelet', 'coif1'),
      band: read.text('band'),
      level: read.number('level', { min: 1, max: 8, whole: true, fallback: 1 }),
      convention: read.oneOf('convention', ['ibsi', 'pyradiomics'], 'ibsi'),
      rotations: read.oneOf('rotations', ['none', ...POOLINGS], 'none'),
      by: read.oneOf('by', FILTER_EXTENTS, 'volume'),
      ...readBorder(read),
    };
    const { wavelet, band, convention, rotations } = checked;
    read.require(
      WAVELET_NAMES.includes(wavelet),
      `wavelet is ${wavelet.slice(0, 40)}, expected a name as 'coif1'`,
    );
    read.require(/^[LH]{2,3}$/.test(band), `band is ${band.slice(0, 10)}, expected two or three of L and H`);
    read.require(
      convention === 'ibsi' || rotations === 'none',
      "rotations are pooled by convention 'ibsi' only",
    );
    read.end();
    return checked;
  },
  change(image, { wavelet: name, band, level, convention, rotations, by, ...rest }) {
    const letters = by === 'slice' || image.depth === 1 ? 2 : 3;
    const read = readParameters('wavelet-band', undefined);
    read.require(
      band.length === letters,
      `band is ${band}, expected ${letters} letters: one for each of ${letters === 2 ? 'x and y' : 'x, y and z'}`,
    );
    read.end();
    const wavelet = waveletNamed(name);
    const border = borderOf(rest);
    return filterVolumes(
      image,
      by,
      (values, size) => {
        if (convention === 'pyradiomics') return pyradiomicsBands(values, size, wavelet, level).get(band)!;
        const options = { wavelet, level, border, dilated: true };
        if (rotations === 'none') return stationaryBand(values, size, band, options);
        return rotatedBand(values, size, band, options, rotations);
      },
      'arbitrary',
    );
  },
  inverse: { none: 'one band does not hold what lies in the others' },
};

/** All bands as pyradiomics makes them for `level`, by name: 'LLL' .. 'HHH', of a picture 'LL' .. 'HH'. */
export function pyradiomicsBands(
  values: FloatArray,
  size: Vector3,
  wavelet: Wavelet,
  level: number,
): ReadonlyMap<string, FloatArray> {
  const even = size.map((side, axis) =>
    axis === 2 && side === 1 ? 1 : side + (side % 2),
  ) as unknown as Vector3; // three
  const border = { mode: 'wrap', constant: 0 } as const;
  const bands = stationaryBands(grown(values, size, even), even, { wavelet, level, border, dilated: false });
  return new Map([...bands].map(([name, band]) => [name, cut(band, even, size)]));
}

/** Sides made longer by repeating from their start. */
function grown(values: FloatArray, size: Vector3, to: Vector3): FloatArray {
  if (size.every((side, axis) => side === to[axis])) return values;
  const out = another(values, to[0] * to[1] * to[2]);
  for (let z = 0, i = 0; z < to[2]; z++) {
    for (let y = 0; y < to[1]; y++) {
      const row = ((z % size[2]) * size[1] + (y % size[1])) * size[0];
      for (let x = 0; x < to[0]; x++) out[i++] = values[row + (x % size[0])]!;
    }
  }
  return out;
}

function cut(values: FloatArray, size: Vector3, to: Vector3): FloatArray {
  if (size.every((side, axis) => side === to[axis])) return values;
  const out = another(values, to[0] * to[1] * to[2]);
  for (let z = 0, i = 0; z < to[2]; z++) {
    for (let y = 0; y < to[1]; y++) {
      const row = (z * size[1] + y) * size[0];
      for (let x = 0; x < to[0]; x++) out[i++] = values[row + x]!;
    }
  }
  return out;
}

interface RotatedOptions {
  readonly wavelet: Wavelet;
  readonly level: number;
  readonly border: Border;
}

function rotatedBand(
  values: FloatArray,
  size: Vector3,
  band: string,
  { wavelet, level, border }: RotatedOptions,
  pooling: Pooling,
): FloatArray {
  const axes = waveletAxes(size);
  const { low, high } = wavelet.decompose;
  const passes: (readonly Taps[])[] = Array.from({ length: level }, (_, i) =>
    axes.map((axis) =>
      waveletTaps(i === level - 1 && band[axis] === 'H' ? high : low, levelStep(i + 1, true)),
    ),
  );
  const turns = orientations(axes.length as 2 | 3, true); // two or three axes
  const filters = turns.map((turn) => passes.flatMap((taps) => turned(taps, turn)));
  return pooled(values, size, filters, pooling, border, axes.length);
}
