import { describe, expect, test } from 'vitest';
import { hashParameter, hashUniform } from '../../../test/peers/hash-weights.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import type { Dim } from '../../engine/graph/shape.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { elementCount, tensor } from '../../engine/tensor/tensor.ts';
import { receptiveField } from './receptive-field.ts';
import { runFullyConvolutional, tileWithin } from './run-fully-convolutional.ts';

const names: readonly Dim[] = ['D', 'H', 'W'];

/**
 * Dilated convolutions, an uneven window, a pool and normalisation over channels. With Relu every number is the same in
 * any tile; the runtime's vectorised exponential (Elu, Softmax) rounds the last elements of a row another way.
 */
function network(axes: number, activation: 'Relu' | 'Elu' = 'Elu'): Graph {
  const graph = new Graph();
  let x: Value = graph.input('input', 'float32', ['N', 2, ...names.slice(3 - axes)]);
  const convolve = (
    name: string,
    from: number,
    to: number,
    size: number,
    dilation: number,
    before: number,
  ) => {
    const weight = graph.initializer(
      name,
      hashParameter(name, [to, from, ...Array<number>(axes).fill(size)]),
    );
    const after = dilation * (size - 1) - before;
    x = graph.op('Conv', [x, weight], {
      dilations: Array<number>(axes).fill(dilation),
      pads: [...Array<number>(axes).fill(before), ...Array<number>(axes).fill(after)],
    });
    x = graph.op(activation, [x]);
  };
  convolve('a.weight', 2, 5, 3, 1, 1);
  convolve('b.weight', 5, 4, 3, 3, 3);
  convolve('c.weight', 4, 4, 2, 1, 0);
  x = graph.op('MaxPool', [x], {
    kernel_shape: Array<number>(axes).fill(3),
    pads: Array<number>(2 * axes).fill(1),
  });
  convolve('d.weight', 4, 3, 1, 1, 0);
  graph.output(activation === 'Relu' ? x : graph.op('Softmax', [x], { axis: 1 }));
  return graph;
}

async function both(
  activation: 'Relu' | 'Elu',
  axes: number,
  sizes: readonly number[],
  tile: readonly number[],
  result: 'values' | 'labels',
) {
  const graph = network(axes, activation);
  const halo = receptiveField(graph);
  const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1 });
  try {
    const dims = [2, 2, ...sizes];
    const volume = tensor('float32', dims, Float32Array.from(hashUniform('volume', elementCount(dims))));
    return {
      whole: await runFullyConvolutional(session, volume, { tile: sizes, halo, result }),
      direct: (await session.run({ input: volume }))[session.outputNames[0]!]!,
      tiled: await runFullyConvolutional(session, volume, { tile, halo, result }),
    };
  } finally {
    await session.close();
  }
}

describe('runFullyConvolutional', () => {
  test.each([
    [3, [19, 22, 17], [8, 9, 17]],
    [3, [19, 22, 17], [5, 22, 3]],
    [2, [31, 26], [10, 7]],
    [1, [90], [13]],
  ] as const)('%i axes, %j in tiles of %j: every number as in one run', async (axes, sizes, tile) => {
    const { whole, direct, tiled } = await both('Relu', axes, sizes, tile, 'values');
    expect(whole).toEqual(direct);
    expect(tiled.dims).toEqual(direct.dims);
    expect(tiled.data).toEqual(direct.data);
  });

  test('labels are the largest channels', async () => {
    const { direct, tiled } = await both('Elu', 3, [12, 11, 10], [5, 6, 7], 'labels');
    const places = 12 * 11 * 10;
    const logits = direct.data as Float32Array; // the network answers in float32
    const wanted = Array.from({ length: 2 * places }, (_, i) => {
      const [n, at] = [Math.floor(i / places), i % places];
      const values = [0, 1, 2].map((channel) => logits[(n * 3 + channel) * places + at]!);
      return values.indexOf(Math.max(...values));
    });
    expect(tiled.dims).toEqual([2, 1, 12, 11, 10]);
    expect([...tiled.data]).toEqual(wanted);
  });

  test('a halo that is one too small is seen', async () => {
    const graph = network(3);
    const { before, after } = receptiveField(graph);
    const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1 });
    const dims = [1, 2, 20, 20, 20];
    const volume = tensor('float32', dims, Float32Array.from(hashUniform('volume', elementCount(dims))));
    const small = { before: before.map((size) => size - 1), after };
    const [tile, sizes] = [
      [7, 20, 20],
      [20, 20, 20],
    ];
    const wrong = await runFullyConvolutional(session, volume, { tile: tile!, halo: small });
    const right = await runFullyConvolutional(session, volume, { tile: sizes!, halo: small });
    expect(wrong.data).not.toEqual(right.data);
    await session.close();
  });

  test('a tile of too few axes is refused', async () => {
    const session = await nodeRuntime.open(writeOnnx(network(3)), { threads: 1 });
    const volume = tensor('float32', [1, 2, 4, 4, 4], new Float32Array(128));
    const halo = receptiveField(network(3));
    await expect(runFullyConvolutional(session, volume, { tile: [4, 4], halo })).rejects.toThrow(
      'INFERENCE_TILE',
    );
    await session.close();
  });
});

describe('receptiveField', () => {
  test('adds up windows and dilations', () => {
    expect(receptiveField(network(2))).toEqual({ before: [5, 5], after: [6, 6] });
  });

  test.each([
    ['GlobalAveragePool', {}],
    ['MaxPool', { kernel_shape: [2, 2], strides: [2, 2] }],
    ['InstanceNormalization', {}],
    ['Softmax', { axis: 2 }],
  ])('%s is refused by name', (op, attributes) => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['N', 1, 'H', 'W']);
    const one = graph.constant(tensor('float32', [1], Float32Array.of(1)));
    const inputs = op === 'InstanceNormalization' ? [x, one, one] : [x];
    graph.output(graph.op(op, inputs, attributes));
    expect(() => receptiveField(graph)).toThrow(new RegExp(`INFERENCE_NOT_LOCAL: ${op} `));
  });
});

describe('tileWithin', () => {
  const halo = { before: [4, 4, 4], after: [4, 4, 4] };
  test.each([
    [10_000_000, [100, 90, 80]],
    [500_000, [50, 90, 80]],
    [100_000, [34, 45, 40]],
  ])('%i voxels', (voxels, tile) => {
    expect(tileWithin([100, 90, 80], halo, voxels)).toEqual(tile);
  });

  test.each([5_000, 20_000, 77_777, 300_000])('no tile reads more than %i voxels', (voxels) => {
    const sizes = [100, 90, 80];
    const tile = tileWithin(sizes, halo, voxels);
    const longest = sizes.map((size, axis) => {
      const starts = Array.from({ length: Math.ceil(size / tile[axis]!) }, (_, i) => i * tile[axis]!);
      return Math.max(...starts.map((at) => Math.min(size, at + tile[axis]! + 4) - Math.max(0, at - 4)));
    });
    expect(elementCount(longest)).toBeLessThanOrEqual(voxels);
  });

  test('a halo larger than allowed is refused', () => {
    expect(() => tileWithin([100, 90, 80], halo, 100)).toThrow('INFERENCE_TILE');
  });
});
