import type { MedicalImage } from '../../image/medical-image.ts';
import { isLabelMap } from '../../image/medical-image.ts';
import { withFloats } from '../intensity-image.ts';
import { type RegionParameters, readRegion, regionOfChannels } from '../intensity-region.ts';
import { readParameters } from '../read-parameters.ts';
import type { DerivedTransform, IntensityTransform } from '../transform.ts';
import { requireFinite } from './filter-volumes.ts';
import { histogramOf } from './histogram.ts';

export interface EqualizeHistogramParameters extends RegionParameters {
  /** Bins between the extremes; an image of whole numbers has one for each value. Default 256. */
  readonly bins?: number;
}

/**
 * Histogram equalisation of each channel: values become the part of the region's values that are no greater, 0..1, linear
 * between the centres of bins as scikit-image. Recorded as value-curve with the curve found. Throws
 * INTENSITY_REGION_EMPTY, INTENSITY_NOT_FINITE.
 */
export const equalizeHistogram: DerivedTransform<EqualizeHistogramParameters> = {
  name: 'equalize-histogram',
  kind: 'derived',
  example: { bins: 64 },
  check(parameters) {
    const read = readParameters('equalize-histogram', parameters);
    const checked = {
      ...readRegion(read),
      bins: read.number('bins', { min: 2, max: 65536, whole: true, fallback: 256 }),
    };
    read.end();
    return checked;
  },
  resolve:
    ({ bins, ...region }, subject) =>
    (_, image) => {
      if (isLabelMap(image)) return [];
      const curves = regionOfChannels(image, region, subject).map(({ values, inside }) => {
        const { counts, centres } = histogramOf(values, bins, inside);
        return { from: [...centres], to: cumulative(counts) };
      });
      return [{ transform: valueCurve, parameters: { curves } }];
    },
};

function cumulative(counts: Float64Array): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  return Array.from(counts, (count) => {
    below += count;
    return below / total;
  });
}

/** Values on a broken line through (from, to); beyond its ends it stays level. */
export interface Curve {
  /** Rising. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Sends the values of each channel through a broken line that is level beyond its ends, in float32. Throws INTENSITY_NOT_FINITE. */
export const valueCurve: IntensityTransform<{
  /** One for each channel, or one for all. */
  readonly curves: readonly Curve[];
}> = {
  name: 'value-curve',
  kind: 'intensity',
  example: { curves: [{ from: [60, 100, 140], to: [0, 0.8, 1] }] },
  check(parameters) {
    const read = readParameters('value-curve', parameters);
    const list = read.list('curves');
    read.require(list.length > 0, 'curves is empty');
    const curves = list.map((item, i) => {
      const { from, to } = (typeof item === 'object' && item !== null ? item : {}) as Partial<Curve>; // checked below
      const numbers = [from, to].every((side) => Array.isArray(side) && side.every(Number.isFinite));
      const right =
        numbers &&
        from!.length > 0 &&
        from!.length === to!.length &&
        from!.every((v, k) => k === 0 || v > from![k - 1]!);
      read.require(
        right,
        `curves[${i}] is no pair of lists of numbers, from and to, of one length, from rising`,
      );
      return right ? { from: from!, to: to! } : { from: [0], to: [0] };
    });
    read.end();
    return { curves };
  },
  change(image, { curves }) {
    return mapChannels(image, (values, channel, out) => {
      followCurve(values, curves[channel % curves.length]!, out);
    });
  },
  inverse: { none: 'values that the line makes equal cannot be told apart' },
};

/** float32 values of each channel and time point, made of the values in their own type. Throws INTENSITY_NOT_FINITE. */
export function mapChannels(
  image: MedicalImage,
  map: (values: MedicalImage['pixels'], channel: number, out: Float32Array) => void,
): MedicalImage {
  requireFinite(image.pixels);
  const length = image.width * image.height * image.depth;
  const pixels = new Float32Array(image.pixels.length);
  for (let start = 0, index = 0; start < pixels.length; start += length, index++) {
    const channel = index % image.channels;
    map(image.pixels.subarray(start, start + length), channel, pixels.subarray(start, start + length));
  }
  return withFloats(image, pixels, 'arbitrary');
}

/** Cells that lead to the piece of a curve, for each piece. */
const CELLS_PER_PIECE = 4;

function followCurve(values: MedicalImage['pixels'], { from, to }: Curve, out: Float32Array): void {
  const last = from.length - 1;
  const [low, high, first, final] = [from[0]!, from[last]!, to[0]!, to[last]!];
  if (last === 0) {
    out.fill(first);
    return;
  }
  const cells = Math.min(1 << 20, last * CELLS_PER_PIECE);
  const scale = cells / (high - low);
  const starts = new Int32Array(cells + 1); // the last piece that begins no later than a cell
  for (let cell = 0, piece = 0; cell <= cells; cell++) {
    while (piece < last - 1 && (from[piece + 1]! - low) * scale <= cell) piece++;
    starts[cell] = piece;
  }
  const [knots, heights, slopes] = [new Float64Array(from), new Float64Array(to), new Float64Array(last)];
  for (let i = 0; i < last; i++) slopes[i] = (to[i + 1]! - to[i]!) / (from[i + 1]! - from[i]!);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= high) out[i] = final;
    else if (value <= low) out[i] = first;
    else {
      let piece = starts[((value - low) * scale) | 0]!;
      while (value >= knots[piece + 1]!) piece++;
      while (value < knots[piece]!) piece--;
      out[i] = heights[piece]! + slopes[piece]! * (value - knots[piece]!);
    }
  }
}
