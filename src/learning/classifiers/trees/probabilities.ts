import { scalar, sub } from '../../../engine/graph/build.ts';
import type { Graph, Value } from '../../../engine/graph/graph.ts';

/** How an ensemble's sums become probabilities: as they are, by the logistic function of one, or by softmax. */
export type Link = 'none' | 'logistic' | 'softmax';

/** Probabilities of rows' sums; [rows, classes]. @param scores [rows, classes], or [rows] for 'logistic' */
export function probabilitiesOf(link: Link, scores: Float64Array, classes: number): Float64Array {
  if (link === 'logistic') {
    const result = new Float64Array(scores.length * 2);
    for (let i = 0; i < scores.length; i++) {
      const p = 1 / (1 + Math.exp(-scores[i]!));
      result[2 * i] = 1 - p;
      result[2 * i + 1] = p;
    }
    return result;
  }
  const result = Float64Array.from(scores);
  for (let at = 0; at < result.length; at += classes) {
    if (link === 'softmax') softmax(result, at, classes);
    else normalise(result, at, classes);
  }
  return result;
}

/** In place, of `count` scores from `at` on. */
export function softmax(scores: Float64Array, at: number, count: number): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = at; k < at + count; k++) most = Math.max(most, scores[k]!);
  let sum = 0;
  for (let k = at; k < at + count; k++) {
    const value = Math.exp(scores[k]! - most);
    scores[k] = value;
    sum += value;
  }
  for (let k = at; k < at + count; k++) scores[k]! /= sum;
}

function normalise(scores: Float64Array, at: number, count: number): void {
  let sum = 0;
  for (let k = at; k < at + count; k++) sum += scores[k]!;
  for (let k = at; k < at + count; k++) scores[k]! /= sum;
}

/** The same in the graph. @param scores float32 [N, classes], or [N, 1] for 'logistic' */
export function addProbabilities(graph: Graph, scores: Value, link: Link): Value {
  if (link === 'none') return scores;
  if (link === 'softmax') return graph.op('Softmax', [scores], { axis: 1 });
  const p = graph.op('Sigmoid', [scores]);
  return graph.op('Concat', [sub(scalar(graph, 1), p), p], { axis: 1 });
}
