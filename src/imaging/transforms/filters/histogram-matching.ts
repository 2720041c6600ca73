import { HounsfieldError } from '../../../errors.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { extremes, type ValueMask } from '../intensity-statistics.ts';
import { readParameters } from '../read-parameters.ts';
import type { IntensityTransform } from '../transform.ts';
import { mapChannels } from './histogram-equalization.ts';
import { sortedOrder } from './sorted-order.ts';

/** How the values of an image are spread: the part (0..1) of them that is no greater than each value. */
export interface Distribution {
  /** Rising. */
  readonly values: readonly number[];
  /** Rising, the last 1. */
  readonly quantiles: readonly number[];
}

/**
 * The distribution of the values under a mask, for match-histogram: every value that occurs, or, where these are more, as
 * many as `most`, evenly spread over the quantiles. Throws INTENSITY_REGION_EMPTY, INTENSITY_NOT_FINITE.
 */
export function distributionOf(
  values: PixelArray,
  mask?: ValueMask,
  most = Number.POSITIVE_INFINITY,
): Distribution {
  extremes(values, mask); // throws
  const sorted = (mask ? values.filter((_, i) => mask[i]) : values.slice()).sort();
  const [found, quantiles]: [number[], number[]] = [[], []];
  for (let i = 0; i < sorted.length; i++) {
    if (i + 1 < sorted.length && sorted[i + 1] === sorted[i]) continue;
    found.push(sorted[i]!);
    quantiles.push((i + 1) / sorted.length);
  }
  if (found.length <= most) return { values: found, quantiles };
  const kept = Array.from({ length: most }, (_, k) => Math.round((k * (found.length - 1)) / (most - 1)));
  return { values: kept.map((at) => found[at]!), quantiles: kept.map((at) => quantiles[at]!) };
}

/**
 * Gives each channel the distribution of values of a reference, which distributionOf learns: a value goes to the
 * reference's value of the same quantile, linear between them as scikit-image's match_histograms. Throws
 * INTENSITY_NOT_FINITE.
 */
export const matchHistogram: IntensityTransform<Distribution> = {
  name: 'match-histogram',
  kind: 'intensity',
  example: { values: [0, 20, 50, 120], quantiles: [0.1, 0.5, 0.8, 1] },
  check(parameters) {
    const read = readParameters('match-histogram', parameters);
    const values = read.numbers('values');
    const quantiles = read.numbers('quantiles', { min: 0, max: 1 });
    const rising = (list: readonly number[]) => list.every((value, i) => i === 0 || value > list[i - 1]!);
    read.require(
      values.length > 0 && values.length === quantiles.length,
      'values and quantiles differ in length',
    );
    read.require(rising(values) && rising(quantiles), 'values or quantiles do not rise');
    read.end();
    return { values, quantiles };
  },
  change(image, reference) {
    const matched = mapChannels(image, (values, _, out) => matchValues(values, reference, out));
    return { ...matched, unit: image.unit };
  },
  inverse: { none: 'which values became equal is not kept' },
};

/** Values with a reference's distribution, into `out`. Throws HISTOGRAM_REFERENCE for a reference of no values. */
export function matchValues(values: PixelArray, reference: Distribution, out: Float32Array): void {
  if (reference.values.length === 0) {
    throw new HounsfieldError(
      'HISTOGRAM_REFERENCE',
      'the reference has no values. Learn it by distributionOf from an image that is not empty.',
    );
  }
  const { order, keys } = sortedOrder(values);
  const [heights, quantiles] = [Float64Array.from(reference.values), Float64Array.from(reference.quantiles)];
  const last = heights.length - 1;
  const count = keys.length;
  let piece = 0;
  for (let first = 0; first < count; ) {
    let end = first + 1;
    while (end < count && keys[end] === keys[first]) end++;
    const quantile = end / count;
    while (piece < last && quantiles[piece + 1]! <= quantile) piece++;
    let height = heights[piece]!;
    if (piece < last && quantile > quantiles[piece]!) {
      const slope = (heights[piece + 1]! - height) / (quantiles[piece + 1]! - quantiles[piece]!);
      height += slope * (quantile - quantiles[piece]!);
    }
    for (let i = first; i < end; i++) out[order[i]!] = height;
    first = end;
  }
}
