import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../random.ts';
import { gradients } from '../differentiate.ts';
import { Graph, type Value } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-file.ts';
import { staticShape } from '../graph/shape.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { blockedChannels } from './blocked-probe.ts';
import { expandComposites } from './expand.ts';
import { lowerGraph } from './lower.ts';

/** A convolution's geometry: [N, C, H, W], filters, kernel, stride, padding. */
interface Case {
  readonly input: readonly [number, number, number, number];
  readonly filters: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
}

const cases: readonly Case[] = [
  { input: [8, 32, 16, 16], filters: 32, kernel: 3, padding: 1 },
  { input: [8, 16, 20, 14], filters: 48, kernel: 5, padding: 2 },
  { input: [4, 3, 24, 24], filters: 16, kernel: 7, stride: 2, padding: 3 },
  { input: [8, 32, 25, 25], filters: 32, kernel: 3, stride: 2, padding: 1 },
  { input: [16, 16, 13, 13], filters: 16, kernel: 3, padding: 0 },
  { input: [16, 32, 14, 14], filters: 16, kernel: 1 },
  { input: [2, 64, 4, 4], filters: 64, kernel: 3, padding: 1 },
  { input: [2, 24, 30, 30], filters: 40, kernel: 3, padding: 1 },
  { input: [4, 16, 18, 18], filters: 16, kernel: 3, padding: 2, dilation: 2 },
  { input: [3, 5, 9, 11], filters: 7, kernel: 3, padding: 1 },
];

/** conv - batch norm - relu, twice, with the input of the second added, and a loss. */
function residualBlock({ input, filters, kernel, stride = 1, padding = 0, dilation = 1 }: Case) {
  const graph = new Graph();
  const random = new RandomStream({ seed: 7, purpose: 'weights' });
  const values = (shape: readonly number[], scale: number) =>
    tensor(
      'float32',
      shape,
      Float32Array.from({ length: elementCount(shape) }, () => random.normal(0, scale)),
    );
  const parameters: Value[] = [];
  const parameter = (name: string, shape: readonly number[], scale: number) => {
    const value = graph.initializer(name, values(shape, scale));
    parameters.push(value);
    return value;
  };
  const normalised = (x: Value, name: string, channels: number) => {
    const ones = tensor('float32', [channels], new Float32Array(channels).fill(1));
    const zeros = tensor('float32', [channels], new Float32Array(channels));
    return graph.add(
      'BatchNormalization',
      [
        x,
        parameter(`${name}.scale`, [channels], 1),
        parameter(`${name}.bias`, [channels], 1),
        graph.initializer(`${name}.mean`, zeros),
        graph.initializer(`${name}.variance`, ones),
      ],
      { training_mode: 1 },
      { outputs: 3 },
    )[0]!;
  };
  const x = graph.input('x', 'float32', input);
  parameters.push(x);
  const w1 = parameter('w1', [filters, input[1], kernel, kernel], 0.2);
  const attributes = {
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    dilations: [dilation, dilation],
  };
  const y1 = graph.op('Relu', [normalised(graph.op('Conv', [x, w1], attributes), 'bn1', filters)]);
  const w2 = parameter('w2', [filters, filters, 3, 3], 0.2);
  const y2 = normalised(graph.op('Conv', [y1, w2], { pads: [1, 1, 1, 1] }), 'bn2', filters);
  const y = graph.op('Relu', [graph.op('Add', [y2, y1])]);
  const pooled = graph.op('GlobalAveragePool', [y]);
  const weights = graph.initializer('head', values(staticShape(pooled), 1));
  const loss = graph.op('ReduceSum', [graph.op('Mul', [pooled, weights])], { keepdims: 0 });
  graph.output(loss, ...gradients(loss, parameters).map((gradient) => gradient!));
  return { graph, x: values(input, 1) };
}

async function run(graph: Graph, x: Tensor): Promise<Record<string, Tensor>> {
  const session = await nodeRuntime.open(writeOnnx(graph), { threads: 1 });
  const results = await session.run({ x });
  await session.close();
  return results;
}

describe('lowering for the CPU computes what the plain expansion computes', () => {
  test.each(cases)('%j', async (geometry) => {
    const { graph, x } = residualBlock(geometry);
    const expected = await run(expandComposites(graph), x);
    const block = await blockedChannels(nodeRuntime);
    for (const size of new Set([0, block])) {
      const lowered = lowerGraph(graph, { device: 'cpu', block: size });
      const actual = await run(lowered, x);
      for (const { name } of graph.outputs) {
        const wanted = Array.from(expected[name]!.data as Float32Array); // float32 outputs
        const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
        const got = actual[name]!.data as Float32Array; // as above
        const worst = wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - got[i]!)), 0);
        expect(worst / largest, `${name} with blocks of ${size}`).toBeLessThan(2e-5);
      }
    }
  });

  test('a convolution that pays runs in blocked layout where the machine has it', async () => {
    const block = await blockedChannels(nodeRuntime);
    const { graph } = residualBlock(cases[0]!);
    const blocked = lowerGraph(graph, { device: 'cpu', block }).nodes.filter(
      ({ domain, op }) => domain === 'com.microsoft.nchwc' && op === 'Conv',
    );
    expect(blocked.length > 0).toBe(block > 0);
  });
});
