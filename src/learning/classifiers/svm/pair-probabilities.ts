import { add, apply, div, mul, reduceSum, sub } from '../../../engine/graph/build.ts';
import type { Value } from '../../../engine/graph/graph.ts';
import { doubles, number } from '../double-precision.ts';
import { softmaxRows } from '../linear/linear-scores.ts';
import { couplePairs, LEAST_PAIRWISE, pairwiseProbability, type Sigmoid } from './platt.ts';

/** Probabilities [rows, classes] of the pairs' decisions: coupled sigmoids, or where none were fitted a softmax of votes. */
export function pairProbabilities(
  decisions: Float64Array,
  rows: number,
  classes: number,
  sigmoids: readonly Sigmoid[],
): Float64Array {
  const pairs = (classes * (classes - 1)) / 2;
  const out = new Float64Array(rows * classes);
  const own = new Float64Array(pairs);
  const system = new Float64Array(classes * (classes + 1));
  for (let i = 0; i < rows; i++) {
    const into = out.subarray(i * classes, (i + 1) * classes);
    if (sigmoids.length === 0) vote(decisions, i * pairs, classes, into);
    else {
      for (let p = 0; p < pairs; p++) own[p] = pairwiseProbability(sigmoids[p]!, decisions[i * pairs + p]!);
      couplePairs(own, classes, system, into);
    }
  }
  if (sigmoids.length === 0) softmaxRows(out, rows, classes);
  return out;
}

/** Two classes: 0 and the decision for class 1. More: votes, and less than one vote for how sure they were. */
function vote(decisions: Float64Array, from: number, classes: number, out: Float64Array): void {
  if (classes === 2) {
    out[1] = -decisions[from]!;
    return;
  }
  const sure = new Float64Array(classes);
  for (let i = 0, p = from; i < classes; i++) {
    for (let j = i + 1; j < classes; j++, p++) {
      const winner = decisions[p]! > 0 ? i : j;
      out[winner] = out[winner]! + 1;
      sure[i] = sure[i]! + decisions[p]!;
      sure[j] = sure[j]! - decisions[p]!;
    }
  }
  for (let k = 0; k < classes; k++) out[k] = out[k]! + sure[k]! / (3 * (Math.abs(sure[k]!) + 1));
}

/** The same in a graph, float64 [N, pairs] to float64 [N, classes]. */
export function pairProbabilityNodes(decisions: Value, classes: number, sigmoids: readonly Sigmoid[]): Value {
  const { graph } = decisions;
  if (sigmoids.length === 0) return voteNodes(decisions, classes);
  const row = (pick: (one: Sigmoid) => number) =>
    doubles(graph, [1, sigmoids.length], Float64Array.from(sigmoids, pick));
  const powers = add(
    mul(
      decisions,
      row(({ slope }) => -slope),
    ),
    row(({ offset }) => -offset),
  );
  const bounded = graph.op('Clip', [
    apply('Sigmoid', powers),
    number(graph, LEAST_PAIRWISE),
    number(graph, 1 - LEAST_PAIRWISE),
  ]);
  if (classes === 2) return graph.op('Concat', [bounded, sub(number(graph, 1), bounded)], { axis: 1 });
  return coupleNodes(bounded, classes);
}

/** Gauss and Jordan's elimination of (Q + e e' | e), all rows of the table at once. */
function coupleNodes(pairs: Value, classes: number): Value {
  const { graph } = pairs;
  const width = classes + 1;
  // Every entry of the system is 1 + sum of squares or 1 - r (1 - r): linear in r^2, (1 - r)^2 and r (1 - r).
  const count = (classes * (classes - 1)) / 2;
  const ofSquare = new Float64Array(count * classes * width);
  const ofOpposite = new Float64Array(count * classes * width);
  const ofProduct = new Float64Array(count * classes * width);
  for (let i = 0, p = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++, p++) {
      const from = p * classes * width;
      ofSquare[from + j * width + j] = 1;
      ofOpposite[from + i * width + i] = 1;
      ofProduct[from + i * width + j] = -1;
      ofProduct[from + j * width + i] = -1;
    }
  }
  const opposite = sub(number(graph, 1), pairs);
  const spread = (values: Value, weights: Float64Array) =>
    graph.op('MatMul', [values, doubles(graph, [count, classes * width], weights)]);
  const filled = add(
    add(spread(mul(pairs, pairs), ofSquare), spread(mul(opposite, opposite), ofOpposite)),
    add(spread(mul(pairs, opposite), ofProduct), number(graph, 1)),
  );
  const ints = (...values: number[]) =>
    graph.constant({ dtype: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) });
  let system = graph.op('Reshape', [filled, ints(-1, classes, width)]); // [N, K, K + 1]
  for (let t = 0; t < classes; t++) {
    const row = graph.op('Slice', [system, ints(t), ints(t + 1), ints(1)]);
    const pivot = graph.op('Slice', [row, ints(t), ints(t + 1), ints(2)]);
    const column = graph.op('Slice', [system, ints(t), ints(t + 1), ints(2)]);
    const unit = doubles(
      graph,
      [1, classes, 1],
      Float64Array.from({ length: classes }, (_, k) => (k === t ? 1 : 0)),
    );
    system = sub(system, mul(sub(column, unit), div(row, pivot)));
  }
  const last = graph.op('Slice', [system, ints(classes), ints(width), ints(2)]);
  const solved = graph.op('Max', [graph.op('Reshape', [last, ints(-1, classes)]), number(graph, 0)]);
  return div(solved, reduceSum(solved, [1], true));
}

function voteNodes(decisions: Value, classes: number): Value {
  const { graph } = decisions;
  const pairs = (classes * (classes - 1)) / 2;
  if (classes === 2) {
    const both = graph.op('Concat', [mul(decisions, number(graph, 0)), apply('Neg', decisions)], { axis: 1 });
    return graph.op('Softmax', [both], { axis: 1 });
  }
  const forFirst = new Float64Array(pairs * classes);
  const forSecond = new Float64Array(pairs * classes);
  for (let i = 0, p = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++, p++) {
      forFirst[p * classes + i] = 1;
      forSecond[p * classes + j] = 1;
    }
  }
  const toClasses = (values: Value, weights: Float64Array) =>
    graph.op('MatMul', [values, doubles(graph, [pairs, classes], weights)]);
  const first = graph.op('Cast', [graph.op('Greater', [decisions, number(graph, 0)])], { to: 11 });
  const votes = add(toClasses(first, forFirst), toClasses(sub(number(graph, 1), first), forSecond));
  const sure = toClasses(
    decisions,
    forFirst.map((value, at) => value - forSecond[at]!),
  );
  const share = div(sure, mul(number(graph, 3), add(apply('Abs', sure), number(graph, 1))));
  return graph.op('Softmax', [add(votes, share)], { axis: 1 });
}
