import { HounsfieldError } from '../../errors.ts';
import { isLabelMap } from '../image/medical-image.ts';
import { type RegionParameters, readRegion, regionOfChannels } from './intensity-region.ts';
import { type ScaleIntensityParameters, scaleIntensities } from './intensity-scale.ts';
import { moments } from './intensity-statistics.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform } from './transform.ts';

/**
 * (v - mean) / standard deviation, channel by channel, both taken over a region. For images whose values have no fixed
 * scale, such as MR. Recorded as scale-intensity with the numbers found. Throws INTENSITY_CONSTANT when the region's
 * values are all equal, INTENSITY_REGION_EMPTY, INTENSITY_NOT_FINITE.
 */
export const zScore: DerivedTransform<RegionParameters> = {
  name: 'z-score',
  kind: 'derived',
  example: {},
  check(parameters) {
    const read = readParameters('z-score', parameters);
    const region = readRegion(read);
    read.end();
    return region;
  },
  resolve: (region, subject) => (_, image) => {
    if (isLabelMap(image)) return [];
    const found = regionOfChannels(image, region, subject).map(({ values, inside }) =>
      moments(values, inside),
    );
    for (const { deviation } of found) requireSpread(deviation, 'z-score');
    const parameters: ScaleIntensityParameters = {
      scale: found.map(({ deviation }) => 1 / deviation),
      offset: found.map(({ mean, deviation }) => -mean / deviation),
      unit: 'arbitrary',
    };
    return [{ transform: scaleIntensities, parameters }];
  },
};

/** Throws INTENSITY_CONSTANT unless values differ. */
export function requireSpread(spread: number, transform: string): void {
  if (spread > 0) return;
  throw new HounsfieldError(
    'INTENSITY_CONSTANT',
    `${transform}: all values of the region are equal, so that they cannot be spread out. Leave such an image out, or ` +
      'choose another region.',
  );
}
