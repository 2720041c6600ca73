import { div, mul, sub } from '../../../engine/graph/build.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { tensorOf } from '../../../engine/tensor/tensor.ts';
import { knownTargets } from '../../../learning/losses/known.ts';
import { huber, meanSquaredError } from '../../../learning/losses/regression.ts';
import type { Head, HeadContext } from '../head.ts';

/** Mean and standard deviation of each number over the training samples of which it is known. */
export interface ValueScale {
  readonly mean: readonly number[];
  readonly standardDeviation: readonly number[];
}

const rowOf = (graph: Graph, values: readonly number[]) =>
  graph.constant(tensorOf('float32', [1, values.length], values));

/** The answer in the targets' units: 'values' [N, K], the network's outputs times the deviation plus the mean. */
export const valueAnswer = ({ mean, standardDeviation }: ValueScale): Pick<Head, 'outputs' | 'answer'> => ({
  outputs: mean.length,
  answer(logits) {
    const { graph } = logits;
    const scaled = mul(logits, rowOf(graph, standardDeviation));
    return graph.op('Add', [scaled, rowOf(graph, mean)], {}, { outputNames: ['values'] });
  },
});

/** One or more numbers: squared error, or Huber's with a bend at one deviation, of the standardised targets. */
export function valueHead({ dataset, train, settings }: HeadContext): Head {
  const { classes, samples } = dataset;
  const row = (index: number) => samples[index]!.targets!;
  const scale = scaleOf(train.map(row), classes.length);
  return {
    ...valueAnswer(scale),
    kind: 'value',
    targets: { width: classes.length, row },
    loss(logits, targets, weights) {
      const { graph } = logits;
      const { target, known } = knownTargets(targets);
      const standard = div(sub(target, rowOf(graph, scale.mean)), rowOf(graph, scale.standardDeviation));
      const options = { weights, known };
      return settings.loss === 'huber'
        ? huber(logits, standard, options)
        : meanSquaredError(logits, standard, options);
    },
  };
}

function scaleOf(rows: readonly ArrayLike<number>[], width: number): ValueScale {
  const columns = Array.from({ length: width }, (_, k) =>
    rows.map((row) => row[k]!).filter((value) => !Number.isNaN(value)),
  );
  const mean = columns.map(
    (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length),
  );
  const standardDeviation = columns.map((values, k) => {
    const squares = values.reduce((sum, value) => sum + (value - mean[k]!) ** 2, 0);
    return Math.sqrt(squares / Math.max(1, values.length)) || 1;
  });
  return { mean, standardDeviation };
}
