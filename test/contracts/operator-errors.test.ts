import { expect, test } from 'vitest';
import { gradients } from '../../src/engine/differentiate.ts';
import { ints, reduceSum } from '../../src/engine/graph/build.ts';
import { Graph, type Value } from '../../src/engine/graph/graph.ts';
import { tensorOf } from '../../src/engine/tensor/tensor.ts';

type Build = (graph: Graph, x: Value) => unknown;

const badGraphs: readonly (readonly [string, Build, string, RegExp])[] = [
  [
    'shapes that do not broadcast',
    (g, x) => g.op('Add', [x, g.input('b', 'float32', [4])]),
    'GRAPH_SHAPE',
    /3 and 4/,
  ],
  ['an input left out', (g, x) => g.op('Mul', [x, undefined]), 'GRAPH_SHAPE', /input 1 is missing/],
  ['an input too many', (g, x) => g.op('Relu', [x, x]), 'GRAPH_SHAPE', /2 inputs were given, it takes 1/],
  [
    'an output too many',
    (g, x) => g.add('Relu', [x], {}, { outputs: 2 }),
    'GRAPH_SHAPE',
    /2 outputs are wanted, it has 1/,
  ],
  ['a misspelt operator', (g, x) => g.op('Rellu', [x]), 'OPERATOR_UNKNOWN', /no operator 'Rellu'/],
  [
    'matrices whose inner sizes differ',
    (g, x) => g.op('MatMul', [x, g.input('b', 'float32', [2, 3])]),
    'GRAPH_SHAPE',
    /inner sizes 3 and 2/,
  ],
  [
    'Gemm of a vector',
    (g, x) => g.op('Gemm', [x, g.input('b', 'float32', [3])]),
    'GRAPH_SHAPE',
    /are matrices/,
  ],
  ['a reduction over an axis that is not there', (g, x) => reduceOver(g, x, 2), 'GRAPH_SHAPE', /axis 2/],
  [
    'an equation for another number of operands',
    (g, x) => g.op('Einsum', [x], { equation: 'ij,jk' }),
    'GRAPH_SHAPE',
    /2 operands/,
  ],
  [
    'an equation of another rank',
    (g, x) => g.op('Einsum', [x], { equation: 'ijk->i' }),
    'GRAPH_SHAPE',
    /rank 2/,
  ],
  [
    'a letter of two sizes',
    (g, x) => g.op('Einsum', [x, g.input('b', 'float32', [4])], { equation: 'ij,j->i' }),
    'GRAPH_SHAPE',
    /'j' stands for both 3 and 4/,
  ],
  ['Constant without a value', (g) => g.op('Constant', []), 'GRAPH_SHAPE', /no value/],
  ['an attribute that is not there', (g, x) => g.op('Elu', [x], { slope: 1 }), 'OPERATOR_ATTRIBUTE', /slope/],
  [
    'a gradient through OneHot',
    (g, x) => {
      const values = g.op('Slice', [x, ints(g, [0, 0]), ints(g, [1, 2])]);
      const row = g.op('Reshape', [values, ints(g, [2])]);
      const hot = g.op('OneHot', [ints(g, [0, 1]), ints(g, [2]), row]);
      return gradients(reduceSum(hot, [0, 1]), [x]);
    },
    'OPERATOR_NOT_DIFFERENTIABLE',
    /OneHot/,
  ],
  [
    'a gradient through running statistics',
    (g, x) => {
      const channels = [1, 1, 0, 1].map((value) =>
        g.constant(tensorOf('float32', [3], [value, value, value])),
      );
      const outputs = g.add('BatchNormalization', [x, ...channels], { training_mode: 1 }, { outputs: 3 });
      return gradients(reduceSum(outputs[1]!, [0]), [x]);
    },
    'OPERATOR_NOT_DIFFERENTIABLE',
    /running statistics/,
  ],
];

function reduceOver(graph: Graph, x: Value, axis: number): Value {
  return graph.op('ReduceMax', [x, ints(graph, [axis])]);
}

test.each(badGraphs)('%s', (_name, build, code, message) => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2, 3]);
  let found: unknown;
  try {
    build(graph, x);
  } catch (error) {
    found = error;
  }
  expect(found).toMatchObject({ code });
  expect(String(found)).toMatch(message);
});
