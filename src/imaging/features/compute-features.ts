import type { Vector3 } from '../geometry/geometry.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { discretise } from './chain/discretise.ts';
import { type PreparedImage, prepareImage, regionOf } from './chain/prepare-image.ts';
import { featureKey } from './definition-list.ts';
import type { Aggregation, FeatureFamily, FeatureValue, Region } from './feature.ts';
import { filteredImages, filterReach } from './filtered-images.ts';
import { intensityHistogram } from './intensity-histogram.ts';
import { intensityVolumeHistogram } from './intensity-volume-histogram.ts';
import { localIntensity, PEAK_RADIUS_MM } from './local-intensity.ts';
import { morphology } from './morphology/morphology.ts';
import { type FeatureSettings, readFeatureSettings } from './settings.ts';
import { EMPTY_REGION, statistics } from './statistics.ts';
import { TEXTURE_DEFINITIONS, type TextureFamily } from './texture/texture-definitions.ts';
import { TEXTURE_FAMILIES, textureFeatures } from './texture/texture-features.ts';

/**
 * Every feature that the settings ask for, of one region of one image, through the whole chain of the IBSI: interpolation,
 * rounding, re-segmentation, discretisation, and the families (reference manual v11). Of filtered images the same families
 * but morphology, their keys with the filter's name before: 'log-sigma-2-mm_stat_mean'. Features that the region has no
 * value for are NaN with a remark. Memory grows with the region's box, not with the image.
 *
 * @param mask a label map or any image above 0 on the same grid; null takes the whole image as the region
 * @throws MASK_GRID_MISMATCH, MASK_SEVERAL_LABELS, MASK_VALUES, FEATURE_REGION_EMPTY, FEATURE_SPACING, FEATURE_GRID,
 * FEATURE_CHANNELS, FEATURE_VALUES, FEATURE_LEVELS, FEATURE_REGION_LARGE, and what a filter names
 * @example computeFeatures(ct, tumour, readFeatureSettings({ preset: 'ibsi-c' }))
 */
export function computeFeatures(
  image: MedicalImage,
  mask: MedicalImage | null,
  settings: FeatureSettings = readFeatureSettings(),
): readonly FeatureValue[] {
  const prepared = prepareImage(image, mask, settings, (spacingMm) => marginOf(settings, spacingMm));
  const values: FeatureValue[] = [];
  for (const one of settings.images) {
    if (one.filter === 'original') {
      values.push(...ofOneImage(prepared, settings, settings.families));
      continue;
    }
    const families = settings.families.filter((family) => family !== 'morph');
    for (const { name, values: filtered } of filteredImages(one, prepared, image, settings)) {
      const response = { ...prepared, values: filtered, unit: 'arbitrary' } as const;
      for (const value of ofOneImage(response, responseSettings(settings), families)) {
        values.push({ ...value, image: name, key: `${name}_${value.key}` });
      }
    }
  }
  return values;
}

/** Voxels that must be there beyond the region: for the peaks' spheres, and for filters and the peaks of what they make. */
function marginOf(settings: FeatureSettings, spacingMm: Vector3): Vector3 {
  const peak = settings.families.includes('loc') ? PEAK_RADIUS_MM : 0;
  return spacingMm.map((mm, axis) => {
    const reach = settings.images.map((one) => filterReach(one, spacingMm)[axis]!);
    return Math.ceil(peak / mm) + Math.max(...reach);
  }) as unknown as Vector3; // three axes
}

/**
 * Of a filter's response: its unit is arbitrary, so the image's re-segmentation range and a lower bound given as a number
 * say nothing about where its bins begin, and its values are no whole numbers for the IVH.
 */
function responseSettings(settings: FeatureSettings): FeatureSettings {
  const { discretisation, ivh } = settings;
  return {
    ...settings,
    resegmentation: { range: [null, null], outlierSigmas: null },
    discretisation:
      typeof discretisation.lowerBound === 'number'
        ? { ...discretisation, lowerBound: 'minimum' }
        : discretisation,
    ivh: ivh.method === 'none' ? { ...ivh, method: 'auto' } : ivh,
  };
}

function ofOneImage(
  prepared: PreparedImage,
  settings: FeatureSettings,
  families: readonly FeatureFamily[],
): readonly FeatureValue[] {
  const has = (family: FeatureFamily) => families.includes(family);
  const region = regionOf(prepared);
  return [
    ...(has('morph') ? morphology(region) : []),
    ...(has('loc') ? localIntensity(prepared) : []),
    ...(has('stat') ? statistics(region) : []),
    ...ofLevels(region, settings, families),
    ...(has('ivh') ? intensityVolumeHistogram(region, settings, prepared.unit) : []),
  ];
}

/** The families that grey levels are made for: the histogram and the textures. */
function ofLevels(
  region: Region,
  settings: FeatureSettings,
  families: readonly FeatureFamily[],
): readonly FeatureValue[] {
  const textures = TEXTURE_FAMILIES.filter((family) => families.includes(family));
  const histogram = families.includes('ih');
  if (textures.length === 0 && !histogram) return [];
  const levels = discretise(region, settings);
  const values: FeatureValue[] = histogram ? [...intensityHistogram(levels)] : [];
  // Families that are asked for alike go in one call, which finds zones and neighbourhoods once.
  const withDirections = textures.filter((family) => family === 'cm' || family === 'rlm');
  const without = textures.filter((family) => family !== 'cm' && family !== 'rlm');
  for (const alike of [withDirections, without]) {
    if (alike.length === 0) continue;
    const aggregations = aggregationsOf(alike[0]!, settings.aggregations);
    if (levels.count === 0) values.push(...alike.flatMap((family) => noTexture(family, aggregations)));
    else values.push(...textureFeatures(levels, alike, aggregations, settings.texture));
  }
  return values;
}

/** How families without directions are put together, where those with directions are averaged or merged in some way. */
const WITHOUT_DIRECTIONS: Readonly<Record<Aggregation, Aggregation>> = {
  '2D_avg': '2D_avg',
  '2D_s_mrg': '2D_avg',
  '2_5D_d_mrg': '2_5D_mrg',
  '2_5D_mrg': '2_5D_mrg',
  '3D_avg': '3D_mrg',
  '3D_mrg': '3D_mrg',
};

/** The aggregations of a family: those asked for, or where it has no directions what comes nearest to each. */
export function aggregationsOf(family: FeatureFamily, asked: readonly Aggregation[]): readonly Aggregation[] {
  if (family === 'cm' || family === 'rlm') return asked;
  return [...new Set(asked.map((aggregation) => WITHOUT_DIRECTIONS[aggregation]))];
}

function noTexture(family: TextureFamily, aggregations: readonly Aggregation[]): readonly FeatureValue[] {
  return aggregations.flatMap((aggregation) =>
    TEXTURE_DEFINITIONS[family].map(({ definition }) => ({
      definition,
      aggregation,
      key: featureKey(definition, aggregation),
      value: Number.NaN,
      remark: EMPTY_REGION,
    })),
  );
}
