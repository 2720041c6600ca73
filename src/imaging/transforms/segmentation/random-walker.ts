import { HounsfieldError } from '../../../errors.ts';
import type { Vector3 } from '../../geometry/geometry.ts';
import type { PixelArray } from '../../image/medical-image.ts';
import { connectedComponents } from '../connected-components.ts';
import { requireFinite, requireVolume } from '../morphology/volume-sides.ts';
import { type GridSystem, solveGrid } from './grid-system.ts';

export interface RandomWalkerOptions {
  /** The greater, the harder it is to walk over an edge. Default 130. */
  readonly beta?: number;
  /** Relative lengths of a voxel along x, y, z. Default 1. */
  readonly spacing?: Vector3;
  /** The residual that is left, as a part of the right side. Default 1e-3. */
  readonly tolerance?: number;
}

export interface RandomWalk {
  /** The likeliest label of each voxel [D, H, W]; what was marked keeps its mark; -1 where no seed can be reached. */
  readonly labels: Int32Array;
  /** The seeds' labels, rising. */
  readonly seeds: readonly number[];
  /** For each of these, the probability that a walk from a voxel comes to such a seed first [D, H, W]. */
  readonly probabilities: readonly Float64Array[];
}

/**
 * Segmentation by random walks (Grady, "Random walks for image segmentation", IEEE TPAMI 2006): the linear system of the
 * image's graph is solved by conjugate gradients. A step between neighbours has the weight
 * exp(-beta / (10 sd) * (difference / spacing)^2) + 1e-10, where sd is the standard deviation of all values.
 *
 * @param values [C, D, H, W], on a scale of about 0 to 1
 * @param marks [D, H, W]: above 0 seeds, 0 to be found, below 0 left out
 * @throws WALKER_SEEDS when nothing is above 0, IMAGE_SHAPE, INTENSITY_NOT_FINITE
 */
export function randomWalker(
  values: PixelArray,
  channels: number,
  marks: ArrayLike<number>,
  sides: Vector3,
  { beta = 130, spacing = [1, 1, 1], tolerance = 1e-3 }: RandomWalkerOptions = {},
): RandomWalk {
  requireVolume({ length: values.length / channels }, sides, 'random walker');
  requireVolume(marks, sides, 'random walker, seeds');
  requireFinite(values, 'random walker');
  const labels = reachable(marks, sides);
  const seeds = [...new Set(labels)].filter((label) => label > 0).sort((a, b) => a - b);
  if (seeds.length === 0) {
    throw new HounsfieldError(
      'WALKER_SEEDS',
      'no seed is above 0, and there is nowhere to walk to. Mark at least one voxel of each region by its label.',
    );
  }
  const weights = edgeWeights(values, channels, labels, sides, beta, spacing);
  const system = gridSystem(weights, labels, sides);
  const probabilities: Float64Array[] = [];
  const rest = new Float64Array(labels.length).fill(1);
  seeds.forEach((label, index) => {
    // probabilities add up to 1
    const found =
      index + 1 === seeds.length
        ? rest.slice()
        : solveGrid(system, rightSide(weights, labels, sides, label), tolerance);
    for (let i = 0; i < found.length; i++) {
      if (labels[i] !== 0) found[i] = labels[i] === label ? 1 : 0;
      else rest[i]! -= found[i]!;
    }
    probabilities.push(found);
  });
  return { labels: likeliest(labels, seeds, probabilities), seeds, probabilities };
}

function likeliest(
  labels: Int32Array,
  seeds: readonly number[],
  probabilities: readonly Float64Array[],
): Int32Array {
  const out = labels.slice();
  for (let i = 0; i < out.length; i++) {
    if (labels[i] !== 0) continue;
    let [best, most] = [seeds[0]!, Number.NEGATIVE_INFINITY];
    for (let k = 0; k < seeds.length; k++) {
      if (probabilities[k]![i]! > most) [best, most] = [seeds[k]!, probabilities[k]![i]!];
    }
    out[i] = best;
  }
  return out;
}

/** Marks, with -1 where no way leads to a seed. */
function reachable(marks: ArrayLike<number>, [width, height, depth]: Vector3): Int32Array {
  const labels = Int32Array.from(marks, (mark) => (mark < 0 ? -1 : mark));
  const open = Uint8Array.from(labels, (mark) => (mark < 0 ? 0 : 1));
  const pieces = connectedComponents(open, width, height, depth, 6);
  if (pieces.count <= 1 && labels.some((mark) => mark > 0)) return labels;
  const seeded = new Uint8Array(pieces.count + 1);
  for (let i = 0; i < labels.length; i++) if (labels[i]! > 0) seeded[pieces.labels[i]!] = 1;
  for (let i = 0; i < labels.length; i++) if (labels[i] === 0 && !seeded[pieces.labels[i]!]) labels[i] = -1;
  return labels;
}

/** Of the edge from each voxel to the next one along x, y and z; 0 where there is none. */
type Weights = readonly [Float64Array, Float64Array, Float64Array];

function edgeWeights(
  values: PixelArray,
  channels: number,
  labels: Int32Array,
  sides: Vector3,
  beta: number,
  spacing: Vector3,
): Weights {
  const length = labels.length;
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  const deviation = Math.sqrt(squares / values.length);
  // an image of one value has no edges: every step is alike
  const scale = deviation === 0 ? 0 : -beta / (10 * deviation) / (channels > 1 ? Math.sqrt(channels) : 1);
  const strides = [1, sides[0], sides[0] * sides[1]];
  return [0, 1, 2].map((axis) => {
    const weights = new Float64Array(length);
    const stride = strides[axis]!;
    const period = stride * sides[axis]!;
    const factor = scale / spacing[axis]! ** 2;
    for (let start = 0; start < length; start += period) {
      for (let i = start; i < start + period - stride; i++) {
        if (labels[i]! < 0 || labels[i + stride]! < 0) continue;
        let gradient = 0;
        for (let c = 0, at = i; c < channels; c++, at += length) {
          const difference = values[at + stride]! - values[at]!;
          gradient += difference * difference;
        }
        weights[i] = Math.exp(factor * gradient) + 1e-10;
      }
    }
    return weights;
  }) as unknown as Weights; // three axes
}

/** The system of the voxels to be found; of the others the diagonal is 1 and nothing leads there. */
function gridSystem(weights: Weights, labels: Int32Array, sides: Vector3): GridSystem {
  const diagonal = new Float64Array(labels.length);
  const strides = [1, sides[0], sides[0] * sides[1]];
  const inner = weights.map((all, axis) => {
    const stride = strides[axis]!;
    const own = new Float64Array(all.length);
    for (let i = 0; i < all.length - stride; i++) {
      const weight = all[i]!;
      if (weight === 0) continue;
      diagonal[i]! += weight;
      diagonal[i + stride]! += weight;
      if (labels[i] === 0 && labels[i + stride] === 0) own[i] = weight;
    }
    return own;
  }) as unknown as Weights; // three axes
  for (let i = 0; i < diagonal.length; i++) if (labels[i] !== 0) diagonal[i] = 1;
  return { diagonal, weights: inner, sides };
}

/** What seeds of a label give to the voxels beside them. */
function rightSide(weights: Weights, labels: Int32Array, sides: Vector3, label: number): Float64Array {
  const out = new Float64Array(labels.length);
  const strides = [1, sides[0], sides[0] * sides[1]];
  weights.forEach((all, axis) => {
    const stride = strides[axis]!;
    for (let i = 0; i < all.length - stride; i++) {
      if (all[i] === 0) continue;
      if (labels[i] === 0 && labels[i + stride] === label) out[i]! += all[i]!;
      else if (labels[i] === label && labels[i + stride] === 0) out[i + stride]! += all[i]!;
    }
  });
  return out;
}
