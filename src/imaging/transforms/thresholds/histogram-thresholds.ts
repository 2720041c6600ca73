import { HounsfieldError } from '../../../errors.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { type Histogram, histogramOf } from '../filters/histogram.ts';
import { extremes, type ValueMask } from '../intensity-statistics.ts';

export const THRESHOLD_METHODS = ['otsu', 'multi-otsu', 'li', 'yen', 'triangle', 'isodata', 'mean'] as const;
export type ThresholdMethod = (typeof THRESHOLD_METHODS)[number];

export interface ThresholdOptions {
  readonly mask?: ValueMask;
  /** Bins between the extremes; images of whole numbers have one for each value. Default 256. */
  readonly bins?: number;
  /** Classes of 'multi-otsu'; default 3. */
  readonly classes?: number;
}

/**
 * Thresholds that part values in classes: what is above one is in the class above. Otsu, "A threshold selection method
 * from gray-level histograms", 1979; multi-Otsu: Liao, Chen and Chung, 2001; Li and Tam, "An iterative algorithm for minimum
 * cross entropy thresholding", 1998; Yen, Chang and Chang, 1995; triangle: Zack, Rogers and Latt, 1977; isodata: Ridler and
 * Calvard, 1978. All as scikit-image's. For values that are all equal: that value. Throws INTENSITY_NOT_FINITE,
 * INTENSITY_REGION_EMPTY, THRESHOLD_CLASSES when there are fewer values than classes.
 */
export function thresholdsOf(
  values: PixelArray,
  method: ThresholdMethod,
  { mask, bins = 256, classes = 3 }: ThresholdOptions = {},
): readonly number[] {
  const [low, high] = extremes(values, mask);
  const histogram = () => histogramOf(values, bins, mask, [low, high]);
  if (method === 'multi-otsu') return multiOtsu(histogram(), classes);
  if (low === high) return [low];
  if (method === 'li') return [li(values, low, mask)];
  if (method === 'mean') return [meanAbove(values, Number.NEGATIVE_INFINITY, mask).above];
  const counted = histogram();
  return [counted.centres[BY_HISTOGRAM[method](counted)]!];
}

const BY_HISTOGRAM: Readonly<
  Record<'otsu' | 'yen' | 'triangle' | 'isodata', (histogram: Histogram) => number>
> = { otsu, yen, triangle, isodata };

/** Of the values above a threshold and of the others. */
function meanAbove(values: PixelArray, threshold: number, mask: ValueMask | undefined) {
  let above = 0;
  let count = 0;
  let all = 0;
  let total = 0;
  if (mask === undefined) {
    let odd = 0; // two sums: an addition waits for the one before it
    let oddAll = 0; // two sums: an addition waits for the one before it
    total = values.length;
    for (let i = 0; i < total - 1; i += 2) {
      const value = values[i]!;
      const other = values[i + 1]!;
      all += value;
      oddAll += other;
      const is = +(value > threshold);
      const otherIs = +(other > threshold);
      above += value * is;
      odd += other * otherIs;
      count += is + otherIs;
    }
    if (total % 2 === 1) {
      const value = values[total - 1]!;
      all += value;
      if (value > threshold) {
        above += value;
        count++;
      }
    }
    above += odd;
    all += oddAll;
  } else {
    for (let i = 0; i < values.length; i++) {
      if (!mask[i]) continue;
      const value = values[i]!;
      all += value;
      total++;
      if (value > threshold) {
        above += value;
        count++;
      }
    }
  }
  return { above: above / count, below: (all - above) / (total - count), count };
}

function otsu({ counts, centres }: Histogram): number {
  const total = sumOf(counts);
  let weighted = 0;
  for (let i = 0; i < counts.length; i++) weighted += counts[i]! * centres[i]!;
  let best = -1;
  let at = 0;
  let below = 0;
  let sumBelow = 0;
  for (let i = 0; i < counts.length - 1; i++) {
    below += counts[i]!;
    sumBelow += counts[i]! * centres[i]!;
    const above = total - below;
    if (below === 0 || above === 0) continue;
    const distance = sumBelow / below - (weighted - sumBelow) / above;
    const between = below * above * distance * distance;
    if (between > best) [best, at] = [between, i];
  }
  return at;
}

const sumOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
};

function yen({ counts }: Histogram): number {
  const total = sumOf(counts);
  let squares = 0;
  for (const count of counts) squares += (count / total) ** 2;
  let best = Number.NEGATIVE_INFINITY;
  let at = 0;
  let part = 0;
  let below = 0;
  for (let i = 0; i < counts.length - 1; i++) {
    const share = counts[i]! / total;
    part += share;
    below += share * share;
    const criterion = Math.log((part * (1 - part)) ** 2 / (below * (squares - below)));
    if (criterion > best) [best, at] = [criterion, i];
  }
  return at;
}

function triangle({ counts }: Histogram): number {
  const peak = counts.indexOf(Math.max(...counts));
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const turned = peak - first < last - peak; // the longer tail lies above
  const bins = counts.length;
  const at = (i: number) => counts[turned ? bins - 1 - i : i]!;
  const start = turned ? bins - 1 - last : first;
  const width = (turned ? bins - 1 - peak : peak) - start;
  const height = counts[peak]!;
  let best = Number.NEGATIVE_INFINITY;
  let found = 0;
  for (let i = 0; i < width; i++) {
    const distance = height * i - width * at(start + i);
    if (distance > best) [best, found] = [distance, i];
  }
  const level = start + found;
  return turned ? bins - 1 - level : level;
}

function isodata({ counts, centres }: Histogram): number {
  const total = sumOf(counts);
  let weighted = 0;
  for (let i = 0; i < counts.length; i++) weighted += counts[i]! * centres[i]!;
  const width = centres[1]! - centres[0]!;
  let below = 0;
  let sumBelow = 0;
  for (let i = 0; i < counts.length - 1; i++) {
    below += counts[i]!;
    sumBelow += counts[i]! * centres[i]!;
    const middle = (sumBelow / below + (weighted - sumBelow) / (total - below)) / 2;
    const distance = middle - centres[i]!;
    if (distance >= 0 && distance < width) return i;
  }
  return 0;
}

/** Fixed point of t = (below - above) / (log below - log above), of the means less the lowest value; to 0.5 of whole values. */
function li(values: PixelArray, low: number, mask: ValueMask | undefined): number {
  let { above: next } = meanAbove(values, Number.NEGATIVE_INFINITY, mask);
  const near = values instanceof Float32Array || values instanceof Float64Array ? 0 : 0.5;
  let before = Number.NEGATIVE_INFINITY;
  let seen = -1;
  while (Math.abs(next - before) > near) {
    before = next;
    const { above, below, count } = meanAbove(values, next, mask);
    const back = below - low;
    const fore = above - low;
    if (count === seen || back <= 0 || !(fore > 0)) return next;
    seen = count;
    next = low + (back - fore) / (Math.log(back) - Math.log(fore));
  }
  return next;
}

/** The partition of bins that makes the variance between classes greatest, by dynamic programming over the classes. */
function multiOtsu({ counts, centres }: Histogram, classes: number): readonly number[] {
  const filled = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  if (filled < classes) {
    throw new HounsfieldError(
      'THRESHOLD_CLASSES',
      `${filled} of the histogram's bins hold values, which cannot be parted in ${classes} classes. Ask for fewer classes, ` +
        'or for more bins.',
    );
  }
  const bins = counts.length;
  if (filled === classes) {
    return Array.from(centres)
      .filter((_, i) => counts[i]! > 0)
      .slice(0, -1);
  }
  const [weight, moment] = [new Float64Array(bins + 1), new Float64Array(bins + 1)];
  for (let i = 0; i < bins; i++) {
    weight[i + 1] = weight[i]! + counts[i]!;
    moment[i + 1] = moment[i]! + counts[i]! * (i + 1);
  }
  const gain = (from: number, to: number) => {
    const own = weight[to]! - weight[from]!;
    return own > 0 ? (moment[to]! - moment[from]!) ** 2 / own : 0;
  };
  let best = Float64Array.from({ length: bins + 1 }, (_, to) => gain(0, to));
  const cuts: Int32Array[] = [];
  for (let k = 1; k < classes; k++) {
    const next = new Float64Array(bins + 1).fill(Number.NEGATIVE_INFINITY);
    const cut = new Int32Array(bins + 1);
    for (let to = k + 1; to <= bins; to++) {
      for (let from = k; from < to; from++) {
        const total = best[from]! + gain(from, to);
        if (total > next[to]!) [next[to], cut[to]] = [total, from];
      }
    }
    best = next;
    cuts.push(cut);
  }
  const thresholds: number[] = [];
  for (let k = classes - 2, to = bins; k >= 0; k--) {
    to = cuts[k]![to]!;
    thresholds.unshift(centres[to - 1]!);
  }
  return thresholds;
}
