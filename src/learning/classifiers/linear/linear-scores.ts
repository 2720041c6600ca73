import { add, matMul } from '../../../engine/graph/build.ts';
import type { Value } from '../../../engine/graph/graph.ts';
import type { FittedClassifier } from '../classifier.ts';
import { doubles, number, toDouble, toSingle } from '../double-precision.ts';
import { transpose } from '../linear-algebra/products.ts';
import type { Matrix } from '../matrix.ts';
import { checkColumns } from '../training-data.ts';

/** Scores that are linear in the columns, and what probabilities they stand for. */
export interface LinearScores {
  readonly classes: number;
  readonly columns: number;
  /** [heads, columns]; one head for two classes. */
  readonly coefficients: Float64Array;
  readonly intercepts: Float64Array; // [heads]
}

export type FittedLinear = FittedClassifier & LinearScores;

/** Softmax of the scores; of one head, the logistic function for class 1. */
export function linearClassifier(
  scores: LinearScores,
  importance: Float64Array,
  notes: readonly string[],
): FittedLinear {
  return {
    ...scores,
    importance,
    notes,
    predict: (x) => probabilitiesOf(scores, x),
    addTo(graph, x) {
      const heads = scores.intercepts.length;
      const weights = transpose(scores.coefficients, heads, scores.columns);
      const product = matMul(toDouble(x), doubles(graph, [scores.columns, heads], weights));
      return toSingle(graphProbabilities(add(product, doubles(graph, [1, heads], scores.intercepts))));
    },
  };
}

/** float64 scores [N, heads] to float64 probabilities [N, classes]. */
export function graphProbabilities(scores: Value): Value {
  const { graph } = scores;
  const heads = scores.shape?.[1];
  const full =
    heads === 1
      ? graph.op('Concat', [graph.op('Mul', [scores, number(graph, 0)]), scores], { axis: 1 })
      : scores;
  return graph.op('Softmax', [full], { axis: 1 });
}

function probabilitiesOf(
  { coefficients, intercepts, columns, classes }: LinearScores,
  x: Matrix,
): Float64Array {
  checkColumns(x, columns);
  const heads = intercepts.length;
  const scores = new Float64Array(x.rows * classes);
  const first = classes - heads; // one head speaks for class 1, class 0 has score 0
  for (let i = 0; i < x.rows; i++) {
    const row = i * columns;
    for (let k = 0; k < heads; k++) {
      let sum = intercepts[k]!;
      for (let j = 0; j < columns; j++) sum += coefficients[k * columns + j]! * x.values[row + j]!;
      scores[i * classes + first + k] = sum;
    }
  }
  softmaxRows(scores, x.rows, classes);
  return scores;
}

/** Each row becomes its softmax, in place. */
export function softmaxRows(scores: Float64Array, rows: number, classes: number): void {
  for (let i = 0; i < rows; i++) {
    const row = i * classes;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) if (scores[row + k]! > largest) largest = scores[row + k]!;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const e = Math.exp(scores[row + k]! - largest);
      scores[row + k] = e;
      sum += e;
    }
    for (let k = 0; k < classes; k++) scores[row + k] = scores[row + k]! / sum;
  }
}

/** Sums of |coefficient| x the column's spread over heads, as shares of 1. */
export function linearImportance(coefficients: Float64Array, spreads: Float64Array): Float64Array {
  const { length } = spreads;
  const sizes = new Float64Array(length);
  for (let at = 0; at < coefficients.length; at++) {
    const j = at % length;
    sizes[j] = sizes[j]! + Math.abs(coefficients[at]!) * spreads[j]!;
  }
  return shares(sizes);
}

/** Values of at least 0 divided by their sum; all alike where they are all 0. */
export function shares(sizes: Float64Array): Float64Array {
  const total = sizes.reduce((sum, value) => sum + value, 0);
  return total > 0 ? sizes.map((value) => value / total) : sizes.fill(1 / sizes.length);
}
