import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import { gradients } from '../differentiate.ts';
import { mul, reduceSum } from '../graph/build.ts';
import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-file.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { elementCount, type Tensor, tensorOf, toNumbers } from '../tensor/tensor.ts';
import { expandComposites } from './expand.ts';

interface Geometry {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly y: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly group: number;
}

/** One entry per spatial axis: sizes are drawn so that at least one window fits. */
const axis = fc
  .record({
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    begin: fc.integer({ min: 0, max: 5 }),
    end: fc.integer({ min: 0, max: 5 }),
    more: fc.integer({ min: 0, max: 4 }),
  })
  .map((drawn) => {
    const extent = drawn.dilation * (drawn.kernel - 1) + 1;
    const size = Math.max(1, extent - drawn.begin - drawn.end) + drawn.more;
    const windows = Math.floor((size + drawn.begin + drawn.end - extent) / drawn.stride) + 1;
    return { ...drawn, size, windows };
  });

const geometry: fc.Arbitrary<Geometry> = fc
  .record({
    axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
    batch: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 2 }),
    channels: fc.constantFrom(1, 2, 33),
    filters: fc.constantFrom(1, 2, 40),
  })
  .map(({ axes, batch, group, channels, filters }) => ({
    x: [batch, channels * group, ...axes.map(({ size }) => size)],
    w: [filters * group, channels, ...axes.map(({ kernel }) => kernel)],
    y: [batch, filters * group, ...axes.map(({ windows }) => windows)],
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    pads: [...axes.map(({ begin }) => begin), ...axes.map(({ end }) => end)],
    group,
  }));

/** Integers, so that sums are exact in any order. */
function drawn(dims: readonly number[], step: number): Tensor {
  const stream = new RandomStream({ seed: 7, purpose: 'expand', step });
  return tensorOf(
    'float32',
    dims,
    Array.from({ length: elementCount(dims) }, () => Math.floor(stream.uniform(-4, 5))),
  );
}

/** Every index of an array of these sizes, in row-major order. */
function* indicesOf(dims: readonly number[]): Generator<number[]> {
  const total = elementCount(dims);
  for (let flat = 0; flat < total; flat++) {
    let rest = flat;
    yield dims.map((_, i) => {
      const inner = elementCount(dims.slice(i + 1));
      const index = Math.floor(rest / inner);
      rest %= inner;
      return index;
    });
  }
}

const offset = (dims: readonly number[], index: readonly number[]): number =>
  index.reduce((sum, position, i) => sum * dims[i]! + position, 0);

/** Both gradients straight from the definition: every product of the convolution visited once. */
function byDefinition({ x, w, y, strides, dilations, pads, group }: Geometry, data: readonly Tensor[]) {
  const [xs, ws, dys] = data.map(toNumbers) as [number[], number[], number[]]; // of three tensors, three arrays
  const dx = xs.map(() => 0);
  const dw = ws.map(() => 0);
  for (const [n, o, ...position] of indicesOf(y) as Generator<[number, number, ...number[]]>) {
    const dy = dys[offset(y, [n, o, ...position])]!;
    for (const [c, ...tap] of indicesOf(w.slice(1)) as Generator<[number, ...number[]]>) {
      const at = position.map((p, i) => p * strides[i]! + tap[i]! * dilations[i]! - pads[i]!);
      if (at.some((p, i) => p < 0 || p >= x[i + 2]!)) continue;
      const channel = Math.floor(o / (w[0]! / group)) * w[1]! + c;
      const from = offset(x, [n, channel, ...at]);
      const weight = offset(w, [o, c, ...tap]);
      dx[from]! += dy * ws[weight]!;
      dw[weight]! += dy * xs[from]!;
    }
  }
  return { dx, dw };
}

async function byExpansion(drawnGeometry: Geometry, data: readonly Tensor[], portable: boolean) {
  const { x, w, y, strides, dilations, pads, group } = drawnGeometry;
  const graph = new Graph();
  const [xs, ws, dy] = [x, w, y].map((dims, i) => graph.input(`v${i}`, 'float32', dims)) as [
    never,
    never,
    never,
  ]; // of three, three
  const attributes = { kernel_shape: w.slice(2), strides, dilations, pads, group };
  const internal = { domain: 'hounsfield' };
  const dx = graph.op('ConvInputGradient', [dy, ws], { ...attributes, input_shape: x }, internal);
  const dw = graph.op('ConvWeightGradient', [xs, dy], attributes, internal);
  graph.output(dx, dw);
  const expanded = expandComposites(graph, { portable });
  if (portable) expect(new Set(expanded.nodes.map(({ domain }) => domain))).toEqual(new Set(['']));
  const session = await nodeRuntime.open(writeOnnx(expanded), { threads: 1 });
  try {
    const results = await session.run({ v0: data[0]!, v1: data[1]!, v2: data[2]! });
    return { dx: toNumbers(results[dx.name]!), dw: toNumbers(results[dw.name]!) };
  } finally {
    await session.close();
  }
}

/** -0 and 0 are one number here. */
const plain = (values: readonly number[]): number[] => values.map((value) => value + 0);

async function agrees(drawnGeometry: Geometry, portable: boolean): Promise<void> {
  const data = [drawnGeometry.x, drawnGeometry.w, drawnGeometry.y].map(drawn);
  const expected = byDefinition(drawnGeometry, data);
  const found = await byExpansion(drawnGeometry, data, portable);
  expect(plain(found.dx)).toEqual(plain(expected.dx));
  expect(plain(found.dw)).toEqual(plain(expected.dw));
}

describe('gradients of a convolution, expanded', () => {
  test('are those of the definition, for any window (seed 11)', async () => {
    await fc.assert(
      fc.asyncProperty(geometry, fc.boolean(), (item, portable) => agrees(item, portable)),
      { seed: 11, numRuns: 150 },
    );
  });

  const wide = { strides: [1, 1], dilations: [1, 1], group: 1 };
  test.each<readonly [string, Geometry]>([
    [
      'many channels at few positions',
      { ...wide, x: [2, 40, 2, 3], w: [48, 40, 3, 3], y: [2, 48, 2, 3], pads: [1, 1, 1, 1] },
    ],
    [
      'channels that are not joined',
      { ...wide, x: [2, 36, 9, 8], w: [5, 36, 3, 3], y: [2, 5, 9, 8], pads: [1, 1, 1, 1] },
    ],
    [
      'many channels, strided',
      {
        ...wide,
        strides: [2, 2],
        x: [2, 40, 4, 5],
        w: [36, 40, 3, 3],
        y: [2, 36, 2, 3],
        pads: [1, 1, 1, 1],
      },
    ],
    [
      'depthwise',
      { ...wide, group: 6, x: [2, 6, 5, 4], w: [6, 1, 3, 3], y: [2, 6, 5, 4], pads: [1, 1, 1, 1] },
    ],
  ])('%s', async (_, item) => {
    await agrees(item, false);
    await agrees(item, true);
  });
});

describe('expandComposites', () => {
  test('lets one MaxPool serve its value and its gradient', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 3, 8, 8]);
    const y = graph.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' });
    const [dx] = gradients(reduceSum(mul(y, y), [0, 1, 2, 3]), [x]);
    graph.output(y, dx!);
    const pools = expandComposites(graph).nodes.filter(({ op }) => op === 'MaxPool');
    expect(pools.map(({ outputs }) => outputs.length)).toEqual([2]);
  });

  test('lets forward and gradient of a training batch normalisation share the moments', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [4, 3, 5, 5]);
    const perChannel = (name: string) => graph.input(name, 'float32', [3]);
    const inputs = [x, ...['scale', 'bias', 'mean', 'variance'].map(perChannel)];
    const [y] = graph.add('BatchNormalization', inputs, { training_mode: 1 }, { outputs: 3 });
    const [dx] = gradients(reduceSum(mul(y!, y!), [0, 1, 2, 3]), [x]);
    graph.output(dx!);
    const expanded = expandComposites(graph);
    const summed = expanded.nodes.filter(
      ({ op, inputs: [from] }) => op === 'ReduceSum' && from?.name === 'x',
    );
    expect(summed.length).toBe(1);
    expect(expanded.nodes.filter(({ op }) => op === 'BatchNormalization')).toEqual([]);
  });

  test('takes a parameter of ones or zeros for a parameter', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1, 2, 3]);
    const scale = graph.initializer('scale', tensorOf('float32', [2], [1, 1]));
    const shift = graph.initializer('shift', tensorOf('float32', [2], [0, 0]));
    const zeros = graph.constant(tensorOf('float32', [2], [0, 0]));
    const internal = { domain: 'hounsfield' };
    graph.output(graph.op('ChannelAffine', [x, scale, shift], {}, internal));
    graph.output(graph.op('ChannelAffine', [x, scale, zeros], {}, internal));
    const arithmetic = expandComposites(graph).nodes.filter(({ op }) => op === 'Mul' || op === 'Add');
    // The product is the same in both; only the first has something to add.
    expect(arithmetic.map(({ op }) => op)).toEqual(['Mul', 'Add']);
  });

  test('keeps what it does not know, dynamic sizes included', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['N', 3, 'H', 'W']);
    graph.output(graph.op('MaxPool', [x], { kernel_shape: [2, 2], auto_pad: 'SAME_LOWER', ceil_mode: 1 }));
    expect(expandComposites(graph).nodes.map(({ op, outputs }) => [op, outputs[0]!.shape])).toEqual([
      ['MaxPool', ['N', 3, 'H', 'W']],
    ]);
  });
});
