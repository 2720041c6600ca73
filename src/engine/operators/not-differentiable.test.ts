import { expect, test } from 'vitest';
import { isHounsfieldError } from '../../errors.ts';
import { gradients } from '../differentiate.ts';
import { ints } from '../graph/build.ts';
import { Graph, type Value } from '../graph/graph.ts';

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isHounsfieldError(error)) return error.message;
    throw error;
  }
  return 'no error';
}

const sample = (attributes: Readonly<Record<string, string>>) => (x: Value) =>
  x.graph.op('GridSample', [x, x.graph.input('grid', 'float32', [1, 2, 2, 2])], attributes);
const scatter = (reduction: string) => (x: Value) =>
  x.graph.op(
    'ScatterElements',
    [x, x.graph.input('places', 'int64', [1, 2, 4, 4]), x.graph.input('updates', 'float32', [1, 2, 4, 4])],
    { reduction },
  );

const cases: readonly [string, RegExp, (x: Value) => Value][] = [
  [
    'Resize with antialias',
    /Resize .*antialias/,
    (x) =>
      x.graph.op('Resize', [x, undefined, undefined, ints(x.graph, [1, 2, 2, 2])], {
        mode: 'linear',
        antialias: 1,
      }),
  ],
  ['GridSample cubic', /GridSample .*cubic/, sample({ mode: 'cubic' })],
  [
    'GridSample reflection',
    /GridSample .*reflection/,
    sample({ mode: 'linear', padding_mode: 'reflection' }),
  ],
  ['ScatterElements mul', /ScatterElements .*'mul'/, scatter('mul')],
  ['ScatterElements max', /ScatterElements .*'max'/, scatter('max')],
  [
    'CenterCropPad',
    /CenterCropPad .*Slice and Pad/,
    (x) => x.graph.op('CenterCropPad', [x, ints(x.graph, [1, 2, 2, 2])]),
  ],
];

test.each(cases)('%s has no gradient and says which node and why', (_, message, build) => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1, 2, 4, 4]);
  const loss = graph.op('ReduceSum', [build(x)], { keepdims: 0 });
  const said = messageOf(() => gradients(loss, [x]));
  expect(said).toMatch(/^OPERATOR_NOT_DIFFERENTIABLE: /);
  expect(said).toMatch(message);
});
