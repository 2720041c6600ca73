import { isLabelMap } from '../image/medical-image.ts';
import { type RegionParameters, readRegion, regionOfChannels } from './intensity-region.ts';
import { scaleIntensities } from './intensity-scale.ts';
import { extremes } from './intensity-statistics.ts';
import { requireSpread } from './intensity-z-score.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform } from './transform.ts';

export interface MinMaxParameters extends RegionParameters {
  /** Where the lowest and highest value of the region go; default 0 and 1. */
  readonly low?: number;
  readonly high?: number;
}

/**
 * Brings the lowest and highest value of a region to two given ones, channel by channel; values outside the region may
 * lie beyond. Recorded as scale-intensity. Throws INTENSITY_CONSTANT, INTENSITY_REGION_EMPTY, INTENSITY_NOT_FINITE.
 */
export const minMax: DerivedTransform<MinMaxParameters> = {
  name: 'min-max',
  kind: 'derived',
  example: {},
  check(parameters) {
    const read = readParameters('min-max', parameters);
    const region = readRegion(read);
    const low = read.number('low', { fallback: 0 });
    const high = read.number('high', { fallback: 1 });
    read.require(high > low, `high (${high}) is not above low (${low})`);
    read.end();
    return { ...region, low, high };
  },
  resolve:
    ({ low, high, ...region }, subject) =>
    (_, image) => {
      if (isLabelMap(image)) return [];
      const found = regionOfChannels(image, region, subject).map(({ values, inside }) =>
        extremes(values, inside),
      );
      for (const [least, greatest] of found) requireSpread(greatest - least, 'min-max');
      const scale = found.map(([least, greatest]) => (high - low) / (greatest - least));
      const parameters = {
        scale,
        offset: found.map(([least], i) => low - least * scale[i]!),
        unit: 'arbitrary',
      };
      return [{ transform: scaleIntensities, parameters }];
    },
};
