import { RandomStream } from '../../random.ts';
import type { FloatImage } from '../image/medical-image.ts';
import { type ControlGrid, displacementField } from '../transforms/elastic.ts';
import { erase } from '../transforms/erase.ts';
import { gaussianBlur } from '../transforms/gaussian-blur.ts';
import {
  brightnessContrast,
  clampIntensity,
  gamma,
  intensityRange,
  scaleIntensity,
} from '../transforms/intensity.ts';
import { type AffineMatrix, type Border, composeAffine, warpAffine } from '../transforms/warp-affine.ts';
import type { AugmentationRecipe } from './recipe.ts';

/** Points of the elastic control grid on each side. */
const ELASTIC_POINTS = 7;

/** What was drawn for one image: plain JSON, enough to do the same again. Lengths are fractions of the side. */
export interface AugmentationRecord {
  readonly geometry?: {
    readonly rotateDegrees: number;
    readonly scale: number;
    readonly shift: readonly [across: number, down: number];
    readonly flipHorizontal: boolean;
    readonly flipVertical: boolean;
    /** Side of the cropped window, 0..1, and where its centre lies from the image's centre. */
    readonly cropSide: number;
    readonly cropCentre: readonly [across: number, down: number];
  };
  readonly elastic?: ControlGrid;
  readonly border: 'reflect' | 'lowest';
  readonly brightness?: number;
  readonly contrast?: number;
  readonly gamma?: number;
  readonly noise?: { readonly deviation: number; readonly seed: number };
  readonly blurSigma?: number;
  readonly cutout?: { readonly side: number; readonly centre: readonly [across: number, down: number] };
}

/**
 * Draws one image's augmentation. The same stream key and recipe give the same record; every parameter of the recipe
 * takes its draws in a fixed order, whatever was drawn before.
 */
export function drawAugmentation(recipe: AugmentationRecipe, stream: RandomStream): AugmentationRecord {
  const spread = (amount: number | undefined): number => (amount ? stream.uniform(-amount, amount) : 0);
  const geometry = drawGeometry(recipe, stream, spread);
  const elastic = recipe.elastic ? { elastic: drawElastic(recipe.elastic, stream) } : {};
  return {
    ...geometry,
    ...elastic,
    border: recipe.border ?? 'reflect',
    ...(recipe.brightness ? { brightness: 1 + spread(recipe.brightness) } : {}),
    ...(recipe.contrast ? { contrast: 1 + spread(recipe.contrast) } : {}),
    ...(recipe.gamma ? { gamma: Math.exp(spread(recipe.gamma)) } : {}),
    ...(recipe.noise ? { noise: { deviation: stream.uniform(0, recipe.noise), seed: stream.uint32() } } : {}),
    ...(recipe.blur ? { blurSigma: stream.uniform(0, recipe.blur) } : {}),
    ...(recipe.cutout
      ? { cutout: { side: recipe.cutout, centre: [stream.uniform(), stream.uniform()] as const } }
      : {}),
  };
}

function drawGeometry(
  recipe: AugmentationRecipe,
  stream: RandomStream,
  spread: (amount: number | undefined) => number,
): Pick<AugmentationRecord, 'geometry'> {
  const { rotateDegrees, scale, shift, flipHorizontal, flipVertical, crop } = recipe;
  if (!rotateDegrees && !scale && !shift && !flipHorizontal && !flipVertical && !crop) return {};
  const cropSide = crop ? Math.sqrt(1 - stream.uniform(0, crop)) : 1;
  const room = (1 - cropSide) / 2;
  return {
    geometry: {
      rotateDegrees: spread(rotateDegrees),
      scale: 1 + spread(scale),
      shift: [spread(shift), spread(shift)],
      flipHorizontal: flipHorizontal ? stream.chance(flipHorizontal) : false,
      flipVertical: flipVertical ? stream.chance(flipVertical) : false,
      cropSide,
      cropCentre: crop ? [stream.uniform(-room, room), stream.uniform(-room, room)] : [0, 0],
    },
  };
}

function drawElastic(deviation: number, stream: RandomStream): ControlGrid {
  const count = 2 * ELASTIC_POINTS * ELASTIC_POINTS;
  const displacements = Array.from({ length: count }, () => stream.normal(0, deviation));
  return { rows: ELASTIC_POINTS, columns: ELASTIC_POINTS, displacements };
}

/**
 * The one affine map of a record's geometry, from output to input pixels: crop, flips, rotation, scaling and shift
 * about the image's centre, in one matrix, so that the image is interpolated once.
 */
export function geometryMatrix(
  geometry: NonNullable<AugmentationRecord['geometry']>,
  height: number,
  width: number,
): AffineMatrix {
  const { cropSide, cropCentre, scale, shift } = geometry;
  const angle = (geometry.rotateDegrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  const fromCentre: AffineMatrix = [1, 0, centreX, 0, 1, centreY];
  const turn: AffineMatrix = [cos, -sin, 0, sin, cos, 0];
  const toCentre: AffineMatrix = [1, 0, -centreX - shift[0] * width, 0, 1, -centreY - shift[1] * height];
  const window: AffineMatrix = [
    geometry.flipHorizontal ? -cropSide : cropSide,
    0,
    cropCentre[0] * width,
    0,
    geometry.flipVertical ? -cropSide : cropSide,
    cropCentre[1] * height,
  ];
  return composeAffine(fromCentre, composeAffine(window, composeAffine(turn, toCentre)));
}

/**
 * Does to an image what a record says. `fullScale` is the range that stored values can have (0..255 for 8 bits):
 * results are cut off there, as a detector saturates. Deterministic: same image, same record, same result.
 */
export function applyAugmentation(
  image: FloatImage,
  record: AugmentationRecord,
  fullScale?: readonly [number, number],
): FloatImage {
  let result = image;
  const { geometry, elastic } = record;
  if (geometry || elastic) result = warp(image, record);
  if (record.brightness !== undefined || record.contrast !== undefined) {
    result = brightnessContrast(result, record.brightness ?? 1, record.contrast ?? 1);
  }
  if (record.gamma !== undefined) result = gamma(result, record.gamma, intensityRange(result));
  if (record.blurSigma !== undefined) result = gaussianBlur(result, record.blurSigma);
  if (record.noise !== undefined) result = addNoise(result, record.noise);
  if (record.cutout !== undefined) {
    const { side, centre } = record.cutout;
    const [height, width] = [Math.round(side * image.height), Math.round(side * image.width)];
    const top = Math.round(centre[1] * image.height - height / 2);
    const left = Math.round(centre[0] * image.width - width / 2);
    result = erase(result, { top, left, height, width });
  }
  return fullScale ? clampIntensity(result, fullScale) : result;
}

function warp(image: FloatImage, record: AugmentationRecord): FloatImage {
  const { height, width } = image;
  const { geometry, elastic } = record;
  const border: Border = record.border === 'lowest' ? { constant: intensityRange(image)[0] } : 'reflect';
  const matrix = geometry ? geometryMatrix(geometry, height, width) : ([1, 0, 0, 0, 1, 0] as const);
  if (!elastic) return warpAffine(image, matrix, border);
  const count = elastic.rows * elastic.columns;
  const displacements = elastic.displacements.map((value, i) => value * (i < count ? width : height));
  return warpAffine(image, matrix, border, displacementField({ ...elastic, displacements }, height, width));
}

function addNoise(image: FloatImage, noise: { deviation: number; seed: number }): FloatImage {
  const [low, high] = intensityRange(image);
  const deviation = noise.deviation * (high - low);
  if (!(deviation > 0)) return scaleIntensity(image, 1, 0);
  const stream = new RandomStream({ seed: noise.seed, purpose: 'noise' });
  return { ...image, pixels: image.pixels.map((value) => value + stream.normal(0, deviation)) };
}
