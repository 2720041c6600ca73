import { add, apply, matMul, mul, reduceSum, sqrt, sub } from '../../../engine/graph/build.ts';
import { Graph, type Value } from '../../../engine/graph/graph.ts';
import { tensor } from '../../../engine/tensor/tensor.ts';
import { doubles, number } from '../double-precision.ts';
import { transpose } from '../linear-algebra/products.ts';
import type { Metric } from './distances.ts';

/**
 * float64 distances [N, rows] of float64 x [N, columns] to stored rows. Euclidean ones by inner products, around a
 * centre where the columns lie far from 0; others row after row of x in a Scan, as [N, rows, columns] would be large.
 */
export function distanceNodes(
  x: Value,
  stored: Float64Array,
  rows: number,
  columns: number,
  metric: Metric,
  p: number,
): Value {
  return metric === 'euclidean'
    ? byInnerProducts(x, stored, rows, columns)
    : rowByRow(x, stored, rows, columns, metric, p);
}

function byInnerProducts(x: Value, stored: Float64Array, rows: number, columns: number): Value {
  const { graph } = x;
  const centre = roughCentre(stored, rows, columns);
  const centred = stored.map((value, at) => value - centre[at % columns]!);
  const own = sub(x, doubles(graph, [1, columns], centre));
  const squares = new Float64Array(rows);
  for (let at = 0; at < centred.length; at++) {
    const r = Math.floor(at / columns);
    squares[r] = squares[r]! + centred[at]! * centred[at]!;
  }
  const product = matMul(
    own,
    doubles(
      graph,
      [columns, rows],
      transpose(centred, rows, columns).map((v) => -2 * v),
    ),
  );
  const sums = add(reduceSum(mul(own, own), [1], true), doubles(graph, [1, rows], squares));
  return sqrt(graph.op('Max', [add(sums, product), number(graph, 0)]));
}

/** 0 where a column's mean is not far from 0; else the mean as a multiple of a power of two, so that whole numbers stay whole. */
export function roughCentre(stored: Float64Array, rows: number, columns: number): Float64Array {
  const centre = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    let mean = 0;
    let variance = 0;
    for (let i = 0; i < rows; i++) mean += stored[i * columns + j]! / rows;
    for (let i = 0; i < rows; i++) variance += (stored[i * columns + j]! - mean) ** 2 / rows;
    const deviation = Math.sqrt(variance);
    if (Math.abs(mean) <= 8 * deviation) continue;
    const unit = deviation > 0 ? 2 ** Math.floor(Math.log2(deviation)) : Math.abs(mean);
    centre[j] = Math.round(mean / unit) * unit;
  }
  return centre;
}

function rowByRow(
  x: Value,
  stored: Float64Array,
  rows: number,
  columns: number,
  metric: Metric,
  p: number,
): Value {
  const { graph } = x;
  const body = new Graph(graph);
  const row = body.input(graph.uniqueName('row'), 'float64', [columns]);
  const all = body.initializer(graph.uniqueName('neighbours'), tensor('float64', [rows, columns], stored));
  const distances = spanned(sub(row, all), metric, p, 1);
  body.output(distances);
  return graph.add(
    'Scan',
    [x],
    { body, num_scan_inputs: 1 },
    { outputTypes: [{ dtype: 'float64', shape: ['N', rows] }] },
  )[0]!; // one output was asked for
}

/** Length of float64 differences along an axis. */
export function spanned(differences: Value, metric: Metric, p: number, axis: number): Value {
  const { graph } = differences;
  if (metric === 'euclidean') return sqrt(reduceSum(mul(differences, differences), [axis]));
  const sizes = apply('Abs', differences);
  if (metric === 'manhattan') return reduceSum(sizes, [axis]);
  if (metric === 'chebyshev') {
    const axes = graph.constant({ dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(axis)) });
    return graph.op('ReduceMax', [sizes, axes], { keepdims: 0 });
  }
  const powers = reduceSum(apply('Pow', sizes, number(graph, p)), [axis]);
  return apply('Pow', powers, number(graph, 1 / p));
}
