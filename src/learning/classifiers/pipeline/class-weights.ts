import { HounsfieldError } from '../../../errors.ts';

/**
 * A weight for each class: 'balanced' gives n / (classes n_c), so that each class counts alike (King and Zeng, Logistic
 * regression in rare events data, 2001).
 *
 * @throws PIPELINE_DATA when weights are given and their number or a value does not do
 */
export function classWeightsOf(
  y: Int32Array,
  classes: number,
  weights: 'balanced' | readonly number[],
): Float64Array {
  if (weights === 'balanced') {
    const counts = new Float64Array(classes);
    for (const one of y) counts[one]!++;
    return counts.map((count) => (count > 0 ? y.length / (classes * count) : 0));
  }
  if (weights.length !== classes || !weights.every((weight) => weight >= 0 && Number.isFinite(weight))) {
    throw new HounsfieldError(
      'PIPELINE_DATA',
      `${weights.length} class weights were given for ${classes} classes. Give one number of at least 0 for each, or 'balanced'.`,
    );
  }
  return Float64Array.from(weights);
}

/** Each row's weight times that of its class. */
export function rowWeights(
  y: Int32Array,
  classes: number,
  classWeights: 'balanced' | readonly number[] | undefined,
  weights: Float64Array | undefined,
): Float64Array | undefined {
  if (!classWeights) return weights;
  const ofClass = classWeightsOf(y, classes, classWeights);
  return Float64Array.from(y, (one, i) => ofClass[one]! * (weights?.[i] ?? 1));
}
