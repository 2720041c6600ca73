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
  return binsBetween(values, bins, mask, range ?? extremes(values, mask), range === undefined);
}

/** @param all no value lies beyond the range */
function binsBetween(
  values: PixelArray,
  bins: number,
  mask: ValueMask | undefined,
  [least, most]: readonly [low: number, high: number],
  all: boolean,
): Histogram {
  const [low, high] = least === most ? [least - 0.5, most + 0.5] : [least, most];
  const width = (high - low) / bins;
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * width));
  const counts = new Uint32Array(bins);
  if (mask === undefined && all) countAll(values, edges, counts);
  else {
    const scale = bins / (high - low);
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if ((mask !== undefined && !mask[i]) || value < low || value > high) continue;
      counts[binOf(value, (value - low) * scale, edges)]!++;
    }
  }
  const centres = Float64Array.from({ length: bins }, (_, i) => (edges[i]! + edges[i + 1]!) / 2);
  return { counts: Float64Array.from(counts), low, high, centres };
}

/** The bin of a value at `place`, whose rounding may have passed an edge. */
function binOf(value: number, place: number, edges: Float64Array): number {
  const last = edges.length - 2;
  let bin = Math.min(last, place | 0);
  if (value < edges[bin]!) bin--;
  else if (bin < last && value >= edges[bin + 1]!) bin++;
  return bin;
}

/** Two values at a time, each to counts of its own: an addition waits for the one before it to the same place. */
function countAll(values: PixelArray, edges: Float64Array, counts: Uint32Array): void {
  const bins = counts.length;
  const low = edges[0]!;
  const scale = bins / (edges[bins]! - low);
  const others = new Uint32Array(bins + 1);
  const these = new Uint32Array(bins + 1); // the greatest value lies on the last edge
  const pairs = values.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    const value = values[i]!;
    const other = values[i + 1]!;
    const place = (value - low) * scale;
    const otherPlace = (other - low) * scale;
    let bin = place | 0;
    let otherBin = otherPlace | 0;
    // near an edge, rounding may have passed it
    if (Math.abs(place - bin - 0.5) > 0.4999999) bin = binOf(value, place, edges);
    if (Math.abs(otherPlace - otherBin - 0.5) > 0.4999999) otherBin = binOf(other, otherPlace, edges);
    these[bin]!++;
    others[otherBin]!++;
  }
  if (pairs < values.length) {
    const value = values[pairs]!;
    these[binOf(value, (value - low) * scale, edges)]!++;
  }
  for (let bin = 0; bin < bins; bin++) counts[bin] = these[bin]! + others[bin]!;
}

/** A bin for each value of an image of whole numbers, as scikit-image; `bins` of one width for others. Takes extremes that are known. */
export function histogramOf(
  values: PixelArray,
  bins: number,
  mask?: ValueMask,
  [low, high]: readonly [low: number, high: number] = extremes(values, mask),
): Histogram {
  const range = high - low + 1;
  if (values instanceof Float32Array || values instanceof Float64Array || range > MOST_VALUES) {
    return binsBetween(values, bins, mask, [low, high], true);
  }
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
