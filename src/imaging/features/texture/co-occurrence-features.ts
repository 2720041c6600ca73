import type { PairMatrix } from './pair-matrix.ts';

/** What the features of a co-occurrence matrix are made of, each sum taken once. */
export interface CoOccurrence {
  readonly jointMaximum: number;
  readonly jointAverage: number;
  readonly jointVariance: number;
  readonly jointEntropy: number;
  readonly differenceAverage: number;
  readonly differenceVariance: number;
  readonly differenceEntropy: number;
  readonly sumAverage: number;
  readonly sumVariance: number;
  readonly sumEntropy: number;
  readonly energy: number;
  readonly contrast: number;
  readonly inverseDifference: number;
  readonly inverseDifferenceNormalised: number;
  readonly inverseDifferenceMoment: number;
  readonly inverseDifferenceMomentNormalised: number;
  readonly inverseVariance: number;
  /** Of a matrix without variance 0 / 0: NaN. */
  readonly correlation: number;
  readonly autocorrelation: number;
  readonly clusterShade: number;
  readonly clusterProminence: number;
  /** Entropies of the margins, bits. */
  readonly firstEntropy: number;
  readonly secondEntropy: number;
  /** Sum of the margins' entropies less the joint entropy, at least 0. */
  readonly mutualInformation: number;
}

/** Logarithms of whole counts, of which small ones are most. */
const LOGARITHMS = Float64Array.from({ length: 4096 }, (_, count) => Math.log2(count));

const log2 = (count: number): number =>
  count < LOGARITHMS.length && Number.isInteger(count) ? LOGARITHMS[count]! : Math.log2(count);

/**
 * All sums of a co-occurrence matrix that is not empty (IBSI reference manual v11, 3.6, for any matrix, symmetric or not).
 * @param levels the grey level of each rank
 * @param count N_g, by which normalised differences are divided
 */
export function coOccurrence(matrix: PairMatrix, levels: Float64Array, count: number): CoOccurrence {
  const { first, second, counts, total, symmetric } = matrix;
  const low = levels[0]!;
  const span = levels[levels.length - 1]! - low + 1;
  const margin1 = new Float64Array(levels.length);
  const margin2 = symmetric ? margin1 : new Float64Array(levels.length);
  const differences = new Float64Array(span); // by |i - j|
  const sums = new Float64Array(2 * span - 1); // by i + j - 2 low
  const logTotal = log2(total);
  let [greatest, squares, products, bits] = [0, 0, 0, 0];
  for (let n = 0; n < counts.length; n++) {
    const [i, j, c] = [first[n]!, second[n]!, counts[n]!];
    const [a, b] = [levels[i]!, levels[j]!];
    const both = symmetric && i !== j ? 2 * c : c;
    margin1[i] = margin1[i]! + c;
    if (!symmetric || i !== j) margin2[j] = margin2[j]! + c;
    const apart = a > b ? a - b : b - a;
    differences[apart] = differences[apart]! + both;
    sums[a + b - 2 * low] = sums[a + b - 2 * low]! + both;
    if (c > greatest) greatest = c;
    squares += both * c;
    products += both * a * b;
    bits += both * (logTotal - log2(c));
  }
  const m1 = momentsOf(margin1, levels, total);
  const m2 = symmetric ? m1 : momentsOf(margin2, levels, total);
  const jointEntropy = bits / total;
  const autocorrelation = products / total;
  const difference = differenceSums(differences, total, count);
  const sum = sumSums(sums, total, 2 * low);
  const spread = Math.sqrt(m1.variance * m2.variance);
  return {
    jointMaximum: greatest / total,
    jointAverage: m1.mean,
    jointVariance: m1.variance,
    jointEntropy,
    ...difference,
    ...sum,
    energy: squares / total / total,
    correlation: covariance(matrix, levels, m1.mean, m2.mean) / spread,
    autocorrelation,
    firstEntropy: m1.entropy,
    secondEntropy: m2.entropy,
    mutualInformation: Math.max(0, m1.entropy + m2.entropy - jointEntropy),
  };
}

function momentsOf(margin: Float64Array, levels: Float64Array, total: number) {
  const logTotal = log2(total);
  let [mean, variance, bits] = [0, 0, 0];
  for (let i = 0; i < margin.length; i++) mean += levels[i]! * margin[i]!;
  mean /= total;
  for (let i = 0; i < margin.length; i++) {
    const count = margin[i]!;
    if (count === 0) continue;
    variance += (levels[i]! - mean) ** 2 * count;
    bits += count * (logTotal - log2(count));
  }
  return { mean, variance: variance / total, entropy: bits / total };
}

function covariance(
  { first, second, counts, total, symmetric }: PairMatrix,
  levels: Float64Array,
  mean1: number,
  mean2: number,
) {
  let sum = 0;
  for (let n = 0; n < counts.length; n++) {
    const weight = symmetric && first[n] !== second[n] ? 2 : 1;
    sum += weight * counts[n]! * (levels[first[n]!]! - mean1) * (levels[second[n]!]! - mean2);
  }
  return sum / total;
}

function differenceSums(differences: Float64Array, total: number, count: number) {
  const logTotal = log2(total);
  let [mean, contrast, bits, variance] = [0, 0, 0, 0];
  let [inverse, inverseNormalised, moment, momentNormalised, inverseVariance] = [0, 0, 0, 0, 0];
  for (let k = 0; k < differences.length; k++) {
    const p = differences[k]!;
    if (p === 0) continue;
    mean += k * p;
    contrast += k * k * p;
    bits += p * (logTotal - log2(p));
    inverse += p / (1 + k);
    inverseNormalised += p / (1 + k / count);
    moment += p / (1 + k * k);
    momentNormalised += p / (1 + (k * k) / (count * count));
    if (k > 0) inverseVariance += p / (k * k);
  }
  mean /= total;
  for (let k = 0; k < differences.length; k++) variance += (k - mean) ** 2 * differences[k]!;
  return {
    differenceAverage: mean,
    differenceVariance: variance / total,
    differenceEntropy: bits / total,
    contrast: contrast / total,
    inverseDifference: inverse / total,
    inverseDifferenceNormalised: inverseNormalised / total,
    inverseDifferenceMoment: moment / total,
    inverseDifferenceMomentNormalised: momentNormalised / total,
    inverseVariance: inverseVariance / total,
  };
}

function sumSums(sums: Float64Array, total: number, low: number) {
  const logTotal = log2(total);
  let [mean, bits, variance, shade, prominence] = [0, 0, 0, 0, 0];
  for (let k = 0; k < sums.length; k++) {
    if (sums[k] === 0) continue;
    mean += k * sums[k]!;
    bits += sums[k]! * (logTotal - log2(sums[k]!));
  }
  mean /= total;
  for (let k = 0; k < sums.length; k++) {
    const p = sums[k]!;
    if (p === 0) continue;
    const from = k - mean;
    variance += from * from * p;
    shade += from * from * from * p;
    prominence += from * from * from * from * p;
  }
  return {
    sumAverage: mean + low,
    sumVariance: variance / total,
    sumEntropy: bits / total,
    clusterShade: shade / total,
    clusterProminence: prominence / total,
  };
}
