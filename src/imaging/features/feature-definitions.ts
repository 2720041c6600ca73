import type { FeatureDefinition, FeatureFamily } from './feature.ts';
import { INTENSITY_HISTOGRAM } from './intensity-histogram.ts';
import { INTENSITY_VOLUME_HISTOGRAM } from './intensity-volume-histogram.ts';
import { LOCAL_INTENSITY } from './local-intensity.ts';
import { MORPHOLOGY } from './morphology/morphology.ts';
import { STATISTICS } from './statistics.ts';
import { TEXTURE_DEFINITIONS } from './texture/texture-definitions.ts';

/** Every feature of the IBSI that is computed here, by family. */
export const FEATURE_DEFINITIONS: Readonly<Record<FeatureFamily, readonly FeatureDefinition[]>> = {
  morph: Object.values(MORPHOLOGY),
  loc: Object.values(LOCAL_INTENSITY),
  stat: Object.values(STATISTICS),
  ih: Object.values(INTENSITY_HISTOGRAM),
  ivh: Object.values(INTENSITY_VOLUME_HISTOGRAM),
  cm: TEXTURE_DEFINITIONS.cm.map(({ definition }) => definition),
  rlm: TEXTURE_DEFINITIONS.rlm.map(({ definition }) => definition),
  szm: TEXTURE_DEFINITIONS.szm.map(({ definition }) => definition),
  dzm: TEXTURE_DEFINITIONS.dzm.map(({ definition }) => definition),
  ngt: TEXTURE_DEFINITIONS.ngt.map(({ definition }) => definition),
  ngl: TEXTURE_DEFINITIONS.ngl.map(({ definition }) => definition),
};
