import { expect, test } from 'vitest';
import { madeMember } from '../../../test/peers/ensemble-members.ts';
import { add, mul, scalar } from '../../engine/graph/build.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../../engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { requireAlike } from './check-members.ts';
import { graft, sharedConstants } from './graft.ts';

/** x + 3 where the sum of x is above 0, else x times 2. */
function branching(): Graph {
  const graph = new Graph();
  const x = graph.input('image', 'float32', ['N']);
  const sum = graph.op('ReduceSum', [x], { keepdims: 0 });
  const branch = (name: string, build: (inner: Graph) => Graph) => {
    const inner = new Graph(graph);
    inner.name = name;
    return build(inner);
  };
  const kept = graph.initializer('kept', tensorOf('float32', [1], [3]));
  const then = branch('then', (inner) => {
    inner.output(inner.op('Add', [x, kept], {}, { outputNames: ['then.y'] }));
    return inner;
  });
  const otherwise = branch('else', (inner) => {
    const two = inner.initializer('two', tensorOf('float32', [1], [2]));
    inner.output(inner.op('Mul', [x, two], {}, { outputNames: ['else.y'] }));
    return inner;
  });
  const [y] = graph.add(
    'If',
    [graph.op('Greater', [sum, scalar(graph, 0)])],
    { then_branch: then, else_branch: otherwise },
    { outputNames: ['y'], outputTypes: [{ dtype: 'float32', shape: ['N'] }] },
  );
  graph.output(y!);
  return graph;
}

test('graphs with branches are grafted twice, their constants once', async () => {
  const source = readOnnx(writeOnnx(branching()));
  const target = new Graph();
  const x = target.input('x', 'float32', ['N']);
  const addConstant = sharedConstants(target);
  const plain = graft(target, source, { image: x }, { prefix: 'a.', addConstant }).get('y')!;
  const turned = graft(target, source, { image: mul(x, scalar(target, -1)) }, { prefix: 'b.', addConstant });
  target.output(target.op('Identity', [plain], {}, { outputNames: ['plain'] }));
  target.output(target.op('Identity', [turned.get('y')!], {}, { outputNames: ['turned'] }));
  target.output(target.op('Identity', [add(plain, turned.get('y')!)], {}, { outputNames: ['both'] }));
  expect([...target.initializers.keys()].filter((name) => name.includes('kept'))).toEqual(['a.kept']);
  const session = await nodeRuntime.open(writeOnnx(target), { threads: 1 });
  const answer = await session.run({ x: tensorOf('float32', [2], [1, 4]) });
  await session.close();
  expect(Array.from(answer['plain']!.data as Float32Array)).toEqual([4, 7]); // all are float32
  expect(Array.from(answer['turned']!.data as Float32Array)).toEqual([-2, -8]);
  expect(Array.from(answer['both']!.data as Float32Array)).toEqual([2, -1]);
});

test('an input that nothing feeds is named', () => {
  const target = new Graph();
  const x = target.input('x', 'float32', ['N']);
  const names = { prefix: 'a.', addConstant: sharedConstants(target) };
  expect(() => graft(target, branching(), { x }, names)).toThrow(/^GRAPH_INPUT_UNKNOWN: .*'image'/);
});

test('models of more than one image are refused', () => {
  const members = [madeMember({ seed: 1 }), madeMember({ seed: 2 })];
  members[1]!.graph.input('table', 'float32', ['N', 3]);
  expect(() => requireAlike(members)).toThrow(/^ENSEMBLE_MEMBERS: .*model-2\.onnx takes more than one image/);
});
