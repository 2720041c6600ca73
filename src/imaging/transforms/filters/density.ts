import { HounsfieldError } from '../../../errors.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { moments, type ValueMask } from '../intensity-statistics.ts';
import { countBins } from './histogram.ts';

/** Density of values by bins of one width: its integral over all bins is 1. */
export interface HistogramDensity {
  /** In 1 / the image's unit. */
  readonly density: Float64Array;
  /** One more than bins. */
  readonly edges: Float64Array;
  readonly counts: Float64Array;
}

/** The density of values under a mask in bins between their extremes, as numpy's histogram. Throws as extremes does. */
export function histogramDensity(values: PixelArray, bins: number, mask?: ValueMask): HistogramDensity {
  const { counts, low, high } = countBins(values, bins, mask);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const width = (high - low) / bins;
  return {
    counts,
    density: counts.map((count) => count / total / width),
    edges: Float64Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * width)),
  };
}

export interface KernelDensityOptions {
  readonly mask?: ValueMask;
  /** Scott's (default) or Silverman's rule for one dimension, or the part of the deviation itself, as scipy. */
  readonly bandwidth?: 'scott' | 'silverman' | number;
  /** 'exact': a kernel for each value; 'binned': for each of 4096 cells of the values' range. Default: exact up to 4096 values. */
  readonly method?: 'exact' | 'binned';
}

export interface KernelDensity {
  /** At each point, in 1 / the image's unit. */
  readonly density: Float64Array;
  /** Standard deviation of the kernels, in the image's unit. */
  readonly bandwidth: number;
}

const CELLS = 4096;
/** Kernels are nothing beyond this many of their deviations. */
const REACH = 8.5;

/**
 * Gaussian kernel density of values at some points (D. W. Scott, "Multivariate density estimation", 1992; scipy's
 * gaussian_kde). Throws INTENSITY_NOT_FINITE, INTENSITY_REGION_EMPTY, INTENSITY_CONSTANT.
 */
export function kernelDensity(
  values: PixelArray,
  points: ArrayLike<number>,
  { mask, bandwidth = 'scott', method }: KernelDensityOptions = {},
): KernelDensity {
  const { count, low, high, deviation } = moments(values, mask);
  if (!(deviation > 0)) {
    throw new HounsfieldError(
      'INTENSITY_CONSTANT',
      'all values of the region are equal, which have no width for a kernel. Choose a region of several values.',
    );
  }
  const rule =
    bandwidth === 'scott'
      ? count ** (-1 / 5)
      : bandwidth === 'silverman'
        ? ((3 * count) / 4) ** (-1 / 5)
        : bandwidth;
  const width = rule * deviation * Math.sqrt(count / (count - 1)); // of the sample
  const exact = method === undefined ? count <= CELLS : method === 'exact';
  const { places, weights } = exact ? eachValue(values, mask) : cells(values, mask, low, high);
  const density = new Float64Array(points.length);
  const factor = 1 / (count * width * Math.sqrt(2 * Math.PI));
  for (let p = 0; p < points.length; p++) {
    const point = points[p]!;
    let sum = 0;
    for (let i = firstAbove(places, point - REACH * width); i < places.length; i++) {
      const away = (places[i]! - point) / width;
      if (away > REACH) break;
      sum += weights[i]! * Math.exp(-0.5 * away * away);
    }
    density[p] = sum * factor;
  }
  return { density, bandwidth: width };
}

interface Weighted {
  /** Rising. */
  readonly places: Float64Array;
  readonly weights: Float64Array;
}

function eachValue(values: PixelArray, mask: ValueMask | undefined): Weighted {
  const places = Float64Array.from(mask ? values.filter((_, i) => mask[i]) : values).sort();
  return { places, weights: new Float64Array(places.length).fill(1) };
}

/** Each value is shared between the two cells that it lies between. */
function cells(values: PixelArray, mask: ValueMask | undefined, low: number, high: number): Weighted {
  const step = (high - low) / (CELLS - 1);
  const weights = new Float64Array(CELLS);
  for (let i = 0; i < values.length; i++) {
    if (mask !== undefined && !mask[i]) continue;
    const place = (values[i]! - low) / step;
    const cell = Math.min(CELLS - 2, Math.floor(place));
    weights[cell]! += cell + 1 - place;
    weights[cell + 1]! += place - cell;
  }
  return { places: Float64Array.from({ length: CELLS }, (_, i) => low + i * step), weights };
}

function firstAbove(sorted: Float64Array, value: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
