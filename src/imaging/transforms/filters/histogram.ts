import type { PixelArray } from '../../image/medical-image.ts';
import { extremes, type ValueMask } from '../intensity-statistics.ts';

/** How many values fall into bins of one width; each bin holds its lower edge, the last its upper too. */
export interface Histogram {
  readonly counts: Float64Array;
  /** Lower edge of the first bin, in the image's unit. */
  readonly low: number;
  /** Upper edge of the last. */
  readonly high: number;
  /** Centres of the bins. */
  readonly centres: Float64Array;
}

/** Whole values over a wider range than this are counted in bins. */
const MOST_VALUES = 65536;

/** Counts `bins` between the extremes as numpy's histogram, or between `range`. Throws as extremes does. */
export function countBins(
  values: PixelArray,
  bins: number,
  mask?: ValueMask,
  range?: readonly [low: number, high: number],
): Histogram {
  const [least, most] = range ?? extremes(values, mask);
  const [low, high] = least === most ? [least - 0.5, most + 0.5] : [least, most];
  const width = (high - low) / bins;
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * width));
  const counts = new Uint32Array(bins);
  const scale = bins / (high - low);
  const last = bins - 1;
  for (let i = 0; i < values.length; i++) {
    if (mask !== undefined && !mask[i]) continue;
    const value = values[i]!;
    if (value < low || value > high) continue;
    let bin = ((value - low) * scale) | 0;
    if (bin > last) bin = last;
    // rounding of the product may have passed an edge
    if (value < edges[bin]!) bin--;
    else if (bin < last && value >= edges[bin + 1]!) bin++;
    counts[bin]!++;
  }
  const centres = Float64Array.from({ length: bins }, (_, i) => (edges[i]! + edges[i + 1]!) / 2);
  return { counts: Float64Array.from(counts), low, high, centres };
}

/** A bin for each value of an image of whole numbers, as scikit-image; `bins` of one width for others. */
export function histogramOf(values: PixelArray, bins: number, mask?: ValueMask): Histogram {
  if (values instanceof Float32Array || values instanceof Float64Array) return countBins(values, bins, mask);
  const [low, high] = extremes(values, mask);
  const range = high - low + 1;
  if (range > MOST_VALUES) return countBins(values, bins, mask);
  const counts = new Uint32Array(range);
  for (let i = 0; i < values.length; i++) {
    if (mask === undefined || mask[i]) counts[values[i]! - low]!++;
  }
  return {
    counts: Float64Array.from(counts),
    low: low - 0.5,
    high: high + 0.5,
    centres: Float64Array.from({ length: range }, (_, i) => low + i),
  };
}
