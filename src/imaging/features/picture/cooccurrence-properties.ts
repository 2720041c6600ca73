export const COOCCURRENCE_PROPERTIES = [
  'contrast',
  'dissimilarity',
  'homogeneity',
  'ASM',
  'energy',
  'correlation',
  'mean',
  'variance',
  'std',
  'entropy',
] as const;
export type CooccurrenceProperty = (typeof COOCCURRENCE_PROPERTIES)[number];

/** Low and high of each property with the given number of levels. */
export function cooccurrenceRange(property: CooccurrenceProperty, levels: number): readonly [number, number] {
  const most = levels - 1;
  const ranges: Record<CooccurrenceProperty, readonly [number, number]> = {
    contrast: [0, most ** 2],
    dissimilarity: [0, most],
    homogeneity: [0, 1],
    ASM: [0, 1],
    energy: [0, 1],
    correlation: [-1, 1],
    mean: [0, most],
    variance: [0, most ** 2 / 4],
    std: [0, most / 2],
    entropy: [0, 2 * Math.log(levels)],
  };
  return ranges[property];
}

/** Below this a standard deviation counts as none, and the correlation is 1. */
const NO_DEVIATION = 1e-15;

/**
 * All properties of one matrix of counts or probabilities, as scikit-image's graycoprops; the matrix is divided by its sum.
 *
 * @param matrix [levels, levels]
 */
export function cooccurrenceProperties(
  matrix: Int32Array | Float64Array,
  levels: number,
): Record<CooccurrenceProperty, number> {
  const rows = new Float64Array(levels);
  const columns = new Float64Array(levels);
  let sum = 0;
  for (let i = 0, at = 0; i < levels; i++) {
    for (let j = 0; j < levels; j++, at++) {
      const value = matrix[at]!;
      if (value === 0) continue;
      rows[i]! += value;
      columns[j]! += value;
      sum += value;
    }
  }
  const share = sum === 0 ? 1 : 1 / sum;
  const [meanRow, varianceRow] = meanAndVariance(rows, share);
  const [meanColumn, varianceColumn] = meanAndVariance(columns, share);
  let [contrast, dissimilarity, homogeneity, squares, entropy, covariance] = [0, 0, 0, 0, 0, 0];
  for (let i = 0, at = 0; i < levels; i++) {
    if (rows[i] === 0) {
      at += levels;
      continue;
    }
    const fromMean = i - meanRow;
    for (let j = 0; j < levels; j++, at++) {
      const value = matrix[at]!;
      if (value === 0) continue;
      const p = value * share;
      const difference = i - j;
      contrast += p * difference * difference;
      dissimilarity += p * Math.abs(difference);
      homogeneity += p / (1 + difference * difference);
      squares += p * p;
      entropy -= p * Math.log(p);
      covariance += p * fromMean * (j - meanColumn);
    }
  }
  const [deviationRow, deviationColumn] = [Math.sqrt(varianceRow), Math.sqrt(varianceColumn)];
  const isConstant = deviationRow < NO_DEVIATION || deviationColumn < NO_DEVIATION;
  return {
    contrast,
    dissimilarity,
    homogeneity,
    ASM: squares,
    energy: Math.sqrt(squares),
    correlation: isConstant ? 1 : covariance / (deviationRow * deviationColumn),
    mean: meanRow,
    variance: varianceRow,
    std: deviationRow,
    entropy,
  };
}

function meanAndVariance(marginal: Float64Array, share: number): readonly [number, number] {
  let mean = 0;
  for (let i = 0; i < marginal.length; i++) mean += i * marginal[i]! * share;
  let variance = 0;
  for (let i = 0; i < marginal.length; i++) variance += (i - mean) * (i - mean) * marginal[i]! * share;
  return [mean, variance];
}
