import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import { IDENTITY_AFFINE } from '../../geometry/grid.ts';
import type { MedicalImage } from '../../image/medical-image.ts';
import { FIRST_ORDER_NAMES, firstOrder } from './first-order.ts';
import { greyBins } from './grey-bins.ts';
import { filteredImages } from './image-types.ts';
import { normalised } from './normalise.ts';
import {
  checkParameters,
  type PyradiomicsClass,
  type PyradiomicsImageType,
  type PyradiomicsParameters,
  type PyradiomicsSettings,
  withDefaults,
} from './parameters.ts';
import {
  checkSize,
  correctedMask,
  type RegionMask,
  regionMask,
  regionValues,
  resegmented,
  sameVolumeGrid,
} from './region-mask.ts';
import { type Pair, resampled } from './resample.ts';
import { SHAPE_NAMES, shape } from './shape.ts';
import { SHAPE_2D_NAMES, shape2D } from './shape-2d.ts';
import { swapAxes, toSlices } from './slices.ts';
import {
  GLCM,
  GLDM,
  GLRLM,
  GLSZM,
  NGTDM,
  type TextureClass,
  textureClass,
  textureRegion,
} from './texture.ts';
import { cropped, padded, spacingOf, type Volume, volumeOf } from './volume.ts';

/** Names of the features of each class of pyradiomics 3.0.1, without those that it calls deprecated. */
export const PYRADIOMICS_FEATURES: Readonly<Record<PyradiomicsClass, readonly string[]>> = {
  shape: SHAPE_NAMES,
  shape2D: SHAPE_2D_NAMES,
  firstorder: FIRST_ORDER_NAMES,
  glcm: Object.keys(GLCM),
  gldm: Object.keys(GLDM),
  glrlm: Object.keys(GLRLM),
  glszm: Object.keys(GLSZM),
  ngtdm: Object.keys(NGTDM),
};

const ALL_CLASSES = ['firstorder', 'glcm', 'gldm', 'glrlm', 'glszm', 'ngtdm'] as const;
type Enabled = readonly (readonly [name: PyradiomicsClass, features: readonly string[]])[];

/**
 * Features by pyradiomics' definitions under its names ('original_glcm_Contrast', 'wavelet-LLH_firstorder_Mean'), in its
 * order: those of shape, then those of each image type. They differ from the IBSI's where pyradiomics does (bins that
 * begin at multiples of their width, distances, kurtosis that is not in excess); `computeFeatures` gives the IBSI's. Where
 * no two voxels lie on one line, features of run lengths are NaN, of which pyradiomics gives two as 0; a mask that fills its
 * image is allowed. A picture, an image of one slice whose place in the patient is not known, is taken as two-dimensional:
 * shape2D in place of shape, filters within its plane. Features of an image that is too small for LoG are NaN.
 * @param image one channel, one time point
 * @param mask of the same grid, or of another with correctMask or resampledPixelSpacing
 * @param parameters what a parameter file of pyradiomics holds; its defaults where left out
 * @returns values by name; NaN where a feature is not defined for the region
 * Throws FEATURE_SETTINGS, FEATURE_CHANNELS, MASK_EMPTY, MASK_LABEL_MISSING, MASK_GRID_MISMATCH, MASK_OUTSIDE_IMAGE,
 * MASK_TOO_SMALL, FEATURE_VALUES, FEATURE_LEVELS, FEATURE_SPACING, FEATURE_FILTER.
 */
export function pyradiomicsFeatures(
  image: MedicalImage,
  mask: MedicalImage,
  parameters: PyradiomicsParameters = {},
): ReadonlyMap<string, number> {
  checkParameters(parameters);
  // a picture has one way to be cut into slices
  const slices = volumeOf(image, 'the image').isPicture ? { force2Ddimension: 0 } : {};
  const settings = withDefaults(parameters.setting, slices);
  const pair = prepared(image, mask, settings);
  const whole = regionMask(pair.mask, settings.label);
  checkSize(whole, settings);
  const region = settings.resegmentRange === null ? whole : resegmented(pair.image, whole, settings);
  if (region !== whole) checkSize(region, settings);
  const isPicture = pair.image.isPicture === true;
  const across = swapAxes(region.size, settings)[2];
  const enabled = enabledFeatures(parameters, [
    ...(isPicture ? [] : ['shape' as const]),
    ...(isPicture || (settings.force2D && across === 1) ? ['shape2D' as const] : []),
  ]);
  const values = new Map<string, number>();
  const shapeOf = settings.resegmentShape ? region : withinBox(whole, region);
  addShape(values, shapeOf, pair.image, enabled, settings);
  for (const [type, own] of Object.entries(parameters.imageType ?? { Original: {} })) {
    const custom = withDefaults(parameters.setting, own, slices);
    // Object.entries forgets the names of image types, which checkParameters has seen
    for (const { name, image: filtered } of filteredImages(
      type as PyradiomicsImageType,
      pair.image,
      custom,
      region,
    )) {
      addIntensity(values, name, filtered, region, enabled, custom);
    }
  }
  return values;
}

function enabledFeatures(
  { featureClass }: PyradiomicsParameters,
  shapes: readonly ('shape' | 'shape2D')[],
): Enabled {
  if (!featureClass || Object.keys(featureClass).length === 0) {
    return [...ALL_CLASSES, ...shapes].map((name) => [name, PYRADIOMICS_FEATURES[name]]);
  }
  return (Object.entries(featureClass) as [PyradiomicsClass, readonly string[] | null][]).map(
    ([name, asked]) => {
      // checkParameters has seen the classes' names
      const known = PYRADIOMICS_FEATURES[name];
      const unknown = (asked ?? []).filter((feature) => !known.includes(feature));
      if (unknown.length > 0) {
        throw new HounsfieldError(
          'FEATURE_SETTINGS',
          `the class ${name} has no feature ${unknown.join(', ')}. It has ${known.join(', ')}.`,
        );
      }
      return [name, asked && asked.length > 0 ? asked : known];
    },
  );
}

/** Image and mask on one grid, normalised and resampled or cropped where that is asked for. */
function prepared(image: MedicalImage, mask: MedicalImage, settings: PyradiomicsSettings): Pair {
  const original = volumeOf(image, 'the image');
  const placed = volumeOf(mask, 'the mask', mask.channels === 1 ? undefined : settings.label_channel);
  const labels = image.geometry && mask.geometry ? placed : { ...placed, affine: original.affine };
  const scaled = settings.normalize ? normalised(original, settings) : original;
  if (settings.resampledPixelSpacing !== null && settings.interpolator !== null) {
    return resampled({ image: scaled, mask: labels }, settings);
  }
  const onImage = { image: scaled, mask: onGrid(scaled, labels, settings) };
  if (!settings.preCrop) return onImage;
  const region = regionMask(onImage.mask, settings.label);
  checkSize(region, settings);
  const box = padded(region, settings.padDistance, scaled.size);
  return { image: cropped(onImage.image, box), mask: cropped(onImage.mask, box) };
}

function onGrid(image: Volume, mask: Volume, settings: PyradiomicsSettings): Volume {
  if (sameVolumeGrid(image, mask, settings.geometryTolerance ?? 1e-6)) return mask;
  if (settings.correctMask) return correctedMask(image, mask, settings.label);
  throw new HounsfieldError(
    'MASK_GRID_MISMATCH',
    `mask is ${mask.size.join('x')}, image is ${image.size.join('x')}, or they lie differently. Resample the mask with ` +
      'resampleTo(mask, image), set correctMask, or widen geometryTolerance where only digits differ.',
  );
}

/** What lies of the whole region in the box of its re-segmented part: pyradiomics takes the shape of that. */
function withinBox(whole: RegionMask, part: RegionMask): RegionMask {
  if (whole === part) return whole;
  const low = part.low.map((from, axis) => from - whole.low[axis]!) as unknown as Vector3; // three axes
  const high = part.high.map((to, axis) => to - whole.low[axis]!) as unknown as Vector3; // likewise
  const pixels = cropped(
    { pixels: whole.inside, size: whole.size, affine: IDENTITY_AFFINE },
    { low, high },
  ).pixels;
  const inside = Uint8Array.from(pixels);
  return { ...part, inside, voxels: inside.reduce((count, one) => count + one, 0) };
}

function addShape(
  values: Map<string, number>,
  region: RegionMask,
  image: Volume,
  enabled: Enabled,
  settings: PyradiomicsSettings,
): void {
  const spacingMm = spacingOf(image);
  for (const [name, features] of enabled) {
    if (name === 'shape') add(values, 'original_shape', shape(region, spacingMm), features);
    if (name !== 'shape2D') continue;
    const { pixels: inside, size } = toSlices(region.inside, region.size, settings);
    if (size[2] !== 1 || !(settings.force2D || image.size[2] === 1)) {
      throw new HounsfieldError(
        'FEATURE_SETTINGS',
        `shape2D is for a picture, or for a region in one slice of a volume with force2D; this one has ${size[2]} slices and ` +
          `force2D is ${settings.force2D}. Take out one slice of the mask and set force2D, or leave shape2D out.`,
      );
    }
    add(values, 'original_shape2D', shape2D(inside, size, swapAxes(spacingMm, settings)), features);
  }
}

function addIntensity(
  values: Map<string, number>,
  name: string,
  image: Volume | null,
  region: RegionMask,
  enabled: Enabled,
  settings: PyradiomicsSettings,
): void {
  const classes = enabled.filter(([one]) => !one.startsWith('shape'));
  if (classes.length === 0) return;
  if (image === null) {
    for (const [one, features] of classes) {
      for (const feature of PYRADIOMICS_FEATURES[one]) {
        if (features.includes(feature)) values.set(`${name}_${one}_${feature}`, Number.NaN);
      }
    }
    return;
  }
  const intensities = regionValues(image, region);
  const { levels, highest } = greyBins(intensities, image.pixels instanceof Float32Array, settings);
  const spacingMm = spacingOf(image);
  const grid = classes.some(([one]) => one !== 'firstorder')
    ? gridOf(levels, highest, region, spacingMm, settings)
    : undefined;
  for (const [one, features] of classes) {
    const prefix = `${name}_${one}`;
    if (one === 'firstorder') {
      const voxelMm3 = spacingMm[0] * spacingMm[1] * spacingMm[2];
      add(
        values,
        prefix,
        firstOrder(intensities, levels, highest, settings.voxelArrayShift, voxelMm3),
        features,
      );
    } else if (grid) {
      add(values, prefix, textureClass(one as TextureClass, grid, settings), features); // neither shape nor first order
    }
  }
}

function gridOf(
  levels: Uint16Array,
  highest: number,
  region: RegionMask,
  spacingMm: Vector3,
  settings: PyradiomicsSettings,
) {
  const box = new Uint16Array(region.inside.length);
  for (let at = 0, n = 0; at < box.length; at++) if (region.inside[at] !== 0) box[at] = levels[n++]!;
  const { pixels, size } = toSlices(box, region.size, settings);
  return textureRegion(pixels, highest, size, swapAxes(spacingMm, settings), settings);
}

function add(
  values: Map<string, number>,
  prefix: string,
  of: Readonly<Record<string, number>>,
  features: readonly string[],
): void {
  for (const [name, value] of Object.entries(of))
    if (features.includes(name)) values.set(`${prefix}_${name}`, value);
}
