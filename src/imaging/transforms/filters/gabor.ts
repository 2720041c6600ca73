import type { Vector3 } from '../../geometry/geometry.ts';
import { fourier } from '../fourier.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { type Border, borderIndices } from './border.ts';
import { another, type FloatArray } from './correlate-axis.ts';
import { type BorderParameters, borderOf, filterVolumes, readBorder, spacingOf } from './filter-volumes.ts';
import { POOLINGS, type Pooling } from './rotation-pooling.ts';

const RESPONSES = ['modulus', 'real', 'imaginary'] as const;

export interface GaborParameters extends BorderParameters {
  /** Standard deviation of the envelope along the wave. */
  readonly sigma: number;
  /** Length of the wave. */
  readonly wavelength: number;
  /** The envelope is narrower across the wave by this factor; default 1. */
  readonly gamma?: number;
  /** Of sigma and wavelength; default 'mm', which needs an image that knows its spacing. */
  readonly unit?: 'mm' | 'voxels';
  /** Directions of the wave in the plane, in degrees, pooled; default 0. */
  readonly angles?: readonly number[];
  /** The slices (default), or also the planes across them, pooled. */
  readonly planes?: 'slices' | 'all';
  readonly pooling?: Pooling;
  readonly response?: (typeof RESPONSES)[number];
}

/**
 * Gabor filter of planes (IBSI 2, Q88H): a wave under a Gaussian, exp(-(x'^2 + gamma^2 y'^2) / (2 sigma^2) + 2 pi i x' /
 * wavelength), not scaled, reaching no further than half of the plane's longer side. Throws INTENSITY_NOT_FINITE,
 * GEOMETRY_MISSING.
 */
export const gabor: IntensityTransform<GaborParameters> = {
  name: 'gabor',
  kind: 'intensity',
  example: { sigma: 1.5, wavelength: 3, unit: 'voxels', angles: [0, 45, 90, 135] },
  check(parameters) {
    const read = readParameters('gabor', parameters);
    const checked = {
      sigma: read.number('sigma', { min: 0.01, max: 1000 }),
      wavelength: read.number('wavelength', { min: 0.01, max: 10000 }),
      gamma: read.number('gamma', { min: 0.01, max: 100, fallback: 1 }),
      unit: read.oneOf('unit', ['mm', 'voxels'], 'mm'),
      angles: read.optional('angles', (name) => read.numbers(name, { min: -360, max: 360 })) ?? [0],
      planes: read.oneOf('planes', ['slices', 'all'], 'slices'),
      pooling: read.oneOf('pooling', POOLINGS, 'mean'),
      response: read.oneOf('response', RESPONSES, 'modulus'),
      ...readBorder(read),
    };
    read.require(
      checked.angles.length > 0 && checked.angles.length <= 360,
      'angles has none, or more than 360',
    );
    read.end();
    return checked;
  },
  change(image, { unit, ...parameters }) {
    const spacing: Vector3 = unit === 'mm' ? spacingOf(image, 'gabor') : [1, 1, 1];
    return filterVolumes(
      image,
      'volume',
      (values, size) => respond(values, size, spacing, parameters),
      'arbitrary',
    );
  },
  inverse: { none: 'the response does not hold what the wave leaves out' },
};

type Settings = Omit<Required<GaborParameters>, 'unit'>;

/** A plane of a volume: its two axes as [rows, columns], and the axis across. */
interface Plane {
  readonly axes: readonly [rows: 0 | 1 | 2, columns: 0 | 1 | 2];
  readonly across: 0 | 1 | 2;
}

const PLANES: readonly Plane[] = [
  { axes: [1, 0], across: 2 },
  { axes: [2, 0], across: 1 },
  { axes: [2, 1], across: 0 },
];

function respond(values: FloatArray, size: Vector3, spacing: Vector3, settings: Settings): FloatArray {
  const planes = settings.planes === 'all' && size[2] > 1 ? PLANES : PLANES.slice(0, 1);
  const out = new Float64Array(values.length).fill(
    settings.pooling === 'mean'
      ? 0
      : settings.pooling === 'max'
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY,
  );
  for (const plane of planes) inPlane(values, size, spacing, plane, settings, out);
  const result = another(values);
  const part = settings.pooling === 'mean' ? 1 / (planes.length * settings.angles.length) : 1;
  for (let i = 0; i < result.length; i++) result[i] = out[i]! * part;
  return result;
}

/** Beyond this many standard deviations the envelope is nothing. */
const REACH = 8.5;

function inPlane(
  values: FloatArray,
  size: Vector3,
  spacing: Vector3,
  { axes: [down, along], across }: Plane,
  settings: Settings,
  out: Float64Array,
): void {
  const strides = [1, size[0], size[0] * size[1]] as const;
  const [rows, columns] = [size[down], size[along]];
  const widest = (settings.sigma * REACH) / Math.min(1, settings.gamma);
  const half = Math.floor(Math.max(rows, columns) / 2);
  const reach = Math.min(half, Math.ceil(widest / Math.min(spacing[down], spacing[along])));
  const shape = [rows + 2 * reach, columns + 2 * reach] as const;
  const border = borderOf(settings);
  const waves = settings.angles.map((angle) =>
    waveOf(angle, reach, shape, [spacing[down], spacing[along]], settings),
  );
  const places = [rows, columns].map((side) => borderIndices(side, reach, reach, border.mode)) as [
    Int32Array,
    Int32Array,
  ]; // two
  for (let slice = 0; slice < size[across]; slice++) {
    const start = slice * strides[across];
    const spectrum = padded(values, start, [strides[down], strides[along]], places, border);
    fourier(spectrum, shape);
    for (const wave of waves) {
      const product = multiplied(spectrum, wave);
      fourier(product, shape, true);
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++) {
          const from = (y + 2 * reach) * shape[1] + x + 2 * reach;
          const [re, im] = [product.real[from]!, product.imaginary[from]!];
          const value =
            settings.response === 'modulus' ? Math.hypot(re, im) : settings.response === 'real' ? re : im;
          const to = start + y * strides[down] + x * strides[along];
          const own = out[to]!;
          out[to] =
            settings.pooling === 'mean'
              ? own + value
              : settings.pooling === 'max'
                ? Math.max(own, value)
                : Math.min(own, value);
        }
      }
    }
  }
}

interface Spectrum {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

const spectrumOf = (length: number): Spectrum => ({
  real: new Float64Array(length),
  imaginary: new Float64Array(length),
});

function padded(
  values: FloatArray,
  start: number,
  [down, along]: readonly [number, number],
  [ys, xs]: readonly [Int32Array, Int32Array],
  { constant }: Border,
): Spectrum {
  const spectrum = spectrumOf(ys.length * xs.length);
  for (let y = 0, i = 0; y < ys.length; y++) {
    for (let x = 0; x < xs.length; x++, i++) {
      const outside = ys[y]! < 0 || xs[x]! < 0;
      spectrum.real[i] = outside ? constant : values[start + ys[y]! * down + xs[x]! * along]!;
    }
  }
  return spectrum;
}

/** The kernel's spectrum; its first value lies at the array's origin. */
function waveOf(
  angle: number,
  reach: number,
  shape: readonly [number, number],
  [down, along]: readonly [number, number],
  { sigma, wavelength, gamma }: Settings,
): Spectrum {
  const wave = spectrumOf(shape[0] * shape[1]);
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  for (let j = -reach; j <= reach; j++) {
    for (let i = -reach; i <= reach; i++) {
      const [y, x] = [j * down, i * along];
      const [forward, sideways] = [sin * y + cos * x, sin * x - cos * y];
      const envelope = Math.exp(-(forward ** 2 + (gamma * sideways) ** 2) / (2 * sigma ** 2));
      const phase = (2 * Math.PI * forward) / wavelength;
      const at = (j + reach) * shape[1] + i + reach;
      wave.real[at] = envelope * Math.cos(phase);
      wave.imaginary[at] = envelope * Math.sin(phase);
    }
  }
  fourier(wave, shape);
  return wave;
}

function multiplied(a: Spectrum, b: Spectrum): Spectrum {
  const product = spectrumOf(a.real.length);
  for (let i = 0; i < a.real.length; i++) {
    product.real[i] = a.real[i]! * b.real[i]! - a.imaginary[i]! * b.imaginary[i]!;
    product.imaginary[i] = a.real[i]! * b.imaginary[i]! + a.imaginary[i]! * b.real[i]!;
  }
  return product;
}
