import { HounsfieldError } from '../../../errors.ts';

/** The settings of pyradiomics 3.0.1 under its own names, with its defaults where they are left out. */
export interface PyradiomicsSettings {
  readonly label: number;
  readonly label_channel: number;
  readonly minimumROIDimensions: number;
  readonly minimumROISize: number | null;
  readonly geometryTolerance: number | null;
  readonly correctMask: boolean;
  readonly normalize: boolean;
  readonly normalizeScale: number;
  readonly removeOutliers: number | null;
  readonly resampledPixelSpacing: readonly number[] | null;
  readonly interpolator: string | null;
  readonly padDistance: number;
  readonly preCrop: boolean;
  readonly force2D: boolean;
  readonly force2Ddimension: number;
  readonly resegmentRange: readonly number[] | null;
  readonly resegmentMode: 'absolute' | 'relative' | 'sigma';
  readonly resegmentShape: boolean;
  readonly binWidth: number;
  readonly binCount: number | null;
  readonly voxelArrayShift: number;
  readonly distances: readonly number[];
  readonly symmetricalGLCM: boolean;
  readonly weightingNorm: string | null;
  readonly gldm_a: number;
  /** Of filtered images. */
  readonly sigma: readonly number[];
  readonly wavelet: string;
  readonly level: number;
  readonly start_level: number;
  readonly gradientUseSpacing: boolean;
  readonly lbp2DRadius: number;
  readonly lbp2DSamples: number;
  readonly lbp2DMethod: string;
  readonly lbp3DLevels: number;
  readonly lbp3DIcosphereRadius: number;
  readonly lbp3DIcosphereSubdivision: number;
  /** Accepted and without effect on values. */
  readonly additionalInfo: boolean;
}

export const PYRADIOMICS_DEFAULTS: PyradiomicsSettings = {
  label: 1,
  label_channel: 0,
  minimumROIDimensions: 2,
  minimumROISize: null,
  geometryTolerance: null,
  correctMask: false,
  normalize: false,
  normalizeScale: 1,
  removeOutliers: null,
  resampledPixelSpacing: null,
  interpolator: 'sitkBSpline',
  padDistance: 5,
  preCrop: false,
  force2D: false,
  force2Ddimension: 0,
  resegmentRange: null,
  resegmentMode: 'absolute',
  resegmentShape: false,
  binWidth: 25,
  binCount: null,
  voxelArrayShift: 0,
  distances: [1],
  symmetricalGLCM: true,
  weightingNorm: null,
  gldm_a: 0,
  sigma: [],
  wavelet: 'coif1',
  level: 1,
  start_level: 0,
  gradientUseSpacing: true,
  lbp2DRadius: 1,
  lbp2DSamples: 8,
  lbp2DMethod: 'uniform',
  lbp3DLevels: 2,
  lbp3DIcosphereRadius: 1,
  lbp3DIcosphereSubdivision: 1,
  additionalInfo: true,
};

export const PYRADIOMICS_IMAGE_TYPES = [
  'Original',
  'LoG',
  'Wavelet',
  'Square',
  'SquareRoot',
  'Logarithm',
  'Exponential',
  'Gradient',
  'LBP2D',
  'LBP3D',
] as const;
export type PyradiomicsImageType = (typeof PYRADIOMICS_IMAGE_TYPES)[number];

export const PYRADIOMICS_CLASSES = [
  'shape',
  'shape2D',
  'firstorder',
  'glcm',
  'gldm',
  'glrlm',
  'glszm',
  'ngtdm',
] as const;
export type PyradiomicsClass = (typeof PYRADIOMICS_CLASSES)[number];

/** What a parameter file of pyradiomics holds; all of it may be left out. */
export interface PyradiomicsParameters {
  readonly setting?: Partial<PyradiomicsSettings>;
  /** Which images features are computed of, with settings of their own; 'Original' where left out. */
  readonly imageType?: Readonly<Partial<Record<PyradiomicsImageType, Partial<PyradiomicsSettings> | null>>>;
  /** Which classes, and which of their features (all where the list is empty or null); all but shape2D where left out. */
  readonly featureClass?: Readonly<Partial<Record<PyradiomicsClass, readonly string[] | null>>>;
}

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isCount: Check = (value) => Number.isInteger(value) && Number(value) >= 0;
const isPositive: Check = (value) => isNumber(value) && Number(value) > 0;
const isFlag: Check = (value) => typeof value === 'boolean';
const isText: Check = (value) => typeof value === 'string';
const orNone =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check, least: number, most: number): Check =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.length <= most && value.every(check);
const within =
  (low: number, high: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= low && Number(value) <= high;
const oneOf =
  (...known: readonly unknown[]): Check =>
  (value) =>
    known.includes(value);

const METHODS = ['default', 'ror', 'uniform', 'nri_uniform', 'var'];
const NORMS = ['infinity', 'euclidean', 'manhattan', 'no_weighting', null];

/** What each setting may be, and in words. */
const SETTINGS: Readonly<Record<keyof PyradiomicsSettings, readonly [Check, string]>> = {
  label: [within(1, 0xffffffff), 'a whole number of at least 1'],
  label_channel: [isCount, 'a whole number'],
  minimumROIDimensions: [within(1, 3), '1, 2 or 3'],
  minimumROISize: [orNone(isCount), 'a whole number or null'],
  geometryTolerance: [orNone(isPositive), 'a number above 0 or null'],
  correctMask: [isFlag, 'true or false'],
  normalize: [isFlag, 'true or false'],
  normalizeScale: [isPositive, 'a number above 0'],
  removeOutliers: [orNone(isPositive), 'a number above 0 or null'],
  resampledPixelSpacing: [
    orNone(listOf((v) => isNumber(v) && Number(v) >= 0, 2, 3)),
    'three numbers in mm, two of a picture, or null',
  ],
  interpolator: [orNone(isText), 'sitkBSpline, sitkLinear or sitkNearestNeighbor'],
  padDistance: [isCount, 'a whole number of voxels'],
  preCrop: [isFlag, 'true or false'],
  force2D: [isFlag, 'true or false'],
  force2Ddimension: [within(0, 2), '0 (z), 1 (y) or 2 (x)'],
  resegmentRange: [orNone(listOf(isNumber, 1, 2)), 'one or two numbers or null'],
  resegmentMode: [oneOf('absolute', 'relative', 'sigma'), 'absolute, relative or sigma'],
  resegmentShape: [isFlag, 'true or false'],
  binWidth: [isPositive, 'a number above 0'],
  binCount: [orNone(within(1, 65535)), 'a whole number of 1 to 65535 or null'],
  voxelArrayShift: [isNumber, 'a number'],
  distances: [listOf(within(1, 64), 1, 64), 'a list of whole numbers of 1 to 64'],
  symmetricalGLCM: [isFlag, 'true or false'],
  weightingNorm: [oneOf(...NORMS), 'infinity, euclidean, manhattan, no_weighting or null'],
  gldm_a: [(v) => isNumber(v) && Number(v) >= 0, 'a number that is not negative'],
  sigma: [listOf(isPositive, 0, 64), 'a list of numbers above 0, mm'],
  wavelet: [isText, 'the name of a wavelet'],
  level: [within(1, 16), 'a whole number of 1 to 16'],
  start_level: [within(0, 16), 'a whole number of 0 to 16'],
  gradientUseSpacing: [isFlag, 'true or false'],
  lbp2DRadius: [isPositive, 'a number above 0'],
  lbp2DSamples: [within(1, 32), 'a whole number of 1 to 32'],
  lbp2DMethod: [oneOf(...METHODS), METHODS.join(', ')],
  lbp3DLevels: [within(1, 16), 'a whole number of 1 to 16'],
  lbp3DIcosphereRadius: [isPositive, 'a number above 0'],
  lbp3DIcosphereSubdivision: [within(0, 4), 'a whole number of 0 to 4'],
  additionalInfo: [isFlag, 'true or false'],
};

/** Settings that may be left out by null, as pyradiomics' own files and callers do. */
const NULLABLE: readonly string[] = ['binWidth', 'distances', 'sigma'];

/** Throws FEATURE_SETTINGS, which names every fault. */
export function checkParameters(parameters: PyradiomicsParameters): void {
  const faults: string[] = [];
  const known = ['setting', 'imageType', 'featureClass', 'voxelSetting'];
  for (const key of Object.keys(parameters)) if (!known.includes(key)) faults.push(`there is no part ${key}`);
  faults.push(...settingFaults(parameters.setting ?? {}, 'setting'));
  for (const [type, settings] of Object.entries(parameters.imageType ?? {})) {
    if (!PYRADIOMICS_IMAGE_TYPES.includes(type as PyradiomicsImageType))
      faults.push(`there is no image type ${type}`); // includes takes any text
    faults.push(...settingFaults(settings ?? {}, `imageType ${type}`));
  }
  for (const name of Object.keys(parameters.featureClass ?? {})) {
    if (!PYRADIOMICS_CLASSES.includes(name as PyradiomicsClass))
      faults.push(`there is no feature class ${name}`); // includes takes any text
  }
  if (faults.length > 0) {
    throw new HounsfieldError(
      'FEATURE_SETTINGS',
      `${faults.join('; ')}. Correct the settings; their names and meanings are those of pyradiomics 3.0.1.`,
    );
  }
}

function settingFaults(settings: Readonly<Record<string, unknown>>, where: string): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const rule = (SETTINGS as Readonly<Record<string, readonly [Check, string] | undefined>>)[name]; // any name may be asked
    if (!rule) return [`${where} has no ${name}`];
    if (value === undefined || rule[0](value) || (value === null && NULLABLE.includes(name))) return [];
    return [`${name} in ${where} must be ${rule[1]}`];
  });
}

/** Settings with defaults for what is left out or null where null means so. */
export function withDefaults(
  ...settings: readonly (Partial<PyradiomicsSettings> | null | undefined)[]
): PyradiomicsSettings {
  const all: Record<string, unknown> = { ...PYRADIOMICS_DEFAULTS };
  for (const some of settings) {
    for (const [name, value] of Object.entries(some ?? {})) {
      if (value === undefined || (value === null && NULLABLE.includes(name))) continue;
      all[name] = value;
    }
  }
  return all as unknown as PyradiomicsSettings; // checked by checkParameters
}
