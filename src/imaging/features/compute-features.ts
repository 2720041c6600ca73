import type { MedicalImage } from '../image/medical-image.ts';
import { discretise } from './chain/discretise.ts';
import { prepareImage, regionOf } from './chain/prepare-image.ts';
import type { FeatureFamily, FeatureValue } from './feature.ts';
import { intensityHistogram } from './intensity-histogram.ts';
import { intensityVolumeHistogram } from './intensity-volume-histogram.ts';
import { localIntensity, PEAK_RADIUS_MM } from './local-intensity.ts';
import { morphology } from './morphology/morphology.ts';
import { type FeatureSettings, readFeatureSettings } from './settings.ts';
import { statistics } from './statistics.ts';

export function computeFeatures(
  image: MedicalImage,
  mask: MedicalImage | null,
  settings: FeatureSettings = readFeatureSettings(),
): readonly FeatureValue[] {
  const has = (family: FeatureFamily) => settings.families.includes(family);
  const prepared = prepareImage(image, mask, settings, has('loc') ? PEAK_RADIUS_MM : 0);
  const region = regionOf(prepared);
  const discrete = discretise(region, settings);
  return [
    ...(has('morph') ? morphology(region) : []),
    ...(has('loc') ? localIntensity(prepared) : []),
    ...(has('stat') ? statistics(region) : []),
    ...(has('ih') ? intensityHistogram(discrete) : []),
    ...(has('ivh') ? intensityVolumeHistogram(region, settings, image.unit) : []),
  ];
}
