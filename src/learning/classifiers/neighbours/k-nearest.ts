import { apply, cast, div, mul, reduceSum, sub, unsqueeze, where } from '../../../engine/graph/build.ts';
import type { Graph, Value } from '../../../engine/graph/graph.ts';
import type { Classifier, FitOptions, FittedClassifier } from '../classifier.ts';
import { doubles, number, toDouble, toSingle } from '../double-precision.ts';
import { type Matrix, takeRows } from '../matrix.ts';
import { choice, readSettings, size, whole } from '../settings.ts';
import { checkColumns, checkRows } from '../training-data.ts';
import { distanceNodes, spanned } from './distance-nodes.ts';
import { distance, findNearest, type Metric } from './distances.ts';

export interface NearestNeighboursSettings {
  /** How many neighbours vote. */
  readonly k?: number;
  /** 'distance' lets a neighbour count by 1 / its distance; those at distance 0 then count alone. */
  readonly voting?: 'uniform' | 'distance';
  readonly metric?: Metric;
  /** Minkowski's exponent, at least 1. */
  readonly p?: number;
}

const NAME = 'k-nearest-neighbours';
const rules = {
  k: whole(5, 1),
  voting: choice('uniform', 'distance'),
  metric: choice<Metric>('euclidean', 'manhattan', 'chebyshev', 'minkowski'),
  p: size(2, 1, 64),
};

/** Training rows and their votes. */
interface Memory {
  readonly rows: Matrix;
  readonly votes: Float64Array; // [rows, classes]
  readonly classes: number;
  readonly k: number;
  readonly settings: Required<NearestNeighboursSettings>;
}

/**
 * Votes of the nearest training rows (Cover and Hart, IEEE Transactions on Information Theory 13(1), 1967). Distances are
 * compared in single precision; of equally far rows the earlier is nearer.
 *
 * @throws CLASSIFIER_DATA
 */
export function fitNearestNeighbours(
  x: Matrix,
  y: Int32Array,
  classes: number,
  settings: Required<NearestNeighboursSettings>,
  options: FitOptions,
): FittedClassifier {
  checkRows(NAME, x, y, classes, options);
  const kept = [...y.keys()].filter((i) => (options.weights?.[i] ?? 1) > 0);
  const votes = new Float64Array(kept.length * classes);
  for (const [r, i] of kept.entries()) votes[r * classes + y[i]!] = options.weights?.[i] ?? 1;
  const k = Math.min(settings.k, kept.length);
  const memory = { rows: takeRows(x, kept), votes, classes, k, settings };
  return {
    classes,
    columns: x.columns,
    notes:
      k < settings.k
        ? [`${settings.k} neighbours were asked for, there are ${k} rows: all of them vote`]
        : [],
    predict: (table) => votesOf(memory, table),
    addTo: (graph, input) => voteNodes(memory, graph, input),
  };
}

function votesOf({ rows, votes, classes, k, settings }: Memory, x: Matrix): Float64Array {
  const { columns } = rows;
  checkColumns(x, columns);
  const { metric, p, voting } = settings;
  const out = new Float64Array(x.rows * classes);
  const nearest = { rows: new Int32Array(k), distances: new Float64Array(k) };
  const factors = new Float64Array(k).fill(1);
  for (let i = 0; i < x.rows; i++) {
    const start = i * columns;
    findNearest(metric, p, x.values, start, rows.values, columns, nearest);
    if (voting === 'distance') {
      let same = false;
      for (let n = 0; n < k; n++) {
        factors[n] = distance(metric, p, x.values, start, rows.values, nearest.rows[n]! * columns, columns);
        same ||= factors[n] === 0;
      }
      for (let n = 0; n < k; n++) factors[n] = same ? (factors[n] === 0 ? 1 : 0) : 1 / factors[n]!;
    }
    let sum = 0;
    for (let n = 0; n < k; n++) {
      for (let c = 0; c < classes; c++) {
        const vote = factors[n]! * votes[nearest.rows[n]! * classes + c]!;
        out[i * classes + c] = out[i * classes + c]! + vote;
        sum += vote;
      }
    }
    for (let c = 0; c < classes; c++) out[i * classes + c] = out[i * classes + c]! / sum;
  }
  return out;
}

function voteNodes({ rows, votes, classes, k, settings }: Memory, graph: Graph, input: Value): Value {
  const x = toDouble(input);
  const { metric, p, voting } = settings;
  const distances = distanceNodes(x, rows.values, rows.rows, rows.columns, metric, p);
  const count = graph.constant({ dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(k)) });
  const nearest = graph.add(
    'TopK',
    [cast(distances, 'float32'), count],
    { largest: 0, axis: 1 },
    { outputs: 2 },
  )[1]!; // indices
  const ballots = graph.op('Gather', [doubles(graph, [rows.rows, classes], votes), nearest], { axis: 0 }); // [N, k, K]
  let counted = ballots;
  if (voting === 'distance') {
    const stored = graph.op('Gather', [doubles(graph, [rows.rows, rows.columns], rows.values), nearest], {
      axis: 0,
    });
    const away = spanned(sub(unsqueeze(x, [1]), stored), metric, p, 2); // [N, k]
    const same = cast(graph.op('Equal', [away, number(graph, 0)]), 'float64');
    const any = graph.op('Greater', [reduceSum(same, [1], true), number(graph, 0)]);
    const factors = where(any, same, apply('Reciprocal', away));
    counted = mul(ballots, unsqueeze(factors, [2]));
  }
  const sums = reduceSum(counted, [1]); // [N, K]
  return toSingle(div(sums, reduceSum(sums, [1], true)));
}

export const nearestNeighbours: Classifier<NearestNeighboursSettings> = {
  name: NAME,
  describe: 'Votes of the most similar training rows; keeps all of them in the model.',
  source: 'Cover and Hart, IEEE Transactions on Information Theory 13(1), 1967',
  scaled: true,
  missing: false,
  candidates: [
    { k: 5, voting: 'uniform' },
    { k: 3, voting: 'uniform' },
    { k: 9, voting: 'uniform' },
    { k: 15, voting: 'distance' },
    { k: 5, voting: 'uniform', metric: 'manhattan' },
  ],
  check: (settings) => readSettings<NearestNeighboursSettings>(NAME, rules, settings),
  fit: (x, y, classes, settings, options) => fitNearestNeighbours(x, y, classes, settings, options),
};
