import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileStep } from '../../src/engine/compile.ts';
import { gradients } from '../../src/engine/differentiate.ts';
import { mul } from '../../src/engine/graph/build.ts';
import type { Graph, Value } from '../../src/engine/graph/graph.ts';
import { readOnnx } from '../../src/engine/graph/onnx-file.ts';
import { withInputShapes } from '../../src/engine/graph/rewrite.ts';
import { staticShape } from '../../src/engine/graph/shape.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { elementCount, type Tensor, tensor, tensorOf } from '../../src/engine/tensor/tensor.ts';
import { hashUniform } from './hash-weights.ts';
import { fixturePath, type PackedFloats, peerFixture, sha256, unpackFloats } from './peer-fixture.ts';

interface Network {
  readonly shape: readonly number[];
  readonly y: PackedFloats;
  readonly x: PackedFloats;
  readonly gradients: Readonly<Record<string, PackedFloats>>;
}

interface ImportedFile {
  readonly file: string;
  readonly network: string;
  readonly opset: number;
  readonly weights: readonly string[];
  readonly sha256: string;
}

const { networks, files } = peerFixture<{
  readonly networks: Readonly<Record<string, Network>>;
  readonly files: readonly ImportedFile[];
}>('imported/imported.json');

/** Largest relative difference allowed, against the largest element of the tensor. */
const TOLERANCE = 1e-4;

const hashed = (name: string, dims: readonly number[]): Tensor<'float32'> =>
  tensor('float32', dims, Float32Array.from(hashUniform(name, elementCount(dims))));

const sumAll = (value: Value): Value => value.graph.op('ReduceSum', [value], { keepdims: 0 });

const largestOf = (packed: PackedFloats): number =>
  unpackFloats(packed).data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Relative to the tensor's largest element, or to `floor` where that is larger. */
function distance(found: Tensor, expected: PackedFloats, floor: number): number {
  const wanted = unpackFloats(expected).data;
  const got = found.data as Float32Array; // float32 graphs
  expect(got.length).toBe(wanted.length);
  const largest = Math.max(largestOf(expected), floor);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!) / largest), 0);
}

function open(item: ImportedFile, shape: readonly number[]): Graph {
  const bytes = readFileSync(fixturePath(`imported/${item.file}`));
  expect(sha256(bytes)).toBe(item.sha256);
  return withInputShapes(readOnnx(bytes), { x: shape });
}

/** The graph's output and the gradients of sum(output * fixed weights), computed in one run. */
async function differentiate(graph: Graph, names: readonly string[]): Promise<Record<string, Tensor>> {
  const [y] = graph.outputs;
  const loss = sumAll(mul(y!, graph.constant(hashed('loss', staticShape(y!)))));
  const values = names.map((name): Value => graph.find(name)!);
  const found = gradients(loss, values);
  found.forEach((gradient, i) => {
    expect(gradient, `gradient of ${names[i]}`).toBeDefined();
    expect(gradient!.shape).toEqual(values[i]!.shape);
  });
  graph.output(...found.map((gradient) => graph.op('Identity', [gradient!])));
  const x = hashed('x', staticShape(graph.inputs[0]!));
  const step = await compileStep(graph, { runtime: nodeRuntime, threads: 1 });
  try {
    const results = await step.run({ x });
    return Object.fromEntries(['y', ...names].map((name, i) => [name, results[graph.outputs[i]!.name]!]));
  } finally {
    await step.close();
  }
}

describe('networks that PyTorch exported', () => {
  test.each(files.map((item) => [item.file, item] as const))('%s', async (_, item) => {
    const network = networks[item.network]!;
    const names = ['x', ...item.weights];
    const results = await differentiate(open(item, network.shape), names);
    // The gradient of a bias before batch normalization in training is zero, and rounding makes something of it.
    const floor = 1e-2 * Math.max(...Object.values(network.gradients).map(largestOf));
    const off = names.flatMap((name) => {
      const expected = name === 'x' ? network.x : network.gradients[name]!;
      const value = distance(results[name]!, expected, floor);
      return value < TOLERANCE ? [] : [`${name} ${value}`];
    });
    expect(distance(results['y']!, network.y, 0)).toBeLessThan(1e-5);
    expect(off).toEqual([]);
  });

  test('every parameter of every network is compared in some file', () => {
    const missing = Object.entries(networks).flatMap(([name, network]) => {
      const compared = new Set(files.flatMap((item) => (item.network === name ? item.weights : [])));
      return Object.keys(network.gradients).filter((parameter) => !compared.has(parameter));
    });
    expect(missing).toEqual([]);
  });

  test('opsets from 13 to 21 are among them', () => {
    expect([...new Set(files.map(({ opset }) => opset))].sort()).toEqual([13, 14, 17, 18, 20, 21]);
  });

  test('a step of steepest descent lowers the loss of a network as it was read', async () => {
    const item = files.find(({ file }) => file.startsWith('resnet-script-13'))!;
    const graph = open(item, networks[item.network]!.shape);
    const [y] = graph.outputs;
    const loss = sumAll(mul(y!, y!));
    const weights = item.weights.map((name): Value => graph.find(name)!);
    const rate = graph.input('rate', 'float32', []);
    gradients(loss, weights).forEach((gradient, i) => {
      graph.update(weights[i]!, graph.op('Sub', [weights[i]!, mul(gradient!, rate)]));
    });
    graph.output(loss);
    const step = await compileStep(graph, { runtime: nodeRuntime, threads: 1 });
    const feeds = { x: hashed('x', staticShape(graph.inputs[0]!)), rate: tensorOf('float32', [], [1e-4]) };
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push(Number((await step.run(feeds))[loss.name]!.data[0]));
    await step.close();
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
    expect(losses[4]!).toBeLessThan(losses[0]!);
  });
});
