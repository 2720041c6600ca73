/** P(first class) = 1 / (1 + exp(slope f + offset)) of a decision value f that is above 0 for the first class. */
export interface Sigmoid {
  readonly slope: number;
  readonly offset: number;
}

/**
 * Platt's sigmoid by Newton's method with backtracking (Lin, Lin and Weng, A note on Platt's probabilistic outputs for
 * support vector machines, Machine Learning 68, 2007, algorithm 1).
 *
 * @param first whether a row is of the first class
 */
export function fitSigmoid(decisions: Float64Array, first: ArrayLike<boolean>): Sigmoid {
  const { length } = decisions;
  let positive = 0;
  for (let i = 0; i < length; i++) if (first[i]) positive++;
  const negative = length - positive;
  const targets = Float64Array.from({ length }, (_, i) =>
    first[i] ? (positive + 1) / (positive + 2) : 1 / (negative + 2),
  );
  let slope = 0;
  let offset = Math.log((negative + 1) / (positive + 1));
  let value = sigmoidLoss(decisions, targets, slope, offset);
  for (let round = 0; round < 100; round++) {
    let h11 = 1e-12;
    let h22 = 1e-12;
    let h21 = 0;
    let g1 = 0;
    let g2 = 0;
    for (let i = 0; i < length; i++) {
      const f = decisions[i]!;
      const p = 1 / (1 + Math.exp(slope * f + offset));
      const d2 = p * (1 - p);
      const d1 = targets[i]! - p;
      h11 += f * f * d2;
      h22 += d2;
      h21 += f * d2;
      g1 += f * d1;
      g2 += d1;
    }
    if (Math.abs(g1) < 1e-5 && Math.abs(g2) < 1e-5) break;
    const determinant = h11 * h22 - h21 * h21;
    const moveSlope = -(h22 * g1 - h21 * g2) / determinant;
    const moveOffset = -(h11 * g2 - h21 * g1) / determinant;
    const descent = g1 * moveSlope + g2 * moveOffset;
    let step = 1;
    let moved = false;
    for (; step >= 1e-10; step /= 2) {
      const reached = sigmoidLoss(decisions, targets, slope + step * moveSlope, offset + step * moveOffset);
      if (reached < value + 1e-4 * step * descent) {
        value = reached;
        moved = true;
        break;
      }
    }
    if (!moved) break;
    slope += step * moveSlope;
    offset += step * moveOffset;
  }
  return { slope, offset };
}

function sigmoidLoss(decisions: Float64Array, targets: Float64Array, slope: number, offset: number): number {
  let sum = 0;
  for (let i = 0; i < decisions.length; i++) {
    const power = decisions[i]! * slope + offset;
    const t = targets[i]!;
    sum +=
      power >= 0 ? t * power + Math.log1p(Math.exp(-power)) : (t - 1) * power + Math.log1p(Math.exp(power));
  }
  return sum;
}

/** Bound of the pairwise probabilities, away from 0 and 1. */
export const LEAST_PAIRWISE = 1e-7;

export function pairwiseProbability({ slope, offset }: Sigmoid, decision: number): number {
  const p = 1 / (1 + Math.exp(slope * decision + offset));
  return Math.min(Math.max(p, LEAST_PAIRWISE), 1 - LEAST_PAIRWISE);
}

/**
 * Probabilities of the classes from those of pairs: the least of sum over pairs (r_ji p_i - r_ij p_j)^2 with sum 1
 * (Wu, Lin and Weng, Probability estimates for multi-class classification by pairwise coupling, Journal of Machine
 * Learning Research 5, 2004, second approach). Solved exactly: with Q their matrix and e ones, (Q + e e') p ~ e.
 *
 * @param pairs r_ij for i < j in the order 01, 02 .. 12, 13 ..
 * @param system scratch of classes x (classes + 1)
 * @param out [classes]
 */
export function couplePairs(
  pairs: Float64Array,
  classes: number,
  system: Float64Array,
  out: Float64Array,
): void {
  if (classes === 2) {
    out[0] = pairs[0]!;
    out[1] = 1 - pairs[0]!;
    return;
  }
  const width = classes + 1;
  system.fill(1);
  for (let i = 0, pair = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++, pair++) {
      const rij = pairs[pair]!;
      const rji = 1 - rij;
      system[i * width + i] = system[i * width + i]! + rji * rji;
      system[j * width + j] = system[j * width + j]! + rij * rij;
      system[i * width + j] = 1 - rij * rji;
      system[j * width + i] = 1 - rij * rji;
    }
  }
  for (let t = 0; t < classes; t++) {
    const pivot = system[t * width + t]!;
    for (let c = t; c < width; c++) system[t * width + c] = system[t * width + c]! / pivot;
    for (let r = 0; r < classes; r++) {
      const factor = system[r * width + t]!;
      if (r === t || factor === 0) continue;
      for (let c = t; c < width; c++) {
        system[r * width + c] = system[r * width + c]! - factor * system[t * width + c]!;
      }
    }
  }
  let sum = 0;
  for (let t = 0; t < classes; t++) {
    out[t] = Math.max(0, system[t * width + classes]!);
    sum += out[t]!;
  }
  for (let t = 0; t < classes; t++) out[t] = out[t]! / sum;
}
