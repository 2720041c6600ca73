import { expect, test } from 'vitest';
import { gradients } from '../../src/engine/differentiate.ts';
import { add, mul, reduceSum } from '../../src/engine/graph/build.ts';
import { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { type Tensor, tensorOf, toNumbers } from '../../src/engine/tensor/tensor.ts';

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await nodeRuntime.open(writeOnnx(expandComposites(graph)), { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

const x = tensorOf(
  'float32',
  [4, 5],
  Array.from({ length: 20 }, (_, i) => i - 9.5),
);

test.each([
  ['RandomUniform', { shape: [4, 5] }, 'float32', false],
  ['RandomNormal', { shape: [4, 5], dtype: 11 }, 'float64', false],
  ['RandomUniformLike', {}, 'float32', true],
  ['RandomNormalLike', { dtype: 11 }, 'float64', true],
] as const)('%s %o gives the inferred type and stops the gradient', async (op, attributes, dtype, like) => {
  const graph = new Graph();
  const input = graph.input('x', 'float32', [4, 5]);
  const y = graph.op(op, like ? [input] : [], attributes);
  graph.output(y);
  const found = (await run(graph, { x }))[y.name]!;
  expect([y.dtype, y.shape]).toEqual([dtype, [4, 5]]);
  expect([found.dtype, found.dims]).toEqual([dtype, [4, 5]]);
  if (like && dtype === 'float32') expect(gradients(reduceSum(y, [0, 1]), [input])).toEqual([undefined]);
});

test.each([
  ['as a constant', true],
  ['as an input', false],
])(
  'Dropout in training, training_mode %s: the gradient goes through the elements kept',
  async (_name, known) => {
    const graph = new Graph();
    const input = graph.input('x', 'float32', [4, 5]);
    const ratio = graph.constant(tensorOf('float32', [], [0.25]));
    const on = tensorOf('bool', [], [1]);
    const training = known ? graph.constant(on) : graph.input('training', 'bool', []);
    const [y, mask] = graph.add('Dropout', [input, ratio, training], { seed: 7 }, { outputs: 2 });
    const [dx] = gradients(reduceSum(mul(y!, add(input, input)), [0, 1]), [input]);
    graph.output(y!, mask!, dx!);
    const found = await run(graph, { x, ...(known ? {} : { training: on }) });
    const kept = toNumbers(found[mask!.name]!);
    const drop = toNumbers(found[dx!.name]!);
    expect(new Set(kept)).toEqual(new Set([0, 1]));
    // The loss is sum(2 x y) with y = kept x / .75, so its gradient is 4 kept x / .75.
    toNumbers(x).forEach((value, i) => {
      expect(toNumbers(found[y!.name]!)[i]).toBeCloseTo((kept[i]! * value) / 0.75, 4);
      expect(drop[i]).toBeCloseTo((4 * kept[i]! * value) / 0.75, 4);
    });
  },
);

test.each([
  ['Dropout without its mask', 'Dropout', 'ask for both outputs'],
  ['TopK without its indices', 'TopK', 'ask for both outputs'],
])('%s says what its gradient needs', (_name, op, message) => {
  const graph = new Graph();
  const input = graph.input('x', 'float32', [4, 5]);
  const rest =
    op === 'TopK'
      ? [graph.constant(tensorOf('int64', [1], [2]))]
      : [undefined, graph.constant(tensorOf('bool', [], [1]))];
  const y = graph.op(op, [input, ...rest]);
  const loss = reduceSum(y, [0, 1]);
  expect(() => gradients(loss, [input])).toThrow(message);
});
