import { HounsfieldError } from '../../../errors.ts';
import { cholesky } from '../linear-algebra/factor.ts';
import type { Matrix } from '../matrix.ts';
import { checkClusterable, settingsError } from './distances.ts';
import { kMeans } from './k-means.ts';

/** Each component its own matrix; one for all; its own variances of the columns; its own single variance. */
export type CovarianceKind = 'full' | 'tied' | 'diag' | 'spherical';

/** How a mixture is fitted. */
export interface MixtureSettings {
  readonly components: number;
  readonly seed: number;
  readonly covariance?: CovarianceKind;
  /** Starts of which the best is kept; 1 by default. */
  readonly starts?: number;
  /** A component for each row to start from instead of k-means. */
  readonly from?: Int32Array;
  /** At most so many rounds; 100 by default. */
  readonly iterations?: number;
  /** Ends when the mean log-likelihood grows by less; 1e-3 by default. */
  readonly tolerance?: number;
  /** Added to every variance; 1e-6 by default. */
  readonly ridge?: number;
}

/** A mixture of normal distributions. */
export interface Mixture {
  readonly covariance: CovarianceKind;
  readonly weights: Float64Array; // [components]
  readonly means: Matrix; // [components, columns]
  /** 'full' [components, columns, columns], 'tied' [columns, columns], 'diag' [components, columns], 'spherical' [components]. */
  readonly covariances: Float64Array;
  /** Mean log-likelihood of a row at the end. */
  readonly logLikelihood: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * A mixture of normal distributions by expectation and maximisation (Dempster, Laird and Rubin, 1977; Bishop, Pattern
 * Recognition and Machine Learning, 2006, section 9.2).
 *
 * @throws CLUSTERING_SETTINGS, CLUSTERING_DATA when a covariance is not positive definite
 */
export function gaussianMixture(x: Matrix, settings: MixtureSettings): Mixture {
  checkClusterable('gaussian mixture', x);
  const { components, from, seed, starts = 1 } = settings;
  if (!(Number.isInteger(components) && components >= 1 && components <= x.rows)) {
    throw settingsError(
      'gaussian mixture',
      `${components} components were asked for, and there are ${x.rows} rows.`,
    );
  }
  if (from && (from.length !== x.rows || from.some((one) => one < 0 || one >= components))) {
    throw settingsError('gaussian mixture', "'from' must name a component for each row.");
  }
  let best: Mixture | undefined;
  for (let start = 0; start < (from ? 1 : Math.max(1, starts)); start++) {
    const labels = from ?? kMeans(x, { clusters: components, seed: (seed + start) >>> 0, starts: 1 }).labels;
    const run = fromLabels(x, labels, settings);
    if (!best || run.logLikelihood > best.logLikelihood) best = run;
  }
  return best!; // at least one start
}

function fromLabels(x: Matrix, labels: Int32Array, settings: MixtureSettings): Mixture {
  const { components, covariance = 'full', iterations = 100, tolerance = 1e-3, ridge = 1e-6 } = settings;
  const shares = new Float64Array(x.rows * components);
  for (let i = 0; i < x.rows; i++) shares[i * components + labels[i]!] = 1;
  let model = maximised(x, shares, components, covariance, ridge);
  let before = -Infinity;
  for (let round = 1; ; round++) {
    const logLikelihood = expected(x, model, shares);
    model = { ...maximised(x, shares, components, covariance, ridge), logLikelihood, iterations: round };
    if (Math.abs(logLikelihood - before) < tolerance) return { ...model, converged: true };
    if (round >= iterations) return model;
    before = logLikelihood;
  }
}

/** Fills shares [rows, components] with each component's part in each row; gives the mean log-likelihood. */
function expected(x: Matrix, mixture: Mixture, shares: Float64Array): number {
  const k = mixture.weights.length;
  const logs = logDensities(x, mixture);
  let total = 0;
  for (let i = 0; i < x.rows; i++) {
    const row = logs.subarray(i * k, (i + 1) * k);
    let most = -Infinity;
    for (const value of row) most = Math.max(most, value);
    let sum = 0;
    for (const value of row) sum += Math.exp(value - most);
    const all = most + Math.log(sum);
    for (let c = 0; c < k; c++) shares[i * k + c] = Math.exp(row[c]! - all);
    total += all;
  }
  return total / x.rows;
}

/** Each component's part in each row; [rows, components]. */
export function mixtureShares(mixture: Mixture, x: Matrix): Float64Array {
  const shares = new Float64Array(x.rows * mixture.weights.length);
  expected(x, mixture, shares);
  return shares;
}

/** Mean log-likelihood of rows. */
export const mixtureLogLikelihood = (mixture: Mixture, x: Matrix): number =>
  expected(x, mixture, new Float64Array(x.rows * mixture.weights.length));

/** The likeliest component of each row. */
export function mixtureLabels(mixture: Mixture, x: Matrix): Int32Array {
  const k = mixture.weights.length;
  const shares = mixtureShares(mixture, x);
  return Int32Array.from({ length: x.rows }, (_, i) => {
    const row = shares.subarray(i * k, (i + 1) * k);
    return row.indexOf(Math.max(...row));
  });
}

const EPSILON = 2.220446049250313e-16;

function maximised(
  x: Matrix,
  shares: Float64Array,
  k: number,
  covariance: CovarianceKind,
  ridge: number,
): Mixture {
  const { rows, columns, values } = x;
  const sums = new Float64Array(k).fill(10 * EPSILON);
  const means = new Float64Array(k * columns);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < k; c++) {
      const share = shares[i * k + c]!;
      sums[c]! += share;
      if (share === 0) continue;
      for (let j = 0; j < columns; j++) means[c * columns + j]! += share * values[i * columns + j]!;
    }
  }
  for (let at = 0; at < means.length; at++) means[at]! /= sums[Math.floor(at / columns)]!;
  const full = covariance === 'full' || covariance === 'tied';
  const covariances = full
    ? matrices(x, shares, sums, means, covariance, ridge)
    : variances(x, shares, sums, means, covariance, ridge);
  const all = sums.reduce((sum, one) => sum + one, 0);
  return {
    covariance,
    weights: sums.map((sum) => sum / all),
    means: { values: means, rows: k, columns },
    covariances,
    logLikelihood: -Infinity,
    iterations: 0,
    converged: false,
  };
}

function matrices(
  { rows, columns, values }: Matrix,
  shares: Float64Array,
  sums: Float64Array,
  means: Float64Array,
  covariance: CovarianceKind,
  ridge: number,
): Float64Array {
  const k = sums.length;
  const size = columns * columns;
  const tied = covariance === 'tied';
  const out = new Float64Array(tied ? size : k * size);
  const away = new Float64Array(columns);
  for (let c = 0; c < k; c++) {
    const to = tied ? 0 : c * size;
    for (let i = 0; i < rows; i++) {
      const share = shares[i * k + c]!;
      if (share === 0) continue;
      for (let j = 0; j < columns; j++) away[j] = values[i * columns + j]! - means[c * columns + j]!;
      for (let a = 0; a < columns; a++) {
        const factor = share * away[a]!;
        for (let b = 0; b <= a; b++) out[to + a * columns + b]! += factor * away[b]!;
      }
    }
  }
  const total = sums.reduce((sum, one) => sum + one, 0);
  for (let at = 0; at < out.length; at += size) {
    const divisor = tied ? total : sums[at / size]!;
    for (let a = 0; a < columns; a++) {
      for (let b = 0; b <= a; b++) {
        const value = out[at + a * columns + b]! / divisor + (a === b ? ridge : 0);
        out[at + a * columns + b] = value;
        out[at + b * columns + a] = value;
      }
    }
  }
  return out;
}

function variances(
  { rows, columns, values }: Matrix,
  shares: Float64Array,
  sums: Float64Array,
  means: Float64Array,
  covariance: CovarianceKind,
  ridge: number,
): Float64Array {
  const k = sums.length;
  const out = new Float64Array(k * columns);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < k; c++) {
      for (let j = 0; j < columns; j++) {
        const d = values[i * columns + j]! - means[c * columns + j]!;
        out[c * columns + j]! += shares[i * k + c]! * d * d;
      }
    }
  }
  for (let at = 0; at < out.length; at++) out[at] = out[at]! / sums[Math.floor(at / columns)]! + ridge;
  if (covariance === 'diag') return out;
  return Float64Array.from({ length: k }, (_, c) => {
    const own = out.subarray(c * columns, (c + 1) * columns);
    return own.reduce((sum, value) => sum + value, 0) / columns;
  });
}

/** ln weight + ln density of each component at each row; [rows, components]. */
function logDensities(x: Matrix, mixture: Mixture): Float64Array {
  const { rows, columns, values } = x;
  const { weights, means } = mixture;
  const k = weights.length;
  const out = new Float64Array(rows * k);
  const solved = new Float64Array(columns);
  for (let c = 0; c < k; c++) {
    const lower = lowerFactor(mixture, c, columns);
    let logRoot = 0;
    for (let j = 0; j < columns; j++) logRoot += Math.log(lower[j * columns + j]!);
    const base = Math.log(weights[c]!) - logRoot - (columns / 2) * Math.log(2 * Math.PI);
    const diagonal = mixture.covariance === 'diag' || mixture.covariance === 'spherical';
    for (let i = 0; i < rows; i++) {
      let squares = 0;
      for (let j = 0; j < columns; j++) {
        let value = values[i * columns + j]! - means.values[c * columns + j]!;
        if (!diagonal) for (let b = 0; b < j; b++) value -= lower[j * columns + b]! * solved[b]!;
        value /= lower[j * columns + j]!;
        solved[j] = value;
        squares += value * value;
      }
      out[i * k + c] = base - squares / 2;
    }
  }
  return out;
}

/** Lower triangle L of component c's covariance L L'; [columns, columns]. */
function lowerFactor({ covariance, covariances }: Mixture, c: number, columns: number): Float64Array {
  const size = columns * columns;
  if (covariance === 'full' || covariance === 'tied') {
    const at = covariance === 'full' ? c * size : 0;
    const lower = cholesky(covariances.subarray(at, at + size), columns);
    if (lower) return lower;
    throw new HounsfieldError(
      'CLUSTERING_DATA',
      `the covariance of component ${c} is not positive definite. Ask for fewer components, a simpler covariance ('diag'), or a larger 'ridge'.`,
    );
  }
  const lower = new Float64Array(size);
  for (let j = 0; j < columns; j++) {
    const variance = covariance === 'diag' ? covariances[c * columns + j]! : covariances[c]!;
    lower[j * columns + j] = Math.sqrt(variance);
  }
  return lower;
}

/** Free numbers of a mixture. */
function freedom({ covariance, weights, means }: Mixture): number {
  const [k, d] = [weights.length, means.columns];
  const matrix = (d * (d + 1)) / 2;
  const ofCovariance = { full: k * matrix, tied: matrix, diag: k * d, spherical: k }[covariance];
  return ofCovariance + k * d + k - 1;
}

/** Schwarz's criterion (Estimating the dimension of a model, 1978); the lower, the better. */
export const mixtureBic = (mixture: Mixture, x: Matrix): number =>
  -2 * mixtureLogLikelihood(mixture, x) * x.rows + freedom(mixture) * Math.log(x.rows);

/** Akaike's criterion (A new look at the statistical model identification, 1974); the lower, the better. */
export const mixtureAic = (mixture: Mixture, x: Matrix): number =>
  -2 * mixtureLogLikelihood(mixture, x) * x.rows + 2 * freedom(mixture);
