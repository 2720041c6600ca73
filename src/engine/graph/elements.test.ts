import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tensorOf } from '../tensor/tensor.ts';
import { ints } from './build.ts';
import { Graph, type Value } from './graph.ts';
import { readOnnx } from './onnx-file.ts';
import { withInputShapes } from './rewrite.ts';
import type { Dim } from './shape.ts';

const fixture = JSON.parse(
  readFileSync(new URL('../../../fixtures/onnx-files/models.json', import.meta.url), 'utf8'),
);

const model = (name: string): Graph => {
  const item = fixture.models.find((candidate: { name: string }) => candidate.name === name);
  return readOnnx(Buffer.from(item.model, 'base64'));
};

test.each([
  ['shape computed from a shape', ['N', 20], { x: [3, 4, 5] }, [3, 20]],
  ['Resize to half of a shape', ['N', 'C', undefined, undefined], { x: [1, 2, 7, 4] }, [1, 2, 3, 2]],
  ['Expand with minus one', ['N', 3], { x: [5, 3] }, [5, 3]],
])('%s: symbols stay, and fixed inputs fix the rest', (name, symbolic, shapes, fixed) => {
  const graph = model(name);
  expect(graph.outputs[0]?.shape).toEqual(symbolic);
  const copy = withInputShapes(graph, shapes);
  expect(copy.outputs[0]?.shape).toEqual(fixed);
  // Everything that computed the shape is folded away.
  expect(copy.nodes.length).toBe(1);
});

const int = (graph: Graph, value: number): Value => graph.constant(tensorOf('int64', [], [value]));

const computations: readonly [string, readonly Dim[] | undefined, (shape: Value) => Value][] = [
  ['Gather', ['N', 4], (s) => s.graph.op('Gather', [s, ints(s.graph, [0, -1])])],
  [
    'Slice',
    [4, 3],
    (s) =>
      s.graph.op('Slice', [
        s,
        ints(s.graph, [-1]),
        ints(s.graph, [0]),
        ints(s.graph, [0]),
        ints(s.graph, [-1]),
      ]),
  ],
  ['Split', [3, 4], (s) => s.graph.add('Split', [s, ints(s.graph, [1, 2])], {}, { outputs: 2 })[1]!],
  ['Add 0', ['N', 3, 4], (s) => s.graph.op('Add', [s, int(s.graph, 0)])],
  ['Add 1', [undefined, 4, 5], (s) => s.graph.op('Add', [s, int(s.graph, 1)])],
  ['Mul', ['N', 3, 8], (s) => s.graph.op('Mul', [s, ints(s.graph, [1, 1, 2])])],
  ['Div of integers', ['N', 1, 2], (s) => s.graph.op('Div', [s, ints(s.graph, [1, 2, 2])])],
  ['Sub of itself', [0, 0, 0], (s) => s.graph.op('Sub', [s, s])],
  ['Equal to a negative', [0, 0, 0], (s) => s.graph.op('Equal', [s, int(s.graph, -1)])],
  ['Equal to a number', [undefined, 1, 0], (s) => s.graph.op('Equal', [s, int(s.graph, 3)])],
  ['Max with 0', ['N', 3, 4], (s) => s.graph.op('Max', [s, int(s.graph, 0)])],
  [
    'Cast to float and back',
    ['N', 3, 4],
    (s) => s.graph.op('Cast', [s.graph.op('Cast', [s], { to: 1 })], { to: 7 }),
  ],
  [
    'ReduceProd of the known',
    [12],
    (s) => s.graph.op('ReduceProd', [s.graph.op('Gather', [s, ints(s.graph, [1, 2])])]),
  ],
  [
    'Clip of the known',
    [undefined, 3, 3.5],
    (s) =>
      s.graph.op('Clip', [
        s.graph.op('Cast', [s], { to: 1 }),
        undefined,
        s.graph.constant(tensorOf('float32', [], [3.5])),
      ]),
  ],
  [
    'Clip to a bound that is not known',
    undefined,
    (s) => s.graph.op('Clip', [s, s.graph.input('least', 'int64', [])]),
  ],
  ['ReduceMax with a symbol', [undefined], (s) => s.graph.op('ReduceMax', [s])],
  [
    'Concat with an unknown part',
    ['N', 3, 4, undefined],
    (s) => s.graph.op('Concat', [s, s.graph.input('k', 'int64', [1])], { axis: 0 }),
  ],
  [
    'Range',
    [0, 1, 2],
    (s) =>
      s.graph.op('Range', [int(s.graph, 0), s.graph.op('Gather', [s, int(s.graph, 1)]), int(s.graph, 1)]),
  ],
  [
    'Range to a symbol',
    undefined,
    (s) =>
      s.graph.op('Range', [int(s.graph, 0), s.graph.op('Gather', [s, int(s.graph, 0)]), int(s.graph, 1)]),
  ],
];

test.each(computations)('elements after %s', (_, expected, compute) => {
  const graph = new Graph();
  const shape = graph.op('Shape', [graph.input('x', 'float32', ['N', 3, 4])]);
  expect(compute(shape).elements).toEqual(expected);
});

test('what is computed from a state that a step replaces is not folded', () => {
  const graph = new Graph();
  const step = graph.initializer('step', tensorOf('int64', [], [0]));
  const next = graph.op('Add', [step, int(graph, 1)]);
  graph.update(step, next);
  graph.output(next);
  expect(withInputShapes(graph, {}).nodes.map(({ op }) => op)).toEqual(['Add']);
});
