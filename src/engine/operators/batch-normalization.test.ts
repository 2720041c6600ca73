import { expect, test } from 'vitest';
import { gradients } from '../differentiate.ts';
import { mul, reduceSum } from '../graph/build.ts';
import { Graph } from '../graph/graph.ts';
import { lowerGraph } from '../lower/lower.ts';
import { tensorOf } from '../tensor/tensor.ts';

test('the gradient of batch normalisation shares mean and deviation with the forward pass', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2, 3, 4, 4]);
  const parameters = ['scale', 'B', 'mean', 'var'].map((name) =>
    graph.initializer(name, tensorOf('float32', [3], [1, 1, 1])),
  );
  const [y] = graph.add('BatchNormalization', [x, ...parameters], { training_mode: 1 }, { outputs: 3 });
  const [dx, dscale, dbias] = gradients(reduceSum(mul(y!, y!), [0, 1, 2, 3]), [x, ...parameters.slice(0, 2)]);
  graph.output(y!, dx!, dscale!, dbias!);
  const lowered = lowerGraph(graph, { device: 'cpu', block: 0 });
  expect(lowered.nodes.filter(({ op }) => op === 'Sqrt')).toHaveLength(1);
});
