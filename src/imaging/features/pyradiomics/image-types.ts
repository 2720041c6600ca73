import { HounsfieldError } from '../../../errors.ts';
import type { PyradiomicsImageType, PyradiomicsSettings } from './parameters.ts';
import type { RegionMask } from './region-mask.ts';
import type { Volume } from './volume.ts';

/** A filtered image under the name that its features begin with. */
export interface FilteredImage {
  readonly name: string;
  readonly image: Volume;
}

type Filter = (image: Volume, region: RegionMask, settings: PyradiomicsSettings) => Iterable<FilteredImage>;

/** Values of all voxels by a function of each one and of the greatest absolute value. */
function valueWise(name: string, of: (value: number, greatest: number) => number): Filter {
  return function* (image) {
    const { pixels } = image;
    let greatest = 0;
    for (let n = 0; n < pixels.length; n++)
      if (Math.abs(pixels[n]!) > greatest) greatest = Math.abs(pixels[n]!);
    const out = new Float64Array(pixels.length);
    for (let n = 0; n < pixels.length; n++) out[n] = of(pixels[n]!, greatest);
    yield { name, image: { ...image, pixels: out } };
  };
}

const FILTERS: Readonly<Partial<Record<PyradiomicsImageType, Filter>>> = {
  *Original(image) {
    yield { name: 'original', image };
  },
  Square: valueWise('square', (value, greatest) => (greatest === 0 ? 0 : (value / Math.sqrt(greatest)) ** 2)),
  SquareRoot: valueWise(
    'squareroot',
    (value, greatest) => Math.sign(value) * Math.sqrt(Math.abs(value) * greatest),
  ),
  Logarithm: valueWise('logarithm', (value, greatest) =>
    greatest === 0
      ? 0
      : (Math.sign(value) * Math.log(Math.abs(value) + 1) * greatest) / Math.log(greatest + 1),
  ),
  Exponential: valueWise('exponential', (value, greatest) =>
    greatest === 0 ? 1 : Math.exp((Math.log(greatest) / greatest) * value),
  ),
};

/** The images of one type. Throws FEATURE_FILTER for a type that is not made. */
export function filteredImages(
  type: PyradiomicsImageType,
  image: Volume,
  region: RegionMask,
  settings: PyradiomicsSettings,
): Iterable<FilteredImage> {
  const filter = FILTERS[type];
  if (filter) return filter(image, region, settings);
  throw new HounsfieldError(
    'FEATURE_FILTER',
    `images of type ${type} are not made. Ask for ${Object.keys(FILTERS).join(', ')}.`,
  );
}
