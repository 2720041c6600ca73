import type { Vector3 } from '../../geometry/geometry.ts';
import type { Border } from '../filters/border.ts';
import {
  another,
  borderAfter,
  correlateAxis,
  correlateAxisAll,
  type FloatArray,
  type Taps,
} from '../filters/correlate-axis.ts';
import type { Wavelet } from './wavelet.ts';

export interface StationaryOptions {
  readonly wavelet: Wavelet;
  /** 1 or above: the bands of this level, of what the low-pass filters of the levels before leave. */
  readonly level: number;
  readonly border: Border;
  /** Filters with 2^(level - 1) - 1 zeros between their values (a trous, IBSI 2); without, as pyradiomics. */
  readonly dilated: boolean;
}

export type BandLetter = 'L' | 'H';

/** Taps that convolve with a decomposition filter, `step` voxels between its values. */
export function waveletTaps(filter: Float64Array, step: number): Taps {
  const weights = new Float64Array(step * (filter.length - 1) + 1);
  for (let k = 0; k < filter.length; k++) weights[step * (filter.length - 1 - k)] = filter[k]!;
  return { weights, origin: step * (filter.length / 2 - 1) };
}

export const levelStep = (level: number, dilated: boolean): number => (dilated ? 2 ** (level - 1) : 1);

/**
 * Undecimated separable wavelet transform of a volume [D, H, W] (IBSI 2, 25BO): all bands of one level, named by the letters
 * along x, y and z, 'LLL' .. 'HHH'; of a picture (depth 1) 'LL' .. 'HH'. Each is as large as the volume.
 */
export function stationaryBands(
  values: FloatArray,
  size: Vector3,
  options: StationaryOptions,
): ReadonlyMap<string, FloatArray> {
  let bands = new Map<string, Surrounded>([['', approximation(values, size, options)]]);
  for (const axis of waveletAxes(size)) {
    const next = new Map<string, Surrounded>();
    for (const [name, band] of bands) {
      const { low, high } = options.wavelet.decompose;
      const step = levelStep(options.level, options.dilated);
      const wanted = [low, high].map((filter, i) => ({
        taps: waveletTaps(filter, step),
        // the second may overwrite what both are made of
        out: i === 1 && band.values !== values ? band.values : another(values),
      }));
      correlateAxisAll(band.values, wanted, size, axis, band.border);
      for (const [i, { out, taps }] of wanted.entries()) {
        next.set(name + 'LH'[i], { values: out, border: borderAfter(band.border, taps) });
      }
    }
    bands = next;
  }
  return new Map([...bands].map(([name, band]) => [name, band.values]));
}

/** One band alone; `band` has a letter for each of x, y and, where there is more than one slice, z. */
export function stationaryBand(
  values: FloatArray,
  size: Vector3,
  band: string,
  options: StationaryOptions,
): FloatArray {
  let result = approximation(values, size, options);
  for (const axis of waveletAxes(size)) {
    const out = result.values === values ? another(values) : result.values;
    result = filterAxis(result, out, size, axis, band[axis] as BandLetter, options, options.level); // as many as axes
  }
  return result.values;
}

export const waveletAxes = (size: Vector3): readonly (0 | 1 | 2)[] => (size[2] === 1 ? [0, 1] : [0, 1, 2]);

/** A volume and what lies beyond its border. */
interface Surrounded {
  readonly values: FloatArray;
  readonly border: Border;
}

/** What the low-pass filters of the levels before leave; `values` itself for level 1. */
function approximation(values: FloatArray, size: Vector3, options: StationaryOptions): Surrounded {
  let result: Surrounded = { values, border: options.border };
  for (let level = 1; level < options.level; level++) {
    for (const axis of waveletAxes(size)) {
      const out = result.values === values ? another(values) : result.values;
      result = filterAxis(result, out, size, axis, 'L', options, level);
    }
  }
  return result;
}

function filterAxis(
  { values, border }: Surrounded,
  out: FloatArray,
  size: Vector3,
  axis: 0 | 1 | 2,
  letter: BandLetter,
  { wavelet, dilated }: StationaryOptions,
  level: number,
): Surrounded {
  const filter = letter === 'L' ? wavelet.decompose.low : wavelet.decompose.high;
  const taps = waveletTaps(filter, levelStep(level, dilated));
  correlateAxis(values, out, size, axis, taps, border);
  return { values: out, border: borderAfter(border, taps) };
}
