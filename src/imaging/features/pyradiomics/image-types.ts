import { HounsfieldError } from '../../../errors.ts';
import { medicalImage } from '../../image/medical-image.ts';
import { laplacianOfGaussian } from '../../transforms/filters/laplacian-of-gaussian.ts';
import { type LbpMethod, localBinaryPattern } from '../picture/lbp.ts';
import type { PyradiomicsImageType, PyradiomicsSettings } from './parameters.ts';
import type { RegionMask } from './region-mask.ts';
import { toSlices } from './slices.ts';
import { spherePatterns } from './sphere-patterns.ts';
import { arrayLike, spacingOf, type Volume } from './volume.ts';
import { waveletBands } from './wavelet-bands.ts';

/** A filtered image under the name that its features begin with; null where the filter takes no image of that size. */
export interface FilteredImage {
  readonly name: string;
  readonly image: Volume | null;
}

type Filter = (image: Volume, settings: PyradiomicsSettings, region: RegionMask) => Iterable<FilteredImage>;

const FILTERS: Readonly<Record<PyradiomicsImageType, Filter>> = {
  *Original(image) {
    yield { name: 'original', image };
  },
  LoG: laplacians,
  Wavelet: wavelets,
  Square: valueWise('square', (greatest) => {
    const scale = 1 / Math.sqrt(greatest);
    return (value) => scale * value * (scale * value);
  }),
  SquareRoot: valueWise(
    'squareroot',
    (greatest) => (value) => (value < 0 ? -Math.sqrt(-value * greatest) : Math.sqrt(value * greatest)),
  ),
  Logarithm: valueWise('logarithm', (greatest) => {
    const scale = greatest / Math.log(greatest + 1);
    return (value) => (value < 0 ? -Math.log(1 - value) : Math.log(value + 1)) * scale;
  }),
  Exponential: valueWise('exponential', (greatest) => {
    const scale = Math.log(greatest) / greatest;
    return (value) => Math.exp(scale * value);
  }),
  Gradient: gradient,
  LBP2D: localPatterns,
  LBP3D: patternsOnSpheres,
};

/** The images of one type; region: where they are needed. Throws FEATURE_FILTER for images that a filter cannot take. */
export function filteredImages(
  type: PyradiomicsImageType,
  image: Volume,
  settings: PyradiomicsSettings,
  region: RegionMask,
): Iterable<FilteredImage> {
  return FILTERS[type](image, settings, region);
}

function* patternsOnSpheres(
  image: Volume,
  settings: PyradiomicsSettings,
  region: RegionMask,
): Generator<FilteredImage> {
  if (image.isPicture) return;
  const { degrees, kurtosis } = spherePatterns(image, region, settings);
  for (const [degree, pixels] of degrees.entries()) {
    yield { name: `lbp-3D-m${degree + 1}`, image: { ...image, pixels } };
  }
  yield { name: 'lbp-3D-k', image: { ...image, pixels: kurtosis } };
}

/** Values of all voxels by a function that the greatest absolute value makes; in the order in which NumPy's are taken. */
function valueWise(name: string, by: (greatest: number) => (value: number) => number): Filter {
  return function* (image) {
    const { pixels } = image;
    let greatest = 0;
    for (let n = 0; n < pixels.length; n++) greatest = Math.max(greatest, Math.abs(pixels[n]!));
    if (greatest === 0) {
      throw new HounsfieldError(
        'FEATURE_FILTER',
        `every voxel is 0, of which ${name} makes nothing. Leave that image type out.`,
      );
    }
    const out = Float64Array.from(pixels, by(greatest));
    yield { name, image: { ...image, pixels: out } };
  };
}

/** A sigma of 2 is '2-0' in names, as in pyradiomics for one that is written 2.0. */
const sigmaName = (sigma: number): string =>
  Number.isInteger(sigma) ? `${sigma}-0` : String(sigma).replace('.', '-');

function* laplacians(image: Volume, { sigma }: PyradiomicsSettings): Generator<FilteredImage> {
  const spacing = spacingOf(image);
  const [width, height, depth] = image.size;
  const geometry = { affine: image.affine, frame: 'patient' } as const;
  const whole = medicalImage(image.pixels, { width, height, depth }, 32, 'arbitrary', { geometry });
  const by = image.isPicture ? 'slice' : 'volume';
  const sides = image.isPicture ? image.size.slice(0, 2) : image.size;
  for (const one of sigma) {
    const name = `log-sigma-${sigmaName(one)}-mm-3D`;
    if (sides.some((side, axis) => side < Math.max(4, Math.ceil(one / spacing[axis]!) + 1))) {
      yield { name, image: null };
      continue;
    }
    const settings = laplacianOfGaussian.check({ sigma: one, kernel: 'recursive', scaled: true, by });
    const { pixels } = laplacianOfGaussian.change(whole, settings);
    yield {
      name,
      image: { ...image, pixels: Float32Array.from(pixels) },
    };
  }
}

/** Bands of stationary wavelets; within slices where force2D is set, and of a picture. */
function* wavelets(image: Volume, given: PyradiomicsSettings): Generator<FilteredImage> {
  const settings = image.isPicture ? { ...given, force2D: true, force2Ddimension: 0 } : given;
  const turned = toSlices(image.pixels, image.size, settings);
  const values = turned.pixels instanceof Float32Array ? turned.pixels : Float64Array.from(turned.pixels);
  for (const [level, name, band] of waveletBands(values, turned.size, settings)) {
    const { pixels } = toSlices(band, turned.size, settings);
    yield { name: `wavelet${level === 1 ? '' : level}-${name}`, image: { ...image, pixels } };
  }
}

/** Length of the gradient by central differences, per mm; at the ends half of the difference to the one neighbour. */
function* gradient(image: Volume, { gradientUseSpacing }: PyradiomicsSettings): Generator<FilteredImage> {
  const { pixels, size } = image;
  const spacing = gradientUseSpacing ? spacingOf(image) : ([1, 1, 1] as const);
  const strides = [1, size[0], size[0] * size[1]] as const;
  const squares = new Float64Array(pixels.length);
  for (const axis of [0, 1, 2] as const) {
    const [stride, scale] = [strides[axis], 0.5 / spacing[axis]];
    for (let at = 0; at < pixels.length; at++) {
      const place = Math.floor(at / stride) % size[axis];
      const next = place + 1 < size[axis] ? at + stride : at;
      const last = place > 0 ? at - stride : at;
      squares[at] = squares[at]! + (scale * (pixels[next]! - pixels[last]!)) ** 2;
    }
  }
  yield { name: 'gradient', image: { ...image, pixels: Float32Array.from(squares, Math.sqrt) } };
}

function* localPatterns(image: Volume, settings: PyradiomicsSettings): Generator<FilteredImage> {
  const { lbp2DRadius: radius, lbp2DSamples: points, lbp2DMethod } = settings;
  const method = lbp2DMethod as LbpMethod; // checkParameters knows the same names
  const forced = { ...settings, force2D: true };
  const turned = toSlices(image.pixels, image.size, forced);
  const [width, height, depth] = turned.size;
  const plane = width * height;
  const length = turned.pixels.length;
  const pixels = image.isPicture ? new Float64Array(length) : arrayLike(turned.pixels, length);
  for (let z = 0; z < depth; z++) {
    const slice = turned.pixels.subarray(z * plane, (z + 1) * plane);
    pixels.set(localBinaryPattern(slice, width, height, { points, radius, method }), z * plane);
  }
  yield { name: 'lbp-2D', image: { ...image, pixels: toSlices(pixels, turned.size, forced).pixels } };
}
