import { add, matMul, neg } from '../../../engine/graph/build.ts';
import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { tensorOf } from '../../../engine/tensor/tensor.ts';
import type { Head, HeadContext } from '../head.ts';
import { binaryLoss } from './binary-loss.ts';

function matrix(graph: Graph, rows: number, columns: number, at: (i: number, j: number) => number): Value {
  const values = Array.from({ length: rows * columns }, (_, n) => at(Math.floor(n / columns), n % columns));
  return graph.constant(tensorOf('float32', [rows, columns], values));
}

/**
 * The answer on an ordered scale of K grades by CORN (Shi, Cao and Raschka, "Deep neural networks for rank-consistent
 * ordinal regression based on conditional probabilities", 2021): logit k is that of P(y > k | y > k - 1), their running
 * product P(y > k) never rises with k (eq. 3), and 'probabilities' [N, K] are its steps.
 */
export const gradeAnswer = (grades: number): Pick<Head, 'outputs' | 'answer'> => ({
  outputs: grades - 1,
  answer(logits) {
    const { graph } = logits;
    const cuts = grades - 1;
    const logs = neg(graph.op('Softplus', [neg(logits)])); // log of the conditional probabilities, [N, K - 1]
    const running = matMul(
      logs,
      matrix(graph, cuts, cuts, (i, j) => (i <= j ? 1 : 0)),
    );
    const above = graph.op('Exp', [running]); // P(y > k), [N, K - 1]
    const steps = matMul(
      above,
      matrix(graph, cuts, grades, (i, j) => (j === i ? -1 : j === i + 1 ? 1 : 0)),
    );
    const first = matrix(graph, 1, grades, (_, j) => (j === 0 ? 1 : 0));
    // Rounding may leave a step a hair below zero.
    return graph.op('Relu', [add(steps, first)], {}, { outputNames: ['probabilities'] }); // [N, K]
  },
});

/**
 * A grade on an ordered scale: CORN's loss (eq. 8), the binary cross-entropy of "above k" over the samples whose grade is
 * k or more. Cuts that a sample says nothing of are NaN in its row of targets.
 */
export function gradeHead({ dataset, train, settings }: HeadContext): Head {
  const { classes, samples } = dataset;
  const cuts = classes.length - 1;
  const rows = classes.map((_, grade) =>
    Array.from({ length: cuts }, (_, k) => (grade < k ? Number.NaN : grade > k ? 1 : 0)),
  );
  const row = (index: number) => rows[samples[index]!.label]!;
  return {
    ...gradeAnswer(classes.length),
    kind: 'grade',
    targets: { width: cuts, row },
    loss: binaryLoss(train.map(row), cuts, settings),
  };
}
