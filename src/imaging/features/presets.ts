/** What each preset says other than the defaults. Those of the IBSI: reference manual, chapter 5, configurations A to E. */

const SLICES = ['2D_avg', '2D_s_mrg', '2_5D_d_mrg', '2_5D_mrg'];
const VOLUME = ['3D_avg', '3D_mrg'];
const IN_VOLUME = { spacingMm: [2, 2, 2], image: 'linear', mask: 'linear', maskThreshold: 0.5 };
const BINS = { method: 'fixed-bin-number', bins: 32 };

export const FEATURE_PRESETS = {
  /** The digital phantom: intensities are grey levels, nothing is done to them. */
  'ibsi-phantom': {
    rounding: 'never',
    discretisation: { method: 'none' },
    ivh: { method: 'none' },
    aggregations: [...SLICES, ...VOLUME],
  },
  'ibsi-a': {
    resegmentation: { range: [-500, 400] },
    discretisation: { method: 'fixed-bin-size', binSize: 25 },
    ivh: { method: 'none' },
    aggregations: SLICES,
  },
  'ibsi-b': {
    interpolation: { ...IN_VOLUME, spacingMm: [2, 2, null] },
    rounding: 'always',
    resegmentation: { range: [-500, 400] },
    discretisation: BINS,
    ivh: { method: 'none' },
    aggregations: SLICES,
  },
  'ibsi-c': {
    interpolation: IN_VOLUME,
    rounding: 'always',
    resegmentation: { range: [-1000, 400] },
    discretisation: { method: 'fixed-bin-size', binSize: 25 },
    ivh: { method: 'fixed-bin-size', binSize: 2.5 },
    aggregations: VOLUME,
  },
  'ibsi-d': {
    interpolation: IN_VOLUME,
    rounding: 'always',
    resegmentation: { outlierSigmas: 3 },
    discretisation: BINS,
    ivh: { method: 'none' },
    aggregations: VOLUME,
  },
  'ibsi-e': {
    interpolation: { ...IN_VOLUME, image: 'cubic' },
    rounding: 'always',
    resegmentation: { range: [-1000, 400], outlierSigmas: 3 },
    discretisation: BINS,
    ivh: { method: 'fixed-bin-number', bins: 1000 },
    aggregations: VOLUME,
  },
  /** Bins of 25 that begin at multiples of 25, nothing interpolated, directions averaged. */
  'pyradiomics-default': {
    rounding: 'never',
    discretisation: { method: 'fixed-bin-size', binSize: 25, lowerBound: 'multiple' },
    aggregations: ['3D_avg'],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type FeaturePreset = keyof typeof FEATURE_PRESETS;
export const PRESET_NAMES = Object.keys(FEATURE_PRESETS) as FeaturePreset[]; // the table's own keys
