import { isLabelMap } from '../image/medical-image.ts';
import { type RegionParameters, readRegion, regionOfChannels } from './intensity-region.ts';
import { percentiles } from './intensity-statistics.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform, IntensityTransform } from './transform.ts';

export interface ClipParameters {
  /** One number for each channel, or one for all; in the image's unit. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Values below `low` become low, those above `high` become high; the type of the values stays. */
export const clip: IntensityTransform<ClipParameters> = {
  name: 'clip',
  kind: 'intensity',
  example: { low: [20], high: [180] },
  check(parameters) {
    const read = readParameters('clip', parameters);
    const low = read.numbers('low');
    const high = read.numbers('high');
    read.require(low.length > 0 && low.length === high.length, 'low and high differ in length, or are empty');
    read.require(
      high.every((value, i) => value >= low[i]!),
      'high is below low',
    );
    read.end();
    return { low, high };
  },
  change(image, { low, high }) {
    const pixels = image.pixels.slice();
    const volume = image.depth * image.height * image.width;
    for (let start = 0, index = 0; start < pixels.length; start += volume, index++) {
      const channel = (index % image.channels) % low.length;
      const [least, greatest] = [low[channel]!, high[channel]!];
      for (let i = start; i < start + volume; i++) {
        const value = pixels[i]!;
        if (value < least) pixels[i] = least;
        else if (value > greatest) pixels[i] = greatest;
      }
    }
    return { ...image, pixels };
  },
  inverse: { none: 'what lay beyond the limits is gone' },
};

export interface ClipPercentilesParameters extends RegionParameters {
  /** Percentiles 0..100, default 0.5 and 99.5. */
  readonly lowPercent?: number;
  readonly highPercent?: number;
}

/**
 * Clips each channel at two percentiles of a region (linear between ranks, as numpy). Recorded as clip with the values
 * found; for images of whole numbers these are rounded outwards. Throws INTENSITY_REGION_EMPTY, INTENSITY_NOT_FINITE.
 */
export const clipPercentiles: DerivedTransform<ClipPercentilesParameters> = {
  name: 'clip-percentiles',
  kind: 'derived',
  example: { lowPercent: 5, highPercent: 95 },
  check(parameters) {
    const read = readParameters('clip-percentiles', parameters);
    const region = readRegion(read);
    const lowPercent = read.number('lowPercent', { min: 0, max: 100, fallback: 0.5 });
    const highPercent = read.number('highPercent', { min: 0, max: 100, fallback: 99.5 });
    read.require(
      highPercent > lowPercent,
      `highPercent (${highPercent}) is not above lowPercent (${lowPercent})`,
    );
    read.end();
    return { ...region, lowPercent, highPercent };
  },
  resolve:
    ({ lowPercent, highPercent, ...region }, subject) =>
    (_, image) => {
      if (isLabelMap(image)) return [];
      const found = regionOfChannels(image, region, subject).map(({ values, inside }) =>
        percentiles(values, [lowPercent, highPercent], inside),
      );
      const whole = !(image.pixels instanceof Float32Array || image.pixels instanceof Float64Array);
      const parameters = {
        low: found.map(([low]) => (whole ? Math.floor(low!) : low!)),
        high: found.map(([, high]) => (whole ? Math.ceil(high!) : high!)),
      };
      return [{ transform: clip, parameters }];
    },
};
