import { HounsfieldError } from '../../../errors.ts';
import type { PyradiomicsSettings } from './parameters.ts';

/** Grey levels of a region's values, 1 and up, and the highest. */
export interface GreyBins {
  readonly levels: Uint16Array;
  readonly highest: number;
}

/**
 * Bins of a fixed width from a multiple of it, or a fixed number between the least and the greatest value; a value on an
 * edge belongs to the bin above. Edges are rounded as NumPy rounds them: those of float32 values to float32 at the start.
 * Throws FEATURE_LEVELS for more than 65535.
 */
export function greyBins(values: Float64Array, single: boolean, settings: PyradiomicsSettings): GreyBins {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const { binCount, binWidth } = settings;
  const edges =
    binCount === null
      ? widthEdges(least, greatest, binWidth, single)
      : countEdges(least, greatest, binCount, single);
  return levelsOf(values, edges);
}

function widthEdges(least: number, greatest: number, width: number, single: boolean): Float64Array {
  const round = single ? Math.fround : (value: number) => value;
  const w = round(width);
  let beyond = least % w;
  if (beyond < 0) beyond = round(beyond + w);
  const low = round(least - beyond);
  const high = round(greatest + round(2 * width));
  const count = Math.ceil(round(round(high - low) / w));
  if (!(count <= 65537)) {
    throw new HounsfieldError(
      'FEATURE_LEVELS',
      `a bin width of ${width} makes about ${Math.round(count)} grey levels of this region, where at most 65535 are. Widen ` +
        'the bins, or fix their number by binCount.',
    );
  }
  const step = round(low + w) - low;
  return Float64Array.from({ length: count }, (_, n) => low + n * step);
}

function countEdges(least: number, greatest: number, count: number, single: boolean): Float64Array {
  const round = single ? Math.fround : (value: number) => value;
  const [low, high] = least === greatest ? [round(least - 0.5), round(greatest + 0.5)] : [least, greatest];
  const step = (high - low) / count;
  const edges = Float64Array.from({ length: count + 1 }, (_, n) => round(low + n * step));
  edges[count] = round(high + 1);
  return edges;
}

/** How many edges are not above each value. */
function levelsOf(values: Float64Array, edges: Float64Array): GreyBins {
  const levels = new Uint16Array(values.length);
  const low = edges[0]!;
  const perValue = edges.length > 1 ? 1 / (edges[1]! - low) : 1;
  const last = edges.length;
  let highest = 0;
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!;
    let level = Math.floor((value - low) * perValue) + 1;
    if (level < 0) level = 0;
    if (level > last) level = last;
    while (level < last && edges[level]! <= value) level++;
    while (level > 0 && edges[level - 1]! > value) level--;
    levels[n] = level;
    if (level > highest) highest = level;
  }
  return { levels, highest };
}
