import { expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import { gradients } from '../differentiate.ts';
import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-file.ts';
import { staticShape } from '../graph/shape.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { blockedChannels } from './blocked-probe.ts';
import { expandComposites } from './expand.ts';
import { lowerGraph } from './lower.ts';

const SEED = 20_261_120;
const GEOMETRIES = 120;

/** A convolution with any window that fits its input, its loss and the gradients to input, filter and bias. */
function randomConvolution(index: number) {
  const random = new RandomStream({ seed: SEED, purpose: 'geometry', step: index });
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  const rank = pick([1, 2, 2, 2, 3]);
  const axes = Array.from({ length: rank }, (_, i) => i);
  const group = pick([1, 1, 1, 2]);
  const channels = group * pick([1, 3, 8, 16, 16, 32]);
  const filters = group * pick([1, 5, 16, 16, 32]);
  const kernel = axes.map(() => pick([1, 2, 3, 3, 5]));
  const strides = axes.map(() => pick([1, 1, 2, 3]));
  const dilations = axes.map(() => pick([1, 1, 1, 2]));
  const begin = kernel.map((size) => random.integer(size + 1));
  const end = kernel.map((size) => random.integer(size + 1));
  const sizes = axes.map(
    (axis) => dilations[axis]! * (kernel[axis]! - 1) + 1 + random.integer(rank === 3 ? 5 : 20),
  );
  const values = (shape: readonly number[]) =>
    tensor(
      'float32',
      shape,
      Float32Array.from({ length: elementCount(shape) }, () => random.normal()),
    );
  const graph = new Graph();
  const shape = [pick([1, 2, 5]), channels, ...sizes];
  const x = graph.input('x', 'float32', shape);
  const w = graph.initializer('w', values([filters, channels / group, ...kernel]));
  const bias = graph.initializer('bias', values([filters]));
  const window = { kernel_shape: kernel, strides, dilations, pads: [...begin, ...end], group };
  const y = graph.op('Relu', [graph.op('Conv', [x, w, bias], window)]);
  const weights = graph.constant(values(staticShape(y)));
  const loss = graph.op('ReduceSum', [graph.op('Mul', [y, weights])], { keepdims: 0 });
  graph.output(loss, ...gradients(loss, [x, w, bias]).map((gradient) => gradient!));
  return { graph, x: values(shape), described: JSON.stringify({ shape, filters, ...window }) };
}

async function run(graph: Graph, x: Tensor): Promise<Record<string, Tensor>> {
  const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1, optimization: 'basic' });
  const results = await session.run({ x });
  await session.close();
  return results;
}

test(`${GEOMETRIES} random convolutions are lowered to what the plain expansion computes (seed ${SEED})`, async () => {
  const block = await blockedChannels(nodeRuntime);
  for (let index = 0; index < GEOMETRIES; index++) {
    const { graph, x, described } = randomConvolution(index);
    const expected = await run(expandComposites(graph), x);
    const actual = await run(lowerGraph(graph, { device: 'cpu', block }), x);
    for (const { name } of graph.outputs) {
      const [wanted, got] = [expected[name]!.data as Float32Array, actual[name]!.data as Float32Array]; // float32 outputs
      const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
      const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
      expect(worst / largest, `${name} of geometry ${index}: ${described}`).toBeLessThan(2e-5);
    }
  }
});
