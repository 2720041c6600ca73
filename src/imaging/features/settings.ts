import { HounsfieldError } from '../../errors.ts';
import { type Aggregation, FEATURE_FAMILIES, type FeatureFamily } from './feature.ts';
import { FEATURE_PRESETS, PRESET_NAMES } from './presets.ts';
import { checkSettings } from './settings-check.ts';
import type { Norm, Weighting } from './texture/directions.ts';

/** Where the voxels are brought to, so that all images of a cohort have the same spacing. */
export interface InterpolationSettings {
  /** mm along x, y and z of the array; null leaves an axis as it is: [2, 2, null] interpolates within slices. */
  readonly spacingMm: readonly [x: number | null, y: number | null, z: number | null];
  /** Of the image: nearest voxel, linear or cubic spline. */
  readonly image: 'nearest' | 'linear' | 'cubic';
  readonly mask: 'nearest' | 'linear';
  /** A voxel belongs to the region where at least this part of it does, 0 .. 1. */
  readonly maskThreshold: number;
}

/** Which voxels of the region the intensity mask keeps; the morphological mask keeps all. */
export interface ResegmentationSettings {
  /** Lowest and highest intensity kept; null leaves an end open. */
  readonly range: readonly [low: number | null, high: number | null];
  /** Keeps mean - sigmas * deviation .. mean + sigmas * deviation of the region; 3 as a rule, null for no filter. */
  readonly outlierSigmas: number | null;
}

/** How intensities become grey levels 1, 2, 3 .. */
export interface DiscretisationSettings {
  /** 'none': the intensities are whole numbers from 1 on already. */
  readonly method: 'none' | 'fixed-bin-number' | 'fixed-bin-size';
  /** Of 'fixed-bin-number'. */
  readonly bins: number;
  /** Of 'fixed-bin-size', in the image's unit. */
  readonly binSize: number;
  /**
   * Where the first bin of 'fixed-bin-size' begins: the lower end of the re-segmentation range, and where there is none
   * the region's lowest intensity ('range'); that lowest intensity ('minimum'); the multiple of the bin size at or
   * below it ('multiple', pyradiomics' way); or a number.
   */
  readonly lowerBound: 'range' | 'minimum' | 'multiple' | number;
  /** Bins of a histogram equalisation before; null for none. */
  readonly equalisationBins: number | null;
}

/** How the intensity-volume histogram is made. */
export interface IvhSettings {
  /**
   * 'auto': by the image's unit, as the manual recommends: HU 'none', SUV fixed bins of 0.1, anything else 1000 bins.
   * 'none': every whole number is a level.
   */
  readonly method: 'auto' | 'none' | 'fixed-bin-number' | 'fixed-bin-size';
  readonly bins: number;
  readonly binSize: number;
}

/** What the texture matrices count. */
export interface TextureSettings {
  /** Distance of neighbours in GLCM, NGTDM and NGLDM, voxels. */
  readonly distance: number;
  /** alpha of the NGLDM: levels that far apart still depend on one another. */
  readonly coarseness: number;
  /** Weight of a neighbour by its distance. */
  readonly weighting: Weighting;
  readonly norm: Norm;
}

/** An image that features are computed of: the image itself, or what a filter makes of it. */
export interface ImageSettings {
  readonly filter: string;
  /** The filter's own, plain JSON. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** Everything that decides the values of features but the image and the mask: plain JSON, to be kept beside them. */
export interface FeatureSettings {
  /** Which voxels of the mask are the region: a label's value, 'any' above 0, or null for the only value there is. */
  readonly label: number | 'any' | null;
  /** Channel and time point of the image; null for the only one. */
  readonly channel: number | null;
  readonly timePoint: number | null;
  /** Taken for an image that does not know its spacing; null: such an image is refused. */
  readonly spacingWhenUnknownMm: readonly [x: number, y: number, z: number] | null;
  readonly interpolation: InterpolationSettings | null;
  /** Whether intensities are rounded to whole numbers after interpolation; 'auto': those in HU. */
  readonly rounding: 'auto' | 'always' | 'never';
  readonly resegmentation: ResegmentationSettings;
  readonly discretisation: DiscretisationSettings;
  readonly ivh: IvhSettings;
  readonly families: readonly FeatureFamily[];
  /** Of the texture families. */
  readonly aggregations: readonly Aggregation[];
  readonly texture: TextureSettings;
  readonly images: readonly ImageSettings[];
}

export const ALL_FAMILIES = Object.keys(FEATURE_FAMILIES) as FeatureFamily[]; // the table's own keys

/** What is taken where settings say nothing. */
export const DEFAULT_FEATURE_SETTINGS: FeatureSettings = {
  label: null,
  channel: null,
  timePoint: null,
  spacingWhenUnknownMm: null,
  interpolation: null,
  rounding: 'auto',
  resegmentation: { range: [null, null], outlierSigmas: null },
  discretisation: {
    method: 'fixed-bin-number',
    bins: 32,
    binSize: 25,
    lowerBound: 'range',
    equalisationBins: null,
  },
  ivh: { method: 'auto', bins: 1000, binSize: 0.1 },
  families: ALL_FAMILIES,
  aggregations: ['3D_mrg'],
  texture: { distance: 1, coarseness: 0, weighting: 'none', norm: 'chebyshev' },
  images: [{ filter: 'original' }],
};

/** What interpolation takes where it says nothing but its spacing. */
export const DEFAULT_INTERPOLATION = { image: 'linear', mask: 'linear', maskThreshold: 0.5 } as const;

/** Settings as a person writes them: a preset, if any, and what is to differ from it; groups may be given in part. */
export type FeatureSettingsInput = Readonly<Record<string, unknown>>;

/**
 * Settings from plain JSON: the defaults, a preset over them (`preset`: one of PRESET_NAMES), and what the JSON says over
 * both. Throws FEATURE_SETTINGS with every fault at once.
 *
 * @example readFeatureSettings({ preset: 'ibsi-c', aggregations: ['3D_avg'] })
 */
export function readFeatureSettings(given: unknown = {}): FeatureSettings {
  const faults: string[] = [];
  const json = isObject(given) ? given : {};
  if (!isObject(given)) faults.push('the settings are no object such as {"preset": "ibsi-c"}');
  const { preset, ...own } = json;
  const known = PRESET_NAMES.find((name) => name === preset);
  const base = known === undefined ? {} : FEATURE_PRESETS[known];
  if (preset !== undefined && known === undefined) {
    faults.push(`preset is none of ${PRESET_NAMES.join(', ')}`);
  }
  const merged = overlaid(overlaid(DEFAULT_FEATURE_SETTINGS as unknown as Json, base), own); // plain JSON
  const settings = checkSettings(merged, faults);
  if (faults.length > 0) {
    throw new HounsfieldError('FEATURE_SETTINGS', `${faults.join('; ')}. Correct these.`);
  }
  return settings;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One object over another, groups merged name by name; an interpolation begins with its own defaults. */
function overlaid(below: Json, above: Json): Json {
  const out: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const under = name === 'interpolation' && !isObject(out[name]) ? DEFAULT_INTERPOLATION : out[name];
    out[name] = isObject(value) && isObject(under) ? { ...under, ...value } : value;
  }
  return out;
}

/** Settings in a form that is the same for equal settings, whatever the order they were written in. */
export function canonicalSettings(settings: FeatureSettings): string {
  return JSON.stringify(settings, (_, value: unknown) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}

/** SHA-256 of the settings, hexadecimal. */
export async function featureSettingsHash(settings: FeatureSettings): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalSettings(settings));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
