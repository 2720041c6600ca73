import { type Ranking, rankScores } from './ranking.ts';

/**
 * Figures of labels that may hold together. Truth is 0 or 1, NaN where it is not known; what is not known counts
 * nowhere.
 */

/** One label's scores and truths over the samples of which it is known. */
export interface LabelColumn {
  /** Index of each such sample. */
  readonly samples: readonly number[];
  readonly scores: readonly number[];
  readonly truth: readonly number[];
}

/** Column `index` of probabilities [N, K], where the truth is known. */
export function labelColumn(
  probabilities: ArrayLike<number>,
  targets: readonly ArrayLike<number>[],
  labelCount: number,
  index: number,
): LabelColumn {
  const samples = targets.flatMap((row, i) => (Number.isNaN(row[index]!) ? [] : [i]));
  return {
    samples,
    scores: samples.map((i) => probabilities[i * labelCount + index]!),
    truth: samples.map((i) => targets[i]![index]!),
  };
}

/** A label's ranking, its places by the index of the sample in the whole set, for weights by sample. */
export function rankColumn({ samples, scores, truth }: LabelColumn): Ranking {
  const ranking = rankScores(scores, truth);
  return { ...ranking, order: ranking.order.map((i) => samples[i]!) };
}

/**
 * Mean binary cross-entropy over what is known, nats. Probabilities are first clipped to [e, 1 - e], e the machine
 * epsilon of the array's type.
 *
 * @param truths [N * K], in the probabilities' order
 */
export function binaryLogLoss(probabilities: Float32Array | Float64Array, truths: ArrayLike<number>): number {
  const epsilon = probabilities instanceof Float32Array ? 2 ** -23 : Number.EPSILON;
  let sum = 0;
  let all = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const truth = truths[i]!;
    if (Number.isNaN(truth)) continue;
    const p = Math.min(1 - epsilon, Math.max(epsilon, probabilities[i]!));
    sum -= truth * Math.log(p) + (1 - truth) * Math.log(1 - p);
    all++;
  }
  return all > 0 ? sum / all : Number.NaN;
}
