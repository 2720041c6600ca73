import type { LevelGrid } from './level-grid.ts';

/** What the neighbourhoods of voxels [from, to) add up to: grey tone differences and grey level dependences. */
export interface Neighbourhoods {
  /** n_i: voxels of each rank that have a neighbour. */
  readonly counts: Float64Array;
  /** s_i: sum of differences of each rank to its neighbours' mean. */
  readonly differences: Float64Array;
  /** Voxels by [dependence, rank]; a voxel is a neighbour of itself. */
  readonly dependences: Int32Array;
}

/**
 * Both neighbourhood matrices in one pass (IBSI reference manual v11, 3.10 and 3.11).
 * @param offsets to all neighbours
 * @param coarseness alpha: levels that far apart still depend on one another
 * @param weights of each neighbour in the mean
 */
export function neighbourhoods(
  grid: LevelGrid,
  offsets: Int32Array,
  from: number,
  to: number,
  coarseness: number,
  weights?: Float64Array,
): Neighbourhoods {
  const { levels, ranked, voxels } = grid;
  const ranks = grid.valueOfRank.length;
  const counts = new Float64Array(ranks);
  const differences = new Float64Array(ranks);
  const dependences = new Int32Array((offsets.length + 2) * ranks);
  for (let n = from; n < to; n++) {
    const at = voxels[n]!;
    const level = levels[at]!;
    let [sum, near, dependent] = [0, 0, 1];
    for (let k = 0; k < offsets.length; k++) {
      const other = levels[at + offsets[k]!]!;
      if (other === 0) continue;
      sum += other;
      near++;
      const apart = other - level;
      if (apart <= coarseness && apart >= -coarseness) dependent++;
    }
    const rank = ranked[at]! - 1;
    const cell = dependent * ranks + rank;
    dependences[cell] = dependences[cell]! + 1;
    if (near === 0) continue;
    const mean = weights ? weightedMean(levels, at, offsets, weights) : sum / near;
    counts[rank] = counts[rank]! + 1;
    differences[rank] = differences[rank]! + Math.abs(level - mean);
  }
  return { counts, differences, dependences };
}

function weightedMean(levels: Uint16Array, at: number, offsets: Int32Array, weights: Float64Array): number {
  let [sum, all] = [0, 0];
  for (let k = 0; k < offsets.length; k++) {
    const other = levels[at + offsets[k]!]!;
    if (other === 0) continue;
    sum += weights[k]! * other;
    all += weights[k]!;
  }
  return sum / all;
}

export interface ToneDifference {
  /** 1e6 where there is no difference. */
  readonly coarseness: number;
  readonly contrast: number;
  readonly busyness: number;
  readonly complexity: number;
  readonly strength: number;
  /** N_v,c: voxels with a neighbour. */
  readonly voxels: number;
}

/** Features of a grey tone difference matrix in which some voxel has a neighbour. */
export function toneDifference(
  counts: Float64Array,
  differences: Float64Array,
  levels: Float64Array,
): ToneDifference {
  let [voxels, product, total, occurring] = [0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    voxels += counts[i]!;
    product += counts[i]! * differences[i]!;
    total += differences[i]!;
    if (counts[i]! > 0) occurring++;
  }
  product /= voxels;
  let [range, apart, complexity, strength] = [0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    const [one, level] = [counts[i]! / voxels, levels[i]!];
    if (one === 0) continue;
    const oneSum = one * differences[i]!;
    for (let j = 0; j < i; j++) {
      const other = counts[j]! / voxels;
      if (other === 0) continue;
      const step = level - levels[j]!;
      range += one * other * step * step;
      apart += Math.abs(level * one - levels[j]! * other);
      complexity += (step * (oneSum + other * differences[j]!)) / (one + other);
      strength += (one + other) * step * step;
    }
  }
  return {
    coarseness: product === 0 ? 1e6 : Math.min(1e6, 1 / product),
    contrast: occurring < 2 ? 0 : ((2 * range) / (occurring * (occurring - 1))) * (total / voxels),
    busyness: occurring < 2 || apart === 0 ? 0 : product / (2 * apart),
    complexity: (2 * complexity) / voxels,
    strength: total === 0 ? 0 : (2 * strength) / total,
    voxels,
  };
}
