import { softmax } from './probabilities.ts';

/** A loss that is boosted by its first and second derivatives. */
export interface BoostLoss {
  /** Trees of a round, one for each output. */
  readonly outputs: number;
  /** What is said before the first tree. */
  readonly start: (weights: Float64Array) => Float64Array; // [outputs]
  /** Writes the weighted derivatives by one output's score; scores [rows, outputs]. */
  readonly derive: (
    scores: Float64Array,
    output: number,
    weights: Float64Array,
    gradients: Float64Array,
    hessians: Float64Array,
  ) => void;
  /** The weighted mean loss of some rows. */
  readonly mean: (scores: Float64Array, rows: Int32Array, weights: Float64Array) => number;
  /** Done once before a round's trees. */
  readonly prepare?: (scores: Float64Array) => void;
}

const weightedMean = (values: ArrayLike<number>, weights: Float64Array): number => {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
  }
  return sum / total;
};

/** Log loss of two classes by the score of the second. */
export function logisticLoss(y: Int32Array): BoostLoss {
  return {
    outputs: 1,
    start: (weights) => {
      const p = weightedMean(y, weights);
      return Float64Array.of(Math.log(p / (1 - p)));
    },
    derive: (scores, _output, weights, gradients, hessians) => {
      for (let i = 0; i < y.length; i++) {
        const p = 1 / (1 + Math.exp(-scores[i]!));
        const weight = weights[i]!;
        gradients[i] = weight * (p - y[i]!);
        hessians[i] = weight * p * (1 - p);
      }
    },
    mean: (scores, rows, weights) =>
      meanOver(rows, weights, (i) => {
        const score = y[i] === 1 ? -scores[i]! : scores[i]!;
        return Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score)));
      }),
  };
}

/** Log loss of several classes, a score for each. */
export function softmaxLoss(y: Int32Array, classes: number): BoostLoss {
  const probabilities = new Float64Array(y.length * classes);
  return {
    outputs: classes,
    start: (weights) => {
      const shares = new Float64Array(classes);
      for (const [i, label] of y.entries()) shares[label]! += weights[i]!;
      const total = shares.reduce((sum, share) => sum + share, 0);
      return shares.map((share) => Math.log(share / total));
    },
    prepare: (scores) => {
      probabilities.set(scores);
      for (let at = 0; at < probabilities.length; at += classes) softmax(probabilities, at, classes);
    },
    derive: (_scores, output, weights, gradients, hessians) => {
      for (let i = 0, at = output; i < y.length; i++, at += classes) {
        const p = probabilities[at]!;
        const weight = weights[i]!;
        gradients[i] = weight * (p - (y[i] === output ? 1 : 0));
        hessians[i] = weight * p * (1 - p);
      }
    },
    mean: (scores, rows, weights) => {
      const own = new Float64Array(classes);
      return meanOver(rows, weights, (i) => {
        own.set(scores.subarray(i * classes, (i + 1) * classes));
        softmax(own, 0, classes);
        return -Math.log(Math.max(own[y[i]!]!, 1e-300));
      });
    },
  };
}

/** Half the squared error of values. */
export function squaredLoss(values: Float64Array): BoostLoss {
  return {
    outputs: 1,
    start: (weights) => Float64Array.of(weightedMean(values, weights)),
    derive: (scores, _output, weights, gradients, hessians) => {
      for (let i = 0; i < values.length; i++) {
        gradients[i] = weights[i]! * (scores[i]! - values[i]!);
        hessians[i] = weights[i]!;
      }
    },
    mean: (scores, rows, weights) => meanOver(rows, weights, (i) => (scores[i]! - values[i]!) ** 2 / 2),
  };
}

function meanOver(rows: Int32Array, weights: Float64Array, loss: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (const row of rows) {
    sum += weights[row]! * loss(row);
    total += weights[row]!;
  }
  return sum / total;
}
