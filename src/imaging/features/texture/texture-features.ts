import { HounsfieldError } from '../../../errors.ts';
import type { Aggregation, DiscretizedRegion, FeatureValue } from '../feature.ts';
import { coOccurrence } from './co-occurrence-features.ts';
import {
  directions,
  halfNeighbourhood,
  lengthOf,
  type Norm,
  offsetOf,
  type Step,
  type Weighting,
  weightOf,
} from './directions.ts';
import { type LevelGrid, levelGrid } from './level-grid.ts';
import { type Neighbourhoods, neighbourhoods, packedSums, toneDifference } from './neighbourhoods.ts';
import { pairMatrix } from './pair-matrix.ts';
import { countRuns, runTable } from './run-lengths.ts';
import { fromSizeLists, fromSizeTable, sizeFeatures } from './size-matrix.ts';
import { type CoOccurrenceSums, TEXTURE_DEFINITIONS, type TextureFamily } from './texture-definitions.ts';
import { distanceToEdge, type Zones, zones } from './zones.ts';

export interface TextureOptions {
  /** Chebyshev distance of neighbours for GLCM, NGTDM and NGLDM, voxels; 1 is the standard's. */
  readonly distance?: number;
  /** alpha of the NGLDM: grey levels that far apart still depend on one another; 0 is the standard's. */
  readonly coarseness?: number;
  /** Weight of a neighbour by its distance in merged GLCM and GLRLM, in NGTDM and NGLDM; 'none' is the standard's. */
  readonly weighting?: Weighting;
  /** Norm of weights, and of neighbourhoods in NGTDM and NGLDM; 'chebyshev' is the standard's. */
  readonly norm?: Norm;
}

/** The families of this module, in the standard's order. */
export const TEXTURE_FAMILIES = Object.keys(TEXTURE_DEFINITIONS) as readonly TextureFamily[]; // its own keys

/** The sums of one matrix under the names that definitions know, or why there is none. */
type Sums = Readonly<Record<string, number>>;

/** Sums of the matrices that are averaged, and how many more had nothing in them. */
interface Found {
  readonly sums: readonly Sums[];
  readonly empty: number;
  readonly why: string;
}

interface Setting {
  readonly distance: number;
  readonly coarseness: number;
  readonly weighting: Weighting;
  readonly norm: Norm;
}

/**
 * Texture features of a discretised region (IBSI reference manual v11, 3.6 to 3.11), by family, aggregation and feature.
 * Families without directions (szm, dzm, ngt, ngl) give values for '2D_avg', '2_5D_mrg' and '3D_mrg' only. A feature that
 * needs more voxels than the region has is NaN with a remark. Memory: about 8 bytes for a voxel of the box, 16 for one of
 * the region, and the square of the grey levels that occur (at most 64 MiB).
 * Throws FEATURE_REGION, FEATURE_REGION_EMPTY, FEATURE_OPTION.
 */
export function textureFeatures(
  region: DiscretizedRegion,
  families: readonly TextureFamily[],
  aggregations: readonly Aggregation[],
  options: TextureOptions = {},
): FeatureValue[] {
  const setting: Setting = { distance: 1, coarseness: 0, weighting: 'none', norm: 'chebyshev', ...options };
  checkSetting(setting);
  const grid = levelGrid(region, setting.distance);
  const made = shared(grid, families, setting, region.shape);
  const values: FeatureValue[] = [];
  for (const family of families) {
    const found = foundIn(grid, family, aggregations, setting, made);
    for (const [aggregation, of] of found) values.push(...valuesOf(family, aggregation, of));
  }
  return values;
}

function checkSetting({ distance, coarseness }: Setting): void {
  if (Number.isInteger(distance) && distance >= 1 && distance <= 64 && coarseness >= 0) return;
  throw new HounsfieldError(
    'FEATURE_OPTION',
    `a texture distance of ${distance} and a coarseness of ${coarseness} were asked for. Give a distance of 1 to 64 ` +
      'voxels and a coarseness that is not negative.',
  );
}

/** What is made once for several families and aggregations of a region. */
interface Shared {
  readonly zones: (dimensions: 2 | 3) => Zones;
  readonly around: (aggregation: Aggregation) => Around;
}

function shared(
  grid: LevelGrid,
  families: readonly TextureFamily[],
  setting: Setting,
  shape?: Uint8Array,
): Shared {
  const byDimensions = new Map<2 | 3, Zones>();
  const byAggregation = new Map<Aggregation, Around>();
  return {
    zones: (dimensions) => {
      if (byDimensions.has(dimensions)) return byDimensions.get(dimensions)!;
      const distance = families.includes('dzm') ? distanceToEdge(grid, dimensions, shape) : undefined;
      const found = zones(grid, dimensions, distance);
      byDimensions.set(dimensions, found);
      return found;
    },
    around: (aggregation) => {
      const found = byAggregation.get(aggregation) ?? around(grid, aggregation, setting);
      byAggregation.set(aggregation, found);
      return found;
    },
  };
}

function foundIn(
  grid: LevelGrid,
  family: TextureFamily,
  aggregations: readonly Aggregation[],
  setting: Setting,
  made: Shared,
): readonly (readonly [Aggregation, Found])[] {
  const directed = family === 'cm' || family === 'rlm';
  const known = aggregations.filter(
    (name) => directed || name === '2D_avg' || name === '2_5D_mrg' || name === '3D_mrg',
  );
  const find: Readonly<Record<TextureFamily, (name: Aggregation) => Found>> = {
    cm: (name) => pairsFound(grid, name, setting),
    rlm: (name) => runsFound(grid, name, setting),
    szm: (name) => zonesFound(grid, name, made.zones(dimensionsOf(name)), 'sizes'),
    dzm: (name) => zonesFound(grid, name, made.zones(dimensionsOf(name)), 'distances'),
    ngt: (name) => tonesFound(grid, made.around(name)),
    ngl: (name) => dependencesFound(grid, made.around(name)),
  };
  return known.map((name) => [name, find[family](name)]);
}

/** The parts of the region that have matrices of their own: its slices or the whole. */
function partsOf(grid: LevelGrid, bySlice: boolean): readonly (readonly [from: number, to: number])[] {
  if (!bySlice) return [[0, grid.voxels.length]];
  const parts: (readonly [number, number])[] = [];
  for (let z = 0; z + 1 < grid.sliceStart.length; z++) {
    const [from, to] = [grid.sliceStart[z]!, grid.sliceStart[z + 1]!];
    if (to > from) parts.push([from, to]);
  }
  return parts;
}

/** Which directions go into a matrix together. */
function groupsOf(steps: readonly Step[], aggregation: Aggregation): readonly (readonly Step[])[] {
  const apart = aggregation === '2D_avg' || aggregation === '2_5D_d_mrg' || aggregation === '3D_avg';
  return apart ? steps.map((step) => [step]) : [steps];
}

const dimensionsOf = (aggregation: Aggregation): 2 | 3 => (aggregation.startsWith('3D') ? 3 : 2);

const isBySlice = (aggregation: Aggregation): boolean => aggregation.startsWith('2D');

function pairsFound(grid: LevelGrid, aggregation: Aggregation, setting: Setting): Found {
  const sums: Sums[] = [];
  let empty = 0;
  for (const [from, to] of partsOf(grid, isBySlice(aggregation))) {
    for (const steps of groupsOf(directions(setting.distance, dimensionsOf(aggregation)), aggregation)) {
      const offsets = steps.map((step) => offsetOf(step, grid));
      const weighted = setting.weighting !== 'none' && steps.length > 1;
      const weights = weighted
        ? steps.map((step) => weightOf(step, setting.weighting, setting.norm))
        : undefined;
      const matrix = pairMatrix(grid, offsets, from, to, true, weights);
      if (matrix.total > 0) sums.push(pairSums(coOccurrence(matrix, grid.valueOfRank, grid.count)));
      else empty++;
    }
  }
  return { sums, empty, why: 'no pair of voxels' };
}

/** Of one grey level the standard leaves correlation as 0 / 0, where it is 1 by custom, and the first measure undefined. */
function pairSums(of: ReturnType<typeof coOccurrence>): Sums {
  const all: CoOccurrenceSums = {
    ...of,
    correlation: of.jointVariance === 0 ? 1 : of.correlation,
    informationCorrelation1: of.firstEntropy === 0 ? Number.NaN : 0 - of.mutualInformation / of.firstEntropy,
    informationCorrelation2: Math.sqrt(1 - Math.exp(-2 * of.mutualInformation)),
  };
  return { ...all };
}

function runsFound(grid: LevelGrid, aggregation: Aggregation, setting: Setting): Found {
  const sums: Sums[] = [];
  const ranks = grid.valueOfRank.length;
  const lengths = new Uint16Array(grid.levels.length);
  for (const [from, to] of partsOf(grid, isBySlice(aggregation))) {
    for (const steps of groupsOf(directions(1, dimensionsOf(aggregation)), aggregation)) {
      const table = runTable(grid);
      const voxels = (to - from) * steps.length;
      if (setting.weighting === 'none' || steps.length === 1) {
        for (const step of steps) countRuns(grid, offsetOf(step, grid), from, to, table, lengths);
        sums.push({ ...sizeFeatures(fromSizeTable(table, ranks), grid.valueOfRank, voxels) });
        continue;
      }
      const total = new Float64Array(table.length);
      let weightedVoxels = 0;
      for (const step of steps) {
        table.fill(0);
        countRuns(grid, offsetOf(step, grid), from, to, table, lengths);
        const weight = weightOf(step, setting.weighting, setting.norm);
        for (let cell = 0; cell < table.length; cell++) total[cell] = total[cell]! + weight * table[cell]!;
        weightedVoxels += weight * (to - from);
      }
      sums.push({ ...sizeFeatures(fromSizeTable(total, ranks), grid.valueOfRank, weightedVoxels) });
    }
  }
  return { sums, empty: 0, why: '' };
}

function zonesFound(grid: LevelGrid, aggregation: Aggregation, all: Zones, of: 'sizes' | 'distances'): Found {
  const by = all[of];
  const ranks = grid.valueOfRank.length;
  const part = (from: number, to: number, voxels: number): Sums => ({
    ...sizeFeatures(fromSizeLists(all.ranks, by, from, to, ranks), grid.valueOfRank, voxels),
  });
  if (!isBySlice(aggregation)) return { sums: [part(0, all.count, grid.voxels.length)], empty: 0, why: '' };
  const sums: Sums[] = [];
  for (let z = 0; z + 1 < all.sliceStart.length; z++) {
    const voxels = grid.sliceStart[z + 1]! - grid.sliceStart[z]!;
    if (voxels > 0) sums.push(part(all.sliceStart[z]!, all.sliceStart[z + 1]!, voxels));
  }
  return { sums, empty: 0, why: '' };
}

/** What NGTDM and NGLDM are both made of, of each part of the region. */
type Around = readonly (Neighbourhoods & { readonly voxels: number })[];

function around(grid: LevelGrid, aggregation: Aggregation, setting: Setting): Around {
  const { distance, norm, weighting, coarseness } = setting;
  const dimensions = dimensionsOf(aggregation);
  const half = halfNeighbourhood(distance, dimensions).filter((step) => lengthOf(step, norm) <= distance);
  const forward = half.map((step) => offsetOf(step, grid));
  const weight = half.map((step) => weightOf(step, weighting, norm));
  const neighbours = {
    offsets: Int32Array.from([...forward, ...forward.map((offset) => -offset)]),
    ...(weighting === 'none' ? {} : { weights: Float64Array.from([...weight, ...weight]) }),
    ...(distance === 1 && norm === 'chebyshev' && weighting === 'none'
      ? { sums: packedSums(grid, dimensions) }
      : {}),
  };
  return partsOf(grid, isBySlice(aggregation)).map(([from, to]) => ({
    ...neighbourhoods(grid, neighbours, from, to, coarseness),
    voxels: to - from,
  }));
}

function tonesFound(grid: LevelGrid, parts: Around): Found {
  const known = parts.filter(({ counts }) => counts.some((count) => count > 0));
  return {
    sums: known.map(({ counts, differences }) => ({
      ...toneDifference(counts, differences, grid.valueOfRank),
    })),
    empty: parts.length - known.length,
    why: 'no voxel has a neighbour',
  };
}

function dependencesFound(grid: LevelGrid, parts: Around): Found {
  const sums = parts.map(({ dependences, voxels }) => ({
    ...sizeFeatures(dependences, grid.valueOfRank, voxels),
  }));
  return { sums, empty: 0, why: '' };
}

function valuesOf(
  family: TextureFamily,
  aggregation: Aggregation,
  { sums, empty, why }: Found,
): FeatureValue[] {
  return TEXTURE_DEFINITIONS[family].map(({ definition, of }) => {
    const key = `${family}_${definition.name}_${aggregation}`;
    let [total, defined] = [0, 0];
    for (const one of sums) {
      const value = one[of]!;
      if (Number.isNaN(value)) continue;
      total += value;
      defined++;
    }
    const value = defined === 0 ? Number.NaN : total / defined;
    const remark = remarkOn(sums, of, empty, why);
    return { definition, aggregation, key, value, ...(remark === undefined ? {} : { remark }) };
  });
}

function remarkOn(sums: readonly Sums[], of: string, empty: number, why: string): string | undefined {
  const all = sums.length + empty;
  if (sums.length === 0) return why;
  const parts = empty > 0 ? [`${empty} of ${all} matrices left out: ${why}`] : [];
  const undefinedOnes = sums.filter((one) => Number.isNaN(one[of]!)).length;
  if (undefinedOnes === all) return 'one grey level';
  if (undefinedOnes > 0) parts.push(`${undefinedOnes} of ${all} matrices left out: one grey level`);
  const flat = of === 'correlation' ? sums.filter(({ jointVariance }) => jointVariance === 0).length : 0;
  if (flat > 0)
    parts.push(`${flat === all ? '' : `${flat} of ${all} matrices have `}one grey level: 1 by custom`);
  return parts.length > 0 ? parts.join('; ') : undefined;
}
