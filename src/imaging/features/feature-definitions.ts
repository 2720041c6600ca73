import type { FeatureDefinition, FeatureFamily } from './feature.ts';
import { INTENSITY_HISTOGRAM } from './intensity-histogram.ts';
import { INTENSITY_VOLUME_HISTOGRAM } from './intensity-volume-histogram.ts';
import { LOCAL_INTENSITY } from './local-intensity.ts';
import { MORPHOLOGY } from './morphology/morphology.ts';
import { STATISTICS } from './statistics.ts';

/** Every feature of the IBSI that is computed here, by family. */
export const FEATURE_DEFINITIONS: Readonly<Partial<Record<FeatureFamily, readonly FeatureDefinition[]>>> = {
  morph: Object.values(MORPHOLOGY),
  loc: Object.values(LOCAL_INTENSITY),
  stat: Object.values(STATISTICS),
  ih: Object.values(INTENSITY_HISTOGRAM),
  ivh: Object.values(INTENSITY_VOLUME_HISTOGRAM),
};
