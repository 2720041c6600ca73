/** Grey levels from intensities (IBSI reference manual, 4R0B). */
import { HounsfieldError } from '../../../errors.ts';
import type { DiscretizedRegion, Region } from '../feature.ts';
import type { FeatureSettings } from '../settings.ts';
import { MOST_LEVELS } from '../settings-check.ts';
import { sortedIntensities } from '../statistics.ts';

/** Bins per width above which a value counts as the next bin's, so that 0.3 / 0.1 is three bins. */
const BIN_TOLERANCE = 1e-12;

/** Lowest and highest intensity in the intensity mask; NaN where that is empty. */
export function intensityRange({ values, inside }: Region): readonly [low: number, high: number] {
  let [low, high] = [Number.NaN, Number.NaN];
  for (let i = 0; i < inside.length; i++) {
    if (!inside[i]) continue;
    const value = values[i]!;
    if (!(value >= low)) low = value;
    if (!(value <= high)) high = value;
  }
  return [low, high];
}

/**
 * A region's intensities as grey levels. Of a constant region every voxel has the highest
 * of a fixed number of bins, as the formula gives it. Throws FEATURE_LEVELS when 'none' meets
 * intensities that are no whole numbers from 1 on, or when there would be more than 65,535 levels.
 */
export function discretise(region: Region, settings: FeatureSettings): DiscretizedRegion {
  const { discretisation: how } = settings;
  const { inside, size, spacingMm, shape } = region;
  const values = how.equalisationBins === null ? region.values : equalised(region, how.equalisationBins);
  const [low, high] = intensityRange({ ...region, values });
  const levels = new Uint16Array(values.length);
  const base = { size, spacingMm, shape, levels };
  if (Number.isNaN(low)) return { ...base, count: 0 };
  if (how.method === 'none') return { ...base, count: wholeLevels(values, inside, levels, high) };
  if (how.method === 'fixed-bin-number') {
    const { bins } = how;
    for (let i = 0; i < levels.length; i++) {
      if (!inside[i]) continue;
      const value = values[i]!;
      levels[i] =
        value === high ? bins : Math.min(bins, Math.floor((bins * (value - low)) / (high - low)) + 1);
    }
    return { ...base, count: how.bins };
  }
  const from = lowerBound(settings, low);
  const level = (value: number) => Math.max(1, Math.floor((value - from) / how.binSize) + 1);
  const count = level(high);
  requireLevels(count);
  for (let i = 0; i < levels.length; i++) if (inside[i]) levels[i] = level(values[i]!);
  return { ...base, count };
}

/** Where the first bin of a fixed size begins, for a region whose lowest intensity is `low`. */
function lowerBound({ discretisation, resegmentation }: FeatureSettings, low: number): number {
  const { lowerBound: rule, binSize } = discretisation;
  if (typeof rule === 'number') return rule;
  if (rule === 'multiple') return Math.floor(low / binSize + BIN_TOLERANCE) * binSize;
  return rule === 'range' ? (resegmentation.range[0] ?? low) : low;
}

function wholeLevels(values: Float64Array, inside: Uint8Array, levels: Uint16Array, high: number): number {
  requireLevels(high);
  for (let i = 0; i < levels.length; i++) {
    if (!inside[i]) continue;
    const value = values[i]!;
    if (!(value >= 1) || Math.floor(value) !== value) {
      throw new HounsfieldError(
        'FEATURE_LEVELS',
        "discretisation 'none' takes intensities as grey levels, but the region holds others than whole numbers from " +
          "1 on. Choose 'fixed-bin-number' or 'fixed-bin-size'.",
      );
    }
    levels[i] = value;
  }
  return high;
}

function requireLevels(count: number): void {
  if (count <= MOST_LEVELS) return;
  throw new HounsfieldError(
    'FEATURE_LEVELS',
    `discretisation would make ${Math.ceil(count)} grey levels, and at most ${MOST_LEVELS} can be kept. Take a larger ` +
      'binSize for this range of intensities, or a fixed bin number.',
  );
}

/** Intensities replaced by the part of the region that is not brighter, in `bins` steps, on the scale they had. */
function equalised(region: Region, bins: number): Float64Array {
  const { values, inside } = region;
  const sorted = sortedIntensities(region);
  if (sorted.length === 0) return values;
  const [low, high] = [sorted[0]!, sorted[sorted.length - 1]!];
  if (low === high) return values;
  const binOf = (value: number) => Math.min(bins - 1, Math.floor((bins * (value - low)) / (high - low)));
  const below = new Float64Array(bins);
  for (const value of sorted) below[binOf(value)]!++;
  for (let b = 1; b < bins; b++) below[b]! += below[b - 1]!;
  const out = values.slice();
  for (let i = 0; i < out.length; i++) {
    if (inside[i]) out[i] = low + ((high - low) * below[binOf(out[i]!)]!) / sorted.length;
  }
  return out;
}
