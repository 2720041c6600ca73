import { createHash } from 'node:crypto';
import { HounsfieldError } from '../../errors.ts';
import { computeFeatures } from '../../imaging/features/compute-features.ts';
import { pictureFeatures } from '../../imaging/features/picture/picture-features.ts';
import { checkPictureFeatureSettings } from '../../imaging/features/picture/picture-settings.ts';
import {
  checkParameters,
  type PyradiomicsParameters,
} from '../../imaging/features/pyradiomics/parameters.ts';
import { pyradiomicsFeatures } from '../../imaging/features/pyradiomics/pyradiomics-features.ts';
import { type FeatureSettings, readFeatureSettings } from '../../imaging/features/settings.ts';
import { openImage } from '../../imaging/formats/open.node.ts';
import { type MedicalImage, medicalImage } from '../../imaging/image/medical-image.ts';
import type { FeatureModelCard } from '../bundle/model-card.ts';
import type { RegionKind } from './cases.ts';
import type { Measured, MeasureJob } from './measured.ts';
import { oneChannel } from './one-channel.ts';
import { openMask } from './open-mask.node.ts';
import type { RadiomicsSettings } from './settings.ts';

/** Everything that decides the features of a region but image and mask: plain JSON, kept beside them. */
export interface MeasureSettings {
  readonly region: Exclude<RegionKind, 'auto'>;
  /** The IBSI's features; null: none. */
  readonly features: FeatureSettings | null;
  /** A parameter file of pyradiomics: its features by its names; null: none. */
  readonly pyradiomics: PyradiomicsParameters | null;
  /** Features of whole pictures; null: none. */
  readonly picture: Readonly<Record<string, unknown>> | null;
}

/** Families that have no meaning where nothing was outlined. */
const OF_SHAPES: ReadonlySet<string> = new Set(['morph', 'loc']);

/** The features that settings ask for, checked. @throws FEATURE_SETTINGS, PICTURE_FEATURE_SETTINGS, FEATURES_EMPTY */
export function measureSettingsOf(
  { features, picture, pyradiomics }: Pick<RadiomicsSettings, 'features' | 'picture' | 'pyradiomics'>,
  region: MeasureSettings['region'],
): MeasureSettings {
  if (picture) checkPictureFeatureSettings(picture);
  const parameters = pyradiomics as PyradiomicsParameters | null; // checked just below
  if (parameters) checkParameters(parameters);
  if (!features && !picture && !parameters) {
    throw new HounsfieldError(
      'FEATURES_EMPTY',
      'no features are asked for. Leave the setting features out, or give it an object.',
    );
  }
  const rest = { region, pyradiomics: parameters, picture };
  if (!features) return { ...rest, features: null };
  const read = readFeatureSettings(features);
  const families =
    region === 'image' && features['families'] === undefined
      ? read.families.filter((family) => !OF_SHAPES.has(family))
      : read.families;
  // Without lengths in mm anything does as the size of a pixel that no file tells.
  const lengthless = !read.interpolation && !families.some((family) => OF_SHAPES.has(family));
  const spacingWhenUnknownMm = read.spacingWhenUnknownMm ?? (lengthless ? ([1, 1, 1] as const) : null);
  return { ...rest, features: { ...read, families, spacingWhenUnknownMm } };
}

/** The settings that a model's card keeps. */
export const measureSettingsOfCard = ({ features }: FeatureModelCard): MeasureSettings =>
  features.settings as unknown as MeasureSettings; // written by this task, and nobody else

/** Opens an image and its mask, and measures. @throws what openImage, computeFeatures and pictureFeatures throw */
export async function measureFiles(job: MeasureJob, settings: MeasureSettings): Promise<Measured> {
  const image = await openImage(job.image);
  const opened = job.mask === undefined ? undefined : await openMask(job.mask, image, job.maskValue);
  const mask = opened?.mask ?? null;
  return {
    ...measureRegion(image, mask, opened?.value, settings),
    imageSha256: contentHash(image),
    ...(mask ? { maskSha256: contentHash(mask) } : {}),
  };
}

/** Features of one region of an image in memory. */
export function measureRegion(
  given: MedicalImage,
  mask: MedicalImage | null,
  maskValue: number | undefined,
  { region, features, pyradiomics, picture }: MeasureSettings,
): Pick<Measured, 'names' | 'values' | 'remarks'> {
  const names: string[] = [];
  const values: number[] = [];
  const remarks: string[] = [];
  const image = features?.channel == null ? oneChannel(given) : given;
  if (features) {
    const own = maskValue === undefined ? features : { ...features, label: maskValue };
    const outlined =
      region === 'image' || !mask ? null : region === 'box' ? boxAround(mask, own.label) : mask;
    const asked = region === 'box' ? { ...own, label: null } : own;
    for (const { key, value, remark } of computeFeatures(image, outlined, asked)) {
      names.push(key);
      values.push(Number.isFinite(value) ? value : Number.NaN);
      if (!Number.isFinite(value)) remarks.push(`${key}: ${remark ?? 'no finite value'}`);
    }
  }
  if (pyradiomics) {
    const label = maskValue ?? pyradiomics.setting?.label ?? onlyValue(mask) ?? 1;
    const outlined =
      region === 'mask' && mask ? mask : filled(mask ? boxAround(mask, label) : whole(image), label);
    const asked = { ...pyradiomics, setting: { ...pyradiomics.setting, label } };
    for (const [key, value] of pyradiomicsFeatures(image, outlined, asked)) {
      names.push(key);
      values.push(Number.isFinite(value) ? value : Number.NaN);
      if (!Number.isFinite(value)) remarks.push(`${key}: not defined for this region`);
    }
  }
  if (picture) {
    const found = pictureFeatures(given, picture);
    names.push(...found.names);
    for (const value of found.values) values.push(value);
  }
  return { names, values: Float64Array.from(values), remarks: remarks.join('; ') };
}

/** The value of a mask that has one besides 0. */
function onlyValue(mask: MedicalImage | null): number | undefined {
  let only: number | undefined;
  for (const value of mask?.pixels ?? []) {
    if (value === 0 || value === only) continue;
    if (only !== undefined) return undefined;
    only = value;
  }
  return only;
}

/** A mask of every voxel. */
function whole({ width, height, depth, geometry }: MedicalImage): MedicalImage {
  const pixels = new Uint8Array(width * height * depth).fill(1);
  return medicalImage(pixels, { depth, height, width }, 8, 'label', geometry ? { geometry } : {});
}

/** A mask of ones with another value in their place. */
const filled = (mask: MedicalImage, value: number): MedicalImage => ({
  ...mask,
  pixels: Int32Array.from(mask.pixels, (one) => (one > 0 ? value : 0)),
});

/** The box around a mask's region, filled. A mask without a voxel of it stays empty. */
function boxAround(mask: MedicalImage, label: FeatureSettings['label']): MedicalImage {
  const { pixels, width, height, depth } = mask;
  const low = [width, height, depth];
  const high = [-1, -1, -1];
  const belongs =
    typeof label === 'number' ? (value: number) => value === label : (value: number) => value > 0;
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (!belongs(pixels[at]!)) continue;
        for (const [axis, place] of [x, y, z].entries()) {
          low[axis] = Math.min(low[axis]!, place);
          high[axis] = Math.max(high[axis]!, place);
        }
      }
    }
  }
  const filled = new Uint8Array(width * height * depth);
  for (let z = low[2]!; z <= high[2]!; z++) {
    for (let y = low[1]!; y <= high[1]!; y++) {
      const row = (z * height + y) * width;
      filled.fill(1, row + low[0]!, row + high[0]! + 1);
    }
  }
  const { geometry } = mask;
  return medicalImage(filled, { depth, height, width }, 8, 'label', geometry ? { geometry } : {});
}

/** SHA-256 (hex) over size, place and values. */
export function contentHash({
  pixels,
  timePoints,
  channels,
  depth,
  height,
  width,
  geometry,
}: MedicalImage): string {
  const sides = [timePoints, channels, depth, height, width];
  return createHash('sha256')
    .update(JSON.stringify([pixels.constructor.name, sides, geometry?.affine ?? null]))
    .update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))
    .digest('hex');
}
