import { HounsfieldError } from '../../errors.ts';
import type { PixelArray } from '../image/medical-image.ts';

/** Non-zero where a value counts; as long as the values. */
export type ValueMask = ArrayLike<number>;

export interface Moments {
  readonly count: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** Of the population: divided by the count. */
  readonly deviation: number;
}

/**
 * Count, extremes, mean and standard deviation of the values under a mask. Throws INTENSITY_NOT_FINITE, and
 * INTENSITY_REGION_EMPTY when the mask leaves nothing.
 */
export function moments(values: PixelArray, mask?: ValueMask): Moments {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (mask && !mask[i]) continue;
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
    count++;
  }
  requireValues(count, sum);
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    if (mask && !mask[i]) continue;
    const distance = values[i]! - mean;
    squares += distance * distance;
  }
  return { count, low, high, mean, deviation: Math.sqrt(squares / count) };
}

/** Lowest and highest of the values under a mask. Throws as moments does. */
export function extremes(values: PixelArray, mask?: ValueMask): readonly [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  if (!mask) {
    let odd = 0;
    const last = values.length - 1; // two sums: an addition waits for the one before it
    for (let i = 0; i < last; i += 2) {
      const value = values[i]!;
      const next = values[i + 1]!;
      if (value < low) low = value;
      if (value > high) high = value;
      if (next < low) low = next;
      if (next > high) high = next;
      sum += value;
      odd += next;
    }
    if (values.length % 2 === 1) {
      low = Math.min(low, values[last]!);
      high = Math.max(high, values[last]!);
      sum += values[last]!;
    }
    requireValues(values.length, sum + odd);
    return [low, high];
  }
  for (let i = 0; i < values.length; i++) {
    if (!mask[i]) continue;
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
    count++;
  }
  requireValues(count, sum);
  return [low, high];
}

function requireValues(count: number, sum: number): void {
  if (count === 0) {
    throw new HounsfieldError(
      'INTENSITY_REGION_EMPTY',
      'no voxel lies in the region whose values are asked for. Choose a region that is not empty, or check the mask.',
    );
  }
  if (Number.isFinite(sum)) return;
  throw new HounsfieldError(
    'INTENSITY_NOT_FINITE',
    'the image holds values that are not finite (NaN or infinity), or too great to be added up. Replace them first, ' +
      'for example by the value of air.',
  );
}

/** Bins of the first, coarse sorting. */
const BINS = 8192;

/**
 * Percentiles (0..100) of the values under a mask, linear between the two nearest ranks as numpy's default: exact, by a
 * histogram and a sort of the bins that hold the ranks. Throws as moments does.
 */
export function percentiles(
  values: PixelArray,
  percents: readonly number[],
  mask?: ValueMask,
): readonly number[] {
  const [low, high] = extremes(values, mask);
  if (low === high) return percents.map(() => low);
  let count = values.length;
  if (mask) for (let i = 0; i < values.length; i++) if (!mask[i]) count--;
  const places = percents.map((percent) => (Math.min(100, Math.max(0, percent)) / 100) * (count - 1));
  const ranks = [...new Set(places.flatMap((place) => [Math.floor(place), Math.ceil(place)]))];
  const scale = BINS / (high - low);
  const found =
    scale > 1e-300 && scale < 1e300 ? byHistogram(values, mask, { low, scale }, ranks) : bySort(values, mask);
  return places.map((place) => {
    const [below, above] = [found.get(Math.floor(place))!, found.get(Math.ceil(place))!];
    const part = place - Math.floor(place);
    // numpy's lerp: from the nearer end
    return part < 0.5 ? below + (above - below) * part : above - (above - below) * (1 - part);
  });
}

/** Values by their ranks. */
type Ranked = Pick<ReadonlyMap<number, number>, 'get'>;

/** For ranges that are too narrow or too wide to be parted in bins. */
function bySort(values: PixelArray, mask: ValueMask | undefined): Ranked {
  const sorted = Float64Array.from(values).filter((_, i) => !mask || mask[i]);
  sorted.sort();
  return { get: (rank) => sorted[rank] };
}

function byHistogram(
  values: PixelArray,
  mask: ValueMask | undefined,
  bins: { readonly low: number; readonly scale: number },
  ranks: readonly number[],
): Ranked {
  const { low, scale } = bins;
  const histogram = new Uint32Array(BINS);
  for (let i = 0; i < values.length; i++) {
    if (mask && !mask[i]) continue;
    histogram[Math.min(BINS - 1, Math.floor((values[i]! - low) * scale))]!++;
  }
  return valuesAtRanks(values, mask, histogram, bins, ranks);
}

function valuesAtRanks(
  values: PixelArray,
  mask: ValueMask | undefined,
  histogram: Uint32Array,
  { low, scale }: { readonly low: number; readonly scale: number },
  ranks: readonly number[],
): ReadonlyMap<number, number> {
  const starts = new Uint32Array(BINS + 1);
  for (let bin = 0; bin < BINS; bin++) starts[bin + 1] = starts[bin]! + histogram[bin]!;
  const bins = new Map<number, { readonly values: Float64Array; filled: number }>();
  const binOfRank = new Map<number, number>();
  for (const rank of ranks) {
    let bin = 0;
    while (starts[bin + 1]! <= rank) bin++;
    binOfRank.set(rank, bin);
    if (!bins.has(bin)) bins.set(bin, { values: new Float64Array(histogram[bin]!), filled: 0 });
  }
  const wanted = new Uint8Array(BINS);
  for (const bin of bins.keys()) wanted[bin] = 1;
  for (let i = 0; i < values.length; i++) {
    if (mask && !mask[i]) continue;
    const bin = Math.min(BINS - 1, Math.floor((values[i]! - low) * scale));
    if (wanted[bin]) {
      const held = bins.get(bin)!;
      held.values[held.filled++] = values[i]!;
    }
  }
  for (const held of bins.values()) held.values.sort();
  return new Map(
    ranks.map((rank) => {
      const bin = binOfRank.get(rank)!;
      return [rank, bins.get(bin)!.values[rank - starts[bin]!]!];
    }),
  );
}

/**
 * Otsu's threshold ("A threshold selection method from gray-level histograms", IEEE Trans. SMC 9, 1979, eq. 18): the
 * centre of the bin, of 256 between the extremes, that best parts the values in two. What is above it is foreground.
 * For values that are all equal: that value. Throws as moments does.
 */
export function otsuThreshold(values: PixelArray, mask?: ValueMask, bins = 256): number {
  const [low, high] = extremes(values, mask);
  if (low === high) return low;
  const histogram = new Float64Array(bins);
  const scale = bins / (high - low);
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    if (mask && !mask[i]) continue;
    histogram[Math.min(bins - 1, Math.floor((values[i]! - low) * scale))]!++;
    total++;
  }
  const centre = (bin: number) => low + (bin + 0.5) / scale;
  let weighted = 0;
  for (let bin = 0; bin < bins; bin++) weighted += histogram[bin]! * centre(bin);
  let best = -1;
  let at = 0;
  let below = 0;
  let sumBelow = 0;
  for (let bin = 0; bin < bins - 1; bin++) {
    below += histogram[bin]!;
    sumBelow += histogram[bin]! * centre(bin);
    const above = total - below;
    if (below === 0 || above === 0) continue;
    const distance = sumBelow / below - (weighted - sumBelow) / above;
    const between = below * above * distance * distance;
    if (between > best) {
      best = between;
      at = bin;
    }
  }
  return centre(at);
}
