import { expect, test } from 'vitest';
import { isHounsfieldError } from '../../errors.ts';
import { tensorOf } from '../tensor/tensor.ts';
import { Graph } from './graph.ts';
import { copyGraph, mergeEqualNodes, pruneGraph, withInputShapes } from './rewrite.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isHounsfieldError(error)) return error.code;
    throw error;
  }
  return 'no error';
}

/** y = relu(x + w), with one input more of the same symbolic batch. */
function small(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['N', 3]);
  const mask = graph.input('mask', 'float32', ['N', 1]);
  const w = graph.initializer('w', tensorOf('float32', [3], [1, 2, 3]));
  const sum = graph.op('Add', [x, w], {}, { name: 'sum' });
  const masked = graph.op('Mul', [sum, mask], {}, { outputNames: ['masked'] });
  graph.output(masked);
  graph.metadata.set('labels', 'a,b');
  return graph;
}

test('a copy keeps names, metadata and outputs, and infers shapes anew', () => {
  const copy = withInputShapes(small(), { x: [4, 3] });
  expect(copy.inputs.map(({ name, shape }) => [name, shape])).toEqual([
    ['x', [4, 3]],
    ['mask', [4, 1]],
  ]);
  expect(copy.outputs.map(({ name, shape }) => [name, shape])).toEqual([['masked', [4, 3]]]);
  expect(copy.metadata.get('labels')).toBe('a,b');
  expect(copy.nodes.map(({ name }) => name)).toEqual(['sum', 'Mul']);
});

test.each([
  ['another name', { image: [4, 3] }, 'GRAPH_INPUT_UNKNOWN'],
  ['another rank', { x: [4, 3, 1] }, 'GRAPH_INPUT_SHAPE'],
  ['another fixed size', { x: [4, 2] }, 'GRAPH_INPUT_SHAPE'],
  ['two sizes for one symbol', { x: [4, 3], mask: [5, 1] }, 'GRAPH_INPUT_SHAPE'],
])('shapes that do not fit are refused: %s', (_, shapes, code) => {
  expect(codeOf(() => withInputShapes(small(), shapes))).toBe(code);
});

test('a replaced node may use names freely, and the output keeps its name', () => {
  const copy = copyGraph(small(), {
    mapNode: (node, inputs, target) =>
      node.op === 'Mul' ? [target.op('Mul', [inputs[1], inputs[0]], {}, { name: 'sum' })] : undefined,
  });
  expect(copy.nodes.map(({ op }) => op)).toEqual(['Add', 'Mul', 'Identity']);
  expect(copy.outputs[0]?.name).toBe('masked');
  expect(new Set(copy.nodes.map(({ name }) => name)).size).toBe(3);
});

test('what no output or update needs is dropped', () => {
  const graph = small();
  const x = graph.inputs[0]!;
  const unused = graph.initializer('unused', tensorOf('float32', [3], [0, 0, 0]));
  graph.op('Add', [x, unused]);
  const step = graph.initializer('step', tensorOf('float32', [], [0]));
  graph.update(step, graph.op('Add', [step, step]));
  const pruned = pruneGraph(graph);
  expect(pruned.nodes.map(({ op }) => op)).toEqual(['Add', 'Mul', 'Add']);
  expect([...pruned.initializers.keys()]).toEqual(['w', 'step']);
  expect(pruned.updates.size).toBe(1);
});

test('a subgraph is copied with its enclosing values, and what it captures is kept', () => {
  const graph = new Graph();
  const condition = graph.input('condition', 'bool', []);
  const x = graph.input('x', 'float32', ['N']);
  const doubled = graph.op('Add', [x, x], {}, { outputNames: ['doubled'] });
  const branch = (name: string) => {
    const inner = new Graph(graph);
    inner.output(inner.op('Mul', [doubled, doubled], {}, { outputNames: [name] }));
    return inner;
  };
  const [y] = graph.add('If', [condition], { then_branch: branch('a'), else_branch: branch('b') });
  graph.output(y!);
  const copy = pruneGraph(withInputShapes(graph, { x: [5] }));
  expect(copy.nodes.map(({ op }) => op)).toEqual(['Add', 'If']);
  const inner = copy.nodes[1]?.attributes.get('then_branch')?.value as Graph; // written so above
  expect(inner.outputs[0]?.shape).toEqual([5]);
  expect(inner.nodes[0]?.inputs[0]).toBe(copy.find('doubled'));
});

test('equal nodes are one, unless they are random or differ in an attribute', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2, 3]);
  const sums = [graph.op('Add', [x, x]), graph.op('Add', [x, x])];
  const noise = [graph.op('RandomNormalLike', [x]), graph.op('RandomNormalLike', [x])];
  const turned = [
    [1, 0],
    [1, 0],
    [0, 1],
  ].map((perm) => graph.op('Transpose', [x], { perm }));
  const constants = ['a', 'b'].map((name) =>
    graph.op('Mul', [x, graph.initializer(name, tensorOf('float32', [1], [2]))]),
  );
  graph.output(...sums, ...noise, ...turned, ...constants);
  const merged = mergeEqualNodes(graph);
  const count = (op: string) => merged.nodes.filter((node) => node.op === op).length;
  expect([count('Add'), count('RandomNormalLike'), count('Transpose'), count('Mul')]).toEqual([1, 2, 2, 1]);
  expect(merged.outputs.map(({ name }) => name)).toEqual(graph.outputs.map(({ name }) => name));
});
