import { describe, expect, test } from 'vitest';
import { compressedFixture, foldedTables } from '../../../../test/peers/folded-tables.ts';
import type { PlainAttributes } from '../../../engine/graph/attributes.ts';
import { Graph } from '../../../engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../../../engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../../engine/runtime/runtime.node.ts';
import { tensor } from '../../../engine/tensor/tensor.ts';
import { sumTrees } from './ensemble.ts';
import { treesOfGraph } from './read-trees.ts';

interface Exported {
  readonly model: string;
  readonly probabilities: readonly number[];
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i]!)),
    a.length === b.length ? 0 : Number.POSITIVE_INFINITY,
  );

test('a forest that skl2onnx wrote says what scikit-learn says', () => {
  const { exported } = compressedFixture<{ exported: Exported }>('classifiers/trees.json.gz');
  const { x } = foldedTables().wine;
  const ensemble = treesOfGraph(readOnnx(Uint8Array.from(Buffer.from(exported.model, 'base64'))));
  expect([ensemble.trees.length, ensemble.outputs, ensemble.columns]).toEqual([4, 3, 13]);
  expect(apart(sumTrees(ensemble, Float32Array.from(x.values)), exported.probabilities)).toBeLessThan(1e-6);
});

/** A tree of one question and two leaves, 1 where it holds and 2 where not. */
const stump: PlainAttributes = {
  n_targets: 1,
  nodes_treeids: [0, 0, 0],
  nodes_nodeids: [0, 1, 2],
  nodes_featureids: [0, 0, 0],
  nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
  nodes_values: [2, 0, 0],
  nodes_truenodeids: [1, 0, 0],
  nodes_falsenodeids: [2, 0, 0],
  nodes_missing_value_tracks_true: [1, 0, 0],
  target_treeids: [0, 0],
  target_nodeids: [1, 2],
  target_ids: [0, 0],
  target_weights: [1, 2],
};

function graphOf(attributes: PlainAttributes): Graph {
  const graph = new Graph();
  graph.output(
    graph.op('TreeEnsembleRegressor', [graph.input('x', 'float32', ['N', 2])], attributes, {
      domain: 'ai.onnx.ml',
      outputTypes: [{ dtype: 'float32', shape: ['N', 1] }],
    }),
  );
  return graph;
}

const rows = Float32Array.of(1, 0, 2, 0, Math.fround(2.0000002), 0, 3, 0, Number.NaN, 0, -1, 0, 0, 0);

describe('every way to branch is read as ONNX Runtime runs it', () => {
  const modes = ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ'];
  const cases = modes.flatMap((mode) =>
    [2, 0].flatMap((value) => [0, 1].map((missing) => [mode, value, missing] as const)),
  );
  test.each(cases)('%s %d, missing values true: %d', async (mode, value, missing) => {
    const graph = graphOf({
      ...stump,
      nodes_modes: [mode, 'LEAF', 'LEAF'],
      nodes_values: [value, 0, 0],
      nodes_missing_value_tracks_true: [missing, 0, 0],
    });
    const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1 });
    const [out] = Object.values(await session.run({ x: tensor('float32', [7, 2], rows) }));
    await session.close();
    expect([...sumTrees(treesOfGraph(graph), rows)]).toEqual([...(out!.data as Float32Array)]); // the output is float32
  });
});

test('base values and the mean of trees', () => {
  const two = Object.fromEntries(
    Object.entries(stump).map(([key, value]) => {
      if (!Array.isArray(value)) return [key, value];
      return [key, key.endsWith('treeids') ? [...value, ...value.map(() => 1)] : [...value, ...value]];
    }),
  );
  const ensemble = treesOfGraph(graphOf({ ...two, aggregate_function: 'AVERAGE', base_values: [5] }));
  expect([...sumTrees(ensemble, rows)]).toEqual([6, 6, 7, 7, 6, 6, 6]);
});

describe('what are no trees is refused', () => {
  test.each([
    ['a node that is its own child', { nodes_truenodeids: [0, 0, 0] }],
    ['children that meet', { nodes_falsenodeids: [1, 0, 0] }],
    ['a child that is not there', { nodes_falsenodeids: [7, 0, 0] }],
    ['lists of other lengths', { nodes_values: [1] }],
    ['no nodes', { nodes_treeids: [] }],
    ['nodes listed twice', { nodes_nodeids: [0, 1, 1] }],
    ['an output that is not there', { target_ids: [0, 4] }],
    ['too many outputs', { n_targets: 2 ** 30 }],
    ['an aggregate that is no sum', { aggregate_function: 'MAX' }],
    ['a branch that is unknown', { nodes_modes: ['BRANCH_MAYBE', 'LEAF', 'LEAF'] }],
    ['a column below 0', { nodes_featureids: [-3, 0, 0] }],
    [
      'a chain of categories that comes back',
      {
        nodes_modes: ['BRANCH_EQ', 'BRANCH_EQ', 'LEAF'],
        nodes_truenodeids: [2, 2, 0],
        nodes_falsenodeids: [1, 1, 0],
      },
    ],
  ])('%s', (_, wrong) => {
    const read = () => treesOfGraph(graphOf({ ...stump, ...wrong }));
    expect(read).toThrow(expect.objectContaining({ code: 'TREE_NODES' }));
  });

  test('a graph without trees', () => {
    expect(() => treesOfGraph(new Graph())).toThrow(expect.objectContaining({ code: 'TREE_NODES' }));
  });
});
