import { HounsfieldError } from '../../../errors.ts';
import type { MedicalImage } from '../../image/medical-image.ts';
import { type HogSettings, hog, hogShape } from './hog.ts';
import { lbpBins, lbpHistogram } from './lbp-histogram.ts';
import { centralMoments, huMoments, normalizedMoments } from './moments.ts';
import { blockStatistics } from './multiblock.ts';
import { greyOf, type Picture, type PictureFeature, pictureOf } from './picture.ts';
import { gaborFamily } from './picture-gabor.ts';
import { cooccurrenceFamily } from './picture-glcm.ts';
import {
  checkPictureFeatureSettings,
  type LbpFeatureSettings,
  type PictureFeatureSettings,
} from './picture-settings.ts';
import { zernikeMoments, zernikeOrders } from './zernike.ts';

/** One family made ready for pictures of one size: its features, and how their values are made. */
export interface PictureFamily {
  readonly features: readonly PictureFeature[];
  /** @param grey mean of the channels; [H, W] */
  values(picture: Picture, grey: Float64Array): ArrayLike<number>;
}

/** Makes the same features of many pictures of one size. */
export interface PictureFeatureExtractor {
  readonly settings: PictureFeatureSettings;
  readonly features: readonly PictureFeature[];
  readonly names: readonly string[];
  /** One number for each name. Throws PICTURE_SHAPE when the picture is of another size. */
  extract(picture: Picture): Float64Array;
}

const UNLIMITED = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** Features that one family may have. */
const MOST_FEATURES = 1_000_000;

/** Throws PICTURE_FEATURE_SETTINGS, before names are made. */
function requireCount(count: number, family: string): void {
  if (count <= MOST_FEATURES) return;
  throw new HounsfieldError(
    'PICTURE_FEATURE_SETTINGS',
    `${family} would make ${count} features of each picture, at most ${MOST_FEATURES} are made. Use larger cells, or fewer bins.`,
  );
}

/** Throws PICTURE_TOO_SMALL where a cell of the grid would have no pixel. */
function requireGrid(cells: readonly [rows: number, columns: number], width: number, height: number): void {
  if (cells[0] <= height && cells[1] <= width) return;
  throw new HounsfieldError(
    'PICTURE_TOO_SMALL',
    `a grid of ${cells.join(' x ')} cells does not fit ${height} rows and ${width} columns. Use fewer cells.`,
  );
}

const feature = (name: string, range: readonly [number, number] = [0, 1], unit = '1'): PictureFeature => ({
  name,
  unit,
  range,
});

function hogFamily(settings: HogSettings, width: number, height: number): PictureFamily {
  const { blocks, length } = hogShape(width, height, settings);
  requireCount(length, 'hog');
  const features: PictureFeature[] = [];
  for (let by = 0; by < blocks[0]; by++) {
    for (let bx = 0; bx < blocks[1]; bx++) {
      for (let cell = 0; cell < settings.cellsPerBlock[0] * settings.cellsPerBlock[1]; cell++) {
        const [cy, cx] = [Math.floor(cell / settings.cellsPerBlock[1]), cell % settings.cellsPerBlock[1]];
        for (let o = 0; o < settings.orientations; o++) {
          features.push(feature(`hog_b${by}_${bx}_c${cy}_${cx}_o${o}`));
        }
      }
    }
  }
  return { features, values: (picture) => hog(picture, settings) };
}

function lbpFamily(settings: LbpFeatureSettings, width: number, height: number): PictureFamily {
  const { points, radius, method, cells } = settings;
  const bins = lbpBins(points, method);
  requireGrid(cells, width, height);
  requireCount(bins * cells[0] * cells[1], 'lbp');
  const features: PictureFeature[] = [];
  for (let cy = 0; cy < cells[0]; cy++) {
    for (let cx = 0; cx < cells[1]; cx++) {
      for (let bin = 0; bin < bins; bin++) {
        features.push(feature(`lbp_p${points}_r${radius}_${method}_c${cy}_${cx}_${bin}`));
      }
    }
  }
  return { features, values: (_, grey) => lbpHistogram(grey, width, height, settings, cells) };
}

function huFamily(way: 'value' | 'logarithm', width: number, height: number): PictureFamily {
  const features = Array.from({ length: 7 }, (_, i) =>
    feature(`hu_${i + 1}${way === 'logarithm' ? '_log' : ''}`, UNLIMITED),
  );
  const values = (_: Picture, grey: Float64Array): readonly number[] => {
    const moments = huMoments(normalizedMoments(centralMoments(grey, width, height)));
    if (way === 'value') return moments;
    return moments.map((value) => (value === 0 ? 0 : -Math.sign(value) * Math.log10(Math.abs(value))));
  };
  return { features, values };
}

function zernikeFamily(
  { degree, radius }: NonNullable<PictureFeatureSettings['zernike']>,
  width: number,
  height: number,
): PictureFamily {
  const features = zernikeOrders(degree).map(([n, l]) =>
    feature(`zernike_${n}_${l}`, [0, (n + 1) / Math.PI]),
  );
  const settings = { degree, radius: radius ?? Math.min(width, height) / 2 };
  return { features, values: (_, grey) => zernikeMoments(grey, width, height, settings) };
}

function blockFamily(cells: readonly [number, number], width: number, height: number): PictureFamily {
  requireGrid(cells, width, height);
  requireCount(2 * cells[0] * cells[1], 'blocks');
  const features: PictureFeature[] = [];
  for (let y = 0; y < cells[0]; y++) {
    for (let x = 0; x < cells[1]; x++) {
      features.push(feature(`block_${y}_${x}_mean`, UNLIMITED, 'u'));
      features.push(feature(`block_${y}_${x}_sd`, [0, Number.POSITIVE_INFINITY], 'u'));
    }
  }
  return { features, values: (_, grey) => blockStatistics(grey, width, height, cells) };
}

/**
 * Makes ready what is asked for of pictures of one size; use it for a table of many pictures.
 *
 * @param given plain JSON, checked
 * @throws PICTURE_FEATURE_SETTINGS, PICTURE_TOO_SMALL
 * @example const { names, extract } = pictureFeatureExtractor({ hog: { pixelsPerCell: [4, 4] } }, 28, 28);
 */
export function pictureFeatureExtractor(
  given: unknown,
  width: number,
  height: number,
  channels = 1,
): PictureFeatureExtractor {
  const settings = checkPictureFeatureSettings(given);
  if (settings.gabor) {
    const { frequencies, orientations, cells } = settings.gabor;
    requireGrid(cells, width, height);
    requireCount(2 * frequencies.length * orientations * cells[0] * cells[1], 'gabor');
  }
  const families = [
    ...(settings.hog ? [hogFamily(settings.hog, width, height)] : []),
    ...settings.lbp.map((one) => lbpFamily(one, width, height)),
    ...(settings.glcm ? [cooccurrenceFamily(settings.glcm, width, height)] : []),
    ...(settings.gabor ? [gaborFamily(settings.gabor, width, height)] : []),
    ...(settings.hu ? [huFamily(settings.hu, width, height)] : []),
    ...(settings.zernike ? [zernikeFamily(settings.zernike, width, height)] : []),
    ...(settings.blocks ? [blockFamily(settings.blocks, width, height)] : []),
  ];
  const features = families.flatMap((family) => family.features);
  const names = features.map(({ name }) => name);
  if (features.length === 0) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      'no family of features is asked for. Name one, such as {"hog": {}}.',
    );
  }
  if (new Set(names).size !== names.length) {
    throw new HounsfieldError(
      'PICTURE_FEATURE_SETTINGS',
      'two features would have one name: the same local binary pattern is asked for twice. Name each once.',
    );
  }
  const extract = (of: Picture): Float64Array => {
    if (of.width !== width || of.height !== height || of.channels !== channels) {
      throw new HounsfieldError(
        'PICTURE_SHAPE',
        `the picture has ${of.channels} channels of ${of.height} x ${of.width}, the others ${channels} of ${height} x ${width}. ` +
          'Bring all pictures of a table to one size.',
      );
    }
    const grey = greyOf(of);
    const out = new Float64Array(features.length);
    let at = 0;
    for (const family of families) {
      out.set(family.values(of, grey), at);
      at += family.features.length;
    }
    return out;
  };
  return { settings, features, names, extract };
}

/**
 * Features of one picture with their names.
 *
 * @throws PICTURE_SHAPE, PICTURE_VALUES, PICTURE_FEATURE_SETTINGS, PICTURE_TOO_SMALL
 */
export function pictureFeatures(
  image: MedicalImage | Picture,
  settings: unknown = {},
): { readonly names: readonly string[]; readonly values: Float64Array } {
  const of = 'pixels' in image ? pictureOf(image) : image;
  const { names, extract } = pictureFeatureExtractor(settings, of.width, of.height, of.channels);
  return { names, values: extract(of) };
}
