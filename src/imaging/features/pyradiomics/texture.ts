import type { Vector3 } from '../../geometry/geometry.ts';
import { type CoOccurrence, coOccurrence } from '../texture/co-occurrence-features.ts';
import { halfNeighbourhood, lengthOf, offsetOf, type Step } from '../texture/directions.ts';
import { type LevelGrid, levelGrid } from '../texture/level-grid.ts';
import {
  type Neighbourhoods,
  type Neighbours,
  neighbourhoods,
  packedSums,
  type ToneDifference,
  toneDifference,
} from '../texture/neighbourhoods.ts';
import { pairMatrix } from '../texture/pair-matrix.ts';
import { countRuns, runTable } from '../texture/run-lengths.ts';
import { fromSizeLists, fromSizeTable, type SizeFeatures, sizeFeatures } from '../texture/size-matrix.ts';
import { zones } from '../texture/zones.ts';
import { maximalCorrelation } from './maximal-correlation.ts';
import type { PyradiomicsSettings } from './parameters.ts';
import { swapAxes } from './slices.ts';

type Names<Sums> = Readonly<Record<string, keyof Sums>>;

interface PyradiomicsSums extends CoOccurrence {
  readonly imc1: number;
  readonly imc2: number;
  readonly mcc: number;
}

/** Features of pyradiomics 3.0.1 by its names, in its order, and the sum that each one is. */
export const GLCM: Names<PyradiomicsSums> = {
  Autocorrelation: 'autocorrelation',
  ClusterProminence: 'clusterProminence',
  ClusterShade: 'clusterShade',
  ClusterTendency: 'sumVariance',
  Contrast: 'contrast',
  Correlation: 'correlation',
  DifferenceAverage: 'differenceAverage',
  DifferenceEntropy: 'differenceEntropy',
  DifferenceVariance: 'differenceVariance',
  Id: 'inverseDifference',
  Idm: 'inverseDifferenceMoment',
  Idmn: 'inverseDifferenceMomentNormalised',
  Idn: 'inverseDifferenceNormalised',
  Imc1: 'imc1',
  Imc2: 'imc2',
  InverseVariance: 'inverseVariance',
  JointAverage: 'jointAverage',
  JointEnergy: 'energy',
  JointEntropy: 'jointEntropy',
  MCC: 'mcc',
  MaximumProbability: 'jointMaximum',
  SumAverage: 'sumAverage',
  SumEntropy: 'sumEntropy',
  SumSquares: 'jointVariance',
};

export const GLDM: Names<SizeFeatures> = {
  DependenceEntropy: 'entropy',
  DependenceNonUniformity: 'sizeNonUniformity',
  DependenceNonUniformityNormalized: 'sizeNonUniformityNormalised',
  DependenceVariance: 'sizeVariance',
  GrayLevelNonUniformity: 'greyNonUniformity',
  GrayLevelVariance: 'greyVariance',
  HighGrayLevelEmphasis: 'highGrey',
  LargeDependenceEmphasis: 'large',
  LargeDependenceHighGrayLevelEmphasis: 'largeHigh',
  LargeDependenceLowGrayLevelEmphasis: 'largeLow',
  LowGrayLevelEmphasis: 'lowGrey',
  SmallDependenceEmphasis: 'small',
  SmallDependenceHighGrayLevelEmphasis: 'smallHigh',
  SmallDependenceLowGrayLevelEmphasis: 'smallLow',
};

export const GLRLM: Names<SizeFeatures> = {
  GrayLevelNonUniformity: 'greyNonUniformity',
  GrayLevelNonUniformityNormalized: 'greyNonUniformityNormalised',
  GrayLevelVariance: 'greyVariance',
  HighGrayLevelRunEmphasis: 'highGrey',
  LongRunEmphasis: 'large',
  LongRunHighGrayLevelEmphasis: 'largeHigh',
  LongRunLowGrayLevelEmphasis: 'largeLow',
  LowGrayLevelRunEmphasis: 'lowGrey',
  RunEntropy: 'entropy',
  RunLengthNonUniformity: 'sizeNonUniformity',
  RunLengthNonUniformityNormalized: 'sizeNonUniformityNormalised',
  RunPercentage: 'percentage',
  RunVariance: 'sizeVariance',
  ShortRunEmphasis: 'small',
  ShortRunHighGrayLevelEmphasis: 'smallHigh',
  ShortRunLowGrayLevelEmphasis: 'smallLow',
};

export const GLSZM: Names<SizeFeatures> = {
  GrayLevelNonUniformity: 'greyNonUniformity',
  GrayLevelNonUniformityNormalized: 'greyNonUniformityNormalised',
  GrayLevelVariance: 'greyVariance',
  HighGrayLevelZoneEmphasis: 'highGrey',
  LargeAreaEmphasis: 'large',
  LargeAreaHighGrayLevelEmphasis: 'largeHigh',
  LargeAreaLowGrayLevelEmphasis: 'largeLow',
  LowGrayLevelZoneEmphasis: 'lowGrey',
  SizeZoneNonUniformity: 'sizeNonUniformity',
  SizeZoneNonUniformityNormalized: 'sizeNonUniformityNormalised',
  SmallAreaEmphasis: 'small',
  SmallAreaHighGrayLevelEmphasis: 'smallHigh',
  SmallAreaLowGrayLevelEmphasis: 'smallLow',
  ZoneEntropy: 'entropy',
  ZonePercentage: 'percentage',
  ZoneVariance: 'sizeVariance',
};

export const NGTDM: Names<ToneDifference> = {
  Busyness: 'busyness',
  Coarseness: 'coarseness',
  Complexity: 'complexity',
  Contrast: 'contrast',
  Strength: 'strength',
};

export type TextureClass = 'glcm' | 'gldm' | 'glrlm' | 'glszm' | 'ngtdm';

/** A region's grey levels with its axes in such order that a forced second dimension is the slices. */
export interface TextureRegion {
  readonly grid: LevelGrid;
  readonly spacingMm: Vector3;
  /** What GLDM and NGTDM are both made of. */
  readonly around: () => Neighbourhoods;
}

/** Makes the grid that all texture classes share. */
export function textureRegion(
  levels: Uint16Array,
  count: number,
  size: Vector3,
  spacingMm: Vector3,
  settings: PyradiomicsSettings,
): TextureRegion {
  const grid = levelGrid({ levels, size, spacingMm, count }, Math.max(...settings.distances));
  let found: Neighbourhoods | undefined;
  const around = (): Neighbourhoods => {
    found ??= neighbourhoods(grid, neighboursOf(grid, settings), 0, grid.voxels.length, settings.gldm_a);
    return found;
  };
  return { grid, spacingMm, around };
}

function neighboursOf(grid: LevelGrid, settings: PyradiomicsSettings): Neighbours {
  const half = stepsOf(settings).map((step) => offsetOf(step, grid));
  const offsets = Int32Array.from([...half, ...half.map((offset) => -offset)]);
  const touching = settings.distances.every((distance) => distance === 1);
  return touching ? { offsets, sums: packedSums(grid, dimensionsOf(settings)) } : { offsets };
}

/** The features of one class; NaN where no voxels stand in the relation that it counts. */
export function textureClass(
  name: TextureClass,
  region: TextureRegion,
  settings: PyradiomicsSettings,
): Readonly<Record<string, number>> {
  if (name === 'glcm') return named(GLCM, glcm(region, settings));
  if (name === 'glrlm') return named(GLRLM, glrlm(region, settings));
  if (name === 'glszm') return named(GLSZM, [glszm(region, settings)]);
  if (name === 'gldm') return named(GLDM, [gldm(region)]);
  return named(NGTDM, [ngtdm(region)]);
}

/** Means over matrices under pyradiomics' names. */
function named<Sums>(names: Names<Sums>, sums: readonly Sums[]): Readonly<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const [name, of] of Object.entries(names)) {
    let [total, count] = [0, 0];
    for (const one of sums) {
      const value = one[of as keyof Sums] as number; // every sum is a number
      if (Number.isNaN(value)) continue;
      total += value;
      count++;
    }
    values[name] = count === 0 ? Number.NaN : total / count;
  }
  return values;
}

const dimensionsOf = ({ force2D }: PyradiomicsSettings): 2 | 3 => (force2D ? 2 : 3);

/** Steps whose length is one of the distances: all of them, where the standard only knows multiples of directions. */
function stepsOf({
  distances,
  ...settings
}: Pick<PyradiomicsSettings, 'distances' | 'force2D'>): readonly Step[] {
  const all = halfNeighbourhood(Math.max(...distances), settings.force2D ? 2 : 3);
  return all.filter((step) => distances.includes(lengthOf(step, 'chebyshev')));
}

/** Of two opposite steps that one whose first part along z, y, x of the image is positive: it says which voxel is first. */
function forward(step: Step, settings: PyradiomicsSettings): Step {
  const [x, y, z] = swapAxes(step, settings);
  const leads = z !== 0 ? z : y !== 0 ? y : x;
  return leads < 0 ? [-step[0], -step[1], -step[2]] : step;
}

/** Length of a step in mm, in the norm asked for. */
function lengthMm([x, y, z]: Step, [sx, sy, sz]: Vector3, norm: string): number {
  const [u, v, w] = [Math.abs(x) * sx, Math.abs(y) * sy, Math.abs(z) * sz];
  if (norm === 'infinity') return Math.max(u, v, w);
  return norm === 'euclidean' ? Math.sqrt(u * u + v * v + w * w) : u + v + w;
}

function glcm({ grid, spacingMm }: TextureRegion, settings: PyradiomicsSettings): readonly PyradiomicsSums[] {
  const steps = stepsOf(settings).map((step) => forward(step, settings));
  const offsets = steps.map((step) => offsetOf(step, grid));
  const { weightingNorm, symmetricalGLCM } = settings;
  const count = grid.voxels.length;
  if (weightingNorm === null) {
    return offsets.flatMap((offset) => {
      const matrix = pairMatrix(grid, [offset], 0, count, symmetricalGLCM);
      return matrix.total > 0 ? [glcmSums(matrix, grid)] : [];
    });
  }
  const weights = steps.map((step) =>
    weightingNorm === 'no_weighting' ? 1 : Math.exp(-(lengthMm(step, spacingMm, weightingNorm) ** 2)),
  );
  const matrix = pairMatrix(grid, offsets, 0, count, symmetricalGLCM, weights);
  return matrix.total > 0 ? [glcmSums(matrix, grid)] : [];
}

function glcmSums(matrix: ReturnType<typeof pairMatrix>, grid: LevelGrid): PyradiomicsSums {
  const sums = coOccurrence(matrix, grid.valueOfRank, grid.count);
  const entropy = Math.max(sums.firstEntropy, sums.secondEntropy);
  return {
    ...sums,
    correlation: Number.isNaN(sums.correlation) ? 1 : sums.correlation,
    imc1: entropy === 0 ? 0 : 0 - sums.mutualInformation / entropy,
    imc2: Math.sqrt(1 - Math.exp(-2 * sums.mutualInformation)),
    mcc: maximalCorrelation(matrix, grid.valueOfRank.length),
  };
}

function glrlm({ grid, spacingMm }: TextureRegion, settings: PyradiomicsSettings): readonly SizeFeatures[] {
  const { weightingNorm } = settings;
  const count = grid.voxels.length;
  const ranks = grid.valueOfRank.length;
  const steps = halfNeighbourhood(1, dimensionsOf(settings)).filter((step) => hasLine(grid, step));
  const table = runTable(grid);
  const lengths = new Uint16Array(grid.levels.length);
  if (weightingNorm === null) {
    return steps.map((step) => {
      table.fill(0);
      countRuns(grid, offsetOf(step, grid), 0, count, table, lengths);
      return sizeFeatures(fromSizeTable(table, ranks), grid.valueOfRank, count);
    });
  }
  const total = new Float64Array(table.length);
  let all = 0;
  for (const step of steps) {
    table.fill(0);
    countRuns(grid, offsetOf(step, grid), 0, count, table, lengths);
    const weight = weightingNorm === 'no_weighting' ? 1 : lengthMm(step, spacingMm, weightingNorm);
    for (let cell = 0; cell < table.length; cell++) total[cell] = total[cell]! + weight * table[cell]!;
    all += weight * count;
  }
  return steps.length === 0 ? [] : [sizeFeatures(fromSizeTable(total, ranks), grid.valueOfRank, all)];
}

/** Whether any line along a direction meets the region more than once; where none does its runs mean nothing. */
function hasLine(grid: LevelGrid, step: Step): boolean {
  const { levels, voxels, strideY, strideZ } = grid;
  const offset = offsetOf(step, grid);
  for (let n = 0; n < voxels.length; n++) if (levels[voxels[n]! + offset] !== 0) return true;
  const rows = strideZ / strideY;
  for (let n = 0; n < voxels.length; n++) {
    const start = voxels[n]!;
    let x = start % strideY;
    let y = Math.floor(start / strideY) % rows;
    for (let at = start + offset; at >= 0 && at < levels.length; at += offset) {
      x += step[0];
      y += step[1];
      if (x < 0 || y < 0 || x >= strideY || y >= rows) break;
      if (levels[at] !== 0) return true;
    }
  }
  return false;
}

function glszm({ grid }: TextureRegion, settings: PyradiomicsSettings): SizeFeatures {
  const all = zones(grid, dimensionsOf(settings));
  const matrix = fromSizeLists(all.ranks, all.sizes, 0, all.count, grid.valueOfRank.length);
  return sizeFeatures(matrix, grid.valueOfRank, grid.voxels.length);
}

function gldm({ grid, around }: TextureRegion): SizeFeatures {
  return sizeFeatures(around().dependences, grid.valueOfRank, grid.voxels.length);
}

function ngtdm({ grid, around }: TextureRegion): ToneDifference {
  const counts = new Float64Array(grid.valueOfRank.length); // of all voxels, also of those without a neighbour
  for (const at of grid.voxels) counts[grid.ranked[at]! - 1]!++;
  return toneDifference(counts, around().differences, grid.valueOfRank);
}
