import { HounsfieldError, isHounsfieldError } from '../../../errors.ts';
import { type JsonObject, type ParameterReader, readParameters } from '../../transforms/read-parameters.ts';
import { BORDERS, type Border } from './borders.ts';
import { COOCCURRENCE_PROPERTIES, type CooccurrenceProperty } from './cooccurrence-properties.ts';
import { HOG_DEFAULTS, HOG_NORMS, type HogSettings } from './hog.ts';
import { LBP_METHODS, type LbpMethod } from './lbp.ts';

type Pair = readonly [rows: number, columns: number];

export interface LbpFeatureSettings {
  readonly points: number;
  readonly radius: number;
  readonly method: Exclude<LbpMethod, 'var'>;
  /** Grid of histograms. */
  readonly cells: Pair;
}

export interface GlcmFeatureSettings {
  readonly levels: number;
  /** Values that the levels span; each picture's own least and greatest where null. */
  readonly range: readonly [low: number, high: number] | null;
  readonly distances: readonly number[];
  readonly anglesDegrees: readonly number[];
  readonly symmetric: boolean;
  readonly properties: readonly CooccurrenceProperty[];
  /** Means over the angles instead of a feature for each. */
  readonly average: boolean;
}

export interface GaborFeatureSettings {
  /** Cycles per pixel. */
  readonly frequencies: readonly number[];
  /** Directions, evenly over half a turn. */
  readonly orientations: number;
  /** Octaves. */
  readonly bandwidth: number;
  readonly border: Border;
  /** Grid in which mean and deviation of the response's magnitude are taken. */
  readonly cells: Pair;
}

/** Which features of a picture, and how: plain JSON. A family that is null is left out. */
export interface PictureFeatureSettings {
  readonly hog: HogSettings | null;
  readonly lbp: readonly LbpFeatureSettings[];
  readonly glcm: GlcmFeatureSettings | null;
  readonly gabor: GaborFeatureSettings | null;
  /** Hu's moments, or sign and decimal logarithm of their size. */
  readonly hu: 'value' | 'logarithm' | null;
  /** A radius of null is half the picture's shorter side. */
  readonly zernike: { readonly degree: number; readonly radius: number | null } | null;
  /** Grid of means and deviations of the values. */
  readonly blocks: Pair | null;
}

const pair = (reader: ParameterReader, name: string, fallback: Pair): Pair =>
  (reader.optional(name, (key) => reader.numbers(key, { min: 1, max: 4096, whole: true, length: 2 })) ??
    fallback) as Pair; // two numbers, checked

function readHog(reader: ParameterReader): HogSettings {
  return {
    orientations: reader.number('orientations', {
      min: 1,
      max: 360,
      whole: true,
      fallback: HOG_DEFAULTS.orientations,
    }),
    pixelsPerCell: pair(reader, 'pixelsPerCell', HOG_DEFAULTS.pixelsPerCell),
    cellsPerBlock: pair(reader, 'cellsPerBlock', HOG_DEFAULTS.cellsPerBlock),
    norm: reader.oneOf('norm', HOG_NORMS, HOG_DEFAULTS.norm),
    squareRoot: reader.flag('squareRoot', HOG_DEFAULTS.squareRoot),
  };
}

function readLbp(reader: ParameterReader): LbpFeatureSettings {
  const histogramMethods = LBP_METHODS.filter((method) => method !== 'var');
  const method = reader.oneOf('method', histogramMethods, 'uniform');
  const most = method === 'default' || method === 'ror' ? 16 : 250;
  return {
    points: reader.number('points', { min: 1, max: most, whole: true, fallback: 8 }),
    radius: reader.number('radius', { min: 0.5, max: 1000, fallback: 1 }),
    method,
    cells: pair(reader, 'cells', [1, 1]),
  };
}

function readGlcm(reader: ParameterReader): GlcmFeatureSettings {
  const all = COOCCURRENCE_PROPERTIES;
  const asked = reader.list('properties');
  const known = all.filter((name) => asked.includes(name));
  reader.require(known.length === asked.length, `properties must be of ${all.join(', ')}, each once`);
  const range = reader.optional('range', (name) => reader.numbers(name, { length: 2 }));
  reader.require(range === null || range[0]! < range[1]!, 'range must be a lower and a higher number');
  const distances = reader.optional('distances', (name) => reader.numbers(name, { min: 1, max: 4096 }));
  const angles = reader.optional('anglesDegrees', (name) => reader.numbers(name));
  reader.require(
    distances?.length !== 0 && angles?.length !== 0,
    'distances and anglesDegrees must not be empty',
  );
  return {
    levels: reader.number('levels', { min: 2, max: 1024, whole: true, fallback: 32 }),
    range: range as GlcmFeatureSettings['range'], // two numbers, checked
    distances: distances ?? [1, 2],
    anglesDegrees: angles ?? [0, 45, 90, 135],
    symmetric: reader.flag('symmetric', true),
    properties: known.length > 0 ? known : all,
    average: reader.flag('average', false),
  };
}

function readGabor(reader: ParameterReader): GaborFeatureSettings {
  const frequencies = reader.optional('frequencies', (name) => reader.numbers(name, { min: 0.001, max: 1 }));
  reader.require(frequencies?.length !== 0, 'frequencies must not be empty');
  return {
    frequencies: frequencies ?? [0.1, 0.2, 0.4],
    orientations: reader.number('orientations', { min: 1, max: 180, whole: true, fallback: 4 }),
    bandwidth: reader.number('bandwidth', { min: 0.1, max: 10, fallback: 1 }),
    border: reader.oneOf('border', BORDERS, 'reflect'),
    cells: pair(reader, 'cells', [1, 1]),
  };
}

/** Settings of a picture's features where nothing is said: HOG, one LBP histogram and the GLCM. */
export const PICTURE_FEATURE_DEFAULTS: JsonObject = { hog: {}, lbp: [{}], glcm: {} };

/**
 * Checks plain JSON and fills in what is absent. An empty object stands for HOG, LBP and GLCM with their defaults; where
 * any family is named, only the named ones are made.
 *
 * Throws PICTURE_FEATURE_SETTINGS with all that is wrong.
 */
export function checkPictureFeatureSettings(given: unknown): PictureFeatureSettings {
  const faults: string[] = [];
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (!isObject && given !== undefined) faults.push('the settings are not an object such as {"hog": {}}');
  const json: JsonObject =
    isObject && Object.keys(given).length > 0 ? (given as JsonObject) : PICTURE_FEATURE_DEFAULTS; // an object
  const section = <T>(name: string, value: unknown, read: (reader: ParameterReader) => T): T | null => {
    if (value === null || value === undefined || value === false) return null;
    try {
      const reader = readParameters(name, value === true ? {} : (value as JsonObject)); // checked by it
      const result = read(reader);
      reader.end();
      return result;
    } catch (error) {
      if (!isHounsfieldError(error, 'TRANSFORM_PARAMETERS')) throw error;
      faults.push(error.message.replace(/^TRANSFORM_PARAMETERS: /, '').replace(/ Correct these\.$/, ''));
      return null;
    }
  };
  const lists = (Array.isArray(json['lbp']) ? json['lbp'] : [json['lbp']]) as readonly unknown[]; // of anything
  const zernike = section('zernike', json['zernike'], (reader) => ({
    degree: reader.number('degree', { min: 0, max: 40, whole: true, fallback: 8 }),
    radius: reader.optional('radius', (name) => reader.number(name, { min: 0.5, max: 1e6 })),
  }));
  const settings: PictureFeatureSettings = {
    hog: section('hog', json['hog'], readHog),
    lbp: lists.map((one) => section('lbp', one, readLbp)).filter((one) => one !== null),
    glcm: section('glcm', json['glcm'], readGlcm),
    gabor: section('gabor', json['gabor'], readGabor),
    hu: huOf(json['hu'], faults),
    zernike,
    blocks: section('blocks', json['blocks'] === undefined ? null : { blocks: json['blocks'] }, (reader) =>
      pair(reader, 'blocks', [4, 4]),
    ),
  };
  const known = Object.keys(settings);
  const unknown = Object.keys(json).filter((name) => !known.includes(name));
  if (unknown.length > 0) faults.push(`unknown: ${unknown.join(', ')} (known: ${known.join(', ')})`);
  if (faults.length > 0) {
    throw new HounsfieldError('PICTURE_FEATURE_SETTINGS', `${faults.join('; ')}. Correct these.`);
  }
  return settings;
}

function huOf(value: unknown, faults: string[]): PictureFeatureSettings['hu'] {
  if (value === undefined || value === null || value === false) return null;
  if (value === true) return 'logarithm';
  if (value === 'value' || value === 'logarithm') return value;
  faults.push("hu must be 'value', 'logarithm' or null");
  return null;
}
