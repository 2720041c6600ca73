import { HounsfieldError } from '../../errors.ts';
import { isLabelMap, type PixelArray } from '../image/medical-image.ts';
import { perVolume } from './intensity-image.ts';
import { type RegionParameters, readRegion, regionOfChannels } from './intensity-region.ts';
import { percentiles, type ValueMask } from './intensity-statistics.ts';
import { requireSpread } from './intensity-z-score.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform, IntensityTransform } from './transform.ts';

/** Places of a histogram on a standard scale of 0 to 100; plain JSON, to be kept beside a model. */
export interface HistogramLandmarks {
  /** Percentiles, rising. */
  readonly percents: readonly number[];
  /** Where each goes on the standard scale, rising. */
  readonly values: readonly number[];
  /** Images they were learned from. */
  readonly images: number;
}

/** The cut-offs pc1 and pc2 of Nyul and Udupa, and the deciles between. */
export const LANDMARK_PERCENTS = [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99] as const;

/**
 * Learns landmarks from a set of images of one protocol (Nyul, Udupa and Zhang, "New variants of a method of MRI scale
 * standardization", IEEE TMI 19, 2000, section II): each image's percentiles are brought to 0..100 by the line through
 * the outer two, then averaged. Throws HISTOGRAM_NO_IMAGES, INTENSITY_CONSTANT and as `percentiles`.
 *
 * @param images values with the mask of what counts, one at a time, so that not all need to be in memory
 */
export function learnHistogramLandmarks(
  images: Iterable<{ readonly values: PixelArray; readonly inside?: ValueMask }>,
  percents: readonly number[] = LANDMARK_PERCENTS,
): HistogramLandmarks {
  const sums = new Float64Array(percents.length);
  let count = 0;
  for (const { values, inside } of images) {
    const found = percentiles(values, percents, inside);
    const [low, high] = [found[0]!, found.at(-1)!];
    requireSpread(high - low, 'histogram-standardization');
    for (const [i, value] of found.entries()) sums[i]! += (100 * (value - low)) / (high - low);
    count++;
  }
  if (count === 0) {
    throw new HounsfieldError(
      'HISTOGRAM_NO_IMAGES',
      'there is no image to learn landmarks from. Give at least one.',
    );
  }
  return { percents: [...percents], values: Array.from(sums, (sum) => sum / count), images: count };
}

export interface HistogramStandardizationParameters extends RegionParameters {
  readonly landmarks: HistogramLandmarks;
}

/**
 * Brings an image's histogram to the learned landmarks, channel by channel, by straight pieces between percentiles of a
 * region; beyond the outer landmarks the outer pieces go on. Recorded as piecewise-linear.
 */
export const histogramStandardization: DerivedTransform<HistogramStandardizationParameters> = {
  name: 'histogram-standardization',
  kind: 'derived',
  example: { landmarks: { percents: [1, 25, 50, 75, 99], values: [0, 20, 55, 80, 100], images: 3 } },
  check(parameters) {
    const read = readParameters('histogram-standardization', parameters);
    const region = readRegion(read);
    const { percents, values, images } = (read.optional('landmarks', () => parameters['landmarks']) ??
      {}) as Partial<Record<keyof HistogramLandmarks, unknown>>; // checked below
    const [places, targets] = [finiteList(percents), finiteList(values)];
    read.require(
      places.length >= 2 && places.length === targets.length && places.length <= 1000,
      'landmarks hold no equally long lists of percents and values',
    );
    read.require(rises(places) && rises(targets), 'landmarks do not rise');
    read.require(
      places.every((percent) => percent >= 0 && percent <= 100),
      'a landmark is no percentile of 0..100',
    );
    read.end();
    const learned = typeof images === 'number' && Number.isFinite(images) ? images : 1;
    return { ...region, landmarks: { percents: places, values: targets, images: learned } };
  },
  resolve:
    ({ landmarks, ...region }, subject) =>
    (_, image) => {
      if (isLabelMap(image)) return [];
      const from = regionOfChannels(image, region, subject).flatMap(({ values, inside }) => {
        const found = percentiles(values, landmarks.percents, inside);
        requireSpread(found.at(-1)! - found[0]!, 'histogram-standardization');
        return found;
      });
      return [{ transform: piecewiseLinear, parameters: { from, to: landmarks.values } }];
    },
};

function finiteList(value: unknown): readonly number[] {
  return Array.isArray(value) && value.every(Number.isFinite) ? value : [];
}

const rises = (list: readonly number[]): boolean =>
  list.every((value, i) => i === 0 || value >= list[i - 1]!);

export interface PiecewiseLinearParameters {
  /** Rising values; as many for each channel as `to` has, or for all channels alike. */
  readonly from: readonly number[];
  /** Where they go, rising. */
  readonly to: readonly number[];
}

/** Straight pieces between places of the scale of values, in float32; beyond the ends the outer pieces go on. */
export const piecewiseLinear: IntensityTransform<PiecewiseLinearParameters> = {
  name: 'piecewise-linear',
  kind: 'intensity',
  example: { from: [40, 90, 110, 160], to: [0, 20, 70, 100] },
  check(parameters) {
    const read = readParameters('piecewise-linear', parameters);
    const from = read.numbers('from');
    const to = read.numbers('to');
    read.require(
      to.length >= 2 && from.length >= to.length,
      'from is shorter than to, or to has fewer than two',
    );
    read.require(from.length % Math.max(1, to.length) === 0, 'from is no multiple of to in length');
    read.require(rises(to), 'to does not rise');
    for (let i = 0; i < from.length; i += Math.max(1, to.length)) {
      read.require(rises(from.slice(i, i + to.length)), 'from does not rise');
    }
    read.end();
    return { from, to };
  },
  change(image, { from, to }) {
    const changed = perVolume(image, (volume, channel) => {
      const start = (channel * to.length) % from.length;
      return alongPieces(volume, from.slice(start, start + to.length), to);
    });
    return { ...changed, unit: 'arbitrary' };
  },
  inverse: { none: 'where two values went to one place, the way back is not known' },
};

/** Pieces narrower than this are level: two landmarks fell together, as of a background that was not left out. */
const LEAST_PIECE = 1e-5;

function alongPieces(volume: Float32Array, from: readonly number[], to: readonly number[]): Float32Array {
  const pieces = from.length - 1;
  const slope = Float64Array.from({ length: pieces }, (_, i) => {
    const width = from[i + 1]! - from[i]!;
    return width < LEAST_PIECE ? 0 : (to[i + 1]! - to[i]!) / width;
  });
  const offset = Float64Array.from({ length: pieces }, (_, i) => to[i]! - slope[i]! * from[i]!);
  const edges = Float64Array.from(from);
  const out = new Float32Array(volume.length);
  let piece = 0; // neighbours are alike, so the last piece is the first guess
  for (let i = 0; i < volume.length; i++) {
    const value = volume[i]!;
    while (piece < pieces - 1 && value >= edges[piece + 1]!) piece++;
    while (piece > 0 && value < edges[piece]!) piece--;
    out[i] = slope[piece]! * value + offset[piece]!;
  }
  return out;
}
