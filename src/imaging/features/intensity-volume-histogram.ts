/** Intensity-volume histogram features (IBSI reference manual, section 3.5, P88C). */

import type { IntensityUnit } from '../image/medical-image.ts';
import { intensityRange } from './chain/discretise.ts';
import { type Computed, defineFeatures, featureValues, noValues } from './definition-list.ts';
import type { FeatureValue, Region } from './feature.ts';
import type { FeatureSettings } from './settings.ts';
import { EMPTY_REGION } from './statistics.ts';

const INF = Number.POSITIVE_INFINITY;

export const INTENSITY_VOLUME_HISTOGRAM = defineFeatures('ivh', [
  ['v10', 'NK6P', 'Volume fraction at 10% intensity', '1', 0, 1],
  ['v90', '4279', 'Volume fraction at 90% intensity', '1', 0, 1],
  ['i10', 'PWN1', 'Intensity at 10% volume', 'u', -INF, INF],
  ['i90', 'BOHI', 'Intensity at 90% volume', 'u', -INF, INF],
  ['v10_minus_v90', 'WITY', 'Volume fraction difference between 10% and 90% intensity', '1', 0, 1],
  ['i10_minus_i90', 'JXJA', 'Intensity difference between 10% and 90% volume', 'u', 0, INF],
  ['auc', '9CMM', 'Area under the IVH curve', '1', 0, INF],
]);

/** Most levels of a histogram; intensities are seldom told apart finer. */
const MOST_BINS = 4_000_000;

/** The histogram's levels: first, their distance, how many voxels each has; and the range that fractions refer to. */
interface LevelHistogram {
  readonly first: number;
  readonly width: number;
  readonly counts: Float64Array;
  readonly low: number;
  readonly high: number;
}

/** How the histogram is made, with 'auto' resolved by the image's unit. */
export function ivhMethod({ ivh }: FeatureSettings, unit: IntensityUnit) {
  if (ivh.method !== 'auto') return ivh;
  if (unit === 'HU') return { ...ivh, method: 'none' } as const;
  if (unit.startsWith('SUV')) return { ...ivh, method: 'fixed-bin-size', binSize: 0.1 } as const;
  return { ...ivh, method: 'fixed-bin-number', bins: 1000 } as const;
}

/**
 * The seven features. Of a constant region the intensity fractions divide by zero: NaN with a remark, and the area is 0
 * as the manual prescribes. Where no level is as rare as a volume fraction asks, it is the one after the highest.
 */
export function intensityVolumeHistogram(
  region: Region,
  settings: FeatureSettings,
  unit: IntensityUnit,
): readonly FeatureValue[] {
  const [least, most] = intensityRange(region);
  if (Number.isNaN(least)) return noValues(INTENSITY_VOLUME_HISTOGRAM, EMPTY_REGION);
  const histogram = histogramOf(region, settings, unit, least, most);
  if (typeof histogram === 'string') return noValues(INTENSITY_VOLUME_HISTOGRAM, histogram);
  const { first, width, low, high } = histogram;
  const volumes = volumeFractions(histogram.counts);
  const fraction = (level: number) => (first + level * width - low) / (high - low);
  const intensityAt = (volume: number): number => {
    const level = volumes.findIndex((part) => part <= volume + 1e-12);
    return first + (level < 0 ? volumes.length : level) * width;
  };
  const volumeAt = (intensity: number): number => {
    const level = volumes.findIndex((_, i) => fraction(i) >= intensity - 1e-12);
    return level < 0 ? 0 : volumes[level]!;
  };
  const flat: Computed | undefined = high > low ? undefined : [Number.NaN, 'constant region'];
  const [i10, i90] = [intensityAt(0.1), intensityAt(0.9)];
  return featureValues(INTENSITY_VOLUME_HISTOGRAM, {
    v10: flat ?? volumeAt(0.1),
    v90: flat ?? volumeAt(0.9),
    i10,
    i90,
    v10_minus_v90: flat ?? volumeAt(0.1) - volumeAt(0.9),
    i10_minus_i90: i10 - i90,
    auc: flat ? [0, 'constant region: 0 as the manual prescribes'] : areaUnder(volumes, width / (high - low)),
  });
}

function histogramOf(
  { values, inside }: Region,
  settings: FeatureSettings,
  unit: IntensityUnit,
  least: number,
  most: number,
): LevelHistogram | string {
  const how = ivhMethod(settings, unit);
  const { range } = settings.resegmentation;
  const { first, width, bins, low, high } = scaleOf(how, range, least, most);
  if (!(bins <= MOST_BINS)) return `more than ${MOST_BINS} levels in the intensity-volume histogram`;
  const counts = new Float64Array(bins);
  const byNumber = how.method === 'fixed-bin-number';
  for (let i = 0; i < inside.length; i++) {
    if (!inside[i]) continue;
    const value = values[i]!;
    if (how.method === 'none' && Math.floor(value) !== value) return 'intensities are no whole numbers';
    const bin = byNumber
      ? Math.floor((how.bins * (value - least)) / (most - least))
      : Math.floor((value - (how.method === 'none' ? first : first - width / 2)) / width);
    counts[Number.isNaN(bin) ? 0 : Math.max(0, Math.min(bins - 1, bin))]!++;
  }
  return { first, width, counts, low, high };
}

/** Levels and range of the three kinds of intensities that the manual tells apart. */
function scaleOf(
  { method, bins, binSize }: ReturnType<typeof ivhMethod>,
  range: readonly [number | null, number | null],
  least: number,
  most: number,
) {
  const [low, high] = [range[0] ?? least, range[1] ?? most];
  if (method === 'none') {
    const [from, to] = [Math.ceil(low), Math.floor(high)];
    return { first: from, width: 1, bins: to - from + 1, low, high };
  }
  if (method === 'fixed-bin-number') {
    return { first: 1, width: 1, bins: most > least ? bins : 1, low: 1, high: most > least ? bins : 1 };
  }
  const half = binSize / 2;
  const levels = Math.floor((high - low) / binSize) + 1;
  return { first: low + half, width: binSize, bins: levels, low: low + half, high: high - half };
}

/** For each level the part of the volume that has at least that level. */
function volumeFractions(counts: Float64Array): Float64Array {
  let voxels = 0;
  for (let i = 0; i < counts.length; i++) voxels += counts[i]!;
  const out = new Float64Array(counts.length);
  for (let i = 0, below = 0; i < counts.length; i++) {
    out[i] = 1 - below / voxels;
    below += counts[i]!;
  }
  return out;
}

/** By the trapezoidal rule; `step` is the levels' distance as an intensity fraction. */
function areaUnder(volumes: Float64Array, step: number): number {
  let area = 0;
  for (let i = 1; i < volumes.length; i++) area += ((volumes[i]! + volumes[i - 1]!) / 2) * step;
  return area;
}
