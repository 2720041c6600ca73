/** The images that features are computed of besides the image itself, named as pyradiomics names them. */
import { isHounsfieldError } from '../../errors.ts';
import { geometryFrom, type Vector3 } from '../geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { laplacianOfGaussian } from '../transforms/filters/laplacian-of-gaussian.ts';
import { laws } from '../transforms/filters/laws.ts';
import { meanSmoothing } from '../transforms/filters/mean-smoothing.ts';
import { apply, type IntensityTransform } from '../transforms/transform.ts';
import { waveletNamed } from '../transforms/wavelets/wavelet.ts';
import { waveletBand } from '../transforms/wavelets/wavelet-band.ts';
import { gradientMagnitude } from './gradient-magnitude.ts';
import { LBP_METHODS, localBinaryPattern } from './picture/lbp.ts';
import { LBP_VOLUME_METHODS, lbpVolume } from './picture/lbp-volume.ts';

/** What a filter is done to: a volume with its spacing. */
export interface FilterSource {
  readonly values: Float64Array; // [D, H, W]
  readonly size: Vector3;
  readonly spacingMm: Vector3;
  /** The greatest absolute value of the whole image, which rescaling filters refer to. */
  readonly greatest: number;
}

export interface FilteredImage {
  /** 'wavelet-LLH' */
  readonly name: string;
  readonly values: Float64Array; // [D, H, W]
}

type Parameters = Readonly<Record<string, unknown>>;

interface ImageFilter {
  /** What is wrong with parameters, a sentence each. */
  faults(parameters: Parameters): readonly string[];
  /** Names of the images that parameters without faults give. */
  names(parameters: Parameters): readonly string[];
  /** How many voxels along x, y, z a value depends on to each side. */
  reach(parameters: Parameters, spacingMm: Vector3): Vector3;
  images(parameters: Parameters, source: FilterSource): Iterable<FilteredImage>;
}

const everywhere = (voxels: number): Vector3 => [voxels, voxels, voxels];

/** One value of the image becomes one of the response; rescaled to the image's range as pyradiomics does. */
function pointwise(name: string, make: (greatest: number) => (value: number) => number): ImageFilter {
  return {
    faults: (parameters) => unknownFaults(parameters, []),
    names: () => [name],
    reach: () => everywhere(0),
    *images(_, { values, greatest }) {
      const change = make(greatest);
      const out = new Float64Array(values.length);
      if (greatest > 0) for (let i = 0; i < out.length; i++) out[i] = change(values[i]!);
      yield { name, values: out };
    },
  };
}

/** A filter that is an intensity transform; each entry of `variants` gives one image, of a `flat` one of one slice. */
function byTransform(
  transform: IntensityTransform<never>,
  known: readonly string[],
  variants: (
    parameters: Parameters,
    flat: boolean,
  ) => readonly { readonly name: string; readonly parameters: Parameters }[],
  reach: (parameters: Parameters, spacingMm: Vector3) => Vector3,
): ImageFilter {
  return {
    faults(parameters) {
      const unknown = unknownFaults(parameters, known);
      if (unknown.length > 0) return unknown;
      const listed = variants(parameters, false);
      if (listed.length === 0) return ['the parameters name no image'];
      return listed.flatMap((one) => checkFaults(() => transform.check(one.parameters)));
    },
    names: (parameters) => variants(parameters, false).map(({ name }) => name),
    reach,
    *images(parameters, source) {
      const image = imageOf(source);
      for (const { name, parameters: own } of variants(parameters, source.size[2] === 1)) {
        const done = apply(transform as unknown as IntensityTransform<object>, image, own); // checked by its own check
        yield { name, values: Float64Array.from(done.pixels) };
      }
    },
  };
}

function imageOf({ values, size: [width, height, depth], spacingMm }: FilterSource): MedicalImage {
  return medicalImage(values, { width, height, depth }, 64, 'arbitrary', {
    geometry: geometryFrom({ spacingMm, frame: 'image' }),
  });
}

function checkFaults(check: () => unknown): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!isHounsfieldError(error)) throw error;
    return [error.message.replace(/^[A-Z_]+: /, '')];
  }
}

function unknownFaults(parameters: Parameters, known: readonly string[]): readonly string[] {
  const unknown = Object.keys(parameters).filter((name) => !known.includes(name));
  if (unknown.length === 0) return [];
  return [`unknown: ${unknown.join(', ')} (known: ${known.join(', ') || 'none'})`];
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
const numberOr = (value: unknown, instead: number): number => (typeof value === 'number' ? value : instead);

/** 2.5 as '2-5', 3 as '3-0'. */
const sigmaText = (sigma: unknown): string =>
  (Number.isInteger(sigma) ? `${sigma}-0` : String(sigma)).replace('.', '-');

const log = byTransform(
  laplacianOfGaussian as unknown as IntensityTransform<never>,
  ['sigmaMm', 'kernel', 'truncate', 'scaled', 'by', 'border'],
  ({ sigmaMm, ...rest }) =>
    listOf(sigmaMm).map((sigma) => ({
      name: `log-sigma-${sigmaText(sigma)}-mm-${rest['by'] === 'slice' ? '2D' : '3D'}`,
      parameters: { ...rest, sigma, unit: 'mm' },
    })),
  ({ sigmaMm, truncate, kernel }, spacing) => {
    const most = Math.max(...listOf(sigmaMm).map((sigma) => numberOr(sigma, 1)));
    // the recursive kernel has no end; at ten deviations nothing is left of it
    const wide = most * (kernel === 'recursive' ? 10 : numberOr(truncate, 4));
    return spacing.map((mm) => Math.ceil(wide / mm) + 2) as unknown as Vector3; // three axes
  },
);

const BANDS = ['LLH', 'LHL', 'LHH', 'HLL', 'HLH', 'HHL', 'HHH', 'LLL'];
const BANDS_2D = ['LH', 'HL', 'HH', 'LL'];

const wavelet = byTransform(
  waveletBand as unknown as IntensityTransform<never>,
  ['wavelet', 'bands', 'level', 'convention', 'rotations', 'by', 'border'],
  ({ bands, ...rest }, flat) => {
    const level = numberOr(rest['level'], 1);
    const all = flat || rest['by'] === 'slice' ? BANDS_2D : BANDS;
    return (bands === undefined ? all : listOf(bands)).map((band) => ({
      name: `wavelet${level > 1 ? level : ''}-${String(band)}`,
      parameters: { ...rest, band },
    }));
  },
  ({ wavelet: name, level }) => {
    const taps = waveletNamed(typeof name === 'string' ? name : 'coif1').decompose.low.length;
    return everywhere(taps * 2 ** numberOr(level, 1) + 1);
  },
);

const mean = byTransform(
  meanSmoothing as unknown as IntensityTransform<never>,
  ['window', 'by', 'border'],
  (parameters) => [{ name: `mean-${listOf(parameters['window']).join('x')}`, parameters }],
  ({ window }) => everywhere(Math.max(...listOf(window).map((side) => numberOr(side, 1)))),
);

const lawsFilter = byTransform(
  laws as unknown as IntensityTransform<never>,
  ['kernels', 'rotations', 'energy', 'border'],
  (parameters) => {
    const energy = numberOr(parameters['energy'], 0);
    return [{ name: `laws-${String(parameters['kernels'])}${energy > 0 ? '-energy' : ''}`, parameters }];
  },
  ({ energy }) => everywhere(numberOr(energy, 0) + 3),
);

const gradient: ImageFilter = {
  faults: (parameters) =>
    unknownFaults(parameters, ['per']).concat(oneOfFault(parameters, 'per', ['mm', 'voxel'])),
  names: () => ['gradient'],
  reach: () => everywhere(1),
  *images({ per }, { values, size, spacingMm }) {
    yield {
      name: 'gradient',
      values: gradientMagnitude(values, size, per === 'voxel' ? [1, 1, 1] : spacingMm),
    };
  },
};

const lbp2d: ImageFilter = {
  faults: (parameters) => [
    ...unknownFaults(parameters, ['points', 'radius', 'method']),
    ...oneOfFault(parameters, 'method', LBP_METHODS),
    ...rangeFault(parameters, 'points', 1, 31),
    ...rangeFault(parameters, 'radius', 0.1, 64),
  ],
  names: () => ['lbp-2D'],
  reach: ({ radius }) => everywhere(Math.ceil(numberOr(radius, 1)) + 1),
  *images({ points, radius, method }, { values, size: [width, height, depth] }) {
    const settings = {
      points: numberOr(points, 8),
      radius: numberOr(radius, 1),
      method: LBP_METHODS.find((one) => one === method) ?? 'uniform',
    };
    const out = new Float64Array(values.length);
    const plane = width * height;
    for (let z = 0; z < depth; z++) {
      const slice = values.subarray(z * plane, (z + 1) * plane);
      out.set(localBinaryPattern(slice, width, height, settings), z * plane);
    }
    yield { name: 'lbp-2D', values: out };
  },
};

const lbp3d: ImageFilter = {
  faults: (parameters) => [
    ...unknownFaults(parameters, ['distance', 'method']),
    ...oneOfFault(parameters, 'method', LBP_VOLUME_METHODS),
    ...rangeFault(parameters, 'distance', 1, 16),
  ],
  names: () => ['lbp-3D'],
  reach: ({ distance }) => everywhere(Math.ceil(numberOr(distance, 1)) + 1),
  *images({ distance, method }, { values, size }) {
    const settings = {
      distance: numberOr(distance, 1),
      method: LBP_VOLUME_METHODS.find((one) => one === method) ?? 'count',
    };
    yield { name: 'lbp-3D', values: lbpVolume(values, size, settings) };
  },
};

function oneOfFault(parameters: Parameters, name: string, choices: readonly string[]): readonly string[] {
  const value = parameters[name];
  if (value === undefined || choices.some((one) => one === value)) return [];
  return [`${name} is ${String(value).slice(0, 40)}, expected one of ${choices.join(', ')}`];
}

function rangeFault(parameters: Parameters, name: string, low: number, high: number): readonly string[] {
  const value = parameters[name];
  if (value === undefined || (typeof value === 'number' && value >= low && value <= high)) return [];
  return [`${name} is ${String(value).slice(0, 40)}, expected a number from ${low} to ${high}`];
}

/** 'original' is the image itself. */
export const IMAGE_FILTERS: Readonly<Record<string, ImageFilter>> = {
  original: pointwise('original', () => (value) => value),
  log,
  wavelet,
  mean,
  laws: lawsFilter,
  gradient,
  square: pointwise('square', (most) => (value) => (value / Math.sqrt(most)) ** 2),
  squareroot: pointwise(
    'squareroot',
    (most) => (value) => Math.sign(value) * Math.sqrt(Math.abs(value) * most),
  ),
  logarithm: pointwise('logarithm', (most) => (value) => {
    return (Math.sign(value) * Math.log(Math.abs(value) + 1) * most) / Math.log(most + 1);
  }),
  exponential: pointwise('exponential', (most) => (value) => Math.exp((Math.log(most) / most) * value)),
  'lbp-2D': lbp2d,
  'lbp-3D': lbp3d,
};

export const IMAGE_FILTER_NAMES = Object.keys(IMAGE_FILTERS);

/** What is wrong with a filter's parameters. */
export function filterFaults(filter: string, parameters: Parameters): readonly string[] {
  return IMAGE_FILTERS[filter]?.faults(parameters) ?? [];
}

/** Names of the images that a filter makes of parameters without faults. */
export function filterNames(filter: string, parameters: Parameters): readonly string[] {
  return IMAGE_FILTERS[filter]?.names(parameters) ?? [];
}
