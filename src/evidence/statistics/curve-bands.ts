import { precisionRecallCurve, type RocCurve, rocCurve, thinnedIndices } from '../metrics/curves.ts';
import { type BinSums, binScores, sumBins } from '../metrics/probability.ts';
import { classIndicator, classScores, type Ranking } from '../metrics/ranking.ts';
import { percentileInterval } from './bootstrap.ts';

/** The curves of one class against the rest, thinned and rounded for drawing, with pointwise bootstrap bands. */
export interface ClassCurves {
  /** Index of the class. */
  readonly classIndex: number;
  /** undefined when the class, or every other class, is absent. At most 400 points. */
  readonly roc?: RocCurve & { readonly band: RocBand };
  /** undefined when the class is absent. At most 400 points, recall rising. */
  readonly precisionRecall?: {
    readonly recall: number[];
    readonly precision: number[];
    /** Share of the class in the samples: the precision of guessing. */
    readonly prevalence: number;
  };
  /** The class's probability against how often it was true, ten bins of equal width, empty ones left out. */
  readonly reliability: ReliabilityPoint[];
}

/** Interval of the true positive rate at fixed false positive rates. */
export interface RocBand {
  readonly falsePositiveRate: number[];
  readonly low: number[];
  readonly high: number[];
}

/** One bin of a reliability curve with the interval of its observed share (null: too few replicates). */
export interface ReliabilityPoint {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly meanPredicted: number;
  readonly observed: number;
  readonly low: number | null;
  readonly high: number | null;
}

const GRID = 51;
const BINS = 10;

/** Numbers per replicate that the bands of one class need. */
export const BAND_WIDTH = GRID + BINS;

/** Draws the bands of one class: `measure` per replicate, `finish` with all of them. */
export interface BandDrawer {
  /** Writes BAND_WIDTH numbers at `offset`. */
  readonly measure: (weights: Float64Array, figures: Float64Array, offset: number) => void;
  /** `replicates` is [BAND_WIDTH, R], row-major. */
  readonly finish: (replicates: Float64Array, count: number, level: number) => ClassCurves;
}

/** Prepares the curves of class `index` from probabilities [N, K] and their ranking. */
export function bandDrawer(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classCount: number,
  index: number,
  ranking: Ranking,
): BandDrawer {
  const scores = classScores(probabilities, classCount, index);
  return columnBands(index, ranking, { scores, truth: classIndicator(labels, index) });
}

/**
 * Prepares the curves of one yes-or-no question.
 *
 * @param ranking its places by the index of the sample in the whole set
 * @param column scores and truths; with `samples`, of those of the whole set
 */
export function columnBands(
  index: number,
  ranking: Ranking,
  column: {
    readonly scores: ArrayLike<number>;
    readonly truth: ArrayLike<number>;
    readonly samples?: readonly number[];
  },
): BandDrawer {
  const { scores, truth: outcomes, samples } = column;
  const bins = binScores(scores, BINS, 'equal-width');
  const all = sumBins(bins, scores, outcomes);
  const own = samples && new Float64Array(samples.length);
  let sums: BinSums | undefined;
  const measure: BandDrawer['measure'] = (weights, figures, offset) => {
    sensitivityAtGrid(ranking, weights, figures, offset);
    if (own) for (let i = 0; i < own.length; i++) own[i] = weights[samples[i]!]!;
    sums = sumBins(bins, scores, outcomes, own ?? weights, sums);
    for (let b = 0; b < BINS; b++) figures[offset + GRID + b] = sums.outcome[b]! / sums.weight[b]!;
  };
  const finish: BandDrawer['finish'] = (replicates, count, level) => {
    const interval = (row: number) =>
      percentileInterval(replicates.subarray(row * count, (row + 1) * count), level);
    const roc = rocCurve(ranking);
    return {
      classIndex: index,
      ...(roc && { roc: { ...thinRoc(roc), band: rocBand(interval) } }),
      ...precisionRecallOf(ranking),
      reliability: [...all.weight.keys()]
        .filter((b) => all.weight[b]! > 0)
        .map((b) => {
          const { low, high } = interval(GRID + b);
          return {
            lower: bins.edges[b]!,
            upper: bins.edges[b + 1]!,
            count: all.weight[b]!,
            meanPredicted: all.score[b]! / all.weight[b]!,
            observed: all.outcome[b]! / all.weight[b]!,
            low,
            high,
          };
        }),
    };
  };
  return { measure, finish };
}

/** True positive rate at GRID even false positive rates; NaN throughout when one side is missing. */
function sensitivityAtGrid(ranking: Ranking, weights: Float64Array, out: Float64Array, offset: number): void {
  const { order, positive, groupEnd } = ranking;
  let positives = 0;
  let negatives = 0;
  for (let place = 0; place < order.length; place++) {
    if (positive[place] === 1) positives += weights[order[place]!]!;
    else negatives += weights[order[place]!]!;
  }
  if (positives === 0 || negatives === 0) {
    out.fill(Number.NaN, offset, offset + GRID);
    return;
  }
  let next = 0;
  let [x, y, lastX, lastY] = [0, 0, 0, 0];
  for (let place = 0; place < order.length; place++) {
    const weight = weights[order[place]!]!;
    if (positive[place] === 1) y += weight / positives;
    else x += weight / negatives;
    if (groupEnd[place] === 0) continue;
    // a grid point on a vertical rise waits for its top
    while (next < GRID && next / (GRID - 1) < x - 1e-12) {
      out[offset + next] = lastY + ((y - lastY) * (next / (GRID - 1) - lastX)) / (x - lastX);
      next++;
    }
    lastX = x;
    lastY = y;
  }
  while (next < GRID) out[offset + next++] = 1;
}

function rocBand(interval: (row: number) => { low: number | null; high: number | null }): RocBand {
  const rows = Array.from({ length: GRID }, (_, g) => g).filter((g) => interval(g).low !== null);
  return {
    falsePositiveRate: rows.map((g) => g / (GRID - 1)),
    low: rows.map((g) => rounded(interval(g).low!)),
    high: rows.map((g) => rounded(interval(g).high!)),
  };
}

/** Five decimals: finer than any screen, and half the length in a file. */
function rounded(share: number): number {
  return Math.round(share * 1e5) / 1e5;
}

function thinRoc(curve: RocCurve): RocCurve {
  const kept = thinnedIndices(curve.falsePositiveRate, curve.truePositiveRate);
  return {
    falsePositiveRate: kept.map((i) => rounded(curve.falsePositiveRate[i]!)),
    truePositiveRate: kept.map((i) => rounded(curve.truePositiveRate[i]!)),
    thresholds: kept.map((i) => curve.thresholds[i]!),
  };
}

function precisionRecallOf(ranking: Ranking): Pick<ClassCurves, 'precisionRecall'> {
  const curve = precisionRecallCurve(ranking);
  if (curve === undefined) return {};
  const kept = thinnedIndices(curve.recall, curve.precision);
  return {
    precisionRecall: {
      recall: kept.map((i) => rounded(curve.recall[i]!)),
      precision: kept.map((i) => rounded(curve.precision[i]!)),
      prevalence: ranking.positive.reduce((sum, p) => sum + p, 0) / ranking.positive.length,
    },
  };
}
