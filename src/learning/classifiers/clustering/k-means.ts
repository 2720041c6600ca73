import { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import { checkClusterable, settingsError, squaredDistance } from './distances.ts';
import { elkanPass, makeBounds } from './elkan.ts';
import { plusPlusCentres } from './k-means-start.ts';

/** How clusters are looked for. */
export interface KMeansSettings {
  readonly clusters: number;
  readonly seed: number;
  /** Starts by k-means++, of which the best is kept; 10 by default. */
  readonly starts?: number;
  /** Centres to start from instead; [clusters, columns]. */
  readonly from?: Matrix;
  /** At most so many rounds; 300 by default. */
  readonly iterations?: number;
  /** Ends when centres move by less, relative to the mean variance of the columns; 1e-4 by default. */
  readonly tolerance?: number;
  /** The same clusters; 'elkan' leaves out distances that cannot matter, and keeps [rows, clusters] bounds: the default up to 64 MB of them. */
  readonly algorithm?: 'lloyd' | 'elkan';
}

/** Clusters around centres. */
export interface KMeans {
  readonly centres: Matrix; // [clusters, columns]
  /** Cluster of each row. */
  readonly labels: Int32Array;
  /** Sum of squared distances to the nearest centre. */
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Clusters of least squared distance to their centres (Lloyd, Least squares quantization in PCM, 1982; Elkan, Using the
 * triangle inequality to accelerate k-means, 2003; starts by Arthur and Vassilvitskii, k-means++, 2007).
 *
 * @throws CLUSTERING_SETTINGS, CLUSTERING_DATA
 */
export function kMeans(x: Matrix, settings: KMeansSettings): KMeans {
  const { clusters, seed, from, starts = 10, iterations = 300, tolerance = 1e-4 } = settings;
  checkClusterable('k-means', x);
  if (!(Number.isInteger(clusters) && clusters >= 1 && clusters <= x.rows)) {
    throw settingsError('k-means', `${clusters} clusters were asked for, and there are ${x.rows} rows.`);
  }
  if (from && (from.rows !== clusters || from.columns !== x.columns)) {
    throw settingsError('k-means', `${from.rows} x ${from.columns} centres do not fit ${clusters} clusters.`);
  }
  const bound = tolerance * meanVariance(x);
  const random = new RandomStream({ seed, purpose: 'k-means' });
  let best: KMeans | undefined;
  for (let start = 0; start < (from ? 1 : Math.max(1, starts)); start++) {
    const centres = from?.values.slice() ?? plusPlusCentres(x, clusters, random);
    const run = fromCentres(
      x,
      clusters,
      centres,
      iterations,
      bound,
      settings.algorithm ?? quickest(x, clusters),
    );
    if (!best || run.inertia < best.inertia) best = run;
  }
  return best!; // at least one start
}

/** Bounds of more rows times clusters are not kept unless asked for: 64 MB. */
const MOST_BOUNDS = 8e6;

const quickest = ({ rows }: Matrix, clusters: number): 'lloyd' | 'elkan' =>
  clusters > 2 && rows * clusters <= MOST_BOUNDS ? 'elkan' : 'lloyd';

function meanVariance({ values, rows, columns }: Matrix): number {
  const mean = new Float64Array(columns);
  for (let at = 0; at < values.length; at++) mean[at % columns]! += values[at]! / rows;
  let squares = 0;
  for (let at = 0; at < values.length; at++) squares += (values[at]! - mean[at % columns]!) ** 2;
  return squares / values.length;
}

function fromCentres(
  x: Matrix,
  clusters: number,
  start: Float64Array,
  most: number,
  bound: number,
  algorithm: 'lloyd' | 'elkan',
): KMeans {
  const { rows, columns } = x;
  let centres = start;
  const labels = new Int32Array(rows).fill(-1);
  const bounds = algorithm === 'elkan' ? makeBounds(rows, clusters) : undefined;
  let converged = false;
  let settled = false;
  let rounds = 0;
  while (rounds < most && !converged) {
    rounds++;
    const changed = bounds
      ? elkanPass(x, centres, clusters, labels, bounds)
      : assign(x, centres, clusters, labels);
    settled = changed === 0;
    const next = movedCentres(x, centres, clusters, labels);
    const shift = shifts(centres, next, clusters, columns);
    if (bounds) bounds.moved(shift, labels);
    centres = next;
    const total = shift.reduce((sum, one) => sum + one * one, 0);
    converged = settled || total <= bound;
  }
  if (!settled) assign(x, centres, clusters, labels);
  const made = { values: centres, rows: clusters, columns };
  return { centres: made, labels, inertia: inertiaOf(x, made, labels), iterations: rounds, converged };
}

/** The nearest centre of each row, the first of several. */
export function nearestCentres(x: Matrix, centres: Matrix): Int32Array {
  const labels = new Int32Array(x.rows);
  assign(x, centres.values, centres.rows, labels);
  return labels;
}

/** Gives how many rows changed. */
function assign(x: Matrix, centres: Float64Array, clusters: number, labels: Int32Array): number {
  const { values, rows, columns } = x;
  let changed = 0;
  for (let i = 0; i < rows; i++) {
    let nearest = 0;
    let least = Infinity;
    for (let c = 0; c < clusters; c++) {
      const distance = squaredDistance(values, i * columns, centres, c * columns, columns);
      if (distance < least) {
        least = distance;
        nearest = c;
      }
    }
    if (labels[i] !== nearest) changed++;
    labels[i] = nearest;
  }
  return changed;
}

/** Means of the clusters; one without rows takes the row farthest from its centre. */
function movedCentres(x: Matrix, centres: Float64Array, clusters: number, labels: Int32Array): Float64Array {
  const { values, rows, columns } = x;
  const sums = new Float64Array(clusters * columns);
  const counts = new Float64Array(clusters);
  for (let i = 0; i < rows; i++) {
    const to = labels[i]! * columns;
    for (let j = 0, at = i * columns; j < columns; j++, at++) sums[to + j]! += values[at]!;
    counts[labels[i]!]!++;
  }
  if (counts.includes(0)) fillEmpty(x, centres, sums, counts, labels);
  for (let c = 0; c < clusters; c++) {
    for (let j = 0; j < columns; j++) {
      const at = c * columns + j;
      sums[at] = counts[c]! > 0 ? sums[at]! / counts[c]! : centres[at]!;
    }
  }
  return sums;
}

function fillEmpty(
  { values, rows, columns }: Matrix,
  centres: Float64Array,
  sums: Float64Array,
  counts: Float64Array,
  labels: Int32Array,
): void {
  const far = Float64Array.from({ length: rows }, (_, i) =>
    squaredDistance(values, i * columns, centres, labels[i]! * columns, columns),
  );
  const farthest = Array.from(far.keys()).sort((a, b) => far[b]! - far[a]! || a - b);
  let next = 0;
  for (let c = 0; c < counts.length; c++) {
    if (counts[c]! > 0) continue;
    const row = farthest[next++]!;
    if (far[row] === 0) return; // fewer different rows than clusters
    const old = labels[row]!;
    for (let j = 0; j < columns; j++) {
      const value = values[row * columns + j]!;
      sums[old * columns + j]! -= value;
      sums[c * columns + j] = value;
    }
    counts[old]!--;
    counts[c] = 1;
  }
}

/** How far each centre moved. */
function shifts(before: Float64Array, after: Float64Array, clusters: number, columns: number): Float64Array {
  return Float64Array.from({ length: clusters }, (_, c) =>
    Math.sqrt(squaredDistance(before, c * columns, after, c * columns, columns)),
  );
}

function inertiaOf(x: Matrix, centres: Matrix, labels: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < x.rows; i++) {
    sum += squaredDistance(x.values, i * x.columns, centres.values, labels[i]! * x.columns, x.columns);
  }
  return sum;
}
